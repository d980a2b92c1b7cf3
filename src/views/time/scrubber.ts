/** The scrubber: a range over the session with a tick for each command. Draws and asks; decides nothing. */
import { beforeInput, type Target } from '../../lab/instant.ts';
import type { TimeState } from '../../lab/time-protocol.ts';
import { commandsOf, type Command } from '../../lab/timeline.ts';
import type { TreeCopy } from '../../lab/tree-copy.ts';
import { h } from '../dom.ts';
import { TimeScale } from './scale.ts';
import { clockTime, type TimeWords } from './words.ts';

/** Steps of the range. */
const STEPS = 2000;
const SECOND = 1_000_000;
/** Ticks drawn; of more, only the newest. */
const MOST_TICKS = 200;

export class Scrubber {
  readonly element: HTMLElement;
  readonly #range = h('input', { type: 'range', min: '0', max: String(STEPS), step: '1' });
  readonly #ticks = h('div', { className: 'ticks', 'aria-hidden': 'true' });
  readonly #label = h('div', { className: 'tick-label', 'aria-hidden': 'true', hidden: true });
  readonly #words: TimeWords;
  readonly #tree: TreeCopy;
  readonly #seek: (target: Target | 'end') => void;
  #commands: readonly Command[] = [];
  #scale = new TimeScale(0, [], 1);
  #drawnFor = '';
  #state: TimeState | undefined;
  #dragged = false;

  constructor(words: TimeWords, tree: TreeCopy, seek: (target: Target | 'end') => void) {
    this.#words = words;
    this.#tree = tree;
    this.#seek = seek;
    this.#range.setAttribute('aria-label', words.moment);
    this.#range.oninput = () => this.#drag();
    this.#range.onchange = () => (this.#dragged = false);
    this.#range.onkeydown = (event) => this.#onKey(event);
    this.#range.onpointermove = (event) => this.#point(event);
    this.#range.onpointerleave = () => (this.#label.hidden = true);
    this.element = h('div', { className: 'scrubber' }, this.#ticks, this.#range, this.#label);
  }

  update(state: TimeState): void {
    this.#state = state;
    this.#readCommands(state.branch);
    const moments = this.#commands.map(({ began }) => began.at);
    this.#scale = new TimeScale(state.origin, moments, state.end);
    this.#drawTicks();
    if (!this.#dragged) this.#range.value = String(Math.round(this.#scale.placeOf(state.now) * STEPS));
    this.#range.style.setProperty('--done', String(this.#scale.placeOf(state.now)));
    this.#range.setAttribute('aria-valuetext', this.#textAt(state.now));
  }

  focus(): void {
    this.#range.focus();
  }

  /** The commands of a branch, read anew when its log has grown. */
  #readCommands(branch: number): void {
    const key = `${branch} ${this.#tree.sizeOf(branch)}`;
    if (key === this.#drawnFor) return;
    this.#drawnFor = key;
    this.#commands = commandsOf(this.#tree.logOf(branch));
  }

  #drawTicks(): void {
    const shown = this.#commands.slice(-MOST_TICKS);
    while (this.#ticks.childElementCount > shown.length) this.#ticks.lastElementChild!.remove();
    while (this.#ticks.childElementCount < shown.length) this.#ticks.append(h('i'));
    shown.forEach(({ began }, index) => {
      const place = `${(this.#scale.placeOf(began.at) * 100).toFixed(2)}%`;
      (this.#ticks.children[index] as HTMLElement).style.insetInlineStart = place;
    });
  }

  #drag(): void {
    this.#dragged = true;
    const value = Number(this.#range.value);
    this.#seek(value >= STEPS ? 'end' : { at: this.#scale.momentAt(value / STEPS) });
  }

  /** The moment, and the command that had been typed last by then. */
  #textAt(moment: number): string {
    const last = this.#commands.findLast(({ began }) => began.at <= moment);
    const time = clockTime(moment - (this.#state?.origin ?? 0));
    return this.#words.after(time, last === undefined ? '' : `${last.terminal.split('/')[0]}: ${last.text}`);
  }

  #point(event: PointerEvent): void {
    const box = this.#range.getBoundingClientRect();
    const place = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    this.#label.hidden = false;
    this.#label.textContent = this.#textAt(this.#scale.momentAt(place));
    this.#label.style.setProperty('--place', String(place));
  }

  /** Arrows go by seconds, with Shift by tenths; Page keys from command to command; Home and End to the ends. */
  #onKey(event: KeyboardEvent): void {
    const state = this.#state;
    if (state === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    this.#readCommands(state.branch);
    const now = this.#tree.present(state);
    const unit = event.shiftKey ? SECOND / 10 : SECOND;
    const target = {
      ArrowLeft: () => this.#within(now - unit),
      ArrowDown: () => this.#within(now - unit),
      ArrowRight: () => this.#within(now + unit),
      ArrowUp: () => this.#within(now + unit),
      PageUp: () => this.#command(this.#commands.findLast(({ began }) => began.at < now)),
      PageDown: () => this.#command(this.#commands.find(({ began }) => began.at > now)) ?? ('end' as const),
      Home: () => ({ at: state.origin }),
      End: () => 'end' as const,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    const place = target();
    if (place !== undefined) this.#seek(place);
  }

  #within(at: number): Target | 'end' {
    const { origin, end } = this.#state!;
    return at >= Math.max(end, this.#tree.present(this.#state!)) ? 'end' : { at: Math.max(at, origin) };
  }

  #command(command: Command | undefined): Target | undefined {
    if (command === undefined) return undefined;
    return beforeInput(this.#tree.logOf(this.#state!.branch), command.began.inputs);
  }
}
