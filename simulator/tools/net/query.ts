/** One DNS question to one server, over UDP or TCP, as dig, nslookup and host ask it. */
import type { Errno } from '../../base/errno.ts';
import type { Blocking, ProgramContext } from '../../process/program.ts';
import { connectTcp, receive, receiveFrom, sendAll, tcpSocket, udpConnect, udpSend, udpSocket, type UdpSocket } from '../../transport/index.ts';
import { decodeDns, type DnsMessage, type DnsRecord, DNS_TYPE_NAMES, encodeDns } from '../../wire/dns.ts';
import { formatIpv4 } from '../../base/address.ts';

/** An answer with its size on the wire and the time it took (µs), or why there is none. */
export type DnsAnswer = { readonly message: DnsMessage; readonly size: number; readonly took: number } | { readonly failed: 'timeout' | Errno };

/** *blocking* Sends `query` and waits until `timeout` µs have passed. */
export function* askOnce(ctx: ProgramContext, server: number, port: number, query: DnsMessage, tcp: boolean, timeout: number): Blocking<DnsAnswer> {
  if (tcp) return yield* askTcp(ctx, server, port, encodeDns(query), ctx.now, ctx.now + timeout);
  const socket = udpSocket(ctx.netns).ownedBy(ctx.origin);
  try {
    const connected = udpConnect(socket, server, port);
    return connected.ok ? yield* askBy(ctx, socket, query, timeout) : { failed: connected.errno };
  } finally {
    socket.close();
  }
}

/** *blocking* The same by a connected socket. */
export function* askBy(ctx: ProgramContext, socket: UdpSocket, query: DnsMessage, timeout: number): Blocking<DnsAnswer> {
  const started = ctx.now;
  const sent = udpSend(socket, encodeDns(query));
  if (!sent.ok) return { failed: sent.errno };
  for (;;) {
    const datagram = yield* receiveFrom(ctx, socket, started + timeout);
    if (!datagram.ok) return { failed: datagram.errno === 'EAGAIN' ? 'timeout' : datagram.errno };
    const message = decodeDns(datagram.value.payload);
    if (message?.response === true && message.id === query.id) return { message, size: datagram.value.payload.length, took: ctx.now - started };
  }
}

function* askTcp(ctx: ProgramContext, server: number, port: number, octets: Uint8Array, started: number, deadline: number): Blocking<DnsAnswer> {
  const socket = tcpSocket(ctx.netns).ownedBy(ctx.origin);
  try {
    const connected = yield* connectTcp(ctx, socket, server, port, { deadline });
    if (!connected.ok) return { failed: connected.errno === 'EAGAIN' ? 'timeout' : connected.errno };
    const framed = new Uint8Array(octets.length + 2);
    framed.set([octets.length >> 8, octets.length & 255]);
    framed.set(octets, 2);
    const sent = yield* sendAll(ctx, socket, framed, deadline);
    if (!sent.ok) return { failed: sent.errno };
    let got = new Uint8Array(0);
    for (;;) {
      const bytes = yield* receive(ctx, socket, 65536, deadline);
      if (!bytes.ok) return { failed: bytes.errno === 'EAGAIN' ? 'timeout' : bytes.errno };
      if (bytes.value.length === 0) return { failed: 'ECONNRESET' };
      const longer = new Uint8Array(got.length + bytes.value.length);
      longer.set(got);
      longer.set(bytes.value, got.length);
      got = longer;
      const length = (got[0] << 8) | got[1];
      if (got.length < 2 || got.length < length + 2) continue;
      const message = decodeDns(got.subarray(2, 2 + length));
      return message === undefined ? { failed: 'EPROTO' } : { message, size: length, took: ctx.now - started };
    }
  } finally {
    socket.close();
  }
}

/** What a record says, names with their final dot, as dig prints it. */
export function recordData(record: DnsRecord): string {
  const { data } = record;
  if ('address' in data) return formatIpv4(data.address);
  if ('target' in data) return `${data.target}.`;
  return `\\# ${data.octets.length} ${[...data.octets].map((octet) => octet.toString(16).padStart(2, '0').toUpperCase()).join('')}`.trimEnd();
}

/** A type's number by name. */
export function recordType(name: string): number | undefined {
  const upper = name.toUpperCase();
  const known = Object.entries(DNS_TYPE_NAMES).find(([, text]) => text === upper);
  if (known !== undefined) return Number(known[0]);
  return /^TYPE\d+$/.test(upper) ? Number(upper.slice(4)) : undefined;
}

export const RCODES: readonly string[] = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
