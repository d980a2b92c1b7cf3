/**
 * The iptables family, version 1.8.11: iptables, iptables-save, iptables-restore, and what there is of ip6tables; called
 * by a name with -nft or none about the tables of nf_tables, by one with -legacy about those of ip_tables. Mirrors iptables(8), iptables-save(8), iptables-restore(8); what they do is in netfilter/.
 *
 * iptables: all commands; matches and targets as listed in netfilter/matches and netfilter/targets, others that the real
 * tool knows are refused. iptables-save: -c -t -f. iptables-restore: -c -n -t -T -v -w, from standard input or a file.
 * ip6tables: IPv6 has no rules here, so it lists and saves empty tables and refuses to write any.
 */
import {
  iptables,
  iptablesRestore,
  legacyWarning,
  presentTables,
  saveTableText,
  TABLE_NAMES,
  versionOf,
  type Backend,
  type TableName,
} from '../../netfilter/index.ts';
import { fail, type Program, type ProgramContext, type Tool } from '../../process/program.ts';
import { completeIptables } from './complete.ts';
import { ctime } from './ctime.ts';
import { ip6tables, ip6tablesSave } from './ip6tables.ts';
import { lacksNetAdmin } from './permission.ts';

/** Which tables a program is about, by the name it was called by. */
function backendOf(ctx: ProgramContext): Backend {
  const [, named] = /-(legacy|nft)(?:-|$)/.exec(ctx.argv[0] ?? '') ?? [];
  return (named as Backend | undefined) ?? ctx.host.kernel.platform.iptables.backend;
}

function* denied(ctx: ProgramContext, program: string): Program {
  const backend = backendOf(ctx);
  const at = ctx.argv.findIndex((word) => word === '-t' || word === '--table');
  const table = (at < 0 ? undefined : ctx.argv[at + 1]) ?? 'filter';
  const text =
    backend === 'nft'
      ? `${program} ${versionOf(backend, ctx.host.kernel.platform)}: Could not fetch rule set generation id: Permission denied (you must be root)\n`
      : `${program} ${versionOf(backend, ctx.host.kernel.platform)}: can't initialize iptables table \`${table}': Permission denied (you must be root)\nPerhaps iptables or your kernel needs to be upgraded.`;
  return yield* fail(ctx, text, backend === 'nft' ? 4 : 3);
}

export const iptablesTool: Tool = {
  name: 'iptables',
  aliases: ['iptables-nft', 'iptables-legacy'],
  directory: '/usr/sbin',
  summary: 'administer IPv4 packet filtering and NAT',
  complete: completeIptables,
  *main(ctx): Program {
    if (lacksNetAdmin(ctx)) return yield* denied(ctx, 'iptables');
    const { status, stdout, stderr } = iptables(ctx.netns, ctx.argv.slice(1), ctx.origin, backendOf(ctx));
    if (stdout !== '') yield* ctx.out(stdout);
    if (stderr !== '') yield* ctx.err(stderr);
    return status;
  },
};

export const iptablesSaveTool: Tool = {
  name: 'iptables-save',
  aliases: ['iptables-nft-save', 'iptables-legacy-save'],
  directory: '/usr/sbin',
  summary: 'dump iptables rules',
  complete: completeTable,
  *main(ctx): Program {
    const backend = backendOf(ctx);
    const options = saveOptions(ctx.argv.slice(1), `iptables-save ${versionOf(backend, ctx.host.kernel.platform)}\n`);
    if (typeof options === 'string') return yield* fail(ctx, options);
    const { table, counters, file, version } = options;
    if (version !== '') {
      yield* ctx.out(version);
      return 0;
    }
    if (lacksNetAdmin(ctx)) return yield* denied(ctx, 'iptables-save');
    if (table !== '' && !(TABLE_NAMES as readonly string[]).includes(table)) {
      const missing =
        backend === 'nft'
          ? `table '${table}' does not exist`
          : `Cannot initialize: Table does not exist (do you need to insmod?)`;
      return yield* fail(
        ctx,
        backend === 'nft'
          ? `iptables-save ${versionOf(backend, ctx.host.kernel.platform)}: ${missing}\nPerhaps iptables-save or your kernel needs to be upgraded.`
          : `iptables-save ${versionOf(backend, ctx.host.kernel.platform)}: ${missing}\n`,
        backend === 'nft' ? 3 : 1,
      );
    }
    const warning = legacyWarning(ctx.netns, backend, '-save');
    if (warning !== '') yield* ctx.err(warning);
    const names = table === '' ? presentTables(ctx.netns, backend) : [table as TableName];
    const text = names
      .map((name) => dated(ctx, 'iptables-save', saveTableText(ctx.netns, name, counters, backend), backend))
      .join('');
    return yield* deliver(ctx, 'iptables-save', text, file);
  },
};

export const iptablesRestoreTool: Tool = {
  name: 'iptables-restore',
  aliases: ['iptables-nft-restore', 'iptables-legacy-restore'],
  directory: '/usr/sbin',
  summary: 'restore iptables rules',
  complete: completeTable,
  *main(ctx): Program {
    const backend = backendOf(ctx);
    const words = splitLetters(ctx.argv.slice(1), 'nctvV46h');
    const options = { noFlush: false, counters: false, onlyTable: '', test: false, backend };
    let file = '';
    while (words.length > 0) {
      const word = words.shift() as string;
      if (word === '-n' || word === '--noflush') options.noFlush = true;
      else if (word === '-c' || word === '--counters') options.counters = true;
      else if (word === '-t' || word === '--test') options.test = true;
      else if (word === '-T' || word === '--table') options.onlyTable = words.shift() ?? '';
      else if (word === '-w' || word === '--wait') {
        if (/^\d+$/.test(words[0] ?? '')) words.shift();
      } else if (word === '-4' || word === '--ipv4') continue;
      else if (word === '-v' || word === '--verbose')
        return yield* fail(ctx, `iptables-restore: option ${word} is not emulated here`);
      else if (word === '-V' || word === '--version') {
        yield* ctx.out(`iptables-restore ${versionOf(backend, ctx.host.kernel.platform)}\n`);
        return 0;
      } else if (word.startsWith('-') || file !== '') return yield* fail(ctx, unknown('iptables-restore', word));
      else file = word;
    }
    if (lacksNetAdmin(ctx)) return yield* denied(ctx, 'iptables-restore');
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
  aliases: ['ip6tables-nft', 'ip6tables-legacy', 'ip6tables-save', 'ip6tables-nft-save', 'ip6tables-legacy-save'],
  directory: '/usr/sbin',
  summary: 'list IPv6 packet filter tables (empty here)',
  *main(ctx): Program {
    const backend = backendOf(ctx);
    const name = (ctx.argv[0] ?? '').split('/').at(-1) ?? '';
    if (name.endsWith('-save')) {
      const options = saveOptions(
        ctx.argv.slice(1),
        `ip6tables-save ${versionOf(backend, ctx.host.kernel.platform)}\n`,
      );
      if (typeof options === 'string') return yield* fail(ctx, options.replaceAll('iptables', 'ip6tables'));
      if (options.version !== '') {
        yield* ctx.out(options.version);
        return 0;
      }
      // Nobody has written to a table, so none exists; one that is asked for by name is shown as it would be.
      const text =
        options.table === ''
          ? ''
          : dated(ctx, 'ip6tables-save', ip6tablesSave(ctx.netns.kernel, options.table), backend);
      return yield* deliver(ctx, 'ip6tables-save', text, options.file);
    }
    const { status, stdout, stderr } = ip6tables(ctx.netns.kernel, ctx.argv.slice(1), backend);
    if (stdout !== '') yield* ctx.out(stdout);
    if (stderr !== '') yield* ctx.err(stderr);
    return status;
  },
};

function completeTable(words: readonly string[]): readonly string[] {
  return words.at(-2) === '-t' || words.at(-2) === '-T' ? TABLE_NAMES : ['-c', '-t'];
}

function dated(ctx: ProgramContext, program: string, table: string, backend: Backend): string {
  const now = ctime(ctx.wallClock);
  const { platform } = ctx.host.kernel;
  const full = versionOf(backend, platform);
  const version = backend === 'nft' && platform.iptables.saveNamesBackend ? full : full.split(' ')[0];
  return `# Generated by ${program} ${version} on ${now}\n${table}# Completed on ${now}\n`;
}

interface SaveOptions {
  readonly table: string;
  readonly counters: boolean;
  readonly file: string;
  /** What `-V` prints; '' without it. */
  readonly version: string;
}

/** `-nc` as `-n -c`, where all letters are such. */
function splitLetters(words: readonly string[], letters: string): string[] {
  return words.flatMap((word) =>
    /^-[^-]{2,}$/.test(word) && [...word.slice(1)].every((letter) => letters.includes(letter))
      ? [...word.slice(1)].map((letter) => `-${letter}`)
      : [word],
  );
}

function saveOptions(given: readonly string[], version: string): SaveOptions | string {
  const words = splitLetters(given, 'ctV4');
  let [table, file, counters, shown] = ['', '', false, ''];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (/^(-[tfM]|--table|--file|--modprobe)$/.test(word) && words[i + 1] === undefined) return wantsValue(word);
    if (word === '-c' || word === '--counters') counters = true;
    else if (word === '-t' || word === '--table') table = words[++i] ?? '';
    else if (word === '-f' || word === '--file') file = words[++i] ?? '';
    else if (word === '-M' || word === '--modprobe') i++;
    else if (word === '-V' || word === '--version') shown = version;
    else if (word === '-4' || word === '--ipv4') continue;
    else return word.startsWith('-') ? unknown('iptables-save', word) : 'Unknown arguments found on commandline\n';
  }
  return { table, counters, file, version: shown };
}

function wantsValue(word: string): string {
  const what = word.startsWith('--') ? `option '${word}' requires` : `option requires`;
  return `iptables-save: ${what} an argument${word.startsWith('--') ? '' : ` -- '${word[1] ?? ''}'`}\nTry \`iptables-save -h' for more information.\n`;
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
