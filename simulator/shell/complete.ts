/** What Tab offers: commands, files, variables, and whatever a tool knows of its own words (Tool.complete). */
import { BUILTINS } from './builtins.ts';
import { KEYWORDS } from './builtins/names.ts';
import type { Completion } from './lineedit.ts';
import type { Shell } from './state.ts';

/** Commands whose arguments are a command again. */
const PREFIXES: ReadonlySet<string> = new Set([
  'sudo',
  'time',
  'watch',
  'exec',
  'command',
  'nohup',
  'xargs',
  'env',
  'setsid',
  'then',
  'do',
  'else',
  'if',
  'while',
  'until',
  '!',
  '{',
]);

interface Words {
  /** Dequoted words of the command before the cursor; the last is being typed. */
  readonly words: string[];
  /** Where the last one begins, in characters. */
  readonly start: number;
  readonly quote: '"' | "'" | '';
  /** Right after `>`, `<`: a file. */
  readonly redirect: boolean;
}

/** Candidates for the word before the cursor. */
export function complete(sh: Shell, before: string): Completion {
  const { words, start, quote, redirect } = lastCommand(before);
  const last = words.at(-1) ?? '';
  const variable = /\$\{?(\w*)$/.exec(last);
  if (variable !== null && quote !== "'") return variables(sh, before, variable[1] ?? '', variable[0].startsWith('${'));
  let command = words;
  while (command.length > 1 && PREFIXES.has(command[0] as string)) command = command.slice(1);
  while (command.length > 1 && /^\w+=/.test(command[0] as string)) command = command.slice(1);
  if (command.length === 1 && !redirect && !/[/~.]/.test(last.slice(0, 1)))
    return offer(start, commands(sh, last), quote);
  if (!redirect && command.length > 1) {
    const own = toolWords(sh, command).filter((word) => word.startsWith(last));
    if (own.length > 0) return offer(start, own, quote);
  }
  return files(sh, start, last, quote, command.length === 1 && !redirect);
}

function offer(start: number, candidates: readonly string[], quote: string): Completion {
  const sorted = [...new Set(candidates)].sort();
  return { start, candidates: sorted.map((word) => quoted(word, quote)), shown: sorted };
}

function quoted(word: string, quote: string): string {
  if (quote !== '') return `${quote}${word}${word.endsWith('/') ? '' : quote}`;
  return word.replace(/[ "'$&()*;<>?[\\\]`{|}!#]/g, '\\$&');
}

function toolWords(sh: Shell, words: readonly string[]): readonly string[] {
  const found = sh.ctx.which(words[0] ?? '');
  if (!found.ok) return [];
  return found.value.tool?.complete?.(words, sh.ctx) ?? [];
}

function commands(sh: Shell, prefix: string): string[] {
  const names = [...BUILTINS.keys(), ...KEYWORDS, ...sh.functions.keys(), ...sh.aliases.keys()];
  for (const directory of (sh.get('PATH') ?? '').split(':')) {
    const listed = sh.ctx.fs.readdir(directory);
    if (listed.ok) names.push(...listed.value);
  }
  return names.filter((name) => name.startsWith(prefix));
}

function variables(sh: Shell, before: string, prefix: string, braces: boolean): Completion {
  const names = [...sh.vars.keys()].filter((name) => name.startsWith(prefix)).sort();
  const start = [...before].length - [...prefix].length;
  return { start, candidates: braces ? names.map((name) => `${name}}`) : names, shown: names };
}

function files(sh: Shell, start: number, word: string, quote: '"' | "'" | '', executable: boolean): Completion {
  const slash = word.lastIndexOf('/') + 1;
  const directory = word.slice(0, slash);
  const prefix = word.slice(slash);
  const home = quote === '' && directory.startsWith('~/') ? (sh.get('HOME') ?? '') + directory.slice(1) : directory;
  const listed = sh.ctx.fs.readdir(home === '' ? '.' : home);
  if (!listed.ok) return { start, candidates: [] };
  const names: string[] = [];
  for (const name of listed.value) {
    if (!name.startsWith(prefix) || (name.startsWith('.') && !prefix.startsWith('.'))) continue;
    const stat = sh.ctx.fs.stat(`${home}${name}`);
    const isDirectory = stat.ok && stat.value.type === 'directory';
    if (executable && !isDirectory && stat.ok && (stat.value.mode & 0o111) === 0) continue;
    names.push(isDirectory ? `${name}/` : name);
  }
  names.sort();
  const tilde = directory.startsWith('~') && quote === '';
  const candidates = names.map((name) => (tilde ? directory + quoted(name, '') : quoted(directory + name, quote)));
  return { start, candidates, shown: names };
}

/** The words of the simple command that the end of `text` belongs to. */
function lastCommand(text: string): Words {
  const characters = [...text];
  let words: string[] = [];
  let word = '';
  let start = 0;
  let inWord = false;
  let quote: '"' | "'" | '' = '';
  let redirect = false;
  const begin = (i: number): void => {
    if (!inWord) start = i;
    inWord = true;
  };
  const end = (): void => {
    if (inWord && !redirect) words.push(word);
    if (inWord) redirect = false;
    word = '';
    inWord = false;
  };
  for (let i = 0; i < characters.length; i++) {
    const c = characters[i] as string;
    if (quote !== '') {
      if (c === quote) quote = '';
      else if (c === '\\' && quote === '"') word += characters[++i] ?? '';
      else word += c;
    } else if (c === '"' || c === "'") {
      begin(i);
      quote = c;
    } else if (c === '\\') {
      begin(i);
      word += characters[++i] ?? '';
    } else if (/[|&;(\n`]/.test(c)) {
      end();
      words = [];
      redirect = false;
    } else if (c === '<' || c === '>') {
      end();
      redirect = true;
    } else if (/\s/.test(c)) end();
    else {
      begin(i);
      word += c;
    }
  }
  if (!inWord) start = characters.length;
  return { words: [...words, word], start, quote, redirect };
}
