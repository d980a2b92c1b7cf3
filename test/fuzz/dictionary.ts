// The words that a tool's own source holds in quotes or as names of entries: whatever it takes as an option is among them.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WORD = /['"`]-{0,2}([a-zA-Z][\w.-]{0,30})[:=]?['"`]|(?:^|[{,])\s*([a-z][\w-]*):|\|-{1,2}([a-z][\w-]+)/gm;
/** Words after blanks in a string that lists many. */
const LISTED = /['"`]([a-zA-Z][\w=:-]*(?: [\w=:-]+){3,})['"`]/g;

export function dictionary(source: readonly string[]): readonly string[] {
  const words = new Set<string>();
  for (const path of source) {
    for (const file of filesOf(fileURLToPath(new URL(`../../simulator/${path}`, import.meta.url)))) {
      const text = readFileSync(file, 'utf8');
      for (const match of text.matchAll(WORD)) words.add((match[1] ?? match[2] ?? match[3]) as string);
      for (const [, list = ''] of text.matchAll(LISTED)) for (const word of list.split(/[ =:]+/)) words.add(word);
    }
  }
  return [...words].filter((word) => /^[a-zA-Z][\w.-]*$/.test(word)).sort();
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${path}/${name}`);
}
