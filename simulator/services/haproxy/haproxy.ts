/**
 * haproxy(1) 3.0 in mode http: `haproxy -f FILE`, `-c` checks, `-v`, `-W`, `-db`. See config.ts for what is done. Deviations: SIGUSR2 does not
 * reload; a check is a TCP connection each 2 s, three failures down, two successes up, as by default.
 */
import { SECOND } from '../../base/scheduler.ts';
import { formatIpv4 } from '../../base/address.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../../process/program.ts';
import { connectTcp, tcpSocket } from '../../transport/index.ts';
import { cookie, type Fields, type Message, setField } from '../messages.ts';
import { answerOf, type Exchange, type Handler, type Lookup, type Plan, Relay, withoutHop } from '../relay.ts';
import { type HaproxyConfig, type ProxySection, type ProxyServer, readHaproxy, serverNames } from './config.ts';

export const HAPROXY_CFG = '/usr/local/etc/haproxy/haproxy.cfg';
const INTER = 2 * SECOND;
const FALL = 3;
const RISE = 2;

interface State {
  readonly server: ProxyServer;
  up: boolean;
  /** Successes (or, while up, failures) in a row. */
  streak: number;
  connections: number;
  /** Of smooth weighted round robin. */
  current: number;
}

class Haproxy implements Handler {
  readonly states = new Map<ProxySection, State[]>();
  private readonly config: HaproxyConfig;

  constructor(config: HaproxyConfig) {
    this.config = config;
    for (const section of config.sections)
      this.states.set(
        section,
        section.servers.map((server) => ({ server, up: true, streak: 0, connections: 0, current: 0 })),
      );
  }

  get ports(): number[] {
    return this.config.sections.flatMap(({ ports }) => ports);
  }

  handle(exchange: Exchange): Message | Plan {
    const front = this.config.sections.find(({ ports }) => ports.includes(exchange.port));
    const back =
      front?.kind === 'listen' && front.servers.length > 0
        ? front
        : this.config.sections.find(({ kind, name }) => kind !== 'frontend' && name === front?.defaultBackend);
    if (front === undefined || back === undefined) return page(503);
    const { request, client } = exchange;
    const states = this.states.get(back) ?? [];
    const fields: Fields = withoutHop(request.fields);
    if (front.forwardFor || back.forwardFor) fields.push(['X-Forwarded-For', formatIpv4(client)]);
    const known = back.cookie === undefined ? undefined : cookie(fields, back.cookie.name);
    if (back.cookie?.indirect === true && known !== undefined) dropCookie(fields, back.cookie.name);
    setField(fields, 'Connection', 'close');
    const tried = new Set<State>();
    let last: State | undefined;
    const release = (): void => {
      if (last !== undefined) last.connections--;
      last = undefined;
    };
    return {
      request: { ...request, fields },
      connectTimeout: back.connect,
      readTimeout: back.server,
      next: () => {
        release();
        const kept = states.find(({ server, up }) => up && known !== undefined && server.cookie === known);
        // Three retries at the same place are its way; then another server is tried (option redispatch is not the default).
        if (tried.size > 0) return undefined;
        last = kept ?? choose(back, states, client);
        if (last === undefined) return undefined;
        tried.add(last);
        last.connections++;
        return last.server;
      },
      failed: () => undefined,
      answered: (answer) => {
        const { server } = last as State;
        const answerFields = answer.fields.filter(([name]) => name.toLowerCase() !== 'transfer-encoding');
        setField(answerFields, 'Content-Length', String(answer.body.length));
        const insert = back.cookie;
        if (insert !== undefined && server.cookie !== '' && known !== server.cookie) {
          answerFields.push(['Set-Cookie', `${insert.name}=${server.cookie}; path=/`]);
          if (insert.nocache) answerFields.push(['Cache-Control', 'private']);
        }
        return { ...answer, start: answer.start.replace(/^HTTP\/1\.\d/, 'HTTP/1.1'), fields: answerFields };
      },
      unavailable: (why) => page(why === 'timeout' ? 504 : 503),
      done: release,
    };
  }

  /** *blocking* Looks after one server for ever. */
  *check(ctx: ProgramContext, state: State, say: (text: string) => void): Blocking<void> {
    for (;;) {
      const due = ctx.now + INTER;
      while (ctx.now < due) yield* ctx.wait([], due);
      const socket = tcpSocket(ctx.netns);
      const connected = yield* connectTcp(ctx, socket, state.server.address, state.server.port, {
        deadline: ctx.now + INTER,
      });
      socket.close();
      if (connected.ok === state.up) {
        state.streak = 0;
        continue;
      }
      state.streak++;
      if (state.streak < (state.up ? FALL : RISE)) continue;
      state.up = connected.ok;
      state.streak = 0;
      say(`Server ${state.server.name} is ${state.up ? 'UP' : 'DOWN'}.`);
    }
  }
}

function choose(back: ProxySection, states: readonly State[], client: number): State | undefined {
  const live = states.filter(({ server, up }) => up && server.weight > 0);
  const own = live.filter(({ server }) => !server.backup);
  const list = own.length > 0 ? own : live.slice(0, 1);
  if (back.balance === 'source') {
    const map = list.flatMap((state) => Array.from({ length: state.server.weight }, () => state));
    return map[client % map.length];
  }
  const least = Math.min(...list.map(({ connections, server }) => connections / server.weight));
  const among =
    back.balance === 'leastconn'
      ? list.filter(({ connections, server }) => connections / server.weight === least)
      : list;
  let best: State | undefined;
  for (const state of among) {
    state.current += state.server.weight;
    if (best === undefined || state.current > best.current) best = state;
  }
  if (best !== undefined) best.current -= among.reduce((sum, { server }) => sum + server.weight, 0);
  return best;
}

function dropCookie(fields: Fields, name: string): void {
  const index = fields.findIndex(([key]) => key.toLowerCase() === 'cookie');
  const left = (fields[index]?.[1] ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '' && !part.startsWith(`${name}=`));
  setField(fields, 'Cookie', left.join('; '));
}

function page(code: 503 | 504): Message {
  const [title, words] =
    code === 503
      ? ['503 Service Unavailable', 'No server is available to handle this request.']
      : ['504 Gateway Time-out', "The server didn't respond in time."];
  return answerOf(title, `<html><body><h1>${title}</h1>\n${words}\n</body></html>\n`, [
    ['Cache-Control', 'no-cache'],
    ['Content-Type', 'text/html'],
  ]);
}

/** haproxy with a way to find addresses. */
export function haproxyTool(lookup: Lookup): Tool {
  return {
    name: 'haproxy',
    directory: '/usr/local/sbin',
    summary: 'a proxy that balances',
    *main(ctx): Program {
      const words = ctx.argv.slice(1);
      let file = '';
      let check = false;
      while (words.length > 0) {
        const word = words.shift();
        if (word === '-f') file = words.shift() ?? '';
        else if (word === '-c') check = true;
        else if (word === '-v') {
          yield* ctx.out('HAProxy version 3.0.8 - https://haproxy.org/\n');
          return 0;
        } else if (word !== '-W' && word !== '-db') {
          yield* ctx.err(`haproxy: ${word ?? ''} is not emulated here, only -f FILE, -c, -v, -W and -db\n`);
          return 1;
        }
      }
      const alert = (text: string): string => `[ALERT]    (${ctx.pid}) : ${text}\n`;
      const text = ctx.fs.readText(file);
      if (!text.ok) {
        yield* ctx.err(alert(`config : Cannot open configuration file/directory ${file} : No such file or directory`));
        return 1;
      }
      const addresses = new Map<string, number[]>();
      for (const name of serverNames(text.value))
        if (!addresses.has(name)) addresses.set(name, yield* lookup(ctx, name));
      const config = readHaproxy(text.value, file, addresses);
      if (config.problems.length > 0) {
        for (const problem of config.problems) yield* ctx.err(alert(`config : ${problem}`));
        yield* ctx.err(
          alert(`config : Error(s) found in configuration file : ${file}`) +
            alert('config : Fatal errors found in configuration.'),
        );
        return 1;
      }
      if (check) {
        yield* ctx.out('Configuration file is valid\n');
        return 0;
      }
      return yield* serve(ctx, config, alert);
    },
  };
}

function* serve(ctx: ProgramContext, config: HaproxyConfig, alert: (text: string) => string): Program {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR1'] as const) ctx.catchSignal(signal);
  const haproxy = new Haproxy(config);
  const relay = new Relay(ctx, haproxy);
  const failure = relay.listen(haproxy.ports);
  if (failure !== undefined) {
    yield* ctx.err(
      alert(
        `config : Starting frontend: cannot bind socket (Address already in use) [0.0.0.0:${failure.split(' ')[0] ?? ''}]`,
      ),
    );
    return 1;
  }
  const warnings: string[] = [];
  for (const states of haproxy.states.values())
    for (const state of states)
      if (state.server.check) relay.conversations.add(haproxy.check(ctx, state, (text) => warnings.push(text)));
  yield* ctx.err(
    `[NOTICE]   (${ctx.pid}) : New worker (${ctx.pid}) forked\n[NOTICE]   (${ctx.pid}) : Loading success.\n`,
  );
  return yield* relay.run(() => {
    for (const text of warnings.splice(0)) ctx.file(2)?.write(encodeUtf8(`[WARNING]  (${ctx.pid}) : ${text}\n`));
    return ctx.takeSignal() === undefined ? undefined : 0;
  });
}
