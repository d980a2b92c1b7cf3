// What differs between eras, each as its recordings show it: rules of the host, addresses, sandboxes, devices, texts.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkScenario, ENGINES, ScenarioError, type World } from '../../simulator/index.ts';
import { cluster, sh } from './cluster';

const SANDBOX = 'nsenter --net=/var/run/docker/netns/ingress_sbox';

interface Expected {
  readonly engine: string;
  readonly version: string;
  readonly iptables: string;
  /** Targets of FORWARD, in order. */
  readonly forward: readonly string[];
  /** User chains of filter. */
  readonly chains: readonly string[];
  /** Of the rule for answers of the published port. */
  readonly state: string;
  readonly ingress: string;
  /** The mangle chain that marks by virtual address. */
  readonly marks: string;
  /** Addresses on eth0 of ingress_sbox. */
  readonly virtual: boolean;
  readonly knob: string;
  readonly vxlan: string;
  readonly usage: string;
  readonly unknownNetwork: string;
}

const STAGES = [
  'DOCKER',
  'DOCKER-INGRESS',
  'DOCKER-ISOLATION-STAGE-1',
  'DOCKER-ISOLATION-STAGE-2',
  'DOCKER-USER',
] as const;
const BY_BRIDGE = ['ACCEPT', 'DOCKER', 'ACCEPT', 'ACCEPT', 'DOCKER', 'ACCEPT', 'ACCEPT', 'DROP'];
const STAGED = ['DOCKER-USER', 'DOCKER-INGRESS', 'DOCKER-ISOLATION-STAGE-1', ...BY_BRIDGE];

const TABLE: readonly Expected[] = [
  {
    engine: '17.03',
    version: '17.03.2-ce',
    iptables: 'iptables v1.8.7 (legacy)',
    forward: [
      'DOCKER-INGRESS',
      'DOCKER-ISOLATION',
      'DOCKER',
      'ACCEPT',
      'ACCEPT',
      'DOCKER',
      'ACCEPT',
      'ACCEPT',
      'ACCEPT',
      'DROP',
    ],
    chains: ['DOCKER', 'DOCKER-INGRESS', 'DOCKER-ISOLATION'],
    state: '-m state --state RELATED,ESTABLISHED',
    ingress: '10.255.0.3/16 scope',
    marks: 'OUTPUT',
    virtual: false,
    knob: '1',
    vxlan: 'vxlan1',
    usage: '\nUsage:  docker service COMMAND\n\nManage services\n',
    unknownNetwork: '[]\nError: No such network: nosuch\n',
  },
  {
    engine: '18.09',
    version: '18.09.9',
    iptables: 'iptables v1.8.7 (legacy)',
    forward: STAGED,
    chains: STAGES,
    state: '-m state --state RELATED,ESTABLISHED',
    ingress: '10.255.0.2/16 brd 10.255.255.255',
    marks: 'INPUT',
    virtual: true,
    knob: '1',
    vxlan: 'vxlan0',
    usage: '\nUsage:  docker service COMMAND\n\nManage services\n',
    unknownNetwork: '[]\nError: No such network: nosuch\n',
  },
  {
    engine: '20.10',
    version: '20.10.5+dfsg1',
    iptables: 'iptables v1.8.7 (nf_tables)',
    forward: STAGED,
    chains: STAGES,
    state: '-m state --state RELATED,ESTABLISHED',
    ingress: '10.0.0.2/24 brd 10.0.0.255',
    marks: 'INPUT',
    virtual: true,
    knob: '1',
    vxlan: 'vxlan0',
    usage: '\nUsage:  docker service COMMAND\n\nManage services\n',
    unknownNetwork: '[]\nError: No such network: nosuch\n',
  },
  {
    engine: '26.1',
    version: '26.1.5+dfsg1',
    iptables: 'iptables v1.8.11 (nf_tables)',
    forward: STAGED,
    chains: STAGES,
    state: '-m conntrack --ctstate RELATED,ESTABLISHED',
    ingress: '10.0.0.2/24 brd 10.0.0.255',
    marks: 'INPUT',
    virtual: true,
    knob: '0',
    vxlan: 'vxlan0',
    usage: '\nUsage:  docker service COMMAND\n\nManage Swarm services\n',
    unknownNetwork: '[]\nError response from daemon: network nosuch not found\n',
  },
  {
    engine: '28',
    version: '28.5.2+dfsg4',
    iptables: 'iptables v1.8.13 (nf_tables)',
    forward: ['DOCKER-USER', 'DOCKER-FORWARD'],
    chains: [
      'DOCKER',
      'DOCKER-BRIDGE',
      'DOCKER-CT',
      'DOCKER-FORWARD',
      'DOCKER-INGRESS',
      'DOCKER-ISOLATION-STAGE-1',
      'DOCKER-ISOLATION-STAGE-2',
      'DOCKER-USER',
    ],
    state: '-m conntrack --ctstate RELATED,ESTABLISHED',
    ingress: '10.0.0.2/24 brd 10.0.0.255',
    marks: 'INPUT',
    virtual: true,
    knob: '0',
    vxlan: 'vxlan0',
    usage: 'Usage:  docker service COMMAND\n\nManage Swarm services\n',
    unknownNetwork: '[]\nError response from daemon: network nosuch not found\n',
  },
];

test('every era is in the table', () => {
  expect(TABLE.map(({ engine }) => engine)).toEqual(ENGINES);
});

test('an era that is not there is a fault of the scenario', () => {
  const machines = [{ name: 'node1', address: '192.168.56.11/24' }];
  expect(() => checkScenario({ name: 'x', title: 'x', engine: '19.03', machines })).toThrow(ScenarioError);
  expect(checkScenario({ name: 'x', title: 'x', machines }).engine).toBe('26.1');
});

describe.each(TABLE)('docker $engine', (expected) => {
  let world: World;
  beforeAll(() => void (world = cluster(expected.engine)));
  afterAll(() => expect(world.faults).toEqual([]));
  const on1 = (line: string): string => sh(world, 'node1', line);

  test('names itself and its machine', () => {
    expect(on1("docker version --format '{{.Client.Version}} {{.Server.Version}}'")).toBe(
      `${expected.version} ${expected.version}\n`,
    );
    expect(on1('iptables -V')).toBe(`${expected.iptables}\n`);
  });

  test('arranges the rules of the host', () => {
    const rules = on1('iptables -S');
    const chains = [...rules.matchAll(/^-N (\S+)/gm)].map((match) => match[1]);
    expect(chains.sort()).toEqual([...expected.chains].sort());
    expect([...rules.matchAll(/^-A FORWARD .*-j (\S+)/gm)].map((match) => match[1])).toEqual(expected.forward);
    expect(rules).toMatch(/^-P FORWARD DROP$/m);
    expect(rules).toContain(expected.state);
  });

  test('balances in ingress_sbox, where the era has it', () => {
    const addresses = on1(`${SANDBOX} ip a show eth0`);
    expect(addresses).toContain(`inet ${expected.ingress}`);
    const [vip = ''] =
      /\d+\.\d+\.\d+\.\d+/.exec(on1("docker service inspect web -f '{{(index .Endpoint.VirtualIPs 0).Addr}}'")) ?? [];
    expect(addresses.includes(`inet ${vip}/32`)).toBe(expected.virtual);
    expect(on1(`${SANDBOX} iptables -t mangle -S`)).toContain(`-A ${expected.marks} -d ${vip}/32 -j MARK`);
    expect(on1(`${SANDBOX} sysctl -n net.ipv4.vs.conn_reuse_mode`)).toBe(`${expected.knob}\n`);
    expect(on1(`nsenter --net=$(ls -d /var/run/docker/netns/1-* | head -1) ip -br link`)).toContain(expected.vxlan);
  });

  test('answers on every node, by each task in turn', () => {
    const answers = new Set(Array.from({ length: 4 }, () => sh(world, 'node2', 'curl -sS http://192.168.56.11:8000/')));
    expect([...answers].every((answer) => /^I'm [0-9a-f]{12}\n$/.test(answer))).toBe(true);
    expect(answers.size).toBe(2);
  });

  test('balances on an overlay by name, and cleans up', () => {
    on1('docker service create --name back --network net --replicas 2 jwilder/whoami');
    on1('sleep 10');
    on1('docker run -d --name shoot --network net nicolaka/netshoot sleep 1000');
    const answers = new Set(Array.from({ length: 4 }, () => on1('docker exec shoot curl -sS http://back:8000/')));
    expect(answers.size).toBe(2);
    const balancers = on1('ls /var/run/docker/netns')
      .split('\n')
      .filter((name) => name.startsWith('lb_'));
    expect(balancers.length).toBe(expected.marks === 'OUTPUT' ? 0 : 1);
    on1('docker rm -f shoot');
    on1('docker service rm web back');
    on1('sleep 90');
    expect(on1('iptables -t nat -S DOCKER-INGRESS')).toBe('-N DOCKER-INGRESS\n-A DOCKER-INGRESS -j RETURN\n');
    expect(on1('iptables -t raw -S').match(/-A/g)?.length ?? 0).toBe(expected.engine === '28' ? 1 : 0);
    expect(on1(`${SANDBOX} ipvsadm -Sn`)).toBe('');
  });

  test('says it in the words of its time', () => {
    expect(on1('docker service').startsWith(expected.usage)).toBe(true);
    expect(on1('docker network inspect nosuch')).toBe(expected.unknownNetwork);
  });
});
