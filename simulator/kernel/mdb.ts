/**
 * Multicast snooping: which groups were asked for behind which port of a bridge. Mirrors net/bridge/br_multicast.c as far as MLDv2
 * reports go. Deviation: nobody queries, so frames to groups are flooded as the kernel floods them without a querier, and the
 * database is only shown; IGMP is not snooped.
 */
import { SECOND } from '../base/scheduler.ts';
import { get16 } from '../wire/bytes.ts';
import { ETH_IPV6, type Packet } from '../wire/packet.ts';
import type { BridgeState, NetDevice } from './device.ts';
import { LISTENER_REPORT, REPORTS_MAC } from './ndisc.ts';
import { formatWords6 } from './netlink/inet6.ts';

export interface MdbEntry {
  readonly group: string;
  /** null: the bridge itself asked. */
  readonly port: NetDevice | null;
  /** Virtual microseconds. */
  updated: number;
}

/** mcast_membership_interval */
const MEMBERSHIP = 260 * SECOND;
/** Behind the IPv6 header and eight octets of hop-by-hop options. */
const MESSAGE = 48;

/** Looks at a frame to a group that came in by `port` (null: sent by the bridge itself); only reports matter. */
export function snoopReport(state: BridgeState, port: NetDevice | null, packet: Packet, now: number): void {
  if (packet.dstMac !== REPORTS_MAC || packet.etherType !== ETH_IPV6 || !state.multicastSnooping) return;
  const bytes = packet.payload;
  if (bytes.length < MESSAGE + 28 || bytes[MESSAGE] !== LISTENER_REPORT) return;
  let at = MESSAGE + 8;
  for (let left = get16(bytes, MESSAGE + 6); left > 0 && at + 20 <= bytes.length; left--) {
    const group = formatWords6(Array.from({ length: 8 }, (_, i) => get16(bytes, at + 4 + 2 * i)));
    const present = state.mdb.find((entry) => entry.group === group && entry.port === port);
    if (present !== undefined) present.updated = now;
    else state.mdb.unshift({ group, port, updated: now });
    at += 20 + 16 * get16(bytes, at + 2);
  }
}

/** The live entries, newest first. */
export function mdbEntries(state: BridgeState, now: number): readonly MdbEntry[] {
  state.mdb = state.mdb.filter(
    (entry) => now - entry.updated <= MEMBERSHIP && (entry.port === null || entry.port.port !== null),
  );
  return state.mdb;
}
