// The line editor on a real terminal emulator: keys in, and what stands on the screen.
import xterm from '@xterm/headless';
import { describe, expect, test } from 'vitest';
import { LineEditor, type Completion, type EditorEvent } from '../../simulator/shell/lineedit.ts';

const NONE: Completion = { start: 0, candidates: [] };

class Screen {
  readonly terminal: xterm.Terminal;
  readonly editor: LineEditor;
  event: EditorEvent | undefined;
  private output = '';

  constructor(
    options: { columns?: number; history?: string[]; complete?: (before: string) => Completion; prompt?: string } = {},
  ) {
    const { columns = 40, history = [], complete = () => NONE, prompt = '$ ' } = options;
    this.terminal = new xterm.Terminal({ cols: columns, rows: 10, allowProposedApi: true });
    this.editor = new LineEditor({ history, complete });
    this.output = this.editor.start(prompt, columns);
  }

  async type(keys: string): Promise<this> {
    const { output, event } = this.editor.feed(keys);
    this.event = event ?? this.event;
    this.output += output;
    await new Promise<void>((resolve) => this.terminal.write(this.output, resolve));
    this.output = '';
    return this;
  }

  get lines(): string[] {
    const buffer = this.terminal.buffer.active;
    const lines = Array.from({ length: 10 }, (_, i) => buffer.getLine(i)?.translateToString(true) ?? '');
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** Column and row. */
  get cursor(): [number, number] {
    return [this.terminal.buffer.active.cursorX, this.terminal.buffer.active.cursorY];
  }
}

describe('keys', () => {
  test.each<[name: string, keys: string, text: string]>([
    ['plain text', 'echo hi', 'echo hi'],
    ['Ctrl-A', 'world\x01hello ', 'hello world'],
    ['Ctrl-E', 'a\x01b\x05c', 'bac'],
    ['Ctrl-B and Ctrl-F', 'ac\x02b\x06d', 'abcd'],
    ['arrows', 'ac\x1b[Db\x1b[Cd', 'abcd'],
    ['Home and End', 'b\x1b[Ha\x1b[Fc', 'abc'],
    ['backspace', 'abx\x7fc', 'abc'],
    ['backspace within', 'axbc\x1b[D\x1b[D\x7f', 'abc'],
    ['Delete', 'axb\x1b[D\x1b[D\x1b[3~', 'ab'],
    ['Ctrl-D within', 'axb\x1b[D\x1b[D\x04', 'ab'],
    ['Ctrl-U', 'abc def\x15x', 'x'],
    ['Ctrl-K', 'abc def\x01\x1b[C\x0b', 'a'],
    ['Ctrl-W and Ctrl-Y', 'one two\x17\x19\x19', 'one twotwo'],
    ['Ctrl-T', 'ab\x14', 'ba'],
    ['Alt-B', 'one two\x1bbX', 'one Xtwo'],
    ['Alt-F', 'one two\x01\x1bfX', 'oneX two'],
    ['Alt-D', 'one two\x01\x1bd', ' two'],
    ['Ctrl-arrows', 'one two\x1b[1;5DX', 'one Xtwo'],
    ['Ctrl-_', 'abc\x17\x1f', 'abc'],
    ['bracketed paste', '\x1b[200~a\nb\x1b[201~c', 'a\nbc'],
    ['an unknown sequence', 'a\x1b[99~b', 'ab'],
  ])('%s', async (_, keys, text) => {
    const screen = await new Screen().type(`${keys}`);
    expect(screen.editor.text).toBe(text);
    expect(screen.lines.join('\n').slice(2)).toBe(text.trimEnd());
  });

  test('Enter, Ctrl-C and Ctrl-D end the line', async () => {
    expect((await new Screen().type('ls\r')).event).toEqual({ kind: 'line', text: 'ls' });
    expect((await new Screen().type('ls\x03')).event).toEqual({ kind: 'interrupt' });
    expect((await new Screen().type('\x04')).event).toEqual({ kind: 'end' });
  });

  test('Ctrl-L clears the screen and keeps the line', async () => {
    const screen = await new Screen({ prompt: 'old\r\n$ ' }).type('ab\x0c');
    expect(screen.lines).toEqual(['$ ab']);
  });
});

describe('history', () => {
  const history = ['echo one', 'ls /etc', 'echo two'];

  test('up, down and back to the draft', async () => {
    const screen = new Screen({ history });
    await screen.type('draft\x1b[A');
    expect(screen.editor.text).toBe('echo two');
    await screen.type('\x1b[A\x1b[A');
    expect(screen.editor.text).toBe('echo one');
    await screen.type('\x1b[B\x1b[B\x1b[B');
    expect(screen.editor.text).toBe('draft');
  });

  test('Ctrl-R finds, again, and accepts', async () => {
    const screen = await new Screen({ history }).type('\x12echo');
    expect(screen.lines).toEqual(["(reverse-i-search)`echo': echo two"]);
    await screen.type('\x12');
    expect(screen.lines).toEqual(["(reverse-i-search)`echo': echo one"]);
    await screen.type('\r');
    expect(screen.event).toEqual({ kind: 'line', text: 'echo one' });
  });

  test('Ctrl-G leaves the search', async () => {
    const screen = await new Screen({ history }).type('mine\x12echo\x07');
    expect(screen.editor.text).toBe('mine');
  });

  test('Alt-. brings the last argument, and the one before', async () => {
    const screen = await new Screen({ history }).type('cat \x1b.');
    expect(screen.editor.text).toBe('cat two');
    await screen.type('\x1b.');
    expect(screen.editor.text).toBe('cat /etc');
  });
});

describe('completion', () => {
  const complete = (before: string): Completion => {
    const start = before.lastIndexOf(' ') + 1;
    const names = ['docker', 'docker-proxy', 'dig'];
    return { start, candidates: names.filter((name) => name.startsWith(before.slice(start))) };
  };

  test('a single candidate is put in with a space', async () => {
    expect((await new Screen({ complete }).type('di\t')).editor.text).toBe('dig ');
  });

  test('several: first what they share, then a list', async () => {
    const screen = await new Screen({ complete }).type('do\t');
    expect(screen.editor.text).toBe('docker');
    await screen.type('\t\t');
    expect(screen.lines).toEqual(['$ docker', 'docker        docker-proxy', '$ docker']);
    expect(screen.cursor).toEqual([8, 2]);
  });

  test('none rings the bell', () => {
    const editor = new LineEditor({ history: [], complete });
    editor.start('$ ', 80);
    expect(editor.feed('x\t').output).toBe('x\x07');
  });
});

describe('drawing', () => {
  test('a key at the end of a line costs one character', () => {
    const editor = new LineEditor({ history: [], complete: () => NONE });
    editor.start('$ ', 80);
    expect(editor.feed('a').output).toBe('a');
    expect(editor.feed('\x7f').output).toBe('\b\x1b[K');
  });

  test('long lines wrap, and are edited across the wrap', async () => {
    const screen = await new Screen({ columns: 10 }).type('abcdefghijklmno');
    expect(screen.lines).toEqual(['$ abcdefgh', 'ijklmno']);
    await screen.type('\x01X');
    expect(screen.lines).toEqual(['$ Xabcdefg', 'hijklmno']);
    expect(screen.cursor).toEqual([3, 0]);
    await screen.type('\x05\x7f');
    expect(screen.lines).toEqual(['$ Xabcdefg', 'hijklmn']);
  });

  test('a row that is just full', async () => {
    const screen = await new Screen({ columns: 10 }).type('abcdefgh');
    expect(screen.cursor).toEqual([0, 1]);
    await screen.type('i\x7f\x7f');
    expect(screen.lines).toEqual(['$ abcdefg']);
    expect(screen.cursor).toEqual([9, 0]);
  });

  test('wide characters take two columns', async () => {
    const screen = await new Screen({ columns: 10 }).type('数据包x\x1b[D\x1b[D');
    expect(screen.lines).toEqual(['$ 数据包x']);
    expect(screen.cursor).toEqual([6, 0]);
    await screen.type('\x7f');
    expect(screen.editor.text).toBe('数包x');
  });
});
