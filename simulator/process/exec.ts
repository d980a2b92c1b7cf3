/** Finding and loading a program, after execve(2) and execvp(3): PATH, emulated executables, `#!` scripts. */
import { ok, refuse, type Result } from '../base/result.ts';
import { ExecutableNode, FileNode, Directory } from './nodes.ts';
import type { Mounts } from './vfs.ts';
import { ProcessFiles } from './vfs.ts';
import type { Process } from './process.ts';
import type { Program, ProgramContext, SpawnOptions, Tool } from './program.ts';
import { decodeUtf8 } from '../base/utf8.ts';

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A program ready to start. */
interface Loaded {
  readonly argv: readonly string[];
  readonly main: (ctx: ProgramContext) => Program;
}

/** The executable that `name` stands for: a path when it has a slash, else the first hit on PATH. */
export function which(
  fs: ProcessFiles,
  name: string,
  path: string | undefined,
): Result<{ path: string; tool: Tool | undefined }> {
  if (name.includes('/')) return executable(fs, name);
  if (name === '') return refuse('ENOENT');
  let found: Result<{ path: string; tool: Tool | undefined }> = refuse('ENOENT');
  for (const directory of (path ?? DEFAULT_PATH).split(':')) {
    const hit = executable(fs, `${directory === '' ? '.' : directory}/${name}`);
    if (hit.ok) return hit;
    if (hit.errno === 'EACCES') found = hit;
  }
  return found;
}

function executable(fs: ProcessFiles, path: string): Result<{ path: string; tool: Tool | undefined }> {
  const node = fs.node(path);
  if (!node.ok) return node;
  if (node.value instanceof ExecutableNode) return ok({ path, tool: node.value.tool });
  if (node.value instanceof Directory || (node.value.mode & 0o111) === 0) return refuse('EACCES');
  return node.value instanceof FileNode ? ok({ path, tool: undefined }) : refuse('EACCES');
}

/** Loads argv[0] as a child of `process` with `options` would see it. ENOENT, EACCES, ENOEXEC. */
export function findProgram(
  process: Process,
  argv: readonly string[],
  options: SpawnOptions,
  depth = 0,
): Result<Loaded> {
  const mounts = (options.mounts as Mounts | undefined) ?? process.mounts;
  const cwd = options.cwd ?? process.cwd;
  const fs =
    mounts === process.mounts && cwd === process.cwd
      ? process.fs
      : new ProcessFiles(
          { pid: process.pid, netns: process.netns, container: options.container ?? process.container, cwd, mounts },
          process.host,
        );
  const found = which(fs, argv[0] ?? '', (options.env ?? process.env).get('PATH'));
  if (!found.ok) return found;
  const { tool, path } = found.value;
  if (tool !== undefined) return ok({ argv, main: (ctx) => tool.main(ctx) });
  return depth > 3 ? refuse('ELOOP') : script(process, path, fs, argv, options, depth);
}

function script(
  process: Process,
  path: string,
  fs: ProcessFiles,
  argv: readonly string[],
  options: SpawnOptions,
  depth: number,
): Result<Loaded> {
  const bytes = fs.readFile(path);
  if (!bytes.ok) return bytes;
  const first = decodeUtf8(bytes.value.subarray(0, 256)).split('\n', 1)[0] ?? '';
  const hashBang = /^#!\s*(\S+)(?:\s+(.*\S))?\s*$/.exec(first);
  if (hashBang === null) return refuse('ENOEXEC');
  const [, interpreter = '', argument] = hashBang;
  const words = argument === undefined ? [interpreter] : [interpreter, argument];
  return findProgram(process, [...words, path, ...argv.slice(1)], options, depth + 1);
}
