/** What is wrong with a lesson's prose, as far as that can be said without running it. */
import type { Nodes } from 'mdast';
import { parse } from 'yaml';
import type { Lab } from '../../../simulator/lesson/index.ts';
import type { Problem, ProseFault } from '../bench/protocol.ts';
import type { Language } from '../source.ts';
import { markdownOf } from './markdown.ts';
import { type Mdx, readMdx } from './mdx.ts';

/** Parts that lessons may use. */
const PARTS = [
  'Map',
  'MeshFigure',
  'PacketStory',
  'PlumbingFigure',
  'Predict',
  'Quiz',
  'Tables',
  'Task',
  'Term',
] as const;

/** What the prose has to fit to; what is not known is not compared. */
export interface Fit {
  readonly name: string;
  readonly lab?: Pick<Lab, 'tasks' | 'predicts' | 'scenario'> | undefined;
  readonly hosts?: readonly string[] | undefined;
}

/** Every fault of the prose in one language. */
export function proseFaults(file: Language, text: string, fit: Fit): Problem[] {
  const mdx = readMdx(text);
  const problems = headFaults(mdx, fit).map(([code, about]) => at(1, code, about));
  for (const block of mdx.blocks) {
    if (block.kind === 'markdown') problems.push(...markdownFaults(block.text, block.line));
    else {
      problems.push(...partFaults(block.name, block.attributes, block.line));
      problems.push(...markdownFaults(block.inner, block.innerLine));
    }
  }
  return problems;

  function at(line: number, code: ProseFault, about: string): Problem {
    return { file, line, column: 1, key: '', message: { code, about } };
  }

  function partFaults(name: string, attributes: Readonly<Record<string, string>>, line: number): Problem[] {
    if (!(PARTS as readonly string[]).includes(name) || !mdx.imports.includes(name))
      return [at(line, 'unknown-part', name)];
    const { id } = attributes;
    const known = { Task: fit.lab?.tasks, Predict: fit.lab?.predicts }[name as 'Task' | 'Predict'];
    if (id === undefined || known === undefined || known.some((one) => one.id === id)) return [];
    return [at(line, 'unknown-id', id)];
  }

  function markdownFaults(markdown: string, first: number): Problem[] {
    const found: Problem[] = [];
    const visit = (node: Nodes): void => {
      const line = first - 1 + (node.position?.start.line ?? 1);
      if (node.type === 'html') found.push(...htmlFaults(node.value, line));
      if (node.type === 'code') {
        const [, host] = /\bnode=([\w-]+)/.exec(node.meta ?? '') ?? [];
        if (host !== undefined && fit.hosts?.includes(host) === false) found.push(at(line, 'unknown-host', host));
      }
      if ('children' in node) for (const child of node.children) visit(child);
    };
    visit(markdownOf(markdown));
    return found;
  }

  function htmlFaults(value: string, line: number): Problem[] {
    if (/^<\/?kbd>$/.test(value)) return [];
    const [, slash, part] = /^<(\/?)([A-Z]\w*)/.exec(value) ?? [];
    if (part === undefined) return [at(line, 'raw-html', value.split('\n')[0] ?? '')];
    return slash === '/' ? [] : partFaults(part, {}, line);
  }
}

function headFaults({ head }: Mdx, { name, lab }: Fit): [ProseFault, string][] {
  if (head === undefined) return [['head-missing', '']];
  let fields: { title?: unknown; description?: unknown; lab?: { scenario?: unknown } } | null;
  try {
    fields = parse(head) as typeof fields;
  } catch (error) {
    return [['head-unreadable', error instanceof Error ? (error.message.split('\n')[0] ?? '') : '']];
  }
  const faults: [ProseFault, string][] = (['title', 'description'] as const)
    .filter((field) => typeof fields?.[field] !== 'string')
    .map((field) => ['head-field', field]);
  const own = fields?.lab?.scenario;
  if (own !== name && (own === undefined || own !== lab?.scenario)) faults.push(['head-lab', name]);
  return faults;
}
