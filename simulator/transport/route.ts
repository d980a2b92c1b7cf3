/** How sockets find their way out and what they may bind. Mirrors ip_route_connect, sk_dst_check, inet_addr_type. */
import { isLoopback } from '../base/address.ts';
import { refuse, ok, done, type Result } from '../base/result.ts';
import type { Route } from '../kernel/fib.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { ipRouteOutput } from '../kernel/route.ts';
import type { Socket } from './socket.ts';

/**
 * The route of `socket` to `dst`; `src` narrows it when not 0. The one to the connected peer is kept until the FIB
 * changes. Refused as the look-up is: ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL.
 */
export function routeSocket(socket: Socket, dst: number, src: number): Result<Route> {
  const generation = socket.ns.fib.generation;
  const connected = dst === socket.remote;
  if (connected && socket.route !== null && socket.routeGeneration === generation) return ok(socket.route);
  const found = ipRouteOutput(socket.ns, dst, { src, oif: socket.boundDevice, mark: socket.mark, tos: socket.tos });
  if (found.ok && connected) {
    socket.route = found.value;
    socket.routeGeneration = generation;
  }
  return found;
}

/** EADDRNOTAVAIL unless `address` is the wildcard, one of ours, or ip_nonlocal_bind allows any. */
export function mayBind(ns: NetworkNamespace, address: number): Result<undefined> {
  if (address === 0 || ns.localAddresses.has(address) || ns.knobs.ip_nonlocal_bind !== 0) return done;
  if (isLoopback(address) && ns.device('lo')?.up === true) return done;
  return refuse('EADDRNOTAVAIL');
}

/** SO_BINDTODEVICE by name; ENODEV. */
export function bindToDevice(socket: Socket, name: string): Result<undefined> {
  const dev = socket.ns.device(name);
  if (dev === undefined) return refuse('ENODEV');
  socket.setOptions({ bindToDevice: dev.ifindex });
  return done;
}
