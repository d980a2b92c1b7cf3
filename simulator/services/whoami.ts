/**
 * traefik/whoami: tells who answers and what arrived: host name, addresses, the peer, the request with its fields. Mirrors
 * github.com/traefik/whoami v1.11, the path `/` (and any other that is no page of its own), `/api` and `/health`; option `-port`
 * and WHOAMI_NAME. Other pages (/data, /echo, /bench, /upload) are refused.
 */
import { formatIpv4 } from '../base/address.ts';
import type { Program, ProgramContext, Tool } from '../process/program.ts';
import { strftime } from '../process/calendar.ts';
import { field, type Message } from './messages.ts';
import { answerOf, type Exchange, Relay } from './relay.ts';

const REFUSED = /^\/(data|echo|bench|upload)\b/;

function* main(ctx: ProgramContext): Program {
  const option = ctx.argv.findIndex((word) => /^--?port$/.test(word));
  const port = Number((option > 0 ? ctx.argv[option + 1] : undefined) ?? ctx.env.get('WHOAMI_PORT_NUMBER') ?? 80);
  const unknown = ctx.argv.slice(1).find((word, index) => word.startsWith('-') && index + 1 !== option);
  if (unknown !== undefined) {
    yield* ctx.err(`whoami: ${unknown} is not emulated here, only -port\n`);
    return 2;
  }
  const relay = new Relay(ctx, { handle: (exchange) => answer(ctx, exchange) });
  const failure = relay.listen([port]);
  const stamp = strftime('%Y/%m/%d %H:%M:%S', Math.floor(ctx.wallClock / 1e6));
  yield* ctx.out(
    failure === undefined ? `${stamp} Starting up on port ${port}\n` : `${stamp} listen tcp :${failure}\n`,
  );
  return failure === undefined ? yield* relay.run(() => undefined) : 1;
}

function answer(ctx: ProgramContext, exchange: Exchange): Message {
  const { request, target, client, clientPort } = exchange;
  const date: [string, string] = ['Date', strftime('%a, %d %b %Y %H:%M:%S GMT', Math.floor(ctx.wallClock / 1e6))];
  if (REFUSED.test(target)) return answerOf('501 Not Implemented', `${target}: not emulated here\n`, [date]);
  if (target === '/health') return answerOf('200 OK', '', [date]);
  const addresses = [...ctx.netns.devices.values()].flatMap((dev) =>
    dev.addresses.map(({ address }) => formatIpv4(address)),
  );
  const shown = request.fields
    .filter(([name]) => name.toLowerCase() !== 'host')
    .sort(([a], [b]) => (canonical(a) < canonical(b) ? -1 : 1));
  const host = field(request.fields, 'host') ?? '';
  const remote = `${formatIpv4(client)}:${clientPort}`;
  const name = ctx.env.get('WHOAMI_NAME');
  if (target === '/api') {
    const headers = Object.fromEntries(shown.map(([key, value]) => [canonical(key), [value]]));
    const data = {
      hostname: ctx.hostname,
      ip: addresses,
      headers,
      url: target,
      host,
      method: exchange.method,
      ...(name === undefined ? {} : { name }),
      remoteAddr: remote,
    };
    return answerOf('200 OK', `${JSON.stringify(data)}\n`, [['Content-Type', 'application/json'], date]);
  }
  const lines = [
    ...(name === undefined ? [] : [`Name: ${name}`]),
    `Hostname: ${ctx.hostname}`,
    ...addresses.map((address) => `IP: ${address}`),
    `RemoteAddr: ${remote}`,
    request.start,
    `Host: ${host}`,
    ...shown.map(([key, value]) => `${canonical(key)}: ${value}`),
  ];
  return answerOf('200 OK', `${lines.join('\n')}\n\n`, [date, ['Content-Type', 'text/plain; charset=utf-8']]);
}

/** `user-agent` → `User-Agent`, as Go writes fields. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

export const whoamiTool: Tool = {
  name: 'whoami',
  directory: '/',
  summary: 'tells who answers, and what arrived',
  main,
};
