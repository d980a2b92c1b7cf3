// Matches of random rules, each with where it is legal.
import { anyAddress, device, input, not, output, type Part, pick, ports } from './parts.ts';

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
        ? `${not(random)}--tcp-flags ${pick(random, ['SYN,ACK SYN', 'SYN,RST SYN', 'FIN,SYN,RST,ACK SYN', 'RST RST', 'ALL SYN,ACK', 'ALL NONE', 'SYN,FIN SYN,FIN', 'PSH PSH'])}`
        : undefined,
  },
  {
    name: 'icmp',
    weight: 4,
    sample: ['filter', '-p icmp --icmp-type echo-request'],
    make: ({ random }, protocol) =>
      protocol === 'icmp'
        ? `${not(random)}--icmp-type ${pick(random, ['echo-request', 'echo-reply', 'destination-unreachable', 'port-unreachable', 'time-exceeded', 'redirect', 'fragmentation-needed', '8', '3/3', 'any'])}`
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
      `-m addrtype ${not(random)}${pick(random, ['--dst-type LOCAL', '--src-type LOCAL', '--dst-type UNICAST', '--src-type UNICAST', '--dst-type BROADCAST', '--dst-type UNREACHABLE', '--dst-type BLACKHOLE,PROHIBIT', '--dst-type LOCAL,BROADCAST', '--src-type LOCAL --dst-type UNICAST'])}`,
  },
  {
    name: 'conntrack',
    weight: 5,
    sample: ['filter', '-m conntrack --ctstate NEW'],
    make: (p) =>
      `-m conntrack ${not(p.random)}${pick(p.random, ['--ctstate NEW', '--ctstate ESTABLISHED', '--ctstate RELATED,ESTABLISHED', '--ctstate INVALID', '--ctstate DNAT', '--ctstate SNAT', '--ctstate NEW,UNTRACKED', '--ctproto udp', '--ctproto icmp', '--ctdir ORIGINAL', '--ctdir REPLY', `--ctorigsrc ${anyAddress(p)}`, `--ctorigdst ${anyAddress(p)}`, `--ctreplsrc ${anyAddress(p)}`, `--ctrepldst ${anyAddress(p)}`, `--ctorigsrcport ${ports(p.random)}`, `--ctorigdstport ${ports(p.random)}`, `--ctreplsrcport ${ports(p.random)}`, `--ctrepldstport ${ports(p.random)}`, '--ctstatus NONE', '--ctstatus EXPECTED', '--ctexpire 1:10000', '--ctstatus ASSURED', '--ctstatus CONFIRMED', '--ctstatus SEEN_REPLY'])}`.replace(
        /! (?=--ctdir)/,
        '',
      ),
  },
  {
    name: 'state',
    weight: 2,
    sample: ['filter', '-m state --state NEW'],
    make: ({ random }) =>
      `-m state --state ${pick(random, ['NEW', 'ESTABLISHED', 'RELATED,ESTABLISHED', 'INVALID', 'UNTRACKED', 'RELATED'])}`,
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
    make: ({ random }) => `-m connmark ${not(random)}--mark ${pick(random, ['0x1', '0x5', '0/0x1', '0x4/0x4', '0'])}`,
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
    make: ({ random }) =>
      `-m length ${not(random)}--length ${pick(random, ['28', '40', '44', '60', '40:60', '0:100', '500:'])}`,
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
      `-m iprange ${not(random)}${pick(random, ['--src-range 10.7.1.2-10.7.1.3', '--src-range 10.7.1.1-10.7.1.2 --dst-range 10.7.1.0-10.7.3.9', '--dst-range 10.7.1.1-10.7.2.2', '--dst-range 10.7.9.0-10.7.9.255'])}`,
  },
  {
    name: 'mac',
    weight: 1,
    sample: ['filter', '-m mac --mac-source 02:00:00:00:00:01'],
    make: (p) =>
      input(p) ? `-m mac ${not(p.random)}--mac-source 02:00:00:00:00:0${1 + p.random.below(6)}` : undefined,
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
      input(p)
        ? `-m pkttype ${not(p.random)}--pkt-type ${pick(p.random, ['unicast', 'broadcast', 'multicast'])}`
        : undefined,
  },
  {
    name: 'statistic',
    weight: 2,
    sample: ['filter', '-m statistic --mode nth --every 2 --packet 0'],
    make: ({ random }) =>
      `-m statistic --mode nth ${not(random)}--every ${pick(random, ['2 --packet 0', '2 --packet 1', '3 --packet 1', '3 --packet 2', '1 --packet 0'])}`,
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
      `-m hashlimit --hashlimit-name h${random.below(100000)} ${pick(random, ['--hashlimit-upto', '--hashlimit-above'])} 1/hour --hashlimit-burst ${1 + random.below(2)} --hashlimit-mode ${pick(random, ['srcip', 'dstip', 'srcip,dstport', 'srcport', 'srcip,dstip,srcport,dstport', 'srcip --hashlimit-srcmask 24'])}`,
  },
  {
    name: 'owner',
    weight: 1,
    sample: ['filter', ''],
    make: (p) =>
      p.hook === 'OUTPUT' || p.hook === 'POSTROUTING'
        ? `-m owner ${not(p.random)}${pick(p.random, ['--uid-owner 0', '--uid-owner 1000', '--uid-owner 0-99'])}`
        : undefined,
  },
  {
    name: 'u32',
    weight: 1,
    sample: ['filter', '-m u32 --u32 "6&0xFF=1"'],
    make: ({ random }) =>
      `-m u32 ${not(random)}--u32 "${pick(random, ['6&0xFF=1', '6&0xFF=17', '0&0xFFFF=0:100', '8>>24=64', '0>>22&0x3C@0>>16=80', '6&0xFF=6&&0>>22&0x3C@0&0xFFFF=80,8080', '4&0x3FFF=0', '16=0x0A070102:0x0A070202', '6&0xFF=17 && 0>>22&0x3C@8>>24=0x61'])}"`,
  },
  {
    name: 'string',
    weight: 1,
    sample: ['filter', '-m string --algo bm --string aaa'],
    make: ({ random }) =>
      `-m string --algo ${pick(random, ['bm', 'kmp'])} ${not(random)}--string ${pick(random, ['aaaa', 'ok', 'zz', 'AaAa --icase', 'aaaa --to 40', 'ok --from 28'])}`,
  },
  {
    name: 'recent',
    weight: 2,
    sample: ['filter', '-m recent --name t --set'],
    make: ({ random }) => {
      const [list, side] = [`R${random.below(2)}`, pick(random, ['', ' --rdest'])];
      const what = pick(random, [
        '--set',
        '--set',
        '--rcheck',
        '--update',
        '--remove',
        '--rcheck --hitcount 2',
        '--update --seconds 600 --hitcount 2',
        '--rcheck --seconds 600',
      ]);
      return `-m recent --name ${list} ${not(random)}${what}${side}`;
    },
  },
  {
    name: 'bpf',
    weight: 1,
    sample: ['filter', '-m bpf --bytecode "1,6 0 0 1"'],
    // The protocol, and the first octet of the destination.
    make: ({ random }) =>
      `-m bpf ${not(random)}--bytecode "${pick(random, ['4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0', '4,48 0 0 9,21 0 1 17,6 0 0 1,6 0 0 0', '4,48 0 0 19,21 0 1 2,6 0 0 1,6 0 0 0'])}"`,
  },
  {
    name: 'policy',
    weight: 1,
    sample: ['filter', '-m policy --dir in --pol none'],
    make: (p) =>
      p.hook === undefined
        ? undefined
        : `-m policy --dir ${p.hook === 'OUTPUT' || p.hook === 'POSTROUTING' ? 'out' : 'in'} --pol ${pick(p.random, ['none', 'ipsec'])}`,
  },
  {
    name: 'fragment',
    weight: 1,
    sample: ['filter', '-f'],
    make: ({ random }) => (random.below(3) === 0 ? '! -f' : '-f'),
  },
];
