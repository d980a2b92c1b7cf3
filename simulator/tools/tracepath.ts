/**
 * tracepath(8) of iputils 20240905: the way to a host and its MTU, with UDP datagrams that may not be cut. Options: -4 -b -l -m -n -p -V.
 */
import { formatIpv4 } from '../base/address.ts';
import { strerror } from '../base/errno.ts';
import { ipRouteOutput, routeMtu } from '../kernel/route.ts';
import { fail, type Blocking, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import { type QueuedError, udpConnect, udpSend, udpSocket, type UdpSocket } from '../transport/index.ts';
import { getopt } from './net/getopt.ts';
import { resolve, reverse } from './net/resolve.ts';

const USAGE = `
Usage
  tracepath [options] <destination>

Options:
  -4             use IPv4
  -6             use IPv6
  -b             print both name and IP
  -l <length>    use packet <length>
  -m <hops>      use maximum <hops>
  -n             no reverse DNS name resolution
  -p <port>      use destination <port>
  -V             print version and exit
  <destination>  DNS name or IP address

For more details see tracepath(8).
`;

const HOST_COLUMN = 52;
const WAIT = 1_000_000;
const HEADERS = 28;

interface State {
  readonly ctx: ProgramContext;
  readonly socket: UdpSocket;
  readonly address: number;
  readonly numeric: boolean;
  readonly both: boolean;
  port: number;
  mtu: number;
  ttl: number;
  hopsTo: number;
  hopsFrom: number;
  /** When each port was used and with which TTL. */
  readonly sent: Map<number, { readonly at: number; readonly ttl: number }>;
}

function* main(ctx: ProgramContext): Program {
  const parsed = getopt(ctx.argv.slice(1), { short: '46nbh?l:m:p:V' });
  if (parsed.error !== undefined) return yield* fail(ctx, `tracepath: ${parsed.error}\n${USAGE}`, 1);
  const given = new Map(parsed.options.map(({ name, value }) => [name, value]));
  if (given.has('V')) {
    yield* ctx.out('tracepath from iputils 20240905\n');
    return 0;
  }
  if (given.has('6')) return yield* fail(ctx, 'tracepath: option -6 is not emulated here');
  const limits = { l: [HEADERS, 65535], m: [1, 255], p: [1, 65535] } as const;
  for (const name of ['l', 'm', 'p'] as const) {
    const value = given.get(name);
    if (value === undefined) continue;
    const [low, high] = limits[name];
    if (!/^\d{1,9}$/.test(value)) return yield* fail(ctx, `tracepath: invalid argument: '${value}'`);
    if (Number(value) < low || Number(value) > high)
      return yield* fail(ctx, `tracepath: invalid argument: '${value}': out of range: ${low} <= value <= ${high}`);
  }
  const target = parsed.operands[0];
  if (given.has('h') || given.has('?') || target === undefined || parsed.operands.length > 1)
    return yield* fail(ctx, USAGE, 1);
  const [host = '', port] = target.split('/', 2);
  const address = (yield* resolve(ctx, host, 4)).addresses[0]?.address;
  if (address === undefined) return yield* fail(ctx, `tracepath: ${host}: Name or service not known`);
  const socket = udpSocket(ctx.netns).ownedBy(ctx.origin);
  socket.setOptions({ pmtuDiscovery: 'probe', receiveErrors: true });
  const state: State = {
    ctx,
    socket,
    address,
    numeric: given.has('n'),
    both: given.has('b'),
    port: Number(given.get('p') ?? port ?? 44444),
    mtu: Number(given.get('l') ?? 65535),
    ttl: 0,
    hopsTo: -1,
    hopsFrom: -1,
    sent: new Map(),
  };
  ctx.catchSignal('SIGINT');
  try {
    return yield* walk(state, Number(given.get('m') ?? 30));
  } finally {
    socket.close();
  }
}

function* walk(state: State, hops: number): Blocking<number> {
  const { ctx, socket } = state;
  for (let ttl = 1; ttl <= hops; ttl++) {
    state.ttl = ttl;
    socket.setOptions({ ttl });
    let answered = false;
    for (let attempt = 0; attempt < 3; attempt++) {
      const before = state.mtu;
      const outcome = yield* probe(state);
      if (outcome === 'interrupted') return 130;
      if (outcome === 'over') return yield* resume(state);
      if (typeof outcome === 'object') return yield* fail(ctx, `tracepath: send failed: ${outcome.text}`);
      // A smaller MTU: the hop is asked again with a datagram that fits.
      if (state.mtu !== before) attempt = -1;
      else if (outcome === 'hop') {
        answered = true;
        break;
      }
    }
    if (!answered) yield* ctx.out(`${String(ttl).padStart(2)}:  no reply\n`);
  }
  yield* ctx.out(`     Too many hops: pmtu ${state.mtu}\n`);
  return yield* resume(state);
}

function* resume(state: State): Blocking<number> {
  const to = state.hopsTo >= 0 ? `hops ${state.hopsTo} ` : '';
  const back = state.hopsFrom >= 0 ? `back ${state.hopsFrom} ` : '';
  yield* state.ctx.out(`     Resume: pmtu ${state.mtu} ${to}${back}\n`);
  return 0;
}

type Outcome = 'hop' | 'over' | 'silent' | 'interrupted' | { readonly text: string };

/** probe_ttl(): sends one datagram of the size believed to fit, and waits a second for what is said of it. */
function* probe(state: State): Blocking<Outcome> {
  const { ctx, socket, address } = state;
  for (let attempt = 0; attempt < 10; attempt++) {
    const route = ipRouteOutput(ctx.netns, address);
    if (!route.ok) return { text: strerror(route.errno) };
    const fits = routeMtu(ctx.netns, route.value, address);
    if (state.mtu > fits) {
      // The kernel refuses it with EMSGSIZE and says what would fit.
      state.mtu = fits;
      yield* ctx.out(`${String(state.ttl).padStart(2)}?: ${'[LOCALHOST]'.padEnd(32)} pmtu ${fits}\n`);
      continue;
    }
    state.sent.set(state.port, { at: ctx.now, ttl: state.ttl });
    const connected = udpConnect(socket, address, state.port);
    if (!connected.ok) return { text: strerror(connected.errno) };
    const sent = udpSend(socket, new Uint8Array(Math.max(0, state.mtu - HEADERS)));
    if (sent.ok) break;
    if (sent.errno !== 'ECONNREFUSED' && sent.errno !== 'EHOSTUNREACH') return { text: strerror(sent.errno) };
  }
  const until = ctx.now + WAIT;
  for (;;) {
    const error = socket.errors.take();
    if (error !== undefined) {
      socket.takeError();
      const outcome = yield* tell(state, error);
      state.port++;
      return outcome;
    }
    if (ctx.now >= until) break;
    if ((yield* ctx.wait([socket.readable], until)) === 'interrupted' && ctx.takeSignal() === 'SIGINT')
      return 'interrupted';
  }
  state.port++;
  return 'silent';
}

/** recverr(): one line about an error. */
function* tell(state: State, error: QueuedError): Blocking<Outcome> {
  const { ctx } = state;
  const sent = state.sent.get(error.destinationPort);
  const sentHops = sent?.ttl ?? -1;
  const back = error.ttl <= 64 ? 65 - error.ttl : error.ttl <= 128 ? 129 - error.ttl : 256 - error.ttl;
  const shown = yield* hostColumn(state, error.offender);
  const micros = ctx.now - (sent?.at ?? ctx.now);
  const time = `${String(Math.floor(micros / 1000)).padStart(3)}.${String(micros % 1000).padStart(3, '0')}ms `;
  yield* ctx.out(`${String(sentHops > 0 ? sentHops : state.ttl).padStart(2)}:  ${shown}${time}`);
  switch (error.errno) {
    case 'EMSGSIZE':
      state.mtu = Math.min(state.mtu, error.mtu);
      yield* ctx.out(`pmtu ${error.mtu}\n`);
      return 'hop';
    case 'ECONNREFUSED':
      state.hopsTo = sentHops < 0 ? state.ttl : sentHops;
      state.hopsFrom = back;
      yield* ctx.out('reached\n');
      return 'over';
    case 'EPROTO':
      yield* ctx.out('!P\n');
      return 'over';
    case 'EHOSTUNREACH':
      if (error.type !== 11) {
        yield* ctx.out('!H\n');
        return 'over';
      }
      yield* ctx.out(back !== state.ttl ? `asymm ${String(back).padStart(2)} \n` : '\n');
      return 'hop';
    case 'ENETUNREACH':
      yield* ctx.out('!N\n');
      return 'over';
    case 'EACCES':
      yield* ctx.out('!A\n');
      return 'over';
    default:
      yield* ctx.out(`\nNET ERROR: ${strerror(error.errno)}\n`);
      return 'over';
  }
}

function* hostColumn(state: State, address: number): Blocking<string> {
  const text = formatIpv4(address);
  let shown = text;
  if (!state.numeric) {
    const name = (yield* reverse(state.ctx, address)) ?? text;
    shown = state.both ? `${name} (${text})` : name;
  }
  return shown.padEnd(HOST_COLUMN);
}

export const tracepathTool: Tool = { name: 'tracepath', summary: 'trace the way to a host and its path MTU', main };
