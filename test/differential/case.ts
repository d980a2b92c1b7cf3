// One case of the differential test as data: a topology, rules, and the packets sent through them. Everything that is built
// is built by command lines, the same ones for the real kernel and for the emulator.

import { ipLength, type Packet } from '../../simulator/wire/packet.ts';
import { packetOf } from './packet.ts';

/** A network namespace of the case; its name in command lines is `{prefix}{name}`. */
export interface Node {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly devices: readonly string[];
}

export interface Topology {
  readonly kind: string;
  readonly nodes: readonly Node[];
  /** Command lines; `@` stands for the prefix of names. */
  readonly build: readonly string[];
}

/** One line of a table: a new chain, or a rule as `iptables` takes it after `-t TABLE`. */
export interface RuleLine {
  readonly node: string;
  readonly table: string;
  /** `-N chain`, `-A chain …` or `-P chain …`. Words with blanks or signs of the shell stand in double quotes. */
  readonly line: string;
}

/** A packet, or a conversation that begins with one. */
export interface Probe {
  readonly node: string;
  /**
   * `raw`: the packet as it is, from a raw socket. `socket`: from an ordinary socket bound to `src` and `sport`: a datagram,
   * or a connection that is opened, used and closed.
   */
  readonly how: 'raw' | 'socket';
  /** `other` is protocol 253, which nobody speaks. */
  readonly protocol: 'icmp' | 'udp' | 'tcp' | 'other';
  readonly src: string;
  readonly dst: string;
  readonly sport: number;
  readonly dport: number;
  readonly ttl: number;
  readonly tos: number;
  readonly id: number;
  readonly dontFragment: boolean;
  /** Octets above the transport header. */
  readonly length: number;
  /** TCP flags as bits; ignored otherwise. */
  readonly flags: number;
  /** TCP sequence number, or the sequence of an echo request. */
  readonly sequence: number;
  /** TCP acknowledgement number. */
  readonly ack: number;
  /** Of a connection: how it ends. */
  readonly ending: 'fin' | 'reset' | 'open';
}

/** Which kernel part and which commands: iptables-nft or iptables-legacy. */
export type Backend = 'nft' | 'legacy';

export interface Case {
  readonly topology: Topology;
  readonly rules: readonly RuleLine[];
  readonly backend: Backend;
  /** Whether rules go in by iptables-restore, or one by one. */
  readonly restore: boolean;
  readonly probes: readonly Probe[];
}

/** Ports somebody listens at, in every namespace. */
export const TCP_PORTS = [80, 8080];
export const UDP_PORTS = [53, 5000];

/** The command lines of a case, and for each namespace the text that iptables-restore gets. */
export interface Steps {
  readonly lines: readonly string[];
  readonly restores: readonly (readonly [name: string, text: string])[];
}

export function stepsOf(test: Case, prefix: string): Steps {
  const lines = [...test.topology.build];
  const tables = new Map<string, RuleLine[]>();
  for (const rule of test.rules) {
    if (!test.restore) {
      lines.push(`ip netns exec @${rule.node} iptables-${test.backend} -t ${rule.table} ${rule.line}`);
      continue;
    }
    const key = `${rule.node} ${rule.table}`;
    tables.set(key, [...(tables.get(key) ?? []), rule]);
  }
  const byNode = new Map<string, string[]>();
  for (const rules of tables.values()) {
    const [{ node, table }] = rules as [RuleLine];
    const chains = rules.filter((rule) => rule.line.startsWith('-N ')).map((rule) => `:${rule.line.slice(3)} - [0:0]`);
    const policies = rules.filter((rule) => rule.line.startsWith('-P ')).map((rule) => `:${rule.line.slice(3)} [0:0]`);
    const body = rules.filter((rule) => rule.line.startsWith('-A ')).map((rule) => rule.line);
    byNode.set(node, [...(byNode.get(node) ?? []), `*${table}`, ...policies, ...chains, ...body, 'COMMIT']);
  }
  return {
    lines: lines.map((line) => line.replaceAll('@', prefix)),
    restores: [...byNode].map(([node, text]) => [prefix + node, `${text.join('\n')}\n`] as const),
  };
}

/** The shell script that builds a case. Each line that fails says `FAILED` and its number on standard output. */
export function buildScript(test: Case, prefix: string): string {
  const { lines, restores } = stepsOf(test, prefix);
  const numbered = lines.map((line, i) => `${line} || echo "FAILED ${i}"`);
  for (const [name, text] of restores) {
    const words = text
      .trimEnd()
      .split('\n')
      .map((line) => `'${line}'`);
    numbered.push(
      `printf '%s\\n' ${words.join(' ')} | ip netns exec ${name} iptables-${test.backend}-restore || echo "FAILED restore ${name}"`,
    );
  }
  return `${numbered.join('\n')}\n`;
}

/** Namespaces that have rules, and so counters and connections to look at. */
export function observedNodes(test: Case): string[] {
  return [...new Set(test.rules.map((rule) => rule.node))];
}

/** The shell script that shows counters and connections. */
export function observeScript(test: Case, prefix: string): string {
  return observedNodes(test)
    .flatMap((node) => [
      `echo "== ${node} rules"`,
      `ip netns exec ${prefix}${node} iptables-${test.backend}-save -c`,
      `echo "== ${node} connections"`,
      `ip netns exec ${prefix}${node} conntrack -L 2>/dev/null`,
    ])
    .join('\n');
}

/** Numbers that a case mentions; whatever else is seen of their kind, somebody has drawn by lot. */
export interface KnownNumbers {
  readonly ports: ReadonlySet<number>;
  /** IP identification, protocol and length of packets sent by hand: others may have drawn the same identification. */
  readonly identifications: ReadonlySet<string>;
}

/** What an identification is known by. */
export function identificationOf(packet: Packet): string {
  return `${packet.ipId} ${packet.protocol} ${ipLength(packet)}`;
}

export function knownNumbers(test: Case): KnownNumbers {
  const ports = new Set([...TCP_PORTS, ...UDP_PORTS, 4789, 0]);
  const identifications = new Set<string>();
  for (const probe of test.probes) {
    ports.add(probe.sport).add(probe.dport);
    identifications.add(identificationOf(packetOf(probe)));
  }
  for (const { line } of test.rules) {
    const [, low = '', high = low] =
      /(?:--to-destination|--to-source|--to-ports) \S*?(?::|\b)(\d+)(?:-(\d+))?$/.exec(line) ?? [];
    if (low === '' || (low !== high && !line.includes('-j DNAT'))) continue;
    for (let port = Number(low); port <= Number(high); port++) ports.add(port);
  }
  return { ports, identifications };
}

/** A case in words, to be read and typed again. */
export function describe(test: Case): string {
  const { topology, rules, probes } = test;
  return [
    `# ${topology.kind}`,
    ...topology.build,
    ...rules.map((rule) => `ip netns exec @${rule.node} iptables-${test.backend} -t ${rule.table} ${rule.line}`),
    ...probes.map((probe) => `# send ${JSON.stringify(probe)}`),
  ].join('\n');
}
