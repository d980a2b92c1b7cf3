/** How the trace calls a socket: `tcp LISTEN *:8000`, `udp 0.0.0.0:53`. Built only while somebody observes. */
import { formatIpv4 } from '../base/address.ts';
import type { Socket } from './socket.ts';
import type { TcpSocket } from './tcp/socket.ts';

export function describeTcp(socket: TcpSocket): string {
  const local = `${wildcard(socket)}:${socket.localPort}`;
  if (socket.state === 'LISTEN') return `tcp LISTEN ${local}`;
  return `tcp ${socket.state.replace('_', '-')} ${local} ${formatIpv4(socket.remote)}:${socket.remotePort}`;
}

export function describeUdp(socket: Socket): string {
  return `udp ${wildcard(socket)}:${socket.localPort}`;
}

function wildcard(socket: Socket): string {
  if (socket.local !== 0) return formatIpv4(socket.local);
  return socket.inet6 ? '*' : '0.0.0.0';
}
