/** Proves the prose of a lesson: every Run block runs, and every printed output is what the machines print. */
import { parse } from 'yaml';
import { createWorld, type Scenario } from '../../simulator/index.ts';
import { type Lab } from '../../simulator/lesson/index.ts';
import { commandsOf } from '../build/commands.mjs';
import { externals } from '../lab/externals.ts';
import { type Fact, NOT_RUN } from './prove.ts';
import { NoPrompt, Typist } from './typist.ts';

/** One block of commands, with the output that the prose prints right after it, if any. */
interface Block {
  readonly host: string;
  readonly lines: readonly string[];
  readonly printed: string | undefined;
  /** Where that output stands in the text: from, to. */
  readonly printedAt: readonly [number, number];
  /** Line in the file, for messages. */
  readonly line: number;
}

export interface Prose {
  /** What the head says of the lab. */
  readonly lab: { readonly scenario?: string; readonly terminals?: readonly string[] } | undefined;
  readonly blocks: readonly Block[];
}

const FENCE = /^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm;

/** The head and the blocks of a lesson's MDX. */
export function readProse(text: string): Prose {
  const [, head = ''] = /^---\n([\s\S]*?)\n---\n/.exec(text) ?? [];
  const { lab } = (parse(head) ?? {}) as { lab?: Prose['lab'] };
  const fences = [...text.matchAll(FENCE)];
  const blocks = fences.flatMap((fence, index): Block[] => {
    const [whole, language = '', meta = '', code = ''] = fence;
    const [, host] = /\bnode=([\w-]+)/.exec(meta) ?? [];
    if (host === undefined || /\bno-run\b/.test(meta)) return [];
    const next = fences[index + 1];
    const between = next && text.slice(fence.index + whole.length, next.index);
    const printed =
      /^(text|output)$/.test(next?.[1] ?? '') && between?.trim() === '' ? next?.[3]?.trimEnd() : undefined;
    const line = text.slice(0, fence.index).split('\n').length;
    const from = (next?.index ?? 0) + (next?.[0].indexOf('\n') ?? 0) + 1;
    const printedAt = [from, from + (next?.[3]?.length ?? 0)] as const;
    return [{ host, lines: commandsOf(code, language).split('\n'), printed, printedAt, line }];
  });
  return { lab, blocks };
}

/** Types every block of a lesson in order, in a fresh world. */
export async function proveProse(
  file: string,
  text: string,
  name: string,
  lab: Pick<Lab, 'terminals' | 'scenario'>,
  scenario: Scenario,
): Promise<Fact[]> {
  const { lab: head, blocks } = readProse(text);
  const facts: Fact[] = [];
  const own = typeof lab.scenario === 'string' && head?.scenario === lab.scenario && scenario.setup.length === 0;
  const sameLab = head?.scenario === name || own;
  const sameTerminals = (head?.terminals ?? lab.terminals).join(' ') === lab.terminals.join(' ');
  const headMessage = `its head must say lab: { scenario: ${name}, terminals: [${lab.terminals.join(', ')}] }, as the lab does`;
  facts.push({
    what: 'prose',
    name: file,
    ok: sameLab && sameTerminals,
    message: sameLab && sameTerminals ? '' : headMessage,
  });
  const typist = new Typist(createWorld(scenario, { externals, trace: false }));
  for (const block of blocks) {
    const place = `${file}:${block.line}`;
    const message = await proveBlock(typist, block);
    facts.push({ what: 'prose', name: place, ok: message === '', message });
  }
  return facts;
}

/** The text of a lesson with every printed output as the machines print it now. */
export async function withOutputs(text: string, scenario: Scenario): Promise<string> {
  const { blocks } = readProse(text);
  const typist = new Typist(createWorld(scenario, { externals, trace: false }));
  let result = '';
  let done = 0;
  for (const block of blocks) {
    const output = await outputOf(typist, block);
    if (block.printed === undefined) continue;
    const [from, to] = block.printedAt;
    result += `${text.slice(done, from)}${spaced(output)}\n`;
    done = to;
  }
  return result + text.slice(done);
}

async function outputOf(typist: Typist, { host, lines }: Block): Promise<string> {
  const outputs: string[] = [];
  for (const line of lines) outputs.push(await typist.type(host, line));
  return outputs.filter((one) => one !== '').join('\n');
}

/** What is wrong with a block; empty when nothing is. */
async function proveBlock(typist: Typist, block: Block): Promise<string> {
  const { printed } = block;
  let output: string;
  try {
    output = await outputOf(typist, block);
  } catch (error) {
    if (error instanceof NoPrompt || error instanceof RangeError) return error.message;
    throw error;
  }
  const refused = output.split('\n').find((line) => NOT_RUN.test(line));
  if (refused !== undefined) return `does not run: ${refused}`;
  if (printed !== undefined && spaced(output) !== spaced(printed)) return `prints something else:\n${output}`;
  return '';
}

/** Without spaces at the ends of lines, which an editor may take away. */
function spaced(text: string): string {
  return text.trimEnd().replace(/[ \t]+$/gm, '');
}
