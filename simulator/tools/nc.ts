/**
 * nc(1), the OpenBSD one of Debian (netcat-openbsd 1.229). Emulated: -4 -k -l -N -n -p -q -s -u -v -w -z.
 * Other options of the real program are refused by name.
 */
import { formatIpv4, parseIpv4 } from '../base/address.ts';
import { strerror } from '../base/errno.ts';
import { SECOND } from '../base/scheduler.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../process/program.ts';
import { accept, connectTcp, SocketFile, tcpBind, tcpListen, tcpReceive, tcpSend, tcpShutdown, tcpSocket, type TcpSocket, udpBind, udpConnect, udpReceive, udpSend, udpSocket, type UdpSocket } from '../transport/index.ts';
import { serviceName, servicePort } from '../wire/services.ts';
import { getopt } from './net/getopt.ts';
import { resolve, resolveErrorText } from './net/resolve.ts';

export const ncTool: Tool = { name: 'nc', aliases: ['netcat'], summary: 'arbitrary TCP and UDP connections and listens', main };

const USAGE = `usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]
	  [-m minttl] [-O length] [-P proxy_username] [-p source_port]
	  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]
	  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]
	  [destination] [port]
`;

interface NcOptions {
  readonly flags: ReadonlySet<string>;
  readonly host: string;
  readonly ports: readonly number[];
  /** Microseconds, undefined for none. */
  readonly timeout: number | undefined;
  /** Seconds after end of input; -1 for never. */
  readonly quit: number;
  readonly source: number;
  readonly sourcePort: number;
}

function* main(ctx: ProgramContext): Program {
  const options = parse(ctx.argv.slice(1));
  if (typeof options === 'string') {
    yield* ctx.err(options);
    return 1;
  }
  if (options.flags.has('l')) return yield* listen(ctx, options);
  const found = yield* resolve(ctx, options.host, 4);
  const address = found.addresses[0]?.address;
  if (address === undefined) {
    yield* ctx.err(`nc: getaddrinfo for host "${options.host}" port ${options.ports[0]}: ${resolveErrorText(found.error ?? 'unknown')}\n`);
    return 1;
  }
  let status = 1;
  for (const port of options.ports) {
    const result = yield* options.flags.has('u') ? overUdp(ctx, options, address, port) : overTcp(ctx, options, address, port);
    if (result === 0) status = 0;
  }
  return status;
}

function parse(words: readonly string[]): NcOptions | string {
  const parsed = getopt(words, { short: '46bCDdFhklNnrStUuvZzI:i:M:m:O:P:p:q:s:T:V:W:w:X:x:' });
  if (parsed.error !== undefined) return `nc: ${parsed.error}\n${USAGE}`;
  const values = new Map(parsed.options.map(({ name, value }) => [name, value]));
  for (const name of values.keys()) if (!'4klNnpqsuvwz'.includes(name)) return name === 'h' ? USAGE : `nc: option -${name} is not emulated here\n`;
  const flags = new Set(values.keys());
  const listening = flags.has('l');
  const [first, second] = parsed.operands;
  const portText = second ?? (listening ? (first ?? values.get('p')) : undefined);
  if (portText === undefined) return USAGE;
  const range = /^(\d+)-(\d+)$/.exec(portText);
  const port = /^\d+$/.test(portText) ? Number(portText) : servicePort(portText, flags.has('u') ? 'udp' : 'tcp');
  if (range === null && (port === undefined || port < 1 || port > 65535)) return `nc: port number ${/^\d+$/.test(portText) ? `${Number(portText) > 65535 ? 'too large' : 'too small'}: ${portText}` : `invalid: ${portText}`}\n`;
  const ports = range === null ? [port as number] : Array.from({ length: Math.max(0, Number(range[2]) - Number(range[1]) + 1) }, (_, i) => Number(range[1]) + i);
  const timeout = values.get('w');
  for (const [name, what, form] of [
    ['w', 'timeout', /^\d+$/],
    ['q', 'quit timer', /^-?\d+$/],
    ['p', 'port number', /^\d+$/],
  ] as const) {
    const text = values.get(name);
    if (text !== undefined && !form.test(text)) return `nc: ${what} invalid: ${text}\n`;
  }
  const source = parseIpv4(values.get('s') ?? '0.0.0.0');
  if (source === undefined) return 'nc: getaddrinfo: Name or service not known\n';
  return {
    flags,
    host: second === undefined ? '' : (first ?? ''),
    ports,
    timeout: timeout === undefined ? undefined : Number(timeout) * SECOND,
    quit: Number(values.get('q') ?? -1),
    source,
    sourcePort: listening ? 0 : Number(values.get('p') ?? 0),
  };
}

function* overTcp(ctx: ProgramContext, options: NcOptions, address: number, port: number): Program {
  const socket = tcpSocket(ctx.netns);
  const fd = ctx.install(new SocketFile(socket));
  try {
    if (options.source !== 0 || options.sourcePort !== 0) {
      socket.setOptions({ reuseAddress: true });
      const bound = tcpBind(socket, options.source, options.sourcePort);
      if (!bound.ok) {
        yield* ctx.err(`nc: bind failed: ${strerror(bound.errno)}\n`);
        return 1;
      }
    }
    const connected = yield* connectTcp(ctx, socket, address, port, options.timeout === undefined ? {} : { deadline: ctx.now + options.timeout });
    if (!connected.ok) {
      const timedOut = connected.errno === 'EAGAIN';
      if (options.flags.has('v') || !options.flags.has('z')) yield* ctx.err(`nc: connect to ${target(options, address)} port ${port} (tcp) ${timedOut ? `timed out: ${strerror('EINPROGRESS')}` : `failed: ${strerror(connected.errno)}`}\n`);
      return 1;
    }
    if (options.flags.has('v')) yield* ctx.err(succeeded(options, address, port, 'tcp'));
    if (options.flags.has('z')) return 0;
    return yield* relay(ctx, options, socket);
  } finally {
    ctx.close(fd);
  }
}

function target(options: NcOptions, address: number): string {
  return parseIpv4(options.host) !== undefined ? options.host : `${options.host} (${formatIpv4(address)})`;
}

function succeeded(options: NcOptions, address: number, port: number, protocol: 'tcp' | 'udp'): string {
  const service = options.flags.has('n') ? '*' : (serviceName(port, protocol) ?? '*');
  return `Connection to ${target(options, address)} ${port} port [${protocol}/${service}] succeeded!\n`;
}

function* overUdp(ctx: ProgramContext, options: NcOptions, address: number, port: number): Program {
  const socket = udpSocket(ctx.netns);
  const fd = ctx.install(new SocketFile(socket));
  try {
    if (options.source !== 0 || options.sourcePort !== 0) udpBind(socket, options.source, options.sourcePort);
    const connected = udpConnect(socket, address, port);
    if (!connected.ok) {
      yield* ctx.err(`nc: connect to ${target(options, address)} port ${port} (udp) failed: ${strerror(connected.errno)}\n`);
      return 1;
    }
    if (options.flags.has('z') || options.flags.has('v')) {
      // udptest: a few octets a second apart; an ICMP error says that nobody is there.
      for (let i = 0; i < 4; i++) {
        if (!udpSend(socket, Uint8Array.of(88)).ok) return 1;
        if (i < 3) yield* ctx.sleep(SECOND);
      }
      if (options.flags.has('v')) yield* ctx.err(succeeded(options, address, port, 'udp'));
      if (options.flags.has('z')) return 0;
    }
    return yield* relay(ctx, options, socket);
  } finally {
    ctx.close(fd);
  }
}

function* listen(ctx: ProgramContext, options: NcOptions): Program {
  const port = options.ports[0];
  const address = options.host === '' ? options.source : (parseIpv4(options.host) ?? 0);
  if (options.flags.has('u')) return yield* listenUdp(ctx, options, address, port);
  const listener = tcpSocket(ctx.netns);
  const fd = ctx.install(new SocketFile(listener));
  listener.setOptions({ reuseAddress: true });
  const bound = tcpBind(listener, address, port);
  const listening = bound.ok ? tcpListen(listener, 1) : bound;
  try {
    if (!listening.ok) {
      yield* ctx.err(`nc: ${strerror(listening.errno)}\n`);
      return 1;
    }
    if (options.flags.has('v')) yield* ctx.err(`Listening on ${formatIpv4(address)} ${port}\n`);
    for (;;) {
      const child = yield* accept(ctx, listener);
      if (!child.ok) return 1;
      if (options.flags.has('v')) yield* ctx.err(`Connection received on ${formatIpv4(child.value.remote)} ${child.value.remotePort}\n`);
      const childFd = ctx.install(new SocketFile(child.value));
      const status = yield* relay(ctx, options, child.value);
      ctx.close(childFd);
      if (!options.flags.has('k')) return status;
    }
  } finally {
    ctx.close(fd);
  }
}

/** The first datagram decides whom to talk to. */
function* listenUdp(ctx: ProgramContext, options: NcOptions, address: number, port: number): Program {
  const socket = udpSocket(ctx.netns);
  const fd = ctx.install(new SocketFile(socket));
  try {
    const bound = udpBind(socket, address, port);
    if (!bound.ok) {
      yield* ctx.err(`nc: ${strerror(bound.errno)}\n`);
      return 1;
    }
    if (options.flags.has('v')) yield* ctx.err(`Bound on ${formatIpv4(address)} ${port}\n`);
    for (;;) {
      const first = udpReceive(socket);
      if (first.ok) {
        udpConnect(socket, first.value.address, first.value.port);
        if (options.flags.has('v')) yield* ctx.err(`Connection received on ${formatIpv4(first.value.address)} ${first.value.port}\n`);
        yield* ctx.out(first.value.payload);
        return yield* relay(ctx, options, socket);
      }
      if ((yield* ctx.wait([socket.readable])) === 'interrupted') return 1;
    }
  } finally {
    ctx.close(fd);
  }
}

/** readwrite(): standard input to the net and the net to standard output, until both have ended. */
function* relay(ctx: ProgramContext, options: NcOptions, socket: TcpSocket | UdpSocket): Program {
  const input = ctx.file(0);
  let inputOpen = input !== undefined;
  let deadline = options.timeout === undefined ? undefined : ctx.now + options.timeout;
  let outgoing: Uint8Array = new Uint8Array(0);
  for (;;) {
    let moved = false;
    const got = take(socket);
    if (got === 'end') return 0;
    if (got === 'error') return socket.type === 'udp' ? 1 : 0;
    if (got !== undefined) {
      yield* ctx.out(got);
      moved = true;
    }
    if (inputOpen && outgoing.length === 0 && input !== undefined) {
      const bytes = input.read(16384);
      if (bytes.ok && bytes.value.length > 0) outgoing = bytes.value;
      else if (bytes.ok || bytes.errno !== 'EAGAIN') {
        inputOpen = false;
        if (options.flags.has('N') && socket.type === 'tcp') tcpShutdown(socket, 'write');
        if (options.quit >= 0) deadline = Math.min(deadline ?? Infinity, ctx.now + options.quit * SECOND);
      }
    }
    if (outgoing.length > 0) {
      const sent = socket.type === 'tcp' ? tcpSend(socket, outgoing) : udpSend(socket, outgoing);
      if (sent.ok) {
        outgoing = outgoing.subarray(sent.value);
        moved = true;
      } else if (sent.errno !== 'EAGAIN') return yield* wrote(ctx, sent.errno === 'EPIPE');
    }
    if (moved) {
      if (options.timeout !== undefined && inputOpen) deadline = ctx.now + options.timeout;
      continue;
    }
    const queues = [socket.readable];
    if (outgoing.length > 0) queues.push(socket.writable);
    else if (inputOpen && input !== undefined) queues.push(input.readable);
    const wake = yield* ctx.wait(queues, deadline);
    if (wake === 'timeout') return 0;
    if (wake === 'interrupted') return 1;
  }
}

function* wrote(ctx: ProgramContext, quietly: boolean): Blocking<number> {
  if (!quietly) yield* ctx.err('nc: write failed (0/0): Connection reset by peer\n');
  return 1;
}

/** What the net has: octets, nothing yet, its end, or an error. */
function take(socket: TcpSocket | UdpSocket): Uint8Array | undefined | 'end' | 'error' {
  if (socket.type === 'udp') {
    const datagram = udpReceive(socket as UdpSocket);
    if (datagram.ok) return datagram.value.payload;
    return datagram.errno === 'EAGAIN' ? undefined : 'error';
  }
  const bytes = tcpReceive(socket as TcpSocket, 16384);
  if (!bytes.ok) return bytes.errno === 'EAGAIN' ? undefined : 'error';
  return bytes.value.length === 0 ? 'end' : bytes.value;
}
