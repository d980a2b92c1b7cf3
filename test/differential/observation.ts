// What is seen of a case, on either side, in words that can be compared: verdicts and captures of each packet sent, counters
// of rules and chains, connections.
import type { Packet } from '../../simulator/wire/packet.ts';
import type { KnownNumbers } from './case.ts';
import type { FrameWords } from './frame.ts';

export interface ProbeObservation {
  /** The error of each step, '' when it went. */
  readonly errors: readonly string[];
  /** `namespace device direction packet`, sorted. */
  readonly frames: readonly string[];
}

export interface Observation {
  /** Lines of the building script that failed. */
  readonly failed: readonly string[];
  readonly probes: readonly ProbeObservation[];
  /** `namespace table chain counters rule`, in order. */
  readonly rules: readonly string[];
  /** `namespace connection`, sorted. */
  readonly connections: readonly string[];
}

/** A frame and where it passed: `namespace device direction`. */
export interface Seen {
  readonly place: string;
  readonly packet: Packet;
}

/** Frames in words, sorted: which of several processors was first is not compared. */
export function shownFrames(words: FrameWords, seen: readonly Seen[]): string[] {
  return seen
    .flatMap(({ place, packet }) => {
      const text = words.text(packet);
      return text === undefined ? [] : [`${place} ${text}`];
    })
    .sort();
}

/** iptables before 1.8.10 does not ask nf_tables to count what a policy decides. */
export function withoutPolicies(observation: Observation): Observation {
  return {
    ...observation,
    rules: observation.rules.map((line) => line.replace(/^(\S+ \S+ :\S+ \S+) \[\d+:\d+\]$/, '$1')),
  };
}

/** Reads what the script of observeScript printed. */
export function readObservation(text: string, known: KnownNumbers): Pick<Observation, 'rules' | 'connections'> {
  const rules: string[] = [];
  const connections: string[] = [];
  let node = '';
  let part = '';
  const tables = new Map<string, string[]>();
  let table = '';
  const flush = (): void => {
    for (const [name, lines] of [...tables].sort(([a], [b]) => (a < b ? -1 : 1)))
      for (const line of lines) rules.push(`${node} ${name} ${line}`);
    tables.clear();
  };
  for (const line of text.split('\n')) {
    const head = /^== (\S+) (\S+)$/.exec(line);
    if (head !== null) {
      flush();
      [, node = '', part = ''] = head;
    } else if (part === 'rules') {
      if (line.startsWith('*')) table = line.slice(1);
      else if (/^[:[]/.test(line)) tables.set(table, [...(tables.get(table) ?? []), line.trimEnd()]);
    } else if (line !== '') connections.push(`${node} ${connectionText(line, known)}`);
  }
  flush();
  return { rules, connections: connections.sort() };
}

/** A line of `conntrack -L` without what runs or differs between versions: time left, use counts, names of protocols. */
function connectionText(line: string, { ports }: KnownNumbers): string {
  const words = line.trim().split(/\s+/);
  const [protocol = ''] = words;
  return [
    protocol,
    ...words
      .slice(3)
      .filter((word) => !/^(?:use|mark|zone)=|^\d+$/.test(word) || /^mark=[1-9]/.test(word))
      .map((word) =>
        word.replace(/^(sport|dport|id)=(\d+)$/, (all, name, port) => (ports.has(Number(port)) ? all : `${name}=*`)),
      ),
  ].join(' ');
}

/** Tunnels may have had something to say, and so to resolve, before the first packet is sent. */
const UNDERLAY_ARP = /^[rq] u\d (?:in|out) \S+ arp /;

/** The first differences of two observations, as lines with `-` for the real kernel and `+` for the emulator. */
export function differences(real: Observation, own: Observation): string[] {
  const found: string[] = [];
  const compare = (what: string, a: readonly string[], b: readonly string[]): void => {
    const rest = b.filter((line) => !UNDERLAY_ARP.test(line));
    const missing = a.filter((line) => {
      if (UNDERLAY_ARP.test(line)) return false;
      const at = rest.indexOf(line);
      if (at >= 0) rest.splice(at, 1);
      return at < 0;
    });
    if (missing.length + rest.length > 0)
      found.push(`${what}:`, ...missing.map((line) => `-${line}`), ...rest.map((line) => `+${line}`));
  };
  compare('failed commands', real.failed, own.failed);
  real.probes.forEach((probe, i) => {
    const other = own.probes[i];
    if (other === undefined) return;
    if (probe.errors.join() !== other.errors.join())
      found.push(`packet ${i}: errors`, `-${probe.errors.join()}`, `+${other.errors.join()}`);
    compare(`packet ${i}: captures`, probe.frames, other.frames);
  });
  compare('counters', real.rules, own.rules);
  compare('connections', real.connections, own.connections);
  return found;
}
