/** `ip rule`: list, add, delete, flush (ip-rule(8), iproute2 6.15, ip/iprule.c). Not emulated: goto, realms, uidrange, ports, l3mdev. */
import { formatIpv4 } from '../../base/address.ts';
import { RT_TABLE_MAIN, type FibRule } from '../../kernel/fib.ts';
import { formatRule, formatTable } from '../../kernel/netlink/format.ts';
import { deleteRule, newRule, type RulePattern, type RuleRequest } from '../../kernel/netlink/rule.ts';
import { Args, demand, Exit, matches, notEmulated, number, pick, prefix, wrong, type Call } from './command.ts';
import { Printer } from './printer.ts';
import { tableId } from './route-words.ts';

const COMMANDS = ['list', 'lst', 'show', 'save', 'restore', 'add', 'delete', 'flush', 'help'] as const;

/** `ip rule …` */
export function ipRule(call: Call, words: readonly string[]): number {
  const [first, ...rest] = words;
  const command = first === undefined ? 'list' : pick(first, COMMANDS);
  switch (command) {
    case 'list':
    case 'lst':
    case 'show':
      if (rest.length > 0) throw notEmulated('ip', `rule selector ${rest[0] as string}`);
      return show(call);
    case 'add':
    case 'delete': {
      if (rest.length === 0) throw new Exit(1, `"ip rule ${command === 'add' ? 'add' : 'del'}" requires arguments.`);
      if (call.options.family === 'inet6') throw notEmulated('ip', 'changing IPv6 rules');
      const words = parse(new Args(rest));
      if (command === 'delete') demand(call, deleteRule(call.ns, words));
      else demand(call, newRule(call.ns, complete(words), call.ctx.origin));
      return 0;
    }
    case 'flush':
      if (rest.length > 0) throw notEmulated('ip', `rule selector ${rest[0] as string}`);
      if (call.options.family === 'inet6') throw notEmulated('ip', 'changing IPv6 rules');
      for (const rule of [...call.ns.fib.rules]) if (rule.priority !== 0) deleteRule(call.ns, rule);
      return 0;
    case undefined:
      throw new Exit(255, `Command "${first}" is unknown, try "ip rule help".`);
    default:
      throw notEmulated('ip', `rule ${command}`);
  }
}

/** IPv6 has the two rules of a fresh namespace, and no more. */
const RULES6 = [
  [0, 'local'],
  [32766, 'main'],
] as const;

function show(call: Call): number {
  const { options } = call;
  const out = new Printer(options.json, options.pretty);
  out.openArray();
  if (options.family === 'inet6') {
    for (const [priority, table] of RULES6) {
      out.text(`${priority}:\tfrom all lookup ${table}\n`);
      out.openObject();
      out.member('priority', priority);
      out.member('src', 'all');
      out.member('table', table);
      out.closeObject();
    }
    out.closeArray();
    call.out += out.finish();
    return 0;
  }
  for (const rule of call.ns.fib.rules) {
    out.text(`${formatRule(rule)}\n`);
    out.openObject();
    members(out, rule);
    out.closeObject();
  }
  out.closeArray();
  call.out += out.finish();
  return 0;
}

function members(out: Printer, rule: FibRule): void {
  const selector = (name: string, length: string, address: number, bits: number): void => {
    if (bits === 0) {
      if (name === 'src') out.member(name, 'all');
      return;
    }
    out.member(name, formatIpv4(address));
    if (bits !== 32) out.member(length, bits);
  };
  out.member('priority', rule.priority);
  if (rule.invert) out.member('not', null);
  selector('src', 'srclen', rule.src, rule.srcPrefix);
  selector('dst', 'dstlen', rule.dst, rule.dstPrefix);
  if (rule.markMask !== 0) out.member('fwmark', `0x${rule.mark.toString(16)}`);
  if (rule.markMask !== 0 && rule.markMask >>> 0 !== 0xffffffff)
    out.member('fwmask', `0x${(rule.markMask >>> 0).toString(16)}`);
  if (rule.iif !== '') out.member('iif', rule.iif);
  if (rule.oif !== '') out.member('oif', rule.oif);
  if (rule.action === 'lookup') out.member('table', formatTable(rule.table));
  else out.member('action', rule.action);
}

type Words = { -readonly [K in keyof RulePattern]: RulePattern[K] };

const REFUSED = [
  'realms',
  'realm',
  'protocol',
  'tun_id',
  'suppress_prefixlength',
  'suppress_ifgroup',
  'l3mdev',
  'uidrange',
  'ipproto',
  'sport',
  'dport',
  'nat',
  'map-to',
  'goto',
  'nop',
  'dscp',
  'flowlabel',
];

function parse(args: Args): Words {
  const words: Words = {};
  while (!args.done) {
    const word = args.take();
    if (word === 'not') words.invert = true;
    else if (word === 'from') {
      const { address, prefix: bits } = prefix(args.next());
      words.src = address;
      words.srcPrefix = bits;
    } else if (word === 'to') {
      const { address, prefix: bits } = prefix(args.next());
      words.dst = address;
      words.dstPrefix = bits;
    } else if (matches(word, 'preference') || matches(word, 'order') || matches(word, 'priority')) {
      words.priority = number(args.next(), 'preference value is invalid\n');
    } else if (word === 'tos' || matches(word, 'dsfield'))
      words.tos = number(args.next(), 'TOS value is invalid\n', 255);
    else if (word === 'fwmark') parseMark(words, args.next());
    else if (matches(word, 'table') || word === 'lookup') {
      const name = args.next();
      words.table = tableId(name);
      if (words.table === 0) throw wrong('invalid table ID\n', name);
    } else if (word === 'dev' || word === 'iif') words.iif = args.next();
    else if (word === 'oif') words.oif = args.next();
    else if (REFUSED.includes(word)) throw notEmulated('ip', `rule option ${word}`);
    else {
      const type = word === 'type' ? args.next() : word;
      if (type === 'prohibit' || type === 'blackhole' || type === 'unreachable') words.action = type;
      else if (type === 'unicast') words.action = 'lookup';
      else throw wrong('Failed to parse rule type', type);
    }
  }
  return words;
}

function parseMark(words: Words, word: string): void {
  const [mark = '', mask] = word.split('/', 2);
  words.mark = number(mark, 'fwmark value is invalid\n');
  words.markMask = mask === undefined ? 0xffffffff : number(mask, 'fwmask value is invalid\n');
}

function complete(words: Words): RuleRequest {
  return {
    priority: words.priority,
    action: words.action ?? 'lookup',
    table: (words.action ?? 'lookup') === 'lookup' ? (words.table ?? RT_TABLE_MAIN) : 0,
    src: words.src ?? 0,
    srcPrefix: words.srcPrefix ?? 0,
    dst: words.dst ?? 0,
    dstPrefix: words.dstPrefix ?? 0,
    mark: words.mark ?? 0,
    markMask: words.markMask ?? 0,
    iif: words.iif ?? '',
    oif: words.oif ?? '',
    tos: words.tos ?? 0,
    invert: words.invert ?? false,
  };
}
