/**
 * The web server of the images jwilder/whoami (port 8000) and nginx (port 80): answers every request with
 * `I'm <hostname>`. Mirrors the program `http` that stood in for both when the recordings were made: dual-stack
 * listener, keep-alive, one line on standard output per request, status 2 on SIGTERM.
 * Deviation: one process serves all connections (the original forks for each), so `ss -p` names no child.
 */
import { strerror } from '../base/errno.ts';
import { decodeUtf8, encodeUtf8 } from '../base/utf8.ts';
import type { Program, ProgramContext, Tool } from '../process/program.ts';
import { PollSet, type Socket, SocketFile, tcpAccept, tcpBind, tcpListen, tcpReceive, tcpSend, tcpSocket, type TcpSocket } from '../transport/index.ts';
import { strftime } from '../process/calendar.ts';

/** Longest request head; a connection that sends more is closed. */
const HEAD_LIMIT = 8191;

const NGINX = '/usr/sbin/nginx';

/** In the image nginx: the proxy, once somebody has given it a configuration. */
function proxyOf(ctx: ProgramContext): Program | undefined {
  if (!ctx.which(NGINX).ok || !ctx.fs.readText('/etc/nginx/nginx.conf').ok) return undefined;
  const program = ctx.exec([NGINX]);
  return program.ok ? program.value : undefined;
}

/** A server for `I'm <hostname>` on $PORT, or on `defaultPort`. */
export function httpProgram(defaultPort: number): (ctx: ProgramContext) => Program {
  return function* main(ctx): Program {
    const configured = proxyOf(ctx);
    if (configured !== undefined) return yield* configured;
    const port = Number(ctx.env.get('PORT') ?? defaultPort);
    const listener = tcpSocket(ctx.netns, true);
    listener.setOptions({ reuseAddress: true });
    const bound = tcpBind(listener, 0, port);
    const listening = bound.ok ? tcpListen(listener, 4096) : bound;
    if (!listening.ok) {
      yield* ctx.err(`listen: ${strerror(listening.errno)}\n`);
      return 1;
    }
    ctx.install(new SocketFile(listener));
    ctx.catchSignal('SIGTERM');
    if (ctx.which(NGINX).ok) ctx.catchSignal('SIGHUP');
    yield* ctx.out(`Listening on :${port}\n`);
    const server = new HttpServer(ctx, listener);
    try {
      for (;;) {
        const signal = ctx.takeSignal();
        if (signal === 'SIGTERM') return 2;
        const proxy = signal === 'SIGHUP' ? proxyOf(ctx) : undefined;
        if (proxy !== undefined) {
          server.close();
          return yield* proxy;
        }
        server.work();
        yield* ctx.wait([server.poll.queue]);
      }
    } finally {
      server.close();
    }
  };
}

/** jwilder/whoami */
export const whoamiProgram = httpProgram(8000);
/** nginx */
export const nginxProgram = httpProgram(80);
/** The executable of both images: `/app/http`; the nginx image sets PORT=80. */
export const httpTool: Tool = { name: 'http', directory: '/app', summary: "a web server that says I'm <hostname>", main: whoamiProgram };

class HttpServer {
  readonly poll = new PollSet();
  /** Open connections and what has come of their next request. */
  private readonly connections = new Map<TcpSocket, string>();
  private readonly ctx: ProgramContext;
  private readonly listener: TcpSocket;
  private readonly body: Uint8Array;
  /** Answers that keep the connection, made once a second. */
  private keepAlive: Uint8Array;
  private madeAt = -1;

  constructor(ctx: ProgramContext, listener: TcpSocket) {
    this.ctx = ctx;
    this.listener = listener;
    this.body = encodeUtf8(`I'm ${ctx.hostname}\n`);
    this.keepAlive = this.body;
    this.poll.add(listener);
  }

  /** Serves everything that is ready. */
  work(): void {
    while (this.poll.busy) {
      for (const socket of this.poll.take()) {
        if (socket === this.listener) this.accept();
        else this.serve(socket as TcpSocket);
      }
    }
  }

  close(): void {
    this.listener.close();
    for (const connection of this.connections.keys()) connection.close();
  }

  private accept(): void {
    for (;;) {
      const child = tcpAccept(this.listener);
      if (!child.ok) return;
      this.connections.set(child.value, '');
      this.poll.add(child.value);
    }
  }

  private serve(connection: TcpSocket): void {
    const waiting = this.connections.get(connection);
    if (waiting === undefined) return;
    let text = waiting;
    for (;;) {
      const bytes = tcpReceive(connection, HEAD_LIMIT);
      if (!bytes.ok) {
        if (bytes.errno !== 'EAGAIN') return this.drop(connection);
        break;
      }
      if (bytes.value.length === 0) return this.dropSoon(connection);
      text += decodeUtf8(bytes.value);
    }
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const keep = text.includes('HTTP/1.1') && !/\r\nConnection: close/i.test(text);
      this.ctx.file(1)?.write(this.body);
      if (!tcpSend(connection, this.answer(keep)).ok || !keep) return this.drop(connection);
      text = text.slice(end + 4);
    }
    if (text.length >= HEAD_LIMIT) return this.drop(connection);
    if (text !== waiting) this.connections.set(connection, text);
  }

  /** The client is done. */
  private dropSoon(connection: TcpSocket): void {
    const { scheduler, chance } = this.ctx.netns.kernel.universe;
    const latency = chance?.latency() ?? 0;
    if (latency === 0) return this.drop(connection);
    this.poll.remove(connection);
    scheduler.after(latency, () => this.drop(connection));
  }

  private drop(connection: Socket): void {
    this.connections.delete(connection as TcpSocket);
    connection.close();
  }

  private answer(keep: boolean): Uint8Array {
    const second = Math.floor(this.ctx.wallClock / 1_000_000);
    if (!keep) return this.make(second, 'Connection: close\r\n');
    if (second !== this.madeAt) {
      this.madeAt = second;
      this.keepAlive = this.make(second, '');
    }
    return this.keepAlive;
  }

  private make(second: number, connection: string): Uint8Array {
    const head = `HTTP/1.1 200 OK\r\nDate: ${strftime('%a, %d %b %Y %H:%M:%S GMT', second)}\r\nContent-Length: ${this.body.length}\r\nContent-Type: text/plain; charset=utf-8\r\n${connection}\r\n`;
    return encodeUtf8(`${head}I'm ${this.ctx.hostname}\n`);
  }
}
