/** arping of busybox 1.37 (networking/arping.c). Options: -f -q -b -D -U -A -c -w -I -s. */
import { formatIpv4, formatMac, parseIpv4 } from '../../base/address.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../../process/program.ts';
import { ARP_REPLY } from '../../wire/packet.ts';
import { getopt } from '../net/getopt.ts';
import { resolveInBusybox } from '../net/resolve.ts';
import { ArpExchange, askingAddress } from './exchange.ts';

const USAGE = `BusyBox v1.37.0 multi-call binary.

Usage: arping [-fqbDUA] [-c CNT] [-w TIMEOUT] [-I IFACE] [-s SRC_IP] DST_IP

Send ARP requests/replies

	-f	Quit on first ARP reply
	-q	Quiet
	-b	Keep broadcasting, don't go unicast
	-D	Exit with 1 if DST_IP replies
	-U	Unsolicited ARP mode, update your neighbors
	-A	ARP answer mode, update your neighbors
	-c N	Stop after sending N ARP requests
	-w TIMEOUT	Seconds to wait for ARP reply
	-I IFACE	Interface to use (default eth0)
	-s SRC_IP	Sender IP address
	DST_IP		Target IP address
`;

function* complain(ctx: ProgramContext, text: string, status = 1): Blocking<number> {
  yield* ctx.err(`arping: ${text}\n`);
  return status;
}

function* main(ctx: ProgramContext): Program {
  const parsed = getopt(ctx.argv.slice(1), { short: 'fqbDUAc:w:I:s:' });
  const name = parsed.operands[0];
  if (parsed.error !== undefined || name === undefined) {
    yield* ctx.err(`${parsed.error === undefined ? '' : `arping: ${parsed.error}\n`}${USAGE}`);
    return 1;
  }
  const given = new Map(parsed.options.map(({ name: option, value }) => [option, value]));
  for (const option of ['c', 'w']) {
    const value = given.get(option) ?? '0';
    if (!/^\d{1,9}$/.test(value)) return yield* complain(ctx, `invalid number '${value}'`);
  }
  const deviceName = given.get('I') ?? 'eth0';
  const dev = ctx.netns.device(deviceName);
  if (dev === undefined) return yield* complain(ctx, `interface ${deviceName} not found: No such device`, 2);
  if (!dev.up) return yield* complain(ctx, `interface ${deviceName} is down`, 2);
  if (dev.noArp || dev.kind === 'loopback') return yield* complain(ctx, `interface ${deviceName} is not ARPable`, 2);
  const target = (yield* resolveInBusybox(ctx, name, 4)).addresses[0]?.address;
  if (target === undefined) return yield* complain(ctx, `bad address '${name}'`);
  const announces = given.has('U') || given.has('A');
  const wanted = given.get('s');
  const from = wanted === undefined ? undefined : parseIpv4(wanted);
  if (wanted !== undefined && from === undefined) return yield* complain(ctx, `invalid source address '${wanted}'`);
  const source = from ?? (announces ? target : given.has('D') ? 0 : askingAddress(ctx, dev, target));
  const exchange = new ArpExchange(ctx, dev);
  ctx.catchSignal('SIGINT');
  try {
    return yield* run(ctx, exchange, given, source, target);
  } finally {
    exchange.close();
  }
}

function* run(
  ctx: ProgramContext,
  exchange: ArpExchange,
  given: ReadonlyMap<string, string>,
  source: number,
  target: number,
): Blocking<number> {
  const quiet = given.has('q');
  const announces = given.has('U') || given.has('A');
  const count = given.has('c') ? Number(given.get('c')) : Infinity;
  const end = given.has('w') ? ctx.now + Number(given.get('w')) * 1_000_000 : Infinity;
  if (!quiet) yield* ctx.out(`ARPING ${formatIpv4(target)} from ${formatIpv4(source)} ${exchange.dev.name}\n`);
  let [sent, received, requests, broadcasts] = [0, 0, 0, 0];
  let unicast: number | undefined;
  let next = ctx.now;
  let sentAt = next;
  let over = false;
  while (!over) {
    if (ctx.now >= next) {
      if (sent >= count) break;
      sentAt = ctx.now;
      if (announces) exchange.announce(target, given.has('A'));
      else exchange.ask(source, target, unicast);
      sent++;
      next += 1_000_000;
    }
    for (let message = exchange.take(); message !== undefined; message = exchange.take()) {
      if (message.senderIp !== target || message.senderMac === exchange.dev.mac) continue;
      if (!given.has('D') && message.targetIp !== source) continue;
      const direct = message.to === exchange.dev.mac;
      received++;
      if (!direct) broadcasts++;
      if (message.operation !== ARP_REPLY) requests++;
      const micros = message.at - sentAt;
      const time = `${Math.floor(micros / 1000)}.${String(micros % 1000).padStart(3, '0')}ms`;
      const what = message.operation === ARP_REPLY ? 'reply' : 'request';
      if (!quiet) {
        const who = `${formatIpv4(message.senderIp)} [${formatMac(message.senderMac)}]`;
        yield* ctx.out(`${direct ? 'Unicast' : 'Broadcast'} ${what} from ${who} ${time}\n`);
      }
      if (given.has('f') || given.has('D')) over = true;
      if (!given.has('b')) unicast = message.senderMac;
    }
    if (over || ctx.now >= end) break;
    if ((yield* ctx.wait([exchange.readable], Math.min(next, end))) === 'interrupted' && ctx.takeSignal() === 'SIGINT')
      break;
  }
  if (!quiet) {
    yield* ctx.out(`Sent ${sent} probe(s) (0 broadcast(s))\n`);
    yield* ctx.out(`Received ${received} response(s) (${requests} request(s), ${broadcasts} broadcast(s))\n`);
  }
  if (given.has('D')) return received > 0 ? 1 : 0;
  return announces || received > 0 ? 0 : 1;
}

export const busyboxArpingTool: Tool = {
  name: 'arping',
  directory: '/usr/sbin',
  summary: 'send ARP requests and replies',
  main,
};
