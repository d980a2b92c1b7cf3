/** The preview of the prose, made anew when the text or the lab has changed; the bench reads it, the page shows the tree. */
import type { Lab } from '../../simulator/lesson/index.ts';
import type { Bench } from './bench/bench.ts';
import { toDom } from './prose/tree.ts';
import type { Language } from './source.ts';

const LANG = { en: 'en', 'zh-cn': 'zh-CN' } as const;

export class Preview {
  readonly #bench: Bench;
  readonly #page = document.createElement('article');
  #lab: Lab | undefined;
  #drawn: readonly unknown[] = [];

  constructor(bench: Bench) {
    this.#bench = bench;
    this.#page.className = 'studio-preview sl-markdown-content';
  }

  /** The lab whose tasks and questions stand in the prose; the last good one stays. */
  take(lab: Lab | undefined): void {
    this.#lab = lab ?? this.#lab;
  }

  /** Shows the prose in `out`. */
  draw(out: HTMLElement, text: string, language: Language): void {
    if (out.firstChild !== this.#page) out.replaceChildren(this.#page);
    const wanted = [text, language, this.#lab];
    if (wanted.every((one, index) => one === this.#drawn[index])) return;
    this.#drawn = wanted;
    const request = { text, language, page: document.documentElement.lang, lab: this.#lab };
    const show = (...nodes: (Node | string)[]): void => {
      if (this.#drawn !== wanted) return; // a newer text is on its way
      this.#page.lang = LANG[language];
      this.#page.replaceChildren(...nodes);
    };
    this.#bench.render(request).then(
      (tree) => show(toDom(tree)),
      () => show(text), // it took too long; the text itself can always be shown
    );
  }
}
