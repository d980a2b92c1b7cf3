/**
 * Fragmentation and reassembly (net/ipv4/ip_output.c ip_do_fragment, ip_fragment.c; RFC 791).
 * A fragment refers to the packet that was cut and says which octets of it it carries, so nothing is turned into bytes here.
 */
import { SECOND, type Timer } from '../base/scheduler.ts';
import { ipLength, type Packet } from '../wire/packet.ts';
import { drop } from './kernel.ts';
import type { NetworkNamespace } from './netns.ts';

/** net.ipv4.ipfrag_time */
const REASSEMBLY_TIME = 30 * SECOND;

/** Fragments of one packet that have come in so far. */
export interface FragmentQueue {
  readonly pieces: Packet[];
  readonly timer: Timer;
}

/** Cuts `packet` so that every piece fits `mtu` octets. The pieces are new packets whose parent it is. */
export function fragments(ns: NetworkNamespace, packet: Packet, mtu: number): Packet[] {
  const whole = packet.whole ?? packet;
  const length = packet.whole !== null ? packet.fragmentLength : ipLength(packet) - 20;
  const step = (mtu - 20) & ~7;
  const pieces: Packet[] = [];
  for (let at = 0; at < length; at += step) {
    const piece = ns.kernel.universe.packets.clone(packet);
    piece.whole = whole;
    piece.largestFragment = 0;
    piece.fragmentOffset = packet.fragmentOffset + at;
    piece.fragmentLength = Math.min(step, length - at);
    piece.moreFragments = at + step < length || packet.moreFragments;
    pieces.push(piece);
  }
  return pieces;
}

/** Takes a fragment in; the whole packet once the last piece is there, null before. */
export function reassemble(ns: NetworkNamespace, fragment: Packet): Packet | null {
  const key = `${fragment.src}/${fragment.dst}/${fragment.protocol}/${fragment.ipId}`;
  let queue = ns.fragments.get(key);
  if (queue === undefined) {
    const pieces: Packet[] = [];
    const timer = ns.kernel.universe.scheduler.after(REASSEMBLY_TIME, () => {
      ns.fragments.delete(key);
      for (const piece of pieces) drop(ns, piece, 'FRAGMENT_TIMEOUT', 'ip_expire');
    });
    queue = { pieces, timer };
    ns.fragments.set(key, queue);
  }
  queue.pieces.push(fragment);
  queue.pieces.sort((a, b) => a.fragmentOffset - b.fragmentOffset);
  let next = 0;
  for (const piece of queue.pieces) {
    if (piece.fragmentOffset > next) return null;
    next = Math.max(next, piece.fragmentOffset + piece.fragmentLength);
  }
  const last = queue.pieces[queue.pieces.length - 1] as Packet;
  if (last.moreFragments) return null;
  queue.timer.cancel();
  ns.fragments.delete(key);
  const first = queue.pieces[0] as Packet;
  const origin = fragment.whole as Packet;
  const packet = ns.kernel.universe.packets.clone(first);
  packet.whole = null;
  packet.largestFragment = Math.max(...queue.pieces.map(ipLength));
  packet.fragmentOffset = 0;
  packet.fragmentLength = 0;
  packet.moreFragments = false;
  packet.inner = origin.inner === null ? null : ns.kernel.universe.packets.clone(origin.inner);
  // What is inside stays what it was, also inside what is inside.
  for (let copy = packet.inner, from = origin.inner; copy !== null && from !== null; copy = copy.inner, from = from.inner) copy.id = from.id;
  return packet;
}
