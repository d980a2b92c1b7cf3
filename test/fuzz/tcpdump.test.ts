// Random command lines for tcpdump, from the grammar of filters and from byte soup, against packets that pass: nothing may
// crash or hang. FUZZ_LINES says how many lines (2,000 in CI, 100,000 for a long night); FUZZ_SEED which ones.
import { expect, test } from 'vitest';
import { ipv4 } from '../../simulator/base/address.ts';
import { RandomStream } from '../../simulator/base/random.ts';
import { SECOND } from '../../simulator/base/scheduler.ts';
import { ipLocalOut } from '../../simulator/kernel/ip-output.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { ICMP_ECHO, PROTO_ICMP, PROTO_TCP, PROTO_UDP } from '../../simulator/wire/packet.ts';
import { makeKernel, makeUniverse, namespace, wire } from '../kernel/network.ts';
import { Run } from '../tools/tcpdump/harness.ts';

const LINES = Number(process.env['FUZZ_LINES'] ?? 2000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const PER_NETWORK = 200;

const OPTIONS =
  '-n -nn -e -l -v -vv -vvv -q -t -tt -ttt -tttt -ttttt -x -xx -X -XX -A -S -K -U -p -# -D -L -d -dd -Z -i -c -s -Q -w -r -C -G --count -j -y -T -E --version --help --nosuch -0'.split(
    ' ',
  );
const OPTION_VALUES =
  'v-red any lo nosuch in out inout 1 2 0 -1 65535 64 /tmp/a.pcap /nowhere/a EN10MB LINUX_SLL2 constructor'.split(' ');
const WORDS =
  'host net port portrange proto src dst and or not ! ( ) && || tcp udp icmp arp ip ip6 ether rarp esp sctp igmp ah vlan less greater broadcast multicast inbound outbound 10.1.1.2 10.1.1.0/24 10.1 80 http 53 80-90 1-65535 02:00:00:00:00:01 0x10 len [ ] : + - * / % & | ^ << >> < > <= >= = == != tcpflags tcp-syn icmptype icmp-echo mask 255.255.255.0 constructor __proto__ toString gateway protochain'.split(
    ' ',
  );

class Fuzz {
  private readonly random: RandomStream;

  constructor(random: RandomStream) {
    this.random = random;
  }

  pick(list: readonly string[]): string {
    return list[this.random.below(list.length)] as string;
  }

  soup(): string {
    let text = '';
    for (let i = this.random.below(30); i > 0; i--)
      text += String.fromCharCode(32 + this.random.below(this.random.below(8) === 0 ? 60000 : 95));
    return text;
  }

  /** A filter by the grammar. */
  filter(depth: number): string {
    const { random } = this;
    switch (random.below(depth > 4 ? 4 : 8)) {
      case 0:
        return this.pick(['tcp', 'udp', 'icmp', 'arp', 'ip', 'esp', 'broadcast', 'inbound', 'greater 64', 'less 100']);
      case 1:
        return `${this.pick(['', 'src ', 'dst ', 'src or dst ', 'src and dst '])}${this.pick(['host 10.1.1.2', 'net 10.1.1.0/24', 'port 80', 'portrange 1-100', 'net 10.1'])}`;
      case 2:
        return `${this.pick(['tcp', 'udp', 'ip', 'icmp', 'ether', 'arp'])}[${random.below(40)}${this.pick(['', ':2', ':4', ':1'])}] ${this.pick(['&', '|', '+', '<<', '%', '/'])} ${random.below(9)} ${this.pick(['=', '!=', '>', '<='])} ${random.below(300)}`;
      case 3:
        return `${this.pick(['tcp', 'udp'])} ${this.pick(['port 80', 'dst port 53', 'src portrange 1-9'])}`;
      case 4:
        return `not ${this.filter(depth + 1)}`;
      case 5:
        return `(${this.filter(depth + 1)})`;
      default:
        return `${this.filter(depth + 1)} ${this.pick(['and', 'or', '&&', '||'])} ${this.filter(depth + 1)}`;
    }
  }

  argv(): string[] {
    const { random } = this;
    const words = ['tcpdump', ...(random.below(6) === 0 ? [] : ['-i', 'v-red'])];
    for (let i = random.below(5); i > 0; i--) {
      words.push(this.pick(OPTIONS));
      if (random.below(3) === 0) words.push(this.pick(OPTION_VALUES));
    }
    const style = random.below(10);
    if (style === 0) words.push(this.soup());
    else if (style < 4) for (let i = random.below(9); i > 0; i--) words.push(this.pick(WORDS));
    else if (style < 9) words.push(this.filter(0));
    return words;
  }
}

/** A ping, a datagram and a SYN each way. */
function traffic(red: NetworkNamespace, random: RandomStream): void {
  for (const protocol of [PROTO_ICMP, PROTO_UDP, PROTO_TCP]) {
    const packet = red.kernel.universe.packets.make();
    packet.protocol = protocol;
    packet.dst = ipv4('10.1.1.3');
    packet.icmpType = ICMP_ECHO;
    packet.sport = 40000;
    packet.dport = [53, 80, 67, 4789, 9][random.below(5)] as number;
    packet.flags = random.below(64);
    packet.payload = Uint8Array.from({ length: random.below(80) }, () => random.below(256));
    ipLocalOut(red, packet);
  }
  const { scheduler } = red.kernel.universe;
  scheduler.run(scheduler.now + SECOND / 10);
}

test.each([
  'constructor',
  '__proto__ port 80',
  'toString[0] = 1',
  'ether proto constructor',
  'ip proto toString',
  '((((',
  `${'('.repeat(3000)}tcp`,
  'tcp port',
  'port 99999',
  'tcp[0:3] = 1',
  'len / 0 = 1 or',
])('what is no filter is refused: %s', (filter) => {
  const kernel = makeKernel(makeUniverse(1));
  const red = namespace(kernel, 'netns red');
  wire(red, 'v-red', '10.1.1.2/24', namespace(kernel, 'netns blue'), 'v-blue', '10.1.1.3/24');
  const run = new Run(red, ['tcpdump', '-i', 'v-red', filter], new Map());
  expect(run).toMatchObject({ exit: 1, stdout: '' });
});

test(`${LINES} command lines`, () => {
  const random = new RandomStream(SEED, 'fuzz tcpdump');
  const fuzz = new Fuzz(random);
  const files = new Map<string, Uint8Array>();
  let red: NetworkNamespace | undefined;
  for (let i = 0; i < LINES; i++) {
    if (red === undefined || i % PER_NETWORK === 0) {
      const kernel = makeKernel(makeUniverse(SEED + i));
      red = namespace(kernel, 'netns red');
      wire(red, 'v-red', '10.1.1.2/24', namespace(kernel, 'netns blue'), 'v-blue', '10.1.1.3/24');
      red.kernel.universe.scheduler.run(SECOND);
      files.clear();
    }
    const argv = fuzz.argv();
    const line = argv.join(' ');
    const run = new Run(red, argv, files);
    if (run.exit === undefined) traffic(red, random);
    if (run.exit === undefined) run.interrupt();
    expect(run.exit, line).toBeTypeOf('number');
    expect(run.exit === 0 || run.stderr !== '', line).toBe(true);
    expect(run.stderr, line).not.toMatch(/undefined|NaN|\[object/);
    expect(red.device('v-red')?.taps, line).toEqual([]);
  }
}, 600_000);
