// The work of the anchors' meshbench.c on the simulator's sockets: a server that answers each connection once and closes,
// a client that opens connection after connection. Both are generators over wait queues, without a process around them.
import { ipv4 } from '../../simulator/base/address.ts';
import { encodeUtf8 } from '../../simulator/base/utf8.ts';
import type { WaitQueue } from '../../simulator/base/wait.ts';
import type { Universe } from '../../simulator/kernel/kernel.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import {
  accept,
  connectTcp,
  receive,
  sendAll,
  type Sleeper,
  tcpBind,
  tcpClose,
  tcpListen,
  tcpSocket,
  type TcpSocket,
} from '../../simulator/transport/index.ts';

const RESPONSE = encodeUtf8('HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\ntask 1\n');
const REQUEST = encodeUtf8('GET / HTTP/1.1\r\nHost: mesh\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n');

interface Block {
  readonly queues: readonly WaitQueue[];
  readonly deadline: number | undefined;
}
type Wake = 'woken' | 'timeout' | 'interrupted';
type Task<T> = Generator<Block, T, Wake>;

/** Runs a generator whenever one of its queues is woken, as process/ does for programs. */
export function start(universe: Universe, task: Task<unknown>): void {
  const step = (wake: Wake): void => {
    const next = task.next(wake);
    if (next.done === true) return;
    let pending = true;
    const removers = next.value.queues.map((queue) =>
      queue.add(() => {
        if (!pending) return;
        pending = false;
        for (const remove of removers) remove();
        universe.scheduler.soon(step, 'woken' as const, undefined);
      }),
    );
  };
  step('woken');
}

/** Something that can sleep in `universe`. */
export function sleeper(universe: Universe): Sleeper {
  return {
    get now() {
      return universe.scheduler.now;
    },
    *wait(queues, deadline) {
      return yield { queues, deadline };
    },
  };
}

/** Answers every connection to `port` once, and closes it. */
export function serve(universe: Universe, ns: NetworkNamespace, port: number): void {
  const ctx = sleeper(universe);
  const listener = tcpSocket(ns);
  tcpBind(listener, 0, port);
  tcpListen(listener, 1024);
  start(
    universe,
    (function* () {
      for (;;) {
        const child = yield* accept(ctx, listener);
        if (!child.ok) return;
        start(universe, answer(ctx, child.value));
      }
    })(),
  );
}

function* answer(ctx: Sleeper, socket: TcpSocket): Task<void> {
  const request = yield* receive(ctx, socket);
  if (request.ok && request.value.length > 0) yield* sendAll(ctx, socket, RESPONSE);
  tcpClose(socket);
}

/** One connection, one request, read to the end. Calls `done` with the octets received, -1 when it failed. */
export function request(
  universe: Universe,
  ns: NetworkNamespace,
  address: string,
  port: number,
  done: (octets: number) => void,
): void {
  const ctx = sleeper(universe);
  start(
    universe,
    (function* () {
      const socket = tcpSocket(ns);
      const connected = yield* connectTcp(ctx, socket, ipv4(address), port);
      if (!connected.ok) return done(-1);
      yield* sendAll(ctx, socket, REQUEST);
      let octets = 0;
      for (;;) {
        const bytes = yield* receive(ctx, socket);
        if (!bytes.ok || bytes.value.length === 0) break;
        octets += bytes.value.length;
      }
      tcpClose(socket);
      done(octets);
    })(),
  );
}

/** Octets of a right answer. */
export const RESPONSE_LENGTH = RESPONSE.length;
