/**
 * The line editor: what readline's emacs mode does, as a pure machine. Keys in, text for the terminal out; it reads and
 * writes nothing itself. Deviations: one kill buffer, no undo beyond Ctrl-_, no numeric arguments, no vi mode.
 */
import { KeyDecoder, type Key } from './keys.ts';
import { commonPrefix, spaceLeft, wordLeft, wordRight } from './motion.ts';
import { textWidth, widthOf } from './width.ts';

/** What Tab found for the word before the cursor. */
export interface Completion {
  /** Where the word begins, in characters from the start of the line. */
  readonly start: number;
  /** Whole words, quoted as they must be typed. */
  readonly candidates: readonly string[];
  /** What to show of each in a list, when that is less than the word. */
  readonly shown?: readonly string[];
}

export interface EditorOptions {
  readonly history: readonly string[];
  complete(before: string): Completion;
}

/** Why the editor stops reading keys. */
export type EditorEvent =
  { readonly kind: 'line'; readonly text: string } | { readonly kind: 'interrupt' } | { readonly kind: 'end' };

export interface EditorStep {
  readonly output: string;
  readonly event?: EditorEvent;
}

const BELL = '\x07';
/** Candidates shown without asking; more are cut off with a count. */
const MOST_CANDIDATES = 200;

export class LineEditor {
  private readonly options: EditorOptions;
  private readonly decoder = new KeyDecoder();
  private prompt = '';
  private columns = 80;
  private buffer: string[] = [];
  private cursor = 0;
  /** Row of the cursor below the prompt's first row, as last drawn. */
  private row = 0;
  private killed = '';
  private undo: { buffer: string[]; cursor: number }[] = [];
  private historyAt = 0;
  private draft = '';
  private search: { query: string; at: number; found: string } | undefined;
  private lastKey = '';
  /** The last Tab changed nothing: the next one shows the list. */
  private stuck = false;
  private lastArgumentAt = 0;
  private output = '';

  constructor(options: EditorOptions) {
    this.options = options;
  }

  /** Begins a line; answers the prompt's text. */
  start(prompt: string, columns: number): string {
    const newline = prompt.lastIndexOf('\n');
    this.prompt = prompt.slice(newline + 1);
    this.columns = Math.max(2, columns);
    this.buffer = [];
    this.cursor = 0;
    this.row = 0;
    this.undo = [];
    this.historyAt = this.options.history.length;
    this.draft = '';
    this.search = undefined;
    this.lastKey = '';
    return prompt;
  }

  resize(columns: number): string {
    this.columns = Math.max(2, columns);
    this.output = '';
    this.redraw();
    return this.output;
  }

  get text(): string {
    return this.buffer.join('');
  }

  /** Takes keys until one ends the line. */
  feed(data: string): EditorStep {
    this.output = '';
    for (const key of this.decoder.decode(data)) {
      const event = this.take(key);
      if (event !== undefined) return { output: this.output, event };
    }
    return { output: this.output };
  }

  private take(key: Key): EditorEvent | undefined {
    if (this.search !== undefined) {
      const consumed = this.searchKey(key);
      if (consumed) return undefined;
    }
    if (key.kind === 'text') {
      this.insert(key.text);
      this.lastKey = 'text';
      return undefined;
    }
    if (key.kind === 'paste') {
      this.insert(key.text.replace(/\r\n?/g, '\n').replace(/\n+$/, ''));
      this.lastKey = 'paste';
      return undefined;
    }
    const event = this.command(key.name);
    this.lastKey = key.name;
    return event;
  }

  private command(name: string): EditorEvent | undefined {
    switch (name) {
      case 'enter':
        this.moveTo(this.buffer.length);
        this.output += '\r\n';
        return { kind: 'line', text: this.text };
      case 'ctrl-c':
        this.moveTo(this.buffer.length);
        this.output += '^C\r\n';
        return { kind: 'interrupt' };
      case 'ctrl-d':
        if (this.buffer.length === 0) return { kind: 'end' };
        this.remove(this.cursor, this.cursor + 1);
        return undefined;
      case 'tab':
        this.completeWord();
        return undefined;
      case 'ctrl-r':
        this.search = { query: '', at: this.options.history.length, found: this.text };
        this.drawSearch();
        return undefined;
      default:
        this.edit(name);
        return undefined;
    }
  }

  private edit(name: string): void {
    const { buffer, cursor } = this;
    switch (name) {
      case 'ctrl-a':
      case 'home':
        return this.moveTo(0);
      case 'ctrl-e':
      case 'end':
        return this.moveTo(buffer.length);
      case 'ctrl-b':
      case 'left':
        return this.moveTo(cursor - 1);
      case 'ctrl-f':
      case 'right':
        return this.moveTo(cursor + 1);
      case 'alt-b':
      case 'word-left':
        return this.moveTo(wordLeft(this.buffer, this.cursor));
      case 'alt-f':
      case 'word-right':
        return this.moveTo(wordRight(this.buffer, this.cursor));
      case 'backspace':
        return this.remove(cursor - 1, cursor);
      case 'delete':
        return this.remove(cursor, cursor + 1);
      case 'ctrl-k':
        return this.kill(cursor, buffer.length);
      case 'ctrl-u':
        return this.kill(0, cursor);
      case 'ctrl-w':
        return this.kill(spaceLeft(this.buffer, this.cursor), cursor);
      case 'alt-backspace':
        return this.kill(wordLeft(this.buffer, this.cursor), cursor);
      case 'alt-d':
        return this.kill(cursor, wordRight(this.buffer, this.cursor));
      case 'ctrl-y':
        return this.insert(this.killed);
      case 'ctrl-t':
        return this.transpose();
      case 'ctrl-l':
        this.output += '\x1b[H\x1b[2J';
        this.row = 0;
        return this.redraw(false);
      case 'ctrl-p':
      case 'up':
        return this.recall(this.historyAt - 1);
      case 'ctrl-n':
      case 'down':
        return this.recall(this.historyAt + 1);
      case 'alt-.':
      case 'alt-_':
        return this.lastArgument();
      case 'alt-<':
        return this.recall(0);
      case 'alt->':
        return this.recall(this.options.history.length);
      case 'ctrl-_':
        return this.takeBack();
      default:
        return undefined;
    }
  }

  // ---- text

  private remember(): void {
    this.undo.push({ buffer: [...this.buffer], cursor: this.cursor });
    if (this.undo.length > 200) this.undo.shift();
  }

  private insert(text: string): void {
    if (text === '') return;
    const characters = [...text];
    if (this.lastKey !== 'text' || characters.length > 1) this.remember();
    const atEnd = this.cursor === this.buffer.length;
    this.buffer.splice(this.cursor, 0, ...characters);
    this.cursor += characters.length;
    // The usual case, one narrow character at the end of a row with room: the terminal needs the character only.
    if (
      atEnd &&
      characters.length === 1 &&
      text >= ' ' &&
      this.position(this.cursor).column > 0 &&
      !this.text.includes('\n')
    )
      this.output += text;
    else this.redraw();
  }

  private remove(from: number, to: number): void {
    if (from < 0 || to > this.buffer.length) {
      this.output += BELL;
      return;
    }
    this.remember();
    const atEnd = to === this.buffer.length && to - from === 1;
    const column = this.position(this.cursor).column;
    const [gone = ''] = this.buffer.splice(from, to - from);
    this.cursor = from;
    // The usual case again: a narrow character at the end, not the first of a row.
    if (atEnd && gone >= ' ' && gone < '\u0300' && column > 0) this.output += '\b\x1b[K';
    else this.redraw();
  }

  private kill(from: number, to: number): void {
    if (from >= to) return;
    this.remember();
    this.killed = this.buffer.slice(from, to).join('');
    this.buffer.splice(from, to - from);
    this.cursor = from;
    this.redraw();
  }

  private transpose(): void {
    const { buffer } = this;
    if (buffer.length < 2 || this.cursor === 0) return;
    this.remember();
    const at = Math.min(this.cursor, buffer.length - 1);
    const [a, b] = [buffer[at - 1] as string, buffer[at] as string];
    buffer[at - 1] = b;
    buffer[at] = a;
    this.cursor = at + 1;
    this.redraw();
  }

  private takeBack(): void {
    const before = this.undo.pop();
    if (before === undefined) return;
    this.buffer = before.buffer;
    this.cursor = before.cursor;
    this.redraw();
  }

  private replaceAll(text: string): void {
    this.buffer = [...text];
    this.cursor = this.buffer.length;
    this.redraw();
  }

  // ---- history

  private recall(at: number): void {
    const { history } = this.options;
    if (at < 0 || at > history.length) {
      this.output += BELL;
      return;
    }
    if (this.historyAt === history.length) this.draft = this.text;
    this.historyAt = at;
    this.replaceAll(at === history.length ? this.draft : (history[at] ?? ''));
  }

  private lastArgument(): void {
    const { history } = this.options;
    const again = this.lastKey === 'alt-.' || this.lastKey === 'alt-_';
    const at = again ? this.lastArgumentAt - 1 : history.length - 1;
    const before = again ? (history[this.lastArgumentAt]?.trim().split(/\s+/).at(-1) ?? '') : '';
    const word = history[at]?.trim().split(/\s+/).at(-1);
    if (word === undefined) return;
    if (again) {
      this.buffer.splice(this.cursor - [...before].length, [...before].length);
      this.cursor -= [...before].length;
    }
    this.lastArgumentAt = at;
    this.insert(word);
    this.redraw();
  }

  /** True when the key belonged to the search; otherwise the found line stands and the key does its own work. */
  private searchKey(key: Key): boolean {
    const search = this.search;
    if (search === undefined) return false;
    if (key.kind === 'text') {
      search.query += key.text;
      this.find(search.at === this.options.history.length ? search.at - 1 : search.at);
      return true;
    }
    if (key.kind === 'key' && key.name === 'ctrl-r') {
      this.find(search.at - 1);
      return true;
    }
    if (key.kind === 'key' && key.name === 'backspace') {
      search.query = [...search.query].slice(0, -1).join('');
      search.at = this.options.history.length;
      this.find(search.at - 1);
      return true;
    }
    const abandoned = key.kind === 'key' && (key.name === 'ctrl-g' || key.name === 'ctrl-c');
    this.search = undefined;
    if (!abandoned) this.buffer = [...search.found];
    this.cursor = this.buffer.length;
    if (!abandoned) this.historyAt = search.at;
    this.redraw();
    return key.kind === 'key' && key.name === 'ctrl-g';
  }

  private find(from: number): void {
    const { search } = this;
    if (search === undefined) return;
    for (let at = Math.min(from, this.options.history.length - 1); at >= 0; at--) {
      const line = this.options.history[at] ?? '';
      if (!line.includes(search.query)) continue;
      search.at = at;
      search.found = line;
      this.drawSearch();
      return;
    }
    this.drawSearch(true);
  }

  private drawSearch(failed = false): void {
    const { search } = this;
    if (search === undefined) return;
    this.home();
    const text = `(${failed ? 'failed ' : ''}reverse-i-search)\`${search.query}': ${search.found}`;
    this.output += `\x1b[J${text}`;
    this.row = Math.floor(Math.max(0, textWidth(text) - 1) / this.columns);
  }

  // ---- completion

  private completeWord(): void {
    const before = this.buffer.slice(0, this.cursor).join('');
    const { start, candidates, shown } = this.options.complete(before);
    const typed = [...before].slice(start).join('');
    if (candidates.length === 0) {
      this.output += BELL;
      return;
    }
    const common = commonPrefix(candidates);
    const again = this.lastKey === 'tab' && this.stuck;
    this.stuck = false;
    if (common.length > typed.length) {
      this.buffer.splice(start, this.cursor - start, ...common);
      this.cursor = start + [...common].length;
      if (candidates.length === 1 && !/[/=]$/.test(common)) this.buffer.splice(this.cursor++, 0, ' ');
      this.redraw();
    } else if (candidates.length === 1) this.insert(/[/=]$/.test(common) ? '' : ' ');
    else if (again) this.list(shown ?? candidates);
    else {
      this.stuck = true;
      this.output += BELL;
    }
  }

  private list(candidates: readonly string[]): void {
    const names = candidates.slice(0, MOST_CANDIDATES);
    const width = Math.max(...names.map(textWidth)) + 2;
    const across = Math.max(1, Math.floor(this.columns / width));
    const rows = Math.ceil(names.length / across);
    const at = this.cursor;
    this.moveTo(this.buffer.length);
    this.output += '\r\n';
    for (let row = 0; row < rows; row++) {
      let line = '';
      for (let i = row; i < names.length; i += rows)
        line += (names[i] as string) + ' '.repeat(width - textWidth(names[i] as string));
      this.output += `${line.trimEnd()}\r\n`;
    }
    if (names.length < candidates.length) this.output += `… ${candidates.length - names.length} more\r\n`;
    this.cursor = at;
    this.row = 0;
    this.redraw(false);
  }

  // ---- drawing

  /** Row and column of the character at `index`, counted from the start of the prompt's last line. */
  private position(index: number): { row: number; column: number } {
    const width = textWidth(this.prompt);
    let row = Math.floor(width / this.columns);
    let column = width % this.columns;
    for (let i = 0; i < index; i++) {
      const character = this.buffer[i] as string;
      if (character === '\n') {
        row++;
        column = 0;
        continue;
      }
      const wide = widthOf(character);
      if (column + wide > this.columns) {
        row++;
        column = 0;
      }
      column += wide;
      if (column === this.columns) {
        row++;
        column = 0;
      }
    }
    return { row, column };
  }

  private home(): void {
    this.output += this.row > 0 ? `\x1b[${this.row}A\r` : '\r';
  }

  /** Draws prompt and line again from the prompt's first row. */
  private redraw(fromCursor = true): void {
    if (fromCursor) this.home();
    this.output += `\x1b[J${this.prompt}${this.text.replaceAll('\n', '\r\n')}`;
    const end = this.position(this.buffer.length);
    // A full row leaves the terminal's cursor on its last column: a line feed brings it where we count it.
    if (end.column === 0 && end.row > 0 && this.buffer.at(-1) !== '\n') this.output += '\r\n';
    this.row = end.row;
    this.place(end);
  }

  /** Moves the terminal's cursor from `from` to the cursor's place. */
  private place(from: { row: number; column: number }): void {
    const to = this.position(this.cursor);
    if (to.row < from.row) this.output += `\x1b[${from.row - to.row}A`;
    if (to.row > from.row) this.output += `\x1b[${to.row - from.row}B`;
    if (to.column !== from.column) this.output += to.column === 0 ? '\r' : `\r\x1b[${to.column}C`;
    this.row = to.row;
  }

  private moveTo(index: number): void {
    if (index < 0 || index > this.buffer.length) {
      this.output += BELL;
      return;
    }
    const from = this.position(this.cursor);
    this.cursor = index;
    this.place(from);
  }
}
