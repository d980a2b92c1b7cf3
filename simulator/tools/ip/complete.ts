/** Tab completion for ip(8): objects, subcommands, keywords, and the names of devices and namespaces. */
import type { ProgramContext } from '../../process/program.ts';
import { NETNS_RUN_DIR } from './netns-names.ts';

const OBJECTS = ['address', 'link', 'maddress', 'neigh', 'netns', 'route', 'rule', 'xfrm'];

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  address: ['add', 'change', 'delete', 'flush', 'replace', 'show'],
  link: ['add', 'delete', 'set', 'show'],
  maddress: ['show'],
  neigh: ['add', 'change', 'delete', 'flush', 'get', 'replace', 'show'],
  netns: ['add', 'attach', 'delete', 'exec', 'identify', 'list', 'list-id', 'pids', 'set'],
  route: ['add', 'append', 'change', 'delete', 'flush', 'get', 'replace', 'show'],
  rule: ['add', 'delete', 'flush', 'show'],
  xfrm: ['policy', 'state'],
};

const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  address: ['broadcast', 'dev', 'label', 'scope', 'to', 'up'],
  link: [
    'address',
    'alias',
    'dev',
    'down',
    'master',
    'mtu',
    'name',
    'netns',
    'nomaster',
    'peer',
    'promisc',
    'type',
    'up',
  ],
  neigh: ['dev', 'lladdr', 'nud', 'proxy', 'to'],
  route: ['dev', 'from', 'iif', 'mark', 'metric', 'mtu', 'oif', 'onlink', 'proto', 'scope', 'src', 'table', 'via'],
  rule: ['from', 'fwmark', 'iif', 'lookup', 'not', 'oif', 'prohibit', 'priority', 'table', 'to', 'unreachable'],
};

const VALUES: Readonly<Record<string, readonly string[]>> = {
  type: ['bridge', 'dummy', 'veth', 'vxlan'],
  table: ['all', 'default', 'local', 'main'],
  lookup: ['default', 'local', 'main'],
  nud: ['failed', 'noarp', 'permanent', 'reachable', 'stale'],
  scope: ['global', 'host', 'link'],
};

const DEVICE_AFTER = new Set(['dev', 'master', 'oif', 'iif']);
const DEVICE_OR_KEYWORD = new Set(['show', 'set', 'delete', 'del']);

/** Words that could stand where the last of `words` stands. */
export function completeIp(words: readonly string[], ctx: ProgramContext): readonly string[] {
  const last = words[words.length - 1] ?? '';
  return candidates(words.slice(1, -1), ctx).filter((word) => word.startsWith(last));
}

function candidates(before: readonly string[], ctx: ProgramContext): readonly string[] {
  const previous = before[before.length - 1] ?? '';
  if (previous === '-n' || previous === '-netns' || previous === 'netns') {
    return previous === 'netns' && before.length === 1 ? (COMMANDS['netns'] ?? []) : namespaceNames(ctx);
  }
  const plain = withoutOptions(before);
  const [object, ...rest] = plain;
  if (object === undefined) return OBJECTS;
  const name = OBJECTS.find((one) => one.startsWith(object)) ?? object;
  if (rest.length === 0) return COMMANDS[name] ?? [];
  if (name === 'netns') return netnsWords(rest, ctx);
  const values = VALUES[previous];
  if (values !== undefined) return values;
  const devices = deviceNames(ctx);
  if (DEVICE_AFTER.has(previous)) return devices;
  const named = DEVICE_OR_KEYWORD.has(previous) && (name === 'link' || name === 'address');
  if (named) return [...devices, ...(KEYWORDS[name] ?? [])];
  return KEYWORDS[name] ?? [];
}

function netnsWords(rest: readonly string[], ctx: ProgramContext): readonly string[] {
  const [command = ''] = rest;
  if (rest.length === 1) return command === 'add' || command === 'identify' ? [] : namespaceNames(ctx);
  return command === 'exec' && rest.length === 2 ? ctx.host.commands() : [];
}

function withoutOptions(words: readonly string[]): string[] {
  const plain: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (plain.length > 0 || !word.startsWith('-')) plain.push(word);
    else if (word === '-n' || word === '-netns') i++;
  }
  return plain;
}

/** Devices of the process's namespace. */
export function deviceNames(ctx: ProgramContext): string[] {
  return [...ctx.netns.byName.keys()].sort();
}

/** Names under /run/netns. */
export function namespaceNames(ctx: ProgramContext): string[] {
  const names = ctx.fs.readdir(NETNS_RUN_DIR);
  return names.ok ? [...names.value].sort() : [];
}
