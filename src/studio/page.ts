/** The studio's page: its tabs, its status line, its lists. Knows nothing of lessons and worlds. */
import { h } from '../views/dom.ts';

/** Finds an element that the page has been built with. */
export function find<T extends HTMLElement>(root: ParentNode, name: string): T {
  return root.querySelector<T>(`[data-studio='${name}']`)!;
}

/** Tabs of which one is in front; arrow keys walk them. */
export class Tabs<Name extends string> {
  readonly #tabs: readonly HTMLButtonElement[];
  readonly #chosen: (name: Name) => void;

  constructor(list: HTMLElement, chosen: (name: Name) => void) {
    this.#tabs = [...list.querySelectorAll<HTMLButtonElement>('[role=tab]')];
    this.#chosen = chosen;
    for (const tab of this.#tabs) tab.onclick = () => this.choose(tab.value as Name);
    list.onkeydown = (event) => this.#onKey(event);
  }

  get current(): Name {
    return this.#tabs.find((tab) => tab.ariaSelected === 'true')!.value as Name;
  }

  /** Brings a tab to the front, and tells. */
  choose(name: Name): void {
    for (const tab of this.#tabs) {
      const front = tab.value === name;
      tab.ariaSelected = String(front);
      tab.tabIndex = front ? 0 : -1;
    }
    this.#chosen(name);
  }

  /** A number beside a tab's name; nothing for 0. */
  count(name: Name, number: number): void {
    const tab = this.#tabs.find((one) => one.value === name)!;
    tab.querySelector('.count')?.remove();
    if (number > 0) tab.append(h('span', { className: 'count' }, ` ${number}`));
  }

  #onKey(event: KeyboardEvent): void {
    const at = this.#tabs.findIndex((tab) => tab === document.activeElement);
    const last = this.#tabs.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[
      event.key
    ];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    this.#tabs[to]!.focus();
    this.choose(this.#tabs[to]!.value as Name);
  }
}

/** One line that tells what happened, perhaps with a way back. */
export class Status {
  readonly #element: HTMLElement;

  constructor(element: HTMLElement) {
    this.#element = element;
  }

  say(text: string, level: 'note' | 'warning' = 'note', ...ways: readonly { name: string; go: () => void }[]): void {
    this.#element.className = `studio-status is-${level}`;
    const buttons = ways.map(({ name, go }) => h('button', { type: 'button', onclick: go }, name));
    this.#element.replaceChildren(h('span', {}, text), ...buttons);
  }
}

/** Hands a file to the one in front of the screen. */
export function download(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/zip' }));
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
