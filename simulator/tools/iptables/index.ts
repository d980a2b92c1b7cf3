/**
 * The iptables family, version 1.8.11 (nf_tables): iptables, iptables-save, iptables-restore, and what there is of
 * ip6tables. Mirrors iptables(8), iptables-save(8), iptables-restore(8); what they do is in netfilter/.
 *
 * iptables: all commands; matches and targets as listed in netfilter/matches and netfilter/targets, others that the real
 * tool knows are refused. iptables-save: -c -t -f. iptables-restore: -c -n -t -T -v -w, from standard input or a file.
 * ip6tables: IPv6 has no rules here, so it lists and saves empty tables and refuses to write any.
 */
import {
  iptables,
  iptablesRestore,
  IPTABLES_VERSION,
  saveTableText,
  TABLE_NAMES,
  tablePresent,
  type TableName,
} from '../../netfilter/index.ts';
import { fail, type Program, type ProgramContext, type Tool } from '../../process/program.ts';
import { completeIptables } from './complete.ts';
import { ctime } from './ctime.ts';
import { ip6tables, ip6tablesSave } from './ip6tables.ts';
import { lacksNetAdmin } from './permission.ts';

const DENIED = 'Could not fetch rule set generation id: Permission denied (you must be root)';

export const iptablesTool: Tool = {
  name: 'iptables',
  aliases: ['iptables-nft'],
  directory: '/usr/sbin',
  summary: 'administer IPv4 packet filtering and NAT',
  complete: completeIptables,
  *main(ctx): Program {
    if (lacksNetAdmin(ctx)) return yield* fail(ctx, `iptables ${IPTABLES_VERSION}: ${DENIED}\n`, 4);
    const { status, stdout, stderr } = iptables(ctx.netns, ctx.argv.slice(1), ctx.origin);
    if (stdout !== '') yield* ctx.out(stdout);
    if (stderr !== '') yield* ctx.err(stderr);
    return status;
  },
};

export const iptablesSaveTool: Tool = {
  name: 'iptables-save',
  aliases: ['iptables-nft-save'],
  directory: '/usr/sbin',
  summary: 'dump iptables rules',
  complete: completeTable,
  *main(ctx): Program {
    const options = saveOptions(ctx.argv.slice(1));
    if (typeof options === 'string') return yield* fail(ctx, options);
    if (lacksNetAdmin(ctx)) return yield* fail(ctx, `iptables-save ${IPTABLES_VERSION}: ${DENIED}\n`, 4);
    const { table, counters, file } = options;
    if (table !== '' && !(TABLE_NAMES as readonly string[]).includes(table)) {
      return yield* fail(
        ctx,
        `iptables-save ${IPTABLES_VERSION}: table '${table}' does not exist\nPerhaps iptables-save or your kernel needs to be upgraded.`,
        3,
      );
    }
    const names = table === '' ? TABLE_NAMES.filter((name) => tablePresent(ctx.netns, name)) : [table as TableName];
    const text = names.map((name) => dated(ctx, 'iptables-save', saveTableText(ctx.netns, name, counters))).join('');
    return yield* deliver(ctx, 'iptables-save', text, file);
  },
};

export const iptablesRestoreTool: Tool = {
  name: 'iptables-restore',
  aliases: ['iptables-nft-restore'],
  directory: '/usr/sbin',
  summary: 'restore iptables rules',
  complete: completeTable,
  *main(ctx): Program {
    const words = ctx.argv.slice(1);
    const options = { noFlush: false, counters: false, onlyTable: '', test: false };
    let file = '';
    while (words.length > 0) {
      const word = words.shift() as string;
      if (word === '-n' || word === '--noflush') options.noFlush = true;
      else if (word === '-c' || word === '--counters') options.counters = true;
      else if (word === '-t' || word === '--test') options.test = true;
      else if (word === '-T' || word === '--table') options.onlyTable = words.shift() ?? '';
      else if (word === '-w' || word === '--wait' || word === '-v' || word === '--verbose') {
        if (/^\d+$/.test(words[0] ?? '')) words.shift();
      } else if (word === '-V' || word === '--version') {
        yield* ctx.out(`iptables-restore ${IPTABLES_VERSION}\n`);
        return 0;
      } else if (word.startsWith('-') || file !== '') return yield* fail(ctx, unknown('iptables-restore', word));
      else file = word;
    }
    if (lacksNetAdmin(ctx)) return yield* fail(ctx, `iptables-restore ${IPTABLES_VERSION}: ${DENIED}\n`, 4);
    let text: string;
    if (file === '') text = yield* ctx.readAll(0);
    else {
      const read = ctx.fs.readText(file);
      if (!read.ok) return yield* fail(ctx, `Can't open ${file}: No such file or directory`);
      text = read.value;
    }
    const { status, stderr } = iptablesRestore(ctx.netns, text, options, ctx.origin);
    if (stderr !== '') yield* ctx.err(stderr);
    return status;
  },
};

export const ip6tablesTool: Tool = {
  name: 'ip6tables',
  aliases: ['ip6tables-nft', 'ip6tables-save'],
  directory: '/usr/sbin',
  summary: 'list IPv6 packet filter tables (empty here)',
  *main(ctx): Program {
    const name = (ctx.argv[0] ?? '').split('/').at(-1);
    if (name === 'ip6tables-save') {
      const options = saveOptions(ctx.argv.slice(1));
      if (typeof options === 'string') return yield* fail(ctx, options.replaceAll('iptables', 'ip6tables'));
      // Nobody has written to a table, so none exists; one that is asked for by name is shown as it would be.
      const text =
        options.table === '' ? '' : dated(ctx, 'ip6tables-save', ip6tablesSave(ctx.netns.kernel, options.table));
      return yield* deliver(ctx, 'ip6tables-save', text, options.file);
    }
    const { status, stdout, stderr } = ip6tables(ctx.netns.kernel, ctx.argv.slice(1));
    if (stdout !== '') yield* ctx.out(stdout);
    if (stderr !== '') yield* ctx.err(stderr);
    return status;
  },
};

function completeTable(words: readonly string[]): readonly string[] {
  return words.at(-2) === '-t' || words.at(-2) === '-T' ? TABLE_NAMES : ['-c', '-t'];
}

function dated(ctx: ProgramContext, program: string, table: string): string {
  const now = ctime(ctx.wallClock);
  return `# Generated by ${program} ${IPTABLES_VERSION} on ${now}\n${table}# Completed on ${now}\n`;
}

interface SaveOptions {
  readonly table: string;
  readonly counters: boolean;
  readonly file: string;
}

function saveOptions(given: readonly string[]): SaveOptions | string {
  const words = given.flatMap((word) =>
    /^-[ct]{2,}$/.test(word) ? [...word.slice(1)].map((letter) => `-${letter}`) : [word],
  );
  let [table, file, counters] = ['', '', false];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word === '-c' || word === '--counters') counters = true;
    else if (word === '-t' || word === '--table') table = words[++i] ?? '';
    else if (word === '-f' || word === '--file') file = words[++i] ?? '';
    else return word.startsWith('-') ? unknown('iptables-save', word) : 'Unknown arguments found on commandline\n';
  }
  return { table, counters, file };
}

/** What getopt says, and where help is. */
function unknown(program: string, word: string): string {
  const what = word.startsWith('--') ? `unrecognized option '${word}'` : `invalid option -- '${word[1] ?? ''}'`;
  return `${program}: ${what}\nTry \`${program} -h' for more information.\n`;
}

function* deliver(ctx: ProgramContext, program: string, text: string, file: string): Program {
  if (file === '') {
    if (text !== '') yield* ctx.out(text);
    return 0;
  }
  const written = ctx.fs.writeFile(file, text);
  return written.ok ? 0 : yield* fail(ctx, `${program}: Failed to open file ${file}`);
}
