/**
 * `ip link`: show, add, set, delete (ip-link(8), iproute2 6.15, ip/iplink.c). Kinds: veth, bridge, dummy, vxlan; others are
 * refused. Not emulated: groups other than default, altnames, virtual functions, XDP, VLAN-aware bridges, STP.
 */
import type { NetDevice } from '../../kernel/device.ts';
import { deleteLink, moveLink, newLink, renameLink, setLink, type LinkSettings } from '../../kernel/netlink/link.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import {
  Args,
  demand,
  device,
  Exit,
  garbage,
  lladdr,
  matches,
  notEmulated,
  number,
  pick,
  unsigned,
  wrong,
  type Call,
} from './command.ts';
import { linkFilter, selectLinks, type LinkFilter } from './link-filter.ts';
import { changeKind, parseKind } from './link-kinds.ts';
import { printBrief, printLink } from './link-show.ts';
import { NETNS_RUN_DIR } from './netns-names.ts';
import { Printer } from './printer.ts';

const COMMANDS = [
  'add',
  'set',
  'change',
  'replace',
  'delete',
  'show',
  'lst',
  'list',
  'xstats',
  'afstats',
  'property',
  'help',
] as const;

/** `ip link …` */
export function ipLink(call: Call, words: readonly string[]): number {
  const [first, ...rest] = words;
  const command = first === undefined ? 'show' : pick(first, COMMANDS);
  switch (command) {
    case 'add':
      return add(call, new Args(rest));
    case 'set':
    case 'change':
      return set(call, new Args(rest));
    case 'delete':
      return remove(call, new Args(rest));
    case 'show':
    case 'lst':
    case 'list':
      return show(call, new Args(rest));
    case undefined:
      throw new Exit(255, `Command "${first}" is unknown, try "ip link help".`);
    default:
      throw notEmulated('ip', `link ${command}`);
  }
}

function show(call: Call, args: Args): number {
  const filter: LinkFilter = {};
  while (!args.done) linkFilter(call, filter, args.take(), args);
  const { options } = call;
  const out = new Printer(options.json, options.pretty);
  out.openArray();
  for (const dev of selectLinks(call, filter)) {
    out.openObject();
    if (options.brief) printBrief(call, out, dev, 'link');
    else printLink(call, out, dev, 'link');
    out.text('\n');
    out.closeObject();
  }
  out.closeArray();
  call.out += out.finish();
  return 0;
}

/** What iplink_parse() reads, for `add`, `set` and the peer of a veth. */
export interface LinkWords {
  dev?: string;
  name?: string;
  ns?: NetworkNamespace;
  index?: number;
  type?: string;
  settings: { -readonly [K in keyof LinkSettings]: LinkSettings[K] };
}

/** Reads until `type` (taken) or the end. */
export function parseLink(call: Call, args: Args): LinkWords {
  const words: LinkWords = { settings: {} };
  const { settings } = words;
  while (!args.done) {
    const word = args.take();
    if (word === 'up') settings.up = true;
    else if (word === 'down') settings.up = false;
    else if (word === 'name') words.name = checkedName('name', args.next());
    else if (matches(word, 'index') && word.length > 1) words.index = number(args.next(), 'Invalid "index" value');
    else if (matches(word, 'address') && word.length > 1) settings.mac = lladdr(args.next());
    else if (word === 'mtu') settings.mtu = number(args.next(), 'Invalid "mtu" value\n', 0x7fffffff);
    else if (['txqueuelen', 'qlen', 'txqlen'].some((name) => matches(word, name) && word.length > 2)) {
      settings.txQueueLength = number(args.next(), 'Invalid "txqueuelen" value\n', 0x7fffffff);
    } else if (word === 'netns') words.ns = namespaceOf(call, args.next());
    else if (word === 'multicast') settings.multicast = onOff(word, args.next());
    else if (word === 'promisc') settings.promiscuous = onOff(word, args.next());
    else if (word === 'arp') settings.noArp = !onOff(word, args.next());
    else if (word === 'master') settings.master = masterOf(call, args.next());
    else if (word === 'nomaster') settings.master = null;
    else if (matches(word, 'alias') && word.length > 1) settings.alias = args.next();
    else if (word === 'type') {
      words.type = args.next();
      break;
    } else if (word === 'link') {
      // A device on top of another: what is not here is the type, which comes later.
      const kind = args.rest();
      const type = kind[kind.indexOf('type') + 1];
      throw notEmulated('ip', kind.includes('type') && type !== undefined ? `link type ${type}` : 'link option link');
    } else if (REFUSED.includes(word)) throw notEmulated('ip', `link option ${word}`);
    else {
      const name = word === 'dev' ? args.next() : word;
      if (words.dev !== undefined) throw garbage('dev', name);
      words.dev = name;
    }
  }
  return words;
}

const REFUSED = [
  'broadcast',
  'brd',
  'allmulticast',
  'trailers',
  'carrier',
  'dynamic',
  'vf',
  'xdp',
  'xdpgeneric',
  'xdpdrv',
  'group',
  'mode',
  'state',
  'numtxqueues',
  'numrxqueues',
  'addrgenmode',
  'link-netns',
  'link-netnsid',
  'protodown',
  'gso_max_size',
  'gso_max_segs',
  'vrf',
];

function checkedName(key: string, name: string): string {
  if (name === '' || name.length > 15 || /[/\s]/.test(name)) throw wrong(`"${key}" not a valid ifname`, name);
  return name;
}

function onOff(key: string, word: string): boolean {
  if (word !== 'on' && word !== 'off')
    throw new Exit(255, `Error: argument of "${key}" must be one of "on" or "off", not "${word}"`);
  return word === 'on';
}

/** `netns NAME`, or a process's. */
function namespaceOf(call: Call, word: string): NetworkNamespace {
  const named = call.ctx.fs.netnsAt(word.startsWith('/') ? word : `${NETNS_RUN_DIR}/${word}`);
  if (named.ok) return named.value;
  const pid = unsigned(word);
  const process = pid === undefined ? undefined : call.ctx.host.processes().find((one) => one.pid === pid);
  if (process === undefined) throw wrong('Invalid "netns" value\n', word);
  return process.netns;
}

function masterOf(call: Call, word: string): NetDevice {
  const master = call.ns.device(word);
  if (master === undefined) throw wrong('Device does not exist\n', word);
  return master;
}

function add(call: Call, args: Args): number {
  const words = parseLink(call, args);
  if (words.type === undefined) throw new Exit(1, 'Not enough information: "type" argument is required');
  const link = parseKind(call, words.type, args);
  const { ns, index, settings } = words;
  const made = newLink(call.ns, {
    ...settings,
    name: words.name ?? words.dev,
    ns,
    ifindex: index,
    link,
    origin: call.ctx.origin,
  });
  demand(call, made);
  return 0;
}

function set(call: Call, args: Args): number {
  const words = parseLink(call, args);
  if (words.dev === undefined) throw new Exit(1, 'Not enough of information: "dev" argument is required.');
  if (words.index !== undefined) throw notEmulated('ip', 'link set option index');
  const dev = device(call, words.dev);
  if (words.type !== undefined) {
    changeKind(call, dev, words.type, args);
  }
  if (words.ns !== undefined) demand(call, moveLink(dev, words.ns, words.name));
  else if (words.name !== undefined) demand(call, renameLink(dev, words.name));
  demand(call, setLink(dev, { ...words.settings, origin: call.ctx.origin }));
  return 0;
}

function remove(call: Call, args: Args): number {
  const words = parseLink(call, args);
  const [setting] = Object.keys(words.settings);
  const extra = setting ?? (words.ns !== undefined ? 'netns' : words.index !== undefined ? 'index' : undefined);
  if (extra !== undefined) throw notEmulated('ip', `link delete with ${extra}`);
  if (words.dev !== undefined && words.name !== undefined) throw garbage('name', words.name);
  const name = words.dev ?? words.name;
  if (name === undefined) throw new Exit(1, 'Not enough of information: "dev" argument is required.');
  demand(call, deleteLink(device(call, name)));
  return 0;
}
