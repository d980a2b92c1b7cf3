/**
 * TCP between addresses of ::1. Packets here have IPv4 addresses only, so the IPv6 loopback is not a walk through the
 * kernel: a segment goes straight from one socket to the other, in order, through the backlog. It passes no hook and no
 * tap, which is where this deviates; listeners, handshake and queues are the real ones.
 */
import { done, refuse, type Result } from '../base/result.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { ETH_IPV6, type Packet } from '../wire/packet.ts';

let receiver: (ns: NetworkNamespace, packet: Packet) => void = () => undefined;

/** input.ts says here where segments go; a registration rather than an import, as input.ts needs output.ts, which needs this. */
export function onLoopback6(receive: (ns: NetworkNamespace, packet: Packet) => void): void {
  receiver = receive;
}

/** True when ::1 can be reached: lo is up and has it. */
export function hasLoopback6(ns: NetworkNamespace): boolean {
  const lo = ns.device('lo');
  return lo?.up === true && lo.addresses6.some((entry) => entry.address === '::1');
}

/** Hands a segment to the sockets of `ns`; ENETUNREACH while ::1 is not there. */
export function sendLoopback6(ns: NetworkNamespace, packet: Packet): Result<undefined> {
  if (!hasLoopback6(ns)) return refuse('ENETUNREACH');
  packet.etherType = ETH_IPV6;
  ns.kernel.universe.scheduler.soon(receiver, ns, packet);
  return done;
}
