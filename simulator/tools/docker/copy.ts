/**
 * `docker cp`: cli/command/container/cp.go and moby pkg/archive/copy.go. Not emulated: tar streams (`-`), --archive (all files
 * are root's).
 */
import { humanSize } from '../../engine/duration.ts';
import type { Blocking, FileCalls } from '../../process/program.ts';
import { value } from './client.ts';
import type { Call } from './command.ts';
import { Failure } from './failure.ts';

/** An end of the copy. */
interface End {
  /** '' is this machine. */
  readonly container: string;
  readonly path: string;
  readonly files: FileCalls;
}

/** A local path begins with `/` or `.`, or has no colon. */
function split(word: string): [container: string, path: string] {
  if (word.startsWith('/')) return ['', word];
  const colon = word.indexOf(':');
  return colon < 0 || word.startsWith('.') ? ['', word] : [word.slice(0, colon), word.slice(colon + 1)];
}

const missing = ({ container, path }: End): Failure =>
  new Failure(
    container === ''
      ? `lstat ${path}: no such file or directory`
      : `Error response from daemon: Could not find the file ${path} in container ${container}`,
  );

const octets = (size: number): number => 512 + Math.ceil(size / 512) * 512;
const baseOf = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) ?? '';

/** Copies a tree; answers how long its archive is, without the end. */
function copyTree(from: End, source: string, to: End, target: string, follow: boolean): number {
  const stat = follow ? from.files.stat(source) : from.files.lstat(source);
  if (!stat.ok) throw missing({ ...from, path: source });
  if (stat.value.type === 'symlink') {
    to.files.unlink(target);
    to.files.symlink(stat.value.target ?? '', target);
    return octets(0);
  }
  const there = to.files.stat(target);
  if (stat.value.type === 'directory') {
    if (there.ok && there.value.type !== 'directory')
      throw new Failure(`cannot overwrite non-directory "${target}" with directory "${source}"`);
    if (!there.ok) to.files.mkdir(target);
    const names = from.files.readdir(source);
    return (names.ok ? names.value : []).reduce(
      (sum, name) => sum + copyTree(from, `${source}/${name}`, to, `${target}/${name}`, false),
      octets(0),
    );
  }
  const contents = stat.value.type === 'file' ? from.files.readFile(source) : undefined;
  if (contents?.ok !== true) return 0;
  const written = to.files.writeFile(target, contents.value);
  if (!written.ok) throw new Failure(`Error response from daemon: container rootfs is marked read-only`);
  to.files.chmod(target, stat.value.mode);
  return octets(contents.value.length);
}

/** Where it goes: into a directory that is there, or under a name of its own. */
function targetOf(from: End, to: End): string {
  const stat = to.files.stat(to.path);
  if (stat.ok && stat.value.type === 'directory') {
    // `DIR/.` copies what is in it.
    const contents = /(?:^|\/)\.$/.test(from.path);
    return contents ? to.path : `${to.path.replace(/\/+$/, '')}/${baseOf(from.path)}`;
  }
  const parent = to.path.replace(/\/+$/, '').replace(/[^/]*$/, '') || '.';
  if (!to.files.stat(parent).ok) {
    if (to.container !== '') throw missing({ ...to, path: parent.replace(/(.)\/$/, '$1') });
    throw new Failure(`invalid output path: directory "${to.files.absolute(parent)}" does not exist`);
  }
  const source = from.files.stat(from.path);
  if (!stat.ok && to.path.endsWith('/') && source.ok && source.value.type !== 'directory')
    throw new Failure(`no such directory`);
  return to.path.replace(/\/+$/, '');
}

/** *blocking* `docker cp` */
export function* cp(call: Call): Blocking<number> {
  const { api, ctx, options } = call;
  const [source = '', target = ''] = call.words;
  if (source === '') throw new Failure('source can not be empty');
  if (target === '') throw new Failure('destination can not be empty');
  const [[one, sourcePath], [other, targetPath]] = [split(source), split(target)];
  if (one !== '' && other !== '') throw new Failure('copying between containers is not supported');
  if (one === '' && other === '') throw new Failure('must specify at least one container source');
  if (sourcePath === '-' || targetPath === '-') throw new Failure('docker cp: tar streams are not emulated here');
  const filesOf = (container: string): FileCalls => (container === '' ? ctx.fs : value(api.containerFiles(container)));
  const rooted = (container: string, path: string): string =>
    container !== '' && !path.startsWith('/') ? `/${path}` : path;
  const from: End = { container: one, path: rooted(one, sourcePath), files: filesOf(one) };
  const to: End = { container: other, path: rooted(other, targetPath), files: filesOf(other) };
  if (!from.files.lstat(from.path).ok) throw missing(from);
  const size = copyTree(from, from.path, to, targetOf(from, to), options.flag('follow-link')) + 1024;
  // Without a terminal nothing is told, but when asked for.
  const quiet = options.flag('quiet', ctx.file(1)?.isTty !== true);
  const place = other === '' ? ctx.fs.absolute(targetPath) : `${other}:${to.path}`;
  if (!quiet) yield* ctx.err(`Successfully copied ${humanSize(size, 3)} to ${place}\n`);
  return 0;
}
