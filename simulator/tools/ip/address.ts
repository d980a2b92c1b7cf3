/**
 * `ip address`: show, add, change, replace, delete, flush (ip-address(8), iproute2 6.15, ip/ipaddress.c).
 * Not emulated: lifetimes, anycast, home and other IPv6 flags, save and restore.
 */
import { broadcastOf, formatIpv4, isLoopback } from '../../base/address.ts';
import { refuse } from '../../base/result.ts';
import type { InterfaceAddress, InterfaceAddress6, NetDevice } from '../../kernel/device.ts';
import { addressIn, deleteAddress, dumpAddresses, FOREVER, newAddress } from '../../kernel/netlink/address.ts';
import { formatScope } from '../../kernel/netlink/format.ts';
import { formatWords6, words6 } from '../../kernel/netlink/inet6.ts';
import {
  Args,
  demand,
  device,
  Exit,
  garbage,
  isIpv6,
  matches,
  notEmulated,
  paint,
  pick,
  prefix,
  wrong,
  type Call,
} from './command.ts';
import { linkFilter, selectLinks, type LinkFilter } from './link-filter.ts';
import { printBrief, printLink, printStats } from './link-show.ts';
import { Printer } from './printer.ts';

const COMMANDS = [
  'add',
  'change',
  'chg',
  'replace',
  'delete',
  'show',
  'lst',
  'list',
  'flush',
  'save',
  'showdump',
  'restore',
  'help',
] as const;

/** `ip address …` */
export function ipAddress(call: Call, words: readonly string[]): number {
  const [first, ...rest] = words;
  const command = first === undefined ? 'list' : pick(first, COMMANDS);
  switch (command) {
    case 'add':
    case 'change':
    case 'chg':
    case 'replace':
      return modify(call, new Args(rest), command === 'add' ? 'add' : 'replace');
    case 'delete':
      return modify(call, new Args(rest), 'delete');
    case 'show':
    case 'lst':
    case 'list':
      return show(call, new Args(rest));
    case 'flush':
      return flush(call, new Args(rest));
    case 'help':
      throw new Exit(255, USAGE);
    case undefined:
      throw new Exit(255, `Command "${first}" is unknown, try "ip address help".`);
    default:
      throw notEmulated('ip', `address ${command}`);
  }
}

const USAGE = `Usage: ip address {add|change|replace} IFADDR dev IFNAME
       ip address del IFADDR dev IFNAME
       ip address {save|flush} [ dev IFNAME ] [ scope SCOPE-ID ] [ to PREFIX ]
                               [ label LABEL ]
       ip address [ show [ dev IFNAME ] [ scope SCOPE-ID ] [ master DEVICE ]
                         [ type TYPE ] [ to PREFIX ]
                         [ label LABEL ] [ up ] ]
IFADDR := PREFIX | ADDR peer PREFIX [ broadcast ADDR ] [ label IFNAME ] [ scope SCOPE-ID ]
SCOPE-ID := [ host | link | global ]
`;

interface AddressFilter extends LinkFilter {
  scope?: InterfaceAddress['scope'];
  label?: string;
  to?: { address: number; prefix: number };
  secondary?: boolean;
  dynamic?: boolean;
}

function scope(word: string): InterfaceAddress['scope'] {
  const found =
    word === 'global' || word === '0'
      ? 'global'
      : word === 'link' || word === '253'
        ? 'link'
        : word === 'host' || word === '254'
          ? 'host'
          : undefined;
  if (found === undefined) throw wrong('invalid scope value.', word);
  return found;
}

function addressFilter(call: Call, args: Args): AddressFilter {
  const filter: AddressFilter = {};
  while (!args.done) {
    const word = args.take();
    if (word === 'to') filter.to = prefix(args.next());
    else if (word === 'scope') {
      const value = args.next();
      if (value !== 'all') filter.scope = scope(value);
    } else if (word === 'label') filter.label = args.next();
    else if (word === 'primary') filter.secondary = false;
    else if (word === 'secondary') filter.secondary = true;
    else if (word === 'permanent' || word === 'dynamic') {
      filter.dynamic = word === 'dynamic';
    } else linkFilter(call, filter, word, args);
  }
  return filter;
}

function labelMatches(pattern: string, label: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`).test(label);
}

/** True for an address that ends. */
function isDynamic({ lifetime }: InterfaceAddress): boolean {
  return lifetime !== undefined && lifetime.valid !== FOREVER;
}

function wanted4(call: Call, dev: NetDevice, filter: AddressFilter): InterfaceAddress[] {
  if (call.options.family !== 'any' && call.options.family !== 'inet') return [];
  return dumpAddresses(dev).filter(
    (entry) =>
      (filter.scope === undefined || entry.scope === filter.scope) &&
      (filter.label === undefined || labelMatches(filter.label, entry.label)) &&
      (filter.secondary === undefined || entry.secondary === filter.secondary) &&
      (filter.dynamic === undefined || filter.dynamic === isDynamic(entry)) &&
      (filter.to === undefined || addressIn(entry, filter.to.address, filter.to.prefix)),
  );
}

function wanted6(call: Call, dev: NetDevice, filter: AddressFilter): InterfaceAddress6[] {
  if (call.options.family !== 'any' && call.options.family !== 'inet6') return [];
  if (filter.label !== undefined || filter.to !== undefined || filter.secondary === true || filter.dynamic === true)
    return [];
  return dev.addresses6.filter((entry) => filter.scope === undefined || entry.scope === filter.scope);
}

/** ipaddr_filter: a device is left out when it has addresses but none that is wanted. */
function shown(call: Call, dev: NetDevice, filter: AddressFilter): boolean {
  if (wanted4(call, dev, filter).length + wanted6(call, dev, filter).length > 0) return true;
  return call.options.family === 'any' && dev.addresses.length + dev.addresses6.length === 0;
}

function show(call: Call, args: Args): number {
  const filter = addressFilter(call, args);
  const { options } = call;
  const out = new Printer(options.json, options.pretty);
  const lineBreak = options.oneline ? '\\' : '\n';
  out.openArray();
  for (const dev of selectLinks(call, filter)) {
    if (!shown(call, dev, filter)) continue;
    out.openObject();
    const view = options.family === 'inet6' ? 'address6' : 'address';
    if (options.brief) printBrief(call, out, dev, view);
    else if (!options.oneline) printLink(call, out, dev, view);
    else {
      out.member('ifindex', dev.ifindex);
      out.member('ifname', dev.name);
    }
    if (options.family !== 'link') {
      out.openArray('addr_info');
      for (const entry of wanted4(call, dev, filter)) printInet(call, out, dev, entry, lineBreak);
      for (const entry of wanted6(call, dev, filter)) printInet6(call, out, dev, entry, lineBreak);
      out.closeArray();
    }
    if (options.brief || !options.oneline) out.text('\n');
    if (options.stats > 0 && !options.brief && !options.oneline) {
      printStats(out, dev, options.stats > 1, '\n');
      out.text('\n');
    }
    out.closeObject();
  }
  out.closeArray();
  call.out += out.finish();
  return 0;
}

/** The start of an address: with -o each stands on a line of its own. */
function openAddress(call: Call, out: Printer, dev: NetDevice, family: 'inet' | 'inet6'): void {
  out.openObject();
  if (call.options.brief) return;
  out.text(call.options.oneline ? `${dev.ifindex}: ${dev.name}` : '\n');
  out.any('family', family, `    ${family} `);
}

/** Seconds that are left of `seconds`, as the kernel rounds them up. */
function left(call: Call, seconds: number, since: number): number {
  return seconds === FOREVER ? FOREVER : Math.max(0, Math.ceil(seconds - (call.ns.kernel.now - since) / 1_000_000));
}

function closeAddress(call: Call, out: Printer, lineBreak: string, entry?: InterfaceAddress): void {
  if (!call.options.brief) {
    out.text(`${lineBreak}       `);
    const { valid = FOREVER, preferred = FOREVER, since = 0 } = entry?.lifetime ?? {};
    const [stays, good] = [left(call, valid, since), left(call, preferred, since)];
    const text = (seconds: number): string => (seconds === FOREVER ? 'forever' : `${seconds}sec`);
    out.any('valid_life_time', stays, `valid_lft ${text(stays)}`);
    out.any('preferred_life_time', good, ` preferred_lft ${text(good)}`);
    if (call.options.oneline) out.text('\n');
  }
  out.closeObject();
}

function printInet(call: Call, out: Printer, dev: NetDevice, entry: InterfaceAddress, lineBreak: string): void {
  const { options } = call;
  openAddress(call, out, dev, 'inet');
  const local = paint(options, 'inet', formatIpv4(entry.address));
  out.any('local', formatIpv4(entry.address), local);
  if (entry.peer !== entry.address)
    out.any('address', formatIpv4(entry.peer), ` peer ${paint(options, 'inet', formatIpv4(entry.peer))}`);
  out.any('prefixlen', entry.prefix, `/${entry.prefix} `);
  if (!options.brief) {
    if (entry.broadcast !== 0)
      out.any('broadcast', formatIpv4(entry.broadcast), `brd ${paint(options, 'inet', formatIpv4(entry.broadcast))} `);
    out.any('scope', entry.scope, `scope ${entry.scope} `);
    if (entry.secondary) out.any('secondary', true, 'secondary ');
    if (isDynamic(entry)) out.any('dynamic', true, 'dynamic ');
    if (entry.lifetime !== undefined && left(call, entry.lifetime.preferred, entry.lifetime.since) === 0)
      out.any('deprecated', true, 'deprecated ');
    out.any('label', entry.label, entry.label);
  }
  closeAddress(call, out, lineBreak, entry);
}

function printInet6(call: Call, out: Printer, dev: NetDevice, entry: InterfaceAddress6, lineBreak: string): void {
  const { options } = call;
  openAddress(call, out, dev, 'inet6');
  out.any('local', entry.address, paint(options, 'inet6', entry.address));
  out.any('prefixlen', entry.prefix, `/${entry.prefix} `);
  if (!options.brief) {
    out.any('scope', formatScope(entry.scope === 'global' ? 'universe' : entry.scope), `scope ${entry.scope} `);
    if (entry.protocol !== '') out.any('protocol', entry.protocol, `proto ${entry.protocol} `);
  }
  closeAddress(call, out, lineBreak);
}

/** An address as `ip monitor` prints it: the device before it, as with -o, but on two lines. */
export function addressNotice(call: Call, dev: NetDevice, entry: InterfaceAddress): string {
  const out = new Printer(false, false);
  printInet({ ...call, options: { ...call.options, oneline: true, brief: false } }, out, dev, entry, '\n');
  return out.finish();
}

/** set_lifetime(): seconds, or `forever`. */
function lifetime(word: string, name: string): number {
  if (word === 'forever') return FOREVER;
  if (!/^\d+$/.test(word) || Number(word) > FOREVER) throw wrong(`${name} value`, word);
  return Number(word);
}

interface Wanted {
  valid?: number;
  preferred?: number;
  local?: { address: number; prefix: number; explicit: boolean };
  local6?: string;
  peer?: { address: number; prefix: number };
  broadcast?: string;
  scope?: InterfaceAddress['scope'];
  label?: string;
  dev?: string;
}

function parse(args: Args): Wanted {
  const wanted: Wanted = {};
  while (!args.done) {
    let word = args.take();
    if (word === 'peer' || word === 'remote') wanted.peer = prefix(args.next());
    else if (matches(word, 'broadcast') || word === 'brd') wanted.broadcast = args.next();
    else if (word === 'scope') wanted.scope = scope(args.next());
    else if (word === 'dev') wanted.dev = args.next();
    else if (word === 'label') wanted.label = args.next();
    else if (
      [
        'anycast',
        'metric',
        'priority',
        'preference',
        'home',
        'mngtmpaddr',
        'nodad',
        'noprefixroute',
        'autojoin',
        'proto',
      ].includes(word)
    ) {
      throw notEmulated('ip', `address option ${word}`);
    } else if (word === 'valid_lft') wanted.valid = lifetime(args.next(), 'valid_lft');
    else if (word === 'preferred_lft') wanted.preferred = lifetime(args.next(), 'preferred_lft');
    else {
      if (word === 'local') word = args.next();
      if (wanted.local !== undefined || wanted.local6 !== undefined) throw garbage('local', word);
      if (isIpv6(word)) wanted.local6 = word;
      else wanted.local = prefix(word);
    }
  }
  return wanted;
}

function modify(call: Call, args: Args, verb: 'add' | 'replace' | 'delete'): number {
  const wanted = parse(args);
  if (wanted.dev === undefined) throw new Exit(1, 'Not enough information: "dev" argument is required.');
  if (wanted.label !== undefined && !wanted.label.startsWith(wanted.dev)) {
    throw new Exit(1, `"dev" (${wanted.dev}) must match "label" (${wanted.label}).`);
  }
  const dev = device(call, wanted.dev);
  if (wanted.local6 !== undefined) return modify6(call, dev, wanted.local6, verb);
  const { local } = wanted;
  if (local === undefined) throw new Exit(2, 'RTNETLINK answers: Invalid argument');
  if (verb === 'delete') {
    if (!local.explicit && wanted.peer === undefined) {
      call.err +=
        'Warning: Executing wildcard deletion to stay compatible with old scripts.\n' +
        `         Explicitly specify the prefix length (${formatIpv4(local.address)}/32) to avoid this warning.\n` +
        '         This special behaviour is likely to disappear in further releases,\n' +
        '         fix your scripts!\n';
    }
    for (const key of ['label', 'scope', 'broadcast', 'valid', 'preferred'] as const)
      if (wanted[key] !== undefined) throw notEmulated('ip', `address delete with ${key}`);
    const bits = wanted.peer?.prefix ?? (local.explicit ? local.prefix : undefined);
    if (wanted.peer !== undefined && !hasPeer(dev, local.address, wanted.peer))
      demand(call, refuse('EADDRNOTAVAIL', 'ipv4: Address not found'));
    demand(call, deleteAddress(dev, local.address, bits));
    return 0;
  }
  if (wanted.valid === 0) throw new Exit(1, 'valid_lft is zero');
  if ((wanted.preferred ?? FOREVER) > (wanted.valid ?? FOREVER)) {
    throw new Exit(1, 'preferred_lft is greater than valid_lft');
  }
  const bits = wanted.peer?.prefix ?? local.prefix;
  const request = {
    address: local.address,
    prefix: bits,
    peer: wanted.peer?.address,
    broadcast: broadcastFor(wanted.broadcast, wanted.peer?.address ?? local.address, bits),
    scope: wanted.scope ?? (isLoopback(local.address) ? ('host' as const) : ('global' as const)),
    label: wanted.label ?? dev.name,
    valid: wanted.valid,
    preferred: wanted.preferred,
    origin: call.ctx.origin,
  };
  demand(call, newAddress(dev, request, verb === 'replace'));
  return 0;
}

/** True when the device has this address with this other end. */
function hasPeer(dev: NetDevice, address: number, peer: { address: number; prefix: number }): boolean {
  return dev.addresses.some(
    (entry) => entry.address === address && entry.prefix === peer.prefix && entry.peer === peer.address,
  );
}

function broadcastFor(word: string | undefined, network: number, bits: number): number {
  if (word === undefined || word === '-') return 0;
  if (word === '+') return bits <= 30 ? broadcastOf(network, bits) : 0;
  return prefix(word).address;
}

/** IPv6 addresses are kept and shown, nothing more. */
function modify6(call: Call, dev: NetDevice, word: string, verb: 'add' | 'replace' | 'delete'): number {
  const address = formatWords6(words6(word));
  const bits = word.includes('/') ? Number(word.split('/')[1]) : 128;
  const present = dev.addresses6.findIndex((entry) => entry.address === address && entry.prefix === bits);
  if (verb === 'delete') {
    if (present < 0) demand(call, refuse('EADDRNOTAVAIL', 'ipv6: address not found'));
    dev.addresses6 = dev.addresses6.filter((_, i) => i !== present);
    return 0;
  }
  if (dev.disableIpv6 !== 0) demand(call, refuse('EACCES', 'ipv6: IPv6 is disabled on this device'));
  if (present >= 0) return verb === 'replace' ? 0 : demand(call, refuse('EEXIST', 'ipv6: address already assigned'));
  const scoped = address.startsWith('fe80:') ? 'link' : address === '::1' ? 'host' : 'global';
  dev.addresses6 = [{ address, prefix: bits, scope: scoped, protocol: '' }, ...dev.addresses6];
  return 0;
}

function flush(call: Call, args: Args): number {
  if (args.done) throw new Exit(1, 'Flush requires arguments.');
  const filter = addressFilter(call, args);
  let count = 0;
  for (const dev of selectLinks(call, filter)) {
    // Secondaries first, so that a primary does not take along what is counted.
    for (const entry of wanted4(call, dev, filter).reverse())
      if (deleteAddress(dev, entry.address, entry.prefix).ok) count++;
    const gone = new Set(wanted6(call, dev, filter));
    count += gone.size;
    dev.addresses6 = dev.addresses6.filter((entry) => !gone.has(entry));
  }
  if (call.options.stats > 0) {
    call.out +=
      count === 0
        ? 'Nothing to flush.\n'
        : `\n*** Round 1, deleting ${count} addresses ***\n*** Flush is complete after 1 round ***\n`;
  }
  return 0;
}
