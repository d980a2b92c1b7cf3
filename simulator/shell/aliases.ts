/** Alias substitution on the text of an interactive line, before it is parsed: the first word of each simple command. */
import { parse, type Command } from 'unbash';
import type { Shell } from './state.ts';

const MOST_ROUNDS = 8;

/** `text` with the aliases of its commands put in; a name is not expanded again inside its own expansion. */
export function expandAliases(sh: Shell, text: string): string {
  if (sh.aliases.size === 0) return text;
  let result = text;
  const done = new Set<string>();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const names = commandNames(result).filter(({ name }) => sh.aliases.has(name) && !done.has(name));
    if (names.length === 0) break;
    for (const { name, pos, end } of names.toReversed()) {
      result = result.slice(0, pos) + (sh.aliases.get(name) ?? '') + result.slice(end);
    }
    for (const { name } of names) done.add(name);
  }
  return result;
}

function commandNames(text: string): { name: string; pos: number; end: number }[] {
  const names: { name: string; pos: number; end: number }[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) return value.forEach(visit);
    if ('type' in value && value.type === 'Command') {
      const { name } = value as Command;
      if (name?.parts === undefined && name !== undefined && name.text === name.value)
        names.push({ name: name.value, pos: name.pos, end: name.end });
      return;
    }
    Object.values(value).forEach(visit);
  };
  visit(parse(text).commands);
  return names;
}
