/**
 * ipvsadm 1.31: administers the virtual servers of a network namespace. Mirrors ipvsadm(8) and ipvsadm.c.
 *
 * Commands -A -E -D -C -R -S -a -e -d -L -l -Z --set -h -v; options -t -u -f -s -p -M -b -o -r -m -g -w -x -y -n -c
 * --timeout --daemon --stats --rate --exact --thresholds --persistent-conn --nosort --sort; ipvsadm-save and
 * ipvsadm-restore. Without -n names are looked up as gethostbyname(3) and gethostbyaddr(3) do, once for each time that an
 * address is printed. Kept and listed, but without traffic: IPv6 and SCTP services. Not emulated, and refused: tunnels other
 * than IP in IP, persistence engines, the sync daemon.
 */
import { ERRNO_TEXT, type Errno } from '../base/errno.ts';
import { ipvsControl, type IpvsOperation, SCHEDULER_NAMES, type ServiceSpec } from '../ipvs/index.ts';
import { done, type Result } from '../base/result.ts';
import { type Blocking, fail, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import { HELP, VERSION } from './ipvsadm/help.ts';
import {
  type Columns,
  connectionTable,
  type Format,
  serviceRules,
  serviceTable,
  versionLine,
} from './ipvsadm/listing.ts';
import { type CommandLine, parseCommandLine, Stop } from './ipvsadm/options.ts';
import { resolve, reverse } from './net/resolve.ts';

export const ipvsadmTool: Tool = {
  name: 'ipvsadm',
  aliases: ['ipvsadm-save', 'ipvsadm-restore'],
  directory: '/usr/sbin',
  summary: 'Linux Virtual Server administration',
  main,
  complete(words) {
    const before = words[words.length - 2];
    if (before === '-s' || before === '--scheduler') return [...SCHEDULER_NAMES];
    if (words.length === 2) return '-A -C -D -E -L -Ln -R -S -Z -a -d -e'.split(' ');
    return [];
  },
};

function* main(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  const called = (ctx.argv[0] ?? '').split('/').pop();
  if (called === 'ipvsadm-save') words.unshift('-S');
  if (called === 'ipvsadm-restore') words.unshift('-R');
  if (words.length === 0) words.push('-L');
  return yield* execute(ctx, words);
}

function* execute(ctx: ProgramContext, words: readonly string[]): Blocking<number> {
  const line = yield* parse(ctx, words);
  if (line instanceof Stop) return yield* fail(ctx, line.text, line.status);
  switch (line.command) {
    case 'help':
      yield* ctx.out(HELP);
      return 0;
    case 'version':
      yield* ctx.out(VERSION);
      return 0;
    case 'list':
      return yield* list(ctx, line);
    case 'save': {
      const services = ipvsControl(ctx.netns, { op: 'list' }, ctx.origin);
      if (services.ok) yield* print(ctx, line, (format) => serviceRules(services.value, format));
      return 0;
    }
    case 'restore':
      return yield* restore(ctx);
    default: {
      const answer = change(ctx, line);
      return answer.result.ok ? 0 : yield* fail(ctx, errorText(answer.op, answer.result.errno), 255);
    }
  }
}

/** Reads the command line; names in it are looked up in the order in which they stand. */
function* parse(ctx: ProgramContext, words: readonly string[]): Blocking<CommandLine | Stop> {
  const known = new Map<string, number | undefined>();
  for (;;) {
    let unknown: string | undefined;
    const line = parseCommandLine(words, (name) => {
      if (!known.has(name)) unknown ??= name;
      return known.get(name);
    });
    if (unknown === undefined) return line;
    known.set(unknown, (yield* resolve(ctx, unknown, 4)).addresses[0]?.address);
  }
}

/** Prints what `text` makes; the names in it are looked up in the order in which they are printed. */
function* print(ctx: ProgramContext, line: CommandLine, text: (format: Format) => string): Blocking<void> {
  const addresses: number[] = [];
  const draft = text(
    formatOf(line, (address) => {
      addresses.push(address);
      return undefined;
    }),
  );
  if (addresses.length === 0) return yield* ctx.out(draft);
  const names: (string | undefined)[] = [];
  for (const address of addresses) names.push(yield* reverse(ctx, address));
  let at = 0;
  yield* ctx.out(text(formatOf(line, () => names[at++])));
}

function* list(ctx: ProgramContext, line: CommandLine): Blocking<number> {
  const { netns, origin } = ctx;
  if (line.given.has('connection')) {
    const connections = ipvsControl(netns, { op: 'connections' }, origin);
    if (connections.ok) yield* print(ctx, line, (format) => connectionTable(connections.value, format));
    return 0;
  }
  if (line.given.has('service-address')) {
    const services = ipvsControl(netns, { op: 'list', service: line.service }, origin);
    if (!services.ok) return yield* fail(ctx, errorText('list', services.errno), 1);
    yield* print(ctx, line, (format) => serviceTable(services.value, format));
    return 0;
  }
  if (line.given.has('timeout')) {
    const timeouts = ipvsControl(netns, { op: 'timeouts' }, origin);
    if (timeouts.ok)
      yield* ctx.out(
        `Timeout (tcp tcpfin udp): ${timeouts.value.tcp} ${timeouts.value.tcpFin} ${timeouts.value.udp}\n`,
      );
    return 0;
  }
  // No synchronisation daemon ever runs here, so there is nothing to say about it.
  if (line.given.has('daemon')) return 0;
  const services = ipvsControl(netns, { op: 'list' }, origin);
  yield* print(ctx, line, (format) => versionLine(ctx.netns) + serviceTable(services.ok ? services.value : [], format));
  return 0;
}

/** `ipvsadm -R`: a command line in each line of standard input, up to the first that fails. */
function* restore(ctx: ProgramContext): Blocking<number> {
  for (;;) {
    const text = yield* ctx.readLine(0);
    if (text === undefined) return 0;
    const words = text.trim().split(/\s+/);
    if (words[0] === '' || words[0].startsWith('#')) continue;
    const status = yield* execute(ctx, words);
    if (status !== 0) return status;
  }
}

/** Carries out a command that changes something. */
function change(
  ctx: ProgramContext,
  line: CommandLine,
): { readonly op: IpvsOperation; readonly result: Result<undefined> } {
  const { netns, origin } = ctx;
  const { service } = line;
  const spec: ServiceSpec = {
    ...service,
    scheduler: line.scheduler,
    persistence: line.persistence,
    netmask: line.netmask,
    onePacket: line.onePacket,
    schedulerFlags: line.schedulerFlags,
  };
  const { forward, weight, upperThreshold, lowerThreshold } = line;
  const server = { ...line.server, forward, weight, upperThreshold, lowerThreshold };
  switch (line.command) {
    case 'add-service':
      return { op: 'addService', result: ipvsControl(netns, { op: 'addService', service: spec }, origin) };
    case 'edit-service':
      return { op: 'editService', result: ipvsControl(netns, { op: 'editService', service: spec }, origin) };
    case 'delete-service':
      return { op: 'deleteService', result: ipvsControl(netns, { op: 'deleteService', service }, origin) };
    case 'add-server':
      return { op: 'addServer', result: ipvsControl(netns, { op: 'addServer', service, server }, origin) };
    case 'edit-server':
      return { op: 'editServer', result: ipvsControl(netns, { op: 'editServer', service, server }, origin) };
    case 'delete-server':
      return { op: 'deleteServer', result: ipvsControl(netns, { op: 'deleteServer', service, server }, origin) };
    case 'zero':
      return {
        op: 'zero',
        result: ipvsControl(
          netns,
          line.given.has('service-address') ? { op: 'zero', service } : { op: 'zero' },
          origin,
        ),
      };
    case 'clear':
      return { op: 'flush', result: ipvsControl(netns, { op: 'flush' }, origin) };
    case 'set': {
      const [tcp, tcpFin, udp] = line.timeouts;
      return { op: 'setTimeouts', result: ipvsControl(netns, { op: 'setTimeouts', tcp, tcpFin, udp }, origin) };
    }
    default:
      return { op: 'flush', result: done };
  }
}

const SERVER_ERRORS = {
  ESRCH: 'Service not defined',
  EEXIST: 'Destination already exists',
  ENOENT: 'No such destination',
};
const NO_SCHEDULER = 'Scheduler or persistence engine not found';

/** ipvs_strerror (libipvs.c): errnos have words of their own for each request. */
const ERRORS: Partial<Record<IpvsOperation, Partial<Record<Errno, string>>>> = {
  addService: { EEXIST: 'Service already exists', ENOENT: NO_SCHEDULER },
  editService: { ESRCH: 'No such service', ENOENT: NO_SCHEDULER },
  deleteService: { ESRCH: 'No such service' },
  zero: { ESRCH: 'No such service' },
  list: { ESRCH: 'No such service' },
  addServer: SERVER_ERRORS,
  editServer: SERVER_ERRORS,
  deleteServer: SERVER_ERRORS,
};

const COMMON_ERRORS: Partial<Record<Errno, string>> = {
  EPERM: 'Permission denied (you must be root)',
  EINVAL: 'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  ENOMEM: 'Memory allocation problem',
};

function errorText(op: IpvsOperation, errno: Errno): string {
  return ERRORS[op]?.[errno] ?? COMMON_ERRORS[errno] ?? ERRNO_TEXT[errno];
}

function formatOf(line: CommandLine, nameOf: Format['nameOf']): Format {
  const columns = (['stats', 'rate', 'thresholds', 'persistent-conn'] as const).find((each) => line.given.has(each));
  return {
    columns: columns ?? ('plain' satisfies Columns),
    numeric: line.given.has('numeric'),
    exact: line.given.has('exact'),
    sorted: !line.given.has('nosort'),
    nameOf,
  };
}
