/**
 * lsns(8) of util-linux 2.41: namespaces. Only network namespaces are told apart here: `lsns -t net` is the whole of it, with -n
 * (no headings), -p PID and -l; other types and -J, -o, -r, -T, -W are refused.
 */
import { namespaceId } from '../kernel/netlink/nsid.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { fail, type ProcessView, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import { getopt } from './net/getopt.ts';

const MOUNTS = ['/run/netns', '/run/docker/netns'];
const TYPES = ['mnt', 'net', 'ipc', 'user', 'pid', 'uts', 'cgroup', 'time'];

interface Row {
  readonly ns: NetworkNamespace;
  readonly processes: readonly ProcessView[];
  readonly paths: readonly string[];
}

function rows(ctx: ProgramContext): Row[] {
  const processes = ctx.host.processes();
  const found = new Map<NetworkNamespace, { processes: ProcessView[]; paths: string[] }>();
  const of = (ns: NetworkNamespace): { processes: ProcessView[]; paths: string[] } => {
    let row = found.get(ns);
    if (row === undefined) found.set(ns, (row = { processes: [], paths: [] }));
    return row;
  };
  for (const process of processes) of(process.netns).processes.push(process);
  for (const directory of MOUNTS) {
    const names = ctx.fs.readdir(directory);
    for (const name of names.ok ? names.value : []) {
      const ns = ctx.fs.netnsAt(`${directory}/${name}`);
      if (ns.ok) of(ns.value).paths.push(`${directory}/${name}`);
    }
  }
  return [...found].map(([ns, row]) => ({ ns, ...row })).sort((a, b) => a.ns.inode - b.ns.inode);
}

function* main(ctx: ProgramContext): Program {
  const long = {
    type: { value: true, as: 't' },
    noheadings: { value: false, as: 'n' },
    list: { value: false, as: 'l' },
    task: { value: true, as: 'p' },
    version: { value: false, as: 'V' },
  };
  const parsed = getopt(ctx.argv.slice(1), { short: 't:nlp:JrTuWo:hVP', long });
  if (parsed.error !== undefined)
    return yield* fail(ctx, `lsns: ${parsed.error}\nTry 'lsns --help' for more information.`);
  const given = new Map(parsed.options.map(({ name, value }) => [name, value]));
  if (given.has('V')) {
    yield* ctx.out('lsns from util-linux 2.41\n');
    return 0;
  }
  for (const name of 'JrTuWohP')
    if (given.has(name)) return yield* fail(ctx, `lsns: option -${name} is not emulated here`);
  const type = given.get('t');
  if (type !== undefined && !TYPES.includes(type)) return yield* fail(ctx, `lsns: unknown namespace type: ${type}`);
  if (type !== 'net')
    return yield* fail(ctx, 'lsns: namespaces of types other than net are not emulated here; use lsns -t net');
  if (parsed.operands.length > 0) return yield* fail(ctx, 'lsns: showing one namespace is not emulated here');
  const pid = given.get('p');
  if (pid !== undefined && !/^\d+$/.test(pid)) return yield* fail(ctx, `lsns: invalid PID argument: '${pid}'`);
  const all = rows(ctx).filter(
    (row) => pid === undefined || row.processes.some((process) => process.pid === Number(pid)),
  );
  yield* ctx.out(table(ctx, all, given.has('n')));
  return 0;
}

function table(ctx: ProgramContext, all: readonly Row[], bare: boolean): string {
  const root = all[0];
  const children = all.filter((row) => row !== root && row.processes.length > 0);
  const cells = all.map((row) => {
    const leader = [...row.processes].sort((a, b) => a.pid - b.pid)[0];
    const id = namespaceId(ctx.netns, row.ns);
    const branch = children.includes(row) ? (row === children.at(-1) ? '└─' : '├─') : '';
    return [
      String(row.ns.inode),
      'net',
      String(row.processes.length),
      leader === undefined ? '' : String(leader.pid),
      'root',
      leader === undefined ? '' : id === undefined ? 'unassigned' : String(id),
      row.paths.join(' '),
      leader === undefined ? '' : branch + leader.argv.join(' '),
    ];
  });
  const heads = ['NS', 'TYPE', 'NPROCS', 'PID', 'USER', 'NETNSID', 'NSFS', 'COMMAND'];
  const lines = bare ? cells : [heads, ...cells];
  const widths = heads.map((head, i) => Math.max(bare ? 0 : head.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const rightAligned = [0, 2, 3, 5];
  return lines
    .map((row) =>
      row
        .map((cell, i) =>
          rightAligned.includes(i)
            ? cell.padStart(widths[i] as number)
            : i === 7
              ? cell
              : cell.padEnd(widths[i] as number),
        )
        .join(' '),
    )
    .map((line) => `${line}\n`)
    .join('');
}

export const lsnsTool: Tool = { name: 'lsns', summary: 'list network namespaces', main };
