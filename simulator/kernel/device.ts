/**
 * Network devices (struct net_device). One class for all kinds; what a kind needs beside it stands in its own slot
 * (`veth`, `bridge`, `port`, `vxlan`), and what a kind does is its {@link DeviceDriver}, one file each in drivers/.
 */
import type { Origin } from '../base/origin.ts';
import type { Timer } from '../base/scheduler.ts';
import type { Packet } from '../wire/packet.ts';
import type { MdbEntry } from './mdb.ts';
import type { NetworkNamespace } from './netns.ts';
import type { Tap } from './seams.ts';

export type DeviceKind = 'loopback' | 'veth' | 'bridge' | 'vxlan' | 'dummy' | 'ethernet' | 'ipip';

export interface DeviceDriver {
  readonly kind: DeviceKind;
  /** ndo_start_xmit: the frame leaves. The driver owns the packet from here. */
  xmit(dev: NetDevice, packet: Packet): void;
  /** Called after `dev.up` changed; recomputes carriers. */
  changed?(dev: NetDevice): void;
  /** Called before the device goes away. */
  removed?(dev: NetDevice): void;
  /** Called after the device was moved to another namespace. */
  moved?(dev: NetDevice): void;
}

/** Of an address that does not stay; FOREVER is 4294967295. */
export interface AddressLifetime {
  readonly valid: number;
  readonly preferred: number;
  readonly since: number;
}

/** An IPv4 address on a device (struct in_ifaddr). */
export interface InterfaceAddress {
  readonly address: number;
  readonly prefix: number;
  /** Peer of a point-to-point address; equal to `address` otherwise. */
  readonly peer: number;
  /** 0 when none is set. */
  readonly broadcast: number;
  readonly scope: 'global' | 'link' | 'host';
  readonly secondary: boolean;
  /** Seconds from `since` (virtual µs) until the address is deprecated and gone; left out: for ever. */
  readonly lifetime?: AddressLifetime;
  readonly label: string;
  readonly origin: Origin;
}

/** An IPv6 address: shown, and not yet routed. */
export interface InterfaceAddress6 {
  readonly address: string;
  readonly prefix: number;
  readonly scope: 'host' | 'link' | 'global';
  /** Printed after the scope: `kernel_ll` for kernel-made link-local addresses, '' otherwise. */
  readonly protocol: string;
}

/** Counters as `ip -s link` shows them. */
export class DeviceStats {
  rxBytes = 0;
  rxPackets = 0;
  rxErrors = 0;
  rxDropped = 0;
  rxMissed = 0;
  multicast = 0;
  txBytes = 0;
  txPackets = 0;
  txErrors = 0;
  txDropped = 0;
  txCarrier = 0;
  collisions = 0;
}

/** net.ipv4.conf.<dev>.*, the ones with an effect here; numbers as the sysctl shows them. */
export class Ipv4Conf {
  forwarding = 0;
  rp_filter = 0;
  accept_local = 0;
  route_localnet = 0;
  arp_ignore = 0;
  arp_announce = 0;
  arp_accept = 0;
  arp_filter = 0;
  arp_notify = 0;
  proxy_arp = 0;
  send_redirects = 1;
  accept_redirects = 1;
  secure_redirects = 1;
  log_martians = 0;
  src_valid_mark = 0;
  /** net.ipv4.neigh.<dev>.proxy_delay, in hundredths of a second. */
  proxy_delay = 80;
}

/** An entry of a forwarding database (bridge port or vxlan). */
export interface FdbEntry {
  readonly mac: number;
  /** Bridge: the port it is behind; null for the bridge's own addresses. */
  port: NetDevice | null;
  /** vxlan: remote tunnel end points, first is the primary. */
  remotes: FdbRemote[];
  /** `permanent` is local (own address) on bridges and NUD_PERMANENT on vxlan. */
  state: 'permanent' | 'static' | 'reachable' | 'stale';
  /** Learned by traffic rather than written by hand (extern_learn not emulated). */
  dynamic: boolean;
  vlan: number;
  sticky: boolean;
  /** vxlan: written with `router` (NTF_ROUTER); see rsc. */
  routes?: boolean;
  /** Virtual microseconds of last use / last refresh. */
  used: number;
  updated: number;
  readonly origin: Origin;
}

export interface FdbRemote {
  readonly address: number;
  readonly port: number;
  readonly vni: number;
  /** ifindex of the underlay device, 0 for any. */
  readonly ifindex: number;
}

export interface BridgeState {
  /** Ports in order of enslavement. */
  readonly ports: NetDevice[];
  /** The highest number ever given to a port. */
  highestPort: number;
  /** Keyed by MAC (vlan unaware) or MAC * 4096 + vlan. */
  readonly fdb: Map<number, FdbEntry>;
  /** Microseconds; default 300 s. */
  ageing: number;
  stp: boolean;
  /** Hundredths of a second, shown by `ip -d link`. */
  forwardDelay: number;
  helloTime: number;
  maxAge: number;
  priority: number;
  vlanFiltering: boolean;
  defaultPvid: number;
  multicastSnooping: boolean;
  /** What reports told of groups; see mdb.ts. */
  mdb: MdbEntry[];
  /** True once a MAC was set by hand, so that ports no longer decide it. */
  macSet: boolean;
  /** True once an MTU was set by hand, so that ports no longer decide it. */
  mtuSet: boolean;
}

/** State of a bridge port (struct net_bridge_port). */
export interface BridgePort {
  readonly bridge: NetDevice;
  number: number;
  state: 'disabled' | 'listening' | 'learning' | 'forwarding' | 'blocking';
  cost: number;
  priority: number;
  hairpin: boolean;
  learning: boolean;
  flood: boolean;
  mcastFlood: boolean;
  bcastFlood: boolean;
  guard: boolean;
  fastLeave: boolean;
  rootBlock: boolean;
  isolated: boolean;
  neighSuppress: boolean;
  vlanTunnel: boolean;
  pvid: number;
}

export interface VxlanState {
  readonly vni: number;
  readonly dstPort: number;
  /** Namespace the UDP socket lives in: where the device was made, whatever namespace it is moved to. */
  readonly underlay: NetworkNamespace;
  readonly local: number;
  /** Default remote, 0 when none. */
  readonly remote: number;
  /** ifindex of the underlay device given with `dev`, 0 when none. */
  readonly link: number;
  readonly srcPortMin: number;
  readonly srcPortMax: number;
  ttl: number;
  tos: number;
  /** Seconds. */
  ageing: number;
  learning: boolean;
  proxy: boolean;
  l2miss: boolean;
  l3miss: boolean;
  rsc: boolean;
  udpChecksum: boolean;
  /** Kept and shown: there is no IPv6 underlay. */
  udp6ZeroChecksumTx: boolean;
  udp6ZeroChecksumRx: boolean;
  readonly fdb: Map<number, FdbEntry>;
}

/** A port of the underlay's switch: what a physical NIC is cabled to. */
export interface Cable {
  /** Hands a frame to the other side; the switch owns it from here. */
  send(from: NetDevice, packet: Packet): void;
  connected: boolean;
}

export class NetDevice {
  ns: NetworkNamespace;
  ifindex: number;
  name: string;
  readonly kind: DeviceKind;
  readonly driver: DeviceDriver;
  mac: number;
  /** What `ip` shows as permaddr when mac was changed by hand; 0 when not. */
  permanentMac = 0;
  mtu: number;
  /** IFF_UP, set by the administrator. */
  up = false;
  /** Who set it up or down last; null for who made it. */
  stateOrigin: Origin | null = null;
  /** IFF_LOWER_UP: the wire works. */
  carrier = true;
  /** Who pulled the cable of a physical NIC; null while it is in. */
  cableOrigin: Origin | null = null;
  promiscuous = 0;
  /** `ip link set promisc on`; captures count in `promiscuous` without showing as a flag. */
  promiscuousByHand = false;
  /** The carrier has been there since the device came up first: tells LOWERLAYERDOWN from DOWN. */
  hadCarrier = false;
  multicast = true;
  noArp = false;
  /** The bridge this is a port of. */
  master: NetDevice | null = null;
  alias = '';
  /** Of physical devices: bus and name of the hardware, e.g. `virtio/virtio3`, as `ip -d link` shows them; '' for none. */
  parentDevice = '';
  txQueueLength = 1000;
  qdisc = 'noop';
  /** nsid shown as link-netnsid is computed; this is the index of the peer/lower device (`@if5`), 0 when none. */
  linkIndex = 0;
  addresses: InterfaceAddress[] = [];
  addresses6: InterfaceAddress6[] = [];
  /** Position in the order in which devices of the namespace got their IPv6 addresses, as routes are listed in it. */
  readySequence = 0;
  /** net.ipv6.conf.<dev>.disable_ipv6 */
  disableIpv6 = 0;
  conf = new Ipv4Conf();
  stats = new DeviceStats();
  /** Packet sockets bound to this device. */
  taps: Tap[] = [];
  readonly origin: Origin;
  /** Set once the device is unregistered; pending deliveries to it are dropped. */
  removed = false;

  peer: NetDevice | null = null;
  bridge: BridgeState | null = null;
  port: BridgePort | null = null;
  vxlan: VxlanState | null = null;
  cable: Cable | null = null;
  /** Pending housekeeping of the driver (ageing, carrier), cancelled on removal. */
  timer: Timer | null = null;
  /** Pending solicitation or report of IPv6; see ndisc.ts. */
  addressing: Timer | null = null;

  constructor(ns: NetworkNamespace, ifindex: number, name: string, driver: DeviceDriver, mac: number, mtu: number, origin: Origin) {
    this.ns = ns;
    this.ifindex = ifindex;
    this.name = name;
    this.kind = driver.kind;
    this.driver = driver;
    this.mac = mac;
    this.mtu = mtu;
    this.origin = origin;
  }
}
