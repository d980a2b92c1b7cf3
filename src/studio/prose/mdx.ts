/**
 * Takes a lesson's MDX apart: the head, the imports, the parts (`<Predict …>`), and Markdown between them. MDX proper would
 * run code; this reads the subset that lessons use and runs nothing.
 */

/** A part of the page that a component draws. */
export interface Part {
  readonly kind: 'part';
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Markdown between the tags; empty when there is nothing. */
  readonly inner: string;
  /** From 1. */
  readonly line: number;
  /** Where the inside begins. */
  readonly innerLine: number;
}

interface Markdown {
  readonly kind: 'markdown';
  readonly text: string;
  readonly line: number;
}

export interface Mdx {
  /** YAML between the lines of dashes; undefined when there is none. */
  readonly head: string | undefined;
  /** Names of the parts that are imported. */
  readonly imports: readonly string[];
  readonly blocks: readonly (Part | Markdown)[];
}

const HEAD = /^---\n([\s\S]*?)\n---(?:\n|$)/;
const IMPORT = /^import (\w+) from '[^']*';?\s*$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const OPENING = /^ {0,3}<([A-Z]\w*)(?=[\s/>])/;
const COMMENT = /^\s*\{\/\*[\s\S]*?\*\/\}/;

export function readMdx(text: string): Mdx {
  const [whole = '', head] = HEAD.exec(text) ?? [];
  const imports: string[] = [];
  const blocks: (Part | Markdown)[] = [];
  let begin = whole.length; // of the Markdown that is being gathered
  let at = begin;
  let fence: string | undefined;
  const flush = (): void => {
    const markdown = text.slice(begin, at);
    if (markdown.trim() !== '') blocks.push({ kind: 'markdown', text: markdown, line: lineAt(text, begin) });
  };
  while (at < text.length) {
    const end = endOfLine(text, at);
    const line = text.slice(at, end);
    const [, marks] = FENCE.exec(line) ?? [];
    const other = fence === undefined && marks === undefined ? notMarkdown(text, at, end) : undefined;
    if (other !== undefined) {
      flush();
      if (other.part !== undefined) blocks.push(other.part);
      if (other.imported !== undefined) imports.push(other.imported);
      at = begin = other.end;
      continue;
    }
    if (fence === undefined) fence = marks;
    else if (marks?.startsWith(fence) === true && line.trim() === marks) fence = undefined;
    at = end;
  }
  flush();
  return { head, imports, blocks };
}

interface NotMarkdown {
  readonly end: number;
  readonly imported?: string;
  readonly part?: Part;
}

/** What begins in the line from `at` to `end` and is no Markdown: an import, a comment, a part. */
function notMarkdown(text: string, at: number, end: number): NotMarkdown | undefined {
  const line = text.slice(at, end);
  const [, imported] = IMPORT.exec(line) ?? [];
  if (imported !== undefined) return { end, imported };
  const comment = line.includes('{/*') ? COMMENT.exec(text.slice(at)) : null;
  if (comment !== null) return { end: at + comment[0].length };
  return OPENING.test(line) ? partAt(text, at) : undefined;
}

/** The part that begins in the line at `at`; undefined when its tags do not end. */
function partAt(text: string, at: number): NotMarkdown | undefined {
  const start = text.indexOf('<', at);
  const tag = readTag(text, start);
  if (tag === undefined) return undefined;
  const { name, attributes, end, closed } = tag;
  const head = { kind: 'part', name, attributes, line: lineAt(text, start), innerLine: lineAt(text, end) } as const;
  if (closed) return { part: { ...head, inner: '' }, end };
  const close = text.indexOf(`</${name}>`, end);
  if (close < 0) return undefined;
  return { part: { ...head, inner: dedented(text.slice(end, close)) }, end: close + name.length + 3 };
}

interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly end: number;
  readonly closed: boolean;
}

const ATTRIBUTE = /\s+([\w-]+)(?:=(?:"([^"]*)"|'([^']*)'|\{([^{}]*)\}))?/y;

/** Reads an opening tag; undefined when it has no end. */
export function readTag(text: string, start: number): Tag | undefined {
  const [whole, name = ''] = /^<([A-Z]\w*)/.exec(text.slice(start, start + 80)) ?? [];
  if (whole === undefined) return undefined;
  const attributes: Record<string, string> = {};
  let at = start + whole.length;
  for (;;) {
    ATTRIBUTE.lastIndex = at;
    const found = ATTRIBUTE.exec(text);
    if (found === null) break;
    const [all, key = '', double, single, braced] = found;
    attributes[key] = double ?? single ?? braced ?? '';
    at += all.length;
  }
  const [end, slash] = /^\s*(\/?)>/.exec(text.slice(at, at + 200)) ?? [];
  return end === undefined ? undefined : { name, attributes, end: at + end.length, closed: slash === '/' };
}

function dedented(text: string): string {
  const depths = text
    .split('\n')
    .flatMap((line) => (line.trim() === '' ? [] : [line.length - line.trimStart().length]));
  const depth = Math.min(...depths);
  return text
    .split('\n')
    .map((line) => (line.trim() === '' ? '' : line.slice(Math.min(depth, line.length - line.trimStart().length))))
    .join('\n');
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
