/** Reads a lesson's prose: which commands it lets the learner run, where, and what it says that they print. */
import { parse } from 'yaml';
import { commandsOf } from '../../src/build/code-buttons.mjs';
import { filesUnder, textOf } from '../tidy/sources';

/** One block of commands, with the output that the prose prints right after it, if any. */
interface Block {
  readonly host: string;
  readonly lines: readonly string[];
  readonly printed: string | undefined;
  /** Line in the file, for messages. */
  readonly line: number;
}

export interface Lesson {
  readonly file: string;
  readonly scenario: string;
  readonly blocks: readonly Block[];
}

const FENCE = /^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm;

/** Every page of content/docs that has a lab and commands to run in it. */
export function lessons(): Lesson[] {
  return filesUnder('content/docs', ['.mdx'])
    .map((file) => readLesson(file, textOf(file)))
    .filter((lesson) => lesson.blocks.length > 0);
}

function readLesson(file: string, text: string): Lesson {
  const [, head = ''] = /^---\n([\s\S]*?)\n---\n/.exec(text) ?? [];
  const { lab } = parse(head) as { lab?: { scenario: string } };
  const fences = [...text.matchAll(FENCE)];
  const blocks = fences.flatMap((fence, index) => {
    const [whole, language = '', meta = '', code = ''] = fence;
    const [, host] = /\bnode=(\w+)/.exec(meta) ?? [];
    if (host === undefined) return [];
    const next = fences[index + 1];
    const between = next && text.slice(fence.index + whole.length, next.index);
    const printed = next?.[1] === 'text' && between?.trim() === '' ? next[3]!.trimEnd() : undefined;
    const line = text.slice(0, fence.index).split('\n').length;
    return [{ host, lines: commandsOf(code, language).split('\n'), printed, line }];
  });
  return { file, scenario: lab?.scenario ?? '', blocks };
}
