/**
 * ip of busybox 1.37 (networking/libiproute/), as images made of busybox have it: `address`, `link`, `neigh`, `route`, `rule`, shown as
 * it shows them; changes go the way of the full tool, in busybox's words. Options: -4 -6 -o -f FAMILY. Not emulated: tunnel, -s.
 * It knows nothing of namespaces: the index of a link's other end is looked up where the program runs.
 */
import { BROADCAST_MAC, formatIpv4, formatMac } from '../../base/address.ts';
import type { NetDevice } from '../../kernel/device.ts';
import { deviceFlags } from '../../kernel/devices.ts';
import { dumpAddresses } from '../../kernel/netlink/address.ts';
import { formatDestination, formatRule, formatTable } from '../../kernel/netlink/format.ts';
import { probeCount } from '../../kernel/netlink/neighbour.ts';
import { linkReference } from '../../kernel/netlink/nsid.ts';
import { dumpAllRoutes, dumpRoutes } from '../../kernel/netlink/route.ts';
import type { Program, Tool } from '../../process/program.ts';
import { ipAddress } from './address.ts';
import { Args, defaultOptions, Exit, notEmulated, pick, type Call } from './command.ts';
import { completeIp } from './complete.ts';
import { ipLink } from './link.ts';
import { ipNeighbour } from './neighbour.ts';
import { ipRoute } from './route.ts';
import { tableId } from './route-words.ts';
import { ipRule } from './rule.ts';

const USAGE = `BusyBox v1.37.0 multi-call binary.

Usage: ip [OPTIONS] address|route|link|neigh|rule [ARGS]

OPTIONS := -f[amily] inet|inet6|link | -o[neline]

`;

/** `name@link: <FLAGS> mtu … qdisc … qlen …` (print_linkinfo). */
function headline(call: Call, dev: NetDevice): string {
  const { ifindex } = linkReference(dev);
  const other = call.ns.devices.get(ifindex);
  const flags = deviceFlags(dev);
  // An index that is not known here has no flags, and so counts as down.
  if (ifindex !== 0 && other?.up !== true) flags.push('M-DOWN');
  const link = ifindex === 0 ? '' : `@${other?.name ?? `if${ifindex}`}`;
  const master = dev.master === null ? '' : `master ${dev.master.name} `;
  const queue = dev.txQueueLength === 0 ? '' : `qlen ${dev.txQueueLength}`;
  return `${dev.ifindex}: ${dev.name}${link}: <${flags.join(',')}> mtu ${dev.mtu} qdisc ${dev.qdisc} ${master}${queue}`;
}

function hardware(dev: NetDevice): string {
  const loopback = dev.kind === 'loopback';
  return `link/${loopback ? 'loopback' : 'ether'} ${formatMac(dev.mac)} brd ${formatMac(loopback ? 0 : BROADCAST_MAC)}`;
}

/** The devices to show: all, or the one that is named. */
function chosenDevices(call: Call, words: readonly string[]): NetDevice[] {
  const args = new Args(words);
  let devices = [...call.ns.devices.values()].sort((a, b) => a.ifindex - b.ifindex);
  while (!args.done) {
    const word = args.take();
    if (word === 'up') devices = devices.filter((dev) => dev.up);
    else {
      const name = word === 'dev' ? args.next() : word;
      const dev = call.ns.device(name);
      if (dev === undefined) throw new Exit(1, `ip: can't find device '${name}'`);
      devices = [dev];
    }
  }
  return devices;
}

function showLinks(call: Call, words: readonly string[]): void {
  const lineBreak = call.options.oneline ? '\\' : '\n';
  for (const dev of chosenDevices(call, words)) call.out += `${headline(call, dev)}${lineBreak}    ${hardware(dev)}\n`;
}

function showAddresses(call: Call, words: readonly string[]): void {
  const { family, oneline } = call.options;
  const lineBreak = oneline ? '\\' : '\n';
  const forever = `${lineBreak}       valid_lft forever preferred_lft forever\n`;
  for (const dev of chosenDevices(call, words)) {
    const inet = family === 'inet6' ? [] : dumpAddresses(dev);
    const inet6 = family === 'inet' ? [] : dev.addresses6;
    if (family !== 'any' && inet.length + inet6.length === 0) continue;
    if (!oneline) call.out += `${headline(call, dev)}\n${family === 'any' ? `    ${hardware(dev)}\n` : ''}`;
    const start = oneline ? `${dev.ifindex}: ${dev.name}` : '';
    for (const entry of inet) {
      const broadcast = entry.broadcast === 0 ? '' : `brd ${formatIpv4(entry.broadcast)} `;
      const secondary = entry.secondary ? 'secondary ' : '';
      call.out += `${start}    inet ${formatIpv4(entry.address)}/${entry.prefix} ${broadcast}scope ${entry.scope} ${secondary}${entry.label}${forever}`;
    }
    for (const entry of inet6)
      call.out += `${start}    inet6 ${entry.address}/${entry.prefix} scope ${entry.scope} ${forever}`;
  }
}

/** Without the protocol, and with two spaces before `src` (print_route). */
function showRoutes(call: Call, words: readonly string[]): void {
  const args = new Args(words);
  let table = 254;
  let dev: NetDevice | undefined;
  while (!args.done) {
    const word = args.take();
    if (word === 'table') table = tableId(args.next());
    else if (word === 'dev') dev = chosenDevices(call, [args.next()])[0];
    else throw notEmulated('ip', `route selector ${word}`);
  }
  if (call.options.family === 'inet6') return;
  const dumped = table === 0 ? undefined : dumpRoutes(call.ns, table);
  const routes = dumped === undefined ? dumpAllRoutes(call.ns) : dumped.ok ? dumped.value : [];
  for (const route of routes) {
    if (dev !== undefined && route.dev !== dev) continue;
    let line = route.type === 'unicast' ? '' : `${route.type} `;
    line += `${formatDestination(route.destination, route.prefix)} `;
    if (route.gateway !== 0) line += `via ${formatIpv4(route.gateway)} `;
    if (route.dev !== null) line += `dev ${route.dev.name} `;
    if (table === 0 && route.table !== 254) line += `table ${formatTable(route.table)} `;
    if (route.scope !== 'universe') line += `scope ${route.scope} `;
    if (route.source !== 0) line += ` src ${formatIpv4(route.source)} `;
    if (route.metric !== 0) line += ` metric ${route.metric} `;
    call.out += `${line}\n`;
  }
}

/** Always with counters; the ages are divided by the wrong clock and come out as nought. */
function showNeighbours(call: Call, words: readonly string[]): void {
  const args = new Args(words);
  let only: NetDevice | undefined;
  while (!args.done) {
    const word = args.take();
    if (word !== 'dev') throw notEmulated('ip', `neigh selector ${word}`);
    only = chosenDevices(call, [args.next()])[0];
  }
  for (const neighbour of call.ns.neighbours.list(only)) {
    if (neighbour.proxy || neighbour.state === 'NONE' || neighbour.state === 'NOARP') continue;
    const known = neighbour.state !== 'INCOMPLETE' && neighbour.state !== 'FAILED';
    const dev = only === undefined ? `dev ${neighbour.dev.name} ` : '';
    const mac = known ? `lladdr ${formatMac(neighbour.mac)}` : '';
    const held = neighbour.timer === null ? '' : ' ref 1';
    call.out += `${formatIpv4(neighbour.address)} ${dev}${mac}${held} used 0/0/0 probes ${probeCount(neighbour)} ${neighbour.state}\n`;
  }
}

type Part = {
  readonly show: (call: Call, words: readonly string[]) => void;
  readonly change: (call: Call, words: readonly string[]) => number;
};

const OBJECTS: Readonly<Record<string, Part>> = {
  address: { show: showAddresses, change: ipAddress },
  route: { show: showRoutes, change: ipRoute },
  link: { show: showLinks, change: ipLink },
  neigh: { show: showNeighbours, change: ipNeighbour },
  rule: {
    show(call) {
      for (const rule of call.ns.fib.rules) call.out += `${formatRule(rule)} \n`;
    },
    change: ipRule,
  },
};

function parse(call: Call, argv: readonly string[]): readonly string[] {
  let at = 1;
  for (; argv[at]?.startsWith('-') === true; at++) {
    const option = (argv[at] as string).replace(/^--?/, '');
    if (option === '4') call.options.family = 'inet';
    else if (option === '6') call.options.family = 'inet6';
    else if (option !== '' && 'oneline'.startsWith(option)) call.options.oneline = true;
    else if (option !== '' && 'family'.startsWith(option)) {
      const family = argv[++at];
      if (family !== 'inet' && family !== 'inet6') throw notEmulated('ip', `family ${family ?? ''}`);
      call.options.family = family;
    } else if (option !== '' && 'stats'.startsWith(option)) throw notEmulated('ip', 'option -stats');
    else throw new Exit(1, `ip: unrecognized option '${argv[at] as string}'\n${USAGE}`);
  }
  return argv.slice(at);
}

function run(call: Call, argv: readonly string[]): number {
  const [object, ...rest] = parse(call, argv);
  if (object === undefined) throw new Exit(1, USAGE);
  const name = pick(object, ['address', 'route', 'link', 'neigh', 'rule', 'tunnel', 'tunl']);
  const part = name === undefined ? undefined : OBJECTS[name];
  if (name === undefined) throw new Exit(1, USAGE);
  if (part === undefined) throw notEmulated('ip', name);
  const [command = 'show', ...words] = rest;
  if (!['show', 'list', 'lst'].some((one) => one.startsWith(command))) {
    if (!call.ctx.capable('NET_ADMIN')) throw new Exit(2, 'RTNETLINK answers: Operation not permitted');
    return part.change(call, rest);
  }
  part.show(call, words);
  return 0;
}

export const busyboxIpTool: Tool = {
  name: 'ip',
  directory: '/sbin',
  summary: 'show and change devices, addresses, routes and neighbours',
  *main(ctx): Program {
    const call: Call = {
      ctx,
      ns: ctx.netns,
      options: defaultOptions(),
      program: 'ip',
      refusedStatus: 2,
      failedStatus: 1,
      out: '',
      err: '',
    };
    let status: number;
    try {
      status = run(call, ctx.argv);
    } catch (thrown) {
      if (!(thrown instanceof Exit)) throw thrown;
      status = thrown.status;
      // "ip: RTNETLINK answers: …", "ip: …": busybox names itself, and has no extended messages.
      call.err += /^(ip:|BusyBox)/.test(thrown.message) ? thrown.message : `ip: ${thrown.message}`;
    }
    if (call.out !== '') yield* ctx.out(call.out);
    if (call.err !== '') yield* ctx.err(call.err);
    return status;
  },
  complete: completeIp,
};
