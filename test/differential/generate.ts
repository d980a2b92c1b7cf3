// Random but legal rules and packets. What a kernel or the emulator lacks is found out beforehand (see main.ts) and left out.
import { RandomStream } from '../../simulator/base/random.ts';
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN } from '../../simulator/wire/packet.ts';
import type { Case, Node, Probe, RuleLine, Topology } from './case.ts';
import { MATCHES } from './matches.ts';
import { type Part, pick, type Place, TABLES } from './parts.ts';
import { TARGETS } from './targets.ts';
import { TOPOLOGIES } from './topology.ts';

function weighted(random: RandomStream, parts: readonly Part[]): Part {
  let rest = random.below(parts.reduce((sum, part) => sum + part.weight, 0));
  return parts.find((part) => (rest -= part.weight) < 0) as Part;
}

export class Generator {
  private readonly matches: readonly Part[];
  private readonly targets: readonly Part[];
  private readonly legacy: boolean;

  /** `left` are the names of matches and targets that somebody does not know; `legacy` says whether there is iptables-legacy. */
  constructor(left: ReadonlySet<string>, legacy: boolean) {
    this.legacy = legacy;
    this.matches = MATCHES.filter((part) => !left.has(part.name));
    this.targets = TARGETS.filter((part) => !left.has(part.name));
  }

  case(seed: number): Case {
    const random = new RandomStream(seed, 'differential');
    let kind = random.below(TOPOLOGIES.reduce((sum, [weight]) => sum + weight, 0));
    const [, make] = TOPOLOGIES.find(([weight]) => (kind -= weight) < 0) as (typeof TOPOLOGIES)[number];
    const topology = make(random);
    const rules: RuleLine[] = [];
    for (const node of topology.nodes) {
      // What the tunnels' own namespaces count, late reports of groups and random ports decide.
      if (topology.kind === 'overlay' && (node.name === 'r' || node.name === 'q')) continue;
      if (node.name === 'r' || topology.kind === 'overlay' ? random.below(10) !== 0 : random.below(4) === 0)
        rules.push(...this.rulesOf(random, topology, node));
    }
    return {
      topology,
      rules,
      backend: random.below(3) === 0 && this.legacy ? 'legacy' : 'nft',
      restore: random.below(4) !== 0,
      probes: this.probesOf(random, topology),
    };
  }

  private rulesOf(random: RandomStream, topology: Topology, node: Node): RuleLine[] {
    const rules: RuleLine[] = [];
    for (const [table, hooks] of Object.entries(TABLES)) {
      if (random.below(table === 'raw' ? 4 : 2) === 0 || (table === 'security' && random.below(3) !== 0)) continue;
      const add = (line: string): void => void rules.push({ node: node.name, table, line });
      const chains = random.below(3) === 0 ? (random.below(3) === 0 ? ['USER', 'DEEPER'] : ['USER']) : [];
      for (const chain of chains) add(`-N ${chain}`);
      chains.forEach((chain, depth) => {
        const place: Place = { table, hook: undefined, node, topology, random };
        const deeper = chains[depth + 1];
        for (let i = 1 + random.below(3); i > 0; i--) {
          const target =
            deeper !== undefined && random.below(2) === 0 ? `-${pick(random, ['j', 'j', 'g'])} ${deeper}` : undefined;
          add(`-A ${chain} ${this.rule(place, target)}`);
        }
      });
      for (let i = 1 + random.below(5); i > 0; i--) {
        const hook = pick(random, hooks);
        const place: Place = { table, hook, node, topology, random };
        const target =
          chains.length > 0 && random.below(3) === 0
            ? `-${pick(random, ['j', 'j', 'g'])} ${pick(random, chains)}`
            : undefined;
        add(`-A ${hook} ${this.rule(place, target)}`);
      }
      if (table !== 'nat' && random.below(table === 'filter' ? 6 : 20) === 0) add(`-P ${pick(random, hooks)} DROP`);
    }
    return rules;
  }

  private rule(place: Place, target?: string): string {
    const { random } = place;
    const protocol = pick(random, [
      '',
      '',
      '',
      'tcp',
      'tcp',
      'tcp',
      'udp',
      'udp',
      'udp',
      'icmp',
      'icmp',
      '! tcp',
      '253',
    ]);
    const words: string[] = protocol === '' ? [] : [protocol.startsWith('!') ? '! -p tcp' : `-p ${protocol}`];
    const seen = new Set<string>();
    for (let i = random.below(4); i > 0; i--) {
      const part = weighted(random, this.matches);
      if (seen.has(part.name)) continue;
      const made = part.make(place, protocol);
      if (made === undefined) continue;
      seen.add(part.name);
      words.push(made);
    }
    let jump = target;
    while (jump === undefined) {
      jump = weighted(random, this.targets).make(place, protocol);
      if (jump?.startsWith('--tcp-flags') === true && seen.has('--tcp-flags')) jump = undefined;
    }
    const rule = [...words, jump].filter((word) => word !== '').join(' ');
    // iptables-nft before 1.8.11 makes one comparison of both ports of this, which holds when either differs.
    return /! --[sd]port \d+ .*! --[sd]port \d+ /.test(`${rule} `) ? rule.replace('! --', '--') : rule;
  }

  private probesOf(random: RandomStream, topology: Topology): Probe[] {
    const probes: Probe[] = [];
    for (let i = 2 + random.below(5); i > 0; i--) {
      const again = probes.length > 0 && random.below(4) === 0 ? pick(random, probes) : undefined;
      if (again !== undefined) probes.push(this.repeated(random, again));
      else probes.push(this.probe(random, topology));
    }
    // Conversations come last: what they repeat by their own clocks would meet the packets after them.
    const last = (probe: Probe): number => (probe.how === 'socket' && probe.protocol === 'tcp' ? 1 : 0);
    const sorted = probes.sort((a, b) => last(a) - last(b));
    return sorted.filter(
      (probe, i) => last(probe) === 0 || sorted.slice(0, i).filter((other) => last(other) === 1).length < 2,
    );
  }

  /** The same packet again, or one that goes on where it ended. */
  private repeated(random: RandomStream, probe: Probe): Probe {
    const id = 1 + random.below(65535);
    // A conversation has a port of its own: when ICMP ends the first, the caller may or may not still be inside connect(2),
    // which decides whether the port is free.
    if (probe.how === 'socket' && probe.protocol === 'tcp') return { ...probe, id, sport: 40010 + random.below(30) };
    if (probe.how === 'socket' || probe.protocol !== 'tcp') return { ...probe, id };
    if (random.below(3) !== 0) return { ...probe, id, flags: TCP_SYN };
    // Without ACK: whether a number lies ahead of what the other side sent depends on the lot that it drew for its first.
    const flags = pick(random, [TCP_RST, TCP_SYN]);
    return { ...probe, id, flags, sequence: (probe.sequence + random.below(3)) >>> 0 };
  }

  private probe(random: RandomStream, topology: Topology): Probe {
    const addresses = topology.nodes.flatMap((node) => node.addresses);
    const node = pick(
      random,
      topology.nodes.filter((each) => each.addresses.length > 0),
    );
    const how = random.below(5) === 0 ? 'socket' : 'raw';
    const protocol =
      how === 'socket'
        ? pick(random, ['udp', 'tcp', 'tcp'] as const)
        : pick(random, [
            'icmp',
            'icmp',
            'icmp',
            'udp',
            'udp',
            'udp',
            'udp',
            'tcp',
            'tcp',
            'tcp',
            'tcp',
            'tcp',
            'other',
          ] as const);
    const own = pick(random, node.addresses);
    const src = how === 'raw' && random.below(20) === 0 ? pick(random, [...addresses, '10.7.77.7']) : own;
    const where = random.below(24);
    const dst =
      where < 2
        ? '10.7.1.77'
        : where < 4
          ? '10.7.66.6'
          : where === 4
            ? '127.0.0.1'
            : where === 5 && how === 'raw'
              ? pick(random, ['10.7.1.255', '255.255.255.255'])
              : pick(random, addresses);
    const local = dst === '127.0.0.1' ? '127.0.0.1' : src;
    return {
      node: node.name,
      how,
      protocol,
      src: local,
      dst,
      sport: 40000 + random.below(8),
      dport: protocol === 'udp' ? pick(random, [53, 53, 5000, 81, 80]) : pick(random, [80, 80, 8080, 81, 5000]),
      ttl: random.below(10) === 0 ? pick(random, [1, 2]) : 64,
      tos: random.below(6) === 0 ? pick(random, [0x10, 0x08, 0x20]) : 0,
      id: 1 + random.below(65535),
      dontFragment: random.below(3) === 0,
      length: lengthOf(random, protocol, how),
      flags:
        protocol === 'tcp'
          ? random.below(8) === 0
            ? pick(random, [
                TCP_ACK,
                TCP_RST,
                TCP_FIN | TCP_ACK,
                TCP_PSH | TCP_ACK,
                TCP_SYN | TCP_ACK,
                TCP_RST | TCP_ACK,
                TCP_FIN,
                TCP_SYN | TCP_FIN,
              ])
            : TCP_SYN
          : 0,
      sequence: 1 + random.below(protocol === 'icmp' ? 60000 : 2 ** 31),
      ack: random.below(3) === 0 ? random.below(2 ** 31) : 0,
      ending: pick(random, ['fin', 'fin', 'reset', 'open']),
    };
  }
}

function lengthOf(random: RandomStream, protocol: Probe['protocol'], how: Probe['how']): number {
  if (protocol !== 'tcp' && random.below(8) === 0) return 1200;
  if (how === 'socket' && protocol === 'udp' && random.below(3) === 0) return pick(random, [1472, 1473, 3000]);
  return random.below(60);
}
