/**
 * ip(8): show and change devices, addresses, routes, rules, neighbours and namespaces (iproute2 6.15, ip/ip.c). The commands
 * speak to the kernel through the requests of kernel/netlink/; objects and options may be abbreviated as in the original.
 * Not emulated: the objects without a command in {@link OBJECTS}; options that are refused say so.
 */
import type { Blocking, Program, ProgramContext, Tool } from '../../process/program.ts';
import { ipAddress } from './address.ts';
import { defaultOptions, Exit, matches, notEmulated, pick, refuseOptions, type Call, type Options } from './command.ts';
import { completeIp } from './complete.ts';
import { ipLink } from './link.ts';
import { ipMaddress } from './maddress.ts';
import { ipMonitor } from './monitor.ts';
import { ipNeighbour } from './neighbour.ts';
import { ipNetns, isExec, netnsExec } from './netns.ts';
import { openNamespace } from './netns-names.ts';
import { ipRoute } from './route.ts';
import { ipRule } from './rule.ts';
import { IP_USAGE } from './usage.ts';
import { ipXfrm } from './xfrm.ts';

type Command = (call: Call, words: readonly string[]) => number;

/** Objects in the order in which abbreviations find them. */
const OBJECTS: readonly (readonly [name: string, run: Command | undefined])[] = [
  ['address', ipAddress],
  ['addrlabel', undefined],
  ['maddress', ipMaddress],
  ['route', ipRoute],
  ['rule', ipRule],
  ['neighbor', ipNeighbour],
  ['neighbour', ipNeighbour],
  ['ntable', undefined],
  ['ntbl', undefined],
  ['link', ipLink],
  ['l2tp', undefined],
  ['fou', undefined],
  ['ila', undefined],
  ['macsec', undefined],
  ['tunnel', ipTunnel],
  ['tunl', ipTunnel],
  ['tuntap', undefined],
  ['tap', undefined],
  ['token', undefined],
  ['tcpmetrics', undefined],
  ['tcp_metrics', undefined],
  ['monitor', undefined],
  ['xfrm', ipXfrm],
  ['mroute', undefined],
  ['mrule', undefined],
  ['netns', ipNetns],
  ['netconf', undefined],
  ['vrf', undefined],
  ['sr', undefined],
  ['nexthop', undefined],
  ['mptcp', undefined],
  ['ioam', undefined],
  ['help', undefined],
  ['stats', undefined],
];

function ipTunnel(_call: Call, words: readonly string[]): number {
  const [first = 'show'] = words;
  const command = pick(first, ['add', 'change', 'delete', 'show', 'lst', 'list', 'prl', '6rd', 'help']);
  if (command === undefined) throw new Exit(255, `Command "${first}" is unknown, try "ip tunnel help"`);
  throw notEmulated('ip', 'tunnel');
}

/** Options before the object, in the order in which abbreviations find them. */
const FLAGS: readonly (readonly [name: string, set: ((options: Options) => void) | 'refuse'])[] = [
  ['loops', 'refuse'],
  ['family', 'refuse'],
  ['4', (options) => (options.family = 'inet')],
  ['6', (options) => (options.family = 'inet6')],
  ['0', (options) => (options.family = 'link')],
  ['M', 'refuse'],
  ['B', 'refuse'],
  ['human-readable', 'refuse'],
  ['iec', 'refuse'],
  ['stats', (options) => options.stats++],
  ['statistics', (options) => options.stats++],
  ['details', (options) => (options.details = true)],
  ['resolve', 'refuse'],
  ['oneline', (options) => (options.oneline = true)],
  ['timestamp', 'refuse'],
  ['tshort', 'refuse'],
  ['Version', 'refuse'],
  ['force', 'refuse'],
  ['batch', 'refuse'],
  ['brief', (options) => (options.brief = true)],
  ['json', (options) => (options.json = true)],
  ['rcvbuf', 'refuse'],
  ['color', (options) => (options.color = true)],
  ['help', 'refuse'],
  ['netns', 'refuse'],
  ['Numeric', 'refuse'],
  ['all', (options) => (options.all = true)],
  ['echo', 'refuse'],
  ['pretty', (options) => (options.pretty = true)],
];

const FAMILIES: Readonly<Record<string, Options['family']>> = { inet: 'inet', inet6: 'inet6', link: 'link' };

/** The options of a command line, its namespace by name, and what comes after them. */
interface Parsed {
  readonly options: Options;
  readonly netns: string | undefined;
  readonly words: readonly string[];
  readonly version: boolean;
}

function parseOptions(argv: readonly string[]): Parsed {
  const options = defaultOptions();
  let netns: string | undefined;
  let at = 1;
  for (; at < argv.length; at++) {
    const word = argv[at] as string;
    if (word === '--') {
      at++;
      break;
    }
    if (!word.startsWith('-')) break;
    const name = word.replace(/^--?/, '');
    if (name.startsWith('color=') || name.startsWith('c=')) {
      options.color = name.endsWith('=always');
      continue;
    }
    const found = FLAGS.find(([flag]) => matches(name, flag));
    if (found === undefined) throw new Exit(255, `Option "${word}" is unknown, try "ip -help".`);
    const [flag, set] = found;
    if (typeof set === 'function') set(options);
    else if (flag === 'netns') {
      netns = argv[++at];
      if (netns === undefined) throw new Exit(255, 'Command line is not complete. Try option "help"');
    } else if (flag === 'family') {
      const family = FAMILIES[argv[++at] ?? ''];
      if (family === undefined) throw notEmulated('ip', `family ${argv[at] ?? ''}`);
      options.family = family;
    } else if (flag === 'Version') return { options, netns, words: [], version: true };
    else if (flag === 'help') throw new Exit(255, IP_USAGE);
    else throw notEmulated('ip', `option -${flag}`);
  }
  return { options, netns, words: argv.slice(at), version: false };
}

/** Options that change what the original prints of an object, and not what this one does. */
const UNHEARD: Readonly<Record<string, readonly (keyof Options)[]>> = {
  rule: ['color', 'details'],
  neighbor: ['brief'],
  neighbour: ['brief'],
  maddress: ['color', 'json', 'oneline'],
  monitor: ['json', 'brief'],
  xfrm: ['json', 'oneline'],
};
/** Families of which an object knows nothing. */
const STRANGE: Readonly<Record<string, readonly Options['family'][]>> = { rule: ['link'], xfrm: ['inet6', 'link'] };

const CHANGED = ['link', 'address', 'route', 'rule', 'neighbor', 'neighbour'];
const CHANGES = ['add', 'change', 'chg', 'replace', 'set', 'delete', 'append', 'prepend', 'flush'] as const;

/** True for what rtnetlink lets nobody do without CAP_NET_ADMIN, as in a container. */
export function changesNetwork(object: string, verb: string | undefined): boolean {
  return CHANGED.includes(object) && verb !== undefined && pick(verb, CHANGES) !== undefined;
}

function* run(ctx: ProgramContext): Blocking<number> {
  const { options, netns, words, version } = parseOptions(ctx.argv);
  if (version) {
    const { version, libbpf } = ctx.host.kernel.platform.iproute;
    yield* ctx.out(`ip utility, iproute2-${version}, libbpf ${libbpf}\n`);
    return 0;
  }
  if (netns !== undefined) ctx.setns(openNamespace(ctx, netns));
  const [object, ...rest] = words;
  if (object === undefined) throw new Exit(255, IP_USAGE);
  const found = OBJECTS.find(([name]) => matches(object, name));
  if (found === undefined) throw new Exit(1, `Object "${object}" is unknown, try "ip help".`);
  const [name, command] = found;
  if (name === 'help') throw new Exit(255, IP_USAGE);
  if (command === undefined && name !== 'monitor') throw notEmulated('ip', `object ${name}`);
  refuseOptions('ip', options, name, UNHEARD[name] ?? []);
  if (STRANGE[name]?.includes(options.family) === true) throw notEmulated('ip', `family ${options.family} of ${name}`);
  if (name === 'netns' && isExec(rest)) return yield* netnsExec(ctx, rest.slice(1), options.all);
  if (changesNetwork(name, rest[0]) && !ctx.capable('NET_ADMIN')) throw new Exit(2, 'RTNETLINK answers: Operation not permitted');
  const call: Call = {
    ctx,
    ns: ctx.netns,
    options,
    program: 'ip',
    refusedStatus: 2,
    failedStatus: 1,
    out: '',
    err: '',
  };
  if (command === undefined) return yield* ipMonitor(call, rest);
  return yield* runCall(call, () => command(call, rest));
}

/** Runs one command and writes what it printed, also what it had printed before it gave up. */
export function* runCall(call: Call, command: () => number): Blocking<number> {
  let status: number;
  try {
    status = command();
  } catch (thrown) {
    if (!(thrown instanceof Exit)) throw thrown;
    call.err += thrown.message;
    status = thrown.status;
  }
  if (call.out !== '') yield* call.ctx.out(call.out);
  if (call.err !== '') yield* call.ctx.err(call.err);
  return status;
}

export const ipTool: Tool = {
  name: 'ip',
  directory: '/usr/sbin',
  summary: 'show and change devices, addresses, routes, neighbours and network namespaces',
  *main(ctx): Program {
    try {
      return yield* run(ctx);
    } catch (thrown) {
      if (!(thrown instanceof Exit)) throw thrown;
      yield* ctx.err(thrown.message);
      return thrown.status;
    }
  },
  complete: completeIp,
};
