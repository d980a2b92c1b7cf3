/**
 * The page's copy of the branches and their logs: what is kept when the page is left, what a new worker gets when one
 * has crashed, and what the time bar and links are made of.
 */
import type { InputEvent } from '../../simulator/index.ts';
import type { Instant } from './instant.ts';
import type { BranchCard, SavedTree, TimeState } from './time-protocol.ts';

export class TreeCopy {
  readonly #logs = new Map<number, InputEvent[]>();
  readonly #ends = new Map<number, Instant>();
  #cards: readonly BranchCard[];
  #current: number;

  /** What was saved counts until the worker reports. */
  constructor(saved?: SavedTree) {
    this.#cards = (saved?.branches ?? []).map(({ log, ...card }) => {
      this.#logs.set(card.id, [...log]);
      this.#ends.set(card.id, card.end);
      return card;
    });
    this.#current = saved?.current ?? 0;
  }

  /** undefined until there is a branch. */
  get saved(): SavedTree | undefined {
    if (this.#cards.length === 0) return undefined;
    const branches = this.#cards.map((card) => ({
      ...card,
      end: this.#ends.get(card.id) ?? card.end,
      log: this.#logs.get(card.id) ?? [],
    }));
    return { branches, current: this.#current };
  }

  get cards(): readonly BranchCard[] {
    return this.#cards;
  }

  get current(): BranchCard | undefined {
    return this.card(this.#current);
  }

  card(id: number): BranchCard | undefined {
    return this.#cards.find((card) => card.id === id);
  }

  /** The branches have changed. */
  takeCards(cards: readonly BranchCard[], current: number): void {
    this.#cards = cards;
    this.#current = current;
    for (const { id, end } of cards) this.#ends.set(id, this.#ends.get(id) ?? end);
  }

  /** A branch's own log goes on from the input numbered `from`, and its world has come to `end`. */
  takeLog(branch: number, from: number, events: readonly InputEvent[], end: Instant): void {
    const log = this.#logs.get(branch) ?? [];
    log.splice(from, Infinity, ...events);
    this.#logs.set(branch, log);
    this.#ends.set(branch, end);
  }

  /** The whole log of a branch. */
  logOf(id: number): InputEvent[] {
    const card = this.card(id);
    const own = this.#logs.get(id) ?? [];
    if (card?.parent === undefined) return [...own];
    return [...this.logOf(card.parent).slice(0, card.from.inputs), ...own];
  }

  /** Number of inputs of the whole log of a branch. */
  sizeOf(id: number): number {
    const own = this.#logs.get(id)?.length ?? 0;
    const card = this.card(id);
    return card?.parent === undefined ? own : card.from.inputs + own;
  }

  endOf(id: number): Instant | undefined {
    return this.#ends.get(id);
  }

  /** The moment on show. The log is told at once and the time now and then, so that of the two the later one counts. */
  present(state: TimeState): number {
    return state.past ? state.now : Math.max(state.now, this.#ends.get(state.branch)?.at ?? 0);
  }
}
