/** ping of busybox 1.37, as images made of busybox have it. Emulated: -4 -c -I -i -q -s -t -w -W. */
import { formatIpv4, parseIpv4 } from '../../base/address.ts';
import { strerror } from '../../base/errno.ts';
import type { Program, ProgramContext, Tool } from '../../process/program.ts';
import { bindToDevice, icmpBind, icmpSocket } from '../../transport/index.ts';
import { getopt } from '../net/getopt.ts';
import { resolveInBusybox } from '../net/resolve.ts';
import { probe } from './probe.ts';
import { PingStatistics, thousandths } from './statistics.ts';

export const busyboxPingTool: Tool = { name: 'ping', directory: '/bin', summary: 'send ICMP ECHO_REQUESTs to HOST', main };

const USAGE = `Usage: ping [OPTIONS] HOST

Send ICMP ECHO_REQUESTs to HOST

	-4,-6		Force IP or IPv6 name resolution
	-c CNT		Send only CNT pings
	-s SIZE		Send SIZE data bytes in packets (default 56)
	-i SECS		Interval
	-A		Ping as soon as reply is received
	-t TTL		Set TTL
	-I IFACE/IP	Source interface or IP address
	-W SEC		Seconds to wait for the first response (default 10)
			(after all -c CNT packets are sent)
	-w SEC		Seconds until ping exits (default:infinite)
			(can exit earlier with -c CNT)
	-q		Quiet, only display output at start/finish
	-p HEXBYTE	Payload pattern
`;

function* main(ctx: ProgramContext): Program {
  const parsed = getopt(ctx.argv.slice(1), { short: '46c:s:i:At:I:W:w:qp:' });
  const target = parsed.operands[0];
  if (parsed.error !== undefined || target === undefined) {
    yield* ctx.err(`${parsed.error === undefined ? '' : `ping: ${parsed.error}\n`}BusyBox v1.37.0 multi-call binary.\n\n${USAGE}`);
    return 1;
  }
  const given = new Map(parsed.options.map(({ name, value }) => [name, value]));
  for (const name of ['6', 'A', 'p']) {
    if (!given.has(name)) continue;
    yield* ctx.err(`ping: option -${name} is not emulated here\n`);
    return 1;
  }
  const number = (name: string, otherwise: number): number => Number(given.get(name) ?? otherwise);
  for (const name of ['c', 's', 'i', 't', 'W', 'w']) {
    if (/^(\d+\.?\d*|\.\d+)$/.test(given.get(name) ?? '0')) continue;
    yield* ctx.err(`ping: invalid number '${given.get(name) ?? ''}'\n`);
    return 1;
  }
  if (number('i', 1) === 0) {
    yield* ctx.err('ping: a flood (-i 0) is not emulated here\n');
    return 1;
  }
  const found = yield* resolveInBusybox(ctx, target, 4);
  const address = found.addresses[0]?.address;
  if (address === undefined) {
    yield* ctx.err(`ping: bad address '${target}'\n`);
    return 1;
  }
  const socket = icmpSocket(ctx.netns, ctx.random('ping-id').between(1, 0xffff)).ownedBy(ctx.origin);
  try {
    socket.setOptions({ ttl: number('t', 0), pmtuDiscovery: 'want' });
    const source = given.get('I');
    if (source !== undefined) {
      const literal = parseIpv4(source);
      const bound = literal !== undefined ? icmpBind(socket, literal) : bindToDevice(socket, source);
      if (!bound.ok) {
        yield* ctx.err(literal !== undefined ? `ping: bind: ${strerror(bound.errno)}\n` : `ping: setsockopt(SO_BINDTODEVICE): ${strerror(bound.errno)}\n`);
        return 1;
      }
    }
    const size = number('s', 56);
    const quiet = given.has('q');
    const statistics = new PingStatistics();
    yield* ctx.out(`PING ${target} (${formatIpv4(address)})${source !== undefined ? ` from ${source}` : ''}: ${size} data bytes\n`);
    ctx.catchSignal('SIGINT');
    let refused = false;
    const schedule = {
      address,
      count: number('c', 0),
      interval: number('i', 1) * 1e6,
      linger: number('W', 10) * 1e6,
      adaptiveLinger: true,
      deadline: given.has('w') ? ctx.now + number('w', 0) * 1e6 : 0,
      size,
      firstSequence: 0,
      errorsCount: false,
    };
    yield* probe(ctx, socket, schedule, statistics, {
      *reply(reply, triptime, duplicate) {
        if (quiet) return;
        const time = triptime === undefined ? '' : ` time=${thousandths(triptime)} ms`;
        yield* ctx.out(`${reply.payload.length + 8} bytes from ${formatIpv4(reply.from)}: seq=${reply.sequence} ttl=${reply.ttl}${time}${duplicate ? ' (DUP!)' : ''}\n`);
      },
      *error() {
        // A raw socket without IP_RECVERR: busybox prints errors only with -v, which it does not have.
      },
      *refused(errno) {
        refused = true;
        yield* ctx.err(`ping: sendto: ${strerror(errno)}\n`);
        return true;
      },
    });
    if (refused) return 1;
    yield* ctx.out(statistics.busyboxSummary(target));
    return statistics.received === 0 ? 1 : 0;
  } finally {
    socket.close();
  }
}
