/**
 * The one observer seam: what happened to packets, as typed data. Whatever explains a packet (story, map, pcapng,
 * diff, checks) reads this list and nothing else. Words are made from events at the edge (src/explain), never here.
 *
 * This file is types only and may be imported by every room.
 */
import type { Origin } from '../base/origin.ts';
import type { Packet } from '../wire/packet.ts';

/** The five netfilter hooks, in the kernel's numbering (enum nf_inet_hooks). */
export const HOOK_NAMES = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const;
export type HookName = (typeof HOOK_NAMES)[number];

/** Every way a packet can die. The name says why; counters, `ip -s link` and stories use the same word. */
export const DROP_REASONS = [
  'NETFILTER_DROP', // a rule or policy said DROP
  'NETFILTER_REJECT', // a rule answered with an error
  'CONNTRACK_INVALID_NAT', // no unique tuple could be found
  'CONNTRACK_CLASH',
  'CONNTRACK_TABLE_FULL',
  'IP_RPFILTER', // reverse path filter
  'IP_MARTIAN_SOURCE',
  'IP_MARTIAN_DESTINATION', // 127/8 on the wire without route_localnet
  'IP_NO_ROUTE',
  'IP_BLACKHOLE',
  'IP_FORWARDING_OFF', // not for us and ip_forward is 0
  'IP_TTL_EXPIRED',
  'IP_NOT_FOR_US', // link-layer address of somebody else
  'IP_HEADER',
  'PACKET_TOO_BIG', // DF set and larger than the MTU
  'PROTOCOL_UNREACHABLE',
  'NO_SOCKET', // nobody listens
  'SOCKET_BUFFER_FULL',
  'SOCKET_CLOSED',
  'TCP_INVALID', // outside the window, wrong state, bad flags
  'TCP_BACKLOG_FULL',
  'NEIGHBOUR_FAILED', // ARP got no answer
  'NEIGHBOUR_QUEUE_FULL',
  'ARP_IGNORED',
  'ARP_PROXY_CONSUMED', // an ARP that the vxlan proxy does not let out
  'DEVICE_DOWN',
  'DEVICE_NO_CARRIER',
  'DEVICE_MTU', // a frame larger than the receiver takes
  'DEVICE_UNKNOWN_PROTOCOL',
  'BRIDGE_NO_PORT', // nowhere to forward to
  'BRIDGE_PORT_STATE',
  'BRIDGE_HAIRPIN', // would leave by the port it came in
  'BRIDGE_RESERVED_ADDRESS', // 01:80:c2:00:00:0x
  'VXLAN_UNKNOWN_VNI',
  'VXLAN_NO_REMOTE', // unknown MAC and no default destination (l2miss)
  'VXLAN_LOOP',
  'XFRM_NO_STATE', // no IPsec state for it: an SPI that is not known here, or a policy without its state
  'XFRM_INTEGRITY', // ESP that the key does not open
  'XFRM_POLICY', // an IPsec policy blocks it, or wants it protected
  'IPVS_NO_DESTINATION',
  'IPVS_DESTINATION_GONE',
  'IPVS_NO_SERVICE',
  'TRANSPORT_CHECKSUM', // UDP or TCP whose checksum does not hold
  'FRAGMENT_TIMEOUT',
  'SWITCH_NO_PORT', // the underlay's switch knows nobody of that address
  'FAULT', // a fault of the scenario dropped it
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

interface EventBase {
  /** Position in the whole trace, from 0. */
  readonly sequence: number;
  /** Virtual microseconds. */
  readonly at: number;
  readonly host: string;
  /** Name of the namespace (see NetworkNamespace.name): `host`, `ingress_sbox`, `1-khhptykn4y`, `task whoami.1`, … */
  readonly netns: string;
  /** A copy of the packet as it was right after what the event tells. */
  readonly packet: Packet;
}

/** The two ends of a tuple as they were, for NAT events. */
export interface Endpoints {
  readonly src: number;
  readonly dst: number;
  readonly sport: number;
  readonly dport: number;
}

/** The IPsec state that wrapped or unwrapped a packet, and the packet's place in its sequence. */
export interface EspMark {
  readonly spi: number;
  readonly sequence: number;
  readonly reqid: number;
}

/** What the chain was like when a packet walked it, so that one can ask later why a rule did not match. */
interface Walked {
  /** Names of the devices as -i and -o see them, '' for none. */
  readonly input: string;
  readonly output: string;
  /** The chain's rules as they were (netfilter replaces the list when one changes); only netfilter knows what they are. */
  readonly rules: readonly object[];
}

export type TraceDetail =
  /** A frame came in by / goes out by a device (what a tap there would see). */
  | { readonly kind: 'rx'; readonly dev: string; readonly origin: Origin }
  | { readonly kind: 'tx'; readonly dev: string; readonly origin: Origin }
  /** A rule that matched; `number` counts from 1 as `iptables --line-numbers`, `text` as `iptables -S` prints it. */
  | ({
      readonly kind: 'rule';
      readonly hook: HookName;
      readonly table: string;
      readonly chain: string;
      readonly number: number;
      readonly text: string;
      /** Of terminal targets the verdict; CONTINUE for MARK and the like; JUMP, GOTO and RETURN for the flow of control. */
      readonly verdict: 'ACCEPT' | 'DROP' | 'CONTINUE' | 'JUMP' | 'GOTO' | 'RETURN' | 'REJECT' | 'STOLEN';
      /** The chain jumped to, for JUMP and GOTO. */
      readonly to?: string;
      readonly origin: Origin;
    } & Walked)
  /** A base chain came to its end. */
  | ({
      readonly kind: 'policy';
      readonly hook: HookName;
      readonly table: string;
      readonly chain: string;
      readonly verdict: 'ACCEPT' | 'DROP';
      readonly origin: Origin;
    } & Walked)
  /** A conntrack look-up: the entry made or found, and the packet's relation to it. */
  | {
      readonly kind: 'conntrack';
      readonly hook: HookName;
      readonly what: 'new' | 'found' | 'confirmed' | 'invalid' | 'untracked';
      readonly state: 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED';
      /** As `conntrack -L` would print the entry now; '' when there is none. */
      readonly entry: string;
    }
  /** Addresses rewritten. `by` is `rule` the first time, `conntrack` for later packets and replies. */
  | {
      readonly kind: 'nat';
      readonly hook: HookName;
      readonly manip: 'source' | 'destination';
      readonly by: 'rule' | 'conntrack' | 'ipvs';
      readonly before: Endpoints;
      readonly after: Endpoints;
      readonly origin: Origin;
    }
  /** IPVS took or answered the packet. */
  | {
      readonly kind: 'ipvs';
      readonly hook: HookName;
      readonly what: 'scheduled' | 'found' | 'reply' | 'refused';
      /** `FWM  256` or `TCP  10.0.0.1:80`, as `ipvsadm -Ln` prints it. */
      readonly service: string;
      readonly scheduler: string;
      /** Chosen real server, `10.0.0.6:0`. */
      readonly server: string;
      readonly origin: Origin;
    }
  /** A routing decision. `route` as `ip route` prints it, without table; '' when none. */
  | {
      readonly kind: 'route';
      readonly type: string;
      readonly table: number;
      readonly route: string;
      readonly dev: string;
      readonly via: number;
      readonly origin: Origin;
    }
  /** The next hop's link address: found, or asked for while the packet waits. */
  | {
      readonly kind: 'neighbour';
      readonly dev: string;
      readonly address: number;
      readonly state: string;
      readonly mac: number;
      readonly waits: boolean;
      readonly origin: Origin;
    }
  /** A bridge's decision. */
  | {
      readonly kind: 'bridge';
      readonly bridge: string;
      readonly from: string;
      readonly decision: 'up' | 'forward' | 'flood' | 'drop';
      readonly ports: readonly string[];
      readonly origin: Origin;
    }
  /** An ARP answered on behalf of another (vxlan proxy, proxy_arp). */
  | {
      readonly kind: 'arp-proxy';
      readonly dev: string;
      readonly address: number;
      readonly mac: number;
      readonly origin: Origin;
    }
  /** Wrapped: `packet` is the outer one, `inner` the id of what it carries; with `esp` by IPsec, else by a tunnel. */
  | {
      readonly kind: 'encap';
      readonly dev: string;
      readonly vni: number;
      readonly remote: number;
      readonly inner: number;
      readonly esp?: EspMark;
      readonly origin: Origin;
    }
  /** Unwrapped: `packet` is the inner one. */
  | {
      readonly kind: 'decap';
      readonly dev: string;
      readonly vni: number;
      readonly outer: number;
      readonly esp?: EspMark;
      readonly origin: Origin;
    }
  /** Handed to a transport protocol of this namespace. */
  | { readonly kind: 'local'; readonly protocol: number; readonly socket: string; readonly origin: Origin }
  /** Made here by a socket or by the kernel itself. */
  | { readonly kind: 'sent'; readonly by: string; readonly origin: Origin }
  | { readonly kind: 'drop'; readonly reason: DropReason; readonly where: string; readonly origin?: Origin };

export type TraceEvent = EventBase & TraceDetail;

/** Takes events as they happen. A world has at most one; none costs one branch per seam. */
export type TraceSink = (event: TraceEvent) => void;
