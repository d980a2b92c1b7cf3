/**
 * A lesson's prose as a preview: Markdown by the tree that mdast-util-from-markdown reads, node by node into the few elements
 * of tree.ts. Raw HTML is shown as the text that it is. Parts that need the site's build stand as cards.
 */
import type { Nodes, PhrasingContent, RootContent } from 'mdast';
import { COMMANDS, commandsOf } from '../../build/commands.mjs';
import { markdownOf } from './markdown.ts';
import { type Part, readMdx, readTag } from './mdx.ts';
import { table } from './table.ts';
import { element, safeAddress, type SafeNode } from './tree.ts';

/** What a preview says that is not in the prose. */
interface PreviewWords {
  readonly copy: string;
  readonly copyLabel: (command: string) => string;
  readonly copied: string;
  readonly notCopied: string;
  readonly run: string;
  readonly runLabel: (host: string, command: string) => string;
  readonly sent: string;
  /** What a part is called: `Task`, `Question`. */
  readonly part: (name: string) => string;
}

/** What a part says, by its name and id: a task's words, a question's. */
export type Says = (name: string, attributes: Readonly<Record<string, string>>) => readonly string[];

export interface Shown {
  readonly words: PreviewWords;
  readonly says: Says;
}

/** Deeper nesting is shown as text. */
const DEEPEST = 40;

/** The prose as a tree that can do no harm. */
export function renderProse(text: string, shown: Shown): SafeNode[] {
  return readMdx(text).blocks.flatMap((block) =>
    block.kind === 'part' ? [card(block, shown)] : renderMarkdown(block.text, shown),
  );
}

function renderMarkdown(text: string, shown: Shown): SafeNode[] {
  return new Renderer(text, shown).blocks(markdownOf(text).children, 0);
}

/** A part as a card: what it is, what it says, and what stands in it. */
function card({ name, attributes, inner }: Part, shown: Shown): SafeNode {
  const { words, says } = shown;
  const own = [attributes['question'], attributes['alt']].filter((one) => one !== undefined);
  const lines = [...own, ...says(name, attributes)].map((line) => element('p', {}, ...inlineCode(line)));
  const title = [words.part(name), attributes['id']].filter((one) => one !== undefined).join(' · ');
  const inside = inner.trim() === '' ? [] : renderMarkdown(inner, shown);
  return element('div', { class: 'part' }, element('p', { class: 'part-name' }, title), ...lines, ...inside);
}

/** The little markup of a lab's words: code between backquotes. */
function inlineCode(text: string): SafeNode[] {
  return text
    .split('`')
    .map((piece, index) => (index % 2 === 1 ? element('code', {}, piece) : piece))
    .filter((piece) => piece !== '');
}

class Renderer {
  readonly #text: string;
  readonly #shown: Shown;

  constructor(text: string, shown: Shown) {
    this.#text = text;
    this.#shown = shown;
  }

  blocks(nodes: readonly RootContent[], depth: number): SafeNode[] {
    return nodes.flatMap((node) => this.#block(node, depth + 1));
  }

  #block(node: RootContent, depth: number): SafeNode[] {
    if (depth > DEEPEST) return [this.#source(node)];
    switch (node.type) {
      case 'heading': {
        const tag = node.depth <= 2 ? 'h2' : node.depth === 3 ? 'h3' : 'h4';
        return [element(tag, {}, ...this.#inline(node.children))];
      }
      case 'paragraph':
        return [this.#table(node) ?? element('p', {}, ...this.#inline(node.children))];
      case 'blockquote':
        return [element('blockquote', {}, ...this.blocks(node.children, depth))];
      case 'list': {
        const items = node.children.map((item) =>
          element('li', {}, ...this.#item(item.children, node.spread === true || item.spread === true, depth)),
        );
        if (node.ordered !== true) return [element('ul', {}, ...items)];
        return [element('ol', node.start == null ? {} : { start: String(node.start) }, ...items)];
      }
      case 'code':
        return [this.#code(node.value, node.lang ?? '', node.meta ?? '')];
      case 'thematicBreak':
        return [element('hr', {})];
      case 'html':
        return [element('p', { class: 'raw' }, node.value)];
      case 'definition':
        return [];
      default:
        return [element('p', {}, ...this.#inline([node as PhrasingContent]))];
    }
  }

  /** An item of a list; in a tight one its paragraph is none. */
  #item(nodes: readonly RootContent[], spread: boolean, depth: number): SafeNode[] {
    return nodes.flatMap((node) =>
      node.type === 'paragraph' && !spread ? this.#inline(node.children) : this.#block(node, depth + 1),
    );
  }

  #table(node: Nodes): SafeNode | undefined {
    return table(this.#source(node), (cell) => {
      const [first] = markdownOf(cell).children;
      return first?.type === 'paragraph' ? new Renderer(cell, this.#shown).#inline(first.children) : [cell];
    });
  }

  /** A block of code; one of commands has a line above with the host and its buttons, as on the page. */
  #code(code: string, language: string, meta: string): SafeNode {
    const { words } = this.#shown;
    const pre = element('pre', {}, element('code', {}, code));
    if (!COMMANDS.has(language)) return pre;
    const [, host = ''] = /\bnode=([\w-]+)/.exec(meta) ?? [];
    const command = commandsOf(code, language);
    const [line = '', ...more] = command.split('\n');
    const short = more.length > 0 ? `${line} …` : line;
    const copy = { 'aria-label': words.copyLabel(short), 'data-done': words.copied, 'data-failed': words.notCopied };
    const run = { 'aria-label': words.runLabel(host, short), 'data-done': words.sent };
    const bar = [
      element('span', { class: 'code-host' }, host),
      ...(/\bno-copy\b/.test(meta)
        ? []
        : [element('button', { type: 'button', class: 'code-copy', ...copy }, words.copy)]),
      ...(host === '' || /\bno-run\b/.test(meta)
        ? []
        : [element('button', { type: 'button', class: 'code-run', ...run }, words.run)]),
    ];
    const data = { class: 'code-block', 'data-command': command, 'data-host': host };
    return element('figure', data, element('figcaption', { class: 'code-bar' }, ...bar), pre);
  }

  /** Words in a row. Tags of parts and of keys stand between them as nodes of their own. */
  #inline(nodes: readonly PhrasingContent[]): SafeNode[] {
    const done: SafeNode[] = [];
    const open: { readonly name: string; readonly from: number }[] = [];
    for (const node of nodes) {
      if (node.type !== 'html') {
        done.push(...this.#phrase(node));
        continue;
      }
      const [, slash, name = ''] = /^<(\/?)([A-Z]\w*|kbd)\b/.exec(node.value) ?? [];
      const opened = open.at(-1);
      if (slash === '/' && opened?.name === name) {
        const inside = done.splice(opened.from);
        done.push(name === 'kbd' ? element('kbd', {}, ...inside) : element('span', { class: 'term' }, ...inside));
        open.pop();
      } else if (slash === '' && (node.value === '<kbd>' || readTag(node.value, 0)?.closed === false))
        open.push({ name, from: done.length });
      else if (slash === '' && name !== 'kbd')
        done.push(element('span', { class: 'term' }, this.#shown.words.part(name)));
      else done.push(element('span', { class: 'raw' }, node.value));
    }
    return done;
  }

  #phrase(node: PhrasingContent): SafeNode[] {
    switch (node.type) {
      case 'text':
        return [node.value];
      case 'emphasis':
        return [element('em', {}, ...this.#inline(node.children))];
      case 'strong':
        return [element('strong', {}, ...this.#inline(node.children))];
      case 'delete':
        return [element('del', {}, ...this.#inline(node.children))];
      case 'inlineCode':
        return [element('code', {}, node.value)];
      case 'break':
        return [element('br', {})];
      case 'link': {
        const href = safeAddress(node.url);
        const inside = this.#inline(node.children);
        return href === undefined
          ? inside
          : [element('a', { href, target: '_blank', rel: 'noopener noreferrer' }, ...inside)];
      }
      case 'image':
      case 'imageReference':
        return [element('span', { class: 'raw' }, node.alt ?? '')];
      default:
        return [this.#source(node)];
    }
  }

  /** A node as it was written. */
  #source({ position }: Nodes): string {
    return this.#text.slice(position?.start.offset ?? 0, position?.end.offset ?? 0);
  }
}
