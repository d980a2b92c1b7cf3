/** A network namespace (struct net): devices, routes, neighbours, sysctls, hooks, and the slots of the rooms above. */
import type { Origin } from '../base/origin.ts';
import { Fib } from './fib.ts';
import { NeighbourTable } from './neighbour.ts';
import { Ipv4Conf, type NetDevice } from './device.ts';
import type { Kernel } from './kernel.ts';
import type { FragmentQueue } from './fragment.ts';
import type { Listener } from './notify.ts';
import type { HookEntry, RoomState, Tap } from './seams.ts';
import type { XfrmTables } from './xfrm.ts';

/** net.* knobs with an effect on the way of packets; names as below /proc/sys/net, dots for the path. */
export class NetnsKnobs {
  ip_forward = 0;
  ip_default_ttl = 64;
  ip_forward_use_pmtu = 0;
  ip_nonlocal_bind = 0;
  ip_local_port_min = 32768;
  ip_local_port_max = 60999;
  icmp_echo_ignore_all = 0;
  icmp_echo_ignore_broadcasts = 1;
  icmp_ratelimit = 1000;
  fwmark_reflect = 0;
  bridge_nf_call_iptables = 1;
  bridge_nf_call_arptables = 1;
  tcp_syn_retries = 6;
  tcp_synack_retries = 5;
  tcp_retries2 = 15;
  tcp_fin_timeout = 60;
  tcp_keepalive_time = 7200;
  tcp_keepalive_intvl = 75;
  tcp_keepalive_probes = 9;
  tcp_timestamps = 1;
  tcp_sack = 1;
  tcp_window_scaling = 1;
  tcp_max_syn_backlog = 512;
  somaxconn = 4096;
}

const NO_HOOKS: readonly (readonly HookEntry[])[] = [[], [], [], [], []];

export class NetworkNamespace {
  readonly kernel: Kernel;
  /** Inode of /proc/PID/ns/net, unique in the world. */
  readonly inode: number;
  /** How stories and error messages call it: `host`, `ingress_sbox`, `1-khhptykn4y`, `task whoami.1`, `netns red`. */
  name: string;
  readonly devices = new Map<number, NetDevice>();
  readonly byName = new Map<string, NetDevice>();
  /** Next ifindex to try (per namespace since Linux 3.7). */
  nextIfindex = 1;
  readonly fib = new Fib();
  readonly neighbours = new NeighbourTable();
  readonly knobs = new NetnsKnobs();
  readonly confAll = new Ipv4Conf();
  readonly confDefault = new Ipv4Conf();
  /** Hook functions by hook number, each sorted by priority. Shared by all namespaces with the same functions: never changed in place. */
  hooks: readonly (readonly HookEntry[])[] = NO_HOOKS;
  /** Packet sockets on every device (`tcpdump -i any`). */
  taps: Tap[] = [];
  /** Who has joined the netlink groups (`ip monitor`). */
  listeners: readonly Listener[] = [];
  /** Packets dropped here, by reason; and by reason and place for those of sockets (`NO_SOCKET udp`). */
  readonly drops = new Map<string, number>();
  /** nsid of other namespaces as seen from here (`link-netnsid`), given on first need. */
  readonly nsids = new Map<NetworkNamespace, number>();
  /** The highest id ever given in {@link nsids}, -1 when none was. */
  highestNsid = -1;
  readonly rooms: RoomState = { netfilter: null, ipvs: null, transport: null };
  /** Local addresses of all devices, for quick "is it mine" (inet_addr_hash). Counted, as one address may stand twice. */
  readonly localAddresses = new Map<number, number>();
  ipIdentification = 0;
  /** VXLAN receivers by UDP port, then VNI: kernel sockets without a process. */
  readonly udpTunnels = new Map<number, Map<number, NetDevice>>();
  /** Path MTUs learned from ICMP (fib next-hop exceptions), by destination. */
  readonly pathMtus = new Map<number, { readonly mtu: number; readonly expires: number }>();
  /** Fragments waiting for the rest; see fragment.ts. */
  readonly fragments = new Map<string, FragmentQueue>();
  /** IPsec states and policies; null until there is one. */
  xfrm: XfrmTables | null = null;
  /** ICMP rate limit, tokens by destination (inet_peer). */
  readonly icmpTokens = new Map<number, { tokens: number; last: number; redirects: number }>();
  /** Hands out {@link NetDevice.readySequence}. */
  nextReady = 1;
  /** net.ipv6.conf.default.disable_ipv6: new devices get no link-local address. */
  disableIpv6Default = 0;
  /** Who set a knob, by its path below /proc/sys, the latest last; null while nobody did. */
  knobOrigins: Map<string, Origin> | null = null;
  /** True once torn down; nothing is delivered here any more. */
  dead = false;

  constructor(kernel: Kernel, inode: number, name: string) {
    this.kernel = kernel;
    this.inode = inode;
    this.name = name;
  }

  device(name: string): NetDevice | undefined {
    return this.byName.get(name);
  }
}
