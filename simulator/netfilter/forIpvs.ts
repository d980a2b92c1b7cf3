/**
 * What IPVS asks of connection tracking. stack.ts hands these functions to ipvs/, which does not know this room.
 * Mirrors net/netfilter/ipvs/ip_vs_nfct.c.
 */
import type { NetworkNamespace } from '../kernel/netns.ts';
import { PROTO_ICMP, type Packet } from '../wire/packet.ts';
import { entryOf } from './conntrack/core.ts';
import { IPS_CONFIRMED, IPS_DYING, ORIGINAL, tupleHash } from './conntrack/entry.ts';
import { directionOf } from './conntrack/protocols.ts';
import { netfilterOf } from './state.ts';

/**
 * ip_vs_update_conntrack: the packet's connection will be answered from (`side` source) or to (destination)
 * `address`:`port`. Only an entry not yet in the table, seen in its original direction, is altered.
 */
export function alterReply(
  _ns: NetworkNamespace,
  packet: Packet,
  side: 'source' | 'destination',
  address: number,
  port: number,
): void {
  const entry = entryOf(packet);
  if (entry === null || entry.status & (IPS_CONFIRMED | IPS_DYING) || directionOf(packet.ctInfo) !== ORIGINAL) return;
  const { src, dst, sport, dport, protocol } = entry.reply;
  const keepsPort = protocol === PROTO_ICMP;
  if (side === 'source') entry.reply.set(address, dst, keepsPort ? sport : port, dport, protocol);
  else entry.reply.set(src, address, sport, keepsPort ? dport : port, protocol);
}

/** ip_vs_conn_drop_conntrack: forgets the entry with this original tuple. */
export function dropConntrack(
  ns: NetworkNamespace,
  protocol: number,
  src: number,
  sport: number,
  dst: number,
  dport: number,
): void {
  const table = netfilterOf(ns).conntrack;
  const found = table.find(
    src,
    dst,
    sport,
    dport,
    protocol,
    tupleHash(src, dst, sport, dport, protocol),
    ns.kernel.now,
  );
  if (found !== null && found.direction === ORIGINAL) table.remove(found.entry);
}
