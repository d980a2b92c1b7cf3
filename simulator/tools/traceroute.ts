/**
 * traceroute(8), "Modern traceroute for Linux" 2.1.6: up to 16 probes at once, waiting no longer than answers of the same or of the
 * next hop suggest. Options: -4 -F -f -i -I -m -N -n -p -q -s -T -t -U -w -z. The others are refused.
 */
import { formatIpv4, parseIpv4 } from '../base/address.ts';
import { strerror } from '../base/errno.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../process/program.ts';
import { getopt } from './net/getopt.ts';
import { resolve, reverse } from './net/resolve.ts';
import { callThatFailed, newProbe, Prober, type Method, type Probe } from './traceroute/probes.ts';

const REFUSED = '6dDeEglMOAPrRSUVX';

interface Options {
  readonly host: string;
  readonly method: Method;
  readonly port: number;
  readonly hops: number;
  readonly first: number;
  readonly probes: number;
  readonly together: number;
  /** Microseconds. */
  readonly wait: number;
  readonly here: number;
  readonly near: number;
  readonly pause: number;
  readonly length: number;
  readonly numeric: boolean;
  readonly source: string;
  readonly device: string;
  readonly tos: number;
  readonly dontFragment: boolean;
}

interface Refusal {
  readonly text: string;
  readonly status: number;
}

const DEFAULT_PORT: Readonly<Record<Method, number>> = { udp: 33434, icmp: 1, tcp: 80 };

function parse(words: readonly string[]): Options | Refusal {
  const long = {
    help: { value: false, as: 'help' },
    version: { value: false, as: 'V' },
    icmp: { value: false, as: 'I' },
    tcp: { value: false, as: 'T' },
    first: { value: true, as: 'f' },
    'max-hops': { value: true, as: 'm' },
    queries: { value: true, as: 'q' },
    wait: { value: true, as: 'w' },
    port: { value: true, as: 'p' },
    interface: { value: true, as: 'i' },
    source: { value: true, as: 's' },
    'sim-queries': { value: true, as: 'N' },
    'dont-fragment': { value: false, as: 'F' },
    sendwait: { value: true, as: 'z' },
    tos: { value: true, as: 't' },
  };
  const parsed = getopt(words, { short: '46deFDf:g:Ii:l:M:m:N:nO:p:P:q:rRs:STt:UVw:Xz:A', long });
  if (parsed.error !== undefined) return { text: badOption(words, parsed.error), status: 2 };
  const given = new Map<string, string>();
  for (const { name, value } of parsed.options) given.set(name, value);
  if (given.has('help'))
    return {
      text: 'Usage:\n  traceroute [ -46dFITnreAUDV ] [ -f first_ttl ] [ -g gate,... ] [ -i device ] [ -m max_ttl ] [ -N squeries ] [ -p port ] [ -t tos ] [ -l flow_label ] [ -w MAX,HERE,NEAR ] [ -q nqueries ] [ -s src_addr ] [ -z sendwait ] [ --fwmark=num ] host [ packetlen ]\n',
      status: 0,
    };
  if (given.has('V'))
    return {
      text: 'Modern traceroute for Linux, version 2.1.6\nCopyright (c) 2016  Dmitry Butskoy,   License: GPL v2 or any later\n',
      status: 0,
    };
  for (const name of given.keys())
    if (REFUSED.includes(name)) return { text: `traceroute: option -${name} is not emulated here\n`, status: 2 };
  const [host, size] = parsed.operands;
  if (host === undefined) return { text: 'Specify "host" missing argument.\n', status: 2 };
  const method: Method = given.has('I') ? 'icmp' : given.has('T') ? 'tcp' : 'udp';
  const number = (name: string, otherwise: number): number => {
    const value = given.get(name);
    return value === undefined ? otherwise : /^(0x[0-9a-f]+|\d+(\.\d+)?)$/i.test(value) ? Number(value) : NaN;
  };
  const hops = number('m', 30);
  const first = number('f', 1);
  const probes = number('q', 3);
  const together = number('N', 16);
  const port = number('p', DEFAULT_PORT[method]);
  const tos = number('t', 0);
  const pause = number('z', 0);
  const waits = (given.get('w') ?? '5,3,10').split(',').map(Number);
  const length = size === undefined ? 60 : Number(size);
  if ([hops, first, probes, together, port, tos, pause, length, ...waits].some(Number.isNaN))
    return { text: 'Cannot handle the arguments: a number was expected\n', status: 2 };
  if (first < 1 || first > hops) return { text: 'first hop out of range\n', status: 2 };
  if (hops > 255) return { text: 'max hops cannot be more than 255\n', status: 2 };
  if (probes < 1 || probes > 10) return { text: 'no more than 10 probes per hop\n', status: 2 };
  if (waits.some((wait) => wait < 0))
    return { text: `bad wait specifications \`${given.get('w') ?? ''}' used\n`, status: 2 };
  if (length > 65000) return { text: `too big packetlen ${length} specified\n`, status: 2 };
  const micros = (seconds: number): number => Math.round(seconds * 1_000_000);
  return {
    host,
    method,
    port: Math.trunc(port) & 0xffff,
    hops: Math.trunc(hops),
    first: Math.trunc(first),
    probes: Math.trunc(probes),
    together: Math.max(1, Math.trunc(together)),
    wait: micros(waits[0] ?? 5),
    here: waits[1] ?? (given.has('w') ? 0 : 3),
    near: waits[2] ?? (given.has('w') ? 0 : 10),
    pause: micros(pause > 10 ? pause / 1000 : pause),
    length: Math.max(length, method === 'tcp' ? 60 : 28),
    numeric: given.has('n'),
    source: given.get('s') ?? '',
    device: given.get('i') ?? '',
    tos: Math.trunc(tos) & 255,
    dontFragment: given.has('F'),
  };
}

/** CLIF's words, with the place on the command line. */
function badOption(words: readonly string[], error: string): string {
  const letter = /'(-*)([^']*)'/.exec(error);
  const name = `${letter?.[1] === '--' ? '--' : '-'}${letter?.[2] ?? ''}`;
  const at = words.findIndex((word) => word.startsWith('-') && word.includes(letter?.[2] ?? '\0')) + 1;
  if (error.startsWith('option')) return `Option \`${name}' (argc ${Math.max(1, at)}) requires an argument\n`;
  return `Bad option \`${name}' (argc ${Math.max(1, at)})\n`;
}

function* main(ctx: ProgramContext): Program {
  const options = parse(ctx.argv.slice(1));
  if ('text' in options) {
    yield* options.status === 0 ? ctx.out(options.text) : ctx.err(options.text);
    return options.status;
  }
  const address = (yield* resolve(ctx, options.host, 4)).addresses[0]?.address;
  if (address === undefined) {
    const at = ctx.argv.indexOf(options.host);
    yield* ctx.err(
      `${options.host}: Name or service not known\nCannot handle "host" cmdline arg \`${options.host}' on position 1 (argc ${at})\n`,
    );
    return 2;
  }
  const source = options.source === '' ? 0 : parseIpv4(options.source);
  if (source === undefined) {
    yield* ctx.err(`${options.source}: Name or service not known\n`);
    return 2;
  }
  const device = options.device === '' ? undefined : ctx.netns.device(options.device);
  if (options.device !== '' && device === undefined) {
    yield* ctx.err('\nsetsockopt(SO_BINDTODEVICE): No such device\n');
    return 1;
  }
  yield* ctx.out(
    `traceroute to ${options.host} (${formatIpv4(address)}), ${options.hops} hops max, ${options.length} byte packets`,
  );
  const { method, port, length, tos, dontFragment } = options;
  const prober = new Prober(ctx, {
    method,
    address,
    port,
    length,
    source,
    device: device?.ifindex ?? 0,
    tos,
    dontFragment,
  });
  try {
    return yield* trace(ctx, options, prober);
  } finally {
    prober.close();
  }
}

/** do_it(): keeps up to `together` probes on their way, and prints them in order. */
function* trace(ctx: ProgramContext, options: Options, prober: Prober): Blocking<number> {
  const { probes: perHop, first, hops } = options;
  const all = Array.from({ length: hops * perHop }, (_, i) => newProbe(Math.floor(i / perHop) + 1));
  const names = new Map<number, string>();
  let start = (first - 1) * perHop;
  let end = all.length;
  let lastSent = -Infinity;
  while (start < end) {
    prober.collect();
    let onTheWay = 0;
    let next = Infinity;
    for (let n = start; n < end; n++) {
      const probe = all[n] as Probe;
      if (!probe.done && probe.sentAt !== 0) {
        const expires = probe.sentAt + timeout(options, all, n);
        if (ctx.now >= expires) prober.give(probe);
        else next = Math.min(next, expires);
      }
      if (probe.done) {
        if (n === start) {
          yield* printProbe(ctx, options, all, n, names);
          start++;
        }
        if (probe.final) end = Math.min(end, (Math.floor(n / perHop) + 1) * perHop);
        continue;
      }
      if (probe.sentAt === 0) {
        if (options.pause > 0 && ctx.now - lastSent < options.pause) {
          next = Math.min(next, lastSent + options.pause);
          break;
        }
        const sent = prober.send(probe);
        if (!sent.ok) {
          if (sent.errno !== 'EMSGSIZE') {
            yield* ctx.err(`\n${callThatFailed(options.method, sent.errno)}: ${strerror(sent.errno)}\n`);
            return 1;
          }
          probe.mark = '!F-0';
          probe.final = true;
          probe.done = true;
          n--;
          continue;
        }
        lastSent = ctx.now;
        next = Math.min(next, probe.sentAt + timeout(options, all, n));
      }
      if (++onTheWay >= options.together) break;
    }
    if (start < end && next !== Infinity && !prober.collect()) yield* ctx.wait([...prober.readable], next);
  }
  yield* ctx.out('\n');
  return 0;
}

/** get_timeout(): what answers of the same hop, or of later ones, suggest. */
function timeout(options: Options, all: readonly Probe[], index: number): number {
  const { probes: perHop, wait, here, near } = options;
  if (here > 0) {
    const first = index - (index % perHop);
    for (let i = first; i < first + perHop; i++) {
      const other = all[i];
      if (other !== undefined && other.done && other.receivedAt > other.sentAt)
        return Math.min(wait, (other.receivedAt - other.sentAt) * here + SLACK);
    }
  }
  if (near > 0) {
    for (let i = index + 1; i < all.length && (all[i] as Probe).sentAt !== 0; i++) {
      const other = all[i] as Probe;
      if (other.done && other.receivedAt > other.sentAt)
        return Math.min(wait, (other.receivedAt - other.sentAt) * near + SLACK);
    }
  }
  return wait;
}

/** The clocks here are much finer than a real network's. */
const SLACK = 10_000;

function* printProbe(
  ctx: ProgramContext,
  options: Options,
  all: readonly Probe[],
  index: number,
  names: Map<number, string>,
): Blocking<void> {
  const probe = all[index] as Probe;
  const place = index % options.probes;
  let text = place === 0 ? `\n${String(probe.ttl).padStart(2)} ` : '';
  if (probe.from === 0 && probe.mark === '') text += ' *';
  else if (probe.from !== 0) {
    const before = all.slice(index - place, index).findLast((other) => other.from !== 0);
    if (before === undefined || before.from !== probe.from)
      text += ` ${yield* nameOf(ctx, options, probe.from, names)}`;
    const micros = probe.receivedAt - probe.sentAt;
    text += `  ${Math.floor(micros / 1000)}.${String(micros % 1000).padStart(3, '0')} ms`;
  }
  if (probe.mark !== '') text += ` ${probe.mark}`;
  yield* ctx.out(text);
}

function* nameOf(ctx: ProgramContext, options: Options, address: number, names: Map<number, string>): Blocking<string> {
  const text = formatIpv4(address);
  if (options.numeric) return text;
  let name = names.get(address);
  if (name === undefined) {
    name = (yield* reverse(ctx, address)) ?? text;
    names.set(address, name);
  }
  return `${name} (${text})`;
}

export const tracerouteTool: Tool = { name: 'traceroute', summary: 'print the route packets take to a host', main };
