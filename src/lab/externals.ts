/**
 * The libraries that the engine reaches by promise: jq, awk and sed. Each is fetched when a command first
 * needs it. The page's worker and the headless face both pass these to their world.
 */
import type { Externals } from '../../simulator/index.ts';

/** One run of a batch program: its arguments, what it reads, and the files it may open. */
export interface BatchRequest {
  readonly args: readonly string[];
  readonly stdin: string;
  /** Contents by absolute path; relative arguments are looked up from `directory`. */
  readonly files?: Readonly<Record<string, string>>;
  readonly directory?: string;
}

/** One run of jq: `filter` and `flags` as on its command line, without the names of files. */
export interface JqRequest {
  readonly filter: string;
  readonly flags: readonly string[];
  readonly input: string;
}

export interface BatchAnswer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

export const externals: Externals = {
  jq: (request) => jq(request as JqRequest),
  awk: (request) => batch('awk', request as BatchRequest),
  sed: (request) => batch('sed', request as BatchRequest),
};

/** The error that jq-web throws when jq exits with another status than 0. */
interface JqFailure {
  readonly exitCode?: number;
  readonly stderr?: string;
  readonly message: string;
}

/** jq 1.7. What it printed before an error at run time is lost by the library. */
async function jq({ filter, flags, input }: JqRequest): Promise<BatchAnswer> {
  const { runJq } = await import('./jq.ts');
  try {
    return { stdout: await runJq(input, filter, flags), stderr: '', exit: 0 };
  } catch (error) {
    const { exitCode = 2, stderr, message } = error as JqFailure;
    return { stdout: '', stderr: `${(stderr ?? message).trimEnd()}\n`, exit: exitCode };
  }
}

/** awk and sed, out of a shell that runs to its end. */
async function batch(program: string, request: BatchRequest): Promise<BatchAnswer> {
  const { Bash } = await import('just-bash/browser');
  const shell = new Bash({ files: { ...request.files }, cwd: request.directory ?? '/' });
  const line = [program, ...request.args.map(quoted)].join(' ');
  const { stdout, stderr, exitCode } = await shell.exec(line, { stdin: request.stdin });
  return { stdout, stderr, exit: exitCode };
}

/** An argument as a word that the shell takes as it is. */
function quoted(argument: string): string {
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
