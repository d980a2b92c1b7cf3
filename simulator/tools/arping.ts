/**
 * arping(8) of iputils 20240905: asks for link-layer addresses. Options: -A -b -c -D -f -i -I -q -s -U -V -w.
 * Not emulated: link-layer addresses given by hand.
 */
import { formatIpv4, formatMac, parseIpv4 } from '../base/address.ts';
import type { NetDevice } from '../kernel/device.ts';
import { fail, type Blocking, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import { ARP_REPLY } from '../wire/packet.ts';
import { ArpExchange, askingAddress, type ArpMessage } from './arping/exchange.ts';
import { getopt } from './net/getopt.ts';
import { resolve } from './net/resolve.ts';

const USAGE = `
Usage:
  arping [options] <destination>

Options:
  -f            quit on first reply
  -q            be quiet
  -b            keep on broadcasting, do not unicast
  -D            duplicate address detection mode
  -U            unsolicited ARP mode, update your neighbours
  -A            ARP answer mode, update your neighbours
  -V            print version and exit
  -c <count>    how many packets to send
  -w <timeout>  how long to wait for a reply
  -i <interval> set interval between packets (default: 1 second)
  -I <device>   which ethernet device to use
  -s <source>   source IP address
  <destination> DNS name or IP address

For more details see arping(8).
`;

interface Options {
  readonly flags: ReadonlySet<string>;
  /** 0 for no end. */
  readonly count: number;
  /** Microseconds; 0 for none. */
  readonly timeout: number;
  readonly interval: number;
  readonly device: string;
  readonly source: number | undefined;
  readonly target: string;
}

/** The options, or what is said of them and the status. */
function parse(words: readonly string[]): Options | { readonly text: string; readonly status: number } {
  const parsed = getopt(words, { short: 'h?bfDUAqc:w:i:I:s:V' });
  if (parsed.error !== undefined) return { text: `arping: ${parsed.error}\n${USAGE}`, status: 2 };
  const given = new Map(parsed.options.map(({ name, value }) => [name, value]));
  if (given.has('V')) return { text: 'arping from iputils 20240905\n', status: 0 };
  if (given.has('h') || given.has('?') || parsed.operands.length !== 1) return { text: USAGE, status: 2 };
  for (const name of ['c', 'w', 'i']) {
    const value = given.get(name);
    if (value === undefined) continue;
    if (!/^\d{1,9}$/.test(value)) return { text: `arping: invalid argument: '${value}'\n`, status: 1 };
    if (name !== 'w' && Number(value) < 1)
      return { text: `arping: invalid argument: '${value}': out of range: 1 <= value <= 2147483647\n`, status: 1 };
  }
  const source = given.get('s');
  const from = source === undefined ? undefined : parseIpv4(source);
  if (source !== undefined && from === undefined) return { text: `arping: invalid source ${source}\n`, status: 2 };
  return {
    flags: new Set(given.keys()),
    count: Number(given.get('c') ?? 0),
    timeout: Number(given.get('w') ?? 0) * 1_000_000,
    interval: Number(given.get('i') ?? 1) * 1_000_000,
    device: given.get('I') ?? '',
    source: from,
    target: parsed.operands[0] as string,
  };
}

/** The device of -I, else the only one that will do; or what is wrong. */
function chooseDevice(ctx: ProgramContext, name: string): NetDevice | string {
  if (name === '') {
    const fit = [...ctx.netns.devices.values()].filter((dev) => dev.up && !dev.noArp && dev.kind !== 'loopback');
    const [only] = fit;
    return only !== undefined && fit.length === 1
      ? only
      : 'arping: Suitable device could not be determined. Please, use option -I.';
  }
  const dev = ctx.netns.device(name);
  if (dev === undefined) return `arping: Device ${name} not available.`;
  if (!dev.up) return `arping: Interface "${name}" is down`;
  return dev.noArp || dev.kind === 'loopback' ? `arping: Interface "${name}" is not ARPable` : dev;
}

function* main(ctx: ProgramContext): Program {
  const options = parse(ctx.argv.slice(1));
  if ('text' in options) {
    yield* options.status === 0 ? ctx.out(options.text) : ctx.err(options.text);
    return options.status;
  }
  const dev = chooseDevice(ctx, options.device);
  if (typeof dev === 'string') return yield* fail(ctx, dev, 2);
  const target = (yield* resolve(ctx, options.target, 4)).addresses[0]?.address;
  if (target === undefined) return yield* fail(ctx, `arping: ${options.target}: Name or service not known`, 2);
  const { flags } = options;
  const announces = flags.has('U') || flags.has('A');
  if (options.source !== undefined && !ctx.netns.localAddresses.has(options.source) && !flags.has('D'))
    return yield* fail(ctx, 'arping: bind: Cannot assign requested address', 2);
  const source = options.source ?? (announces ? target : flags.has('D') ? 0 : askingAddress(ctx, dev, target));
  const exchange = new ArpExchange(ctx, dev);
  ctx.catchSignal('SIGINT');
  try {
    if (!flags.has('q')) yield* ctx.out(`ARPING ${formatIpv4(target)} from ${formatIpv4(source)} ${dev.name}\n`);
    return yield* run(ctx, exchange, options, source, target);
  } finally {
    exchange.close();
  }
}

function* run(
  ctx: ProgramContext,
  exchange: ArpExchange,
  options: Options,
  source: number,
  target: number,
): Blocking<number> {
  const { flags, count, interval } = options;
  const duplicate = flags.has('D');
  const announces = flags.has('U') || flags.has('A');
  const began = ctx.now;
  let [sent, broadcasts, received, requests] = [0, 0, 0, 0];
  let unicast: number | undefined;
  let next = began;
  let sentAt = began;
  let over = false;
  while (!over) {
    if (ctx.now >= next) {
      if (count !== 0 && sent >= count) break;
      sentAt = ctx.now;
      if (announces) exchange.announce(target, flags.has('A'));
      else exchange.ask(source, target, unicast);
      sent++;
      if (unicast === undefined) broadcasts++;
      next += interval;
    }
    for (let message = exchange.take(); message !== undefined; message = exchange.take()) {
      if (!concerns(message, exchange.dev, source, target, duplicate)) continue;
      received++;
      if (message.operation !== ARP_REPLY) requests++;
      if (!flags.has('q')) yield* ctx.out(told(message, exchange.dev, sentAt));
      if (duplicate || flags.has('f')) over = true;
      if (!flags.has('b') && !duplicate) unicast = message.senderMac;
    }
    if (over || (options.timeout !== 0 && ctx.now >= began + options.timeout)) break;
    const until = options.timeout === 0 ? next : Math.min(next, began + options.timeout);
    if ((yield* ctx.wait([exchange.readable], until)) === 'interrupted' && ctx.takeSignal() === 'SIGINT') break;
  }
  if (!flags.has('q')) {
    const extra = requests > 0 ? ` (${requests} request(s))` : '';
    yield* ctx.out(`Sent ${sent} probes (${broadcasts} broadcast(s))\nReceived ${received} response(s)${extra}\n`);
  }
  if (duplicate) return received > 0 ? 1 : 0;
  return announces || received > 0 ? 0 : 1;
}

/** recv_pack: an answer about the target, sent to us. */
function concerns(message: ArpMessage, dev: NetDevice, source: number, target: number, duplicate: boolean): boolean {
  if (message.senderIp !== target) return false;
  if (duplicate) return message.senderMac !== dev.mac;
  return message.targetIp === source && (message.operation !== ARP_REPLY || message.targetMac === dev.mac);
}

function told(message: ArpMessage, dev: NetDevice, sentAt: number): string {
  const how = message.to === dev.mac ? 'Unicast' : 'Broadcast';
  const what = message.operation === ARP_REPLY ? 'reply' : 'request';
  const micros = message.at - sentAt;
  const time = `${Math.floor(micros / 1000)}.${String(micros % 1000).padStart(3, '0')}ms`;
  return `${how} ${what} from ${formatIpv4(message.senderIp)} [${formatMac(message.senderMac).toUpperCase()}]  ${time}\n`;
}

export const arpingTool: Tool = {
  name: 'arping',
  summary: 'ask for the link-layer address of an IPv4 address',
  main,
  complete: (words, ctx) => (words.at(-2) === '-I' ? [...ctx.netns.byName.keys()] : []),
};
