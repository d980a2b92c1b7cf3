/**
 * wget(1): GNU Wget 1.25 (`wgetTool`) and the one of busybox 1.37 (`busyboxWgetTool`), over HTTP.
 * Emulated: -q -O -T -t -S --spider (GNU), -q -O -T -S --spider (busybox). Others are refused by name; so is https.
 */
import { formatIpv4, parseIpv4 } from '../base/address.ts';
import { strerror } from '../base/errno.ts';
import { SECOND } from '../base/scheduler.ts';
import { strftime } from '../process/calendar.ts';
import type { Blocking, OpenFile, Program, ProgramContext, Tool } from '../process/program.ts';
import { connectTcp, SocketFile, tcpSocket, type TcpSocket } from '../transport/index.ts';
import { httpHeader, parseStatusLine } from '../wire/http1.ts';
import { parseCurl, type CurlOptions } from './curl/options.ts';
import { exchange, type Exchange, type Sinks } from './curl/transfer.ts';
import { type CurlUrl, parseUrl } from './curl/url.ts';
import { getopt } from './net/getopt.ts';
import { resolve, resolveInBusybox } from './net/resolve.ts';

export const wgetTool: Tool = { name: 'wget', summary: 'the non-interactive network downloader', main: (ctx) => run(ctx, false) };
export const busyboxWgetTool: Tool = { name: 'wget', directory: '/usr/bin', summary: 'retrieve files via HTTP', main: (ctx) => run(ctx, true) };

interface WgetOptions {
  readonly url: CurlUrl;
  readonly text: string;
  readonly quiet: boolean;
  readonly output: string;
  /** Microseconds. */
  readonly timeout: number;
  readonly tries: number;
  readonly showHeaders: boolean;
  readonly spider: boolean;
}

function parse(ctx: ProgramContext, busybox: boolean): WgetOptions | { text: string; status: number } {
  const long = Object.fromEntries(
    Object.entries({ quiet: 'q', 'output-document': 'O', timeout: 'T', tries: 't', 'server-response': 'S', spider: '#' }).map(([name, as]) => [name, { as, value: 'OTt'.includes(as) }]),
  );
  const parsed = getopt(ctx.argv.slice(1), { short: 'qO:T:t:ScbnvP:U:', long });
  if (parsed.error !== undefined) return { text: `wget: ${parsed.error}\nUsage: wget [OPTION]... [URL]...\n\nTry \`wget --help' for more options.\n`, status: busybox ? 1 : 2 };
  const given = new Map(parsed.options.map(({ name, value }) => [name, value]));
  for (const name of given.keys()) if ('cbnvPU'.includes(name)) return { text: `wget: option -${name} is not emulated here\n`, status: 2 };
  const text = parsed.operands[0];
  if (text === undefined) return { text: busybox ? 'BusyBox v1.37.0 multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-T SEC] URL...\n' : "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n", status: 1 };
  const url = parseUrl(text);
  if ('code' in url) return { text: busybox ? `wget: bad address '${text}'\n` : `${text}: Invalid host name.\n`, status: 1 };
  if (url.scheme !== 'http') return { text: url.scheme === 'https' ? 'wget: https is not emulated here\n' : `${text}: Unsupported scheme ‘${url.scheme}’.\n`, status: 1 };
  const name = url.target.replace(/\?.*/, '').split('/').pop() ?? '';
  return {
    url,
    text: text.includes('://') ? text : `http://${text}`,
    quiet: given.has('q'),
    output: given.get('O') ?? (name === '' ? 'index.html' : name),
    timeout: Number(given.get('T') ?? 900) * SECOND,
    tries: Number(given.get('t') ?? 20),
    showHeaders: given.has('S'),
    spider: given.has('#'),
  };
}

function* run(ctx: ProgramContext, busybox: boolean): Program {
  const options = parse(ctx, busybox);
  if ('status' in options) {
    yield* ctx.err(options.text);
    return options.status;
  }
  const say = function* (text: string): Blocking<void> {
    if (!options.quiet) yield* ctx.err(text);
  };
  const { url } = options;
  if (!busybox) yield* say(`--${strftime('%Y-%m-%d %H:%M:%S', Math.floor(ctx.wallClock / 1e6))}--  ${options.text}${url.target === '/' && !options.text.endsWith('/') ? '/' : ''}\n`);
  const literal = parseIpv4(url.host) !== undefined;
  if (!busybox && !literal) yield* say(`Resolving ${url.host} (${url.host})... `);
  const found = (yield* busybox ? resolveInBusybox(ctx, url.host) : resolve(ctx, url.host)).addresses;
  const place = (address: { family: 4 | 6; address: number }): string => (address.family === 6 ? '::1' : formatIpv4(address.address));
  if (found.length === 0) {
    yield* busybox ? ctx.err(`wget: bad address '${url.host}'\n`) : say(`failed: Temporary failure in name resolution.\nwget: unable to resolve host address ‘${url.host}’\n`);
    return busybox ? 1 : 4;
  }
  if (!busybox && !literal) yield* say(`${found.map(place).join(', ')}\n`);
  for (const address of found) {
    const socket = tcpSocket(ctx.netns, address.family === 6);
    const fd = ctx.install(new SocketFile(socket));
    try {
      const shown = address.family === 6 ? `[::1]:${url.port}` : `${formatIpv4(address.address)}:${url.port}`;
      if (busybox) yield* say(`Connecting to ${url.host}${url.portText === '' ? '' : `:${url.port}`} (${shown})\n`);
      else yield* say(`Connecting to ${url.host} (${url.host})|${place(address)}|:${url.port}... `.replace(literal ? / \(.*\)\|.*\|/ : /^$/, ''));
      const connected = yield* connectTcp(ctx, socket, address.address, url.port, { deadline: ctx.now + options.timeout, loopback6: address.family === 6 });
      if (!connected.ok) {
        const timedOut = connected.errno === 'EAGAIN';
        if (busybox && address === found.at(-1)) yield* ctx.err(timedOut ? 'wget: download timed out\n' : `wget: can't connect to remote host (${place(address)}): ${strerror(connected.errno)}\n`);
        if (!busybox) yield* say(`failed: ${timedOut ? 'Connection timed out' : strerror(connected.errno)}.\n`);
        continue;
      }
      if (!busybox) yield* say('connected.\n');
      return yield* download(ctx, options, busybox, socket, address, say);
    } finally {
      ctx.close(fd);
    }
  }
  return busybox ? 1 : 4;
}

function* download(ctx: ProgramContext, options: WgetOptions, busybox: boolean, socket: TcpSocket, peer: { family: 4 | 6; address: number }, say: (text: string) => Blocking<void>): Program {
  const request = {
    ...(parseCurl([]) as CurlOptions),
    head: options.spider,
    userAgent: busybox ? 'Wget' : 'Wget/1.25.0',
    headers: busybox ? ['Connection: close'] : ['Accept-Encoding: identity', 'Connection: Keep-Alive'],
  };
  let file: OpenFile | undefined;
  const sinks: Sinks = {
    *note() {},
    *line() {},
    *head(text) {
      if (options.showHeaders) yield* ctx.err(text.trimEnd().split('\r\n').map((line) => `  ${line}\n`).join(''));
    },
    *body(bytes) {
      if (options.output === '-') yield* ctx.out(bytes);
      else file?.write(bytes);
    },
    *progress() {},
  };
  if (!busybox) yield* say('HTTP request sent, awaiting response... ');
  if (options.output !== '-' && !options.spider) {
    const opened = ctx.fs.open(options.output, 'w');
    if (!opened.ok) {
      yield* ctx.err(`${busybox ? `wget: can't open '${options.output}'` : options.output}: ${strerror(opened.errno)}\n`);
      return busybox ? 1 : 3;
    }
    file = opened.value;
    file.retain();
  }
  const started = ctx.now;
  const clock = { start: started, deadline: started + options.timeout, nameLookup: 0, connect: 0, startTransfer: 0 };
  const result: Exchange = yield* exchange(ctx, request, options.url, { socket, fd: -1, number: 0, peer }, clock, sinks);
  file?.release();
  const status = result.head === undefined ? undefined : parseStatusLine(result.head.startLine);
  if (result.error !== undefined || status === undefined) {
    const why = result.error?.code === 28 ? 'timed out' : 'reset by peer';
    yield* busybox ? ctx.err(result.error?.code === 28 ? 'wget: download timed out\n' : 'wget: error getting response: Connection reset by peer\n') : say(`Read error (Connection ${why}) in headers.\n`);
    return busybox ? 1 : 4;
  }
  const { length, type } = { length: httpHeader(result.head?.headers ?? [], 'Content-Length'), type: httpHeader(result.head?.headers ?? [], 'Content-Type') };
  if (!busybox) yield* say(`${status.status} ${status.reason}\n`);
  if (status.status >= 400) {
    yield* busybox ? ctx.err(`wget: server returned error: ${result.head?.startLine ?? ''}\n`) : say(`${strftime('%Y-%m-%d %H:%M:%S', Math.floor(ctx.wallClock / 1e6))} ERROR ${status.status}: ${status.reason}.\n\n`);
    return busybox ? 1 : 8;
  }
  const mime = type === undefined ? '' : ` [${type.replace(/;.*/, '')}]`;
  if (!busybox) yield* say(`Length: ${length ?? 'unspecified'}${mime}\n`);
  if (options.spider) {
    yield* say(busybox ? 'remote file exists\n' : 'Remote file exists.\n\n');
    return 0;
  }
  yield* say(busybox ? busyboxEnd(options, result.received) : gnuEnd(ctx, options, result.received, length, ctx.now - started));
  return 0;
}

function busyboxEnd(options: WgetOptions, received: number): string {
  const file = options.output;
  const bar = `${file.padEnd(20).slice(0, 20)} 100% |${'*'.repeat(32)}| ${String(received).padStart(5)}  0:00:00 ETA\n`;
  return file === '-' ? `writing to stdout\n${bar}written to stdout\n` : `saving to '${file}'\n${bar}'${file}' saved\n`;
}

/** The dots of a log that is no terminal, and the closing line. */
function gnuEnd(ctx: ProgramContext, options: WgetOptions, received: number, length: string | undefined, took: number): string {
  const seconds = Math.max(took, 1) / 1e6;
  const perSecond = received / seconds;
  const rate = perSecond >= 1_048_576 ? `${(perSecond / 1_048_576).toPrecision(3)} MB/s` : perSecond >= 1024 ? `${(perSecond / 1024).toPrecision(3)} KB/s` : `${perSecond.toPrecision(3)} B/s`;
  let text = `Saving to: ‘${options.output === '-' ? 'STDOUT' : options.output}’\n\n`;
  const dots = Math.ceil(received / 1024);
  for (let row = 0; row === 0 || row * 50 < dots; row++) {
    const count = Math.max(0, Math.min(50, dots - row * 50));
    const shown = '.'.repeat(count).padEnd(50).replace(/(.{10})/g, ' $1');
    const last = (row + 1) * 50 >= dots;
    const percent = length !== undefined && Number(length) > 0 ? `${String(Math.min(100, Math.floor((Math.min(received, (row + 1) * 51_200) * 100) / Number(length)))).padStart(3)}%` : '';
    text += `${String(row * 50).padStart(6)}K${shown} ${percent}${last ? ` ${rate.replace(' ', '').replace('B/s', '')}=${seconds.toPrecision(2)}s` : ''}\n`;
  }
  const saved = options.output === '-' ? 'written to stdout' : `‘${options.output}’ saved`;
  return `${text}\n${strftime('%Y-%m-%d %H:%M:%S', Math.floor(ctx.wallClock / 1e6))} (${rate}) - ${saved} [${received}${length !== undefined ? `/${length}` : ''}]\n\n`;
}
