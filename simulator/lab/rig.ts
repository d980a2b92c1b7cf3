/**
 * Equipment of the machines on which the recordings were made: the little test servers and clients lab.py and web.py,
 * which their steps start as `python3 /tmp/lab.py …`. They are programs on real sockets here, worded as the originals.
 * Only worlds whose scenario says `equipment: rig` have them. There is no Python: other scripts are refused in one line.
 */
import { parseIpv4 } from '../base/address.ts';
import { type Errno, strerror } from '../base/errno.ts';
import type { Result } from '../base/result.ts';
import { MILLISECOND, SECOND } from '../base/scheduler.ts';
import { decodeUtf8, encodeUtf8 } from '../base/utf8.ts';
import { fail, type Blocking, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import { connectTcp, receive, receiveFrom, SocketFile, tcpBind, type TcpSocket, tcpSocket, udpBind, udpSend, udpSocket } from '../transport/index.ts';
import { answering, echo, serve, web } from './rigservers.ts';

export const pythonTool: Tool = { name: 'python3', summary: "the rig's test programs (there is no Python here)", main };

/** errno(3) by number, as Python prints them. */
const NUMBERS: Readonly<Partial<Record<Errno, number>>> = {
  EPERM: 1,
  EINTR: 4,
  EAGAIN: 11,
  EACCES: 13,
  EINVAL: 22,
  EPIPE: 32,
  EMSGSIZE: 90,
  ENOPROTOOPT: 92,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ECONNABORTED: 103,
  ECONNRESET: 104,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTDOWN: 112,
  EHOSTUNREACH: 113,
};

/** str(OSError), and what a socket with a timeout says when that has passed. */
function errorText(errno: Errno): string {
  return errno === 'EAGAIN' ? 'timed out' : `[Errno ${NUMBERS[errno] ?? 5}] ${strerror(errno)}`;
}

function* main(ctx: ProgramContext): Program {
  const [, script = '', ...words] = ctx.argv;
  const mode = script.endsWith('/web.py') ? 'web' : script.endsWith('/lab.py') ? words[0] : undefined;
  switch (mode) {
    case 'web':
      return yield* serve(ctx, Number(words.at(-2)), words[0] === 'echo' ? echo(words.at(-1) ?? '') : web(words.at(-1) ?? ''));
    case 'tcpd':
      return yield* serve(ctx, Number(words[1]), answering(words[2] ?? ''));
    case 'udpd':
      return yield* answerDatagrams(ctx, Number(words[1]), words[2] ?? '');
    case 'udpc':
      return yield* sendDatagram(ctx, words);
    case 'hold':
      return yield* hold(ctx, words);
    case 'seq':
      return yield* connectInTurn(ctx, words);
    default:
      return yield* fail(ctx, 'python3: there is no Python interpreter here', 127);
  }
}

function* answerDatagrams(ctx: ProgramContext, port: number, name: string): Program {
  const socket = udpSocket(ctx.netns);
  ctx.install(new SocketFile(socket));
  try {
    const bound = udpBind(socket, 0, port);
    if (!bound.ok) return yield* fail(ctx, `OSError: ${errorText(bound.errno)}`);
    const answer = encodeUtf8(`${name}\n`);
    for (;;) {
      const datagram = yield* receiveFrom(ctx, socket);
      if (!datagram.ok) return yield* fail(ctx, `OSError: ${errorText(datagram.errno)}`);
      udpSend(socket, answer, datagram.value.address, datagram.value.port);
    }
  } finally {
    socket.close();
  }
}

/** lab.py udpc ADDR PORT [SRC[:PORT]] */
function* sendDatagram(ctx: ProgramContext, words: readonly string[]): Program {
  const [, to = '', port = '', from] = words;
  const socket = udpSocket(ctx.netns);
  ctx.install(new SocketFile(socket));
  try {
    if (from !== undefined) {
      const [address = '', sourcePort = '0'] = from.split(':');
      const bound = udpBind(socket, parseIpv4(address) ?? 0, Number(sourcePort));
      if (!bound.ok) return yield* fail(ctx, `OSError: ${errorText(bound.errno)}`);
    }
    const sent = udpSend(socket, encodeUtf8('hello'), parseIpv4(to) ?? 0, Number(port));
    if (!sent.ok) return yield* fail(ctx, `OSError: ${errorText(sent.errno)}`);
    const answer = yield* receiveFrom(ctx, socket, ctx.now + 3 * SECOND);
    yield* ctx.out(answer.ok ? `${decodeUtf8(answer.value.payload).trim()}\n` : `no answer: ${errorText(answer.errno)}\n`);
    return 0;
  } finally {
    socket.close();
  }
}

/** Connects and takes the server's line: what the client prints. */
function* ask(ctx: ProgramContext, socket: TcpSocket, to: number, port: number, from: string | undefined): Blocking<string> {
  const answer = yield* attempt(ctx, socket, to, port, from);
  return answer.ok ? decodeUtf8(answer.value).trim() : `failed: ${errorText(answer.errno)}`;
}

function* attempt(ctx: ProgramContext, socket: TcpSocket, to: number, port: number, from: string | undefined): Blocking<Result<Uint8Array>> {
  if (from !== undefined) {
    const bound = tcpBind(socket, parseIpv4(from) ?? 0, 0);
    if (!bound.ok) return bound;
  }
  const connected = yield* connectTcp(ctx, socket, to, port, { deadline: ctx.now + 4 * SECOND });
  if (!connected.ok) return connected;
  return yield* receive(ctx, socket, 100, ctx.now + 4 * SECOND);
}

/** lab.py seq N ADDR PORT [SRC..] */
function* connectInTurn(ctx: ProgramContext, words: readonly string[]): Program {
  const [, count = '', to = '', port = '', ...sources] = words;
  for (let i = 0; i < Number(count); i++) {
    const from = sources.length === 0 ? undefined : sources[i % sources.length];
    const socket = tcpSocket(ctx.netns);
    const fd = ctx.install(new SocketFile(socket));
    try {
      const said = yield* ask(ctx, socket, parseIpv4(to) ?? 0, Number(port), from);
      yield* ctx.out(`${from === undefined ? '' : `${from} -> `}${said}\n`);
    } finally {
      ctx.close(fd);
    }
    yield* ctx.sleep(50 * MILLISECOND);
  }
  return 0;
}

/** lab.py hold N ADDR PORT [SECS] */
function* hold(ctx: ProgramContext, words: readonly string[]): Program {
  const [, count = '', to = '', port = '', seconds = '3600'] = words;
  ctx.catchSignal('SIGINT');
  const kept: TcpSocket[] = [];
  try {
    for (let i = 0; i < Number(count); i++) {
      const socket = tcpSocket(ctx.netns);
      ctx.install(new SocketFile(socket));
      kept.push(socket);
      const said = yield* ask(ctx, socket, parseIpv4(to) ?? 0, Number(port), undefined);
      if (ctx.takeSignal() === 'SIGINT') return yield* interrupted(ctx, 38, '            c.connect((a[3], int(a[4]))); r = c.recv(100).decode().strip()', 'c.connect((a[3], int(a[4])))');
      yield* ctx.out(`${said}\n`);
    }
    const wake = yield* ctx.sleep(Number(seconds) * SECOND);
    if (wake === 'interrupted')
      return yield* interrupted(ctx, 44, "    if a[1] == 'hold': time.sleep(float(a[5]) if len(a) > 5 else 3600)", 'time.sleep(float(a[5]) if len(a) > 5 else 3600)');
    return 0;
  } finally {
    for (const socket of kept) socket.close();
  }
}

/** What Python prints of a KeyboardInterrupt in `call` of a source line, before it ends itself by SIGINT. */
function* interrupted(ctx: ProgramContext, number: number, line: string, call: string): Program {
  const source = line.trim();
  const callee = call.indexOf('(');
  const marks = ' '.repeat(source.indexOf(call)) + '~'.repeat(callee) + '^'.repeat(call.length - callee);
  yield* ctx.err(`Traceback (most recent call last):\n  File "${ctx.argv[1] ?? ''}", line ${number}, in <module>\n    ${source}\n    ${marks}\nKeyboardInterrupt\n`);
  ctx.catchSignal('SIGINT', 'default');
  ctx.kill(ctx.pid, 'SIGINT');
  yield* ctx.sleep(SECOND);
  return 130;
}
