// Habits of eras that recordings showed and that are more than a word: what policies count, which addresses are given, what names ask.
import { beforeAll, describe, expect, test } from 'vitest';
import type { World } from '../../simulator/index.ts';
import { cluster, sh } from './cluster';

interface Habits {
  readonly engine: string;
  /** A policy that nobody has set: after six packets, and after another rule was added. */
  readonly counted: RegExp;
  readonly changed: RegExp;
  /** Addresses that a container gets after one with the same network has gone. */
  readonly again: boolean;
  /** Of an image without a tag in `service ls`, and the warning when no registry tells its digest. */
  readonly image: string;
  readonly warning: RegExp;
  readonly info: RegExp;
  readonly silence: RegExp;
  readonly tooLong: RegExp;
  readonly peer: RegExp;
  /** Whether the static busybox of images looks names up. */
  readonly busybox: boolean;
}

const SIX = /policy ACCEPT 6 packets/;
const NONE = /policy ACCEPT 0 packets/;
const ONCE = /^image alpine:latest could not be accessed on a registry to record\n/;
const AT_THE_END = /^;; connection timed out; no servers could be reached\n/;
const NEW = { again: false, image: 'alpine:latest', warning: ONCE, peer: /"Name":"[0-9a-f]{12}"/ };

const TABLE: readonly Habits[] = [
  {
    engine: '17.03',
    counted: SIX,
    changed: NONE,
    again: true,
    image: 'alpine',
    warning: /^unable to pin image alpine to digest: Get .* lookup \S+ on .*:53: read udp 192\.168\.56\.11:\d+->/,
    info: /^Containers: \d\n Running: \d\n.*^Plugins: \n Volume: local\n Network: .*\nSwarm: active\n.*Election Tick: 3\n(?!.*Autolock)/ms,
    silence: AT_THE_END,
    tooLong: /local error: message too long, mtu=1500/,
    peer: /"Name":"node\d-[0-9a-f]{12}"/,
    busybox: false,
  },
  {
    ...NEW,
    engine: '18.09',
    counted: SIX,
    changed: NONE,
    info: /^Containers: \d\n.*^Debug Mode \(client\): false\nDebug Mode \(server\): false\nRegistry: /ms,
    silence: AT_THE_END,
    tooLong: /local error: message too long, mtu=1500/,
    busybox: false,
  },
  {
    ...NEW,
    engine: '20.10',
    counted: NONE,
    changed: NONE,
    info: /^Client:\n Context:/,
    silence: /^;; (?:connection timed out|->>HEADER|Got answer)/m,
    tooLong: /local error: message too long, mtu=1500/,
    busybox: false,
  },
  {
    ...NEW,
    engine: '26.1',
    counted: SIX,
    changed: SIX,
    info: /^Client:\n Version:/,
    silence: /status: SERVFAIL/,
    tooLong: /sendmsg: Message too long/,
    busybox: true,
  },
];

describe.each(TABLE)('engine $engine', (habits) => {
  let world: World;
  const node = (line: string): string => sh(world, 'node1', line);

  beforeAll(() => {
    world = cluster(habits.engine);
    node('docker run -d --name box --network net alpine sleep 10000');
    node('docker run -d --name shoot --network net nicolaka/netshoot sleep 10000');
  });

  test('policies', () => {
    const inside = (line: string): string => node(`ip netns exec x ${line}`);
    node('ip netns add x; ip -n x link set lo up');
    inside('iptables -A INPUT -p udp -j DROP');
    inside('ping -c 3 -i 0.2 127.0.0.1');
    expect(inside('iptables -nvL INPUT')).toMatch(habits.counted);
    inside('iptables -A FORWARD -j ACCEPT');
    expect(inside('iptables -nvL INPUT')).toMatch(habits.changed);
    inside('iptables -P INPUT ACCEPT');
    inside('ping -c 1 127.0.0.1');
    expect(inside('iptables -nvL INPUT')).toMatch(/policy ACCEPT 2 packets/);
  });

  test('addresses that have become free', () => {
    const make = (): string =>
      node(
        'docker run -d --name one --network net alpine sleep 9; docker inspect -f "{{.NetworkSettings.Networks.net.IPAddress}}" one',
      )
        .split('\n')
        .at(-2) ?? '';
    const first = make();
    node('docker rm -f one');
    expect(make() === first).toBe(habits.again);
    node('docker rm -f one');
  });

  test('images without a tag, and the registry that is not there', () => {
    expect(node('docker service create --name s alpine sleep 9 2>&1 >/dev/null')).toMatch(habits.warning);
    expect(node('docker service inspect -f "{{.Spec.TaskTemplate.ContainerSpec.Image}}" s')).toBe(`${habits.image}\n`);
    node('docker service rm s');
  });

  test('docker info', () => expect(node('docker info 2>/dev/null')).toMatch(habits.info));

  test('gossip', () => expect(node("docker network inspect -f '{{json .Peers}}' net")).toMatch(habits.peer));

  test('names that nobody answers, and who looks names up', () => {
    expect(node('docker exec shoot dig nosuchname +noall +comments +tries=1 +time=15')).toMatch(habits.silence);
    expect(/bad address/.test(node('docker exec box ping -c 1 shoot'))).toBe(!habits.busybox);
  });

  test('an echo that is too long', () => {
    expect(node('ping -c 1 -s 1473 -M do 192.168.56.12')).toMatch(habits.tooLong);
  });
});
