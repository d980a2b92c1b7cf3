/**
 * ping(8) of iputils 20240905 (`pingTool`), and the one of busybox (`busyboxPingTool`, for images made of busybox).
 * Emulated: -4 -b -c -D -I -i -M -m -n -O -Q -q -s -t -w -W. Other options of the real program are refused by name.
 */
import { formatIpv4, parseIpv4 } from '../base/address.ts';
import { strerror, type Errno } from '../base/errno.ts';
import { ipRouteOutput, routeMtu } from '../kernel/route.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../process/program.ts';
import { bindToDevice, icmpBind, icmpSocket, type IcmpSocket, udpConnect, udpSocket } from '../transport/index.ts';
import { resolve, resolveErrorText, reverse } from './net/resolve.ts';
import { parsePing, type PingOptions } from './ping/options.ts';
import { probe } from './ping/probe.ts';
import { icmpText, PingStatistics, tripTime } from './ping/statistics.ts';

export { busyboxPingTool } from './ping/busybox.ts';

export const pingTool: Tool = { name: 'ping', summary: 'send ICMP ECHO_REQUEST to network hosts', main };

function* main(ctx: ProgramContext): Program {
  const options = parsePing(ctx.argv.slice(1));
  if ('status' in options) {
    yield* options.status === 0 ? ctx.out(`${options.text}\n`) : ctx.err(`${options.text}\n`);
    return options.status;
  }
  const found = yield* resolve(ctx, options.target, 4);
  const address = found.addresses[0]?.address;
  if (address === undefined) {
    yield* ctx.err(`ping: ${options.target}: ${resolveErrorText(found.error ?? 'unknown')}\n`);
    return 2;
  }
  const socket = icmpSocket(ctx.netns, ctx.random('ping-id').between(1, 0xffff)).ownedBy(ctx.origin);
  try {
    const refusal = setUp(ctx, socket, options, address);
    if (refusal !== undefined) {
      yield* ctx.err(`ping: ${refusal}\n`);
      return 2;
    }
    return yield* run(ctx, socket, options, address);
  } finally {
    socket.close();
  }
}

/** Source, device and the probe that finds the source address; what ping complains of, if anything. */
function setUp(ctx: ProgramContext, socket: IcmpSocket, options: PingOptions, address: number): string | undefined {
  socket.setOptions({ ttl: options.ttl, tos: options.tos, mark: options.mark, broadcast: options.broadcast, pmtuDiscovery: options.pmtuDiscovery ?? 'want' });
  const literal = parseIpv4(options.source);
  if (literal !== undefined) {
    const bound = icmpBind(socket, literal);
    return bound.ok ? undefined : `bind: ${strerror(bound.errno)}`;
  }
  if (options.source !== '') {
    const bound = bindToDevice(socket, options.source);
    if (!bound.ok) return `SO_BINDTODEVICE ${options.source}: ${strerror(bound.errno)}`;
  }
  const scout = udpSocket(ctx.netns).ownedBy(ctx.origin);
  scout.setOptions({ bindToDevice: socket.boundDevice, mark: options.mark, tos: options.tos, broadcast: options.broadcast });
  const connected = udpConnect(scout, address, 1025);
  const source = scout.local;
  scout.close();
  if (!connected.ok) {
    if (connected.errno === 'EACCES') return 'Do you want to ping broadcast? Then -b. If not, check your local firewall rules';
    return `connect: ${strerror(connected.errno)}`;
  }
  if (options.source !== '') socket.local = source;
  return undefined;
}

/** What the kernel says would fit. */
function pathMtu(ctx: ProgramContext, address: number): number {
  const route = ipRouteOutput(ctx.netns, address);
  return route.ok ? routeMtu(ctx.netns, route.value, address) : 0;
}

function* run(ctx: ProgramContext, socket: IcmpSocket, options: PingOptions, address: number): Program {
  const target = formatIpv4(address);
  const numeric = options.numeric || parseIpv4(options.target) !== undefined;
  const names = new Map<number, string>();
  function* nameOf(other: number): Blocking<string> {
    const text = formatIpv4(other);
    if (numeric) return text;
    let shown = names.get(other);
    if (shown === undefined) {
      const name = yield* reverse(ctx, other);
      shown = name === undefined ? text : `${name} (${text})`;
      names.set(other, shown);
    }
    return shown;
  }
  const stamp = (): string => {
    if (!options.timestamps) return '';
    const seconds = Math.floor(ctx.wallClock / 1e6);
    return `[${seconds}.${String(ctx.wallClock - seconds * 1e6).padStart(6, '0')}] `;
  };
  const from = options.source === '' ? '' : `from ${formatIpv4(socket.local)} ${parseIpv4(options.source) === undefined ? options.source : ''}: `;
  yield* ctx.out(`PING ${options.target} (${target}) ${from}${options.size}(${options.size + 28}) bytes of data.\n`);
  if (options.broadcast && socket.broadcast) yield* ctx.err('WARNING: pinging broadcast address\n');
  ctx.catchSignal('SIGINT');
  const statistics = new PingStatistics();
  const schedule = {
    address,
    count: options.count,
    interval: options.interval,
    linger: options.linger,
    adaptiveLinger: true,
    deadline: options.deadline !== 0 ? ctx.now + options.deadline : 0,
    size: options.size,
    firstSequence: 1,
    errorsCount: true,
  };
  const span = yield* probe(ctx, socket, schedule, statistics, {
    *reply(reply, triptime, duplicate) {
      if (options.quiet) return;
      const time = triptime === undefined ? '' : ` time=${tripTime(triptime)} ms`;
      const who = yield* nameOf(reply.from);
      yield* ctx.out(`${stamp()}${reply.payload.length + 8} bytes from ${who}: icmp_seq=${reply.sequence} ttl=${reply.ttl}${time}${duplicate ? ' (DUP!)' : ''}\n`);
    },
    *error(error) {
      if (options.quiet) return;
      const who = yield* nameOf(error.offender);
      yield* ctx.out(`${stamp()}From ${who} icmp_seq=${error.icmpSeq} ${icmpText(error.type, error.code, error.mtu)}\n`);
    },
    *refused(errno: Errno) {
      if (errno === 'EMSGSIZE') statistics.errors++;
      const told = errno === 'EMSGSIZE' && ctx.host.kernel.platform.pingTooLong === 'local error';
      if (!options.quiet) yield* ctx.err(told ? `ping: local error: message too long, mtu=${pathMtu(ctx, address)}\n` : `ping: sendmsg: ${strerror(errno)}\n`);
      return false;
    },
    *beforeProbe(sequence) {
      if (options.outstanding && sequence > 1 && !statistics.answered(sequence - 1)) yield* ctx.out(`${stamp()}no answer yet for icmp_seq=${sequence - 1}\n`);
    },
  });
  yield* ctx.out(statistics.summary(options.target, span, options.size >= 16));
  const enough = statistics.received > 0 && (options.deadline === 0 || options.count === 0 || statistics.received >= options.count);
  return enough ? 0 : 1;
}
