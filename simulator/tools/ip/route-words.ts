/** Names of tables, types, protocols and scopes on the command line of `ip route` and `ip rule` (iproute2 6.15, lib/rt_names.c). */
import { RT_TABLE_DEFAULT, RT_TABLE_LOCAL, RT_TABLE_MAIN, type Route, type RouteType } from '../../kernel/fib.ts';
import { notEmulated, number, unsigned, wrong } from './command.ts';

/** A table by name or number; 0 for `all`. */
export function tableId(word: string): number {
  switch (word) {
    case 'all':
      return 0;
    case 'main':
      return RT_TABLE_MAIN;
    case 'local':
      return RT_TABLE_LOCAL;
    case 'default':
      return RT_TABLE_DEFAULT;
    default:
      return number(word, 'table id value is invalid\n');
  }
}

export const ROUTE_TYPES: readonly RouteType[] = [
  'unicast',
  'local',
  'broadcast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
];
const PROTOCOLS: readonly Route['protocol'][] = ['kernel', 'boot', 'static', 'redirect', 'dhcp'];

/** A routing protocol by name or number. */
export function protocolOf(word: string): Route['protocol'] {
  const numbered: Readonly<Record<string, Route['protocol']>> = {
    '1': 'redirect',
    '2': 'kernel',
    '3': 'boot',
    '4': 'static',
    '16': 'dhcp',
  };
  const found = PROTOCOLS.find((name) => name === word) ?? numbered[word];
  if (found !== undefined) return found;
  if (unsigned(word, 255) !== undefined) throw notEmulated('ip', `route protocol ${word}`);
  throw wrong('"protocol" value is invalid\n', word);
}

/** A scope by name or number. */
export function scopeOf(word: string): Route['scope'] {
  switch (word) {
    case 'global':
    case 'universe':
    case '0':
      return 'universe';
    case 'link':
    case '253':
      return 'link';
    case 'host':
    case '254':
      return 'host';
    case 'nowhere':
    case '255':
      return 'nowhere';
    default:
      throw wrong('invalid "scope" value\n', word);
  }
}

/** A route type by name. */
export function typeOf(word: string): RouteType {
  const found = ROUTE_TYPES.find((type) => type === word);
  if (found === undefined) throw wrong('node type value is invalid\n', word);
  return found;
}
