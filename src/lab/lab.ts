/**
 * A lab inside its worker: joins the player to the page's ports, sends what terminals print, and reports the log, the
 * time and the stories now and then.
 */
import type { StorySummary, World } from '../../simulator/index.ts';
import type { Wall } from './clock.ts';
import { Player } from './player.ts';
import type { LabClient, Size, Started, TerminalDown, TerminalUp } from './protocol.ts';
import type { LabSession } from './session.ts';
import type { Foreign, SavedTree, TimeRequest } from './time-protocol.ts';
import { rulesMet } from './watch.ts';

/** Text in flight to one terminal beyond which the world waits for it to be drawn. */
const MOST_UNDRAWN = 500_000;
/** While the world works, the page hears of the time and the stories this often. */
const REPORT_EVERY_MS = 200;
/** Making the list of stories may take one part in this many of the time. */
const REPORT_SHARE = 20;
/** A page that nobody looks at keeps its clock going for this long. */
const HIDDEN_GRACE_MS = 60_000;
/** Rules offered to wait for. */
const MOST_RULES = 60;

interface Line {
  readonly port: MessagePort;
  undrawn: number;
  /** What the page's terminal measures. */
  size: Size | undefined;
}

export interface LabOptions {
  readonly client: LabClient;
  readonly wall: Wall;
  make(seed: number | undefined, replica: boolean): LabSession;
  /** Settles when what is typed can be run. */
  ready(): Promise<void>;
  readonly tree?: SavedTree | undefined;
  readonly paused?: boolean | undefined;
}

export class Lab {
  readonly #player: Player;
  readonly #client: LabClient;
  readonly #ready: () => Promise<void>;
  readonly #lines = new Map<string, Line>();
  /** Inputs of each branch's whole log that the page has. */
  readonly #sent = new Map<number, number>();
  #storiesKey = '';
  #reportPause = REPORT_EVERY_MS;
  /** The last event whose stories the page knows; null when another instant came on show since. */
  #lastTold: unknown;
  /** The first one: what came before may become known later. */
  #firstTold: unknown;
  #reportTimer: ReturnType<typeof setTimeout> | undefined;
  #changedSoon = false;
  #hideTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: LabSession, { client, wall, make, ready, tree, paused }: LabOptions) {
    this.#client = client;
    this.#ready = ready;
    const slice = () => this.#flush();
    const options = { wall, make, slice, shown: () => this.#showAnew(), changed: () => this.#changed() };
    this.#player = new Player(session, options, tree);
    for (const { id, log } of this.#player.timeline.branches) this.#sent.set(id, tree === undefined ? 0 : log.length);
    if (paused === true) void this.#player.request({ do: 'pause' });
    this.#player.clock.start();
    this.#changed();
  }

  get world(): World {
    return this.#player.session.world;
  }

  started(): Started {
    return { hosts: [...this.world.hosts], terminals: this.#player.session.terminals() };
  }

  async open(host: string, size: Size): Promise<string> {
    let id = '';
    await this.#player.act((session) => (id = session.open(host, size)));
    return id;
  }

  async close(id: string): Promise<void> {
    await this.#player.act((session) => session.close(id));
    this.#lines.get(id)?.port.close();
    this.#lines.delete(id);
  }

  async graft(foreign: Foreign): Promise<void> {
    await this.#player.graft(foreign);
  }

  async time(request: TimeRequest): Promise<void> {
    await this.#player.request(request);
  }

  async rules(): Promise<string[]> {
    await this.#ready();
    return rulesMet(this.world.trace.events, MOST_RULES);
  }

  /** Joins a terminal to the page's port; what it printed before goes out at once. */
  attach(id: string, port: MessagePort): void {
    const line: Line = { port, undrawn: 0, size: undefined };
    this.#lines.set(id, line);
    port.onmessage = ({ data }: MessageEvent<TerminalUp>) => this.#receive(id, line, data);
    this.#draw(line, this.#player.session.takeScreen(id));
    this.#flush();
  }

  #receive(id: string, line: Line, message: TerminalUp): void {
    if (typeof message === 'string') void this.#type(id, message);
    else if ('drawn' in message) this.#drawn(line, message.drawn);
    else {
      line.size = message;
      this.#player.adjust((session) => session.resize(id, message));
    }
  }

  async #type(id: string, data: string): Promise<void> {
    await this.#ready();
    await this.#player.act((session) => session.input(id, data));
  }

  #drawn(line: Line, count: number): void {
    void this.#ready().then(() => this.#player.tend()); // the first prompt stands on the screen
    line.undrawn -= count;
    if ([...this.#lines.values()].every(({ undrawn }) => undrawn < MOST_UNDRAWN / 2)) {
      this.#player.clock.release('undrawn');
    }
  }

  /** Sends the text that a slice produced, and sees to it that a report follows. */
  #flush(): void {
    const { session, past, clock } = this.#player;
    for (const [id, line] of this.#lines) {
      const text = session.takeOutput(id);
      if (text !== '') this.#draw(line, text);
      if (session.hasEnded(id) && !past) {
        this.#lines.delete(id);
        this.#client.ended(id);
      }
      if (line.undrawn > MOST_UNDRAWN) clock.hold('undrawn');
    }
    this.#tellLog();
    this.#reportTimer ??= setTimeout(() => this.#reportWhenReady(), this.#reportPause);
  }

  #draw(line: Line, text: string): void {
    const message: TerminalDown = text;
    line.undrawn += text.length;
    line.port.postMessage(message);
  }

  /** Replaces what a terminal of the page shows. */
  #drawAll(id: string, line: Line): void {
    const { session } = this.#player;
    const screen = session.has(id) ? session.takeScreen(id) : null;
    const message: TerminalDown = { screen };
    line.undrawn += screen?.length ?? 0;
    line.port.postMessage(message);
  }

  /** Another instant or branch is on show. */
  #showAnew(): void {
    const { session, past } = this.#player;
    for (const [id, line] of this.#lines) this.#drawAll(id, line);
    this.#client.shown(session.terminals(), past);
    this.#lastTold = null;
    this.#reportTimer ??= setTimeout(() => this.#reportWhenReady(), this.#reportPause);
    this.#fitAll();
  }

  /** At the end of a branch the terminals are as wide as on the page. */
  #fitAll(): void {
    this.#player.adjust((session) => {
      for (const [id, { size }] of this.#lines) if (size !== undefined) session.resize(id, size);
    });
  }

  /** Several changes of one turn are told once. */
  #changed(): void {
    if (this.#changedSoon) return;
    this.#changedSoon = true;
    queueMicrotask(() => {
      this.#changedSoon = false;
      const { timeline, past } = this.#player;
      this.#client.branched(this.#player.cards(), timeline.current.id);
      this.#client.timed(this.#player.state());
      this.#tellLog();
      if (!past) this.#fitAll();
    });
  }

  /** What makes stories comes with what runs commands. */
  #reportWhenReady(): void {
    void this.#ready().then(() => this.#report());
  }

  /** Tells the page the time to keep, and the stories if they changed. */
  #report(): void {
    this.#reportTimer = undefined;
    this.#tellLog(true);
    this.#client.timed(this.#player.state());
    const { trace } = this.world;
    const last = trace.events.at(-1);
    const first = trace.events[0];
    if (last === this.#lastTold && first === this.#firstTold) return;
    this.#lastTold = last;
    this.#firstTold = first;
    const began = performance.now();
    const stories: StorySummary[] = trace.stories();
    this.#reportPause = Math.max(REPORT_EVERY_MS, REPORT_SHARE * (performance.now() - began));
    const key = stories.map((story) => `${story.id}:${story.packets}:${story.outcome}:${story.title}`).join();
    if (key === this.#storiesKey) return;
    this.#storiesKey = key;
    this.#client.storiesChanged(stories);
  }

  /** The page may be left at any moment: an input is told at once, the time now and then. */
  #tellLog(evenNothing = false): void {
    const { current, branches } = this.#player.timeline;
    for (const { id, log, from, parent, end } of branches) {
      const base = parent === undefined ? 0 : from.inputs;
      const sent = Math.max(this.#sent.get(id) ?? base, base);
      if (log.length === sent && !(evenNothing && id === current.id)) continue;
      this.#client.logged(id, sent - base, log.slice(sent), end);
      this.#sent.set(id, log.length);
    }
  }

  setVisible(visible: boolean): void {
    clearTimeout(this.#hideTimer);
    if (visible) this.#player.clock.release('hidden');
    else this.#hideTimer = setTimeout(() => this.#player.clock.hold('hidden'), HIDDEN_GRACE_MS);
  }
}
