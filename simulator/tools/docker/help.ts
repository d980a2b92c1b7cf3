/**
 * Help and usage texts, as docker/cli's cobra templates print them (cli/cobra.go), with pflag's FlagUsagesWrapped.
 * Wrapped to the terminal, to 80 columns without one.
 */
import type { HelpHabits } from '../../eras/era.ts';
import type { Arity, CommandSpec } from './command.ts';
import type { OptionSpec } from './options.ts';

/** The first lines of an error about the number of words. */
export function arityError(
  path: string,
  command: CommandSpec,
  words: number,
  form: HelpHabits['complaints'],
): string | undefined {
  const rule: Arity = command.arity ?? { kind: 'any' };
  const says = ((): string | undefined => {
    if (rule.kind === 'none') return words > 0 ? 'accepts no arguments' : undefined;
    if (rule.kind === 'any') return undefined;
    if (rule.kind === 'range')
      return words >= rule.least && words <= rule.most
        ? undefined
        : `requires at least ${rule.least} and at most ${rule.most} arguments`;
    const noun = rule.count === 1 ? 'argument' : 'arguments';
    if (rule.kind === 'exactly')
      return words === rule.count ? undefined : `requires ${form === 'short' ? '' : 'exactly '}${rule.count} ${noun}`;
    if (rule.kind === 'atLeast') return words >= rule.count ? undefined : `requires at least ${rule.count} ${noun}`;
    return words <= rule.count ? undefined : `requires at most ${rule.count} ${noun}`;
  })();
  if (says === undefined) return undefined;
  if (form === 'short')
    return `docker: '${path}' ${says}\n\nUsage:  ${path} ${command.usage}\n\nRun '${path} --help' for more information`;
  return `"${path}" ${says}.\n${arityHint(path, command)}`;
}

/** What follows an error about the words of a command. */
export function arityHint(path: string, command: CommandSpec): string {
  return `See '${path} --help'.\n\nUsage:  ${path} ${command.usage}\n\n${command.short}\n`;
}

/** `docker X --help`, from an empty line on. `visible` tells which children are shown. */
export function helpText(
  path: string,
  command: CommandSpec,
  columns: number,
  visible: (child: CommandSpec) => boolean,
  lead = '\n',
): string {
  let text = `${lead}Usage:  ${path} ${command.usage}\n\n${command.short}\n`;
  if (command.aliasLine !== undefined) text += `\nAliases:\n  ${command.aliasLine}\n`;
  if ((command.options ?? []).length > 0) text += `\nOptions:\n${optionLines(command.options ?? [], columns)}`;
  const children = (command.children ?? []).filter(visible);
  if (children.length > 0) {
    text += `\nCommands:\n${commandLines(children)}\nRun '${path} COMMAND --help' for more information on a command.\n`;
  }
  return text;
}

/** Two blanks, the name padded to cobra's minimum of eleven, and what it does. */
export function commandLines(commands: readonly { readonly name: string; readonly short: string }[]): string {
  return commands.map(({ name, short }) => `  ${name.padEnd(11)} ${short}\n`).join('');
}

/** FlagUsagesWrapped: sorted by name, help text in one column. */
export function optionLines(options: readonly OptionSpec[], columns: number): string {
  const sorted = [...options].sort((a, b) => (a.name < b.name ? -1 : 1));
  const heads = sorted.map(
    (spec) =>
      `${spec.short === '' ? '      ' : `  -${spec.short}, `}--${spec.name}${spec.type === 'bool' ? '' : ` ${spec.type}`}`,
  );
  const column = Math.max(...heads.map((head) => head.length)) + 3;
  return sorted
    .map((spec, i) => `${(heads[i] as string).padEnd(column)}${wrap(column, columns - 1, spec.says)}\n`)
    .join('');
}

/** pflag's wrap: lines of `width` with an indent; short tails stay on the line (slop 5); newlines of the text are kept. */
function wrap(indent: number, width: number, text: string): string {
  // Too narrow: as a block on the next line.
  const narrow = width - indent < 24;
  const column = narrow ? 16 : indent;
  const newline = `\n${' '.repeat(column)}`;
  if (width - column < 24) return text.replaceAll('\n', newline);
  const slop = 5;
  const inner = width - column - slop;
  let [line, rest] = splitLine(inner, slop, text);
  let out = (narrow ? newline : '') + line.replaceAll('\n', newline);
  while (rest !== '') {
    [line, rest] = splitLine(inner, slop, rest);
    out += newline + line.replaceAll('\n', newline);
  }
  return out;
}

/** pflag's wrapN: cuts at the last blank before `width`, or at a newline before that. */
function splitLine(width: number, slop: number, text: string): [string, string] {
  if (width + slop > text.length) return [text, ''];
  const head = text.slice(0, width);
  const blank = Math.max(head.lastIndexOf(' '), head.lastIndexOf('\t'), head.lastIndexOf('\n'));
  if (blank <= 0) return [text, ''];
  const newline = head.lastIndexOf('\n');
  if (newline > 0 && newline < blank) return [text.slice(0, newline), text.slice(newline + 1)];
  return [text.slice(0, blank), text.slice(blank + 1)];
}
