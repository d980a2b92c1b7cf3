/** What the time bar keeps behind a word: jumps, skipped time, branches, and the link. */
import type { Place } from '../../lab/link.ts';
import type { BranchCard, TimeRequest } from '../../lab/time-protocol.ts';
import { firstCommand } from '../../lab/timeline.ts';
import type { TreeCopy } from '../../lab/tree-copy.ts';
import { h } from '../dom.ts';
import { clockTime, type TimeWords } from './words.ts';

type Ask = (request: TimeRequest) => void;

const MINUTE = 60;
let menus = 0;

/** A word that opens a panel; `fill` makes what is in it, each time anew. */
export class Menu {
  readonly element: HTMLElement;
  readonly #panel: HTMLElement;
  readonly #opener: HTMLButtonElement;
  readonly #fill: (close: () => void) => readonly Node[] | Promise<readonly Node[]>;

  constructor(name: string, fill: (close: () => void) => readonly Node[] | Promise<readonly Node[]>) {
    this.#fill = fill;
    const id = `time-menu-${++menus}`;
    this.#panel = h('div', { id, className: 'menu time-menu', popover: 'auto', role: 'group', 'aria-label': name });
    this.#opener = h('button', { type: 'button' }, name);
    this.#opener.setAttribute('popovertarget', id);
    this.#panel.addEventListener('toggle', (event) => {
      if ((event as ToggleEvent).newState === 'open') void this.#open();
    });
    this.element = h('span', { className: 'menu-holder' }, this.#opener, this.#panel);
  }

  /** Makes an open panel anew. */
  refresh(): void {
    if (this.#panel.matches(':popover-open')) void this.#open();
  }

  async #open(): Promise<void> {
    const inside = this.#panel.contains(document.activeElement);
    this.#panel.replaceChildren(...(await this.#fill(() => this.#panel.hidePopover())));
    this.#place();
    if (!inside) this.#panel.querySelector<HTMLElement>('[aria-current], button, input')?.focus();
  }

  /** Above or below its word, inside the window. */
  #place(): void {
    const box = this.#opener.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.#panel;
    const left = Math.min(box.left, innerWidth - offsetWidth - 8);
    const below = box.bottom + 4;
    const top = below + offsetHeight > innerHeight - 8 ? box.top - offsetHeight - 4 : below;
    this.#panel.style.left = `${Math.max(8, left)}px`;
    this.#panel.style.top = `${Math.max(8, top)}px`;
  }
}

function item(text: string, onclick: () => void): HTMLButtonElement {
  return h('button', { type: 'button', onclick }, text);
}

/** To the next drop, or to the next match of a rule: chosen among those met, or typed in part. */
export function jumpMenu(words: TimeWords, ask: Ask, rules: () => Promise<string[]>): Menu {
  return new Menu(words.jump, async (close) => {
    const known = await rules();
    const list = h('datalist', { id: 'time-rules' }, ...known.map((value) => h('option', { value })));
    const field = h('input', { type: 'text', 'aria-label': words.rule, placeholder: words.rule, spellcheck: false });
    field.setAttribute('list', list.id);
    const match = (): void => {
      const text = field.value.trim();
      if (text === '') return void field.focus();
      ask({ do: 'jump', to: { for: 'rule', text } });
      close();
    };
    const drop = (): void => {
      ask({ do: 'jump', to: { for: 'drop' } });
      close();
    };
    return [item(words.nextDrop, drop), line(match, field, list, item(words.nextMatch, match))];
  });
}

/** Runs so much time as fast as it goes. */
export function skipMenu(words: TimeWords, ask: Ask): Menu {
  return new Menu(words.skip, (close) => {
    const skip = (seconds: number): void => {
      if (!(seconds > 0)) return;
      ask({ do: 'forward', seconds });
      close();
    };
    const field = h('input', { type: 'number', min: '0.1', max: '10080', step: 'any', 'aria-label': words.minutes });
    field.placeholder = words.minutes;
    const typed = (): void => skip(Number(field.value) * MINUTE);
    return [
      item(words.quarter, () => skip(15 * MINUTE)),
      item(words.halfDay, () => skip(12 * 60 * MINUTE)),
      line(typed, field, item(words.go, typed)),
    ];
  });
}

/** A field with its button; Enter in the field presses it. */
function line(press: () => void, ...children: HTMLElement[]): HTMLElement {
  const holder = h('div', { className: 'line' }, ...children);
  holder.onkeydown = (event) => {
    if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return;
    event.preventDefault();
    press();
  };
  return holder;
}

/** All branches, each below the one that it left; the current one is marked. */
export function branchMenu(words: TimeWords, tree: TreeCopy, choose: (branch: number) => void): Menu {
  return new Menu(words.branches, (close) => {
    const entries: HTMLElement[] = [];
    const origin = tree.cards.find(({ parent }) => parent === undefined)?.from.at ?? 0;
    const list = (parent: number | undefined, depth: number): void => {
      for (const card of tree.cards.filter((one) => one.parent === parent)) {
        const entry = item(nameOf(words, card, origin, firstCommand(tree.logOf(card.id), card.from.inputs)), () => {
          choose(card.id);
          close();
        });
        entry.style.setProperty('--depth', String(depth));
        entry.classList.add('branch');
        if (card.id === tree.current?.id) entry.setAttribute('aria-current', 'true');
        entries.push(entry);
        list(card.id, depth + 1);
      }
    };
    list(undefined, 0);
    return entries;
  });
}

/** When a branch began, by which command, and why. */
function nameOf(words: TimeWords, { from, cause }: BranchCard, origin: number, began: string): string {
  return words.branch(clockTime(from.at - origin), began, words.cause[cause]);
}

/** Makes the link and copies it; where that is forbidden, it can be taken from a field. */
export function linkMenu(
  words: TimeWords,
  { tree, place }: { tree: TreeCopy; place: Place },
  now: () => number,
  say: (text: string) => void,
): Menu {
  return new Menu(words.link, async () => {
    const { makeLink } = await import('../../lab/link.ts');
    const { current } = tree;
    if (current === undefined) return [];
    const log = tree.logOf(current.id).filter(({ at }) => at <= now());
    const seed = current.seed === undefined ? {} : { seed: current.seed };
    const hash = await makeLink({ log, now: now(), place, ...seed });
    const url = `${location.origin}${location.pathname}${location.search}${hash}`;
    const field = h('input', { type: 'text', readOnly: true, value: url, 'aria-label': words.linkField });
    field.onfocus = () => field.select();
    try {
      await navigator.clipboard.writeText(url);
      say(words.copied(url.length));
    } catch {
      // The clipboard is not ours to use; the field is.
    }
    return [h('div', { className: 'line' }, field)];
  });
}
