/**
 * ss(8) of iproute2 6.15, over sock_diag (transport/diag.ts).
 * Emulated: -n -l -a -p -o -i -s -4 -6 -t -u -w -x -f -A -H -O -Q -N -h -V and the filter language.
 * Not emulated, and refused: -e -m -T -b -E -K -Z -z -D -F -r -B and socket families beside inet, inet6 and unix.
 */
import type { Program, ProgramContext, Tool } from '../process/program.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { type DiagSocket, rawDiag, tcpDiag, udpDiag } from '../transport/index.ts';
import { getopt, type OptionTable } from './net/getopt.ts';
import { type Column, renderTable, type Row } from './ss/columns.ts';
import { parseFilter, type SsFilter } from './ss/filter.ts';
import { tcpInfo } from './ss/info.ts';
import { addressText, portText, stateName, timerText } from './ss/names.ts';
import { socketOwners } from './ss/owners.ts';
import { SS_USAGE } from './ss/usage.ts';

export const ssTool: Tool = { name: 'ss', summary: 'another utility to investigate sockets', main };

const LONG: Record<string, { value: boolean; as: string }> = {};
for (const entry of 'numeric=n resolve=r options=o extended=e memory=m info=i processes=p threads=T dccp=d tcp=t sctp=S udp=u raw=w unix=x mptcp=M all=a listening=l bound-inactive=B ipv4=4 ipv6=6 packet=0 family:=f socket:=A query:=A summary=s no-header=H no-queues=Q oneline=O net:=N version=V help=h kill=K events=E context=Z contexts=z bpf=b diag:=D filter:=F tipcinfo=# tos=# cgroup=# inet-sockopt=# tipc=# vsock=# xdp=#'.split(' ')) {
  const [name, as] = entry.split('=') as [string, string];
  LONG[name.replace(':', '')] = { value: name.endsWith(':'), as };
}
const OPTIONS: OptionTable = { short: 'hVlaBnreompiTs460dtuwxMSbEf:A:D:F:vN:KHQZzO', long: LONG };
const NOT_EMULATED = 'rembTKEZzDFdSM0B#';

const COLUMNS: readonly Column[] = [
  { title: 'Netid', delimiter: ' ', align: 'left' },
  { title: 'State', delimiter: ' ', align: 'left' },
  { title: 'Recv-Q', delimiter: ' ', align: 'left' },
  { title: 'Send-Q', delimiter: ' ', align: 'left' },
  { title: 'Local Address:', delimiter: ' ', align: 'right' },
  { title: 'Port', delimiter: '', align: 'left' },
  { title: 'Peer Address:', delimiter: ' ', align: 'right' },
  { title: 'Port', delimiter: '', align: 'left' },
  { title: 'Process', delimiter: '', align: 'left' },
  { title: '', delimiter: '', align: 'left' },
];

type Kind = 'unix' | 'raw' | 'udp' | 'tcp';

function* main(ctx: ProgramContext): Program {
  const parsed = getopt(ctx.argv.slice(1), OPTIONS);
  if (parsed.error !== undefined) {
    yield* ctx.err(`ss: ${parsed.error}\n${SS_USAGE}`);
    return 255;
  }
  const flags = new Set<string>();
  const kinds = new Set<Kind>();
  let family: 0 | 4 | 6 = 0;
  let ns = ctx.netns;
  for (const { name, value } of parsed.options) {
    if (NOT_EMULATED.includes(name)) {
      yield* ctx.err(`ss: option ${name === '#' ? 'of that name' : `-${name}`} is not emulated here\n`);
      return 1;
    }
    flags.add(name);
    if (name === 't') kinds.add('tcp');
    else if (name === 'u') kinds.add('udp');
    else if (name === 'w') kinds.add('raw');
    else if (name === 'x') kinds.add('unix');
    else if (name === '4') family = 4;
    else if (name === '6') family = 6;
    else if (name === 'f') {
      if (value === 'inet') family = 4;
      else if (value === 'inet6') family = 6;
      else if (value === 'unix') kinds.add('unix');
      else {
        yield* ctx.err(`ss: family ${value} is not emulated here\n`);
        return 1;
      }
    } else if (name === 'A') {
      for (const query of value.split(',')) {
        const wanted = Object.hasOwn(QUERIES, query) ? QUERIES[query] : undefined;
        if (wanted === undefined) {
          yield* ctx.err(`ss: "${query}" is illegal value for socket table id\n`);
          return 255;
        }
        for (const kind of wanted) kinds.add(kind);
      }
    } else if (name === 'N') {
      const other = ctx.fs.netnsAt(`/run/netns/${value}`);
      if (!other.ok) {
        yield* ctx.err(`Cannot open network namespace "${value}": No such file or directory\n`);
        return 1;
      }
      ns = other.value;
    }
  }
  if (flags.has('h')) {
    yield* ctx.out(SS_USAGE);
    return 0;
  }
  if (flags.has('V') || flags.has('v')) {
    yield* ctx.out(`ss utility, iproute2-${ctx.host.kernel.platform.iproute.version}\n`);
    return 0;
  }
  if (flags.has('s')) {
    yield* ctx.out(summary(ns));
    if (kinds.size === 0) return 0;
  }
  const filter = parseFilter(parsed.operands);
  if (typeof filter === 'string') {
    yield* ctx.err(`${filter}\n${filter.startsWith('ss: bison') ? SS_USAGE : ''}`);
    return 255;
  }
  if (kinds.size === 0) for (const kind of family === 0 ? (['unix', 'raw', 'udp', 'tcp'] as const) : (['raw', 'udp', 'tcp'] as const)) kinds.add(kind);
  yield* ctx.out(table(ctx, ns, flags, kinds, family, filter));
  return 0;
}

const QUERIES: Readonly<Record<string, readonly Kind[]>> = {
  all: ['unix', 'raw', 'udp', 'tcp'],
  inet: ['raw', 'udp', 'tcp'],
  tcp: ['tcp'],
  udp: ['udp'],
  raw: ['raw'],
  unix: ['unix'],
  unix_stream: ['unix'],
};

function table(ctx: ProgramContext, ns: NetworkNamespace, flags: ReadonlySet<string>, kinds: ReadonlySet<Kind>, family: 0 | 4 | 6, filter: SsFilter): string {
  const numeric = flags.has('n');
  const owners = flags.has('p') ? socketOwners(ctx) : undefined;
  const wanted = (state: string): boolean => {
    if (filter.states !== undefined) return filter.states.has(state);
    if (flags.has('a')) return true;
    const waiting = state === 'LISTEN' || state === 'UNCONN';
    return flags.has('l') ? waiting : !waiting && state !== 'TIME-WAIT';
  };
  const rows: Row[] = [];
  if (kinds.has('unix')) rows.push(...unixRows(ctx, wanted, owners));
  for (const kind of ['raw', 'udp', 'tcp'] as const) {
    if (!kinds.has(kind)) continue;
    for (const socket of kind === 'tcp' ? tcpDiag(ns) : kind === 'udp' ? udpDiag(ns) : rawDiag(ns)) {
      if (!wanted(stateName(socket)) || !filter.accepts(socket)) continue;
      if ((family === 4 && socket.inet6) || (family === 6 && !socket.inet6)) continue;
      rows.push(inetRow(socket, numeric, flags, owners, ctx.now));
    }
  }
  const hidden = [kinds.size === 1, filter.states?.size === 1, flags.has('Q'), flags.has('Q'), false, false, false, false, owners === undefined && ctx.host.kernel.platform.iproute.details !== '2020', false];
  const columns = COLUMNS.map((column, index) => ({ ...column, hidden: hidden[index] === true }));
  const screen = ctx.file(1)?.isTty === true ? (ctx.tty?.columns ?? 80) : 0;
  const text = renderTable(columns, rows, !flags.has('H'), screen);
  return flags.has('O') ? text.replaceAll('\n\t', ' ') : text;
}

function inetRow(socket: DiagSocket, numeric: boolean, flags: ReadonlySet<string>, owners: ReadonlyMap<number, string> | undefined, now: number): Row {
  const timer = flags.has('o') && socket.timer !== undefined ? timerText(socket.timer) : '';
  const info = flags.has('i') && socket.tcp !== undefined && socket.state !== 'TIME_WAIT' ? tcpInfo(socket.tcp, now) : '';
  return {
    cells: [
      socket.protocol,
      stateName(socket),
      String(socket.receiveQueue),
      String(socket.sendQueue),
      addressText(socket, socket.local, socket.device),
      portText(socket.localPort, socket.protocol, numeric),
      addressText(socket, socket.remote),
      portText(socket.remotePort, socket.protocol, numeric),
      owners?.get(socket.inode) ?? '',
      timer,
    ],
    below: info,
  };
}

/** Servers on unix sockets, as far as the machine knows them. */
function unixRows(ctx: ProgramContext, wanted: (state: string) => boolean, owners: ReadonlyMap<number, string> | undefined): Row[] {
  if (!wanted('LISTEN')) return [];
  return [...ctx.host.unixSockets.keys()].sort().flatMap((path) => {
    const stat = ctx.fs.lstat(path);
    if (!stat.ok) return [];
    const cells = ['u_str', 'LISTEN', '0', '4096', path, ` ${stat.value.inode}`, '*', ' 0', owners?.get(stat.value.inode) ?? '', ''];
    return [{ cells, below: '' }];
  });
}

/** -s (print_summary), of this namespace's sockets. */
function summary(ns: NetworkNamespace): string {
  const tcp = tcpDiag(ns);
  const udp = udpDiag(ns);
  const raw = rawDiag(ns);
  const count = (state: DiagSocket['state']): number => tcp.filter((socket) => socket.state === state).length;
  const orphaned = tcp.filter((socket) => socket.tcp?.orphan === true && socket.state !== 'TIME_WAIT').length;
  const line = (name: string, sockets: readonly DiagSocket[]): string => {
    const six = sockets.filter((socket) => socket.inet6).length;
    return `${name}\t  ${[sockets.length, sockets.length - six, six].map((value) => String(value).padEnd(9)).join(' ')}\n`;
  };
  const live = tcp.filter((socket) => socket.state !== 'TIME_WAIT');
  return (
    `Total: ${live.length + udp.length + raw.length}\n` +
    `TCP:   ${tcp.length} (estab ${count('ESTABLISHED')}, closed ${count('TIME_WAIT')}, orphaned ${orphaned}, timewait ${count('TIME_WAIT')})\n\n` +
    'Transport Total     IP        IPv6\n' +
    line('RAW', raw) +
    line('UDP', udp) +
    line('TCP', live) +
    line('INET', [...raw, ...udp, ...live]) +
    line('FRAG', []) +
    '\n'
  );
}
