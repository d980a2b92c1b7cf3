/**
 * tcpdump 4.99.5 with libpcap 1.10.5: shows the packets that pass a device. Mirrors tcpdump(1) and pcap-filter(7).
 *
 * Options: -A -c -D -e -i (also `any`) -l -n -p -q -Q -r -s -S -t… -U -v… -w -x -X -# --count --print --version -h, and
 * those without an effect to see (-B -K -O -Z --immediate-mode). Not emulated, and refused: rotation of files (-C -G -W -z),
 * decryption, other link types, -d, -F, -T, -V. Lines are never held back, as if -l were always given; the time zone is
 * UTC; names come from /etc/hosts and the table of services only.
 */
import { formatIpv4, parseIpv4 } from '../base/address.ts';
import { strerror } from '../base/errno.ts';
import { encodeUtf8 } from '../base/utf8.ts';
import { PACKET_OUTGOING, PacketSocket, type SocketFilter } from '../kernel/packet-socket.ts';
import {
  type Blocking,
  fail,
  type OpenFile,
  type Program,
  type ProgramContext,
  type Tool,
} from '../process/program.ts';
import { type CapturedFrame, LINK_ETHERNET, LINK_LINUX_SLL2, pcapHeader, pcapRecord, readPcap } from '../wire/pcap.ts';
import { Stamper } from './tcpdump/clock.ts';
import { compileFilter } from './tcpdump/filter.ts';
import { defaultInterface, interfaceByNumber, interfaceList } from './tcpdump/interfaces.ts';
import { parseOptions, type TcpdumpOptions } from './tcpdump/options.ts';
import { Printer } from './tcpdump/printer.ts';
import type { Test } from './tcpdump/primitives.ts';
import { viewOf } from './tcpdump/view.ts';

export const tcpdumpTool: Tool = {
  name: 'tcpdump',
  summary: 'show packets as they pass a device',
  main,
  complete(words, ctx) {
    const before = words[words.length - 2];
    if (before === '-i' || before === '--interface') return [...ctx.netns.byName.keys(), 'any'].sort();
    return [];
  },
};

const LINK_NAMES: Readonly<Record<number, string>> = {
  [LINK_ETHERNET]: 'EN10MB (Ethernet)',
  [LINK_LINUX_SLL2]: 'LINUX_SLL2 (Linux cooked v2)',
};

function* main(ctx: ProgramContext): Program {
  const options = parseOptions(ctx.argv.slice(1));
  if ('status' in options) {
    if (options.listInterfaces) yield* ctx.out(interfaceList(ctx.netns));
    if (options.out !== undefined) yield* ctx.out(options.out);
    if (options.err !== undefined) yield* ctx.err(options.err);
    return options.status;
  }
  return options.read !== '' ? yield* readFile(ctx, options) : yield* capture(ctx, options);
}

/** Where frames go: lines on stdout, or a file. */
class Output {
  private readonly ctx: ProgramContext;
  private readonly options: TcpdumpOptions;
  private readonly printer: Printer;
  private readonly stamper: Stamper;
  private readonly linkType: number;
  private file: OpenFile | 'stdout' | undefined;
  private printed = 0;

  constructor(ctx: ProgramContext, options: TcpdumpOptions, linkType: number) {
    this.ctx = ctx;
    this.options = options;
    this.linkType = linkType;
    this.stamper = new Stamper(options.stamp);
    const names = hostNames(ctx);
    this.printer = new Printer({
      link: options.link,
      verbose: options.verbose,
      quick: options.quick,
      absolute: options.absolute,
      numeric: options.numeric,
      hex: options.hex,
      hexAscii: options.hexAscii,
      ascii: options.ascii,
      nameOf: (address) => names.get(formatIpv4(address)),
      interfaceName: (ifindex) => ctx.netns.devices.get(ifindex)?.name,
    });
  }

  /** Opens the file of -w; the message when that fails. */
  *open(): Blocking<string | undefined> {
    const { write } = this.options;
    if (write === '') return undefined;
    if (write === '-') this.file = 'stdout';
    else {
      const opened = this.ctx.fs.open(write, 'w');
      if (!opened.ok) return `${write}: ${strerror(opened.errno)}`;
      this.file = opened.value;
    }
    yield* this.save(pcapHeader(this.linkType, this.options.snaplen));
    return undefined;
  }

  *frame(frame: CapturedFrame): Blocking<void> {
    const { options } = this;
    const bytes = frame.bytes.length > options.snaplen ? frame.bytes.subarray(0, options.snaplen) : frame.bytes;
    if (this.file !== undefined) {
      yield* this.save(pcapRecord({ ...frame, bytes }));
      if (!options.print) return;
    }
    if (options.countOnly) return;
    const number = options.number ? `${String(++this.printed).padStart(5)}  ` : '';
    yield* this.ctx.out(
      number + this.stamper.stamp(frame.time) + this.printer.frame(bytes, this.linkType, frame.length),
    );
  }

  close(): void {
    if (this.file !== undefined && this.file !== 'stdout') this.file.release();
    this.file = undefined;
  }

  private *save(bytes: Uint8Array): Blocking<void> {
    if (this.file === 'stdout') yield* this.ctx.write(1, bytes);
    else this.file?.write(bytes);
  }
}

function* capture(ctx: ProgramContext, options: TcpdumpOptions): Blocking<number> {
  const ns = ctx.netns;
  const wanted = options.interface === '' ? defaultInterface(ns) : options.interface;
  const name = ns.byName.has(wanted) || !/^\d+$/.test(wanted) ? wanted : interfaceByNumber(ns, Number(wanted));
  if (name === undefined) return yield* fail(ctx, 'tcpdump: Invalid adapter index');
  const dev = name === 'any' ? null : ns.byName.get(name);
  if (dev === undefined) return yield* fail(ctx, `tcpdump: ${name}: No such device exists\n(No such device exists)`);
  if (dev !== null && !dev.up) return yield* fail(ctx, `tcpdump: ${name}: That device is not up`);
  const linkType = dev === null ? LINK_LINUX_SLL2 : LINK_ETHERNET;
  if (dev === null && options.promiscuous) {
    yield* ctx.err(
      'tcpdump: WARNING: any: That device doesn\'t support promiscuous mode\n(Promiscuous mode not supported on the "any" device)\n',
    );
  }
  const filter = compile(ctx, options, linkType);
  if (typeof filter === 'string') return yield* fail(ctx, `tcpdump: ${filter}`);
  const output = new Output(ctx, options, linkType);
  const trouble = yield* output.open();
  if (trouble !== undefined) return yield* fail(ctx, `tcpdump: ${trouble}`);
  const socket = new PacketSocket(ns, dev, socketFilter(filter, options, linkType));
  ctx.catchSignal('SIGINT');
  ctx.catchSignal('SIGTERM');
  try {
    const quiet = options.verbose > 0 || options.write !== '';
    const start = quiet ? 'tcpdump: ' : 'tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n';
    yield* ctx.err(
      `${start}listening on ${name}, link-type ${LINK_NAMES[linkType]}, snapshot length ${options.snaplen} bytes\n`,
    );
    const captured = yield* captureLoop(ctx, options, socket, output);
    if (options.countOnly) yield* ctx.out(`${plural(captured)}\n`);
    yield* ctx.err(
      `${plural(captured)} captured\n${plural(socket.received)} received by filter\n${plural(socket.dropped)} dropped by kernel\n`,
    );
    return 0;
  } finally {
    socket.close();
    output.close();
  }
}

/** Takes frames until there are enough or a signal comes; how many they were. */
function* captureLoop(
  ctx: ProgramContext,
  options: TcpdumpOptions,
  socket: PacketSocket,
  output: Output,
): Blocking<number> {
  const epoch = ctx.wallClock - ctx.now;
  let captured = 0;
  for (;;) {
    const frame = socket.read();
    if (frame !== undefined) {
      captured++;
      yield* output.frame({ time: epoch + frame.at, length: frame.bytes.length, bytes: frame.bytes });
      if (options.count !== 0 && captured >= options.count) return captured;
      continue;
    }
    if (ctx.takeSignal() !== undefined) {
      // A line may have been cut short: one more newline, just in case. Not by ctx.out: the reader of a pipe got the
      // same signal, and which of the two is faster must not decide whether the figures below are seen.
      if (options.write === '') ctx.file(1)?.write(encodeUtf8('\n'));
      return captured;
    }
    yield* ctx.wait([socket.readable]);
  }
}

function plural(count: number): string {
  return `${count} packet${count === 1 ? '' : 's'}`;
}

function socketFilter(test: Test, options: TcpdumpOptions, linkType: number): SocketFilter {
  const { direction } = options;
  return (bytes, type) => {
    if (direction !== '' && (type === PACKET_OUTGOING) !== (direction === 'out')) return false;
    return test(viewOf(bytes, linkType));
  };
}

function compile(ctx: ProgramContext, options: TcpdumpOptions, linkType: number): Test | string {
  const names = hostNames(ctx);
  const resolve = (name: string): number | undefined => {
    for (const [address, each] of names) if (each === name) return parseIpv4(address);
    return undefined;
  };
  return compileFilter(options.expression, { resolve, linkType });
}

function* readFile(ctx: ProgramContext, options: TcpdumpOptions): Blocking<number> {
  const contents = options.read === '-' ? yield* readStdin(ctx) : ctx.fs.readFile(options.read);
  if (!contents.ok) return yield* fail(ctx, `tcpdump: ${options.read}: ${strerror(contents.errno)}`);
  const file = readPcap(contents.value);
  if (!file.ok) {
    const short = contents.value.length < 24;
    return yield* fail(
      ctx,
      short
        ? `tcpdump: truncated dump file; tried to read 4 file header bytes, only got ${Math.min(3, contents.value.length)}`
        : 'tcpdump: unknown file format',
    );
  }
  const { linkType, snaplen, frames, truncated } = file.value;
  if (!(linkType in LINK_NAMES)) return yield* fail(ctx, `tcpdump: link-type ${linkType} is not emulated here`);
  const filter = compile(ctx, options, linkType);
  if (typeof filter === 'string') return yield* fail(ctx, `tcpdump: ${filter}`);
  const output = new Output(ctx, options, linkType);
  const trouble = yield* output.open();
  if (trouble !== undefined) return yield* fail(ctx, `tcpdump: ${trouble}`);
  yield* ctx.err(`reading from file ${options.read}, link-type ${LINK_NAMES[linkType]}, snapshot length ${snaplen}\n`);
  try {
    let count = 0;
    for (const frame of frames) {
      if (!filter(viewOf(frame.bytes, linkType, frame.length))) continue;
      yield* output.frame(frame);
      if (++count === options.count) break;
    }
    if (options.countOnly) yield* ctx.out(`${plural(count)}\n`);
    return truncated ? yield* fail(ctx, 'tcpdump: pcap_loop: truncated dump file') : 0;
  } finally {
    output.close();
  }
}

function* readStdin(ctx: ProgramContext): Blocking<ReturnType<ProgramContext['fs']['readFile']>> {
  const parts: number[] = [];
  for (;;) {
    const chunk = yield* ctx.read(0);
    if (!chunk.ok) return chunk;
    if (chunk.value.length === 0) return { ok: true, value: Uint8Array.from(parts) };
    for (const octet of chunk.value) parts.push(octet);
  }
}

/** First names of /etc/hosts by address. */
function hostNames(ctx: ProgramContext): Map<string, string> {
  const hosts = ctx.fs.readText('/etc/hosts');
  const names = new Map<string, string>();
  for (const line of hosts.ok ? hosts.value.split('\n') : []) {
    const [address, name] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (name !== undefined && !names.has(address)) names.set(address, name);
  }
  return names;
}
