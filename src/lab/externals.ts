/**
 * The libraries that the engine reaches by promise: jq, awk and sed. Each is fetched when a command first
 * needs it. The page's worker and the headless face both pass these to their world.
 */
import type { Externals } from '../../simulator/index.ts';

/** What simulator/tools/everyday/borrowed.ts asks: run `argv` on `stdin`. */
interface Request {
  readonly argv: readonly string[];
  readonly stdin: string;
  /** Contents of files that it may open, by absolute path. */
  readonly files: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

export const externals: Externals = {
  jq: (request) => jq(request as Request),
  awk: (request) => batch(request as Request),
  sed: (request) => batch(request as Request),
};

/** The error that jq-web throws when jq exits with another status than 0. */
interface JqFailure {
  readonly exitCode?: number;
  readonly stderr?: string;
  readonly message: string;
}

/** jq 1.7; the filter is the last word of `argv`. What it printed before an error at run time is lost by the library. */
async function jq({ argv, stdin }: Request): Promise<Answer> {
  const { runJq } = await import('./jq.ts');
  try {
    return { stdout: await runJq(stdin, argv.at(-1) ?? '.', argv.slice(1, -1)), stderr: '', status: 0 };
  } catch (error) {
    const { exitCode = 2, stderr, message } = error as JqFailure;
    return { stdout: '', stderr: `${(stderr ?? message).trimEnd()}\n`, status: exitCode };
  }
}

/** awk and sed, out of a shell that runs to its end. */
async function batch({ argv, stdin, files }: Request): Promise<Answer> {
  const { Bash } = await import('just-bash/browser');
  const shell = new Bash({ files: { ...files } });
  const { stdout, stderr, exitCode } = await shell.exec(argv.map(quoted).join(' '), { stdin });
  return { stdout, stderr, status: exitCode };
}

/** An argument as a word that the shell takes as it is. */
function quoted(argument: string): string {
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
