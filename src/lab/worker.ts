/**
 * The worker: builds the lab's world as soon as it is evaluated, or brings one back, and answers the page. Messages
 * come in between slices of work, so the page can always interrupt.
 */
import { createBirpc } from 'birpc';
import { loadLateCode } from 'virtual:late-code';
import type { Scenario } from '../../simulator/index.ts';
import type { Wall } from './clock.ts';
import { externals } from './externals.ts';
import { Lab } from './lab.ts';
import { judge, type JudgeRequest } from '../lesson/judge.ts';
import { observe } from './observe.ts';
import {
  isAttach,
  type Begin,
  type JudgeServer,
  type LabClient,
  type LabServer,
  type Size,
  type Started,
  type WorkerName,
} from './protocol.ts';
import { LabSession } from './session.ts';
import type { SavedTree, TimeRequest } from './time-protocol.ts';

/** Events run between two looks at whether a library must be waited for. */
const REPLAY_EVENTS = 20_000;

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
function needsLateCode({ setup, networks, services, faults = [], bugs = [] }: Scenario): boolean {
  return (
    setup.length > 0 ||
    networks.length > 0 ||
    faults.length > 0 ||
    bugs.length > 0 ||
    services.some(({ image, command }) => command.length > 0 || !SELF_CONTAINED.test(image))
  );
}

const { scenario, resumes, replays = false } = JSON.parse(self.name) as WorkerName;

function make(seed: number | undefined, replica: boolean): LabSession {
  return new LabSession(scenario, { externals, seed, replica });
}

/** Builds the world. */
async function build(seed?: number): Promise<LabSession> {
  if (needsLateCode(scenario)) await lateCode();
  return make(seed, false);
}

/** Plays the current branch of a saved tree again, without notes where those can be had later. */
async function bringBack(session: LabSession, tree: SavedTree, notes: boolean): Promise<void> {
  const current = currentOf(tree);
  if (current === undefined) return;
  await lateCode();
  if (!notes) session.world.trace.countOnly();
  session.follow(wholeLog(tree, current.id));
  while (!session.playTo(current.end, REPLAY_EVENTS)) await session.pendingExternal();
}

function currentOf(tree: SavedTree): SavedTree['branches'][number] | undefined {
  return tree.branches.find(({ id }) => id === tree.current);
}

/** The log of a saved branch from the world's beginning. */
function wholeLog(tree: SavedTree, id: number): SavedTree['branches'][number]['log'] {
  const branch = tree.branches.find((one) => one.id === id);
  if (branch === undefined) return [];
  if (branch.parent === undefined) return branch.log;
  return [...wholeLog(tree, branch.parent).slice(0, branch.from.inputs), ...branch.log];
}

let lab: Lab | undefined;
const early: { id: string; port: MessagePort }[] = [];

/** The running lab; every call but `start` needs one. */
function running(): Lab {
  if (lab === undefined) throw new Error('The world has not started yet.');
  return lab;
}

type Served = LabServer & JudgeServer;

const server = {
  async start({ tree, foreign, paused }: Begin = {}): Promise<Started> {
    const session = await (fresh ?? build(tree && currentOf(tree)?.seed));
    if (tree !== undefined) await bringBack(session, tree, foreign !== undefined);
    lab = new Lab(session, { client, wall: wall(), make, ready: lateCode, tree, paused });
    if (foreign !== undefined) {
      await lateCode();
      await lab.graft(foreign);
    }
    for (const { id, port } of early.splice(0)) lab.attach(id, port);
    return lab.started();
  },
  openTerminal: (host: string, size: Size) => running().open(host, size),
  closeTerminal: (id: string) => running().close(id),
  ...observe(() => running().world, lateCode),
  time: async (request: TimeRequest) => {
    await lateCode();
    await running().time(request);
  },
  rules: () => running().rules(),
  judge: (request: JudgeRequest) => lateCode().then(() => judge(scenario, externals, request)),
  now: () => running().world.now,
  ping: () => {},
  setVisible: (visible: boolean) => running().setVisible(visible),
} satisfies { [K in keyof Served]: (...args: Parameters<Served[K]>) => unknown };

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
  logged: (branch, from, events, end) => void rpc.logged.asEvent(branch, from, events, end),
  branched: (cards, current) => void rpc.branched.asEvent(cards, current),
  timed: (state) => void rpc.timed.asEvent(state),
  shown: (terminals, past) => void rpc.shown.asEvent(terminals, past),
  ended: (terminal) => void rpc.ended.asEvent(terminal),
  storiesChanged: (stories) => void rpc.storiesChanged.asEvent(stories),
  failed: (message) => void rpc.failed.asEvent(message),
};

self.addEventListener('error', ({ message }) => client.failed(message));
self.addEventListener('unhandledrejection', ({ reason }) => client.failed(String(reason)));

if (replays) void lateCode(); // it comes while the world is built
/** Begun last, when every part of this file is there to report a failure: building takes this thread until it is done. */
const fresh = resumes && !replays ? undefined : build();
