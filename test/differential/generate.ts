// Random but legal rules and packets. What a kernel or the emulator lacks is found out beforehand (see main.ts) and left out.
import { RandomStream } from '../../simulator/base/random.ts';
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN } from '../../simulator/wire/packet.ts';
import type { Case, Node, Probe, RuleLine, Topology } from './case.ts';
import { MATCHES, type Part, pick, type Place, TABLES, TARGETS } from './parts.ts';
import { TOPOLOGIES } from './topology.ts';

function weighted(random: RandomStream, parts: readonly Part[]): Part {
  let rest = random.below(parts.reduce((sum, part) => sum + part.weight, 0));
  return parts.find((part) => (rest -= part.weight) < 0) as Part;
}

export class Generator {
  private readonly matches: readonly Part[];
  private readonly targets: readonly Part[];

  /** `left` are the names of matches and targets that somebody does not know. */
  constructor(left: ReadonlySet<string>) {
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
    return { topology, rules, restore: random.below(4) !== 0, probes: this.probesOf(random, topology) };
  }

  private rulesOf(random: RandomStream, topology: Topology, node: Node): RuleLine[] {
    const rules: RuleLine[] = [];
    for (const [table, hooks] of Object.entries(TABLES)) {
      if (random.below(table === 'raw' ? 4 : 2) === 0) continue;
      const add = (line: string): void => void rules.push({ node: node.name, table, line });
      const chain = random.below(3) === 0 ? 'USER' : undefined;
      if (chain !== undefined) {
        add(`-N ${chain}`);
        const place: Place = { table, hook: undefined, node, topology, random };
        for (let i = 1 + random.below(3); i > 0; i--) add(`-A ${chain} ${this.rule(place)}`);
      }
      for (let i = 1 + random.below(5); i > 0; i--) {
        const hook = pick(random, hooks);
        const place: Place = { table, hook, node, topology, random };
        const target =
          chain !== undefined && random.below(3) === 0 ? `-${pick(random, ['j', 'j', 'g'])} ${chain}` : undefined;
        add(`-A ${hook} ${this.rule(place, target)}`);
      }
      if (table === 'filter' && random.below(6) === 0) add(`-P ${pick(random, hooks)} DROP`);
    }
    return rules;
  }

  private rule(place: Place, target?: string): string {
    const { random } = place;
    const protocol = pick(random, ['', '', 'tcp', 'tcp', 'udp', 'udp', 'icmp']);
    const words: string[] = protocol === '' ? [] : [`-p ${protocol}`];
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
    return [...words, jump].filter((word) => word !== '').join(' ');
  }

  private probesOf(random: RandomStream, topology: Topology): Probe[] {
    const addresses = topology.nodes.flatMap((node) => node.addresses);
    const probes: Probe[] = [];
    for (let i = 2 + random.below(5); i > 0; i--) {
      const again = probes.length > 0 && random.below(4) === 0 ? pick(random, probes) : undefined;
      if (again !== undefined) {
        probes.push({ ...again, id: 1 + random.below(65535), flags: again.protocol === 'tcp' ? TCP_SYN : 0 });
        continue;
      }
      const node = pick(random, topology.nodes);
      const protocol = pick(random, ['icmp', 'udp', 'udp', 'tcp', 'tcp'] as const);
      const src = random.below(20) === 0 ? pick(random, [...addresses, '10.7.77.7']) : pick(random, node.addresses);
      const where = random.below(16);
      const dst =
        where === 0 ? '10.7.1.77' : where === 1 ? '10.7.66.6' : where === 2 ? '127.0.0.1' : pick(random, addresses);
      const local = dst === '127.0.0.1' ? '127.0.0.1' : src;
      probes.push({
        node: node.name,
        protocol,
        src: local,
        dst,
        sport: 40000 + random.below(8),
        dport: protocol === 'udp' ? pick(random, [53, 53, 5000, 81, 80]) : pick(random, [80, 80, 8080, 81, 5000]),
        ttl: random.below(10) === 0 ? pick(random, [1, 2]) : 64,
        tos: random.below(6) === 0 ? pick(random, [0x10, 0x08, 0x20]) : 0,
        id: 1 + random.below(65535),
        dontFragment: random.below(3) === 0,
        length: protocol === 'udp' && random.below(8) === 0 ? 1200 : random.below(60),
        flags:
          protocol === 'tcp'
            ? random.below(8) === 0
              ? pick(random, [TCP_ACK, TCP_RST, TCP_FIN | TCP_ACK, TCP_PSH | TCP_ACK, TCP_SYN | TCP_ACK])
              : TCP_SYN
            : 0,
        sequence: 1 + random.below(protocol === 'icmp' ? 60000 : 2 ** 31),
      });
    }
    return probes;
  }
}
