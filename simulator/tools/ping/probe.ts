/** Sending echo requests at an interval and collecting what comes back: the loop both pings share (main_loop, pinger). */
import type { Errno } from '../../base/errno.ts';
import type { Blocking, ProgramContext } from '../../process/program.ts';
import { type EchoReply, icmpReceive, icmpSendEcho, type IcmpSocket, type QueuedError } from '../../transport/index.ts';
import type { PingStatistics } from './statistics.ts';

export interface Schedule {
  readonly address: number;
  /** 0 for no end. */
  readonly count: number;
  readonly interval: number;
  /** How long to wait after the last probe when nothing was ever answered. */
  readonly linger: number;
  /** Once something was answered, twice the longest trip is long enough. */
  readonly adaptiveLinger: boolean;
  /** Virtual µs, 0 for none. */
  readonly deadline: number;
  readonly size: number;
  readonly firstSequence: number;
  /** An error counts as an answer. */
  readonly errorsCount: boolean;
}

export interface Listener {
  reply(reply: EchoReply, triptime: number | undefined, duplicate: boolean): Blocking<void>;
  error(error: QueuedError): Blocking<void>;
  /** A probe could not be sent; true to give up. */
  refused(errno: Errno): Blocking<boolean>;
  /** Before probe `sequence` is sent. */
  beforeProbe?(sequence: number): Blocking<void>;
}

/** *blocking* Runs until done, the deadline or SIGINT; microseconds between the first and the last probe. */
export function* probe(ctx: ProgramContext, socket: IcmpSocket, schedule: Schedule, statistics: PingStatistics, listener: Listener): Blocking<number> {
  const sentAt = new Map<number, number>();
  const first = ctx.now;
  let last = first;
  let next = first;
  for (;;) {
    const unlimited = schedule.count === 0;
    if (schedule.deadline !== 0 && ctx.now >= schedule.deadline) break;
    const more = unlimited || statistics.transmitted < schedule.count;
    if (more && ctx.now >= next) {
      const sequence = statistics.transmitted + schedule.firstSequence;
      if (listener.beforeProbe !== undefined) yield* listener.beforeProbe(sequence);
      last = ctx.now;
      sentAt.set(sequence & 0xffff, last);
      const sent = icmpSendEcho(socket, schedule.address, sequence, payload(ctx, schedule.size));
      statistics.transmitted++;
      if (!sent.ok && (yield* listener.refused(sent.errno))) break;
      next = last + schedule.interval;
    }
    yield* collect(ctx, socket, schedule, sentAt, statistics, listener);
    const answered = statistics.received + (schedule.errorsCount ? statistics.errors : 0);
    if (!unlimited && answered >= schedule.count) break;
    const again = unlimited || statistics.transmitted < schedule.count;
    const linger = schedule.adaptiveLinger && statistics.received > 0 ? Math.max(2 * statistics.max, schedule.interval) : schedule.linger;
    let until = again ? next : last + linger;
    if (!again && ctx.now >= until) break;
    if (schedule.deadline !== 0) until = Math.min(until, schedule.deadline);
    if ((yield* ctx.wait([socket.readable], until)) === 'interrupted' && ctx.takeSignal() === 'SIGINT') break;
  }
  return last - first;
}

function* collect(ctx: ProgramContext, socket: IcmpSocket, schedule: Schedule, sentAt: ReadonlyMap<number, number>, statistics: PingStatistics, listener: Listener): Blocking<void> {
  for (let error = socket.errors.take(); error !== undefined; error = socket.errors.take()) {
    statistics.errors++;
    statistics.acknowledge(error.icmpSeq - schedule.firstSequence + 1);
    yield* listener.error(error);
  }
  for (let reply = icmpReceive(socket); reply.ok; reply = icmpReceive(socket)) {
    const sent = sentAt.get(reply.value.sequence);
    if (sent === undefined) continue;
    // The time of a trip travels in the packet; a packet too short for it has none.
    const triptime = schedule.size >= 16 ? ctx.now - sent : undefined;
    const duplicate = statistics.reply(reply.value.sequence - schedule.firstSequence + 1, triptime);
    yield* listener.reply(reply.value, triptime, duplicate);
  }
}

/** A time stamp, then octets that count up, as ping fills its packets. */
function payload(ctx: ProgramContext, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 16; i < size; i++) bytes[i] = i;
  if (size >= 16) {
    const seconds = Math.floor(ctx.wallClock / 1e6);
    const micros = ctx.wallClock - seconds * 1e6;
    for (let i = 0; i < 4; i++) {
      bytes[i] = (seconds >>> (8 * i)) & 255;
      bytes[8 + i] = (micros >>> (8 * i)) & 255;
    }
  }
  return bytes;
}
