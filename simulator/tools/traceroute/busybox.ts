/** traceroute of busybox 1.37 (networking/traceroute.c): one probe at a time. Options: -f -F -i -I -l -m -n -p -q -s -t -v -w. */
import { formatIpv4, parseIpv4 } from '../../base/address.ts';
import { strerror } from '../../base/errno.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../../process/program.ts';
import { getopt } from '../net/getopt.ts';
import { resolveInBusybox, reverse } from '../net/resolve.ts';
import { newProbe, Prober, type Probe } from './probes.ts';

const USAGE = `BusyBox v1.37.0 multi-call binary.

Usage: traceroute [-46IFlnrv] [-f 1ST_TTL] [-m MAXTTL] [-q PROBES] [-p PORT]
	[-t TOS] [-w WAIT_SEC] [-s SRC_IP] [-i IFACE]
	[-z PAUSE_MSEC] HOST [BYTES]

Trace the route to HOST

	-4,-6	Force IP or IPv6 name resolution
	-F	Set don't fragment bit
	-I	Use ICMP ECHO instead of UDP datagrams
	-l	Display TTL value of the returned packet
	-n	Print numeric addresses
	-r	Bypass routing tables, send directly to HOST
	-v	Verbose
	-f N	First number of hops (default 1)
	-m N	Max number of hops
	-q N	Number of probes per hop (default 3)
	-p N	Base UDP port number used in probes
		(default 33434)
	-s IP	Source address
	-i IFACE	Source interface
	-t N	Type-of-service in probe packets (default 0)
	-w SEC	Wait for a response (default 3)
	-z MSEC	Wait before each send
`;

function* main(ctx: ProgramContext): Program {
  const parsed = getopt(ctx.argv.slice(1), { short: '46Flnrvf:m:q:p:s:i:t:w:z:I' });
  const [host, size] = parsed.operands;
  if (parsed.error !== undefined || host === undefined) {
    yield* ctx.err(`${parsed.error === undefined ? '' : `traceroute: ${parsed.error}\n`}${USAGE}`);
    return 1;
  }
  const given = new Map(parsed.options.map(({ name, value }) => [name, value]));
  for (const name of ['6', 'r', 'v', 'z']) {
    if (!given.has(name)) continue;
    yield* ctx.err(`traceroute: option -${name} is not emulated here\n`);
    return 1;
  }
  const numbers = { f: 1, m: 30, q: 3, p: 33434, t: 0, w: 3 };
  for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) {
    const value = given.get(name);
    if (value === undefined) continue;
    const high = name === 'm' || name === 'f' || name === 't' ? 255 : 65535;
    if (!/^\d{1,9}$/.test(value) || Number(value) > high || (name !== 't' && Number(value) === 0)) {
      yield* ctx.err(`traceroute: invalid number '${value}'\n`);
      return 1;
    }
    numbers[name] = Number(value);
  }
  const address = (yield* resolveInBusybox(ctx, host, 4)).addresses[0]?.address;
  if (address === undefined) {
    yield* ctx.err(`traceroute: bad address '${host}'\n`);
    return 1;
  }
  const icmp = given.has('I');
  // An address of IPv4, a header of UDP or ICMP, and what is filled in behind.
  const length = size === undefined ? 46 : Math.min(32768, Number(size));
  const device = ctx.netns.device(given.get('i') ?? '');
  if (Number.isNaN(length) || (given.has('i') && device === undefined)) {
    yield* ctx.err(
      Number.isNaN(length) ? `traceroute: invalid number '${size ?? ''}'\n` : "traceroute: can't bind to interface\n",
    );
    return 1;
  }
  const source = parseIpv4(given.get('s') ?? '0.0.0.0') ?? 0;
  const from = given.has('s') ? ` from ${formatIpv4(source)}` : '';
  yield* ctx.out(
    `traceroute to ${host} (${formatIpv4(address)})${from}, ${numbers.m} hops max, ${length} byte packets\n`,
  );
  const prober = new Prober(ctx, {
    method: icmp ? 'icmp' : 'udp',
    address,
    port: numbers.p,
    length: Math.max(length, 28),
    source,
    device: device?.ifindex ?? 0,
    tos: numbers.t,
    dontFragment: given.has('F'),
  });
  try {
    for (let ttl = numbers.f; ttl <= numbers.m; ttl++) {
      const over = yield* hop(ctx, prober, ttl, numbers.q, numbers.w * 1_000_000, given);
      if (over === undefined) return 1;
      if (over) break;
    }
    return 0;
  } finally {
    prober.close();
  }
}

/** One line; true when the end was reached, undefined when a probe could not be sent. */
function* hop(
  ctx: ProgramContext,
  prober: Prober,
  ttl: number,
  count: number,
  wait: number,
  given: ReadonlyMap<string, string>,
): Blocking<boolean | undefined> {
  yield* ctx.out(String(ttl).padStart(2));
  let last = 0;
  let [reached, unreachable] = [false, 0];
  for (let i = 0; i < count; i++) {
    const probe: Probe = newProbe(ttl);
    const sent = prober.send(probe);
    if (!sent.ok) {
      yield* ctx.err(`traceroute: sendto: ${strerror(sent.errno)}\n`);
      return undefined;
    }
    const until = ctx.now + wait;
    while (!probe.done && ctx.now < until) {
      if (prober.collect()) continue;
      yield* ctx.wait([...prober.readable], until);
    }
    prober.collect();
    if (!probe.done) {
      prober.give(probe);
      yield* ctx.out('  *');
      continue;
    }
    if (probe.from !== last) {
      const text = formatIpv4(probe.from);
      yield* ctx.out(given.has('n') ? `  ${text}` : `  ${(yield* reverse(ctx, probe.from)) ?? text} (${text})`);
      last = probe.from;
    }
    const micros = probe.receivedAt - probe.sentAt;
    const shownTtl = given.has('l') ? ` (${probe.answerTtl})` : '';
    yield* ctx.out(`  ${Math.floor(micros / 1000)}.${String(micros % 1000).padStart(3, '0')} ms${shownTtl}`);
    if (probe.mark !== '') {
      unreachable++;
      yield* ctx.out(` ${probe.mark}`);
    } else if (probe.final) reached = true;
  }
  yield* ctx.out('\n');
  return reached || (unreachable > 0 && unreachable >= count - 1);
}

export const busyboxTracerouteTool: Tool = {
  name: 'traceroute',
  directory: '/usr/bin',
  summary: 'trace the route to HOST',
  main,
};
