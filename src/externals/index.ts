/**
 * The libraries that answer with a promise, loaded when they are first asked: awk and sed of just-bash, and jq-web. One file
 * for the page's worker and for Node. The simulator reaches them through process/external.ts and stands still meanwhile.
 */
import type { Externals } from '../../simulator/index.ts';

interface Request {
  readonly argv: readonly string[];
  readonly stdin: string;
}

interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

interface Jq {
  raw(json: string, filter: string, flags: string[]): string;
}

/** A word as a shell would need it typed. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

let bash:
  | Promise<{
      exec(
        line: string,
        options: { stdin: string; rawScript: boolean },
      ): Promise<{ stdout: string; stderr: string; exitCode: number }>;
    }>
  | undefined;

async function loadBash(): ReturnType<typeof loadBashOnce> {
  bash ??= loadBashOnce();
  return bash;
}

async function loadBashOnce(): Promise<NonNullable<Awaited<typeof bash>>> {
  const { Bash } = await import('just-bash/browser');
  return new Bash({ commands: ['awk', 'sed'] });
}

async function runInBash({ argv, stdin }: Request): Promise<Answer> {
  const shell = await loadBash();
  const { stdout, stderr, exitCode } = await shell.exec(argv.map(quoted).join(' '), { stdin, rawScript: true });
  return { stdout, stderr, status: exitCode };
}

let jq: Promise<Jq> | undefined;

async function loadJq(): Promise<Jq> {
  const loaded = (await import('jq-web')) as { default: Promise<Jq> | Jq };
  return loaded.default;
}

async function runJq({ argv, stdin }: Request): Promise<Answer> {
  jq ??= loadJq();
  const { raw } = await jq;
  const flags = argv.slice(1, -1);
  const filter = argv.at(-1) ?? '.';
  const joined = flags.includes('-j');
  try {
    const stdout = raw(stdin, filter, [...flags]);
    return { stdout: stdout === '' || joined ? stdout : `${stdout.replace(/\n$/, '')}\n`, stderr: '', status: 0 };
  } catch (error) {
    const { exitCode, stderr } = error as { exitCode?: number; stderr?: string };
    if (exitCode === undefined) throw error;
    const text = (stderr ?? '').replaceAll('inputString', '<stdin>');
    return { stdout: '', stderr: text === '' ? '' : `${text.replace(/\n$/, '')}\n`, status: exitCode };
  }
}

/** Give these to `createWorld`. */
export const externals: Externals = {
  awk: (request) => runInBash(request as Request),
  sed: (request) => runInBash(request as Request),
  jq: (request) => runJq(request as Request),
};
