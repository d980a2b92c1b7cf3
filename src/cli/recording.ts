/** A recording of a real cluster: `recordings/NAME.json` of the ground truth; the format is told in its README. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

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
  readonly name: string;
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
  const steps = (data['steps'] as Partial<Step>[]).map(
    (step) => ({ stdout: '', stderr: '', exit: 0, ...step }) as Step,
  );
  const name = basename(path, '.json');
  // Some were made on the same machines without docker running: then nothing in them speaks of it.
  const docker = steps.some((step) => /\bdocker\b/.test(step.cmd) || /^(?:\d+: )?docker0[: ]/m.test(step.stdout));
  const servers = isObject(data['topology']) ? data['topology']['servers'] : undefined;
  return {
    name,
    names: isObject(data['names']) ? (data['names'] as Recording['names']) : {},
    steps,
    docker,
    servers: typeof servers === 'string' ? servers : '',
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Paths of the recordings in `directory` (not below it: those of other eras are), sorted. */
export function recordingsIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => join(directory, file));
}
