/**
 * The rig's TCP servers: what lab.py and web.py do with a thread per connection, done by one process that lets a
 * handler (a generator) per connection go on when its socket is ready or its time has come.
 * Deviation: an interrupted server ends without a traceback.
 */
import { formatIpv4 } from '../base/address.ts';
import { strerror } from '../base/errno.ts';
import { SECOND } from '../base/scheduler.ts';
import { decodeUtf8, encodeUtf8 } from '../base/utf8.ts';
import { fail, type Program, type ProgramContext } from '../process/program.ts';
import { PollSet, SocketFile, tcpAccept, tcpBind, tcpListen, tcpReceive, tcpSend, tcpShutdown, type TcpSocket, tcpSocket } from '../transport/index.ts';

/** One connection's life; yields seconds to sleep, or undefined to wait for its socket. */
type Handler = (connection: TcpSocket) => Generator<number | undefined, void, void>;

/** Listens on `port` and gives every connection to a handler. */
export function* serve(ctx: ProgramContext, port: number, handler: Handler): Program {
  const listener = tcpSocket(ctx.netns);
  listener.setOptions({ reuseAddress: true });
  const bound = tcpBind(listener, 0, port);
  const listening = bound.ok ? tcpListen(listener, 100) : bound;
  if (!listening.ok) return yield* fail(ctx, `OSError: [Errno ${listening.errno === 'EADDRINUSE' ? 98 : 99}] ${strerror(listening.errno)}`);
  ctx.install(new SocketFile(listener));
  const poll = new PollSet();
  poll.add(listener);
  const threads = new Map<TcpSocket, { readonly life: Generator<number | undefined, void, void>; until: number | undefined }>();
  const goOn = (socket: TcpSocket): void => {
    const thread = threads.get(socket);
    if (thread === undefined || (thread.until !== undefined && thread.until > ctx.now)) return;
    const step = thread.life.next();
    if (step.done === true) {
      threads.delete(socket);
      socket.close();
    } else thread.until = step.value === undefined ? undefined : ctx.now + step.value * SECOND;
  };
  try {
    for (;;) {
      while (poll.busy) {
        for (const socket of poll.take()) {
          if (socket !== listener) goOn(socket as TcpSocket);
          else
            for (let child = tcpAccept(listener); child.ok; child = tcpAccept(listener)) {
              threads.set(child.value, { life: handler(child.value), until: undefined });
              poll.add(child.value);
            }
        }
      }
      let next: number | undefined;
      for (const { until } of threads.values()) if (until !== undefined && (next === undefined || until < next)) next = until;
      yield* ctx.wait([poll.queue], next);
      for (const [socket, { until }] of threads) if (until !== undefined && until <= ctx.now) goOn(socket);
    }
  } finally {
    listener.close();
    for (const socket of threads.keys()) socket.close();
  }
}

/** Some octets; undefined at the end of the stream and after an error. */
function* take(connection: TcpSocket, max: number): Generator<undefined, Uint8Array | undefined, void> {
  for (;;) {
    const bytes = tcpReceive(connection, max);
    if (bytes.ok) return bytes.value.length === 0 ? undefined : bytes.value;
    if (bytes.errno !== 'EAGAIN') return undefined;
    yield undefined;
  }
}

/** Sends all; false after an error. */
function* give(connection: TcpSocket, bytes: Uint8Array): Generator<undefined, boolean, void> {
  let rest = bytes;
  for (;;) {
    const sent = tcpSend(connection, rest);
    if (sent.ok) {
      rest = rest.subarray(sent.value);
      if (rest.length === 0) return true;
    } else if (sent.errno !== 'EAGAIN') return false;
    else yield undefined;
  }
}

/** lab.py tcpd: says its name and waits for the client to close. */
export function answering(name: string): Handler {
  const answer = encodeUtf8(`${name}\n`);
  return function* (connection) {
    if (!(yield* give(connection, answer))) return;
    while ((yield* take(connection, 100)) !== undefined);
  };
}

/** web.py echo: each line with its name in front. */
export function echo(name: string): Handler {
  return function* (connection) {
    for (;;) {
      const bytes = yield* take(connection, 1000);
      if (bytes === undefined || !(yield* give(connection, encodeUtf8(`${name}: ${decodeUtf8(bytes)}`)))) return;
    }
  };
}

/** web.py: `/` says its name and the client's address, `/big` sends 100000 octets, `/slow` takes 20 seconds. */
export function web(name: string): Handler {
  return function* (connection) {
    let head = '';
    while (!head.includes('\r\n\r\n')) {
      const bytes = yield* take(connection, 1000);
      if (bytes === undefined) return;
      head += decodeUtf8(bytes);
    }
    const path = head.split(/\s+/)[1];
    let body = `${name}: you are ${formatIpv4(connection.remote)}\n`;
    if (path === '/big') body = `${'x'.repeat(99_999)}\n`;
    if (path === '/slow') body = 'tick\n'.repeat(20);
    if (!(yield* give(connection, encodeUtf8(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`)))) return;
    if (path === '/slow') {
      for (let i = 0; i < 20; i++) {
        if (!(yield* give(connection, encodeUtf8('tick\n')))) return;
        yield 1;
      }
    } else if (!(yield* give(connection, encodeUtf8(body)))) return;
    tcpShutdown(connection, 'write');
    yield* take(connection, 100);
  };
}
