/**
 * nginx(8) 1.27: `nginx`, `-g DIRECTIVES`, `-c FILE`, `-t`, `-s reload|quit|stop`, `-v`. A proxy by its configuration; see config.ts
 * for what of it is done. Deviations: one process (no workers); answers of servers are read whole before they are sent on.
 */
import { formatIpv4 } from '../../base/address.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../../process/program.ts';
import { strftime } from '../../process/calendar.ts';
import { cookie, field, type Fields, type Message, setField } from '../messages.ts';
import { answerOf, type Exchange, type Handler, type Lookup, type Plan, Relay, withoutHop } from '../relay.ts';
import { Balancer } from './balance.ts';
import {
  buildConfig,
  type Location,
  namesOf,
  type NginxConfig,
  type Peer,
  type Server,
  type UpstreamGroup,
} from './config.ts';
import { ConfigError, type Directive, readConfig } from './grammar.ts';

export const NGINX_CONF = '/etc/nginx/nginx.conf';
const PID_FILE = '/run/nginx.pid';
const VERSION = 'nginx/1.27.4';

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Moved Temporarily',
  403: 'Forbidden',
  404: 'Not Found',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};

/** *blocking* Reads and checks the configuration. Throws {@link ConfigError}. */
function* load(ctx: ProgramContext, lookup: Lookup, file: string): Blocking<NginxConfig> {
  const read = (path: string): Directive[] => {
    const text = ctx.fs.readText(path);
    if (!text.ok) throw new ConfigError(`open() "${path}" failed (2: No such file or directory)`);
    return readConfig(text.value, path);
  };
  const included = (path: string, by: Directive): Directive[] => {
    const absolute = path.startsWith('/') ? path : `/etc/nginx/${path}`;
    const slash = absolute.lastIndexOf('/');
    const pattern = absolute.slice(slash + 1);
    if (!pattern.includes('*')) {
      if (!ctx.fs.readText(absolute).ok)
        throw new ConfigError(`open() "${absolute}" failed (2: No such file or directory)`, by.file, by.line);
      return read(absolute);
    }
    const names = ctx.fs.readdir(absolute.slice(0, slash));
    const wanted = new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
    return names.ok
      ? [...names.value]
          .filter((name) => wanted.test(name))
          .sort()
          .flatMap((name) => read(`${absolute.slice(0, slash)}/${name}`))
      : [];
  };
  const directives = read(file);
  const everywhere = (list: readonly Directive[]): Directive[] =>
    list.flatMap((one) => [
      one,
      ...(one.block === undefined ? [] : everywhere(one.block)),
      ...(one.name === 'include' && one.args[0] !== undefined ? everywhere(included(one.args[0], one)) : []),
    ]);
  const addresses = new Map<string, number[]>();
  for (const name of namesOf(
    everywhere(directives).map((one) => ({
      ...one,
      block: one.name === 'server' && one.block !== undefined ? [] : undefined,
    })),
  ))
    if (name !== '' && !addresses.has(name)) addresses.set(name, yield* lookup(ctx, name));
  return buildConfig(directives, { addresses, included });
}

class Nginx implements Handler {
  private readonly ctx: ProgramContext;
  private readonly config: NginxConfig;
  private readonly balancers = new Map<UpstreamGroup, Balancer>();

  constructor(ctx: ProgramContext, config: NginxConfig) {
    this.ctx = ctx;
    this.config = config;
  }

  get ports(): number[] {
    return [...new Set(this.config.servers.flatMap(({ ports }) => ports))];
  }

  handle(exchange: Exchange): Message | Plan {
    const { target, port } = exchange;
    const path = target.split('?')[0] ?? '/';
    const server = this.serverFor(exchange, port);
    if (server === undefined) return this.page(404);
    const location = locationFor(server, path);
    if (server.own.returns !== undefined) return this.returned(server.own, exchange);
    if (location === undefined) return this.page(404);
    if (location.returns !== undefined) return this.returned(location, exchange);
    return location.pass === undefined ? this.page(404) : this.plan(location, location.pass, exchange);
  }

  log({ request, client }: Exchange, answer: Message): string {
    const stamp = strftime('%d/%b/%Y:%H:%M:%S +0000', Math.floor(this.ctx.wallClock / 1e6));
    const code = answer.start.split(' ')[1] ?? '';
    const agent = field(request.fields, 'user-agent') ?? '-';
    return `${formatIpv4(client)} - - [${stamp}] "${request.start}" ${code} ${answer.body.length} "${field(request.fields, 'referer') ?? '-'}" "${agent}" "${field(request.fields, 'x-forwarded-for') ?? '-'}"`;
  }

  private serverFor({ request }: Exchange, port: number): Server | undefined {
    const here = this.config.servers.filter(({ ports }) => ports.includes(port));
    const host = (field(request.fields, 'host') ?? '').replace(/:\d+$/, '');
    return here.find(({ names }) => names.includes(host)) ?? here.find(({ isDefault }) => isDefault) ?? here[0];
  }

  private plan(location: Location, pass: NonNullable<Location['pass']>, exchange: Exchange): Plan {
    const { request, client, method, target } = exchange;
    const { ctx } = this;
    const balancer = this.balancers.get(pass.group) ?? new Balancer(pass.group);
    this.balancers.set(pass.group, balancer);
    const words = (text: string): string => this.expand(text, exchange, pass.host);
    const fields: Fields = [
      ['Host', pass.host],
      ['Connection', 'close'],
      ...withoutHop(request.fields).filter(([name]) => name.toLowerCase() !== 'host'),
    ];
    for (const [name, value] of location.headers) setField(fields, name, words(value));
    const uri = pass.uri === '' ? target : pass.uri + target.slice(location.path.length);
    const tried = new Set<Peer>();
    let last: Peer | undefined;
    return {
      request: { start: `${method} ${uri} HTTP/1.0`, fields, body: request.body },
      connectTimeout: location.connectTimeout,
      readTimeout: location.readTimeout,
      next: () => {
        if (last !== undefined) balancer.released(last);
        last = balancer.pick(client, words(pass.group.key), tried, ctx.now);
        if (last !== undefined) tried.add(last);
        return last;
      },
      failed: () => {
        if (last !== undefined) balancer.failed(last, ctx.now);
      },
      answered: (answer) => {
        if (last !== undefined) balancer.answered(last);
        const kept: Fields = [
          ['Server', VERSION],
          ...answer.fields.filter(([name]) => !/^(server|transfer-encoding|content-length)$/i.test(name)),
          ['Content-Length', field(answer.fields, 'content-length') ?? String(answer.body.length)],
        ];
        for (const [name, value] of location.added) kept.push([name, words(value)]);
        return { start: answer.start.replace(/^HTTP\/1\.\d/, 'HTTP/1.1'), fields: kept, body: answer.body };
      },
      unavailable: (why) => this.page(why === 'timeout' ? 504 : 502),
      done: () => {
        if (last !== undefined) balancer.released(last);
      },
    };
  }

  private returned({ returns, added }: Location, exchange: Exchange): Message {
    const { code = 200, text = '' } = returns ?? {};
    if (code >= 301 && code <= 308) {
      const page = this.page(code);
      page.fields.push(['Location', this.expand(text, exchange, '')]);
      return page;
    }
    if (text === '' && code !== 200) return this.page(code);
    const fields: Fields = [
      ['Server', VERSION],
      ['Content-Type', 'text/plain'],
      ...added.map(([name, value]): [string, string] => [name, this.expand(value, exchange, '')]),
    ];
    return answerOf(`${code} ${REASONS[code] ?? ''}`.trim(), this.expand(text, exchange, ''), fields);
  }

  private page(code: number): Message {
    const title = `${code} ${REASONS[code] ?? ''}`.trim();
    const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>${VERSION}</center>\r\n</body>\r\n</html>\r\n`;
    return answerOf(title, body, [
      ['Server', VERSION],
      ['Content-Type', 'text/html'],
    ]);
  }

  private expand(
    text: string,
    { request, client, clientPort, target, port, method }: Exchange,
    proxyHost: string,
  ): string {
    return text.replace(/\$\{?([a-z0-9_]+)\}?/g, (whole, name: string) => {
      const came = field(request.fields, 'x-forwarded-for');
      const address = formatIpv4(client);
      const values: Readonly<Record<string, string>> = {
        remote_addr: address,
        remote_port: String(clientPort),
        proxy_add_x_forwarded_for: came === undefined ? address : `${came}, ${address}`,
        proxy_host: proxyHost,
        host: (field(request.fields, 'host') ?? '').replace(/:\d+$/, ''),
        request_uri: target,
        uri: target.split('?')[0] ?? '',
        args: target.split('?')[1] ?? '',
        scheme: 'http',
        request_method: method,
        server_port: String(port),
        hostname: this.ctx.hostname,
      };
      if (name.startsWith('http_')) return field(request.fields, name.slice(5).replaceAll('_', '-')) ?? '';
      if (name.startsWith('cookie_')) return cookie(request.fields, name.slice(7)) ?? '';
      if (name.startsWith('arg_'))
        return new RegExp(`(?:^|&)${name.slice(4)}=([^&]*)`).exec(values['args'] ?? '')?.[1] ?? '';
      return values[name] ?? whole;
    });
  }
}

/** The exact one, else the longest beginning. */
function locationFor({ locations }: Server, path: string): Location | undefined {
  const exact = locations.find((one) => one.exact && one.path === path);
  return (
    exact ??
    locations.filter((one) => !one.exact && path.startsWith(one.path)).sort((a, b) => b.path.length - a.path.length)[0]
  );
}

/** *blocking* Serves by the configuration until a signal ends it; SIGHUP reads it again. */
export function* serveNginx(ctx: ProgramContext, lookup: Lookup, file = NGINX_CONF): Program {
  const said = (text: string): string => `nginx: [emerg] ${text}\n`;
  const load1 = function* (): Blocking<NginxConfig | string> {
    try {
      return yield* load(ctx, lookup, file);
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
      throw error;
    }
  };
  const config = yield* load1();
  if (typeof config === 'string') {
    yield* ctx.err(said(config));
    return 1;
  }
  for (const signal of ['SIGHUP', 'SIGTERM', 'SIGQUIT', 'SIGINT'] as const) ctx.catchSignal(signal);
  ctx.fs.writeFile(PID_FILE, `${ctx.pid}\n`);
  let nginx = new Nginx(ctx, config);
  const relay = new Relay(ctx, nginx);
  const failure = relay.listen(nginx.ports);
  if (failure !== undefined) {
    yield* ctx.err(said(`bind() to 0.0.0.0:${failure}`));
    return 1;
  }
  const reload = function* (): Blocking<void> {
    const next = yield* load1();
    if (typeof next === 'string') yield* ctx.err(`[emerg] ${ctx.pid}#${ctx.pid}: ${next}\n`);
    else {
      nginx = new Nginx(ctx, next);
      relay.handler = nginx;
      const problem = relay.listen(nginx.ports);
      if (problem !== undefined) yield* ctx.err(`[emerg] ${ctx.pid}#${ctx.pid}: bind() to 0.0.0.0:${problem}\n`);
    }
  };
  return yield* relay.run(() => {
    for (let signal = ctx.takeSignal(); signal !== undefined; signal = ctx.takeSignal()) {
      if (signal !== 'SIGHUP') return 0;
      relay.conversations.add(reload());
    }
    return undefined;
  });
}

export function nginxTool(lookup: Lookup): Tool {
  return {
    name: 'nginx',
    directory: '/usr/sbin',
    summary: 'a web server and proxy',
    *main(ctx): Program {
      const words = ctx.argv.slice(1);
      let file = NGINX_CONF;
      let test = false;
      let signal: string | undefined;
      while (words.length > 0) {
        const word = words.shift();
        if (word === '-v') {
          yield* ctx.err(`nginx version: ${VERSION}\n`);
          return 0;
        }
        if (word === '-t') test = true;
        else if (word === '-c') file = words.shift() ?? '';
        else if (word === '-s') signal = words.shift() ?? '';
        else if (word === '-g' && /^daemon off;?$/.test(words[0] ?? '')) words.shift();
        else {
          yield* ctx.err(`nginx: invalid option: "${word ?? ''}"\n`);
          return 1;
        }
      }
      if (signal !== undefined) return yield* send(ctx, signal);
      if (!test) return yield* serveNginx(ctx, lookup, file);
      try {
        yield* load(ctx, lookup, file);
        yield* ctx.err(
          `nginx: the configuration file ${file} syntax is ok\nnginx: configuration file ${file} test is successful\n`,
        );
        return 0;
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        yield* ctx.err(`nginx: [emerg] ${error.message}\nnginx: configuration file ${file} test failed\n`);
        return 1;
      }
    },
  };
}

function* send(ctx: ProgramContext, name: string): Program {
  const signal = ({ reload: 'SIGHUP', quit: 'SIGQUIT', stop: 'SIGTERM' } as const)[name];
  if (signal === undefined) {
    yield* ctx.err(`nginx: invalid option: "-s ${name}"\n`);
    return 1;
  }
  const pid = ctx.fs.readText(PID_FILE);
  // A container whose server began without a configuration has no such file: its first process takes the signal.
  ctx.kill(pid.ok ? Number(pid.value) : 1, signal);
  return 0;
}
