/**
 * conntrack 1.4.8: shows, deletes and watches tracked connections. Mirrors conntrack(8) of conntrack-tools.
 *
 * Commands -L -G -D -U (of marks and time-outs) -E -F -C -S -h -V with the filters -s -d -r -q -p -u -m -n -g -j, --sport, --dport and
 * their long forms, --mask-src, --mask-dst; output -o xml, extended, id, timestamp. Not emulated, and refused: creating
 * entries (-I), zones, labels, IPv6; the tables expect, dying and unconfirmed are empty.
 */
import { WaitQueue } from '../base/wait.ts';
import {
  conntrackReferences,
  conntrackStats,
  countConntrack,
  deleteConntrack,
  formatEntry,
  formatEntryXml,
  isMeant,
  listConntrack,
  updateConntrack,
  watchConntrack,
  type ConntrackEntry,
} from '../netfilter/index.ts';
import { fail, type Blocking, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import { CONNTRACK_HELP } from './conntrack/help.ts';
import { parseConntrack, type ConntrackLine } from './conntrack/options.ts';
import { lacksNetAdmin } from './iptables/permission.ts';

/** As messages begin. */
function versionOf(ctx: ProgramContext): string {
  return `conntrack v${ctx.host.kernel.platform.conntrack} (conntrack-tools)`;
}

export const conntrackTool: Tool = {
  name: 'conntrack',
  directory: '/usr/sbin',
  summary: 'show and change tracked connections',
  complete(words) {
    const before = words.at(-2) ?? '';
    if (before === '-p' || before === '--proto') return ['icmp', 'sctp', 'tcp', 'udp'];
    if (before === '-o') return ['extended', 'id', 'timestamp', 'xml'];
    if (before === '-e') return ['ALL', 'DESTROY', 'NEW', 'UPDATES'];
    if (words.length === 2) return ['-C', '-D', '-E', '-F', '-G', '-L', '-S', '-U'];
    return (words.at(-1) ?? '').startsWith('-')
      ? ['-d', '-g', '-j', '-m', '-n', '-o', '-p', '-q', '-r', '-s', '-u', '--dport', '--sport']
      : [];
  },
  *main(ctx): Program {
    const line = parseConntrack(ctx.argv.slice(1));
    if (line === '') {
      yield* ctx.out(
        `Command line interface for the connection tracking system. Version ${ctx.host.kernel.platform.conntrack}\nUsage: conntrack [commands] [options]\n${CONNTRACK_HELP}`,
      );
      return 0;
    }
    if (typeof line === 'string') return yield* usage(ctx, line);
    if (line.command === 'V') {
      yield* ctx.out(`${versionOf(ctx)}\n`);
      return 0;
    }
    if (line.command === 'h') {
      yield* ctx.out(
        `Command line interface for the connection tracking system. Version ${ctx.host.kernel.platform.conntrack}\nUsage: conntrack [commands] [options]\n${CONNTRACK_HELP}`,
      );
      return 0;
    }
    if (lacksNetAdmin(ctx))
      return yield* fail(
        ctx,
        `${versionOf(ctx)}: Operation failed: sorry, you must be root or get CAP_NET_ADMIN capability to do this`,
      );
    return yield* run(ctx, line);
  },
};

function* usage(ctx: ProgramContext, text: string): Blocking<number> {
  return yield* fail(
    ctx,
    `${versionOf(ctx)}: ${text}\nTry \`conntrack -h' or 'conntrack --help' for more information.\n`,
    2,
  );
}

function* run(ctx: ProgramContext, line: ConntrackLine): Blocking<number> {
  const ns = ctx.netns;
  if (line.table !== 'conntrack') return yield* otherTable(ctx, line);
  switch (line.command) {
    case 'L':
      return yield* list(ctx, line);
    case 'G': {
      if (line.filter.protocol === undefined)
        return yield* usage(ctx, "You need to supply the `--protonum' option for this command");
      const found = listConntrack(ns, line.filter);
      if (found.length === 0)
        return yield* fail(ctx, `${versionOf(ctx)}: Operation failed: such conntrack doesn't exist`);
      yield* show(ctx, line, found, 2);
      return yield* summary(ctx, 'shown', found.length);
    }
    case 'D': {
      const deleted = deleteConntrack(ns, line.filter, secondPort(ctx));
      yield* show(ctx, line, deleted);
      yield* summary(ctx, 'deleted', deleted.length);
      return deleted.length === 0 ? 1 : 0;
    }
    case 'U': {
      const { mark, ...others } = line.filter;
      if (mark === undefined && line.timeout === undefined)
        return yield* usage(ctx, 'option -U without -m or -t is not emulated here');
      const changed = updateConntrack(
        ns,
        others,
        { ...(mark === undefined ? {} : { mark }), ...(line.timeout === undefined ? {} : { seconds: line.timeout }) },
        secondPort(ctx),
      );
      yield* show(ctx, line, changed, 2);
      yield* summary(ctx, 'updated', changed.length);
      return changed.length === 0 ? 1 : 0;
    }
    case 'E':
      return yield* watch(ctx, line);
    case 'F':
      deleteConntrack(ns, {}, ctx.pid);
      yield* ctx.err(`${versionOf(ctx)}: connection tracking table has been emptied.\n`);
      return 0;
    case 'C':
      yield* ctx.out(`${countConntrack(ns)}\n`);
      return 0;
    case 'S':
      yield* ctx.out(statistics(ctx));
      return 0;
    default:
      if (line.filter.protocol === undefined)
        return yield* usage(ctx, "You need to supply the `--protonum' option for this command");
      return yield* usage(ctx, 'option -I is not emulated here');
  }
}

/** Tables that are always empty here: no helper expects a connection, and entries come and go at once. */
function* otherTable(ctx: ProgramContext, line: ConntrackLine): Blocking<number> {
  const what = line.table === 'expect' ? 'expectations' : 'flow entries';
  switch (line.command) {
    case 'L':
      yield* ctx.err(`${versionOf(ctx)}: 0 ${what} have been shown.\n`);
      return 0;
    case 'C':
      yield* ctx.out('0\n');
      return 0;
    case 'F':
      if (line.table === 'expect') yield* ctx.err(`${versionOf(ctx)}: expectation table has been emptied.\n`);
      return 0;
    default:
      return yield* usage(ctx, `option -${line.command} ${line.table} is not emulated here`);
  }
}

function* list(ctx: ProgramContext, line: ConntrackLine): Blocking<number> {
  const entries = listConntrack(ctx.netns, line.filter);
  yield* show(ctx, line, entries);
  return yield* summary(ctx, 'shown', entries.length);
}

function* show(ctx: ProgramContext, line: ConntrackLine, entries: readonly ConntrackEntry[], use = 1): Blocking<void> {
  const { now } = ctx.netns.kernel;
  const xml = line.output.has('xml');
  const references = conntrackReferences(ctx.netns);
  let text = xml ? '<?xml version="1.0" encoding="utf-8"?>\n<conntrack>\n' : '';
  for (const entry of entries) {
    const uses = use - 1 + (references.get(entry) ?? 1);
    text += xml
      ? formatEntryXml(entry, now, uses)
      : formatEntry(entry, now, { extended: line.output.has('extended'), id: line.output.has('id'), use: uses });
    text += '\n';
  }
  if (xml) text += '</conntrack>\n';
  if (text !== '') yield* ctx.out(text);
}

function* summary(ctx: ProgramContext, what: string, count: number): Blocking<number> {
  yield* ctx.err(`${versionOf(ctx)}: ${count} flow entries have been ${what}.\n`);
  return 0;
}

/** The address of a program's second netlink socket (netlink_autobind): the first has its process id, this one a random one. */
function secondPort(ctx: ProgramContext): number {
  return 0x80000000 + ctx.random('netlink-port').below(0x7ffff000);
}

/** `-E`: until ^C. */
function* watch(ctx: ProgramContext, line: ConntrackLine): Blocking<number> {
  const queue = new WaitQueue();
  const lines: string[] = [];
  let shown = 0;
  const stop = watchConntrack(ctx.netns, (kind, entry, portId) => {
    if (line.events.size > 0 && !line.events.has(kind)) return;
    if (!isMeant(entry, line.filter)) return;
    const stamp = line.output.has('timestamp') ? `[${timestamp(ctx.wallClock)}]\t` : '';
    const text = formatEntry(entry, ctx.netns.kernel.now, {
      event: true,
      extended: line.output.has('extended'),
      id: line.output.has('id'),
    });
    const by = portId === 0 ? '' : ` [USERSPACE] portid=${portId} progname=conntrack`;
    lines.push(`${stamp}${`[${kind}]`.padStart(9)} ${text}${by}\n`);
    queue.wake();
  });
  ctx.catchSignal('SIGINT');
  ctx.catchSignal('SIGTERM');
  try {
    for (;;) {
      while (lines.length > 0) {
        shown++;
        yield* ctx.out(lines.shift() as string);
      }
      const wake = yield* ctx.wait([queue]);
      if (wake === 'interrupted') {
        ctx.takeSignal();
        break;
      }
    }
  } finally {
    stop();
  }
  yield* ctx.err(`${versionOf(ctx)}: ${shown} flow events have been shown.\n`);
  return 0;
}

function timestamp(micros: number): string {
  const seconds = Math.floor(micros / 1e6);
  return `${seconds}.${String(micros - seconds * 1e6).padStart(6, '0')}`;
}

function statistics(ctx: ProgramContext): string {
  const stats = conntrackStats(ctx.netns);
  // The kernel counts per processor; here there is one.
  return (
    `cpu=0   \tfound=${stats.found} invalid=${stats.invalid} insert=${stats.insert} insert_failed=${stats.insertFailed} ` +
    `drop=${stats.drop} early_drop=${stats.earlyDrop} error=${stats.error} search_restart=${stats.searchRestart} ` +
    `clash_resolve=${stats.clashResolve} chaintoolong=${stats.chainTooLong} \n`
  );
}
