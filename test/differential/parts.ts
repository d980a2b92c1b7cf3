// The parts of random rules: matches and targets, each with where it is legal.
import type { RandomStream } from '../../simulator/base/random.ts';
import type { Node, Topology } from './case.ts';

export type Hook = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';

export const TABLES: Readonly<Record<string, readonly Hook[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** Where a rule stands. A user's chain has the hooks of nobody: only what is legal everywhere goes in. */
export interface Place {
  readonly table: string;
  readonly hook: Hook | undefined;
  readonly node: Node;
  readonly topology: Topology;
  readonly random: RandomStream;
}

/** A part of a rule; undefined where it is not legal. `protocol` is what `-p` says, '' for none. */
type Maker = (place: Place, protocol: string) => string | undefined;

export interface Part {
  readonly name: string;
  readonly weight: number;
  readonly make: Maker;
  /** A rule that has it, for finding out who knows it: table, chain and the part. */
  readonly sample: readonly [table: string, rule: string];
}

export function pick<T>(random: RandomStream, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

function not(random: RandomStream): string {
  return random.below(5) === 0 ? '! ' : '';
}

function anyAddress({ topology, random }: Place): string {
  const all = topology.nodes.flatMap((node) => node.addresses);
  const address = pick(random, all);
  const style = random.below(6);
  if (style === 0) return `${address.replace(/\.\d+$/, '.0')}/24`;
  return style === 1 ? `${address}/31` : address;
}

function ports(random: RandomStream): string {
  const port = pick(random, [53, 80, 80, 8080, 5000, 81, 1024, 33000, 40001]);
  return random.below(4) === 0 ? `${port}:${port + pick(random, [1, 100, 20000])}` : String(port);
}

function input({ hook }: Place): boolean {
  return hook === 'PREROUTING' || hook === 'INPUT' || hook === 'FORWARD';
}

function output({ hook }: Place): boolean {
  return hook === 'FORWARD' || hook === 'OUTPUT' || hook === 'POSTROUTING';
}

function device({ node, random }: Place): string {
  const name = pick(random, node.devices);
  return random.below(8) === 0 ? name.replace(/\d$/, '+') : name;
}

export const MATCHES: readonly Part[] = [
  { name: '-s', weight: 5, sample: ['filter', '-s 10.0.0.1'], make: (p) => `${not(p.random)}-s ${anyAddress(p)}` },
  { name: '-d', weight: 5, sample: ['filter', '-d 10.0.0.1'], make: (p) => `${not(p.random)}-d ${anyAddress(p)}` },
  {
    name: '-i',
    weight: 3,
    sample: ['filter', '-i eth0'],
    make: (p) => (input(p) ? `${not(p.random)}-i ${device(p)}` : undefined),
  },
  {
    name: '-o',
    weight: 3,
    sample: ['mangle', ''],
    make: (p) => (output(p) ? `${not(p.random)}-o ${device(p)}` : undefined),
  },
  {
    name: '--dport',
    weight: 5,
    sample: ['filter', '-p tcp --dport 80'],
    make: (p, protocol) =>
      protocol === 'tcp' || protocol === 'udp' ? `${not(p.random)}--dport ${ports(p.random)}` : undefined,
  },
  {
    name: '--sport',
    weight: 2,
    sample: ['filter', '-p tcp --sport 80'],
    make: (p, protocol) =>
      protocol === 'tcp' || protocol === 'udp' ? `${not(p.random)}--sport ${ports(p.random)}` : undefined,
  },
  {
    name: '--tcp-flags',
    weight: 2,
    sample: ['filter', '-p tcp --tcp-flags SYN,ACK SYN'],
    make: ({ random }, protocol) =>
      protocol === 'tcp'
        ? `${not(random)}--tcp-flags ${pick(random, ['SYN,ACK SYN', 'SYN,RST SYN', 'FIN,SYN,RST,ACK SYN', 'RST RST', 'ALL SYN,ACK', 'ALL NONE'])}`
        : undefined,
  },
  {
    name: 'icmp',
    weight: 4,
    sample: ['filter', '-p icmp --icmp-type echo-request'],
    make: ({ random }, protocol) =>
      protocol === 'icmp'
        ? `${not(random)}--icmp-type ${pick(random, ['echo-request', 'echo-reply', 'destination-unreachable', 'port-unreachable', '8', '3/3', 'any'])}`
        : undefined,
  },
  {
    name: 'multiport',
    weight: 2,
    sample: ['filter', '-p tcp -m multiport --dports 80,90'],
    make: ({ random }, protocol) =>
      protocol === 'tcp' || protocol === 'udp'
        ? `-m multiport ${not(random)}${pick(random, ['--dports', '--sports', '--ports'])} ${pick(random, ['80,8080', '53,5000:5001', '1:1023', '40000:40010,81'])}`
        : undefined,
  },
  {
    name: 'addrtype',
    weight: 2,
    sample: ['filter', '-m addrtype --dst-type LOCAL'],
    make: ({ random }) =>
      `-m addrtype ${not(random)}${pick(random, ['--dst-type LOCAL', '--src-type LOCAL', '--dst-type UNICAST', '--src-type UNICAST', '--dst-type BROADCAST'])}`,
  },
  {
    name: 'conntrack',
    weight: 5,
    sample: ['filter', '-m conntrack --ctstate NEW'],
    make: (p) =>
      `-m conntrack ${not(p.random)}${pick(p.random, ['--ctstate NEW', '--ctstate ESTABLISHED', '--ctstate RELATED,ESTABLISHED', '--ctstate INVALID', '--ctstate DNAT', '--ctstate SNAT', '--ctstate NEW,UNTRACKED', '--ctproto udp', '--ctdir ORIGINAL', '--ctdir REPLY', `--ctorigdst ${anyAddress(p)}`, `--ctreplsrc ${anyAddress(p)}`, '--ctstatus ASSURED', '--ctstatus CONFIRMED', '--ctstatus SEEN_REPLY'])}`.replace(
        /! (?=--ctdir)/,
        '',
      ),
  },
  {
    name: 'state',
    weight: 2,
    sample: ['filter', '-m state --state NEW'],
    make: ({ random }) => `-m state --state ${pick(random, ['NEW', 'ESTABLISHED', 'RELATED,ESTABLISHED', 'INVALID'])}`,
  },
  {
    name: 'mark',
    weight: 3,
    sample: ['filter', '-m mark --mark 1'],
    make: ({ random }) => `-m mark ${not(random)}--mark ${pick(random, ['0x1', '0x2', '0x1/0xff', '0', '0x0/0x1'])}`,
  },
  {
    name: 'connmark',
    weight: 1,
    sample: ['filter', '-m connmark --mark 1'],
    make: ({ random }) => `-m connmark ${not(random)}--mark ${pick(random, ['0x1', '0x5', '0/0x1'])}`,
  },
  {
    name: 'comment',
    weight: 1,
    sample: ['filter', '-m comment --comment x'],
    make: () => '-m comment --comment spare',
  },
  {
    name: 'length',
    weight: 2,
    sample: ['filter', '-m length --length 28'],
    make: ({ random }) => `-m length ${not(random)}--length ${pick(random, ['28', '40:60', '0:100', '500:'])}`,
  },
  {
    name: 'ttl',
    weight: 2,
    sample: ['filter', '-m ttl --ttl-eq 64'],
    make: ({ random }) => `-m ttl ${pick(random, ['--ttl-eq 64', '! --ttl-eq 63', '--ttl-lt 60', '--ttl-gt 62'])}`,
  },
  {
    name: 'tos',
    weight: 1,
    sample: ['filter', '-m tos --tos 0x10'],
    make: ({ random }) => `-m tos ${not(random)}--tos ${pick(random, ['0x10', '0x08/0xff', '0x00'])}`,
  },
  {
    name: 'dscp',
    weight: 1,
    sample: ['filter', '-m dscp --dscp 8'],
    make: ({ random }) => `-m dscp ${not(random)}--dscp ${pick(random, ['0', '8', '0x2e'])}`,
  },
  {
    name: 'iprange',
    weight: 1,
    sample: ['filter', '-m iprange --src-range 10.0.0.1-10.0.0.9'],
    make: ({ random }) =>
      `-m iprange ${not(random)}${pick(random, ['--src-range 10.7.1.2-10.7.1.3', '--dst-range 10.7.1.1-10.7.2.2', '--dst-range 10.7.9.0-10.7.9.255'])}`,
  },
  {
    name: 'mac',
    weight: 1,
    sample: ['filter', '-m mac --mac-source 02:00:00:00:00:01'],
    make: (p) => (input(p) ? '-m mac ! --mac-source 02:00:00:00:00:01' : undefined),
  },
  {
    name: 'physdev',
    weight: 2,
    sample: ['filter', '-m physdev --physdev-in eth0'],
    make: (p) => {
      if (p.topology.kind !== 'bridge' && p.topology.kind !== 'published') return undefined;
      const wanted = input(p) ? ['--physdev-in p0', '--physdev-is-in', '--physdev-is-bridged'] : [];
      if (p.hook === 'FORWARD') wanted.push('--physdev-out p1', '--physdev-is-out');
      return wanted.length === 0 ? undefined : `-m physdev ${not(p.random)}${pick(p.random, wanted)}`;
    },
  },
  {
    name: 'pkttype',
    weight: 1,
    sample: ['filter', '-m pkttype --pkt-type unicast'],
    make: (p) =>
      input(p) ? `-m pkttype ${not(p.random)}--pkt-type ${pick(p.random, ['unicast', 'broadcast'])}` : undefined,
  },
  {
    name: 'statistic',
    weight: 2,
    sample: ['filter', '-m statistic --mode nth --every 2 --packet 0'],
    make: ({ random }) =>
      `-m statistic --mode nth ${not(random)}--every ${pick(random, ['2 --packet 0', '2 --packet 1', '3 --packet 1'])}`,
  },
  {
    name: 'limit',
    weight: 1,
    sample: ['filter', '-m limit --limit 1/hour'],
    make: ({ random }) => `-m limit --limit 1/hour --limit-burst ${1 + random.below(3)}`,
  },
  {
    name: 'hashlimit',
    weight: 1,
    sample: ['filter', '-m hashlimit --hashlimit-name t --hashlimit-upto 1/hour'],
    make: ({ random }) =>
      `-m hashlimit --hashlimit-name h${random.below(100000)} ${pick(random, ['--hashlimit-upto', '--hashlimit-above'])} 1/hour --hashlimit-burst ${1 + random.below(2)} --hashlimit-mode ${pick(random, ['srcip', 'dstip', 'srcip,dstport'])}`,
  },
  {
    name: 'owner',
    weight: 1,
    sample: ['filter', ''],
    make: (p) =>
      p.hook === 'OUTPUT' || p.hook === 'POSTROUTING'
        ? `-m owner ${not(p.random)}${pick(p.random, ['--uid-owner 0', '--uid-owner 1000'])}`
        : undefined,
  },
  {
    name: 'u32',
    weight: 1,
    sample: ['filter', '-m u32 --u32 6&0xFF=1'],
    make: ({ random }) =>
      `-m u32 ${not(random)}--u32 ${pick(random, ['6&0xFF=1', '6&0xFF=17', '0&0xFFFF=0:100', '8>>24=64'])}`,
  },
  {
    name: 'string',
    weight: 1,
    sample: ['filter', '-m string --algo bm --string aaa'],
    make: ({ random }) =>
      `-m string --algo ${pick(random, ['bm', 'kmp'])} ${not(random)}--string ${pick(random, ['aaaa', 'ok', 'zz'])}`,
  },
];

function natTo(p: Place, protocol: string): string {
  const address = pick(
    p.random,
    p.topology.nodes.flatMap((node) => node.addresses),
  );
  if (protocol !== 'tcp' && protocol !== 'udp') return address;
  const style = p.random.below(4);
  if (style === 0) return address;
  return style === 1
    ? `${address}:${pick(p.random, [80, 8080, 53, 5000, 81])}`
    : `${address}:${protocol === 'tcp' ? 80 : 53}`;
}

export const TARGETS: readonly Part[] = [
  { name: 'ACCEPT', weight: 4, sample: ['filter', '-j ACCEPT'], make: () => '-j ACCEPT' },
  { name: 'DROP', weight: 3, sample: ['filter', '-j DROP'], make: (p) => (p.table === 'nat' ? undefined : '-j DROP') },
  { name: 'RETURN', weight: 1, sample: ['filter', '-j RETURN'], make: () => '-j RETURN' },
  { name: 'none', weight: 4, sample: ['filter', ''], make: () => '' },
  { name: 'LOG', weight: 1, sample: ['filter', '-j LOG'], make: () => '-j LOG --log-prefix spare' },
  {
    name: 'REJECT',
    weight: 3,
    sample: ['filter', '-j REJECT'],
    make: (p, protocol) =>
      p.table !== 'filter'
        ? undefined
        : `-j REJECT${pick(p.random, ['', ' --reject-with icmp-net-unreachable', ' --reject-with icmp-host-unreachable', ' --reject-with icmp-admin-prohibited', ' --reject-with icmp-proto-unreachable', ...(protocol === 'tcp' ? [' --reject-with tcp-reset', ' --reject-with tcp-reset'] : [])])}`,
  },
  {
    name: 'MARK',
    weight: 3,
    sample: ['mangle', '-j MARK --set-mark 1'],
    make: (p) =>
      p.table === 'mangle'
        ? `-j MARK ${pick(p.random, ['--set-mark 0x1', '--set-xmark 0x2/0xff', '--or-mark 0x4', '--and-mark 0xfe', '--xor-mark 0x3'])}`
        : undefined,
  },
  {
    name: 'CONNMARK',
    weight: 2,
    sample: ['mangle', '-j CONNMARK --set-mark 1'],
    make: (p) =>
      p.table === 'mangle'
        ? `-j CONNMARK ${pick(p.random, ['--set-mark 0x1', '--set-xmark 0x5/0xff', '--save-mark', '--restore-mark'])}`
        : undefined,
  },
  {
    name: 'CT',
    weight: 2,
    sample: ['raw', '-j CT --notrack'],
    make: (p) => (p.table === 'raw' ? '-j CT --notrack' : undefined),
  },
  {
    name: 'TTL',
    weight: 1,
    sample: ['mangle', '-j TTL --ttl-set 60'],
    make: (p) =>
      p.table === 'mangle' ? `-j TTL ${pick(p.random, ['--ttl-set 60', '--ttl-dec 1', '--ttl-inc 2'])}` : undefined,
  },
  {
    name: 'TOS',
    weight: 1,
    sample: ['mangle', '-j TOS --set-tos 0x10'],
    make: (p) =>
      p.table === 'mangle' ? `-j TOS --set-tos ${pick(p.random, ['0x10', '0x08/0x3f', '0x00'])}` : undefined,
  },
  {
    name: 'DSCP',
    weight: 1,
    sample: ['mangle', '-j DSCP --set-dscp 8'],
    make: (p) => (p.table === 'mangle' ? `-j DSCP --set-dscp ${pick(p.random, ['8', '0', '0x2e'])}` : undefined),
  },
  {
    name: 'TCPMSS',
    weight: 1,
    sample: ['mangle', '-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1000'],
    make: (p, protocol) =>
      p.table === 'mangle' &&
      protocol === 'tcp' &&
      (p.hook === 'FORWARD' || p.hook === 'OUTPUT' || p.hook === 'POSTROUTING')
        ? `--tcp-flags SYN,RST SYN -j TCPMSS ${pick(p.random, ['--set-mss 1000', '--clamp-mss-to-pmtu'])}`
        : undefined,
  },
  {
    name: 'DNAT',
    weight: 9,
    sample: ['nat', '-A PREROUTING -j DNAT --to-destination 10.0.0.1'],
    make: (p, protocol) =>
      p.table === 'nat' && (p.hook === 'PREROUTING' || p.hook === 'OUTPUT')
        ? `-j DNAT --to-destination ${natTo(p, protocol)}`
        : undefined,
  },
  {
    name: 'SNAT',
    weight: 6,
    sample: ['nat', '-A POSTROUTING -j SNAT --to-source 10.0.0.1'],
    make: (p, protocol) =>
      p.table === 'nat' && (p.hook === 'POSTROUTING' || p.hook === 'INPUT')
        ? `-j SNAT --to-source ${natTo(p, protocol)}`
        : undefined,
  },
  {
    name: 'MASQUERADE',
    weight: 6,
    sample: ['nat', '-A POSTROUTING -j MASQUERADE'],
    make: (p, protocol) =>
      p.table === 'nat' && p.hook === 'POSTROUTING'
        ? `-j MASQUERADE${(protocol === 'tcp' || protocol === 'udp') && p.random.below(4) === 0 ? ' --to-ports 41000' : ''}`
        : undefined,
  },
  {
    name: 'REDIRECT',
    weight: 4,
    sample: ['nat', '-A PREROUTING -j REDIRECT'],
    make: (p, protocol) =>
      p.table === 'nat' && (p.hook === 'PREROUTING' || p.hook === 'OUTPUT')
        ? `-j REDIRECT${protocol === 'tcp' ? ' --to-ports 80' : protocol === 'udp' ? ' --to-ports 53' : ''}`
        : undefined,
  },
  {
    name: 'NETMAP',
    weight: 1,
    sample: ['nat', '-A PREROUTING -j NETMAP --to 10.0.0.0/24'],
    make: (p) =>
      p.table === 'nat' && p.hook !== undefined
        ? `-j NETMAP --to ${pick(p.random, ['10.7.1.0/24', '10.7.2.0/24'])}`
        : undefined,
  },
];
