/** Where lessons are: labs and prose by unit and slug, scenarios by name. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseScenario, type Scenario } from '../../simulator/index.ts';
import { parseLab, type ReadLab } from '../../simulator/lesson/index.ts';

const ROOT = process.env['MESHWALK_ROOT'] ?? process.cwd();
export const LABS = 'content/labs';
export const DOCS = 'content/docs';
/** Languages that prose may be in. */
const LOCALES = ['en', 'zh-cn'] as const;

export function pathOf(file: string): string {
  return join(ROOT, file);
}

/** Every lab as UNIT/SLUG, in order of number. */
export function labNames(): string[] {
  if (!existsSync(pathOf(LABS))) return [];
  const names = readdirSync(pathOf(LABS), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((unit) =>
      readdirSync(pathOf(`${LABS}/${unit.name}`))
        .filter((file) => file.endsWith('.yaml'))
        .map((file) => `${unit.name}/${file.replace(/\.yaml$/, '')}`),
    );
  const number = (name: string): string => name.split('/')[1] ?? '';
  return names.sort((a, b) => (number(a) < number(b) ? -1 : 1));
}

/** The scenario of content/scenarios with this name. */
export function namedScenario(name: string): Scenario | undefined {
  const file = pathOf(`content/scenarios/${name}.yaml`);
  return existsSync(file) ? parseScenario(readFileSync(file, 'utf8')) : undefined;
}

/** Reads the lab UNIT/SLUG. Throws LabError with the places of its faults. */
export function readLab(name: string): ReadLab {
  const file = `${LABS}/${name}.yaml`;
  return parseLab(readFileSync(pathOf(file), 'utf8'), namedScenario, file);
}

/** The prose of a lesson that exists: file and text by language. */
export function proseOf(name: string): { readonly file: string; readonly text: string }[] {
  return LOCALES.map((locale) => `${DOCS}/${locale}/${name}.mdx`)
    .filter((file) => existsSync(pathOf(file)))
    .map((file) => ({ file, text: readFileSync(pathOf(file), 'utf8') }));
}
