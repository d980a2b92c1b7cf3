/** Splits what a terminal sends into keys: control characters, escape sequences (xterm's), text, bracketed paste. */

export type Key =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'paste'; readonly text: string };

const CONTROL: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\x7f': 'backspace',
  '\b': 'backspace',
};

const SEQUENCES: Readonly<Record<string, string>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  '[H': 'home',
  '[F': 'end',
  '[1~': 'home',
  '[4~': 'end',
  '[7~': 'home',
  '[8~': 'end',
  '[3~': 'delete',
  '[5~': 'page-up',
  '[6~': 'page-down',
  '[Z': 'shift-tab',
  '[1;5C': 'word-right',
  '[1;5D': 'word-left',
  '[1;3C': 'word-right',
  '[1;3D': 'word-left',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  OH: 'home',
  OF: 'end',
};

const PASTE_END = '\x1b[201~';

export class KeyDecoder {
  private pending = '';

  /** The keys in `data`; an unfinished escape sequence waits for the next call. */
  decode(data: string): Key[] {
    const input = this.pending + data;
    this.pending = '';
    const keys: Key[] = [];
    let i = 0;
    while (i < input.length) {
      const c = input[i] as string;
      if (c === '\x1b') {
        const used = this.escape(input, i, keys);
        if (used === 0) {
          this.pending = input.slice(i);
          break;
        }
        i += used;
      } else if (c < ' ' || c === '\x7f') {
        keys.push({
          kind: 'key',
          name: CONTROL[c] ?? `ctrl-${String.fromCharCode(c.charCodeAt(0) + 64).toLowerCase()}`,
        });
        i++;
      } else {
        const text = String.fromCodePoint(input.codePointAt(i) as number);
        keys.push({ kind: 'text', text });
        i += text.length;
      }
    }
    return keys;
  }

  /** Takes one escape sequence; answers its length, 0 when it is not complete yet. */
  private escape(input: string, from: number, keys: Key[]): number {
    const rest = input.slice(from + 1);
    if (rest === '') return 0;
    if (rest.startsWith('[200~')) {
      const end = rest.indexOf(PASTE_END);
      if (end < 0) return 0;
      keys.push({ kind: 'paste', text: rest.slice(5, end) });
      return 1 + end + PASTE_END.length;
    }
    if (rest[0] === '[' || rest[0] === 'O') {
      const match = /^(\[[0-9;?]*[A-Za-z~]|O[A-Z])/.exec(rest);
      if (match === null) return /^(\[[0-9;?]*|O)$/.test(rest) ? 0 : 2;
      const name = SEQUENCES[match[0]];
      if (name !== undefined) keys.push({ kind: 'key', name });
      return 1 + match[0].length;
    }
    const character = rest[0] as string;
    keys.push({
      kind: 'key',
      name: character === '\x7f' || character === '\b' ? 'alt-backspace' : `alt-${character.toLowerCase()}`,
    });
    return 2;
  }
}
