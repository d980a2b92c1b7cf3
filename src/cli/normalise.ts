/**
 * What may differ between a recording and its replay, rule by rule, with the reason. Two kinds:
 * a *mask* replaces on both sides what depends on time or on the machine's past;
 * a *symbol* stays, but must stand for the recorded one, one to one: over the whole recording, or within the step.
 */
import { REORDERED } from './reorder.ts';

interface Mask {
  readonly name: string;
  readonly reason: string;
  /** Only for commands that match. */
  readonly commands?: RegExp;
  /** Only for the hosts of a cluster: no gossip passes elsewhere. */
  readonly hosts?: true;
  readonly pattern: RegExp;
  readonly replacement: string;
}

export interface SymbolRule {
  readonly name: string;
  readonly reason: string;
  /** Group 1 is the symbol; without groups the whole match. */
  readonly pattern: RegExp;
  readonly scope: 'recording' | 'step';
}

const AGO = '(?:less than a second|\\d+ seconds?|about a minute|\\d+ minutes|about an hour|\\d+ hours|\\d+ days)';

const MASKS: readonly Mask[] = [
  {
    name: 'MAC',
    reason: 'a bridge is named after the lowest of random MACs',
    pattern: /\b8000\.[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}\b/g,
    replacement: '‹bridge›',
  },
  {
    name: 'MAC',
    reason: 'random; those made of an address, those given in a command and those of the machines stay',
    pattern:
      /\b(?!02:42:(?:0a|ac:1|c0:a8)|02:00:00|08:00:27:38|00:00:00:00:00:00|ff:ff:ff:ff:ff:ff|33:33:00|01:00:5e|01:80:c2)[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/g,
    replacement: '‹MAC›',
  },
  {
    name: 'link-local address',
    reason: 'made of a random MAC',
    pattern: /\bfe80::(?!42:(?:aff|acff|c0ff)|ff:fe00|a00:27ff)[0-9a-f:]+/g,
    replacement: '‹fe80›',
  },
  {
    name: 'link-local address',
    reason: 'the group of one made of a random MAC',
    pattern: /\bff02::1:ff(?!32:|00:)[0-9a-f]{2}:[0-9a-f]{1,4}\b/g,
    replacement: '‹group›',
  },
  {
    name: 'bridge timers',
    reason: 'run while steps are taken',
    pattern: /(?<=\b\w+_timer +)\d+\.\d+/g,
    replacement: '‹left›',
  },
  {
    name: 'queues',
    reason: 'as many as the machine has CPUs; the rig had one or two',
    commands: /\bip\b/,
    pattern: /(?<=^ +(?:veth|bridge_slave) .*num[tr]xqueues )\d+/gm,
    replacement: '‹n›',
  },
  {
    name: 'date',
    reason: 'the recording was made on another day',
    pattern: /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| \+0000 (?:UTC|utc))?/g,
    replacement: '‹date›',
  },
  {
    name: 'date',
    reason: 'the recording was made on another day',
    pattern:
      /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d (?:UTC )?\d{4}/g,
    replacement: '‹date›',
  },
  {
    name: 'date',
    reason: 'the recording was made on another day',
    pattern: /\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d\b/g,
    replacement: '‹date›',
  },
  {
    name: 'date',
    reason: 'the recording was made on another day',
    pattern: /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/g,
    replacement: '‹date›',
  },
  { name: 'clock', reason: 'time stamps of packets', pattern: /^\d\d:\d\d:\d\d\.\d{6}/gm, replacement: '‹clock›' },
  {
    name: 'clock',
    reason: 'time stamps of packets',
    commands: /\bping\b/,
    pattern: /^\[\d{10}\.\d{6}\]/gm,
    replacement: '[‹clock›]',
  },
  {
    name: 'clock',
    reason: 'time since the machine was started',
    commands: /\bdmesg\b/,
    pattern: /^\[ *\d+\.\d{6}\]/gm,
    replacement: '[‹clock›]',
  },
  {
    name: 'clock',
    reason: 'time stamps of events',
    commands: /\bconntrack\b.*timestamp/,
    pattern: /^\[\d{10}\.\d{6}\]/gm,
    replacement: '[‹clock›]',
  },
  {
    name: 'age',
    reason: 'the rig’s CPU was emulated and waits between steps are not recorded',
    commands: /\bdocker\b/,
    pattern: new RegExp(`\\b${AGO}(?= ago)|(?<=Up )${AGO}`, 'gi'),
    replacement: '‹age›',
  },
  {
    name: 'round trip',
    reason: 'times of an emulated CPU',
    pattern:
      /(?<=time[= ])[\d.]+(?= ?ms)|(?<=rtt min\/avg\/max\/mdev = )[\d./]+|(?<=round-trip min\/avg\/max = )[\d./]+|(?<=Query time: )\d+(?= msec)|(?<= after )\d+(?= (?:ms|milliseconds)\b)/g,
    replacement: '‹ms›',
  },
  {
    name: 'round trip',
    reason: 'times of an emulated CPU',
    commands: /\b(?:trace(?:route|path)|arping)\b/,
    pattern: /\b\d+\.\d+ ?ms/g,
    replacement: '‹ms›',
  },
  {
    name: 'remaining time',
    reason: 'timeouts run while steps are taken',
    commands: /conntrack\b/,
    pattern:
      /(?<=^(?:\[‹clock›\]\t)?(?: *\[(?:NEW|UPDATE|DESTROY)\] )?(?:ipv4 +2 +)?(?:tcp|udp|icmp|unknown) +\d+ )\d+|(?<=<timeout>)\d+/gm,
    replacement: '‹left›',
  },
  {
    name: 'remaining time',
    reason: 'timeouts run while steps are taken',
    commands: /\bipvsadm\b/,
    pattern: /(?<=^(?:TCP|UDP|IP ) +)\d\d:\d\d/gm,
    replacement: '‹left›',
  },
  {
    name: 'policy counters',
    reason: 'count the gossip and the idle chatter of machines since they were started',
    hosts: true,
    commands: /\biptables/,
    pattern: /(?<=^:\S+ (?:ACCEPT|DROP) )\[\d+:\d+\]|(?<=policy (?:ACCEPT|DROP) )\d+[KMG]? packets, \d+[KMG]? bytes/gm,
    replacement: '‹n›',
  },
  {
    name: 'netlink address',
    reason: 'random, and the name is missing when the program has ended before it was looked up',
    commands: /\bconntrack -E\b/,
    pattern: /portid=\d+(?: progname=\w+)?/g,
    replacement: 'portid=‹n›',
  },
  {
    name: 'neighbour state',
    reason: 'follows the time since the last packet',
    commands: /\bip\b.*\bneigh?\b/,
    pattern: /\b(?:REACHABLE|STALE|DELAY|PROBE)\b/g,
    replacement: '‹state›',
  },
  {
    name: 'counters',
    reason: 'background gossip moves them: compared as zero or not',
    hosts: true,
    commands: /\biptables-save\b.*-c|\biptables-save\b/,
    pattern: /\[[1-9]\d*:[1-9]\d*\]/g,
    replacement: '[‹n›:‹n›]',
  },
  {
    name: 'counters',
    reason: 'background gossip moves them: compared as zero or not',
    hosts: true,
    commands: /\biptables\b(?!.*--line-numbers).*-\w*v/,
    pattern: /^ *[1-9]\d*[KMG]? +[1-9]\d*[KMG]? /gm,
    replacement: '‹n› ‹n› ',
  },
  {
    name: 'counters',
    reason: 'background gossip moves them: compared as zero or not',
    hosts: true,
    commands: /\bnft (?:list|monitor)\b/,
    pattern: /(?<=counter packets )[1-9]\d* bytes \d+/g,
    replacement: '‹n› bytes ‹n›',
  },
  {
    name: 'counters',
    reason: 'background gossip moves them',
    commands: /\bip\b.* -s|\bip -s|\/proc\/net\/dev/,
    pattern: /(?<=^ +)\d+(?: +\d+){5,}/gm,
    replacement: '‹counts›',
  },
  {
    name: 'counters',
    reason: 'what machines say by themselves moves them',
    commands: /\bifconfig\b/,
    pattern: /(?<=\b(?:packets|bytes)[: ])\d+(?: \([^)]*\))?/g,
    replacement: '‹n›',
  },
  {
    name: 'counters',
    reason: 'background gossip moves them: compared as zero or not',
    hosts: true,
    commands: /\biptables\b.*--line-numbers/,
    pattern: /(?<=^\d+ +)[1-9]\d*[KMG]? +[1-9]\d*[KMG]? /gm,
    replacement: '‹n› ‹n› ',
  },
  {
    name: 'gossip flows',
    reason: 'connections of gossip and of the managers, and reports to routers of multicast groups, come and go',
    commands: /\bconntrack -L\b/,
    pattern: /^.*(?:\b[sd]port=(?:7946|2377)\b|dst=224\.0\.0\.22\b).*\n/gm,
    replacement: '',
  },
  {
    name: 'gossip flows',
    reason: 'they are counted, too',
    commands: /\bconntrack -L\b/,
    pattern: /\d+(?= flow entries have been shown)/g,
    replacement: '‹n›',
  },
  {
    name: 'rates',
    reason: 'follow the speed of the machine',
    commands: /\bipvsadm\b.*--rate/,
    pattern: /(?: +\d+){5}$/gm,
    replacement: ' ‹rates›',
  },
  {
    name: 'IPv6 background',
    reason: 'machines solicit routers and report groups by themselves, at random times',
    commands: /\btcpdump\b/,
    pattern: /^.*(?:\bIP6 |ethertype IPv6|, IPv6 ).*\n(?:\t.*\n)*/gm,
    replacement: '',
  },
  {
    name: 'IPv6 background',
    reason: 'it is counted, too',
    commands: /\btcpdump\b/,
    pattern: /^\d+ packets?(?= (?:captured|received by filter))/gm,
    replacement: '‹n›',
  },
  {
    name: 'idle time',
    reason: 'how long ago an entry was used',
    commands: /\b(?:bridge|ip)\b/,
    pattern: /(?<=used )\d+(?:\/\d+)+/g,
    replacement: '‹idle›',
  },
  {
    name: 'raft index',
    reason: 'counts entries of the log, heartbeats of the rig’s slow machines among them',
    pattern: /(?<="Index": )\d+/g,
    replacement: '‹n›',
  },
  {
    name: 'certificate',
    reason: 'made with a random key',
    pattern:
      /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----(?:\\n)?|(?<="CertIssuerPublicKey": ")[^"]+|(?<=Issuer Public Key:\t)\S+/g,
    replacement: '‹certificate›',
  },
  {
    name: 'sequence number',
    reason: 'initial sequence numbers and time stamps of TCP are random',
    commands: /\btcpdump\b/,
    pattern: /(?<=\bseq |\back |TS val |ecr |:)\d{5,}/g,
    replacement: '‹n›',
  },
  {
    name: 'packet id',
    reason: 'IP ids, echo ids and query ids start at random',
    commands: /\btcpdump\b|\bdig\b|\bnslookup\b/,
    pattern: /(?<=\bid:? )\d+|(?<=: )\d+(?=[+*%-]* (?:\[|A\?|AAAA\?|PTR\?|\d+\/))/g,
    replacement: '‹id›',
  },
  {
    name: 'packet id',
    reason: 'IP ids and echo ids start at random, and so do the time stamps of TCP',
    commands: /\bdmesg\b/,
    pattern: /(?<=\bID=)\d+|(?<=080A)[0-9A-F]{16}/g,
    replacement: '‹id›',
  },
  {
    name: 'packet id',
    reason: 'IP ids start at random',
    commands: /\bxtables-monitor\b|\bnft monitor\b/,
    pattern: /(?<=\bID=|\bip id )\d+/g,
    replacement: '‹id›',
  },
  {
    name: 'trace id',
    reason: 'made of addresses in memory, which are used again',
    commands: /\bxtables-monitor\b|\bnft monitor\b/,
    pattern: /(?<=^(?:PACKET| TRACE): 2 |^trace id )[0-9a-f]{8}\b/gm,
    replacement: '‹id›',
  },
  {
    name: 'MAC',
    reason: 'random, here without leading zeros',
    commands: /\bxtables-monitor\b/,
    pattern: /(?<=MAC(?:SRC|DST)=)(?!8:0:27:38|2:42:a:)[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}/g,
    replacement: '‹MAC›',
  },
  {
    name: 'link header',
    reason: 'what was left in the buffer of a packet that has no Ethernet header yet',
    commands: /\bxtables-monitor\b/,
    pattern: /(?:IN=\(null\) )?(?<=OUT=\S+ )LL=0x0 [0-9a-f]+ /g,
    replacement: '',
  },
  {
    name: 'link header',
    reason: 'what was left in the buffer has an identification in it',
    commands: /\bnft monitor\b/,
    pattern: /(?<=@ll,\d+,\d+ )\d+/g,
    replacement: '‹n›',
  },
  {
    name: 'checksum',
    reason: 'covers random ids and ports',
    commands: /\b(?:tcpdump|nft monitor)\b/,
    pattern: /(?<=cksum )0x[0-9a-f]+|(?<=incorrect -> )0x[0-9a-f]+|(?<=udp checksum )\d+/g,
    replacement: '‹sum›',
  },
  {
    name: 'polling',
    reason: 'how often the client looked depends on the speed of the machine',
    commands: /\bdocker service\b/,
    pattern: /^((?:overall progress|verify): [^\n]*\n)(?:\1)+/gm,
    replacement: '$1',
  },
  {
    name: 'polling',
    reason: 'how often the client looked depends on the speed of the machine',
    commands: /\bdocker service\b/,
    pattern:
      /(?<=^overall progress: [^\n]*\n)(?:overall progress: [^\n]*\n)+(?=overall progress: )|(?<=^verify: Waiting \d+ seconds[^\n]*\n)(?:verify: Waiting \d+ seconds[^\n]*\n)+/gm,
    replacement: '',
  },
  {
    name: 'speed of a transfer',
    reason: 'depends on the speed of the machine',
    commands: /\bcurl\b/,
    pattern: /(?<=\r1?\d?\d +\d+ +\d+ +\d+ +0 +0) +[\d.]+k?( +\d+ --:--:-- --:--:-- --:--:--) +[\d.]+k?$/gm,
    replacement: ' ‹speed›$1 ‹speed›',
  },
  {
    name: 'polling',
    reason: 'how often a meter is drawn depends on the speed of the machine',
    commands: /\bcurl\b/,
    pattern: /(\r *\d+ +\d+ +\d+ +\d+ +0 +0 +(?:‹speed›|0) +\d+ --:--:-- --:--:-- --:--:-- +(?:‹speed›|0))(?=\1)/g,
    replacement: '',
  },
  {
    name: 'hash suffix',
    reason: 'keys of the kernel’s tables are random',
    commands: /\bls\b.*\/proc\/.*\/ns|readlink/,
    pattern: /net:\[\d+\]/g,
    replacement: 'net:[‹inode›]',
  },
  {
    name: 'image size',
    reason: 'the images of the rig were made of its own files',
    commands: /\bdocker (?:images|image ls)\b/,
    pattern: /[\d.]+[kM]?B$/gm,
    replacement: '‹size›',
  },
];

export const SYMBOLS: readonly SymbolRule[] = [
  { name: 'join token', reason: 'random', pattern: /SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}/g, scope: 'recording' },
  {
    name: 'task name',
    reason: 'ends in a random id',
    pattern: /\b[a-zA-Z][\w-]*\.(?:\d+|[0-9a-z]{25})\.[0-9a-z]{25}\b/g,
    scope: 'recording',
  },
  {
    name: 'uuid',
    reason: 'random',
    pattern: /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g,
    scope: 'recording',
  },
  {
    name: 'engine id',
    reason: 'the fingerprint of a random key',
    pattern: /\b(?:[A-Z2-7]{4}:){11}[A-Z2-7]{4}\b/g,
    scope: 'recording',
  },
  {
    name: 'id',
    reason: 'random',
    pattern:
      /(?<![0-9a-z])(?:[0-9a-f]{64}|[0-9a-f]{32}|(?=[0-9a-z]{0,24}[0-9])[0-9a-z]{25}|(?=[0-9a-z]{0,11}[0-9])(?=[0-9]{0,11}[a-z])[0-9a-z]{12})(?![0-9a-z])/g,
    scope: 'recording',
  },
  { name: 'id', reason: 'random', pattern: /(?<=\b1-)[0-9a-z]{10}\b|(?<=\blb_)[0-9a-z]{9}\b/g, scope: 'recording' },
  {
    name: 'IPsec key',
    reason: 'random; its last eight digits are the SPI',
    pattern: /(?<=\(aes\)\) 0x)[0-9a-f]{32}(?=[0-9a-f]{8}\b)/g,
    scope: 'recording',
  },
  {
    name: 'SPI',
    reason: 'a hash that a random number goes into',
    pattern: /(?<=\bspi[ =]0x)[0-9a-f]{8}\b|(?<=\(aes\)\) 0x[0-9a-f]{32})[0-9a-f]{8}\b/g,
    scope: 'recording',
  },
  { name: 'SPI in decimal', reason: 'as the SPI', pattern: /(?<=\bspi 0x[0-9a-f]{8}\()\d+/g, scope: 'recording' },
  { name: 'veth', reason: 'docker names them at random', pattern: /\bveth[0-9a-f]{7}\b/g, scope: 'recording' },
  {
    name: 'process',
    reason: 'process ids count what ran before',
    pattern: /(?<="Pid": |\bpid=|\/proc\/)[1-9]\d*\b|(?<=^ *)\d+(?= root +(?:\{[^}]*\} )?\S| \/usr\/s?bin\/)/gm,
    scope: 'recording',
  },
  {
    name: 'port',
    reason: 'ephemeral ports are random',
    pattern:
      /(?<=\bdport=)\d{5}|(?<=[.: =]|port>)(?<!\bid=)(?:3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|[45]\d{4}|60\d{3})(?![\d.])/g,
    scope: 'step',
  },
  { name: 'descriptor', reason: 'dockerd has other files open, too', pattern: /(?<=,fd=)\d+/g, scope: 'step' },
  {
    name: 'flow id',
    reason: 'echo ids and the kernel’s ids of flows are random',
    pattern: /(?<=\bid=|<id>)\d+/g,
    scope: 'step',
  },
  {
    name: 'interface number',
    reason: 'counts what was made before the recording',
    pattern: /(?<=^|\n)\d+(?=: \w)|(?<=@if)\d+|(?<=link-netnsid )\d+/g,
    scope: 'step',
  },
];

/** Blanks between columns, whose widths follow the texts in them. */
export const PADDING = { name: 'padding', reason: 'columns are as wide as the ids, ages and counters in them' };

/** Lines whose order the real programs leave to hash tables, maps or the network. */
export const UNORDERED = {
  name: 'order of lines',
  reason:
    'comes from hash tables with random keys, from a resolver that shuffles, from several machines at once, or is by random link-local addresses',
  commands:
    /\bdocker service logs\b|\bss\b|\bdig\b|\bnslookup\b|\bipvsadm\b.* -\w*c\b|\bip\b.*route show table all|\bip -6 r|conntrack(?:$| -[LDU]\b)|\bip(?: -\w+)* neigh\b|\bbridge(?: -\w+)* [fm]db\b|\barp -an?\b|\bls\b.*netns/,
};

/** How often each rule changed something. */
export type Uses = Map<string, number>;

function count(uses: Uses, name: string, by = 1): void {
  uses.set(name, (uses.get(name) ?? 0) + by);
}

/** Applies the masks to one text. `host`: the command looked at a host of a cluster, which gossips. */
export function mask(text: string, command: string, uses: Uses, host: boolean): string {
  let masked = text;
  for (const rule of MASKS) {
    if (rule.hosts === true && !host) continue;
    if (rule.commands !== undefined && !rule.commands.test(command)) continue;
    const before = masked;
    masked = masked.replace(rule.pattern, rule.replacement);
    if (masked !== before) count(uses, rule.name);
  }
  for (const { name, commands, apply } of REORDERED) {
    if (!commands.test(command)) continue;
    const before = masked;
    masked = apply(masked);
    if (masked !== before) count(uses, name);
  }
  return masked;
}

/** Blanks at the joints of a table as one; for texts that are equal otherwise. */
export function squeeze(text: string): string {
  return text
    .replace(/[ \t]{2,}/g, '  ')
    .replace(/^ +/gm, (blanks) => (blanks.length > 1 ? ' ' : blanks))
    .replace(/ +$/gm, '');
}
