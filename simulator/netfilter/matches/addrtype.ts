/**
 * `-m addrtype`: is the address local, broadcast, unicast …? Mirrors libxt_addrtype.c and net/netfilter/xt_addrtype.c.
 * Types are read off the local table; what it does not name is UNICAST (the main table is not asked for blackholes).
 */
import { isMulticast, LIMITED_BROADCAST } from '../../base/address.ts';
import type { NetDevice } from '../../kernel/device.ts';
import { RT_TABLE_LOCAL } from '../../kernel/fib.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { FLAG, INVERTIBLE, parameterProblem, type Complaint, type MatchExtension } from '../extension.ts';

/** RTN_*: the bit is the position. */
const TYPES = [
  'UNSPEC',
  'UNICAST',
  'LOCAL',
  'BROADCAST',
  'ANYCAST',
  'MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
] as const;

interface AddrtypeMatch {
  source: number;
  notSource: boolean;
  destination: number;
  notDestination: boolean;
  limitIn: boolean;
  limitOut: boolean;
}

export const addrtypeMatch: MatchExtension<AddrtypeMatch> = {
  name: 'addrtype',
  options: { 'src-type': INVERTIBLE, 'dst-type': INVERTIBLE, 'limit-iface-in': FLAG, 'limit-iface-out': FLAG },
  init: () => ({ source: 0, notSource: false, destination: 0, notDestination: false, limitIn: false, limitOut: false }),
  parse(data, option, value, invert) {
    if (option === 'limit-iface-in') data.limitIn = true;
    else if (option === 'limit-iface-out') data.limitOut = true;
    else {
      const bits = parseTypes(value);
      if (typeof bits !== 'number') return bits;
      if (option === 'src-type') {
        data.source = bits;
        data.notSource = invert;
      } else {
        data.destination = bits;
        data.notDestination = invert;
      }
    }
    return undefined;
  },
  check(data) {
    if (data.source === 0 && data.destination === 0) {
      return parameterProblem('addrtype: you must specify --src-type or --dst-type');
    }
    if (data.limitIn && data.limitOut) {
      return parameterProblem("addrtype: you can't specify both --limit-iface-in and --limit-iface-out");
    }
    return undefined;
  },
  save(data) {
    let text = '';
    if (data.source !== 0) text += `${data.notSource ? ' !' : ''} --src-type ${typeNames(data.source)}`;
    if (data.destination !== 0) text += `${data.notDestination ? ' !' : ''} --dst-type ${typeNames(data.destination)}`;
    if (data.limitIn) text += ' --limit-iface-in';
    if (data.limitOut) text += ' --limit-iface-out';
    return text;
  },
  list(data) {
    let text = ' ADDRTYPE match';
    if (data.source !== 0) text += ` src-type ${data.notSource ? '!' : ''}${typeNames(data.source)}`;
    if (data.destination !== 0) text += ` dst-type ${data.notDestination ? '!' : ''}${typeNames(data.destination)}`;
    if (data.limitIn) text += ' limit-in';
    if (data.limitOut) text += ' limit-out';
    return text;
  },
  matches(data, ns, packet, _hook, input, output) {
    const dev = data.limitIn ? input : data.limitOut ? output : null;
    return (
      (data.source === 0 || ((data.source & (1 << addressType(ns, packet.src, dev))) !== 0) !== data.notSource) &&
      (data.destination === 0 ||
        ((data.destination & (1 << addressType(ns, packet.dst, dev))) !== 0) !== data.notDestination)
    );
  },
};

/** What kind of address this is here. */
export function addressTypeName(ns: NetworkNamespace, address: number): string {
  return TYPES[addressType(ns, address, null)] ?? '';
}

/** inet_addr_type, or inet_dev_addr_type with a device: what the local table says, UNICAST where it says nothing. */
function addressType(ns: NetworkNamespace, address: number, dev: NetDevice | null): number {
  if (address === 0 || address === LIMITED_BROADCAST) return 3;
  if (isMulticast(address)) return 5;
  if (dev === null && ns.localAddresses.has(address)) return 2;
  const route = ns.fib.tables.get(RT_TABLE_LOCAL)?.lookup(address, 0, 0, dev) ?? null;
  if (route === null) return 1;
  return route.type === 'local' ? 2 : route.type === 'broadcast' ? 3 : route.type === 'blackhole' ? 6 : 1;
}

function parseTypes(text: string): number | Complaint {
  let bits = 0;
  for (const word of text.split(',')) {
    const at = TYPES.indexOf(word.toUpperCase() as (typeof TYPES)[number]);
    if (at < 0) return parameterProblem(`addrtype: bad type "${word}"`);
    bits |= 1 << at;
  }
  return bits;
}

function typeNames(bits: number): string {
  return TYPES.filter((_, at) => bits & (1 << at)).join(',');
}
