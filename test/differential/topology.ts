// Topologies of the differential test: small networks of namespaces, built by command lines. `@` stands for the names' prefix.
import type { RandomStream } from '../../simulator/base/random.ts';
import { Builder } from './builder.ts';
import type { Topology } from './case.ts';
import { pick } from './parts.ts';

/** Settings that change what becomes of packets; each is drawn now and then. */
function settings(b: Builder, node: string, devices: readonly string[]): void {
  const { random } = b;
  if (!b.once(3)) return;
  const device = pick(random, devices);
  b.sysctl(
    node,
    pick(random, [
      `net.ipv4.conf.${device}.rp_filter=${pick(random, [1, 2])}`,
      `net.ipv4.conf.${device}.rp_filter=1`,
      `net.ipv4.conf.${device}.accept_local=1`,
      `net.ipv4.conf.${device}.route_localnet=1`,
      `net.ipv4.conf.${device}.forwarding=0`,
      'net.ipv4.conf.all.send_redirects=0',
      `net.ipv4.conf.${device}.arp_ignore=${pick(random, [1, 2])}`,
      `net.ipv4.conf.${device}.arp_announce=${pick(random, [1, 2])}`,
      `net.ipv4.conf.${device}.arp_filter=1`,
      `net.ipv4.conf.${device}.src_valid_mark=1`,
      'net.ipv4.ip_default_ttl=100',
      'net.ipv4.icmp_echo_ignore_all=1',
      'net.ipv4.fwmark_reflect=1',
      'net.ipv4.icmp_ratelimit=0',
      'net.ipv4.ip_forward_use_pmtu=1',
      'net.netfilter.nf_conntrack_tcp_loose=0',
      'net.netfilter.nf_conntrack_tcp_be_liberal=1',
      'net.ipv4.tcp_timestamps=0',
      // Not tcp_window_scaling: what an unscaled window leaves free is a matter of how a kernel accounts its memory.
      'net.ipv4.tcp_sack=0',
    ]),
  );
}

/** Routes and rules that refuse, or that lead elsewhere by mark, sender, device or type of service. */
function policy(b: Builder, node: string, targets: readonly string[], gateways: readonly string[], iif: string): void {
  const { random } = b;
  const refusal = (): string => pick(random, ['blackhole', 'unreachable', 'prohibit']);
  if (b.once(5))
    b.ip(node, `route add ${pick(random, ['blackhole', 'unreachable', 'prohibit', 'throw'])} 10.7.66.0/24`);
  if (b.once(8)) b.ip(node, `route add ${refusal()} ${pick(random, targets)}/32`);
  if (b.once(12)) b.ip(node, `route add ${refusal()} default metric 1000`);
  if (b.once(10)) b.ip(node, `route add 10.7.66.0/24 via ${pick(random, gateways)} metric 50`);
  if (b.once(12))
    b.ip(node, `route add ${pick(random, targets)}/32 via ${pick(random, gateways)} mtu 800 onlink dev ${iif}`);
  if (!b.once(3)) return;
  const table = 100;
  const to = pick(random, ['default', 'default', `${pick(random, targets)}/32`]);
  b.ip(
    node,
    pick(random, [
      `route add ${refusal()} ${to} table ${table}`,
      `route add ${to} via ${pick(random, gateways)} table ${table}`,
      `route add throw ${to} table ${table}`,
    ]),
  );
  for (let i = 1 + random.below(2); i > 0; i--) {
    const who = pick(random, [
      `fwmark ${pick(random, ['0x1', '0x2', '0x1/0x1', '0x4/0x4'])}`,
      `fwmark ${pick(random, ['0x1', '0x3', '0x0/0x1'])}`,
      `from ${pick(random, targets)}`,
      `to ${pick(random, targets)}`,
      `iif ${iif}`,
      'iif lo',
      'tos 0x10',
      `not from ${pick(random, targets)}`,
    ]);
    b.ip(node, `rule add priority ${100 + i} ${who} ${b.once(4) ? refusal() : `lookup ${table}`}`);
  }
}

/** a — r — b, r forwards; sometimes the second wire is narrower. */
function line(random: RandomStream): Topology {
  const b = new Builder(random);
  for (const name of ['a', 'r', 'b']) b.node(name, name === 'r' && !b.once(12));
  b.link('a', 'a0', 'r', 'r0');
  b.link('r', 'r1', 'b', 'b0');
  b.address('a', 'a0', '10.7.1.2/24');
  b.address('r', 'r0', '10.7.1.1/24');
  b.address('r', 'r1', '10.7.2.1/24');
  b.address('b', 'b0', '10.7.2.2/24');
  if (b.once(3)) b.address('r', 'r1', '10.7.2.100/32');
  if (b.once(6)) b.address('r', 'r1', '10.7.2.101/24');
  if (b.once(6)) {
    b.address('b', 'lo', '10.7.50.1/32');
    b.route('r', '10.7.50.0/24', '10.7.2.2');
  }
  b.route('a', 'default', '10.7.1.1');
  if (!b.once(6)) b.route('b', 'default', '10.7.2.1');
  if (b.once(4)) {
    b.ip('r', 'link set r1 mtu 1000');
    b.ip('b', 'link set b0 mtu 1000');
  }
  policy(b, 'r', ['10.7.1.2', '10.7.2.2', '10.7.1.0'], ['10.7.1.2', '10.7.2.2'], 'r0');
  if (b.once(4)) policy(b, 'a', ['10.7.2.2', '10.7.1.1', '10.7.2.1'], ['10.7.1.1'], 'a0');
  settings(b, 'r', ['r0', 'r1', 'all']);
  settings(b, 'b', ['b0']);
  return b.done('line');
}

/** a and b joined by two routers, r and s: what goes by one may come back by the other. */
function ring(random: RandomStream): Topology {
  const b = new Builder(random);
  for (const name of ['a', 'r', 's', 'b']) b.node(name, name === 'r' || name === 's');
  b.link('a', 'a0', 'r', 'r0');
  b.link('r', 'r1', 'b', 'b0');
  b.link('a', 'a1', 's', 's0');
  b.link('s', 's1', 'b', 'b1');
  b.address('a', 'a0', '10.7.1.2/24');
  b.address('r', 'r0', '10.7.1.1/24');
  b.address('r', 'r1', '10.7.2.1/24');
  b.address('b', 'b0', '10.7.2.2/24');
  b.address('a', 'a1', '10.7.3.2/24');
  b.address('s', 's0', '10.7.3.1/24');
  b.address('s', 's1', '10.7.4.1/24');
  b.address('b', 'b1', '10.7.4.2/24');
  const [there, back] = [random.below(2), random.below(2)];
  b.route('a', 'default', there === 0 ? '10.7.1.1' : '10.7.3.1');
  b.route('b', 'default', back === 0 ? '10.7.2.1' : '10.7.4.1');
  if (b.once(2)) b.ip('a', `route add default via ${there === 0 ? '10.7.3.1' : '10.7.1.1'} metric 10`);
  policy(b, 'a', ['10.7.2.2', '10.7.4.2', '10.7.1.2'], ['10.7.1.1', '10.7.3.1'], 'a0');
  settings(b, 'a', ['a0', 'a1']);
  settings(b, 'b', ['b0', 'b1']);
  settings(b, 'r', ['r0', 'r1']);
  return b.done('ring');
}

/** a — r — b, both believe to stand on one network; r answers for the other side (proxy_arp). */
function proxied(random: RandomStream): Topology {
  const b = new Builder(random);
  for (const name of ['a', 'r', 'b']) b.node(name, name === 'r');
  b.link('a', 'a0', 'r', 'r0');
  b.link('r', 'r1', 'b', 'b0');
  b.address('a', 'a0', '10.7.1.2/16');
  b.address('r', 'r0', '10.7.1.1/24');
  b.address('r', 'r1', '10.7.2.1/24');
  b.address('b', 'b0', '10.7.2.2/16');
  // Without the delay, which is drawn by lot.
  for (const device of ['r0', 'r1']) b.sysctl('r', `net.ipv4.neigh.${device}.proxy_delay=0`);
  if (b.once(3)) b.ip('r', 'neigh add proxy 10.7.2.2 dev r0');
  else b.sysctl('r', 'net.ipv4.conf.r0.proxy_arp=1');
  b.sysctl('r', 'net.ipv4.conf.r1.proxy_arp=1');
  policy(b, 'r', ['10.7.1.2', '10.7.2.2'], ['10.7.1.2', '10.7.2.2'], 'r0');
  settings(b, 'r', ['r0', 'r1']);
  return b.done('proxied');
}

/** a, b and c at the ports of a bridge of r, which has an address there. */
function bridged(random: RandomStream): Topology {
  const b = new Builder(random);
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
  b.sysctl('r', `net.bridge.bridge-nf-call-iptables=${random.below(2)}`);
  if (b.once(4)) b.line('r', 'bridge -n @r link set dev p0 hairpin on');
  if (b.once(6))
    b.line(
      'r',
      `bridge -n @r link set dev p1 ${pick(random, ['learning off', 'flood off', 'isolated on', 'bcast_flood off'])}`,
    );
  if (b.once(6)) b.line('r', 'bridge -n @r link set dev p2 isolated on');
  settings(b, 'r', ['br0']);
  settings(b, 'a', ['a0']);
  return b.done('bridge');
}

/** As Docker makes it: a and b on a bridge of r, c outside, r forwards between. */
function published(random: RandomStream): Topology {
  const b = new Builder(random);
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
  b.sysctl('r', `net.bridge.bridge-nf-call-iptables=${random.below(2)}`);
  if (b.once(6)) b.line('r', 'bridge -n @r link set dev p0 hairpin on');
  if (b.once(3)) policy(b, 'r', ['10.7.1.2', '10.7.9.2'], ['10.7.9.2', '10.7.1.3'], 'br0');
  settings(b, 'r', ['br0', 'r0']);
  settings(b, 'c', ['c0']);
  return b.done('published');
}

/** r and q joined by VXLAN over a wire of their own; a on r's bridge, b on q's. */
function overlay(random: RandomStream): Topology {
  const b = new Builder(random);
  const vni = 1 + random.below(5000);
  for (const name of ['r', 'q']) b.node(name, true);
  for (const name of ['a', 'b']) b.node(name, false);
  b.link('r', 'u0', 'q', 'u1');
  b.address('r', 'u0', '172.31.7.1/24');
  b.address('q', 'u1', '172.31.7.2/24');
  b.link('a', 'a0', 'r', 'p0');
  b.link('b', 'b0', 'q', 'p1');
  // As Docker has it: who is where is written down, and the tunnel answers for those beyond.
  const written = b.once(3);
  const learning = written ? ' nolearning proxy' : b.once(2) ? '' : ' nolearning';
  for (const [name, local, remote, port] of [
    ['r', 1, 2, 'p0'],
    ['q', 2, 1, 'p1'],
  ] as const) {
    b.vxlan(
      name,
      'vx0',
      `id ${vni} local 172.31.7.${local}${written ? '' : ` remote 172.31.7.${remote}`} dev ${name === 'r' ? 'u0' : 'u1'} dstport 4789${learning}`,
    );
    b.bridge(name, 'br0', [port, 'vx0']);
    b.sysctl(name, 'net.bridge.bridge-nf-call-iptables=0');
  }
  if (written) {
    // The third and fifth addresses are those of the ends a0 and b0.
    b.ip('r', 'neigh add 10.7.1.3 lladdr 02:00:00:00:00:05 dev vx0 nud permanent');
    b.ip('q', 'neigh add 10.7.1.2 lladdr 02:00:00:00:00:03 dev vx0 nud permanent');
    b.line('r', 'bridge -n @r fdb add 02:00:00:00:00:05 dev vx0 dst 172.31.7.2 self permanent');
    b.line('q', 'bridge -n @q fdb add 02:00:00:00:00:03 dev vx0 dst 172.31.7.1 self permanent');
  }
  b.address('r', 'br0', '10.7.1.1/24');
  b.address('a', 'a0', '10.7.1.2/24');
  b.address('b', 'b0', '10.7.1.3/24');
  b.route('a', 'default', '10.7.1.1');
  settings(b, 'b', ['b0']);
  return b.done('overlay');
}

/** Each kind with how often it comes. */
export const TOPOLOGIES: readonly (readonly [number, (random: RandomStream) => Topology])[] = [
  [5, line],
  [2, ring],
  [1, proxied],
  [3, bridged],
  [4, published],
  [1, overlay],
];
