/**
 * The branches of a session: a tree of input logs. Whoever types in the past begins a new branch there; the old one
 * stays. Pure data; playing a branch's log to its end gives its world again.
 */
import type { InputEvent } from '../../simulator/index.ts';
import { beforeInput, earlier, reaches, type Instant } from './instant.ts';
import type { BranchCard, SavedBranch, SavedTree } from './time-protocol.ts';

/** How a branch came to be. */
export type BranchCause = 'start' | 'typed' | 'step' | 'lesson' | 'link' | 'crash';

export interface Branch {
  readonly id: number;
  /** The branch that it left; undefined for the first, and for one that starts a world of its own. */
  readonly parent: number | undefined;
  /** Where it left its parent. */
  readonly from: Instant;
  readonly cause: BranchCause;
  /** The whole log from the world's beginning; grows at its end. */
  readonly log: InputEvent[];
  /** How far its world has come. */
  end: Instant;
  /** Instead of the scenario's. */
  readonly seed: number | undefined;
}

export class Timeline {
  readonly #branches = new Map<number, Branch>();
  #current: Branch;
  #nextId = 1;

  /** @param origin where a fresh world stands */
  constructor(origin: Instant) {
    this.#current = this.#add({
      parent: undefined,
      from: origin,
      cause: 'start',
      log: [],
      end: origin,
      seed: undefined,
    });
  }

  /** The tree that was saved. */
  static of(saved: SavedTree, origin: Instant): Timeline {
    const timeline = new Timeline(origin);
    timeline.#branches.clear();
    for (const { id, parent, from, cause, log, end, seed } of saved.branches) {
      const before = parent === undefined ? [] : (timeline.#branches.get(parent)?.log.slice(0, from.inputs) ?? []);
      timeline.#branches.set(id, { id, parent, from, cause, log: [...before, ...log], end, seed });
      timeline.#nextId = Math.max(timeline.#nextId, id + 1);
    }
    timeline.#current = timeline.#branches.get(saved.current) ?? timeline.#current;
    timeline.#branches.set(timeline.#current.id, timeline.#current);
    return timeline;
  }

  get current(): Branch {
    return this.#current;
  }

  get branches(): readonly Branch[] {
    return [...this.#branches.values()];
  }

  branch(id: number): Branch | undefined {
    return this.#branches.get(id);
  }

  /** Makes a branch the current one. */
  switchTo(id: number): Branch {
    this.#current = this.#branches.get(id) ?? this.#current;
    return this.#current;
  }

  /** Begins a branch at an instant of the current one, and makes it current. */
  fork(at: Instant, cause: BranchCause): Branch {
    const { id, log, seed } = this.#current;
    this.#current = this.#add({ parent: id, from: at, cause, log: log.slice(0, at.inputs), end: at, seed });
    return this.#current;
  }

  /** Adds a branch with a whole log of its own, and makes it current. */
  graft(
    log: readonly InputEvent[],
    origin: Instant,
    end: Instant,
    seed: number | undefined,
    cause: BranchCause,
  ): Branch {
    this.#current = this.#add({ parent: undefined, from: origin, cause, log: [...log], end, seed });
    return this.#current;
  }

  /** Forgets a branch that no other one has left, and is not current. */
  drop(id: number): void {
    if (id !== this.#current.id && !this.branches.some(({ parent }) => parent === id)) this.#branches.delete(id);
  }

  /** Where the world of a branch began. */
  originOf(branch: Branch): Instant {
    const parent = this.#parentOf(branch);
    return parent === undefined ? branch.from : this.originOf(parent);
  }

  /** How far two branches are the same; undefined when not at all. */
  shared(one: number, other: number): Instant | undefined {
    const ancestors = new Map<number, Instant>();
    let limit: Instant | undefined;
    for (let at = this.#branches.get(one); at !== undefined; at = this.#parentOf(at)) {
      ancestors.set(at.id, limit ?? NEVER);
      limit = limit === undefined ? at.from : earlier(at.from, limit);
    }
    limit = undefined;
    for (let at = this.#branches.get(other); at !== undefined; at = this.#parentOf(at)) {
      const met = ancestors.get(at.id);
      if (met !== undefined) return earlier(met, limit ?? NEVER);
      limit = limit === undefined ? at.from : earlier(at.from, limit);
    }
    return undefined;
  }

  /** What the page keeps of a branch, without its log. */
  cards(): BranchCard[] {
    return this.branches.map(({ id, parent, from, cause, end, seed }) => ({
      id,
      from,
      cause,
      end,
      ...(parent === undefined ? {} : { parent }),
      ...(seed === undefined ? {} : { seed }),
    }));
  }

  save(): SavedTree {
    const branches = this.branches.map(({ id, parent, from, cause, log, end, seed }): SavedBranch => ({
      id,
      from,
      cause,
      end,
      log: log.slice(parent === undefined ? 0 : from.inputs),
      ...(parent === undefined ? {} : { parent }),
      ...(seed === undefined ? {} : { seed }),
    }));
    return { branches, current: this.#current.id };
  }

  #parentOf(branch: Branch): Branch | undefined {
    return branch.parent === undefined ? undefined : this.#branches.get(branch.parent);
  }

  #add(branch: Omit<Branch, 'id'>): Branch {
    const added = { id: this.#nextId++, ...branch };
    this.#branches.set(added.id, added);
    return added;
  }
}

/** After everything. */
const NEVER: Instant = { at: Infinity, executed: Infinity, inputs: Infinity };

/** A command in a log, and the instant just before its first key. */
export interface Command {
  readonly text: string;
  readonly terminal: string;
  readonly began: Instant;
}

/** What an arrow or a function key sends. */
const SEQUENCE = /\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])/g;

/** The lines typed into a log from the input numbered `from`, each ended by Enter. */
export function commandsOf(log: readonly InputEvent[], from = 0): Command[] {
  const lines = new Map<string, { text: string; began: number }>();
  const commands: Command[] = [];
  for (let index = from; index < log.length; index++) {
    const event = log[index]!;
    if (event.kind !== 'data') continue;
    const { terminal } = event;
    let line = lines.get(terminal) ?? { text: '', began: index };
    for (const key of event.data.replaceAll(SEQUENCE, '')) {
      if (key === '\r' || key === '\n') {
        const text = line.text.trim();
        if (text !== '') commands.push({ text, terminal, began: beforeInput(log, line.began) });
        line = { text: '', began: index };
      } else if (key === '\x7f') line.text = line.text.slice(0, -1);
      else if (key === '\x03' || key === '\x15') line.text = '';
      else if (key >= ' ') line = { text: line.text + key, began: line.text === '' ? index : line.began };
    }
    lines.set(terminal, line);
  }
  return commands;
}

/** The first command typed into a log from the input numbered `from`; empty when there is none. */
export function firstCommand(log: readonly InputEvent[], from: number): string {
  return commandsOf(log.slice(0, from + NAME_INPUTS), from)[0]?.text ?? '';
}

/** Inputs in which a branch's first command is looked for. */
const NAME_INPUTS = 400;

/** Whether a replica that stands at `instant` of a branch can serve `target` of another with which it shares `shared`. */
export function serves(instant: Instant, shared: Instant | undefined, target: Parameters<typeof reaches>[1]): boolean {
  return shared !== undefined && reaches(instant, shared) && reaches(instant, target);
}
