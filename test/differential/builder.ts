// Collects the command lines that build a topology. `@` stands for the prefix of names.
import type { RandomStream } from '../../simulator/base/random.ts';
import type { Node, Topology } from './case.ts';
import { pick } from './parts.ts';

export class Builder {
  readonly random: RandomStream;
  private readonly births: string[] = [];
  private readonly settings: string[] = [];
  private readonly wires: string[] = [];
  private readonly rest = new Map<string, string[]>();
  private readonly nodes = new Map<string, { addresses: string[]; devices: string[] }>();
  private macs = 0;

  constructor(random: RandomStream) {
    this.random = random;
  }

  /** True once in `n`. */
  once(n: number): boolean {
    return this.random.below(n) === 0;
  }

  node(name: string, forward: boolean): void {
    this.nodes.set(name, { addresses: [], devices: ['lo'] });
    this.rest.set(name, [`ip -n @${name} link set lo up`]);
    this.births.push(`ip netns add @${name}`);
    const filter = this.once(4) ? pick(this.random, [1, 2]) : 0;
    this.settings.push(
      `ip netns exec @${name} sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 net.ipv4.ip_forward=${forward ? 1 : 0} net.ipv4.conf.all.rp_filter=${filter} net.ipv4.conf.default.rp_filter=0`,
    );
  }

  /** An address of its own for every device, so that frames can be compared. */
  private mac(): string {
    this.macs++;
    return `02:00:00:00:00:${this.macs.toString(16).padStart(2, '0')}`;
  }

  link(a: string, aName: string, b: string, bName: string): void {
    this.device(a, aName);
    this.device(b, bName);
    this.wires.push(
      `ip link add ${aName} address ${this.mac()} netns @${a} type veth peer name ${bName} address ${this.mac()} netns @${b}`,
    );
    this.ip(a, `link set ${aName} up`);
    this.ip(b, `link set ${bName} up`);
  }

  bridge(node: string, name: string, ports: readonly string[]): void {
    this.device(node, name);
    this.ip(node, `link add ${name} type bridge mcast_snooping 0`);
    for (const port of ports) this.ip(node, `link set ${port} master ${name}`);
    this.ip(node, `link set ${name} up`);
  }

  vxlan(node: string, name: string, options: string): void {
    this.device(node, name);
    this.ip(node, `link add ${name} address ${this.mac()} type vxlan ${options}`);
    this.ip(node, `link set ${name} up`);
  }

  device(node: string, name: string): void {
    this.nodes.get(node)?.devices.push(name);
  }

  address(node: string, device: string, cidr: string): void {
    this.nodes.get(node)?.addresses.push(cidr.split('/', 1)[0] as string);
    this.ip(node, `addr add ${cidr} dev ${device}`);
  }

  route(node: string, to: string, via: string): void {
    this.ip(node, `route add ${to} via ${via}`);
  }

  /** `ip -n NODE …` */
  ip(node: string, words: string): void {
    this.rest.get(node)?.push(`ip -n @${node} ${words}`);
  }

  sysctl(node: string, ...settings: readonly string[]): void {
    this.run(node, `sysctl -qw ${settings.join(' ')}`);
  }

  /** A command inside the namespace. */
  run(node: string, line: string): void {
    this.rest.get(node)?.push(`ip netns exec @${node} ${line}`);
  }

  /** A command line as it is, in its turn among those of `node`. */
  line(node: string, line: string): void {
    this.rest.get(node)?.push(line);
  }

  /** Lines of one namespace stand together: the real side hands them to one process. */
  done(kind: string): Topology {
    const nodes: Node[] = [...this.nodes].map(([name, node]) => ({ name, ...node }));
    const build = [...this.births, ...this.settings, ...this.wires, ...[...this.rest.values()].flat()];
    return { kind, nodes, build };
  }
}
