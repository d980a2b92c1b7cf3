/** getopt_long(3) of glibc: its permutation of arguments and its words for errors. */

/** Options of a command: `c:` takes a value. Long names map to their short letter or to a name of their own. */
export interface OptionTable {
  readonly short: string;
  readonly long?: Readonly<Record<string, { readonly value: boolean; readonly as: string }>>;
}

export interface ParsedOptions {
  readonly options: readonly { readonly name: string; readonly value: string }[];
  readonly operands: readonly string[];
  /** What getopt says, without the program's name in front; undefined when all is well. */
  readonly error: string | undefined;
}

/** Parses the words after the command. Stops at the first error, as a program that prints its usage does. */
export function getopt(words: readonly string[], table: OptionTable): ParsedOptions {
  const options: { name: string; value: string }[] = [];
  const operands: string[] = [];
  const result = (error?: string): ParsedOptions => ({ options, operands, error });
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word === '--') {
      operands.push(...words.slice(i + 1));
      break;
    }
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
      const found = longOption(table, name);
      if (typeof found === 'string') return result(found);
      if (!found.value) {
        if (equals >= 0) return result(`option '--${found.name}' doesn't allow an argument`);
        options.push({ name: found.as, value: '' });
      } else if (equals >= 0) options.push({ name: found.as, value: word.slice(equals + 1) });
      else if (i + 1 < words.length) options.push({ name: found.as, value: words[++i] as string });
      else return result(`option '--${found.name}' requires an argument`);
      continue;
    }
    if (!word.startsWith('-') || word === '-') {
      operands.push(word);
      continue;
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word[at] as string;
      const where = letter === ':' ? -1 : table.short.indexOf(letter);
      if (where < 0) return result(`invalid option -- '${letter}'`);
      if (table.short[where + 1] !== ':') {
        options.push({ name: letter, value: '' });
        continue;
      }
      if (at + 1 < word.length) options.push({ name: letter, value: word.slice(at + 1) });
      else if (i + 1 < words.length) options.push({ name: letter, value: words[++i] as string });
      else return result(`option requires an argument -- '${letter}'`);
      break;
    }
  }
  return result();
}

/** A long option by its name or an unambiguous beginning of it, or what getopt says. */
function longOption(table: OptionTable, name: string): { name: string; value: boolean; as: string } | string {
  const long = table.long ?? {};
  if (Object.hasOwn(long, name)) return { name, ...(long[name] as { value: boolean; as: string }) };
  const matches = Object.keys(long).filter((candidate) => candidate.startsWith(name));
  if (matches.length === 0) return `unrecognized option '--${name}'`;
  if (matches.length > 1) return `option '--${name}' is ambiguous; possibilities: ${matches.map((match) => `'--${match}'`).join(' ')}`;
  const [match] = matches as [string];
  return { name: match, ...(long[match] as { value: boolean; as: string }) };
}
