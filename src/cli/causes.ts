/**
 * Why steps of a replay still differ: the causes that are known, each with the differences that it explains, and what it comes
 * from. The first that fits is taken; what none explains is named by its tool, as unknown.
 */
import type { Report } from './replay.ts';
import { toolOf } from './tools.ts';

export interface Remaining {
  readonly cause: string;
  readonly count: number;
  readonly example: string;
  /** How many steps of which recording. */
  readonly recordings: Readonly<Record<string, number>>;
}

interface Cause {
  readonly cause: string;
  readonly recordings?: RegExp;
  /** Without what only says where they run. */
  readonly commands?: RegExp;
  /** What a line of the difference says. */
  readonly lines?: RegExp;
  /** Of the lines that differ, without their marks. */
  readonly fits?: (recorded: readonly string[], own: readonly string[]) => boolean;
}

const numberless = (line: string): string =>
  line
    .replace(/‹n›|‹counts›/g, '0')
    .replace(/\d+[KMG]?/g, '0')
    .replace(/ +/g, ' ');

/** The same lines but for their numbers. */
function onlyNumbers(recorded: readonly string[], own: readonly string[]): boolean {
  return (
    recorded.length === own.length && recorded.every((line, i) => numberless(line) === numberless(own[i] as string))
  );
}

/** Packets of 52 octets more or fewer, and nothing else. */
function onlyAcknowledgements(recorded: readonly string[], own: readonly string[]): boolean {
  if (!onlyNumbers(recorded, own)) return false;
  const pairs = (line: string): number[] =>
    (/(\d+):(\d+)|(\d+) packets, (\d+) bytes|^(?:\d+ )? *(\d+) +(\d+) /.exec(line) ?? [])
      .slice(1)
      .filter((each) => each !== undefined)
      .map(Number);
  return recorded.every((line, i) => {
    const [packets = 0, octets = 0] = pairs(line);
    const [ownPackets = 0, ownOctets = 0] = pairs(own[i] as string);
    return octets - ownOctets === 52 * (packets - ownPackets);
  });
}

/** The same packets, in another order or with other ports. */
function otherOrder(recorded: readonly string[], own: readonly string[]): boolean {
  const words = (lines: readonly string[]): string => lines.map(numberless).sort().join('\n');
  return words(recorded) === words(own);
}

const addressQuestions = (lines: readonly string[]): boolean =>
  lines.every((line) => /\bARP\b|\bpackets? \w+/.test(line));

const CAUSES: readonly Cause[] = [
  {
    cause: 'Tasks that had moved, as a recorded machine was too slow for its heartbeats',
    recordings: /^era-28\/routing-mesh$/,
    lines: /\b10\.0\.0\.1[02]\b|02:42:0a:00:00:0[ac]|0A00000[AC]|FWM +257|0x101|9859b269aa84|Shutdown/,
  },
  {
    cause: 'A SYN that a recorded machine sent twice, and what answered it',
    recordings: /^era-20\.10\/packet-path$/,
    commands: /\b(?:tcpdump|xtables-monitor|nft monitor)\b|-save -c/,
  },
  { cause: 'A server for names that was too slow to refuse', lines: /unable to pin image .* i\/o timeout/ },
  {
    cause: 'The machine that held all machines, where the kernel was traced, is not there',
    lines: /there is no machine/,
  },
  { cause: 'What a process has read and written is not counted', commands: /\/proc\/\S+\/io\b/ },
  { cause: 'VLAN and macvlan devices are refused', lines: /link type (?:vlan|macvlan)|\be0\.5\b|\bmv0\b/ },
  { cause: '`ping -R` (record route) is refused', commands: /\bping\b.* -R\b/ },
  { cause: 'Programs run as root only: `su` to another user is refused', lines: /running as nobody/ },
  {
    cause: 'The process list of the machine that was recorded: its own programs, and all machines in one kernel',
    commands: /^(?:lsns|ps|pgrep|top)\b|docker\.pid/,
  },
  {
    cause: 'The number of CPUs and the memory of the machine that was recorded',
    lines: /est_cpulist|sync_qlen_max|nproc|^ CPUs:|^ Memory:/,
  },
  {
    cause:
      'Entries in the last state: at which moment within the second that the inferred clock leaves open they expire',
    commands: /\bipvsadm\b(?!.*--(?:stats|rate))/,
    fits: (recorded, own) =>
      [...recorded, ...own].every((line) => /^ {2}-> .* \d+ *$|^(?:TCP|UDP) +\S+ +[A-Z_]+ /.test(line)),
  },
  { cause: 'The order of a hash table with a random key', commands: /\/proc\/net\/ip_vs_conn/ },
  {
    cause: 'A counter of all IPVS services together, as of its last sample: no other output tells when that was',
    commands: /\/proc\/net\/ip_vs_stats/,
  },
  {
    cause: 'Whether a server acknowledges FIN at once or together with its own: packets of 52 octets more or fewer',
    commands: /\b(?:iptables|ip6tables|nft)\b|-save\b/,
    fits: onlyAcknowledgements,
  },
  {
    cause:
      'Whether a server acknowledges FIN at once or together with its own: one state of the connection more or fewer',
    commands: /\bconntrack\b/,
    lines: /CLOSE_WAIT|LAST_ACK/,
  },
  {
    cause: 'Samples of IPVS counters, and retransmissions that fall between them, at other moments',
    commands: /\bipvsadm\b.*--(?:stats|rate)/,
  },
  {
    cause:
      'A remote address that stopped answering is noticed at another moment: neighbours are asked again after random times',
    commands: /\bping\b/,
    lines: /Destination Host Unreachable|received, .*packet loss/,
  },
  {
    cause: 'Captured packets are the same, but ports, order or moment are others',
    commands: /\btcpdump\b|\btshark\b/,
    fits: otherOrder,
  },
  {
    cause: 'Captures: neighbours are asked again after random times',
    commands: /\btcpdump\b/,
    fits: (recorded, own) => addressQuestions([...recorded, ...own]),
  },
  {
    cause:
      'Captures: retransmissions, checks of neighbours and chatter that fall into the time of the capture by chance',
    commands: /\btcpdump\b/,
  },
  {
    cause: 'Traces of packets: ports, retransmissions and chatter that fall into the time of the trace by chance',
    commands: /\bxtables-monitor\b|\bnft monitor\b/,
  },
  {
    cause: 'Counters: packets that retransmissions and chatter of the machines make more or fewer',
    commands: /\b(?:iptables|ip6tables|nft|nstat)\b|-save\b/,
    fits: onlyNumbers,
  },
  {
    cause: 'The same rules and tables in another order',
    commands: /\b(?:iptables|nft)\b|-save\b/,
    fits: otherOrder,
  },
  {
    cause: 'A namespace of a task that was still there, or not yet gone',
    lines: /(?:nsenter|Cannot open network namespace|setns).*No such file/,
  },
  {
    cause: 'A bridge that has just been made: its state, timers and ports at another moment',
    commands: /\bip\b(?:.* -\w+)*.* link\b|\bbridge link\b/,
    lines: /\bbr\d+\b|bridge forward_delay|NO-CARRIER/,
  },
  {
    cause: 'Neighbours known from before the recording, or asked again after random times',
    commands: /\bip\b.*\bneigh?\b|\barp\b/,
  },
  {
    cause: 'Addresses that a bridge learnt, or forgot after five minutes, from chatter of machines',
    commands: /\bbridge\b.*\bfdb\b/,
  },
  { cause: 'Ended and forgotten connections: which were still tracked at that moment', commands: /\bconntrack\b/ },
  {
    cause: 'Namespaces and links of tasks: which were there at that moment, and in which order',
    commands: /^ls\b.*netns/,
  },
  {
    cause: 'Tasks: where they were placed, how far they had come, and the order in which they are listed',
    commands: /^docker (?:service|stack|node|ps|container|events|stats|logs)\b|^docker network inspect\b/,
  },
  {
    cause: 'Which task answered, and whether it was there already',
    commands: /\bcurl\b|\bwget\b|\bnc\b|^host\b|\btasks\./,
  },
  { cause: 'Texts of Docker that are not emulated to the letter', commands: /^docker\b/ },
  { cause: 'Sockets of programs that Docker starts', commands: /\bss\b|\bnetstat\b/ },
  {
    cause: 'A route is traced by packets that are answered or not at another moment',
    commands: /\btrace(?:route|path)\b/,
  },
];

/** What only says where a command runs. */
const PLACE = /^(?:nsenter (?:-\S+ )+|ip netns exec \S+ |docker exec (?:-\S+ )*\S+ )/;

/** What still differs, most frequent first. */
export function causes(reports: readonly Report[]): Remaining[] {
  const found = new Map<string, { count: number; example: string; recordings: Record<string, number> }>();
  for (const { recording, steps } of reports) {
    for (const { cmd, equal, diff } of steps) {
      if (equal) continue;
      const cause = causeOf(recording, cmd, diff ?? '');
      const example = cmd.length > 160 ? `${cmd.slice(0, 159)}…` : cmd;
      const entry = found.get(cause) ?? { count: 0, example, recordings: {} };
      entry.count++;
      entry.recordings[recording] = (entry.recordings[recording] ?? 0) + 1;
      found.set(cause, entry);
    }
  }
  return [...found].map(([cause, entry]) => ({ cause, ...entry })).sort((a, b) => b.count - a.count);
}

/** A difference in few words. */
export function causeOf(recording: string, cmd: string, diff: string): string {
  const lines = diff.split('\n');
  const side = (mark: string): string[] => lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(1));
  const [recorded, own] = [side('-'), side('+')];
  for (const { cause, recordings, commands, lines: pattern, fits } of CAUSES) {
    if (recordings?.test(recording) === false || commands?.test(cmd.replace(PLACE, '')) === false) continue;
    if (pattern !== undefined && ![...recorded, ...own].some((line) => pattern.test(line))) continue;
    if (fits === undefined || fits(recorded, own)) return cause;
  }
  const refused = /^\+(.*\bnot emulated here)/m.exec(diff);
  if (refused !== null) return (refused[1] as string).slice(0, 100);
  const missing =
    /^\+(?:\S*sh: )?(?:line \d+: )?(?:exec of ")?([^\s":]+)(?:: command not found|" failed: No such file)/m.exec(diff);
  if (missing !== null) return `${missing[1]} is not emulated here`;
  return `Unknown: ${toolOf(cmd)} ${/^exit:/m.test(diff) ? 'ends' : 'prints'} otherwise`;
}
