// Random command lines of iptables: legal rules made of parts, the same with faults, and octets of no sense.
import type { RandomStream } from '../../simulator/base/random.ts';

/** Words that belong together: an option with what it takes, and what it needs in front. */
type Part = readonly string[];

/** A rule as parts; leaving one out must change what the rule says, or make it illegal. */
export interface RuleDraft {
  readonly table: string;
  readonly chain: string;
  readonly parts: readonly Part[];
}

type Choose = <T>(...choices: readonly T[]) => T;

class Dice {
  private readonly stream: RandomStream;

  constructor(stream: RandomStream) {
    this.stream = stream;
  }

  below(bound: number): number {
    return this.stream.below(bound);
  }

  between(low: number, high: number): number {
    return this.stream.between(low, high);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick: Choose = (...choices) => choices[this.below(choices.length)] as (typeof choices)[number];
}

export function diceOf(stream: RandomStream): Dice {
  return new Dice(stream);
}

const octet = (dice: Dice): number => dice.below(256);
const address = (dice: Dice): string => `${dice.between(1, 223)}.${octet(dice)}.${octet(dice)}.${octet(dice)}`;
const network = (dice: Dice): string => `${address(dice)}/${dice.between(1, 32)}`;
const port = (dice: Dice): string => String(dice.between(1, 65534));
const ports = (dice: Dice): string => {
  const low = dice.between(1, 60000);
  return dice.chance(50) ? String(low) : `${low}:${low + dice.between(1, 5000)}`;
};
const mark = (dice: Dice): string => {
  const mask = dice.between(1, 0xffff);
  return `0x${(dice.between(1, 0xffff) & mask).toString(16)}/0x${mask.toString(16)}`;
};
const not = (dice: Dice): Part => (dice.chance(25) ? ['!'] : []);

/** Matches without what they need of the protocol. Values are never the defaults. */
const MATCHES: readonly ((dice: Dice) => Part[])[] = [
  (dice) => [['-m', 'comment', '--comment', dice.pick('x', 'two words', 'a "quote"', 'back\\slash')]],
  (dice) => [['-m', 'mark', ...not(dice), '--mark', mark(dice)]],
  (dice) => [['-m', 'connmark', ...not(dice), '--mark', mark(dice)]],
  (dice) => [
    ['-m', 'conntrack', ...not(dice), '--ctstate', dice.pick('NEW', 'RELATED,ESTABLISHED', 'INVALID', 'DNAT')],
    ...(dice.chance(30) ? [[...not(dice), '--ctorigdst', network(dice)]] : []),
    ...(dice.chance(30) ? [['--ctdir', dice.pick('ORIGINAL', 'REPLY')]] : []),
    ...(dice.chance(30) ? [[...not(dice), '--ctproto', dice.pick('tcp', 'udp')]] : []),
  ],
  (dice) => [['-m', 'state', ...not(dice), '--state', dice.pick('NEW', 'ESTABLISHED,RELATED')]],
  (dice) => [
    ['-m', 'limit', '--limit', `${dice.between(1, 50)}/${dice.pick('sec', 'minute', 'hour', 'd')}`],
    ...(dice.chance(50) ? [['--limit-burst', String(dice.between(6, 90))]] : []),
  ],
  (dice) => [
    [
      '-m',
      'addrtype',
      ...not(dice),
      dice.pick('--src-type', '--dst-type'),
      dice.pick('LOCAL', 'UNICAST', 'LOCAL,BROADCAST'),
    ],
  ],
  (dice) => [
    [
      '-m',
      'iprange',
      ...not(dice),
      dice.pick('--src-range', '--dst-range'),
      `10.0.0.${dice.between(1, 9)}-10.0.1.${octet(dice)}`,
    ],
  ],
  (dice) => [['-m', 'length', ...not(dice), '--length', dice.pick('84', '100:200', '1500')]],
  (dice) => [
    [
      '-m',
      'ttl',
      ...dice.pick<Part>(['--ttl-eq', '63'], ['!', '--ttl-eq', '1'], ['--ttl-lt', '9'], ['--ttl-gt', '200']),
    ],
  ],
  (dice) => [['-m', 'tos', ...not(dice), '--tos', dice.pick('0x10', 'Minimize-Delay', '8/12')]],
  (dice) => [['-m', 'dscp', ...not(dice), ...dice.pick<Part>(['--dscp', '10'], ['--dscp-class', 'EF'])]],
  (dice) => [['-m', 'pkttype', ...not(dice), '--pkt-type', dice.pick('unicast', 'broadcast', 'multicast')]],
  (dice) => [
    ['-m', 'mac', ...not(dice), '--mac-source', `02:00:00:00:00:${octet(dice).toString(16).padStart(2, '0')}`],
  ],
  (dice) => [
    [
      '-m',
      'statistic',
      '--mode',
      'nth',
      ...not(dice),
      '--every',
      String(dice.between(3, 9)),
      ...(dice.chance(50) ? ['--packet', '2'] : []),
    ],
  ],
  (dice) => [['-m', 'statistic', '--mode', 'random', ...not(dice), '--probability', dice.pick('0.5', '0.25')]],
  (dice) => [
    [
      '-m',
      'string',
      ...not(dice),
      ...dice.pick<Part>(['--string', 'GET /'], ['--hex-string', '|00ff|x']),
      '--algo',
      dice.pick('bm', 'kmp'),
    ],
    ...(dice.chance(40) ? [['--from', '40']] : []),
    ...(dice.chance(40) ? [['--to', '100']] : []),
    ...(dice.chance(30) ? [['--icase']] : []),
  ],
  (dice) => [
    ['-m', 'recent', ...not(dice), dice.pick('--rcheck', '--update'), '--name', 'seen'],
    ...(dice.chance(50) ? [['--seconds', '60']] : []),
    ...(dice.chance(50) ? [['--hitcount', '3']] : []),
    ...(dice.chance(30) ? [['--rdest']] : []),
  ],
  (dice) => [
    [
      '-m',
      'hashlimit',
      dice.pick('--hashlimit-upto', '--hashlimit-above'),
      `${dice.between(1, 20)}/min`,
      '--hashlimit-name',
      'h',
    ],
    ...(dice.chance(60) ? [['--hashlimit-mode', dice.pick('srcip', 'srcip,dstport')]] : []),
    ...(dice.chance(40) ? [['--hashlimit-burst', '9']] : []),
    ...(dice.chance(30) ? [['--hashlimit-srcmask', '24']] : []),
  ],
  (dice) => [
    [
      '-m',
      'u32',
      ...not(dice),
      '--u32',
      dice.pick('0>>22&0x3C@0>>24=8', '6&0xFF=1', '12=0x0a000001,0x0a000005:0x0a000009'),
    ],
  ],
  (dice) => [['-m', 'physdev', ...not(dice), '--physdev-in', 'p1']],
];

const PROTOCOLS: readonly ((dice: Dice) => Part[])[] = [
  () => [],
  (dice) => [[...not(dice), '-p', dice.pick('tcp', 'udp', 'icmp', 'sctp', '47', 'esp')]],
  (dice) => [
    ['-p', 'icmp'],
    ['-m', 'icmp', ...not(dice), '--icmp-type', dice.pick('echo-request', '3/1', '0', 'redirect')],
  ],
  (dice) => [
    ['-p', dice.pick('tcp', 'udp', 'sctp')],
    [...not(dice), '--dport', ports(dice)],
    ...(dice.chance(30) ? [[...not(dice), '--sport', ports(dice)]] : []),
  ],
  (dice) => [
    ['-p', 'tcp'],
    dice.pick<Part>([...not(dice), '--syn'], [...not(dice), '--tcp-flags', 'SYN,ACK,FIN', 'SYN']),
  ],
  (dice) => [
    ['-p', dice.pick('tcp', 'udp')],
    ['-m', 'multiport', ...not(dice), dice.pick('--dports', '--sports', '--ports'), `${port(dice)},100:200`],
  ],
];

const FILTER_TARGETS: readonly ((dice: Dice) => Part[])[] = [
  () => [],
  (dice) => [['-j', dice.pick('ACCEPT', 'DROP', 'RETURN')]],
  (dice) => [
    ['-j', 'REJECT'],
    ...(dice.chance(60)
      ? [['--reject-with', dice.pick('icmp-net-unreachable', 'host-prohib', 'icmp-admin-prohibited')]]
      : []),
  ],
  (dice) => [
    ['-j', 'LOG'],
    ...(dice.chance(50) ? [['--log-prefix', dice.pick('fw: ', 'x')]] : []),
    ...(dice.chance(40) ? [['--log-level', dice.pick('info', '6', 'debug')]] : []),
    ...(dice.chance(30) ? [['--log-uid']] : []),
    ...(dice.chance(30) ? [['--log-tcp-options']] : []),
  ],
  (dice) => [
    ['-j', 'NFLOG'],
    ...(dice.chance(60) ? [['--nflog-group', '5']] : []),
    ...(dice.chance(50) ? [['--nflog-prefix', 'p']] : []),
  ],
  () => [['-j', 'mine']],
  () => [['-g', 'mine']],
];

const MANGLE_TARGETS: readonly ((dice: Dice) => Part[])[] = [
  (dice) => [['-j', 'MARK', dice.pick('--set-mark', '--set-xmark'), mark(dice)]],
  (dice) => [['-j', 'MARK', dice.pick('--or-mark', '--and-mark', '--xor-mark'), '0x10']],
  (dice) => [['-j', 'CONNMARK', ...dice.pick<Part>(['--set-mark', '7/0xff'], ['--save-mark'], ['--restore-mark'])]],
  (dice) => [['-j', 'TTL', dice.pick('--ttl-set', '--ttl-dec', '--ttl-inc'), '3']],
  (dice) => [['-j', 'TOS', '--set-tos', dice.pick('0x10', 'Minimize-Cost', '4/6')]],
  (dice) => [['-j', 'DSCP', ...dice.pick<Part>(['--set-dscp', '12'], ['--set-dscp-class', 'CS3'])]],
  () => [['-j', 'CHECKSUM', '--checksum-fill']],
];

const DESTINATION_NAT: readonly ((dice: Dice) => Part[])[] = [
  (dice) => [
    ['-j', 'DNAT', '--to-destination', dice.pick(address(dice), `10.0.0.1-10.0.0.${dice.between(2, 99)}`)],
    ...(dice.chance(30) ? [['--random']] : []),
    ...(dice.chance(30) ? [['--persistent']] : []),
  ],
  () => [['-j', 'REDIRECT']],
  (dice) => [['-j', 'NETMAP', '--to', network(dice)]],
];
const SOURCE_NAT: readonly ((dice: Dice) => Part[])[] = [
  (dice) => [['-j', 'MASQUERADE'], ...(dice.chance(40) ? [['--random-fully']] : [])],
  (dice) => [['-j', 'SNAT', '--to-source', address(dice)], ...(dice.chance(30) ? [['--persistent']] : [])],
];

const PLACES: readonly (readonly [table: string, chain: string, targets: readonly ((dice: Dice) => Part[])[]])[] = [
  ['filter', 'INPUT', FILTER_TARGETS],
  ['filter', 'FORWARD', FILTER_TARGETS],
  ['filter', 'mine', FILTER_TARGETS.slice(0, 5)],
  ['mangle', 'FORWARD', MANGLE_TARGETS],
  ['mangle', 'PREROUTING', MANGLE_TARGETS],
  ['nat', 'PREROUTING', DESTINATION_NAT],
  ['nat', 'POSTROUTING', SOURCE_NAT],
];

/** A legal rule. */
export function ruleDraft(dice: Dice): RuleDraft {
  const [table, chain, targets] = dice.pick(...PLACES);
  const parts: Part[] = [];
  if (dice.chance(30)) parts.push([...not(dice), '-s', network(dice)]);
  if (dice.chance(30)) parts.push([...not(dice), '-d', network(dice)]);
  if (chain !== 'POSTROUTING' && dice.chance(25)) parts.push([...not(dice), '-i', dice.pick('rc', 'eth+', 'rs')]);
  if (chain !== 'PREROUTING' && chain !== 'INPUT' && dice.chance(25))
    parts.push([...not(dice), '-o', dice.pick('rs', 'veth+')]);
  parts.push(...dice.pick(...PROTOCOLS)(dice));
  const first = dice.below(MATCHES.length);
  for (let i = dice.below(3); i > 0; i--)
    parts.push(...(MATCHES[(first + i * 7) % MATCHES.length] as (dice: Dice) => Part[])(dice));
  parts.push(...dice.pick(...targets)(dice));
  return { table, chain, parts };
}

/** The words of a rule without what stands in front. */
function wordsOf(draft: RuleDraft): string[] {
  return draft.parts.flat();
}

const CHARACTERS = 'abcdefgh-_!.:,/="\'\\ \t0123456789ABCXYZ~@#%&*()[]{}<>?;|$`^+éß€\u0000\u0007\n';
const WORDS = [
  '-A',
  '-D',
  '-I',
  '-R',
  '-L',
  '-S',
  '-F',
  '-Z',
  '-N',
  '-X',
  '-E',
  '-P',
  '-C',
  '-t',
  '-p',
  '-s',
  '-d',
  '-i',
  '-o',
  '-m',
  '-j',
  '-g',
  '-c',
  '-n',
  '-v',
  '-x',
  '-f',
  '-w',
  '-4',
  '-h',
  '!',
  '--',
  '--dport',
  '--to-destination',
  '--ctstate',
  '--mark',
  'INPUT',
  'FORWARD',
  'mine',
  'tcp',
  'udp',
  'nat',
  'filter',
  'ACCEPT',
  'DNAT',
  'LOG',
  '0',
  '1',
  '-1',
  '99999999999',
  '1.2.3.4',
  '1.2.3.4/33',
  '',
  '-',
  '--line-numbers',
  '--set-counters',
  '--random',
  '=',
  '-nvL',
];

function soup(dice: Dice): string {
  let text = '';
  for (let i = dice.below(12); i > 0; i--) text += CHARACTERS[dice.below(CHARACTERS.length)] ?? '';
  return text;
}

/** Any line: a legal command, one with words lost, doubled, swapped or replaced, or no sense at all. */
export function anyLine(dice: Dice): string[] {
  if (dice.chance(12))
    return Array.from({ length: dice.below(9) }, () => (dice.chance(60) ? dice.pick(...WORDS) : soup(dice)));
  const draft = ruleDraft(dice);
  const command = dice.pick<Part>(
    ['-A', draft.chain],
    ['-A', draft.chain],
    ['-I', draft.chain, String(dice.below(4))],
    ['-D', draft.chain],
    ['-C', draft.chain],
    ['-R', draft.chain, '1'],
    ['-D', draft.chain, '1'],
    ['-S', draft.chain],
    ['-nvL', draft.chain],
    ['-L'],
    ['-F', draft.chain],
    ['-Z'],
    ['-N', 'mine'],
    ['-P', 'INPUT', dice.pick('ACCEPT', 'DROP')],
    ['-X'],
  );
  const words = [
    '-t',
    draft.table,
    ...command,
    ...(/^-[AIDCR]$/.test(command[0] ?? '') && command[2] !== '1' ? wordsOf(draft) : []),
  ];
  for (let i = dice.below(3); i > 0 && dice.chance(60); i--) {
    const at = dice.below(words.length);
    switch (dice.below(4)) {
      case 0:
        words.splice(at, 1);
        break;
      case 1:
        words.splice(at, 0, words[dice.below(words.length)] ?? '');
        break;
      case 2:
        words[at] = dice.chance(50) ? dice.pick(...WORDS) : soup(dice);
        break;
      default:
        [words[at], words[0]] = [words[0] ?? '', words[at] ?? ''];
    }
  }
  return words;
}
