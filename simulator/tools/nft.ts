/**
 * nft 1.1.3 as far as it shows what iptables-nft wrote: `list ruleset|tables|table|chains|chain` with -a (handles), -s
 * (no counters), -n, `monitor trace`, -v, -h. Mirrors nft(8). What would change the rules is refused.
 */
import { WaitQueue } from '../base/wait.ts';
import type { NftRelease } from '../base/platform.ts';
import { NF_LOCAL_OUT, NF_PRE_ROUTING } from '../kernel/seams.ts';
import { nftTables, watchTrace, type NftChain, type NftTable } from '../netfilter/index.ts';
import { fail, type Blocking, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import { lacksNetAdmin } from './iptables/permission.ts';
import { packetText } from './nft/packet.ts';
import { hasExtensions, translateRule } from './nft/translate.ts';
import { traceId } from './nft/trace.ts';

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
  readonly words: NftRelease['words'];
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
        yield* ctx.out(`nftables ${ctx.host.kernel.platform.nft.version}\n`);
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
    const { words: manner } = ctx.host.kernel.platform.nft;
    if (command === 'list') return yield* list(ctx, rest, { words: manner, handles, stateless });
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
        if (isManaged(table, options))
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
      if (isManaged(table, options))
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

/** Whether newer versions warn of the table. */
function isManaged(table: NftTable, { words }: Options): boolean {
  return words === '2025' && table.chains.some(({ rules }) => rules.some(({ spec }) => hasExtensions(spec)));
}

function tableText(table: NftTable, options: Options): string {
  const chains = table.chains.map((chain) => {
    let text = chainHead(chain, options);
    for (const { spec, packets, bytes, handle } of chain.rules) {
      const counter = options.stateless ? 'counter' : `counter packets ${packets} bytes ${bytes}`;
      text += `\t\t${translateRule(spec, counter, options.words)}${options.handles ? ` # handle ${handle}` : ''}\n`;
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
  // Older versions have no name for it at OUTPUT.
  const early = hook === NF_LOCAL_OUT && options.words === '2021' ? '-100' : 'dstnat';
  const priority = PRIORITIES[table] ?? (hook === NF_PRE_ROUTING || hook === NF_LOCAL_OUT ? early : 'srcnat');
  const type = table === 'nat' ? 'nat' : table === 'mangle' && hook === NF_LOCAL_OUT ? 'route' : 'filter';
  return `\tchain ${chain.name} {${handle}\n\t\ttype ${type} hook ${HOOKS[hook] ?? ''} priority ${priority}; policy ${chain.policy.toLowerCase()};\n`;
}

function counterText({ packets, bytes }: { readonly packets: number; readonly bytes: number }): string {
  return `counter packets ${packets} bytes ${bytes}`;
}

/** `nft monitor trace`: until ^C, which ends it as any program. */
function* monitor(ctx: ProgramContext): Blocking<number> {
  const { words } = ctx.host.kernel.platform.nft;
  const queue = new WaitQueue();
  const lines: string[] = [];
  // The rules are read when the program starts, and shown with the counters they had.
  const counters = new Map<object, string>();
  for (const { chains } of nftTables(ctx.netns))
    for (const { rules } of chains) for (const rule of rules) counters.set(rule, counterText(rule));
  const stop = watchTrace(ctx.netns, (step) => {
    const head = `trace id ${traceId(step.packet)} ip ${step.chain.table.name} ${step.chain.name}`;
    if (step.first) lines.push(`${head} packet: ${packetText(step, words)}\n`);
    if (step.rule === null) {
      const mark = step.packet.mark === 0 ? '' : `meta mark 0x${step.packet.mark.toString(16).padStart(8, '0')} `;
      const ends = step.verdict === 'CONTINUE' || step.verdict === 'RETURN';
      lines.push(`${head} ${ends ? 'verdict' : 'policy'} ${step.verdict.toLowerCase()} ${mark}\n`);
    } else {
      const { rule } = step;
      const [verdict = '', to] = step.verdict.split(':');
      lines.push(
        `${head} rule ${translateRule(rule.spec, counters.get(rule) ?? 'counter packets 0 bytes 0', words)} (verdict ${verdict.toLowerCase()}${to === undefined ? '' : ` ${to}`})\n`,
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
