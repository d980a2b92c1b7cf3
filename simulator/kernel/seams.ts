/**
 * The places where other rooms plug into the kernel. stack.ts fills them; the kernel knows only these faces.
 */
import type { Packet } from '../wire/packet.ts';
import type { NetDevice } from './device.ts';
import type { NetworkNamespace } from './netns.ts';

/** enum nf_inet_hooks (include/uapi/linux/netfilter.h). */
export const NF_PRE_ROUTING = 0;
export const NF_LOCAL_IN = 1;
export const NF_FORWARD = 2;
export const NF_LOCAL_OUT = 3;
export const NF_POST_ROUTING = 4;

/** Verdicts of a hook function. STOLEN: the function keeps the packet and has seen (or will see) to it itself. */
export const NF_DROP = 0;
export const NF_ACCEPT = 1;
export const NF_STOLEN = 2;
/** Dropped and already reported (REJECT, NAT failure): the kernel counts nothing more. */
export const NF_DROPPED = 3;

/**
 * A function at a netfilter hook. `input` and `output` are the devices as iptables' -i and -o see them
 * (null where the hook has none). For bridged packets they are the bridge, and packet.physIif/physOif the ports.
 */
export type HookFunction = (ns: NetworkNamespace, packet: Packet, hook: number, input: NetDevice | null, output: NetDevice | null) => number;

/** One function registered at one hook of one namespace; kept sorted by priority, then by registration. */
export interface HookEntry {
  readonly name: string;
  readonly hook: number;
  readonly priority: number;
  readonly run: HookFunction;
}

/**
 * Per-namespace state of the rooms above the kernel. The kernel only stores it; each room reads its own slot
 * through one accessor of its own (`netfilterOf(ns)` and so on).
 */
export interface RoomState {
  /** Of netfilter the kernel knows one thing: whether connections are tracked, so that fragments have to be put together. */
  netfilter: { readonly conntrackUsers: number } | null;
  ipvs: object | null;
  transport: object | null;
}

/** A transport protocol: takes packets whose IP header says they are for this namespace. */
export interface TransportProtocol {
  readonly protocol: number;
  /** The packet is the receiver's to keep. */
  receive(ns: NetworkNamespace, packet: Packet): void;
  /** An ICMP error about a packet this namespace sent; `icmp.quoted` is that packet's header as it left. */
  error(ns: NetworkNamespace, icmp: Packet): void;
}

/** Sees frames pass a device, before PREROUTING inbound and after POSTROUTING outbound (AF_PACKET). Must not change the packet. */
export type Tap = (packet: Packet, dev: NetDevice, direction: 'in' | 'out') => void;
