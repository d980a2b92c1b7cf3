/**
 * The worker: one world, its clock, and the ports of its terminals. Messages come in between slices of
 * work, so the page can always interrupt.
 */
import { createBirpc } from 'birpc';
import { loadLateCode } from 'virtual:late-code';
import type { Scenario, Story, StorySummary } from '../../simulator/index.ts';
import { WorldClock, type Wall } from './clock.ts';
import {
  isAttach,
  type LabClient,
  type LabServer,
  type SavedWorld,
  type Size,
  type Started,
  type TerminalUp,
  type WorkerName,
} from './protocol.ts';
import { externals } from './externals.ts';
import { LabSession } from './session.ts';

/** Text in flight to one terminal beyond which the world waits for it to be drawn. */
const MOST_UNDRAWN = 500_000;
/** While the world works, the page hears of the log and the stories this often. */
const REPORT_EVERY_MS = 200;
/** Making the list of stories may take one part in this many of the time. */
const REPORT_SHARE = 20;
/** A page that nobody looks at keeps its clock going for this long. */
const HIDDEN_GRACE_MS = 60_000;

interface Line {
  readonly port: MessagePort;
  undrawn: number;
}

class Lab {
  readonly #session: LabSession;
  readonly #clock: WorldClock;
  readonly #client: LabClient;
  readonly #lines = new Map<string, Line>();
  #logSent = 0;
  #storiesKey = '';
  #held = false;
  #reportPause = REPORT_EVERY_MS;
  #eventsTold = 0;
  #reportTimer: ReturnType<typeof setTimeout> | undefined;
  #hideTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: LabSession, client: LabClient) {
    this.#session = session;
    this.#client = client;
    this.#clock = new WorldClock(session.world, wall(), () => this.#flush());
    this.#clock.start();
  }

  started(): Started {
    return { hosts: [...this.#session.world.hosts], terminals: this.#session.terminals() };
  }

  open(host: string, size: Size): string {
    let id = '';
    this.#clock.act(() => (id = this.#session.open(host, size)));
    return id;
  }

  close(id: string): void {
    this.#clock.act(() => this.#session.close(id));
    this.#lines.get(id)?.port.close();
    this.#lines.delete(id);
  }

  /** Joins a terminal to the page's port; what it printed before goes out at once. */
  attach(id: string, port: MessagePort): void {
    const line: Line = { port, undrawn: 0 };
    this.#lines.set(id, line);
    port.onmessage = ({ data }: MessageEvent<TerminalUp>) => this.#receive(id, line, data);
    this.#flush();
  }

  #receive(id: string, line: Line, message: TerminalUp): void {
    if (typeof message === 'string')
      void lateCode().then(() => this.#clock.act(() => this.#session.input(id, message)));
    else if ('drawn' in message) this.#drawn(line, message.drawn);
    else this.#clock.act(() => this.#session.resize(id, message));
  }

  #drawn(line: Line, count: number): void {
    void lateCode(); // the first prompt stands on the screen
    line.undrawn -= count;
    if (this.#held && line.undrawn < MOST_UNDRAWN / 2) {
      this.#held = false;
      this.#clock.start();
    }
  }

  /** Sends the text that a slice produced, and sees to it that a report follows. */
  #flush(): void {
    for (const [id, line] of this.#lines) {
      const text = this.#session.takeOutput(id);
      if (text !== '') {
        line.undrawn += text.length;
        line.port.postMessage(text);
      }
      if (this.#session.hasEnded(id)) {
        this.#lines.delete(id);
        this.#client.ended(id);
      }
      if (line.undrawn > MOST_UNDRAWN) {
        this.#held = true;
        this.#clock.stop();
      }
    }
    if (this.#session.world.inputLog.length > this.#logSent) this.#tellLog();
    this.#reportTimer ??= setTimeout(() => this.#report(), this.#reportPause);
  }

  /** Tells the page the time to keep, and the stories if they changed. */
  #report(): void {
    this.#reportTimer = undefined;
    this.#tellLog();
    const { events } = this.#session.world.trace;
    if (events.length === this.#eventsTold) return;
    this.#eventsTold = events.length;
    const began = performance.now();
    const stories = this.stories();
    this.#reportPause = Math.max(REPORT_EVERY_MS, REPORT_SHARE * (performance.now() - began));
    const key = stories.map((story) => `${story.id}:${story.packets}:${story.outcome}:${story.title}`).join();
    if (key === this.#storiesKey) return;
    this.#storiesKey = key;
    this.#client.storiesChanged(stories);
  }

  /** The page may be left at any moment: an input is told at once, the time now and then. */
  #tellLog(): void {
    const { inputLog, now } = this.#session.world;
    this.#client.logged(inputLog.slice(this.#logSent), now);
    this.#logSent = inputLog.length;
  }

  stories(): StorySummary[] {
    return this.#session.world.trace.stories();
  }

  story(id: number): Story {
    return this.#session.world.trace.story(id);
  }

  pcapng(id?: number): Uint8Array {
    return this.#session.world.trace.pcapng(id);
  }

  setVisible(visible: boolean): void {
    clearTimeout(this.#hideTimer);
    if (visible) this.#clock.start();
    else this.#hideTimer = setTimeout(() => this.#clock.stop(), HIDDEN_GRACE_MS);
  }
}

/** The worker's own wall: macrotasks by MessageChannel, which timers' clamping does not slow. */
function wall(): Wall {
  const channel = new MessageChannel();
  const queue: (() => void)[] = [];
  channel.port1.onmessage = () => queue.shift()?.();
  return {
    now: () => performance.now(),
    after: (ms, task) => {
      const timer = setTimeout(task, ms);
      return () => clearTimeout(timer);
    },
    soon: (task) => {
      queue.push(task);
      channel.port2.postMessage(0);
    },
  };
}

let loading: Promise<void> | undefined;

/** Tools and the shell's executor: fetched after the first prompt. Nothing that was typed runs before they are there. */
function lateCode(): Promise<void> {
  return (loading ??= loadLateCode());
}

/** Images whose programs are in the first part of the engine: they run no tool and no shell. */
const SELF_CONTAINED = /^(jwilder\/whoami|nginx)(:|$)/;

/** Whether a world cannot even stand up without the second part. */
function needsLateCode({ setup, services }: Scenario): boolean {
  return setup.length > 0 || services.some(({ image, command }) => command.length > 0 || !SELF_CONTAINED.test(image));
}

const { scenario, resumes } = JSON.parse(self.name) as WorkerName;

/** Builds the world, and plays a saved one again. */
async function build(saved?: SavedWorld): Promise<LabSession> {
  if (saved !== undefined || needsLateCode(scenario)) await lateCode();
  const session = new LabSession(scenario, externals);
  if (saved !== undefined) await session.restore(saved);
  return session;
}

let lab: Lab | undefined;
const early: { id: string; port: MessagePort }[] = [];

/** The running lab; every call but `start` needs one. */
function running(): Lab {
  if (lab === undefined) throw new Error('The world has not started yet.');
  return lab;
}

const server = {
  async start(saved?: SavedWorld): Promise<Started> {
    lab = new Lab(await (fresh ?? build(saved)), client);
    for (const { id, port } of early.splice(0)) lab.attach(id, port);
    return lab.started();
  },
  openTerminal: (host: string, size: Size) => running().open(host, size),
  closeTerminal: (id: string) => running().close(id),
  stories: () => running().stories(),
  story: (id: number) => running().story(id),
  pcapng: (id?: number) => running().pcapng(id),
  setVisible: (visible: boolean) => running().setVisible(visible),
} satisfies { [K in keyof LabServer]: (...args: Parameters<LabServer[K]>) => unknown };

const rpc = createBirpc<LabClient, typeof server>(server, {
  post: (message) => self.postMessage(message),
  on: (receive) =>
    self.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (!isAttach(data)) receive(data);
      else if (lab === undefined) early.push({ id: data.attach, port: data.port });
      else lab.attach(data.attach, data.port);
    }),
});

const client: LabClient = {
  logged: (events, now) => void rpc.logged.asEvent(events, now),
  ended: (terminal) => void rpc.ended.asEvent(terminal),
  storiesChanged: (stories) => void rpc.storiesChanged.asEvent(stories),
  failed: (message) => void rpc.failed.asEvent(message),
};

self.addEventListener('error', ({ message }) => client.failed(message));
self.addEventListener('unhandledrejection', ({ reason }) => client.failed(String(reason)));

/** Begun last, when every part of this file is there to report a failure: building takes this thread until it is done. */
const fresh = resumes ? undefined : build();
