// One case of the differential test as data: a topology, rules, and the packets sent through them. Everything that is built
// is built by command lines, the same ones for the real kernel and for the emulator.

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
  /** `-N chain`, `-A chain …` or `-P chain …`. */
  readonly line: string;
}

/** A packet made by hand, sent by a raw socket of `node`. */
export interface Probe {
  readonly node: string;
  readonly protocol: 'icmp' | 'udp' | 'tcp';
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
}

export interface Case {
  readonly topology: Topology;
  readonly rules: readonly RuleLine[];
  /** Whether rules go in by iptables-restore, or one by one. */
  readonly restore: boolean;
  readonly probes: readonly Probe[];
}

/** Ports somebody listens at, in every namespace. */
export const TCP_PORTS = [80, 8080];
export const UDP_PORTS = [53, 5000];

/** The shell script that builds a case. Each line that fails says `FAILED` and its number on standard output. */
export function buildScript(test: Case, prefix: string): string {
  const lines: string[] = [...test.topology.build];
  const tables = new Map<string, RuleLine[]>();
  for (const rule of test.rules) {
    if (!test.restore) {
      lines.push(`ip netns exec @${rule.node} iptables -t ${rule.table} ${rule.line}`);
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
  const numbered = lines.map((line, i) => `${line.replaceAll('@', prefix)} || echo "FAILED ${i}"`);
  for (const [node, text] of byNode) {
    const words = text.map((line) => `'${line}'`).join(' ');
    numbered.push(
      `printf '%s\\n' ${words} | ip netns exec ${prefix}${node} iptables-restore || echo "FAILED restore ${node}"`,
    );
  }
  return `${numbered.join('\n')}\n`;
}

/** The shell script that shows counters and connections. */
export function observeScript(test: Case, prefix: string): string {
  const nodes = [...new Set(test.rules.map((rule) => rule.node))];
  return nodes
    .flatMap((node) => [
      `echo "== ${node} rules"`,
      `ip netns exec ${prefix}${node} iptables-save -c`,
      `echo "== ${node} connections"`,
      `ip netns exec ${prefix}${node} conntrack -L 2>/dev/null`,
    ])
    .join('\n');
}

/** A case in words, to be read and typed again. */
export function describe(test: Case): string {
  const { topology, rules, probes } = test;
  return [
    `# ${topology.kind}`,
    ...topology.build,
    ...rules.map((rule) => `ip netns exec @${rule.node} iptables -t ${rule.table} ${rule.line}`),
    ...probes.map((probe) => `# send ${JSON.stringify(probe)}`),
  ].join('\n');
}
