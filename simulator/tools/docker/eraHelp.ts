/**
 * A command as an era's client knows it: options that it does not have yet or has besides, and the words of its help. The
 * commands are written as of 26.1; what differs is data of the era ({@link HelpHabits}).
 */
import type { Era } from '../../eras/era.ts';
import type { CommandSpec } from './command.ts';
import { FORMAT_LIST, FORMAT_ONE } from './format.ts';
import { refusedOption, type OptionSpec } from './options.ts';

const LONG_FORMATS: readonly string[] = [FORMAT_LIST, FORMAT_ONE];

/** The command at `path`, in the words and with the options of `era`. */
export function ofEra(path: string, command: CommandSpec, era: Era): CommandSpec {
  const { help, unknownOptions } = era.client;
  const unknown = unknownOptions[path] ?? [];
  const own = (command.options ?? []).filter(({ name }) => !unknown.includes(name));
  const added = (help.added[path] ?? []).map(([name, short, type, says]) => refusedOption(name, short, type, says));
  const aliasLine =
    command.aliasLine === undefined || help.fullAliases ? command.aliasLine : shortAliases(path, command.aliasLine);
  const { aliasLine: _full, ...rest } = command;
  return {
    ...rest,
    ...(aliasLine === undefined ? {} : { aliasLine }),
    usage: help.usage[path] ?? command.usage,
    short: help.words[path] ?? command.short,
    options: [...own.map((option) => optionOf(path, option, era)), ...added],
    ...(command.children === undefined
      ? {}
      : {
          children: command.children
            .filter((child) => !help.unknownCommands.includes(`${path} ${child.name}`))
            .map((child) => ({ ...child, short: help.words[`${path} ${child.name}`] ?? child.short })),
        }),
  };
}

function optionOf(path: string, option: OptionSpec, { client: { help } }: Era): OptionSpec {
  const words = help.words[`${path} --${option.name}`];
  if (words !== undefined) return { ...option, says: words };
  if (help.formats !== undefined && LONG_FORMATS.includes(option.says)) {
    const [list, one] = help.formats;
    const noun = path.split(' ').length === 2 ? 'containers' : `${path.split(' ')[1] ?? ''}s`;
    return { ...option, says: option.says === FORMAT_ONE ? one : list.replace('%', noun) };
  }
  return { ...option, says: help.rewrites.reduce((says, [from, to]) => says.replaceAll(from, to), option.says) };
}

/** Names of the same parent, without it; none when the command has only one there. */
function shortAliases(path: string, line: string): string | undefined {
  const parent = `${path.slice(0, path.lastIndexOf(' '))} `;
  const names = line.split(', ').filter((name) => name.startsWith(parent) && !name.slice(parent.length).includes(' '));
  return names.length < 2 ? undefined : names.map((name) => name.slice(parent.length)).join(', ');
}
