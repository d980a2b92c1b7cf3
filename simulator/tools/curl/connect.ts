/** Name look-up and connection of a transfer, in curl's words. Addresses are tried one after the other (no happy eyeballs). */
import { formatIpv4, parseIpv4 } from '../../base/address.ts';
import { strerror, type Errno } from '../../base/errno.ts';
import type { CurlRelease } from '../../base/platform.ts';
import type { Blocking, ProgramContext } from '../../process/program.ts';
import { bindToDevice, connectTcp, SocketFile, tcpBind, tcpSocket, type TcpSocket } from '../../transport/index.ts';
import { resolve, type ResolvedAddress } from '../net/resolve.ts';
import type { CurlOptions } from './options.ts';
import type { CurlUrl } from './url.ts';

/** What a transfer keeps of its connection. */
export interface Connection {
  readonly socket: TcpSocket;
  readonly fd: number;
  readonly number: number;
  readonly peer: ResolvedAddress;
}

/** An error of curl: number and text. */
export interface CurlError {
  readonly code: number;
  readonly text: string;
}

export interface Clock {
  /** Virtual µs. */
  readonly start: number;
  readonly deadline: number | undefined;
  /** Seconds since start, for -w. */
  nameLookup: number;
  connect: number;
  startTransfer: number;
}

type Log = (text: string) => Blocking<void>;

/** *blocking* A connection to the host of `url`, or curl's error. `note` gets the lines of -v without their `* `. */
export function* connect(ctx: ProgramContext, options: CurlOptions, url: CurlUrl, number: number, clock: Clock, note: Log): Blocking<Connection | CurlError> {
  const { words } = ctx.host.kernel.platform.curl;
  const addresses = yield* lookUp(ctx, options, url, clock, note);
  if ('code' in addresses) return addresses;
  clock.nameLookup = (ctx.now - clock.start) / 1e6;
  const limit = clock.start + (options.connectTimeout !== 0 ? options.connectTimeout : 300) * 1e6;
  const deadline = Math.min(limit, clock.deadline ?? Infinity);
  let lastErrno: Errno = 'ECONNREFUSED';
  for (const peer of addresses) {
    yield* note(`  Trying ${peer.family === 6 ? '[::1]' : formatIpv4(peer.address)}:${url.port}...`);
    const socket = tcpSocket(ctx.netns, peer.family === 6);
    const fd = ctx.install(new SocketFile(socket));
    socket.setOptions({ noDelay: true, keepAlive: options.noKeepAlive ? null : { idle: options.keepAliveTime, interval: options.keepAliveTime } });
    const bound = bindLocal(socket, options);
    if (bound !== undefined) {
      ctx.close(fd);
      return bound;
    }
    const connected = yield* connectTcp(ctx, socket, peer.address, url.port, { deadline, loopback6: peer.family === 6 });
    if (connected.ok) {
      clock.connect = (ctx.now - clock.start) / 1e6;
      const from = `${peer.family === 6 ? '::1' : formatIpv4(socket.local)} port ${socket.localPort}`;
      const to = `${url.host} (${textOf(peer)}`;
      if (words === 'colon 8.22') yield* note(`Established connection to ${to} port ${url.port}) from ${from} `);
      else yield* note(`Connected to ${to}) port ${url.port}${words === 'port 7.74' ? ` (#${number})` : ''}`);
      return { socket, fd, number, peer };
    }
    const local = `${socket.loopback6 ? '::1' : formatIpv4(socket.local)} port ${socket.localPort}`;
    ctx.close(fd);
    if (connected.errno === 'EAGAIN') {
      const text = `Connection timed out after ${elapsed(ctx, clock)} milliseconds`;
      yield* note(text);
      yield* note(`closing connection #${number}`);
      return { code: 28, text };
    }
    lastErrno = connected.errno;
    if (socket.localPort === 0) yield* note(`Immediate connect fail for ${textOf(peer)}: ${strerror(lastErrno)}`);
    else yield* note(`connect to ${textOf(peer)} port ${url.port} from ${local} failed: ${strerror(lastErrno)}`);
  }
  const text = failure(words, url, elapsed(ctx, clock), lastErrno);
  yield* note(text);
  yield* note(`closing connection #${number}`);
  return { code: lastErrno === 'ETIMEDOUT' ? 28 : 7, text };
}

/** Why there is no connection, in the words of curl's release. */
function failure(words: CurlRelease['words'], { host, port }: CurlUrl, after: number, errno: Errno): string {
  if (words === 'port 7.74') return `Failed to connect to ${host} port ${port}: ${strerror(errno)}`;
  const why = errno === 'ETIMEDOUT' ? 'Connection timed out' : 'Could not connect to server';
  return `Failed to connect to ${host}${words === 'colon 8.22' ? ':' : ' port '}${port} after ${after} ms: ${why}`;
}

/** Whole milliseconds since the transfer began. */
export function elapsed(ctx: ProgramContext, clock: Clock): number {
  return Math.floor((ctx.now - clock.start) / 1000);
}

function textOf(address: ResolvedAddress): string {
  return address.family === 6 ? '::1' : formatIpv4(address.address);
}

function* lookUp(ctx: ProgramContext, options: CurlOptions, url: CurlUrl, clock: Clock, note: Log): Blocking<readonly ResolvedAddress[] | CurlError> {
  for (const entry of options.resolve) {
    const match = /^\+?([^:]+):(\d+):(.+)$/.exec(entry);
    const address = match !== null && (match[1] === url.host || match[1] === '*') && Number(match[2]) === url.port ? parseIpv4(match[3]) : undefined;
    if (address !== undefined) {
      yield* note(`Hostname ${url.host} was found in DNS cache`);
      return [{ family: 4, address }];
    }
  }
  const found = yield* resolve(ctx, url.host, options.family, clock.deadline);
  if (found.addresses.length === 0) {
    if (clock.deadline !== undefined && ctx.now >= clock.deadline) {
      return { code: 28, text: `Resolving timed out after ${elapsed(ctx, clock)} milliseconds` };
    }
    yield* note(`Could not resolve host: ${url.host}`);
    yield* note('closing connection #0');
    return { code: 6, text: `Could not resolve host: ${url.host}` };
  }
  const literal = url.host === '::1' || parseIpv4(url.host) !== undefined;
  const { words, localhost } = ctx.host.kernel.platform.curl;
  if (!literal && words !== 'port 7.74') {
    const list = (family: 4 | 6): string => found.addresses.filter((entry) => entry.family === family).map(textOf).join(', ') || '(none)';
    yield* note(`Host ${url.host}:${url.port} was resolved.`);
    yield* note(`IPv6: ${list(6)}`);
    yield* note(`IPv4: ${list(4)}`);
  }
  if (localhost === 6) return found.addresses;
  return [...found.addresses].sort((a, b) => a.family - b.family);
}

/** --interface and --local-port. */
function bindLocal(socket: TcpSocket, options: CurlOptions): CurlError | undefined {
  if (options.interface === '' && options.localPort === 0) return undefined;
  let address = 0;
  if (options.interface !== '') {
    const name = options.interface.replace(/^(if|host)!/, '');
    const literal = parseIpv4(name);
    if (literal !== undefined) address = literal;
    else {
      const bound = bindToDevice(socket, name);
      if (!bound.ok) return { code: 45, text: `Couldn't bind to interface '${name}'` };
      address = socket.ns.device(name)?.addresses[0]?.address ?? 0;
    }
  }
  const bound = tcpBind(socket, address, options.localPort);
  return bound.ok ? undefined : { code: 45, text: `bind failed with errno 99: ${strerror(bound.errno)}` };
}
