/** netstat of busybox 1.37, as images made of busybox have it. Emulated: -l -a -n -t -u -p -r -w -x (sockets of kinds t, u, w). */
import { formatIpv4 } from '../base/address.ts';
import { strerror } from '../base/errno.ts';
import type { Program, ProgramContext, Tool } from '../process/program.ts';
import { type DiagSocket, rawDiag, tcpDiag, udpDiag } from '../transport/index.ts';
import { serviceName } from '../wire/services.ts';
import { getopt } from './net/getopt.ts';
import { socketOwners } from './ss/owners.ts';

export const busyboxNetstatTool: Tool = { name: 'netstat', directory: '/bin', summary: 'display networking information', main };

const STATES: Readonly<Record<DiagSocket['state'], string>> = {
  UNCONN: '',
  CLOSE: 'CLOSE',
  LISTEN: 'LISTEN',
  SYN_SENT: 'SYN_SENT',
  SYN_RECV: 'SYN_RECV',
  ESTABLISHED: 'ESTABLISHED',
  FIN_WAIT1: 'FIN_WAIT1',
  FIN_WAIT2: 'FIN_WAIT2',
  CLOSING: 'CLOSING',
  TIME_WAIT: 'TIME_WAIT',
  CLOSE_WAIT: 'CLOSE_WAIT',
  LAST_ACK: 'LAST_ACK',
};

function* main(ctx: ProgramContext): Program {
  const parsed = getopt(ctx.argv.slice(1), { short: 'laentuwxrWp' });
  if (parsed.error !== undefined) {
    yield* ctx.err(`netstat: ${parsed.error}\nBusyBox v1.37.0 multi-call binary.\n\nUsage: netstat [-ral] [-tuwx] [-enWp]\n`);
    return 1;
  }
  const flags = new Set(parsed.options.map(({ name }) => name));
  for (const name of ['e', 'W', 'x']) {
    if (!flags.has(name)) continue;
    yield* ctx.err(`netstat: option -${name} is not emulated here\n`);
    return 1;
  }
  if (flags.has('r')) return yield* routes(ctx);
  const wanted = (state: DiagSocket['state']): boolean => {
    if (flags.has('a')) return true;
    const waiting = state === 'LISTEN' || state === 'UNCONN';
    return flags.has('l') ? waiting : !waiting;
  };
  const kinds = ['t', 'u', 'w'].some((kind) => flags.has(kind)) ? flags : new Set(['t', 'u', 'w']);
  const owners = flags.has('p') ? socketOwners(ctx) : undefined;
  const scope = flags.has('a') ? '(servers and established)' : flags.has('l') ? '(only servers)' : '(w/o servers)';
  let text = `Active Internet connections ${scope}\nProto Recv-Q Send-Q Local Address           Foreign Address         State       ${owners === undefined ? '' : 'PID/Program name    '}\n`;
  const lists = [
    kinds.has('t') ? tcpDiag(ctx.netns) : [],
    kinds.has('u') ? udpDiag(ctx.netns) : [],
    kinds.has('w') ? rawDiag(ctx.netns) : [],
  ];
  for (const list of lists) for (const socket of [...list.filter((each) => !each.inet6), ...list.filter((each) => each.inet6)]) if (wanted(socket.state)) text += row(socket, flags.has('n'), owners);
  yield* ctx.out(text);
  return 0;
}

function row(socket: DiagSocket, numeric: boolean, owners: ReadonlyMap<number, string> | undefined): string {
  const sendQueue = socket.state === 'LISTEN' ? 0 : socket.sendQueue;
  const owner = /"([^"]*)",pid=(\d+)/.exec(owners?.get(socket.inode) ?? '');
  const program = owners === undefined ? '' : (owner === null ? '-' : `${owner[2]}/${owner[1]}`).padEnd(20);
  return `${socket.protocol.padEnd(5)} ${String(socket.receiveQueue).padStart(6)} ${String(sendQueue).padStart(6)} ${end(socket, socket.local, socket.localPort, numeric)} ${end(socket, socket.remote, socket.remotePort, numeric)} ${STATES[socket.state].padEnd(11)} ${program}\n`;
}

function end(socket: DiagSocket, address: number, port: number, numeric: boolean): string {
  const four = formatIpv4(address);
  const host = socket.loopback6 ? '::1' : !socket.inet6 ? four : address === 0 ? '::' : `::ffff:${four}`;
  const service = port === 0 ? '*' : numeric ? String(port) : (serviceName(port, socket.protocol === 'udp' ? 'udp' : 'tcp') ?? String(port));
  return `${host}:${service}`.padEnd(23);
}

/** -r: /proc/net/route in columns. */
function* routes(ctx: ProgramContext): Program {
  const text = ctx.fs.readText('/proc/net/route');
  if (!text.ok) {
    yield* ctx.err(`netstat: /proc/net/route: ${strerror(text.errno)}\n`);
    return 1;
  }
  let out = 'Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n';
  for (const line of text.value.split('\n').slice(1)) {
    const [iface, destination, gateway, flagText, , , , mask, mtu, window, irtt] = line.trim().split(/\s+/);
    if (irtt === undefined) continue;
    const flags = parseInt(flagText, 16);
    const letters = `${(flags & 1) !== 0 ? 'U' : ''}${(flags & 2) !== 0 ? 'G' : ''}${(flags & 4) !== 0 ? 'H' : ''}`;
    out += `${hexAddress(destination).padEnd(15)} ${hexAddress(gateway).padEnd(15)} ${hexAddress(mask).padEnd(16)}${letters.padEnd(6)}${mtu.padStart(5)} ${window.padEnd(5)} ${irtt.padStart(6)} ${iface}\n`;
  }
  yield* ctx.out(out);
  return 0;
}

/** Little-endian hexadecimal, as the kernel prints addresses on this machine. */
function hexAddress(text: string): string {
  return formatIpv4(parseInt((text.match(/../g) ?? []).reverse().join(''), 16));
}
