// Topologies of the differential test: small networks of namespaces, built by command lines. `@` stands for the names' prefix.
import type { RandomStream } from '../../simulator/base/random.ts';
import type { Node, Topology } from './case.ts';

/** Collects command lines. */
class Builder {
  readonly build: string[] = [];
  private readonly nodes = new Map<string, { addresses: string[]; devices: string[] }>();

  node(name: string, forward: boolean): void {
    this.nodes.set(name, { addresses: [], devices: ['lo'] });
    this.build.push(
      `ip netns add @${name}`,
      `ip netns exec @${name} sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 net.ipv4.ip_forward=${forward ? 1 : 0} net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0`,
      `ip -n @${name} link set lo up`,
    );
  }

  link(a: string, aName: string, b: string, bName: string): void {
    this.device(a, aName);
    this.device(b, bName);
    this.build.push(`ip link add ${aName} netns @${a} type veth peer name ${bName} netns @${b}`);
    for (const [node, name] of [
      [a, aName],
      [b, bName],
    ])
      this.build.push(`ip -n @${node} link set ${name} up`);
  }

  bridge(node: string, name: string, ports: readonly string[]): void {
    this.device(node, name);
    this.build.push(`ip -n @${node} link add ${name} type bridge mcast_snooping 0`);
    for (const port of ports) this.build.push(`ip -n @${node} link set ${port} master ${name}`);
    this.build.push(`ip -n @${node} link set ${name} up`);
  }

  device(node: string, name: string): void {
    this.nodes.get(node)?.devices.push(name);
  }

  address(node: string, device: string, cidr: string): void {
    this.nodes.get(node)?.addresses.push(cidr.split('/', 1)[0] as string);
    this.build.push(`ip -n @${node} addr add ${cidr} dev ${device}`);
  }

  route(node: string, to: string, via: string): void {
    this.build.push(`ip -n @${node} route add ${to} via ${via}`);
  }

  run(node: string, line: string): void {
    this.build.push(`ip netns exec @${node} ${line}`);
  }

  done(kind: string): Topology {
    const nodes: Node[] = [...this.nodes].map(([name, node]) => ({ name, ...node }));
    return { kind, nodes, build: this.build };
  }
}

/** a — r — b, r forwards; sometimes the second wire is narrower. */
function line(random: RandomStream): Topology {
  const b = new Builder();
  for (const name of ['a', 'r', 'b']) b.node(name, name === 'r' && random.below(12) !== 0);
  b.link('a', 'a0', 'r', 'r0');
  b.link('r', 'r1', 'b', 'b0');
  b.address('a', 'a0', '10.7.1.2/24');
  b.address('r', 'r0', '10.7.1.1/24');
  b.address('r', 'r1', '10.7.2.1/24');
  b.address('b', 'b0', '10.7.2.2/24');
  if (random.below(3) === 0) b.address('r', 'r1', '10.7.2.100/32');
  b.route('a', 'default', '10.7.1.1');
  if (random.below(6) !== 0) b.route('b', 'default', '10.7.2.1');
  if (random.below(4) === 0) {
    b.build.push('ip -n @r link set r1 mtu 1000', 'ip -n @b link set b0 mtu 1000');
  }
  if (random.below(6) === 0)
    b.build.push(`ip -n @r route add ${random.below(2) === 0 ? 'blackhole' : 'unreachable'} 10.7.9.0/24`);
  return b.done('line');
}

/** a, b and c at the ports of a bridge of r, which has an address there. */
function bridged(random: RandomStream): Topology {
  const b = new Builder();
  b.node('r', true);
  const ports: string[] = [];
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    b.node(name, false);
    b.link(name, `${name}0`, 'r', `p${i}`);
    ports.push(`p${i}`);
    b.address(name, `${name}0`, `10.7.1.${i + 2}/24`);
  }
  b.bridge('r', 'br0', ports);
  b.address('r', 'br0', '10.7.1.1/24');
  for (const name of ['a', 'b', 'c']) b.route(name, 'default', '10.7.1.1');
  b.run('r', `sysctl -qw net.bridge.bridge-nf-call-iptables=${random.below(2)}`);
  if (random.below(4) === 0) b.build.push('bridge -n @r link set dev p0 hairpin on');
  return b.done('bridge');
}

/** As Docker makes it: a and b on a bridge of r, c outside, r forwards between. */
function published(random: RandomStream): Topology {
  const b = new Builder();
  b.node('r', true);
  for (const name of ['a', 'b', 'c']) b.node(name, false);
  b.link('a', 'a0', 'r', 'p0');
  b.link('b', 'b0', 'r', 'p1');
  b.link('c', 'c0', 'r', 'r0');
  b.bridge('r', 'br0', ['p0', 'p1']);
  b.address('r', 'br0', '10.7.1.1/24');
  b.address('r', 'r0', '10.7.9.1/24');
  b.address('a', 'a0', '10.7.1.2/24');
  b.address('b', 'b0', '10.7.1.3/24');
  b.address('c', 'c0', '10.7.9.2/24');
  for (const name of ['a', 'b']) b.route(name, 'default', '10.7.1.1');
  if (random.below(2) === 0) b.route('c', '10.7.1.0/24', '10.7.9.1');
  b.run('r', `sysctl -qw net.bridge.bridge-nf-call-iptables=${random.below(2)}`);
  return b.done('published');
}

/** r and q joined by VXLAN over a wire of their own; a on r's bridge, b on q's. */
function overlay(random: RandomStream): Topology {
  const b = new Builder();
  const vni = 1 + random.below(5000);
  for (const name of ['r', 'q']) b.node(name, true);
  for (const name of ['a', 'b']) b.node(name, false);
  b.link('r', 'u0', 'q', 'u1');
  b.address('r', 'u0', '172.31.7.1/24');
  b.address('q', 'u1', '172.31.7.2/24');
  b.link('a', 'a0', 'r', 'p0');
  b.link('b', 'b0', 'q', 'p1');
  const learning = random.below(2) === 0 ? '' : ' nolearning';
  for (const [name, local, remote, port] of [
    ['r', 1, 2, 'p0'],
    ['q', 2, 1, 'p1'],
  ] as const) {
    b.build.push(
      `ip -n @${name} link add vx0 type vxlan id ${vni} local 172.31.7.${local} remote 172.31.7.${remote} dev ${name === 'r' ? 'u0' : 'u1'} dstport 4789${learning}`,
      `ip -n @${name} link set vx0 up`,
    );
    b.device(name, 'vx0');
    b.bridge(name, 'br0', [port, 'vx0']);
    b.run(name, 'sysctl -qw net.bridge.bridge-nf-call-iptables=0');
  }
  b.address('r', 'br0', '10.7.1.1/24');
  b.address('a', 'a0', '10.7.1.2/24');
  b.address('b', 'b0', '10.7.1.3/24');
  b.route('a', 'default', '10.7.1.1');
  return b.done('overlay');
}

/** Each kind with how often it comes. */
export const TOPOLOGIES: readonly (readonly [number, (random: RandomStream) => Topology])[] = [
  [4, line],
  [3, bridged],
  [4, published],
  [1, overlay],
];
