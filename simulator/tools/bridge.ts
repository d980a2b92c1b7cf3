/**
 * bridge(8): forwarding databases, ports, VLANs of bridges (iproute2 6.15, bridge/). Subcommands: fdb, link, vlan show.
 * `mdb show` tells what snooping learned. Not emulated: changing it, monitor, VLAN filtering (what `vlan show` prints is the default VLAN of each port).
 */
import { formatIpv4, formatMac, parseMac } from '../base/address.ts';
import type { BridgeState, NetDevice } from '../kernel/device.ts';
import { deviceFlags } from '../kernel/devices.ts';
import { mdbEntries } from '../kernel/mdb.ts';
import {
  deleteFdbEntry,
  dumpFdb,
  flushFdb,
  newFdbEntry,
  type FdbListing,
  type FdbRequest,
  type FdbVerb,
} from '../kernel/netlink/fdb.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../process/program.ts';
import {
  address,
  Args,
  defaultOptions,
  demand,
  device,
  Exit,
  garbage,
  matches,
  notEmulated,
  number,
  pick,
  refuseOptions,
  type Call,
} from './ip/command.ts';
import { deviceNames } from './ip/complete.ts';
import { runCall } from './ip/index.ts';
import { setPort } from './ip/link-kinds.ts';
import { nameWithLink, referenceOf } from './ip/link-show.ts';
import { openNamespace } from './ip/netns-names.ts';
import { Printer } from './ip/printer.ts';

const FDB_COMMANDS = ['add', 'append', 'replace', 'delete', 'get', 'show', 'lst', 'list', 'flush', 'help'] as const;

function fdb(call: Call, words: readonly string[]): number {
  const [first = 'show', ...rest] = words;
  const command = pick(first, FDB_COMMANDS);
  switch (command) {
    case 'add':
    case 'append':
    case 'replace':
    case 'delete':
      return modifyFdb(call, new Args(rest), command);
    case 'get':
      return getFdb(call, new Args(rest));
    case 'show':
    case 'lst':
    case 'list':
      return showFdb(call, new Args(rest));
    case 'flush': {
      const args = new Args(rest);
      let dev: NetDevice | undefined;
      let target: 'self' | 'master' = 'self';
      while (!args.done) {
        const word = args.take();
        if (word === 'dev') dev = device(call, args.next());
        else if (word === 'self' || word === 'master') target = word;
        else throw notEmulated('bridge', `fdb flush option ${word}`);
      }
      if (dev === undefined) throw new Exit(255, 'Device is a required argument.');
      demand(call, flushFdb(dev, target));
      return 0;
    }
    case undefined:
      throw new Exit(255, `Command "${first}" is unknown, try "bridge fdb help".`);
    default:
      throw notEmulated('bridge', `fdb ${command}`);
  }
}

function modifyFdb(call: Call, args: Args, verb: FdbVerb | 'delete'): number {
  const request: { -readonly [K in keyof FdbRequest]?: FdbRequest[K] } = {};
  let dev: string | undefined;
  let mac: string | undefined;
  let via: string | undefined;
  while (!args.done) {
    const word = args.take();
    if (word === 'dev') dev = args.next();
    else if (matches(word, 'dst') && word.length > 1) request.dst = address(args.next());
    else if (
      word === 'nhid' ||
      word === 'src_vni' ||
      word === 'vlan' ||
      word === 'router' ||
      word === 'use' ||
      word === 'extern_learn' ||
      word === 'sticky'
    ) {
      throw notEmulated('bridge', `fdb option ${word}`);
    } else if (word === 'self' || word === 'master') request.target = word;
    else if (matches(word, 'local') || matches(word, 'permanent')) request.state = 'permanent';
    else if (matches(word, 'temp') || matches(word, 'static')) request.state = 'static';
    else if (matches(word, 'dynamic')) request.state = 'dynamic';
    else if (word === 'port') request.port = number(args.next(), 'invalid destination port', 0xffff);
    else if (word === 'vni') request.vni = number(args.next(), 'invalid VNI', 0xffffff);
    else if (word === 'via') via = args.next();
    else {
      const text = matches(word, 'to') ? args.next() : word;
      if (mac !== undefined) throw garbage('to', text);
      mac = text;
    }
  }
  if (dev === undefined || mac === undefined) throw new Exit(255, 'Device and address are required arguments.');
  const parsed = parseMac(mac);
  if (parsed === undefined) throw new Exit(255, `Invalid mac address ${mac}`);
  const { target = 'self', state = 'permanent', dst = 0, port = 0, vni = 0 } = request;
  const found = device(call, dev);
  const full: FdbRequest = {
    mac: parsed,
    target,
    state,
    dst,
    port,
    vni,
    via: via === undefined ? 0 : device(call, via).ifindex,
    origin: call.ctx.origin,
  };
  demand(call, verb === 'delete' ? deleteFdbEntry(found, full) : newFdbEntry(found, full, verb));
  return 0;
}

interface FdbSelection {
  dev?: NetDevice;
  bridge?: NetDevice;
  port?: NetDevice;
  state?: FdbListing['state'];
  /** The device was named, so it is not printed. */
  hideDev: boolean;
}

function showFdb(call: Call, args: Args): number {
  const chosen: FdbSelection = { hideDev: false };
  while (!args.done) {
    const word = args.take();
    if (word === 'brport' || word === 'dev') {
      chosen.port = device(call, args.next());
      chosen.hideDev = true;
    } else if (word === 'br') chosen.bridge = device(call, args.next());
    else if (word === 'state') {
      const state = args.next();
      if (state === 'permanent' || state === 'static' || state === 'stale' || state === 'reachable')
        chosen.state = state;
      else throw notEmulated('bridge', `fdb state ${state}`);
    } else if (word === 'vlan' || word === 'dynamic') throw notEmulated('bridge', `fdb selector ${word}`);
    else throw garbage('dev', word);
  }
  const out = new Printer(call.options.json, call.options.pretty);
  out.openArray();
  for (const line of dumpFdb(call.ns)) {
    if (chosen.port !== undefined && line.dev !== chosen.port) continue;
    if (chosen.bridge !== undefined && line.dev.master !== chosen.bridge && line.dev !== chosen.bridge) continue;
    if (chosen.state !== undefined && line.state !== chosen.state) continue;
    printFdb(call, out, line, chosen.hideDev);
  }
  out.closeArray();
  call.out += out.finish();
  return 0;
}

function getFdb(call: Call, args: Args): number {
  let mac: string | undefined;
  let dev: NetDevice | undefined;
  let bridge: NetDevice | undefined;
  let self = false;
  while (!args.done) {
    const word = args.take();
    if (word === 'dev' || word === 'brport') dev = device(call, args.next());
    else if (word === 'br') bridge = device(call, args.next());
    else if (word === 'self') self = true;
    else if (word === 'master' || word === 'dynamic') self = false;
    else if (word === 'vlan' || word === 'vni') throw notEmulated('bridge', `fdb get option ${word}`);
    else mac = matches(word, 'to') ? args.next() : word;
  }
  const parsed = mac === undefined ? undefined : parseMac(mac);
  if (mac === undefined || (dev === undefined && bridge === undefined))
    throw new Exit(255, 'Device and address are required arguments.');
  if (parsed === undefined) throw new Exit(255, `Invalid mac address ${mac}`);
  const found = dumpFdb(call.ns).find(
    (line) =>
      line.mac === parsed &&
      line.vlan === 0 &&
      (dev === undefined || line.dev === dev) &&
      (bridge === undefined || line.master === bridge) &&
      (line.master === null) === self,
  );
  if (found === undefined) throw new Exit(255, 'Error: Fdb entry not found.');
  const out = new Printer(call.options.json, call.options.pretty);
  out.openArray();
  printFdb(call, out, found, false);
  out.closeArray();
  call.out += out.finish();
  return 0;
}

/** One entry (bridge/fdb.c, print_fdb). */
function printFdb(call: Call, out: Printer, line: FdbListing, hideDev: boolean): void {
  const { remote } = line;
  const vxlan = line.dev.vxlan;
  out.openObject();
  out.any('mac', formatMac(line.mac));
  if (!hideDev) out.any('ifname', line.dev.name, `dev ${line.dev.name} `);
  if (remote !== null) out.any('dst', formatIpv4(remote.address), `dst ${formatIpv4(remote.address)} `);
  if (line.vlan !== 0) out.any('vlan', line.vlan, `vlan ${line.vlan} `);
  if (remote !== null && vxlan !== null) {
    if (remote.port !== vxlan.dstPort) out.any('port', remote.port, `port ${remote.port} `);
    if (remote.vni !== vxlan.vni) out.any('vni', remote.vni, `vni ${remote.vni} `);
    if (remote.ifindex !== 0) {
      const name = line.netnsid === undefined ? call.ns.devices.get(remote.ifindex)?.name : undefined;
      if (name === undefined) out.any('viaIfIndex', remote.ifindex, `via ifindex ${remote.ifindex} `);
      else out.any('viaIf', name, `via ${name} `);
    }
  }
  if (line.netnsid !== undefined) out.any('linkNetNsId', line.netnsid, `link-netnsid ${line.netnsid} `);
  if (call.options.stats > 0 && line.age !== null) {
    out.any('used', line.age.used, `used ${line.age.used}`);
    out.any('updated', line.age.updated, `/${line.age.updated} `);
  }
  out.openArray('flags');
  if (line.master === null) out.element('self');
  out.closeArray();
  if (line.master === null) out.text('self ');
  else out.any('master', line.master.name, `master ${line.master.name} `);
  const state = line.state === 'reachable' ? '' : line.state;
  out.any('state', state, `${state}\n`);
  out.closeObject();
}

const LINK_COMMANDS = ['set', 'show', 'lst', 'list', 'help'] as const;

function link(call: Call, words: readonly string[]): number {
  const [first = 'show', ...rest] = words;
  const command = pick(first, LINK_COMMANDS);
  const args = new Args(rest);
  if (command === 'set') return setBridgeLink(call, args);
  if (command === undefined) throw new Exit(255, `Command "${first}" is unknown, try "bridge link help".`);
  if (command === 'help') throw notEmulated('bridge', 'link help');
  refuseOptions('bridge', call.options, 'link', ['stats']);
  let only: NetDevice | undefined;
  let master: NetDevice | undefined;
  while (!args.done) {
    const word = args.take();
    if (word === 'dev') only = device(call, args.next());
    else if (word === 'master') master = device(call, args.next());
    else throw garbage('dev', word);
  }
  const out = new Printer(call.options.json, call.options.pretty);
  out.openArray();
  // Unlike `ip link`, these messages come in the order in which devices appeared.
  for (const dev of call.ns.devices.values()) {
    if (dev.port === null || (only !== undefined && dev !== only) || (master !== undefined && dev.master !== master))
      continue;
    printBridgeLink(call, out, dev);
  }
  out.closeArray();
  call.out += out.finish();
  return 0;
}

function setBridgeLink(call: Call, args: Args): number {
  let dev: NetDevice | undefined;
  const settings: string[] = [];
  while (!args.done) {
    const word = args.take();
    if (word === 'dev') dev = device(call, args.next());
    else settings.push(word);
  }
  if (dev === undefined) throw new Exit(255, 'Device is a required argument.');
  const words = new Args(settings);
  while (!words.done) setPort(call, dev, words.take(), words);
  return 0;
}

/** One port (bridge/link.c, print_linkinfo). Its messages do not name the other end's namespace, so the index is looked up here. */
function printBridgeLink(call: Call, out: Printer, dev: NetDevice): void {
  const { port, master } = dev;
  if (port === null || master === null) return;
  out.openObject();
  out.any('ifindex', dev.ifindex, `${dev.ifindex}: `);
  const { name, down } = nameWithLink(out, call.ns, dev, referenceOf(dev, false));
  out.any('ifname', dev.name, `${name}: `);
  const flags = deviceFlags(dev);
  if (down) flags.push('M-DOWN');
  out.openArray('flags');
  for (const flag of flags) out.element(flag);
  out.closeArray();
  out.text(`<${flags.join(',')}> `);
  out.any('mtu', dev.mtu, `mtu ${dev.mtu} `);
  out.any('master', master.name, `master ${master.name} `);
  out.any('state', port.state, `state ${port.state} `);
  out.any('priority', port.priority, `priority ${port.priority} `);
  out.any('cost', port.cost, `cost ${port.cost} `);
  if (call.options.details) {
    out.text(call.options.oneline ? '\\    ' : '\n    ');
    const flag = (key: string, on: boolean): void => out.any(key, on, `${key} ${on ? 'on' : 'off'} `);
    flag('hairpin', port.hairpin);
    flag('guard', port.guard);
    flag('root_block', port.rootBlock);
    flag('fastleave', port.fastLeave);
    flag('learning', port.learning);
    flag('flood', port.flood);
    flag('mcast_flood', port.mcastFlood);
    flag('bcast_flood', port.bcastFlood);
    out.any('mcast_router', 1, 'mcast_router 1 ');
    flag('mcast_to_unicast', false);
    flag('neigh_suppress', port.neighSuppress);
    flag('neigh_vlan_suppress', false);
    flag('vlan_tunnel', port.vlanTunnel);
    flag('isolated', port.isolated);
    flag('locked', false);
    flag('mab', false);
    const groups = mdbEntries(master.bridge as BridgeState, call.ns.kernel.now).filter((entry) => entry.port === dev).length;
    out.any('mcast_n_groups', groups, `mcast_n_groups ${groups} `);
    out.any('mcast_max_groups', 0, 'mcast_max_groups 0 ');
  }
  out.text('\n');
  out.closeObject();
}

function vlan(call: Call, words: readonly string[]): number {
  const [first = 'show'] = words;
  const command = pick(first, ['add', 'delete', 'set', 'show', 'lst', 'list', 'tunnelshow', 'global', 'help']);
  if (command === undefined) throw new Exit(255, `Command "${first}" is unknown, try "bridge vlan help".`);
  if ((command !== 'show' && command !== 'list' && command !== 'lst') || words.length > 1)
    throw notEmulated('bridge', `vlan ${words.join(' ')}`);
  if (call.options.json) throw notEmulated('bridge', 'vlan with -json');
  refuseOptions('bridge', call.options, 'vlan', ['details', 'stats']);
  const rows: { name: string; pvid: number }[] = [];
  for (const dev of call.ns.devices.values()) {
    if (dev.bridge === null && dev.port === null) continue;
    const pvid = dev.port?.pvid ?? dev.bridge?.defaultPvid ?? 0;
    if (pvid !== 0) rows.push({ name: dev.name, pvid });
  }
  const width = Math.max(17, ...rows.map((row) => row.name.length));
  call.out += `${'port'.padEnd(width)} vlan-id  \n`;
  for (const { name, pvid } of rows) call.out += `${name.padEnd(width)} ${pvid} PVID Egress Untagged\n`;
  return 0;
}

const OBJECTS: readonly (readonly [
  name: string,
  run: ((call: Call, words: readonly string[]) => number) | undefined,
])[] = [
  ['link', link],
  ['fdb', fdb],
  ['mdb', mdb],
  ['mst', undefined],
  ['vlan', vlan],
  ['vni', undefined],
  ['monitor', undefined],
  ['help', undefined],
];

/** `bridge mdb [show] [dev BRIDGE]` (bridge/mdb.c). */
function mdb(call: Call, words: readonly string[]): number {
  const [first = 'show', ...rest] = words;
  const command = pick(first, ['add', 'replace', 'delete', 'show', 'lst', 'list', 'get', 'flush', 'help']);
  if (command === undefined) throw new Exit(255, `Command "${first}" is unknown, try "bridge mdb help".`);
  if (command !== 'show' && command !== 'lst' && command !== 'list') throw notEmulated('bridge', `mdb ${command}`);
  if (call.options.json || call.options.details) throw notEmulated('bridge', 'mdb with -json or -details');
  const args = new Args(rest);
  let only: NetDevice | undefined;
  while (!args.done) {
    const word = args.take();
    if (word === 'dev') only = device(call, args.next());
    else throw notEmulated('bridge', `mdb selector ${word}`);
  }
  for (const bridge of call.ns.devices.values()) {
    if (bridge.bridge === null || (only !== undefined && bridge !== only)) continue;
    for (const { group, port, updated } of mdbEntries(bridge.bridge, call.ns.kernel.now)) {
      const left = 260 - (call.ns.kernel.now - updated) / 1_000_000;
      const timer = call.options.stats > 0 ? ` ${left.toFixed(2).padStart(7)}` : '';
      call.out += `dev ${bridge.name} port ${port?.name ?? bridge.name} grp ${group} temp${timer}\n`;
    }
  }
  return 0;
}

const USAGE = `Usage: bridge [ OPTIONS ] OBJECT { COMMAND | help }
       bridge [ -force ] -batch filename
where  OBJECT := { fdb | link | mdb | monitor | vlan }
`;

function parse(ctx: ProgramContext): { call: Call; words: readonly string[]; version: boolean } {
  const options = defaultOptions();
  const { argv } = ctx;
  let at = 1;
  let version = false;
  for (; at < argv.length && (argv[at] as string).startsWith('-'); at++) {
    const word = argv[at] as string;
    const name = word.replace(/^--?/, '');
    const flag = pick(name, [
      'help',
      'Version',
      'stats',
      'statistics',
      'details',
      'oneline',
      'timestamp',
      '6',
      '4',
      'netns',
      'compressvlans',
      'force',
      'json',
      'pretty',
      'batch',
      'color',
    ]);
    if (flag === 'stats' || flag === 'statistics') options.stats++;
    else if (flag === 'details') options.details = true;
    else if (flag === 'oneline') options.oneline = true;
    else if (flag === 'json') options.json = true;
    else if (flag === 'pretty') options.pretty = true;
    else if (flag === 'Version') version = true;
    else if (flag === 'help') throw new Exit(255, USAGE);
    else if (flag === 'netns') ctx.setns(openNamespace(ctx, argv[++at] ?? ''));
    else if (flag === undefined) throw new Exit(255, `Option "${word}" is unknown, try "bridge help".`);
    else throw notEmulated('bridge', `option -${flag}`);
  }
  const call: Call = {
    ctx,
    ns: ctx.netns,
    options,
    program: 'bridge',
    refusedStatus: 255,
    failedStatus: 255,
    out: '',
    err: '',
  };
  return { call, words: argv.slice(at), version };
}

function* run(ctx: ProgramContext): Blocking<number> {
  const { call, words, version } = parse(ctx);
  if (version) {
    yield* ctx.out(`bridge utility, iproute2-${ctx.host.kernel.platform.iproute.version}\n`);
    return 0;
  }
  const [object, ...rest] = words;
  if (object === undefined) throw new Exit(255, USAGE);
  const found = OBJECTS.find(([name]) => matches(object, name));
  if (found === undefined) throw new Exit(255, `Object "${object}" is unknown, try "bridge help".`);
  const [name, command] = found;
  if (name === 'help') throw new Exit(255, USAGE);
  if (command === undefined) throw notEmulated('bridge', name);
  return yield* runCall(call, () => command(call, rest));
}

export const bridgeTool: Tool = {
  name: 'bridge',
  directory: '/usr/sbin',
  summary: 'show and change forwarding databases and ports of bridges',
  *main(ctx): Program {
    try {
      return yield* run(ctx);
    } catch (thrown) {
      if (!(thrown instanceof Exit)) throw thrown;
      yield* ctx.err(thrown.message);
      return thrown.status;
    }
  },
  complete(words, ctx) {
    const last = words[words.length - 1] ?? '';
    const [object, command, ...more] = words.slice(1, -1).filter((word) => !word.startsWith('-'));
    const choices =
      object === undefined
        ? ['fdb', 'link', 'vlan']
        : command === undefined
          ? object === 'fdb'
            ? ['add', 'append', 'delete', 'flush', 'get', 'replace', 'show']
            : ['set', 'show']
          : ['dev', 'br', 'master', 'brport'].includes(more[more.length - 1] ?? command)
            ? deviceNames(ctx)
            : ['br', 'brport', 'dev', 'dst', 'master', 'self', 'permanent'];
    return choices.filter((word) => word.startsWith(last));
  },
};
