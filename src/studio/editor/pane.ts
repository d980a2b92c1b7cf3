/** The editor's place: a text field at once, and Monaco in its stead when it has been fetched and there is room for it. */
import type { FileName } from '../source.ts';
import type { StudioWords } from '../words.ts';
import type { EditorEvents, EditorWords, Mark, StudioEditor } from './editor.ts';
import { PlainEditor } from './plain.ts';

/** A screen on which Monaco is no help: narrow, or for fingers alone. */
const PLAIN = '(max-width: 47.99rem), (hover: none) and (pointer: coarse)';

type Marked = `${FileName} ${'problems' | 'results'}`;

export class EditorPane {
  readonly #parent: HTMLElement;
  readonly #words: EditorWords;
  readonly #events: EditorEvents;
  readonly #marks = new Map<Marked, readonly Mark[]>();
  #editor: StudioEditor;
  #name = '';
  #texts: Readonly<Record<FileName, string>> = { lab: '', en: '', 'zh-cn': '' };
  #file: FileName = 'lab';

  constructor(parent: HTMLElement, words: StudioWords, events: EditorEvents) {
    this.#parent = parent;
    this.#words = words;
    this.#events = {
      changed: (file, text) => {
        this.#texts = { ...this.#texts, [file]: text };
        events.changed(file, text);
      },
    };
    this.#editor = new PlainEditor(parent, this.#words, this.#events);
    parent.dataset.kind = 'plain';
  }

  /** Puts Monaco in the text field's place, where there is room. Answers whether that was possible. */
  async improve(): Promise<boolean> {
    if (matchMedia(PLAIN).matches) return true;
    try {
      const { MonacoEditor } = await import('./monaco.ts');
      const focused = this.#parent.contains(document.activeElement);
      const holder = document.createElement('div');
      const better = await MonacoEditor.make(holder, this.#words, this.#events);
      this.#editor.end();
      this.#editor = better;
      this.#parent.replaceChildren(holder);
      this.#parent.dataset.kind = 'monaco';
      this.#fill();
      if (focused) better.focus();
      return true;
    } catch {
      return false;
    }
  }

  #fill(): void {
    this.#editor.load(this.#name, this.#texts);
    this.#editor.show(this.#file);
    for (const [key, marks] of this.#marks) {
      const [file, kind] = key.split(' ') as [FileName, 'problems' | 'results'];
      this.#editor.mark(file, kind, marks);
    }
  }

  load(name: string, texts: Readonly<Record<FileName, string>>): void {
    this.#name = name;
    this.#texts = texts;
    this.#marks.clear();
    this.#fill();
  }

  show(file: FileName): void {
    this.#file = file;
    this.#editor.show(file);
  }

  mark(file: FileName, kind: 'problems' | 'results', marks: readonly Mark[]): void {
    this.#marks.set(`${file} ${kind}`, marks);
    this.#editor.mark(file, kind, marks);
  }

  reveal(line: number, column: number): void {
    this.#editor.reveal(line, column);
  }
}
