// Targets of random rules, each with where it is legal.
import { type Part, pick, type Place } from './parts.ts';

/** Where to; a port of a range of SNAT is drawn by lot, one of DNAT is the first that is free. */
function natTo(p: Place, protocol: string, source = false): string {
  const address = pick(
    p.random,
    p.topology.nodes.flatMap((node) => node.addresses),
  );
  if (protocol !== 'tcp' && protocol !== 'udp') return address;
  const style = p.random.below(5);
  if (style === 0) return address;
  // Of two connections that want one port of TCP, the first has to go or not as their sequence numbers have it, which are drawn
  // by lot (nf_nat_used_tuple_harder): such a port is chosen from a range.
  if (style === 4 || (source && protocol === 'tcp'))
    return `${address}:${source ? '42000-42999' : pick(p.random, ['80-90', '8080-8081', '41000-41003', '53-54'])}`;
  return style === 1
    ? `${address}:${pick(p.random, [80, 8080, 53, 5000, 81])}`
    : `${address}:${protocol === 'tcp' ? 80 : 53}`;
}

export const TARGETS: readonly Part[] = [
  { name: 'ACCEPT', weight: 4, sample: ['filter', '-j ACCEPT'], make: () => '-j ACCEPT' },
  { name: 'DROP', weight: 3, sample: ['filter', '-j DROP'], make: (p) => (p.table === 'nat' ? undefined : '-j DROP') },
  { name: 'RETURN', weight: 1, sample: ['filter', '-j RETURN'], make: () => '-j RETURN' },
  { name: 'none', weight: 4, sample: ['filter', ''], make: () => '' },
  { name: 'LOG', weight: 1, sample: ['filter', '-j LOG'], make: () => '-j LOG --log-prefix spare' },
  {
    name: 'REJECT',
    weight: 3,
    sample: ['filter', '-j REJECT'],
    make: (p, protocol) =>
      p.table !== 'filter'
        ? undefined
        : `-j REJECT${pick(p.random, ['', ' --reject-with icmp-net-unreachable', ' --reject-with icmp-host-unreachable', ' --reject-with icmp-admin-prohibited', ' --reject-with icmp-proto-unreachable', ' --reject-with icmp-net-prohibited', ' --reject-with icmp-host-prohibited', ' --reject-with icmp-port-unreachable', ...(protocol === 'tcp' ? [' --reject-with tcp-reset', ' --reject-with tcp-reset'] : [])])}`,
  },
  {
    name: 'MARK',
    weight: 3,
    sample: ['mangle', '-j MARK --set-mark 1'],
    make: (p) =>
      p.table === 'mangle'
        ? `-j MARK ${pick(p.random, ['--set-mark 0x1', '--set-xmark 0x2/0xff', '--or-mark 0x4', '--and-mark 0xfe', '--xor-mark 0x3', '--set-mark 0x2', '--set-mark 0x4/0x6', '--set-xmark 0x1/0x0'])}`
        : undefined,
  },
  {
    name: 'CONNMARK',
    weight: 2,
    sample: ['mangle', '-j CONNMARK --set-mark 1'],
    make: (p) =>
      p.table === 'mangle'
        ? `-j CONNMARK ${pick(p.random, ['--set-mark 0x1', '--set-xmark 0x5/0xff', '--save-mark', '--restore-mark', '--save-mark --mask 0x3', '--restore-mark --nfmask 0xf --ctmask 0x5', '--save-mark --nfmask 0x1 --ctmask 0xff', '--or-mark 0x4', '--and-mark 0x1', '--xor-mark 0x6'])}`
        : undefined,
  },
  {
    name: 'CT',
    weight: 2,
    sample: ['raw', '-j CT --notrack'],
    make: (p) => (p.table === 'raw' ? pick(p.random, ['-j CT --notrack', '-j NOTRACK']) : undefined),
  },
  {
    name: 'TTL',
    weight: 1,
    sample: ['mangle', '-j TTL --ttl-set 60'],
    make: (p) =>
      p.table === 'mangle'
        ? `-j TTL ${pick(p.random, ['--ttl-set 60', '--ttl-set 1', '--ttl-dec 1', '--ttl-inc 2', '--ttl-dec 70'])}`
        : undefined,
  },
  {
    name: 'TOS',
    weight: 1,
    sample: ['mangle', '-j TOS --set-tos 0x10'],
    make: (p) =>
      p.table === 'mangle'
        ? `-j TOS --set-tos ${pick(p.random, ['0x10', '0x08/0x3f', '0x00', '0xb8/0xfc'])}`
        : undefined,
  },
  {
    name: 'DSCP',
    weight: 1,
    sample: ['mangle', '-j DSCP --set-dscp 8'],
    make: (p) => (p.table === 'mangle' ? `-j DSCP --set-dscp ${pick(p.random, ['8', '0', '0x2e'])}` : undefined),
  },
  {
    name: 'TCPMSS',
    weight: 1,
    sample: ['mangle', '-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1000'],
    make: (p, protocol) =>
      p.table === 'mangle' &&
      protocol === 'tcp' &&
      (p.hook === 'FORWARD' || p.hook === 'OUTPUT' || p.hook === 'POSTROUTING')
        ? `--tcp-flags SYN,RST SYN -j TCPMSS ${pick(p.random, ['--set-mss 1000', '--set-mss 1400', '--set-mss 400', '--clamp-mss-to-pmtu'])}`
        : undefined,
  },
  {
    name: 'DNAT',
    weight: 9,
    sample: ['nat', '-A PREROUTING -j DNAT --to-destination 10.0.0.1'],
    make: (p, protocol) =>
      p.table === 'nat' && (p.hook === 'PREROUTING' || p.hook === 'OUTPUT')
        ? `-j DNAT --to-destination ${natTo(p, protocol)}`
        : undefined,
  },
  {
    name: 'SNAT',
    weight: 6,
    sample: ['nat', '-A POSTROUTING -j SNAT --to-source 10.0.0.1'],
    make: (p, protocol) =>
      p.table === 'nat' && (p.hook === 'POSTROUTING' || p.hook === 'INPUT')
        ? `-j SNAT --to-source ${natTo(p, protocol, true)}`
        : undefined,
  },
  {
    name: 'MASQUERADE',
    weight: 6,
    sample: ['nat', '-A POSTROUTING -j MASQUERADE'],
    make: (p, protocol) =>
      p.table === 'nat' && p.hook === 'POSTROUTING'
        ? `-j MASQUERADE${(protocol === 'tcp' || protocol === 'udp') && p.random.below(4) === 0 ? ` --to-ports ${protocol === 'tcp' ? '42000-42999' : '41000'}` : ''}`
        : undefined,
  },
  {
    name: 'REDIRECT',
    weight: 4,
    sample: ['nat', '-A PREROUTING -j REDIRECT'],
    make: (p, protocol) =>
      p.table === 'nat' && (p.hook === 'PREROUTING' || p.hook === 'OUTPUT')
        ? `-j REDIRECT${protocol === 'tcp' ? ' --to-ports 80' : protocol === 'udp' ? ' --to-ports 53' : ''}`
        : undefined,
  },
  {
    name: 'NETMAP',
    weight: 1,
    sample: ['nat', '-A PREROUTING -j NETMAP --to 10.0.0.0/24'],
    make: (p) =>
      p.table === 'nat' && p.hook !== undefined
        ? `-j NETMAP --to ${pick(p.random, ['10.7.1.0/24', '10.7.2.0/24', '10.7.2.2/32', '10.7.0.0/16'])}`
        : undefined,
  },
  {
    name: 'NFLOG',
    weight: 1,
    sample: ['filter', '-j NFLOG'],
    make: ({ random }) => `-j NFLOG --nflog-group ${1 + random.below(3)}`,
  },
  {
    name: 'CHECKSUM',
    weight: 1,
    sample: ['mangle', '-p udp -j CHECKSUM --checksum-fill'],
    make: (p, protocol) => (p.table === 'mangle' && protocol === 'udp' ? '-j CHECKSUM --checksum-fill' : undefined),
  },
];
