/** A text field as an editor: on phones, and until Monaco is there or when it cannot be fetched. */
import { h } from '../../views/dom.ts';
import { FILES, type FileName } from '../source.ts';
import type { EditorEvents, EditorWords, Mark, StudioEditor } from './editor.ts';

const FOLDED = /[^\n]*\n/g;

export class PlainEditor implements StudioEditor {
  readonly #field: HTMLTextAreaElement;
  readonly #words: EditorWords;
  readonly #texts = new Map<FileName, string>();
  /** Where the caret was in each file. */
  readonly #carets = new Map<FileName, number>();
  #file: FileName = 'lab';

  constructor(parent: HTMLElement, words: EditorWords, events: EditorEvents) {
    this.#words = words;
    this.#field = h('textarea', { className: 'plain-editor', spellcheck: false, autocapitalize: 'off', wrap: 'off' });
    this.#field.oninput = () => {
      this.#texts.set(this.#file, this.#field.value);
      events.changed(this.#file, this.#field.value);
    };
    parent.replaceChildren(this.#field);
  }

  load(_name: string, texts: Readonly<Record<FileName, string>>): void {
    this.#carets.clear();
    for (const file of FILES) this.#texts.set(file, texts[file]);
    this.#draw();
  }

  show(file: FileName): void {
    this.#carets.set(this.#file, this.#field.selectionStart);
    this.#file = file;
    this.#draw();
  }

  #draw(): void {
    this.#field.value = this.#texts.get(this.#file) ?? '';
    this.#field.setAttribute('aria-label', this.#words.fileLabel[this.#file]);
    this.#field.spellcheck = this.#file !== 'lab';
    this.#field.wrap = this.#file === 'lab' ? 'off' : 'soft';
    const caret = this.#carets.get(this.#file) ?? 0;
    this.#field.setSelectionRange(caret, caret);
  }

  /** A text field has no margin; the list below has the same remarks. */
  mark(_file: FileName, _kind: 'problems' | 'results', _marks: readonly Mark[]): void {}

  /** Selects the rest of the line, so that it can be seen, and scrolls to it. */
  reveal(line: number, column: number): void {
    const field = this.#field;
    const before = [...field.value.matchAll(FOLDED)].slice(0, line - 1).reduce((sum, [one]) => sum + one.length, 0);
    const end = field.value.indexOf('\n', before);
    field.focus();
    field.setSelectionRange(before + column - 1, end < 0 ? field.value.length : end);
    const height = Number.parseFloat(getComputedStyle(field).lineHeight);
    field.scrollTop = Math.max(0, (line - 1) * height - field.clientHeight / 3);
  }

  focus(): void {
    this.#field.focus();
  }

  end(): void {
    this.#field.remove();
  }
}
