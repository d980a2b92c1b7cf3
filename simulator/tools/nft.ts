/**
 * nft 1.1.3 as far as it shows what iptables-nft wrote: `list ruleset|tables|table|chains|chain` with -a (handles), -s
 * (no counters), -n, `monitor trace`, -v, -h. Mirrors nft(8). What would change the rules is refused.
 */
import { formatIpv4, formatMac } from '../base/address.ts';
import { WaitQueue } from '../base/wait.ts';
import { NF_LOCAL_OUT } from '../kernel/seams.ts';
import { nftTables, watchTrace, type NftChain, type NftTable, type TraceStep } from '../netfilter/index.ts';
import { protocolName } from '../netfilter/names.ts';
import { fail, type Blocking, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import { ipLength, PROTO_ICMP, PROTO_TCP, PROTO_UDP, type Packet } from '../wire/packet.ts';
import { lacksNetAdmin } from './iptables/permission.ts';
import { hasExtensions, translateRule } from './nft/translate.ts';
import { traceId } from './nft/trace.ts';

const VERSION = 'nftables v1.1.3 (Commodore Bullmoose #4)';
const COMMANDS = [
  'add',
  'create',
  'delete',
  'destroy',
  'flush',
  'insert',
  'list',
  'monitor',
  'rename',
  'replace',
  'reset',
];

interface Options {
  readonly handles: boolean;
  readonly stateless: boolean;
}

export const nftTool: Tool = {
  name: 'nft',
  directory: '/usr/sbin',
  summary: 'show the rules of nf_tables',
  complete(words) {
    if (words.length === 2) return ['list', 'monitor'];
    if (words.length === 3 && words[1] === 'list') return ['chain', 'chains', 'ruleset', 'table', 'tables'];
    return words.length === 3 && words[1] === 'monitor' ? ['trace'] : [];
  },
  *main(ctx): Program {
    const words: string[] = [];
    let [handles, stateless] = [false, false];
    for (const word of ctx.argv.slice(1)) {
      if (words.length > 0 || !word.startsWith('-')) words.push(...word.split(/\s+/).filter((one) => one !== ''));
      else if (word === '-v' || word === '--version') {
        yield* ctx.out(`${VERSION}\n`);
        return 0;
      } else if (word === '-a' || word === '--handle') handles = true;
      else if (word === '-s' || word === '--stateless') stateless = true;
      else if (/^-t$|^--terse$/.test(word)) continue;
      else return yield* fail(ctx, `nft: option ${word} is not emulated here`);
    }
    if (lacksNetAdmin(ctx))
      return yield* fail(
        ctx,
        'Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed: Operation not permitted',
      );
    const [command = '', ...rest] = words;
    if (command === 'list') return yield* list(ctx, rest, { handles, stateless });
    if (command === 'monitor' && (rest[0] ?? '') === 'trace' && rest.length === 1) return yield* monitor(ctx);
    if (command === '') return yield* fail(ctx, 'nft: no command specified');
    if (COMMANDS.includes(command))
      return yield* fail(ctx, `nft: ${[command, ...rest.slice(0, 1)].join(' ')} is not emulated here`);
    const line = words.join(' ');
    return yield* fail(ctx, `Error: syntax error, unexpected string\n${line}\n${'^'.repeat(command.length)}`);
  },
};

function* list(ctx: ProgramContext, words: readonly string[], options: Options): Blocking<number> {
  const tables = nftTables(ctx.netns);
  const [what = '', ...names] = words;
  if (names[0] === 'ip' || names[0] === 'inet' || names[0] === 'ip6' || names[0] === 'arp' || names[0] === 'bridge') {
    if (names.shift() !== 'ip') tables.length = 0;
  }
  let text = '';
  switch (what) {
    case 'ruleset':
      for (const table of tables) {
        if (isManaged(table))
          yield* ctx.err(`# Warning: table ip ${table.name} is managed by iptables-nft, do not touch!\n`);
        text += tableText(table, options);
      }
      break;
    case 'tables':
      for (const { name } of tables) text += `table ip ${name}\n`;
      break;
    case 'chains':
      for (const table of tables)
        text += `table ip ${table.name} {\n${table.chains.map((chain) => chainHead(chain, options) + '\t}\n').join('')}}\n`;
      break;
    case 'table':
    case 'chain': {
      const table = tables.find(({ name }) => name === names[0]);
      const chain = what === 'table' ? undefined : table?.chains.find(({ name }) => name === names[1]);
      if (table === undefined || (what === 'chain' && chain === undefined)) {
        const line = ['list', ...words].join(' ');
        const missing = (table === undefined ? names[0] : names[1]) ?? '';
        return yield* fail(
          ctx,
          `Error: No such file or directory\n${line}\n${' '.repeat(Math.max(0, line.lastIndexOf(missing)))}${'^'.repeat(Math.max(1, missing.length))}`,
        );
      }
      if (isManaged(table))
        yield* ctx.err(`# Warning: table ip ${table.name} is managed by iptables-nft, do not touch!\n`);
      text = tableText(chain === undefined ? table : { ...table, chains: [chain] }, options);
      break;
    }
    default:
      return yield* fail(ctx, `nft: list ${what} is not emulated here`);
  }
  if (text !== '') yield* ctx.out(text);
  return 0;
}

function isManaged(table: NftTable): boolean {
  return table.chains.some(({ rules }) => rules.some(({ spec }) => hasExtensions(spec)));
}

function tableText(table: NftTable, options: Options): string {
  const chains = table.chains.map((chain) => {
    let text = chainHead(chain, options);
    for (const { spec, packets, bytes, handle } of chain.rules) {
      const counter = options.stateless ? 'counter' : `counter packets ${packets} bytes ${bytes}`;
      text += `\t\t${translateRule(spec, counter)}${options.handles ? ` # handle ${handle}` : ''}\n`;
    }
    return `${text}\t}\n`;
  });
  return `table ip ${table.name} {${options.handles ? ` # handle ${table.handle}` : ''}\n${chains.join('\n')}}\n`;
}

const PRIORITIES: Readonly<Record<string, string>> = {
  raw: 'raw',
  mangle: 'mangle',
  filter: 'filter',
  security: 'security',
};
const HOOKS = ['prerouting', 'input', 'forward', 'output', 'postrouting'] as const;

function chainHead(chain: NftChain, options: Options): string {
  const handle = options.handles ? ` # handle ${chain.handle}` : '';
  if (chain.hook < 0) return `\tchain ${chain.name} {${handle}\n`;
  const { table, hook } = chain;
  const priority = PRIORITIES[table] ?? (hook === 0 || hook === NF_LOCAL_OUT ? 'dstnat' : 'srcnat');
  const type = table === 'nat' ? 'nat' : table === 'mangle' && hook === NF_LOCAL_OUT ? 'route' : 'filter';
  return `\tchain ${chain.name} {${handle}\n\t\ttype ${type} hook ${HOOKS[hook] ?? ''} priority ${priority}; policy ${chain.policy.toLowerCase()};\n`;
}

function counterText({ packets, bytes }: { readonly packets: number; readonly bytes: number }): string {
  return `counter packets ${packets} bytes ${bytes}`;
}

/** `nft monitor trace`: until ^C, which ends it as any program. */
function* monitor(ctx: ProgramContext): Blocking<number> {
  const queue = new WaitQueue();
  const lines: string[] = [];
  // The rules are read when the program starts, and shown with the counters they had.
  const counters = new Map<object, string>();
  for (const { chains } of nftTables(ctx.netns))
    for (const { rules } of chains) for (const rule of rules) counters.set(rule, counterText(rule));
  const stop = watchTrace(ctx.netns, (step) => {
    const head = `trace id ${traceId(step.packet)} ip ${step.chain.table.name} ${step.chain.name}`;
    if (step.first) lines.push(`${head} packet: ${packetText(step)}\n`);
    if (step.rule === null) {
      const mark = step.packet.mark === 0 ? '' : `meta mark 0x${step.packet.mark.toString(16).padStart(8, '0')} `;
      lines.push(`${head} policy ${step.verdict.toLowerCase()} ${mark}\n`);
    } else {
      const { rule } = step;
      const [verdict = '', to] = step.verdict.split(':');
      lines.push(
        `${head} rule ${translateRule(rule.spec, counters.get(rule) ?? 'counter packets 0 bytes 0')} (verdict ${verdict.toLowerCase()}${to === undefined ? '' : ` ${to}`})\n`,
      );
    }
    queue.wake();
  });
  try {
    for (;;) {
      while (lines.length > 0) yield* ctx.out(lines.shift() as string);
      yield* ctx.wait([queue]);
    }
  } finally {
    stop();
  }
}

/** The headers as nft prints them; nft knows some combinations of TCP flags by name and shows others as a number. */
function packetText({ packet, input, output }: TraceStep): string {
  let text = input === null ? '' : `iif "${input.name}" `;
  if (output !== null) text += `oif "${output.name}" `;
  if (input !== null && input.kind !== 'loopback')
    text += `ether saddr ${formatMac(packet.srcMac)} ether daddr ${formatMac(packet.dstMac)} `;
  text += `ip saddr ${formatIpv4(packet.src)} ip daddr ${formatIpv4(packet.dst)} ip dscp ${dscpName(packet.tos >> 2)} ip ecn ${ECN[packet.tos & 3] ?? ''} `;
  text += `ip ttl ${packet.ttl} ip id ${packet.ipId} `;
  if (![PROTO_TCP, PROTO_UDP].includes(packet.protocol)) text += `ip protocol ${protocolName(packet.protocol)} `;
  return `${text}ip length ${ipLength(packet)} ${transportText(packet)}`;
}

const ECN = ['not-ect', 'ect1', 'ect0', 'ce'] as const;

function dscpName(dscp: number): string {
  return dscp % 8 === 0 ? `cs${dscp / 8}` : `0x${dscp.toString(16).padStart(2, '0')}`;
}

function transportText(packet: Packet): string {
  if (packet.protocol === PROTO_TCP) {
    const named: Readonly<Record<number, string>> = { 1: 'fin', 2: 'syn', 4: 'rst', 8: 'psh', 16: 'ack', 32: 'urg' };
    const flags = named[packet.flags] ?? `0x${packet.flags.toString(16)}`;
    return `tcp sport ${packet.sport} tcp dport ${packet.dport} tcp flags == ${flags} tcp window ${packet.window} `;
  }
  if (packet.protocol === PROTO_UDP)
    return `udp sport ${packet.sport} udp dport ${packet.dport} udp length ${ipLength(packet) - 20} `;
  if (packet.protocol === PROTO_ICMP)
    return `icmp type ${packet.icmpType === 8 ? 'echo-request' : packet.icmpType === 0 ? 'echo-reply' : packet.icmpType} icmp code ${packet.icmpCode} icmp id ${packet.icmpId} icmp sequence ${packet.icmpSeq} `;
  return '';
}
