/** How ss writes states, addresses, ports and times. Mirrors sstate_name, inet_addr_print, resolve_service and print_ms_timer of misc/ss.c. */
import { formatIpv4 } from '../../base/address.ts';
import type { DiagSocket, DiagTimer } from '../../transport/index.ts';
import { serviceName, servicePort } from '../../wire/services.ts';

const STATE_NAMES: Readonly<Record<DiagSocket['state'], string>> = {
  UNCONN: 'UNCONN',
  CLOSE: 'UNCONN',
  LISTEN: 'LISTEN',
  SYN_SENT: 'SYN-SENT',
  SYN_RECV: 'SYN-RECV',
  ESTABLISHED: 'ESTAB',
  FIN_WAIT1: 'FIN-WAIT-1',
  FIN_WAIT2: 'FIN-WAIT-2',
  CLOSING: 'CLOSING',
  TIME_WAIT: 'TIME-WAIT',
  CLOSE_WAIT: 'CLOSE-WAIT',
  LAST_ACK: 'LAST-ACK',
};

export function stateName(socket: DiagSocket): string {
  return STATE_NAMES[socket.state];
}

/** The address cell, colon at its end. `wild` when the socket is the wildcard on that side. */
export function addressText(socket: DiagSocket, address: number, device = ''): string {
  const scope = device === '' ? '' : `%${device}`;
  if (socket.loopback6) return `[::1]${scope}:`;
  if (!socket.inet6) return `${formatIpv4(address)}${scope}:`;
  if (address !== 0) return `[::ffff:${formatIpv4(address)}]${scope}:`;
  return socket.v6Only ? `[::]${scope}:` : `*${scope}:`;
}

export function portText(port: number, protocol: string, numeric: boolean): string {
  if (port === 0) return '*';
  return numeric ? String(port) : (serviceName(port, protocol === 'udp' ? 'udp' : 'tcp') ?? String(port));
}

/** A port as a filter names it. */
export function portNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) <= 65535 ? Number(text) : undefined;
  return servicePort(text, 'tcp') ?? servicePort(text, 'udp');
}

/** ` timer:(on,1.2sec,0)` */
export function timerText(timer: DiagTimer): string {
  return ` timer:(${timer.kind},${milliseconds(Math.max(0, Math.floor(timer.left / 1000)))},${timer.retransmits})`;
}

function milliseconds(value: number): string {
  let seconds = Math.floor(value / 1000);
  const minutes = Math.floor(seconds / 60);
  seconds %= 60;
  let rest = value % 1000;
  let text = '';
  if (minutes > 0) {
    rest = 0;
    text += `${minutes}min`;
    if (minutes > 9) seconds = 0;
  }
  if (seconds > 0) {
    if (seconds > 9) rest = 0;
    text += `${seconds}${rest > 0 ? '.' : 'sec'}`;
  }
  if (rest > 0) text += `${String(rest).padStart(3, '0')}ms`;
  return text;
}
