/**
 * A small redis-server: RESP2 and inline commands on port 6379. Commands: PING ECHO GET SET DEL INCR DECR EXISTS KEYS * QUIT,
 * as redis 7 answers; everything else is refused in words of its own. Nothing is written to disk.
 */
import { decodeUtf8, encodeUtf8 } from '../base/utf8.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../process/program.ts';
import {
  accept,
  receive,
  sendAll,
  SocketFile,
  tcpBind,
  tcpListen,
  tcpSocket,
  type TcpSocket,
} from '../transport/index.ts';
import { Coroutines } from './coroutines.ts';

const PORT = 6379;

function* main(ctx: ProgramContext): Program {
  const listener = tcpSocket(ctx.netns, true);
  listener.setOptions({ reuseAddress: true });
  const bound = tcpBind(listener, 0, PORT);
  const listening = bound.ok ? tcpListen(listener, 511) : bound;
  if (!listening.ok) {
    yield* ctx.err(`Could not create server TCP listening socket *:${PORT}: bind: Address already in use\n`);
    return 1;
  }
  ctx.install(new SocketFile(listener));
  const conversations = new Coroutines();
  const data = new Map<string, string>();
  conversations.add(accepting(ctx, listener, conversations, data));
  yield* ctx.out('* Ready to accept connections tcp\n');
  try {
    for (;;) yield* conversations.turn(ctx);
  } finally {
    conversations.end();
    listener.close();
  }
}

function* accepting(
  ctx: ProgramContext,
  listener: TcpSocket,
  conversations: Coroutines,
  data: Map<string, string>,
): Blocking<void> {
  for (;;) {
    const child = yield* accept(ctx, listener);
    if (!child.ok) return;
    conversations.add(serve(ctx, child.value, data));
  }
}

function* serve(ctx: ProgramContext, client: TcpSocket, data: Map<string, string>): Blocking<void> {
  let text = '';
  try {
    for (;;) {
      const bytes = yield* receive(ctx, client);
      if (!bytes.ok || bytes.value.length === 0) return;
      text += decodeUtf8(bytes.value);
      for (let got = takeCommand(text); got !== undefined; got = takeCommand(text)) {
        text = text.slice(got.length);
        if (got.words.length === 0) continue;
        const reply = carryOut(got.words, data);
        const sent = yield* sendAll(ctx, client, encodeUtf8(reply));
        if (!sent.ok || got.words[0]?.toUpperCase() === 'QUIT') return;
      }
    }
  } finally {
    client.close();
  }
}

/** The first command of what has come, and the length it takes. */
export function takeCommand(text: string): { readonly words: string[]; readonly length: number } | undefined {
  const line = /^([^\n]*)\r?\n/.exec(text);
  if (line === null) return undefined;
  const head = (line[1] ?? '').replace(/\r$/, '');
  if (!head.startsWith('*')) return { words: head.split(/\s+/).filter((word) => word !== ''), length: line[0].length };
  const words: string[] = [];
  let at = line[0].length;
  for (let n = Number(head.slice(1)); n > 0; n--) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at));
    if (size === null) return undefined;
    const begin = at + size[0].length;
    const end = begin + Number(size[1]);
    if (text.length < end + 2) return undefined;
    words.push(text.slice(begin, end));
    at = end + 2;
  }
  return { words, length: at };
}

const bulk = (text: string | undefined): string =>
  text === undefined ? '$-1\r\n' : `$${encodeUtf8(text).length}\r\n${text}\r\n`;

/** How many words each command has, itself counted; below 0: at least. */
const ARITY: Readonly<Record<string, number>> = {
  PING: -1,
  ECHO: 2,
  GET: 2,
  SET: 3,
  DEL: -2,
  INCR: 2,
  DECR: 2,
  EXISTS: -2,
  KEYS: 2,
  QUIT: -1,
};

function carryOut(words: readonly string[], data: Map<string, string>): string {
  const [name = '', key = '', value = ''] = words;
  const verb = name.toUpperCase();
  const arity = ARITY[verb];
  if (arity === undefined)
    return `-ERR unknown command '${name}' (not emulated here), with args beginning with: ${words
      .slice(1)
      .map((word) => `'${word}' `)
      .join('')}\r\n`;
  if (arity > 0 ? words.length !== arity : words.length < -arity)
    return `-ERR wrong number of arguments for '${verb.toLowerCase()}' command\r\n`;
  switch (verb) {
    case 'PING':
      return words.length > 1 ? bulk(key) : '+PONG\r\n';
    case 'ECHO':
      return bulk(key);
    case 'GET':
      return bulk(data.get(key));
    case 'SET':
      data.set(key, value);
      return '+OK\r\n';
    case 'DEL':
      return `:${words.slice(1).filter((one) => data.delete(one)).length}\r\n`;
    case 'EXISTS':
      return `:${words.slice(1).filter((one) => data.has(one)).length}\r\n`;
    case 'KEYS':
      return key === '*'
        ? `*${data.size}\r\n${[...data.keys()].map(bulk).join('')}`
        : '-ERR patterns other than * are not emulated here\r\n';
    case 'QUIT':
      return '+OK\r\n';
    default:
      return count(data, key, verb === 'INCR' ? 1 : -1);
  }
}

function count(data: Map<string, string>, key: string, by: number): string {
  const before = data.get(key) ?? '0';
  if (!/^-?\d{1,15}$/.test(before)) return '-ERR value is not an integer or out of range\r\n';
  const now = Number(before) + by;
  data.set(key, String(now));
  return `:${now}\r\n`;
}

export const redisServerTool: Tool = {
  name: 'redis-server',
  directory: '/usr/local/bin',
  summary: 'a small key-value server',
  main,
};

/** redis-cli [-h HOST] [-p PORT] COMMAND…: one command, its answer as a terminal shows it. */
export function redisCliTool(
  lookup: (ctx: ProgramContext, name: string) => Blocking<number[]>,
  connect: (ctx: ProgramContext, socket: TcpSocket, address: number, port: number) => Blocking<boolean>,
): Tool {
  return {
    name: 'redis-cli',
    directory: '/usr/local/bin',
    summary: 'ask a redis server',
    *main(ctx): Program {
      const words = ctx.argv.slice(1);
      let host = '127.0.0.1';
      let port = PORT;
      while (words[0]?.startsWith('-') === true) {
        const [option, value = ''] = words.splice(0, 2);
        if (option === '-h') host = value;
        else if (option === '-p') port = Number(value);
        else {
          yield* ctx.err(`redis-cli: ${option ?? ''} is not emulated here, only -h and -p\n`);
          return 1;
        }
      }
      const [address] = yield* lookup(ctx, host);
      const socket = tcpSocket(ctx.netns);
      try {
        if (address === undefined || !(yield* connect(ctx, socket, address, port))) {
          yield* ctx.err(
            `Could not connect to Redis at ${host}:${port}: ${address === undefined ? 'Name or service not known' : 'Connection refused'}\n`,
          );
          return 1;
        }
        yield* sendAll(ctx, socket, encodeUtf8(`*${words.length}\r\n${words.map(bulk).join('')}`));
        const got = yield* receive(ctx, socket);
        yield* ctx.out(got.ok ? shown(decodeUtf8(got.value)) : 'Error: Server closed the connection\n');
        return got.ok ? 0 : 1;
      } finally {
        socket.close();
      }
    },
  };
}

/** A reply as redis-cli prints it into a pipe. */
function shown(reply: string): string {
  const [line = '', ...rest] = reply.split('\r\n');
  if (line.startsWith('$')) return line === '$-1' ? '\n' : `${rest[0] ?? ''}\n`;
  if (line.startsWith('*'))
    return rest
      .filter((part) => part !== '' && !part.startsWith('$'))
      .map((part) => `${part}\n`)
      .join('');
  return `${line.slice(1)}\n`;
}
