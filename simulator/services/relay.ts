/**
 * A proxy for HTTP: takes requests on listening ports, asks a server for each, and hands its answer back. What nginx and haproxy
 * have in common; each says where a request goes and what is changed in it. Every request has a connection of its own to its
 * server, as both do without keepalive.
 */
import { strerror } from '../base/errno.ts';
import { SECOND } from '../base/scheduler.ts';
import type { Blocking, Program, ProgramContext } from '../process/program.ts';
import {
  accept,
  connectTcp,
  sendAll,
  SocketFile,
  tcpBind,
  tcpListen,
  tcpSocket,
  type TcpSocket,
} from '../transport/index.ts';
import { encodeUtf8 } from '../base/utf8.ts';
import { Coroutines } from './coroutines.ts';
import { bytesOf, field, type Fields, type Message, MessageReader, setField } from './messages.ts';

/** The address of a name, as getaddrinfo finds it. */
export type Lookup = (ctx: ProgramContext, name: string) => Blocking<number[]>;

export interface Exchange {
  readonly request: Message;
  readonly method: string;
  /** The request's target, `/path?query`. */
  readonly target: string;
  readonly client: number;
  readonly clientPort: number;
  /** The port that was asked. */
  readonly port: number;
}

/** A server to try. */
export interface Upstream {
  readonly address: number;
  readonly port: number;
}

/** Where one request goes. */
export interface Plan {
  /** The request as it is sent on. */
  readonly request: Message;
  readonly connectTimeout: number;
  readonly readTimeout: number;
  /** The next server to try; undefined when there is none left. */
  next(): Upstream | undefined;
  failed(server: Upstream): void;
  /** Changes the answer. */
  answered(answer: Message, server: Upstream): Message;
  /** What the client gets when no server answered. */
  unavailable(why: 'none' | 'connect' | 'timeout'): Message;
  done?(): void;
}

export interface Handler {
  /** What a request comes to: an answer at once, or a plan. */
  handle(exchange: Exchange): Message | Plan;
  /** A line for the access log, after each request. */
  log?(exchange: Exchange, answer: Message): string;
}

/** A whole answer. */
export function answerOf(status: string, body: string, fields: Fields = []): Message {
  const bytes = encodeUtf8(body);
  return { start: `HTTP/1.1 ${status}`, fields: [...fields, ['Content-Length', String(bytes.length)]], body: bytes };
}

/** Fields that are for one connection only (RFC 9110, 7.6.1). */
const OF_ONE_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade'];

export function withoutHop(fields: Fields): Fields {
  return fields.filter(([name]) => !OF_ONE_HOP.includes(name.toLowerCase()));
}

export class Relay {
  readonly conversations = new Coroutines();
  handler: Handler;
  private readonly ctx: ProgramContext;
  private readonly listeners = new Map<number, TcpSocket>();

  constructor(ctx: ProgramContext, handler: Handler) {
    this.ctx = ctx;
    this.handler = handler;
  }

  /** Listens on these ports, and on no others any more. Answers the words of the first failure. */
  listen(ports: readonly number[]): string | undefined {
    for (const [port, socket] of this.listeners) {
      if (ports.includes(port)) continue;
      socket.close();
      this.listeners.delete(port);
    }
    for (const port of ports) {
      if (this.listeners.has(port)) continue;
      const socket = tcpSocket(this.ctx.netns, true);
      socket.setOptions({ reuseAddress: true });
      const bound = tcpBind(socket, 0, port);
      const listening = bound.ok ? tcpListen(socket, 511) : bound;
      if (!listening.ok) return `${port} failed (98: ${strerror(listening.errno)})`;
      this.ctx.install(new SocketFile(socket));
      this.listeners.set(port, socket);
      this.conversations.add(this.accepting(port, socket));
    }
    return undefined;
  }

  private *accepting(port: number, listener: TcpSocket): Blocking<void> {
    while (this.listeners.get(port) === listener) {
      const child = yield* accept(this.ctx, listener);
      if (child.ok) this.conversations.add(this.serve(child.value, port));
      else return;
    }
  }

  /** *blocking* Serves until `over` says so after a signal. */
  *run(over: () => number | undefined): Program {
    try {
      for (;;) {
        const status = over();
        if (status !== undefined) return status;
        yield* this.conversations.turn(this.ctx);
      }
    } finally {
      this.conversations.end();
      for (const listener of this.listeners.values()) listener.close();
    }
  }

  private *serve(client: TcpSocket, port: number): Blocking<void> {
    const reader = new MessageReader(this.ctx, client);
    try {
      for (;;) {
        const got = yield* reader.next(this.ctx.now + 75 * SECOND);
        if (!got.ok || got.value === undefined) return;
        const request = got.value;
        const [method = '', target = '', version = ''] = request.start.split(' ');
        const exchange: Exchange = {
          request,
          method,
          target,
          client: client.remote,
          clientPort: client.remotePort,
          port,
        };
        const answer = yield* this.answer(exchange);
        const keep = version === 'HTTP/1.1' && !/close/i.test(field(request.fields, 'connection') ?? '');
        setField(answer.fields, 'Connection', keep ? 'keep-alive' : 'close');
        const line = this.handler.log?.(exchange, answer);
        if (line !== undefined) this.ctx.file(1)?.write(encodeUtf8(`${line}\n`));
        const sent = yield* sendAll(
          this.ctx,
          client,
          bytesOf(method === 'HEAD' ? { ...answer, body: new Uint8Array(0) } : answer),
        );
        if (!sent.ok || !keep) return;
      }
    } finally {
      client.close();
    }
  }

  private *answer(exchange: Exchange): Blocking<Message> {
    const plan = this.handler.handle(exchange);
    if (!('next' in plan)) return plan;
    try {
      let why: 'none' | 'connect' | 'timeout' = 'none';
      for (let server = plan.next(); server !== undefined; server = plan.next()) {
        const got = yield* this.ask(plan, server, exchange.method === 'HEAD');
        if (typeof got !== 'string') return plan.answered(got, server);
        why = got;
        plan.failed(server);
        if (got === 'timeout') break;
      }
      return plan.unavailable(why);
    } finally {
      plan.done?.();
    }
  }

  /** *blocking* One server's answer, or how it failed. */
  private *ask(plan: Plan, { address, port }: Upstream, bodiless: boolean): Blocking<Message | 'connect' | 'timeout'> {
    const socket = tcpSocket(this.ctx.netns);
    try {
      const connected = yield* connectTcp(this.ctx, socket, address, port, {
        deadline: this.ctx.now + plan.connectTimeout,
      });
      if (!connected.ok) return connected.errno === 'EAGAIN' ? 'timeout' : 'connect';
      const deadline = this.ctx.now + plan.readTimeout;
      const sent = yield* sendAll(this.ctx, socket, bytesOf(plan.request), deadline);
      const got = sent.ok ? yield* new MessageReader(this.ctx, socket).next(deadline, bodiless) : sent;
      if (!got.ok) return got.errno === 'EAGAIN' ? 'timeout' : 'connect';
      if (got.value === undefined) return 'connect';
      return { ...got.value, fields: withoutHop(got.value.fields) };
    } finally {
      socket.close();
    }
  }
}
