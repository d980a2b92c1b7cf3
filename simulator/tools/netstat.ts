/**
 * netstat(8) of busybox 1.37, as images made of busybox have it, and of net-tools 2.10: sockets (-l -a -n -t -u -w -p), the routing table
 * (-r) and, of net-tools only, devices (-i). Unix sockets are not listed; -s, -g, -M, -e, -o and -c are refused.
 */
import { formatIpv4 } from '../base/address.ts';
import { fail, type Blocking, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import { type DiagSocket, rawDiag, tcpDiag, udpDiag } from '../transport/index.ts';
import { serviceName } from '../wire/services.ts';
import { getopt } from './net/getopt.ts';
import { devicesByName, interfaceLine } from './nettools/interfaces.ts';
import { netstatTable } from './nettools/routes.ts';
import { socketOwners } from './ss/owners.ts';

export const busyboxNetstatTool: Tool = {
  name: 'netstat',
  directory: '/bin',
  summary: 'display networking information',
  main: busybox,
};
export const netstatTool: Tool = { name: 'netstat', summary: 'display sockets, routes and devices', main: gnu };

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

function* busybox(ctx: ProgramContext): Program {
  const parsed = getopt(ctx.argv.slice(1), { short: 'laentuwxrWp' });
  if (parsed.error !== undefined) {
    yield* ctx.err(
      `netstat: ${parsed.error}\nBusyBox v1.37.0 multi-call binary.\n\nUsage: netstat [-ral] [-tuwx] [-enWp]\n`,
    );
    return 1;
  }
  const flags = new Set(parsed.options.map(({ name }) => name));
  for (const name of ['e', 'W', 'x'])
    if (flags.has(name)) return yield* fail(ctx, `netstat: option -${name} is not emulated here`);
  return yield* show(ctx, flags, 'State       ', (owner) => owner.padEnd(20));
}

const LONG = {
  route: { value: false, as: 'r' },
  interfaces: { value: false, as: 'i' },
  numeric: { value: false, as: 'n' },
  listening: { value: false, as: 'l' },
  all: { value: false, as: 'a' },
  program: { value: false, as: 'p' },
  programs: { value: false, as: 'p' },
  tcp: { value: false, as: 't' },
  udp: { value: false, as: 'u' },
  raw: { value: false, as: 'w' },
  wide: { value: false, as: 'W' },
};

function* gnu(ctx: ProgramContext): Program {
  const parsed = getopt(ctx.argv.slice(1), { short: 'vWnNcCFA:rigMsealoptuUSwx2fZ46V', long: LONG });
  if (parsed.error !== undefined)
    return yield* fail(
      ctx,
      `netstat: ${parsed.error}\nusage: netstat [-vWeenNcCF] [<Af>] -r         netstat {-V|--version|-h|--help}\n`,
      4,
    );
  const flags = new Set(parsed.options.map(({ name }) => name));
  if (flags.has('V')) {
    yield* ctx.out('net-tools 2.10\n');
    return 0;
  }
  for (const name of 'vNcCFAgMseoUSx2fZ6')
    if (flags.has(name)) return yield* fail(ctx, `netstat: option -${name} is not emulated here`);
  if (flags.has('i')) {
    let text =
      'Kernel Interface table\nIface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n';
    for (const dev of devicesByName(ctx.netns, flags.has('a'))) text += interfaceLine(dev);
    yield* ctx.out(text);
    return 0;
  }
  return yield* show(ctx, flags, 'State      ', (owner) => ` ${owner.padEnd(19)}`);
}

/** What both have in common: routes, or sockets. */
function* show(
  ctx: ProgramContext,
  flags: ReadonlySet<string>,
  state: string,
  column: (owner: string) => string,
): Blocking<number> {
  if (flags.has('r')) {
    yield* ctx.out(netstatTable(ctx.netns, !flags.has('n')));
    return 0;
  }
  const wanted = (socket: DiagSocket['state']): boolean => {
    if (flags.has('a')) return true;
    const waiting = socket === 'LISTEN' || socket === 'UNCONN';
    return flags.has('l') ? waiting : !waiting;
  };
  const kinds = ['t', 'u', 'w'].some((kind) => flags.has(kind)) ? flags : new Set(['t', 'u', 'w']);
  const owners = flags.has('p') ? socketOwners(ctx) : undefined;
  const scope = flags.has('a') ? '(servers and established)' : flags.has('l') ? '(only servers)' : '(w/o servers)';
  let text = `Active Internet connections ${scope}\nProto Recv-Q Send-Q Local Address           Foreign Address         ${state}${owners === undefined ? '' : column('PID/Program name')}\n`;
  const lists = [
    kinds.has('t') ? tcpDiag(ctx.netns) : [],
    kinds.has('u') ? udpDiag(ctx.netns) : [],
    kinds.has('w') ? rawDiag(ctx.netns) : [],
  ];
  for (const list of lists)
    for (const socket of [...list.filter((each) => !each.inet6), ...list.filter((each) => each.inet6)])
      if (wanted(socket.state) && !(flags.has('4') && socket.inet6))
        text += row(socket, flags.has('n'), owners, column, state.length);
  yield* ctx.out(text);
  return 0;
}

function row(
  socket: DiagSocket,
  numeric: boolean,
  owners: ReadonlyMap<number, string> | undefined,
  column: (owner: string) => string,
  width: number,
): string {
  const sendQueue = socket.state === 'LISTEN' ? 0 : socket.sendQueue;
  const owner = /"([^"]*)",pid=(\d+)/.exec(owners?.get(socket.inode) ?? '');
  const program = owners === undefined ? '' : column(owner === null ? '-' : `${owner[2]}/${owner[1]}`);
  const family = socket.inet6 && width !== 12 ? '6' : ''; // busybox names no family
  return `${`${socket.protocol}${family}`.padEnd(5)} ${String(socket.receiveQueue).padStart(6)} ${String(sendQueue).padStart(6)} ${end(socket, socket.local, socket.localPort, numeric)} ${end(socket, socket.remote, socket.remotePort, numeric)} ${STATES[socket.state].padEnd(width === 12 ? 12 : 11)}${program}\n`;
}

function end(socket: DiagSocket, address: number, port: number, numeric: boolean): string {
  const four = formatIpv4(address);
  const host = socket.loopback6 ? '::1' : !socket.inet6 ? four : address === 0 ? '::' : `::ffff:${four}`;
  const service =
    port === 0
      ? '*'
      : numeric
        ? String(port)
        : (serviceName(port, socket.protocol === 'udp' ? 'udp' : 'tcp') ?? String(port));
  return `${host}:${service}`.padEnd(23);
}
