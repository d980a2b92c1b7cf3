/**
 * Time in the learner's hand: plays a session's branches, stands still, steps, jumps, goes back by replay, and begins a
 * new branch when something is typed in the past. One session is on show; the others are parked replicas.
 */
import type { TraceEvent } from '../../simulator/index.ts';
import { type ErrandOutcome, type Wall, WorldClock } from './clock.ts';
import { type Instant, isBefore, type Target } from './instant.ts';
import { Recollection } from './recollection.ts';
import { Replicas } from './replicas.ts';
import type { LabSession } from './session.ts';
import type { BranchCard, Foreign, Note, SavedTree, Standing, TimeRequest, TimeState } from './time-protocol.ts';
import { type Branch, commandsOf, Timeline } from './timeline.ts';
import { standingAt, stepPredicate, watchPredicate } from './watch.ts';

const SECOND = 1_000_000;
/** Slowest and fastest pace. */
const PACES = [0.1, 10] as const;
/** A step and a jump give up after so many virtual seconds. */
const STEP_LIMIT = 600;
const JUMP_LIMIT = 3600;
/** When time is skipped, about so many events are kept of its end: a minute of an idle swarm. */
const OBSERVED = 5000;
/** What a key typed into a standing world may take to show, unless a packet is sent before; virtual microseconds. */
const ECHO = 5000;
/** Longest stretch of replay before messages are let in, and events between two looks. */
const SLICE_MS = 12;
const SLICE_EVENTS = 200;
/** Replicas are tended when nothing was typed for so long, in slices of `TEND_MS`. */
const IDLE_MS = 1500;
const TEND_MS = 6;
/** Tending takes one part in so many of the time. */
const TEND_SHARE = 3;

/** What a player needs of its surroundings. */
export interface PlayerOptions {
  readonly wall: Wall;
  /** Builds a fresh world; a replica's trace only counts. */
  make(seed: number | undefined, replica: boolean): LabSession;
  /** After every stretch of work: there may be output, and time has passed. */
  slice(): void;
  /** Another instant or another branch is on show: everything has to be drawn anew. */
  shown(): void;
  /** The branches, or the state beyond the mere passing of time, have changed. */
  changed(): void;
}

export class Player {
  readonly clock: WorldClock;
  readonly timeline: Timeline;
  readonly #options: PlayerOptions;
  #replicas: Replicas | undefined;
  #recollection: Recollection | undefined;
  #tends = false;
  #session: LabSession;
  #past = false;
  /** The learner, not a move into the past, has stopped time. */
  #pausedByHand = false;
  #turn = 0;
  #moving: Promise<void> = Promise.resolve();
  #inMotion = false;
  #errand: TimeState['errand'];
  #standing: TraceEvent | undefined;
  #notes = 0;
  #note: Note | undefined;
  #marks: { readonly branch: number; readonly at: Instant }[] = [];
  #undo: { readonly branch: number; readonly at: Instant }[] = [];
  #lastAct = 0;

  /** @param session the world of `saved`'s current branch at its end, or a fresh one */
  constructor(session: LabSession, options: PlayerOptions, saved?: SavedTree) {
    this.#options = options;
    this.#session = session;
    this.timeline = saved === undefined ? new Timeline(session.instant) : Timeline.of(saved, session.instant);
    this.timeline.current.end = session.instant;
    session.follow(this.timeline.current.log);
    this.clock = new WorldClock(session, options.wall, () => this.#onSlice());
    if (saved !== undefined && !session.world.trace.keeps) {
      const { log, seed } = this.timeline.current;
      this.#recollection = new Recollection(session, log, () => options.make(seed, false));
    }
  }

  /** The session on show. */
  get session(): LabSession {
    return this.#session;
  }

  /** Made when first needed: their code comes after the first prompt. */
  get replicas(): Replicas {
    const { make } = this.#options;
    const machines = this.#session.world.hosts.length;
    return (this.#replicas ??= new Replicas({ timeline: this.timeline, machines, make: (seed) => make(seed, true) }));
  }

  get past(): boolean {
    return this.#past;
  }

  /** Settles when no move is under way. */
  get settled(): Promise<void> {
    return this.#moving;
  }

  cards(): BranchCard[] {
    return this.timeline.cards();
  }

  state(): TimeState {
    const { current } = this.timeline;
    const standing: Standing | undefined = this.#standing && standingAt(this.#standing);
    return {
      now: this.#session.now,
      origin: this.timeline.originOf(current).at,
      end: Math.max(current.end.at, this.#session.now),
      branch: current.id,
      past: this.#past,
      paused: this.clock.holds('paused'),
      pace: this.clock.pace,
      notes: this.#notes,
      undo: this.#undo.length > 0,
      ...(this.#errand === undefined ? {} : { errand: this.#errand }),
      ...(standing === undefined ? {} : { standing }),
      ...(this.#note === undefined ? {} : { note: this.#note }),
    };
  }

  /** Applies an input at the present moment of the wall; in the past it begins a branch. Waits for a move under way. */
  async act(input: (session: LabSession) => void): Promise<void> {
    while (this.#inMotion) await this.#moving;
    this.#lastAct = this.#options.wall.now();
    this.clock.cancelErrand();
    this.#standing = undefined;
    this.clock.act(() => {
      if (this.#past) this.#fork('typed');
      input(this.#session);
      this.#takeLog();
    });
    if (this.clock.holds('paused')) this.#echo();
  }

  /** Applies what is no doing of the learner's, such as a new size: at the end of the branch only, else not at all. */
  adjust(change: (session: LabSession) => void): void {
    if (this.#past || this.#inMotion) return;
    this.clock.act(() => {
      change(this.#session);
      this.#takeLog();
    });
  }

  async request(request: TimeRequest): Promise<void> {
    switch (request.do) {
      case 'pause':
        this.clock.cancelErrand();
        this.#pausedByHand = true;
        this.clock.hold('paused');
        break;
      case 'play':
        this.clock.cancelErrand();
        this.#standing = undefined;
        this.#pausedByHand = false;
        this.clock.release('paused');
        break;
      case 'halt':
        this.clock.cancelErrand();
        break;
      case 'pace':
        this.clock.pace = Math.min(Math.max(request.pace, PACES[0]), PACES[1]);
        break;
      case 'step':
        this.#wait('step', stepPredicate(request.by, this.#standing), STEP_LIMIT);
        break;
      case 'jump':
        this.#wait('jump', watchPredicate(request.to), JUMP_LIMIT);
        break;
      case 'forward':
        this.#forward(request.seconds);
        break;
      case 'seek':
        await this.#move(this.timeline.current, request.target);
        break;
      case 'end':
        await this.#move(this.timeline.current, this.timeline.current.end);
        break;
      case 'switch':
        await this.#switch(request.branch);
        break;
      case 'reset':
        await this.#reset(request.what);
        break;
      case 'undo':
        await this.#undoLast();
        break;
      case 'mark':
        this.#marks.push({ branch: this.timeline.current.id, at: this.#session.instant });
    }
    this.#options.changed();
  }

  /** Plays a log that is no branch of this tree, and shows where it stands, on a branch of its own. */
  async graft({ log, now, seed }: Foreign): Promise<void> {
    const session = this.#options.make(seed, false);
    const origin = session.instant;
    const { refused } = await session.playByTime(log, now);
    this.#remember();
    this.#park();
    const branch = this.timeline.graft(session.world.inputLog, origin, session.instant, seed, 'link');
    session.follow(branch.log);
    this.#show(session);
    this.#say({ kind: 'opened', refused });
  }

  // Standing still, stepping, jumping.

  /** While time stands still a key shows, and a command begins, up to the first packet that it sends. */
  #echo(): void {
    this.#watch(stepPredicate('event', undefined), this.#session.now + ECHO, () => undefined);
  }

  /** Stands at the next event that fits: one of the same moment that was not shown yet, or a later one. */
  #wait(kind: 'step' | 'jump', predicate: (event: TraceEvent) => boolean, seconds: number): void {
    this.clock.cancelErrand();
    this.clock.hold('paused');
    this.#pausedByHand = true;
    const last = this.#standing?.sequence ?? Infinity;
    const { events } = this.#session.world.trace;
    const first = events.findLastIndex(({ sequence }) => sequence <= last) + 1;
    this.#standing = events.slice(first).find(predicate);
    if (this.#standing !== undefined) return;
    const until = this.#session.now + seconds * SECOND;
    this.#errand = { kind, from: this.#session.now, until };
    this.#watch(predicate, until, (outcome) => {
      if (outcome === 'limit') this.#say({ kind: 'nothing', seconds });
      this.#endErrand();
    });
  }

  /** Runs until an event fits, and stands there. */
  #watch(predicate: (event: TraceEvent) => boolean, until: number, done: (outcome: ErrandOutcome) => void): void {
    const { trace } = this.#session.world;
    let found: TraceEvent | undefined;
    trace.skim(OBSERVED, (event) => {
      if (found === undefined && predicate(event)) found = event;
    });
    this.clock.send({
      until,
      arrived: () => found !== undefined,
      done: (outcome) => {
        trace.enabled = true;
        this.#standing = found;
        done(outcome);
      },
    });
  }

  /** Skips time. Every event is run, but what happens to packets is kept only of the end. */
  #forward(seconds: number): void {
    if (!(seconds > 0)) return;
    this.clock.cancelErrand();
    this.#standing = undefined;
    const { trace } = this.#session.world;
    const from = this.#session.now;
    const until = from + Math.round(seconds * SECOND);
    this.#errand = { kind: 'forward', from, until };
    trace.skim(OBSERVED, () => undefined);
    const done = (): void => {
      trace.enabled = true;
      this.#endErrand();
    };
    this.clock.send({ until, done });
  }

  #endErrand(): void {
    this.#errand = undefined;
    this.#options.changed();
  }

  // Branches and moves.

  #onSlice(): void {
    const { current } = this.timeline;
    if (this.#past && !isBefore(this.#session.instant, current.end)) {
      this.#past = false;
      this.#options.changed();
    }
    if (!this.#past) current.end = this.#session.instant;
    this.#options.slice();
  }

  /** Takes new inputs into the log of the branch. */
  #takeLog(): void {
    const { current } = this.timeline;
    current.log.push(...this.#session.world.inputLog.slice(current.log.length));
    current.end = this.#session.instant;
  }

  #fork(cause: Branch['cause']): void {
    this.#remember();
    const branch = this.timeline.fork(this.#session.instant, cause);
    this.#session.follow(branch.log);
    this.#past = false;
    if (!this.#pausedByHand) this.clock.release('paused');
    if (cause === 'typed') this.#say({ kind: 'forked', at: this.#session.now });
    this.#options.shown();
    this.#options.changed();
  }

  /** Notes where the learner stood, for undo. */
  #remember(): void {
    const { id, end } = this.timeline.current;
    this.#undo.push({ branch: id, at: end });
  }

  async #switch(id: number): Promise<void> {
    const branch = this.timeline.branch(id);
    if (branch === undefined || branch === this.timeline.current) return;
    this.#remember();
    await this.#move(branch, branch.end);
  }

  async #undoLast(): Promise<void> {
    const last = this.#undo.pop();
    const branch = last && this.timeline.branch(last.branch);
    if (branch !== undefined) await this.#move(branch, branch.end);
  }

  async #reset(what: 'step' | 'lesson'): Promise<void> {
    const { current } = this.timeline;
    const at = what === 'lesson' ? this.timeline.originOf(current) : this.#beginOfStep();
    if (!(await this.#move(current, at))) return;
    this.#past = true;
    this.#fork(what);
    this.#say({ kind: 'reset', what });
  }

  /** Where the step began: at the last mark after which something was typed, else before the last command. */
  #beginOfStep(): Instant {
    const { current } = this.timeline;
    const { inputs } = this.#session.instant;
    const mark = this.#marks.findLast(({ branch, at }) => {
      const shared = this.timeline.shared(branch, current.id);
      return shared !== undefined && at.inputs < inputs && !isBefore(shared, at);
    });
    const command = commandsOf(current.log.slice(0, inputs)).at(-1);
    return mark?.at ?? command?.began ?? this.timeline.originOf(current);
  }

  /** Shows an instant of a branch, by replay from the nearest replica. A later move takes over; then the answer is false. */
  #move(branch: Branch, target: Target): Promise<boolean> {
    const moved = this.#replay(branch, target, ++this.#turn);
    this.#moving = moved.then(
      () => undefined,
      () => undefined,
    );
    return moved;
  }

  async #replay(branch: Branch, target: Target, turn: number): Promise<boolean> {
    const { wall } = this.#options;
    this.#inMotion = true;
    this.clock.cancelErrand();
    this.clock.hold('moving');
    while (!this.#recollect(SLICE_MS)) {
      await this.#recollection?.pendingExternal();
      await new Promise<void>((resolve) => wall.soon(resolve));
    }
    const session = this.replicas.take(branch, target);
    let began = wall.now();
    while (!session.playTo(target, SLICE_EVENTS)) {
      await session.pendingExternal();
      if (wall.now() - began < SLICE_MS) continue;
      await new Promise<void>((resolve) => wall.soon(resolve));
      began = wall.now();
      if (turn === this.#turn) continue;
      this.replicas.put(session, branch.id, false);
      return false;
    }
    this.#traceOf(branch, session);
    this.#park();
    this.timeline.switchTo(branch.id);
    this.#show(session);
    return true;
  }

  /** Works for so long on what a world that was brought back does not know; answers whether it knows everything. */
  #recollect(milliseconds: number): boolean {
    const { wall, slice } = this.#options;
    if (this.#recollection === undefined) return true;
    const began = wall.now();
    const second = this.#recollection.work(() => wall.now() - began >= milliseconds);
    if (second === undefined) return false;
    this.#recollection = undefined;
    this.replicas.put(second, this.timeline.current.id, false);
    slice();
    return true;
  }

  /** Gives a replica the trace of the world that it repeats. */
  #traceOf(branch: Branch, session: LabSession): void {
    const reached = session.instant;
    const onShow = { session: this.#session, branch: this.timeline.current.id };
    const ends = this.timeline.branches.flatMap(({ id }) => {
      const end = this.replicas.endOf(id);
      return end === undefined ? [] : [{ session: end, branch: id }];
    });
    const source = [onShow, ...ends]
      .filter((one) => {
        const shared = this.timeline.shared(one.branch, branch.id);
        return shared !== undefined && !isBefore(shared, reached) && !isBefore(one.session.instant, reached);
      })
      .sort((one, other) => other.session.world.trace.events.length - one.session.world.trace.events.length)[0];
    if (session.world.trace.keeps) return;
    session.world.trace.continueFrom(source?.session.world.trace.events ?? []);
  }

  #park(): void {
    if (!this.#past) this.timeline.current.end = this.#session.instant;
    this.replicas.put(this.#session, this.timeline.current.id, !this.#past);
  }

  #show(session: LabSession): void {
    this.#session = session;
    const wasPast = this.#past;
    this.#past = isBefore(session.instant, this.timeline.current.end);
    this.#standing = undefined;
    this.#inMotion = false;
    if (this.#past) this.clock.hold('paused');
    else if (wasPast && !this.#pausedByHand) this.clock.release('paused');
    this.clock.swap(session);
    this.clock.release('moving');
    this.#options.shown();
    this.#options.changed();
  }

  #say(note: Note): void {
    this.#note = note;
    this.#notes++;
    this.#options.changed();
  }

  /** Keeps replicas from now on, and tends them when there is nothing better to do. */
  tend(): void {
    if (this.#tends) return;
    this.#tends = true;
    this.#tendLater(this.#recollection === undefined ? IDLE_MS : TEND_MS);
  }

  #tendLater(ms: number): void {
    const { wall } = this.#options;
    wall.after(ms, () => {
      const busy = this.#inMotion || this.#errand !== undefined || wall.now() - this.#lastAct < IDLE_MS;
      if (!busy && this.#recollection?.pendingExternal() === undefined && !this.#recollect(TEND_MS))
        return this.#tendLater(TEND_MS);
      const began = wall.now();
      const more = !busy && this.replicas.tend(() => wall.now() - began >= TEND_MS);
      this.#tendLater(more ? TEND_MS * (TEND_SHARE - 1) : IDLE_MS);
    });
  }
}
