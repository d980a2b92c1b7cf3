/** Runs `docker` against a fake engine, without kernel or processes: output is collected, waiting advances a clock. */
import { WaitQueue } from '../../simulator/base/wait.ts';
import { answer, refusal, type EngineApi } from '../../simulator/engine/api.ts';
import type { ProgramContext } from '../../simulator/process/program.ts';
import { dockerTool } from '../../simulator/tools/docker/index.ts';

/** 2026-11-20T12:00:00Z in microseconds. */
const WALL_CLOCK = 1795176000 * 1_000_000;

export interface Outcome {
  stdout: string;
  stderr: string;
  exit: number;
}

export interface Surroundings {
  readonly api?: Partial<EngineApi>;
  /** Called whenever the program sleeps; `now` is virtual µs. */
  readonly onWait?: (now: number) => void;
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
  readonly input?: string[];
}

/** An engine that knows nothing: every call that is not given is refused. */
function fakeEngine(calls: Partial<EngineApi>): EngineApi {
  const base: Record<string, unknown> = { changed: new WaitQueue(), ...calls };
  return new Proxy(base, {
    get: (target, name) =>
      name in target ? target[name as string] : () => refusal(500, `fake engine: ${String(name)}`),
  }) as unknown as EngineApi;
}

export const NOT_A_MANAGER =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

/** What `info` says of the swarm. */
export function swarmInfo(state: 'inactive' | 'active', manager: boolean): Partial<EngineApi> {
  const swarm = {
    NodeID: manager ? 'self0' : '',
    NodeAddr: '',
    LocalNodeState: state,
    ControlAvailable: manager,
    Error: '',
    RemoteManagers: null,
  };
  return { info: () => answer({ Swarm: swarm, Warnings: null } as never) };
}

function contextOf(argv: readonly string[], around: Surroundings): { ctx: ProgramContext; outcome: Outcome } {
  const outcome: Outcome = { stdout: '', stderr: '', exit: -1 };
  let now = 1_000_000;
  const api = around.api === undefined ? undefined : fakeEngine(around.api);
  const input = [...(around.input ?? [])];
  const ctx = {
    argv,
    env: new Map(Object.entries(around.env ?? {})),
    host: { name: 'node1', unixSockets: new Map(api === undefined ? [] : [['/var/run/docker.sock', api]]) },
    fs: {
      readText: (path: string) =>
        around.files?.[path] === undefined ? { ok: false, errno: 'ENOENT' } : { ok: true, value: around.files[path] },
    },
    get now() {
      return now;
    },
    get wallClock() {
      return WALL_CLOCK + now - 1_000_000;
    },
    tty: undefined,
    file: (fd: number) => ({ name: `pipe:[${fd}]`, isTty: false }),
    *out(text: string) {
      outcome.stdout += text;
    },
    *err(text: string) {
      outcome.stderr += text;
    },
    *readLine() {
      return input.shift();
    },
    *sleep(micros: number) {
      now += micros;
      around.onWait?.(now);
      if (now > 600_000_000) throw new Error('never ends');
      return 'timeout';
    },
    *wait() {
      now += 1000;
      around.onWait?.(now);
      if (now > 600_000_000) throw new Error('never ends');
      return 'woken';
    },
    catchSignal: () => undefined,
    takeSignal: () => undefined,
  };
  return { ctx: ctx as unknown as ProgramContext, outcome };
}

/** Splits a command line at blanks; quotes keep words together. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

export function docker(line: string, around: Surroundings = {}): Outcome {
  const { ctx, outcome } = contextOf(wordsOf(line), around);
  const program = dockerTool.main(ctx);
  let step = program.next('woken');
  while (step.done !== true) step = program.next('woken');
  outcome.exit = step.value;
  return outcome;
}

export function completions(words: readonly string[], around: Surroundings = {}): readonly string[] {
  return dockerTool.complete?.(words, contextOf(words, around).ctx) ?? [];
}
