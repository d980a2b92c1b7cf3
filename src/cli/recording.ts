/** A recording of a real cluster: `recordings/NAME.json` of the ground truth; the format is told in its README. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DEFAULT_ENGINE, ENGINES } from '../../simulator/index.ts';

export interface Step {
  readonly node: string;
  readonly ns?: string;
  readonly cmd: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Below 0: ended by that signal. */
  readonly exit: number;
  readonly note?: string;
  readonly background?: boolean;
  /** Index of the step after which a background step is ended with SIGINT. */
  readonly stopped_after_step?: number;
  /** Seconds after which it was ended. */
  readonly timed_out_after?: number;
  readonly output_not_recorded?: boolean;
}

/** A task or container that the recording names. */
export interface NamedContainer {
  readonly node: string;
  readonly container: string;
  readonly id: string;
  readonly netns: string;
}

export interface Recording {
  /** As the file is called; one of another era begins with the folder that holds it: `era-28/routing-mesh`. */
  readonly name: string;
  /** Name of the era of its Docker engine, as scenarios have it: `26.1`. */
  readonly engine: string;
  /** Index of the first step that is compared: those before are of the recording that it continues. */
  readonly first: number;
  readonly names: Readonly<Record<string, string | NamedContainer>>;
  readonly steps: readonly Step[];
  /** Docker runs on its machines. */
  readonly docker: boolean;
  /** What listens where, in the rig's words: `s: tcp 80, udp 53; r: tcp 9000`. '' when nothing does. */
  readonly servers: string;
}

/** A file that is no recording. `message` says why. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/** Reads and checks one file. Throws {@link RecordingError}. */
export function readRecording(path: string): Recording {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new RecordingError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(data) || !Array.isArray(data['steps']))
    throw new RecordingError(`${path}: not a recording: it has no steps`);
  for (const [index, step] of data['steps'].entries()) {
    if (!isObject(step) || typeof step['cmd'] !== 'string' || typeof step['node'] !== 'string')
      throw new RecordingError(`${path}: step ${index} has no cmd or node`);
  }
  const predecessor = /\bContinues on the cluster of ([\w-]+) after its last step\b/.exec(String(data['about']))?.[1];
  const before = predecessor === undefined ? undefined : readRecording(join(dirname(path), `${predecessor}.json`));
  const first = before?.steps.length ?? 0;
  const own = (data['steps'] as Partial<Step>[]).map((step) => {
    const after = step.stopped_after_step;
    const shifted = after === undefined ? {} : { stopped_after_step: after + first };
    return { stdout: '', stderr: '', exit: 0, ...step, ...shifted } as Step;
  });
  const steps = [...(before?.steps ?? []), ...own];
  const folder = basename(dirname(path));
  const name = `${folder.startsWith('era-') ? `${folder}/` : ''}${basename(path, '.json')}`;
  // Some were made on the same machines without docker running: then nothing in them speaks of it.
  const docker = steps.some((step) => /\bdocker\b/.test(step.cmd) || /^(?:\d+: )?docker0[: ]/m.test(step.stdout));
  const servers = isObject(data['topology']) ? data['topology']['servers'] : undefined;
  return {
    name,
    engine: eraOf(data['engine'], folder),
    first,
    names: { ...before?.names, ...namesOf(data['names']) },
    steps,
    docker,
    servers: typeof servers === 'string' ? servers : '',
  };
}

/** Ids, names and containers; lists of addresses by machine are told by the steps as well. */
function namesOf(names: unknown): Recording['names'] {
  if (!isObject(names)) return {};
  const usable = Object.entries(names).filter(([, entry]) => !isObject(entry) || typeof entry['id'] === 'string');
  return Object.fromEntries(usable) as Recording['names'];
}

/** The era whose name begins the recorded engine's version; where no docker ran, the folder tells. */
function eraOf(engine: unknown, folder: string): string {
  const version =
    isObject(engine) && typeof engine['docker'] === 'string' ? engine['docker'] : folder.replace(/^era-/, '');
  return ENGINES.find((name) => version === name || version.startsWith(`${name}.`)) ?? DEFAULT_ENGINE;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Paths of the recordings in `directory`, sorted; then those of other eras, each in a folder `era-NAME`. */
export function recordingsIn(directory: string): string[] {
  const entries = readdirSync(directory).sort();
  const own = entries.filter((file) => file.endsWith('.json')).map((file) => join(directory, file));
  const eras = entries.filter((name) => name.startsWith('era-')).map((name) => join(directory, name));
  return [...own, ...eras.flatMap(recordingsIn)];
}
