/**
 * The time bar: play and pause, step, pace, the scrubber, and what is done more rarely behind four words. Below it one
 * line says where the world stands.
 */
import '../../offline/soon.ts'; // of the dock's parts this is the first that comes after the prompt
import type { LabConnection } from '../../lab/connection.ts';
import type { Target } from '../../lab/instant.ts';
import type { Place } from '../../lab/link.ts';
import type { Note, StepBy, TimeRequest, TimeState } from '../../lab/time-protocol.ts';
import type { TreeCopy } from '../../lab/tree-copy.ts';
import { h } from '../dom.ts';
import type { Menu } from './menus.ts';
import { branchMenu, jumpMenu, linkMenu, skipMenu } from './menus.ts';
import { Scrubber } from './scrubber.ts';
import { clockTime, type News, timeWords } from './words.ts';

const PACES = [0.1, 0.25, 0.5, 1, 2, 5, 10];
const STEPS: readonly StepBy[] = ['event', 'hook', 'device'];

export interface TimeBarOptions {
  readonly element: HTMLElement;
  readonly connection: LabConnection;
  readonly tree: TreeCopy;
  /** What links are made for; without it there are none. */
  readonly place?: Place;
}

export class TimeBar {
  readonly #options: TimeBarOptions;
  readonly #words = timeWords(document.documentElement.lang);
  readonly #play: HTMLButtonElement;
  readonly #by: HTMLSelectElement;
  readonly #pace: HTMLSelectElement;
  readonly #scrubber: Scrubber;
  readonly #clock = h('span', { className: 'clock' }, h('span'), h('span', { className: 'end' }));
  readonly #now: HTMLButtonElement;
  readonly #undo: HTMLButtonElement;
  readonly #halt: HTMLButtonElement;
  readonly #status = h('p', { className: 'time-status', role: 'status' });
  readonly #past: HTMLElement;
  readonly #branches: Menu;
  #state: TimeState | undefined;
  #told = 0;
  /** What is said until something else happens. */
  #said = '';
  #seeking = false;
  #next: TimeRequest | undefined;

  constructor(options: TimeBarOptions) {
    this.#options = options;
    const words = this.#words;
    const ask = (request: TimeRequest): void => this.#ask(request);
    this.#play = h('button', { type: 'button', className: 'play', onclick: () => this.togglePlay() });
    const names = STEPS.map((by) => h('option', { value: by }, words.steps[by]));
    this.#by = h('select', { 'aria-label': words.stepBy, title: words.stepBy }, ...names);
    const step = h('button', { type: 'button', title: 'F9', onclick: () => this.step() }, words.step);
    const paces = PACES.map((pace) => h('option', { value: String(pace) }, `${pace}×`));
    this.#pace = h('select', { 'aria-label': words.pace, title: words.pace }, ...paces);
    this.#pace.onchange = () => ask({ do: 'pace', pace: Number(this.#pace.value) });
    this.#scrubber = new Scrubber(words, options.tree, (target) => this.#seek(target));
    this.#now = h('button', { type: 'button', className: 'now', onclick: () => ask({ do: 'end' }) }, words.now);
    this.#undo = h('button', { type: 'button', onclick: () => ask({ do: 'undo' }) }, words.undo);
    this.#halt = h('button', { type: 'button', className: 'halt', onclick: () => ask({ do: 'halt' }) }, words.halt);
    const { rules } = options.connection.calls;
    this.#branches = branchMenu(words, options.tree, (branch) => ask({ do: 'switch', branch }));
    const { tree, place } = options;
    const present = (): number => (this.#state === undefined ? 0 : tree.present(this.#state));
    const link = place === undefined ? [] : [linkMenu(words, { tree, place }, present, (text) => this.#say(text))];
    this.#past = h('p', { className: 'past-note', hidden: true });
    document.querySelector('.lab-dock .groups')?.after(h('div', { className: 'past-place' }, this.#past));
    const group = (className: string, ...children: HTMLElement[]) => h('span', { className }, ...children);
    options.element.setAttribute('aria-label', words.bar);
    options.element.replaceChildren(
      group('transport', this.#play, group('step', step, this.#by), this.#pace),
      this.#scrubber.element,
      group('where', this.#clock, this.#now),
      this.#status,
      group(
        'rare',
        this.#halt,
        this.#undo,
        ...[jumpMenu(words, ask, rules), skipMenu(words, ask), this.#branches, ...link].map(({ element }) => element),
      ),
    );
    options.element.onkeydown = (event) => this.#onKey(event);
  }

  update(state: TimeState): void {
    const before = this.#state;
    this.#state = state;
    const words = this.#words;
    const still = state.paused && state.errand === undefined;
    const label = still ? words.play : words.pause;
    if (this.#play.getAttribute('aria-label') !== label) {
      this.#play.setAttribute('aria-label', label);
      this.#play.title = `${label} (F8)`;
      this.#play.dataset.shows = still ? 'play' : 'pause';
    }
    if (document.activeElement !== this.#pace) this.#pace.value = String(state.pace);
    this.#scrubber.update(state);
    this.#clock.firstChild!.textContent = this.#time(state.now);
    this.#clock.lastChild!.textContent = ` / ${this.#time(state.end)}`;
    this.#now.hidden = !state.past;
    this.#undo.hidden = !state.undo;
    this.#halt.hidden = state.errand === undefined;
    this.#past.hidden = !state.past;
    if (state.past) this.#past.textContent = words.past(this.#time(state.now));
    this.#options.element.toggleAttribute('data-past', state.past);
    this.#tellNote(state, before);
    this.#tell();
  }

  /** The branches have changed. */
  branched(): void {
    this.#branches.refresh();
  }

  /** Something that the page has to tell, in one line. */
  news(news: News): void {
    this.#say(this.#words.news[news]);
  }

  /** The world was brought back to before an input. */
  cutBefore(input: string): void {
    this.#say(this.#words.cutBefore(input));
  }

  togglePlay(): void {
    const still = this.#state?.paused === true && this.#state.errand === undefined;
    this.#ask({ do: still ? 'play' : 'pause' });
  }

  step(): void {
    this.#ask({ do: 'step', by: this.#by.value as StepBy });
  }

  focus(): void {
    this.#scrubber.focus();
  }

  #time(at: number): string {
    return clockTime(at - (this.#state?.origin ?? 0));
  }

  #ask(request: TimeRequest): void {
    this.#said = '';
    this.#options.connection.calls
      .time(request)
      .catch((error: unknown) => this.#options.connection.failed(String(error)));
  }

  /** Of the places that a hand drags over, only the last one asked for is shown next. */
  #seek(target: Target | 'end'): void {
    this.#next = target === 'end' ? { do: 'end' } : { do: 'seek', target };
    if (!this.#seeking) void this.#seekNext();
  }

  async #seekNext(): Promise<void> {
    this.#seeking = true;
    while (this.#next !== undefined) {
      const request = this.#next;
      this.#next = undefined;
      this.#said = '';
      await this.#options.connection.calls.time(request).catch(() => undefined);
    }
    this.#seeking = false;
  }

  #say(text: string): void {
    this.#said = text;
    this.#tell();
  }

  #tellNote(state: TimeState, before: TimeState | undefined): void {
    if (before === undefined || state.notes < before.notes) this.#told = before === undefined ? 0 : state.notes;
    if (state.notes === this.#told) return;
    this.#told = state.notes;
    const text = this.#noteText(state.note);
    if (text !== '') this.#said = text;
  }

  #noteText(note: Note | undefined): string {
    return note === undefined ? '' : this.#words.note(note, (at) => this.#time(at));
  }

  /** The one line: what is under way, where a step stands, what was said, or that time stands still. */
  #tell(): void {
    const { errand, standing, now, paused, past } = this.#state ?? { now: 0, paused: false, past: false };
    const words = this.#words;
    const still = paused && !past ? words.paused : '';
    const text =
      errand !== undefined
        ? words.under[errand.kind](this.#time(now))
        : standing !== undefined
          ? words.standing(standing)
          : this.#said || still;
    if (this.#status.textContent !== text) {
      this.#status.textContent = text;
      this.#status.title = text;
    }
    // Progress is not read out at every tick.
    this.#status.setAttribute('aria-live', errand === undefined ? 'polite' : 'off');
    const done = errand === undefined ? 0 : (now - errand.from) / (errand.until - errand.from);
    this.#options.element.style.setProperty('--progress', errand?.kind === 'forward' ? done.toFixed(3) : '0');
  }

  /** Keys of the bar: Space plays, full stop steps, angle brackets change the pace. */
  #onKey(event: KeyboardEvent): void {
    const { target, key } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || target instanceof HTMLSelectElement) return;
    const typing = target instanceof HTMLInputElement && target.type !== 'range';
    if (typing) return;
    if (key === ' ' && !(target instanceof HTMLButtonElement)) this.togglePlay();
    else if (key === '.') this.step();
    else if (key === '<' || key === '>') this.#changePace(key === '<' ? -1 : 1);
    else return;
    event.preventDefault();
  }

  #changePace(by: 1 | -1): void {
    const at = PACES.indexOf(this.#state?.pace ?? 1);
    const pace = PACES[at + by];
    if (pace !== undefined) this.#ask({ do: 'pace', pace });
  }
}
