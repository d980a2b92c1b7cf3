/** `ip neigh`: show, add, replace, change, delete, get, flush (ip-neighbour(8), iproute2 6.15, ip/ipneigh.c). IPv4 only. */
import { formatIpv4, formatMac, inPrefix } from '../../base/address.ts';
import type { NetDevice } from '../../kernel/device.ts';
import type { Neighbour, NeighbourState } from '../../kernel/neighbour.ts';
import {
  deleteNeighbour,
  getNeighbour,
  newNeighbour,
  probeCount,
  type NeighbourVerb,
} from '../../kernel/netlink/neighbour.ts';
import {
  Args,
  demand,
  device,
  Exit,
  garbage,
  isIpv6,
  lladdr,
  matches,
  notEmulated,
  paint,
  pick,
  prefix,
  wrong,
  type Call,
} from './command.ts';
import { Printer } from './printer.ts';

const COMMANDS = ['add', 'change', 'chg', 'replace', 'delete', 'get', 'show', 'lst', 'list', 'flush', 'help'] as const;

const STATES: readonly NeighbourState[] = [
  'NONE',
  'INCOMPLETE',
  'REACHABLE',
  'STALE',
  'DELAY',
  'PROBE',
  'FAILED',
  'NOARP',
  'PERMANENT',
];

/** `ip neigh …` */
export function ipNeighbour(call: Call, words: readonly string[]): number {
  const [first, ...rest] = words;
  const command = first === undefined ? 'show' : pick(first, COMMANDS);
  switch (command) {
    case 'add':
    case 'change':
    case 'chg':
    case 'replace':
      return modify(call, new Args(rest), command === 'chg' ? 'change' : command);
    case 'delete':
      return modify(call, new Args(rest), 'delete');
    case 'get':
      return get(call, new Args(rest));
    case 'show':
    case 'lst':
    case 'list':
      return show(call, new Args(rest));
    case 'flush':
      return flush(call, new Args(rest));
    case undefined:
      throw new Exit(255, `Command "${first}" is unknown, try "ip neigh help".`);
    default:
      throw notEmulated('ip', `neigh ${command}`);
  }
}

function stateOf(word: string): NeighbourState {
  const found = STATES.find((state) => state.toLowerCase() === word);
  if (found === undefined) throw wrong('nud state is bad', word);
  return found;
}

interface Words {
  address?: number;
  mac?: number;
  state?: NeighbourState;
  proxy: boolean;
  dev?: string;
}

function parse(args: Args): Words {
  const words: Words = { proxy: false };
  while (!args.done) {
    const word = args.take();
    if (word === 'lladdr') words.mac = lladdr(args.next());
    else if (word === 'nud') words.state = stateOf(args.next());
    else if (word === 'dev') words.dev = args.next();
    else if (matches(word, 'proxy')) {
      words.proxy = true;
      words.address = prefix(args.next()).address;
    } else if (['router', 'extern_learn', 'managed', 'use', 'protocol', 'nomaster', 'vrf'].includes(word))
      throw notEmulated('ip', `neigh option ${word}`);
    else {
      const text = word === 'to' ? args.next() : word;
      if (isIpv6(text)) throw notEmulated('ip', 'changing IPv6 neighbours');
      words.address = prefix(text).address;
    }
  }
  return words;
}

function modify(call: Call, args: Args, verb: NeighbourVerb | 'delete'): number {
  const words = parse(args);
  if (words.dev === undefined || words.address === undefined)
    throw new Exit(255, 'Device and destination are required arguments.');
  const dev = device(call, words.dev);
  if (verb === 'delete') {
    demand(call, deleteNeighbour(dev, words.address, words.proxy));
    return 0;
  }
  const request = {
    address: words.address,
    mac: words.mac,
    state: words.state ?? ('PERMANENT' as const),
    proxy: words.proxy,
    origin: call.ctx.origin,
  };
  demand(call, newNeighbour(dev, request, verb));
  return 0;
}

function get(call: Call, args: Args): number {
  const words = parse(args);
  if (words.mac !== undefined) throw garbage('to', 'lladdr');
  if (words.state !== undefined) throw garbage('to', 'nud');
  if (words.address === undefined || words.dev === undefined)
    throw new Exit(1, 'Device and address are required arguments.');
  const found = demand(call, getNeighbour(device(call, words.dev), words.address));
  const out = new Printer(call.options.json, call.options.pretty);
  print(call, out, found, false);
  call.out += out.finish();
  return 0;
}

interface Selection {
  dev?: NetDevice;
  to?: { address: number; prefix: number };
  states?: NeighbourState[];
  proxy: boolean;
  flushAll: boolean;
}

function selection(call: Call, args: Args): Selection {
  const chosen: Selection = { proxy: false, flushAll: false };
  while (!args.done) {
    const word = args.take();
    if (word === 'dev') chosen.dev = device(call, args.next());
    else if (word === 'nud') {
      const name = args.next();
      chosen.states ??= [];
      if (name === 'all') chosen.states.push(...STATES);
      else chosen.states.push(stateOf(name));
    } else if (word === 'proxy') chosen.proxy = true;
    else if (word === 'unused' || word === 'master' || word === 'nomaster' || word === 'vrf')
      throw notEmulated('ip', `neigh selector ${word}`);
    else {
      const text = word === 'to' ? args.next() : word;
      if (text === 'all') chosen.flushAll = true;
      if (isIpv6(text)) throw notEmulated('ip', 'IPv6 neighbours');
      chosen.to = prefix(text);
    }
  }
  return chosen;
}

function select(call: Call, chosen: Selection, states: readonly NeighbourState[]): Neighbour[] {
  if (call.options.family !== 'any' && call.options.family !== 'inet') return [];
  return call.ns.neighbours.list(chosen.dev).filter((neighbour) => {
    if (neighbour.proxy !== chosen.proxy) return false;
    if (chosen.to !== undefined && !inPrefix(neighbour.address, chosen.to.address, chosen.to.prefix)) return false;
    return neighbour.proxy || states.includes(neighbour.state);
  });
}

const SHOWN = STATES.filter((state) => state !== 'NONE' && state !== 'NOARP');
const FLUSHED = STATES.filter((state) => state !== 'NONE' && state !== 'NOARP' && state !== 'PERMANENT');

function show(call: Call, args: Args): number {
  const chosen = selection(call, args);
  const out = new Printer(call.options.json, call.options.pretty);
  out.openArray();
  for (const neighbour of select(call, chosen, chosen.states ?? SHOWN))
    print(call, out, neighbour, chosen.dev !== undefined);
  out.closeArray();
  call.out += out.finish();
  return 0;
}

function print(call: Call, out: Printer, neighbour: Neighbour, hideDev: boolean): void {
  out.openObject();
  const { options } = call;
  out.any('dst', formatIpv4(neighbour.address), paint(options, 'inet', `${formatIpv4(neighbour.address)} `));
  if (!hideDev) out.any('dev', neighbour.dev.name, `dev ${paint(options, 'ifname', `${neighbour.dev.name} `)}`);
  const unknown = neighbour.state === 'INCOMPLETE' || neighbour.state === 'FAILED' || neighbour.state === 'NONE';
  if (!neighbour.proxy && !unknown)
    out.any('lladdr', formatMac(neighbour.mac), `lladdr ${paint(options, 'mac', formatMac(neighbour.mac))} `);
  if (neighbour.proxy) out.any('proxy', null, 'proxy ');
  else {
    if (call.options.stats > 0) printAges(out, neighbour);
    out.openArray('state');
    out.element(neighbour.state);
    out.closeArray();
    // Either its blank stands behind the state, or before it, where an address has left it out.
    const behind = neighbour.dev.ns.kernel.platform.iproute.neighbourBlank;
    out.text(behind ? `${neighbour.state} ` : unknown ? ` ${neighbour.state}` : neighbour.state);
  }
  out.text('\n');
  out.closeObject();
}

/** An entry as `ip monitor` prints it. */
export function neighbourNotice(call: Call, neighbour: Neighbour): string {
  const out = new Printer(false, false);
  print(call, out, neighbour, false);
  return out.finish();
}

/** Seconds since used, confirmed and updated; probes sent. */
function printAges(out: Printer, neighbour: Neighbour): void {
  const { now } = neighbour.dev.ns.kernel;
  const seconds = (then: number): number => Math.floor((now - then) / 1_000_000);
  // A route or socket holds what is in use; the rest is held by the table alone and not counted.
  if (neighbour.timer !== null) out.any('refcnt', 1, ' ref 1');
  out.any('used', seconds(neighbour.used), ` used ${seconds(neighbour.used)}`);
  out.any('confirmed', seconds(neighbour.confirmed), `/${seconds(neighbour.confirmed)}`);
  out.any('updated', seconds(neighbour.updated), `/${seconds(neighbour.updated)}`);
  const probes = probeCount(neighbour);
  out.any('probes', probes, `probes ${probes} `);
}

function flush(call: Call, args: Args): number {
  if (args.done) throw new Exit(1, 'Flush requires arguments.');
  const chosen = selection(call, args);
  const doomed = select(call, chosen, chosen.states ?? FLUSHED);
  for (const neighbour of doomed) deleteNeighbour(neighbour.dev, neighbour.address, neighbour.proxy);
  if (call.options.stats > 0) {
    call.out +=
      doomed.length === 0
        ? 'Nothing to flush.\n'
        : `\n*** Round 1, deleting ${doomed.length} entries ***\n*** Flush is complete after 1 round ***\n`;
  }
  return 0;
}
