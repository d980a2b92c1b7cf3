/**
 * Blocking calls over sockets for programs: `yield*` them. They need nothing of a process but the way to sleep, so they
 * stand here, below process/, and serve tools and services alike.
 */
import { ok, refuse, type Result } from '../base/result.ts';
import type { WaitQueue } from '../base/wait.ts';
import { tcpAccept, tcpConnect, tcpReceive, tcpSend } from './tcp/calls.ts';
import type { TcpSocket } from './tcp/socket.ts';
import { type Datagram, udpReceive, type UdpSocket } from './udp.ts';

/** What a sleeping program yields, and why it goes on; the shapes of process/program.ts. */
interface Block {
  readonly queues: readonly WaitQueue[];
  readonly deadline: number | undefined;
}
type Wake = 'woken' | 'timeout' | 'interrupted';
type Blocking<T> = Generator<Block, T, Wake>;

/** The part of a process that these calls use. */
export interface Sleeper {
  readonly now: number;
  wait(queues: readonly WaitQueue[], deadline?: number): Blocking<Wake>;
}

/** Sleeps until `queue` is woken; EINTR, and ETIMEDOUT once `deadline` (virtual µs) has come. */
function* sleep(ctx: Sleeper, queue: WaitQueue, deadline: number | undefined): Blocking<Result<undefined>> {
  const wake = yield* ctx.wait([queue], deadline);
  if (wake === 'interrupted') return refuse('EINTR');
  return wake === 'timeout' ? refuse('EAGAIN') : ok(undefined);
}

/** connect(2). EAGAIN when the deadline came first, EINTR, and what tcpConnect and the network answer. */
export function* connectTcp(ctx: Sleeper, socket: TcpSocket, address: number, port: number, options: { deadline?: number; loopback6?: boolean } = {}): Blocking<Result<undefined>> {
  const started = tcpConnect(socket, address, port, options.loopback6 ?? false);
  if (started.ok || started.errno !== 'EINPROGRESS') return started;
  while (socket.state === 'SYN_SENT') {
    const slept = yield* sleep(ctx, socket.writable, options.deadline);
    if (!slept.ok) return slept;
  }
  const error = socket.takeError();
  return error !== undefined ? refuse(error) : ok(undefined);
}

/** accept(2) */
export function* accept(ctx: Sleeper, listener: TcpSocket, deadline?: number): Blocking<Result<TcpSocket>> {
  for (;;) {
    const child = tcpAccept(listener);
    if (child.ok || child.errno !== 'EAGAIN') return child;
    const slept = yield* sleep(ctx, listener.readable, deadline);
    if (!slept.ok) return slept;
  }
}

/** Writes all of `bytes`. */
export function* sendAll(ctx: Sleeper, socket: TcpSocket, bytes: Uint8Array, deadline?: number): Blocking<Result<undefined>> {
  let rest = bytes;
  for (;;) {
    const sent = tcpSend(socket, rest);
    if (sent.ok) {
      rest = rest.subarray(sent.value);
      if (rest.length === 0) return ok(undefined);
    } else if (sent.errno !== 'EAGAIN') return sent;
    const slept = yield* sleep(ctx, socket.writable, deadline);
    if (!slept.ok) return slept;
  }
}

/** Some octets; empty at the end of the stream. */
export function* receive(ctx: Sleeper, socket: TcpSocket, max = 65536, deadline?: number): Blocking<Result<Uint8Array>> {
  for (;;) {
    const bytes = tcpReceive(socket, max);
    if (bytes.ok || bytes.errno !== 'EAGAIN') return bytes;
    const slept = yield* sleep(ctx, socket.readable, deadline);
    if (!slept.ok) return slept;
  }
}

/** The next datagram. */
export function* receiveFrom(ctx: Sleeper, socket: UdpSocket, deadline?: number): Blocking<Result<Datagram>> {
  for (;;) {
    const datagram = udpReceive(socket);
    if (datagram.ok || datagram.errno !== 'EAGAIN') return datagram;
    const slept = yield* sleep(ctx, socket.readable, deadline);
    if (!slept.ok) return slept;
  }
}

