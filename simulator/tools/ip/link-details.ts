/**
 * What `ip -d link` adds: counters of the link layer, the kind's own settings, and the bridge port's. Mirrors iproute2 6.15,
 * ip/ipaddress.c (print_linkinfo, print_linktype), ip/iplink_bridge.c, ip/iplink_bridge_slave.c, ip/iplink_vxlan.c.
 * Deviations: a bridge's timers are computed from its table, not from a history of its ports; segmentation offload sizes are
 * those of the recorded kernel's drivers, as nothing is segmented here.
 */
import { formatIpv4, isMulticast } from '../../base/address.ts';
import type { BridgePort, BridgeState, NetDevice, VxlanState } from '../../kernel/device.ts';
import type { Printer } from './printer.ts';

/** Sizes the kernel reports; constants of include/linux/netdevice.h. */
const GSO_LEGACY_MAX_SIZE = 65536;
const GSO_MAX_SEGS = 65535;
const TSO_MAX_SIZE = 8 * GSO_MAX_SEGS;

/** Everything after the addresses of the second line. `lineBreak` separates lines (`\` with -o). */
export function printDetails(out: Printer, dev: NetDevice, lineBreak: string): void {
  const { iproute, vethQueues } = dev.ns.kernel.platform;
  const newer = iproute.details !== '2020';
  out.any('promiscuity', dev.promiscuous, ` promiscuity ${dev.promiscuous} `);
  if (newer) out.any('allmulti', dev.port === null ? 0 : 1, `allmulti ${dev.port === null ? 0 : 1} `);
  const loopback = dev.kind === 'loopback';
  out.any('min_mtu', loopback ? 0 : 68, `minmtu ${loopback ? 0 : 68} `);
  out.any('max_mtu', loopback ? 0 : 65535, `maxmtu ${loopback ? 0 : 65535} `);
  if (iproute.details === '2026' && (loopback || dev.bridge !== null))
    out.any('netns-immutable', true, 'netns-immutable ');
  printKind(out, dev, lineBreak);
  out.any('inet6_addr_gen_mode', 'eui64', 'addrgenmode eui64 ');
  const queues = dev.kind === 'veth' && vethQueues === 'per CPU' ? dev.ns.kernel.cpus : 1;
  out.any('num_tx_queues', queues, `numtxqueues ${queues} `);
  out.any('num_rx_queues', queues, `numrxqueues ${queues} `);
  out.any('gso_max_size', GSO_LEGACY_MAX_SIZE, `gso_max_size ${GSO_LEGACY_MAX_SIZE} `);
  out.any('gso_max_segs', GSO_MAX_SEGS, `gso_max_segs ${GSO_MAX_SEGS} `);
  if (newer) printOffload(out, dev);
  if (newer && dev.parentDevice !== '') {
    const [bus = '', name = ''] = dev.parentDevice.split('/');
    out.any('parentbus', bus, `parentbus ${bus} `);
    out.any('parentdev', name, `parentdev ${name} `);
  }
}

/** Sizes that iproute2 5.9 does not know. */
function printOffload(out: Printer, dev: NetDevice): void {
  const tso = tsoMaxSize(dev);
  out.any('tso_max_size', tso, `tso_max_size ${tso} `);
  out.any('tso_max_segs', GSO_MAX_SEGS, `tso_max_segs ${GSO_MAX_SEGS} `);
  out.any('gro_max_size', GSO_LEGACY_MAX_SIZE, `gro_max_size ${GSO_LEGACY_MAX_SIZE} `);
  out.any('gso_ipv4_max_size', GSO_LEGACY_MAX_SIZE, `gso_ipv4_max_size ${GSO_LEGACY_MAX_SIZE} `);
  out.any('gro_ipv4_max_size', GSO_LEGACY_MAX_SIZE, `gro_ipv4_max_size ${GSO_LEGACY_MAX_SIZE} `);
}

/** A bridge takes the least of its ports, a vxlan its lower device's. */
function tsoMaxSize(dev: NetDevice): number {
  if (dev.bridge !== null)
    return dev.bridge.ports.length === 0 ? GSO_LEGACY_MAX_SIZE : Math.min(...dev.bridge.ports.map(tsoMaxSize));
  if (dev.vxlan !== null) {
    const lower = dev.vxlan.underlay.devices.get(dev.vxlan.link);
    return lower === undefined ? GSO_LEGACY_MAX_SIZE : tsoMaxSize(lower);
  }
  return dev.kind === 'ethernet' ? GSO_LEGACY_MAX_SIZE : TSO_MAX_SIZE;
}

function printKind(out: Printer, dev: NetDevice, lineBreak: string): void {
  const kind = linkKind(dev);
  if (kind === undefined && dev.port === null) return;
  out.openObject('linkinfo');
  if (kind !== undefined) {
    out.any('info_kind', kind, `${lineBreak}    ${kind} `);
    if (dev.bridge !== null || dev.vxlan !== null) {
      out.openObject('info_data');
      if (dev.bridge !== null) printBridge(out, dev, dev.bridge);
      if (dev.vxlan !== null) printVxlan(out, dev, dev.vxlan);
      out.closeObject();
    }
  }
  if (dev.port !== null) {
    out.any('info_slave_kind', 'bridge', `${lineBreak}    bridge_slave `);
    out.openObject('info_slave_data');
    printPort(out, dev.port);
    out.closeObject();
  }
  out.closeObject();
}

/** IFLA_INFO_KIND; physical and loopback devices have none. */
export function linkKind(dev: NetDevice): string | undefined {
  return dev.kind === 'loopback' || dev.kind === 'ethernet' ? undefined : dev.kind;
}

/** Seconds as the bridge code prints timers. */
function timer(seconds: number): string {
  const hundredths = Math.round(seconds * 100);
  return `${String(Math.floor(hundredths / 100)).padStart(4)}.${String(hundredths % 100).padStart(2, '0')}`;
}

/** `8000.2:42:…`: priority and MAC, octets without leading zeros. */
function bridgeId(dev: NetDevice, state: BridgeState): string {
  const hex = dev.mac.toString(16).padStart(12, '0');
  const octets = (hex.match(/../g) ?? []).map((octet) => octet.replace(/^0/, ''));
  return `${state.priority.toString(16).padStart(4, '0')}.${octets.join(':')}`;
}

function plain(out: Printer, name: string, value: string | number): void {
  out.any(name, value, `${name} ${value} `);
}

/** Multicast querier settings of a bridge: constants of net/bridge/br_multicast.c. */
const MULTICAST: readonly (readonly [name: string, value: number, since?: '2025' | '2026'])[] = [
  ['mcast_vlan_snooping', 0, '2025'],
  ['mst_enabled', 0, '2025'],
  ['mdb_offload_fail_notification', 0, '2026'],
  ['fdb_local_vlan_0', 0, '2026'],
  ['mcast_router', 1],
  ['mcast_query_use_ifaddr', 0],
  ['mcast_querier', 0],
  ['mcast_hash_elasticity', 16],
  ['mcast_hash_max', 4096],
  ['mcast_last_member_count', 2],
  ['mcast_startup_query_count', 2],
  ['mcast_last_member_interval', 100],
  ['mcast_membership_interval', 26000],
  ['mcast_querier_interval', 25500],
  ['mcast_query_interval', 12500],
  ['mcast_query_response_interval', 1000],
  ['mcast_startup_query_interval', 3124],
  ['mcast_stats_enabled', 0],
  ['mcast_igmp_version', 2],
  ['mcast_mld_version', 1],
  ['nf_call_iptables', 0],
  ['nf_call_ip6tables', 0],
  ['nf_call_arptables', 0],
];

function printBridge(out: Printer, dev: NetDevice, state: BridgeState): void {
  const { now } = dev.ns.kernel;
  const learned = [...state.fdb.values()].filter((entry) => entry.dynamic && now - entry.updated <= state.ageing);
  const nextGc =
    Math.max(0, Math.min(state.ageing, ...learned.map((entry) => entry.updated + state.ageing - now))) / 1_000_000;
  const id = bridgeId(dev, state);
  const { details } = dev.ns.kernel.platform.iproute;
  plain(out, 'forward_delay', state.forwardDelay);
  plain(out, 'hello_time', state.helloTime);
  plain(out, 'max_age', state.maxAge);
  plain(out, 'ageing_time', Math.round(state.ageing / 10_000));
  plain(out, 'stp_state', state.stp ? 1 : 0);
  if (details === '2026') out.any('stp_mode', 'auto', 'stp_mode auto ');
  plain(out, 'priority', state.priority);
  plain(out, 'vlan_filtering', state.vlanFiltering ? 1 : 0);
  plain(out, 'vlan_protocol', '802.1Q');
  out.any('bridge_id', id, `bridge_id ${id} `);
  out.any('root_id', id, `designated_root ${id} `);
  for (const name of ['root_port', 'root_path_cost', 'topology_change', 'topology_change_detected'])
    plain(out, name, 0);
  for (const name of ['hello_timer', 'tcn_timer', 'topology_change_timer']) out.any(name, 0, `${name} ${timer(0)} `);
  out.any('gc_timer', nextGc, `gc_timer ${timer(nextGc)} `);
  if (details !== '2020') {
    plain(out, 'fdb_n_learned', learned.length);
    plain(out, 'fdb_max_learned', 0);
  }
  plain(out, 'vlan_default_pvid', state.defaultPvid);
  plain(out, 'vlan_stats_enabled', 0);
  plain(out, 'vlan_stats_per_port', 0);
  out.any('group_fwd_mask', '0', 'group_fwd_mask 0 ');
  out.any('group_addr', '01:80:c2:00:00:00', 'group_address 01:80:c2:00:00:00 ');
  plain(out, 'mcast_snooping', state.multicastSnooping ? 1 : 0);
  if (details !== '2020') plain(out, 'no_linklocal_learn', 0);
  for (const [name, value, since = '2020'] of MULTICAST) if (details >= since) plain(out, name, value);
}

function printVxlan(out: Printer, dev: NetDevice, state: VxlanState): void {
  out.any('id', state.vni, `id ${state.vni} `);
  if (state.remote !== 0) {
    const name = isMulticast(state.remote) ? 'group' : 'remote';
    out.any(name, formatIpv4(state.remote), `${name} ${formatIpv4(state.remote)} `);
  }
  if (state.local !== 0) out.any('local', formatIpv4(state.local), `local ${formatIpv4(state.local)} `);
  if (state.link !== 0) {
    const name = dev.ns.devices.get(state.link)?.name ?? `if${state.link}`;
    out.any('link', name, `dev ${name} `);
  }
  out.openObject('port_range');
  out.any('low', state.srcPortMin, `srcport ${state.srcPortMin} `);
  out.any('high', state.srcPortMax, `${state.srcPortMax} `);
  out.closeObject();
  out.any('port', state.dstPort, `dstport ${state.dstPort} `);
  const { details } = dev.ns.kernel.platform.iproute;
  if (details === '2020') printVxlanSwitches(out, state);
  if (state.tos !== 0) out.any('tos', state.tos, state.tos === 1 ? 'tos inherit ' : `tos 0x${state.tos.toString(16)} `);
  out.any('ttl', state.ttl, state.ttl === 0 ? 'ttl auto ' : `ttl ${state.ttl} `);
  out.member('df', 'unset');
  out.any('ageing', state.ageing, `ageing ${state.ageing} `);
  if (details === '2026') out.any('reserved_bits', RESERVED_BITS, `reserved_bits ${RESERVED_BITS} `);
  out.member('external', false);
  if (details !== '2020') printVxlanSwitches(out, state);
  out.any('udp_csum', state.udpChecksum, state.udpChecksum ? (details === '2020' ? 'udpcsum ' : '') : 'noudpcsum ');
  const zero = (name: string, on: boolean, off: string): void =>
    out.any(name, on, on ? `${name} ` : details === '2020' ? off : '');
  zero('udp_zero_csum6_tx', state.udp6ZeroChecksumTx, 'noudp6zerocsumtx ');
  zero('udp_zero_csum6_rx', state.udp6ZeroChecksumRx, 'noudp6zerocsumrx ');
  for (const name of ['remcsum_tx', 'remcsum_rx']) out.member(name, false);
  out.member('localbypass', true);
}

/** Bits of the header that must be 0 (Linux 6.14). */
const RESERVED_BITS = '0xf7ffffff000000ff';

function printVxlanSwitches(out: Printer, state: VxlanState): void {
  out.any('learning', state.learning, state.learning ? '' : 'nolearning ');
  for (const [name, on] of [
    ['proxy', state.proxy],
    ['rsc', state.rsc],
    ['l2miss', state.l2miss],
    ['l3miss', state.l3miss],
  ] as const) {
    out.any(name, on, on ? `${name} ` : '');
  }
}

/** A switch of a port, `on` or `off`. */
function flag(out: Printer, name: string, on: boolean): void {
  out.any(name, on, `${name} ${on ? 'on' : 'off'} `);
}

function printPort(out: Printer, port: BridgePort): void {
  const bridge = port.bridge.bridge as BridgeState;
  const id = bridgeId(port.bridge, bridge);
  const { details } = port.bridge.ns.kernel.platform.iproute;
  out.any('state', port.state, `state ${port.state} `);
  plain(out, 'priority', port.priority);
  plain(out, 'cost', port.cost);
  flag(out, 'hairpin', port.hairpin);
  flag(out, 'guard', port.guard);
  flag(out, 'root_block', port.rootBlock);
  flag(out, 'fastleave', port.fastLeave);
  flag(out, 'learning', port.learning);
  flag(out, 'flood', port.flood);
  plain(out, 'port_id', `0x${(0x8000 + port.number).toString(16)}`);
  out.any('no', `0x${port.number.toString(16)}`, `port_no 0x${port.number.toString(16)} `);
  plain(out, 'designated_port', 0x8000 + port.number);
  plain(out, 'designated_cost', 0);
  out.any('bridge_id', id, `designated_bridge ${id} `);
  out.any('root_id', id, `designated_root ${id} `);
  for (const name of ['hold_timer', 'message_age_timer', 'forward_delay_timer'])
    out.any(name, 0, `${name} ${timer(0)} `);
  plain(out, 'topology_change_ack', 0);
  plain(out, 'config_pending', 0);
  flag(out, 'proxy_arp', false);
  flag(out, 'proxy_arp_wifi', false);
  out.any('multicast_router', 1, 'mcast_router 1 ');
  flag(out, 'mcast_fast_leave', port.fastLeave);
  flag(out, 'mcast_flood', port.mcastFlood);
  if (details !== '2020') flag(out, 'bcast_flood', port.bcastFlood);
  flag(out, 'mcast_to_unicast', false);
  flag(out, 'neigh_suppress', port.neighSuppress);
  if (details !== '2020') flag(out, 'neigh_vlan_suppress', false);
  if (details === '2026') flag(out, 'neigh_forward_grat', false);
  out.any('group_fwd_mask', '0', 'group_fwd_mask 0 ');
  out.any('group_fwd_mask_str', '0x0', 'group_fwd_mask_str 0x0 ');
  flag(out, 'vlan_tunnel', port.vlanTunnel);
  flag(out, 'isolated', port.isolated);
  if (details === '2020') return;
  flag(out, 'locked', false);
  flag(out, 'mab', false);
}
