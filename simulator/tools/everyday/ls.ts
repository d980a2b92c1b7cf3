/**
 * ls(1) of coreutils 9.7. Emulated: -1 -a -A -d -F -h -i -l -n -r -R -S -t, --color in the colours that ls
 * has without LS_COLORS, and without the reset that it puts in front of the first.
 */
import { strerror } from '../../base/errno.ts';
import { SECOND } from '../../base/scheduler.ts';
import { listTime } from '../../process/calendar.ts';
import type { Blocking, Program, ProgramContext, Stat, Tool } from '../../process/program.ts';
import { complain, humanSize, isBusybox, modeText, parseOptions, userName } from './common.ts';

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly stat: Stat;
}

type Flags = ReadonlyMap<string, string>;

/** `--color`, which takes its value after `=` only. */
const COLOR = /^--color(=(always|yes|force|never|no|none|auto|tty|if-tty))?$/;

function* main(ctx: ProgramContext): Program {
  const operandsOnly = ctx.argv.indexOf('--');
  const argv = ctx.argv.filter((word, i) => (operandsOnly >= 0 && i > operandsOnly) || !COLOR.test(word));
  const parsed = yield* parseOptions(
    Object.create(ctx, { argv: { value: argv } }) as ProgramContext,
    {
      short: '1aAdFhilnrRStCgGsuUcZ',
      long: {
        all: { value: false, as: 'a' },
        'almost-all': { value: false, as: 'A' },
        directory: { value: false, as: 'd' },
        classify: { value: false, as: 'F' },
        'human-readable': { value: false, as: 'h' },
        inode: { value: false, as: 'i' },
        recursive: { value: false, as: 'R' },
        reverse: { value: false, as: 'r' },
      },
    },
    ['Z', 'u', 'c', 's', 'g', 'G'],
    2,
  );
  if (typeof parsed === 'number') return parsed;
  const { operands } = parsed;
  const colour = ctx.argv.findLast((word, i) => (operandsOnly < 0 || i < operandsOnly) && COLOR.test(word));
  const when = colour?.split('=')[1] ?? (colour === undefined ? 'never' : 'always');
  const colours =
    /^(?:always|yes|force)$/.test(when) || (/^(?:auto|tty|if-tty)$/.test(when) && ctx.file(1)?.isTty === true);
  const flags: Flags = colours ? new Map(parsed.flags).set('color', '') : parsed.flags;
  let status = 0;
  const files: Entry[] = [];
  const directories: Entry[] = [];
  for (const path of operands.length === 0 ? ['.'] : operands) {
    const long = flags.has('l') || flags.has('n') || flags.has('d') || flags.has('F');
    const stat = long && !path.endsWith('/') ? lstatOrDirectory(ctx, path, flags) : ctx.fs.stat(path);
    if (!stat.ok) {
      const quoted = isBusybox(ctx) ? path : `cannot access '${path}'`;
      status = yield* complain(ctx, `${quoted}: ${strerror(stat.errno)}`, isBusybox(ctx) ? 1 : 2);
    } else if (stat.value.type === 'directory' && !flags.has('d'))
      directories.push({ name: path, path, stat: stat.value });
    else files.push({ name: path, path, stat: stat.value });
  }
  if (files.length > 0) yield* ctx.out(listing(ctx, sorted(files, flags), flags, false));
  let first = files.length === 0;
  const titled = operands.length > 1 || flags.has('R');
  for (const directory of sorted(directories, flags)) {
    yield* listDirectory(ctx, directory, flags, titled, first);
    first = false;
  }
  return status;
}

/** A link to a directory is listed as a link by -l, -d and -F only when nothing else is asked; coreutils lists the link. */
function lstatOrDirectory(ctx: ProgramContext, path: string, flags: Flags): ReturnType<ProgramContext['fs']['stat']> {
  const stat = ctx.fs.lstat(path);
  return stat.ok && stat.value.type === 'symlink' && !flags.has('l') && !flags.has('d') ? ctx.fs.stat(path) : stat;
}

function* listDirectory(
  ctx: ProgramContext,
  directory: Entry,
  flags: Flags,
  titled: boolean,
  first: boolean,
): Blocking<void> {
  const names = ctx.fs.readdir(directory.path);
  const entries: Entry[] = [];
  const add = (name: string, path: string): void => {
    const stat = ctx.fs.lstat(path);
    if (stat.ok) entries.push({ name, path, stat: stat.value });
  };
  const base = directory.path.endsWith('/') ? directory.path : `${directory.path}/`;
  if (flags.has('a')) {
    add('.', directory.path);
    add('..', `${base}..`);
  }
  for (const name of names.ok ? names.value : [])
    if (!name.startsWith('.') || flags.has('a') || flags.has('A')) add(name, base + name);
  const title = titled ? `${first ? '' : '\n'}${directory.path}:\n` : '';
  yield* ctx.out(title + listing(ctx, sorted(entries, flags), flags, true));
  if (!flags.has('R')) return;
  for (const entry of sorted(entries, flags)) {
    if (entry.stat.type === 'directory' && entry.name !== '.' && entry.name !== '..')
      yield* listDirectory(ctx, entry, flags, true, false);
  }
}

/** Order of C.UTF-8: by code points. */
function sorted(entries: readonly Entry[], flags: Flags): Entry[] {
  const list = [...entries];
  if (!flags.has('U')) list.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  if (flags.has('t')) list.sort((a, b) => b.stat.mtime - a.stat.mtime);
  if (flags.has('S')) list.sort((a, b) => b.stat.size - a.stat.size);
  return flags.has('r') ? list.reverse() : list;
}

function listing(ctx: ProgramContext, entries: readonly Entry[], flags: Flags, total: boolean): string {
  const long = flags.has('l') || flags.has('n');
  const shown = (entry: Entry): string => {
    const mark = flags.has('F') ? classify(entry.stat) : '';
    const inode = flags.has('i') ? `${entry.stat.inode} ` : '';
    const name = flags.has('color') ? coloured(entry.name, entry.stat) : entry.name;
    return long ? name + mark : inode + name + mark;
  };
  if (long) return longListing(ctx, entries, flags, total, shown);
  if (entries.length === 0) return '';
  const tty = ctx.file(1)?.isTty === true;
  if ((tty || flags.has('C')) && !flags.has('1')) return columns(entries.map(shown), ctx.tty?.columns ?? 80, widthOf);
  return `${entries.map(shown).join('\n')}\n`;
}

/** color_indicator of ls.c. */
function coloured(name: string, { type, mode }: Stat): string {
  const colours: Readonly<Record<Stat['type'], string>> = {
    directory:
      (mode & 0o1002) === 0o1002 ? '30;42' : (mode & 0o002) !== 0 ? '34;42' : (mode & 0o1000) !== 0 ? '37;44' : '01;34',
    symlink: '01;36',
    fifo: '33',
    socket: '01;35',
    device: '01;33',
    file: (mode & 0o111) !== 0 ? '01;32' : '',
  };
  return colours[type] === '' ? name : `\x1b[${colours[type]}m${name}\x1b[0m`;
}

/** Columns that a name takes on the screen. */
function widthOf(name: string): number {
  return name.replace(/\x1b\[[\d;]*m/g, '').length;
}

function classify(stat: Stat): string {
  const marks: Readonly<Record<string, string>> = { directory: '/', symlink: '@', fifo: '|', socket: '=' };
  return marks[stat.type] ?? (stat.type === 'file' && (stat.mode & 0o111) !== 0 ? '*' : '');
}

function longListing(
  ctx: ProgramContext,
  entries: readonly Entry[],
  flags: Flags,
  total: boolean,
  shown: (entry: Entry) => string,
): string {
  const now = ctx.wallClock / SECOND;
  const epoch = now - ctx.now / SECOND;
  const rows = entries.map((entry) => {
    const { stat } = entry;
    const owner = flags.has('n') ? String(stat.uid) : userName(stat.uid);
    const group = flags.has('n') ? String(stat.gid) : userName(stat.gid);
    const size =
      stat.device === undefined
        ? flags.has('h')
          ? humanSize(stat.size)
          : String(stat.size)
        : `${stat.device.major}, ${stat.device.minor}`;
    const target = stat.target === undefined ? '' : ` -> ${stat.target}`;
    const inode = flags.has('i') ? `${stat.inode} ` : '';
    const time = listTime(Math.floor(epoch + stat.mtime / SECOND), now);
    return {
      head: inode + modeText(stat.type, stat.mode),
      links: String(stat.links),
      owner,
      group,
      size,
      time,
      name: shown(entry) + target,
    };
  });
  const width = (pick: (row: (typeof rows)[number]) => string): number =>
    Math.max(0, ...rows.map((row) => pick(row).length));
  const [links, owners, groups, sizes] = [
    width((row) => row.links),
    width((row) => row.owner),
    width((row) => row.group),
    width((row) => row.size),
  ];
  const lines = rows.map(
    (row) =>
      `${row.head} ${row.links.padStart(links)} ${row.owner.padEnd(owners)} ${row.group.padEnd(groups)} ${row.size.padStart(sizes)} ${row.time} ${row.name}\n`,
  );
  const blocks = entries.reduce(
    (sum, { stat }) => sum + (stat.type === 'file' || stat.type === 'directory' ? Math.ceil(stat.size / 4096) * 4 : 0),
    0,
  );
  return (total ? `total ${blocks}\n` : '') + lines.join('');
}

/** Names in columns, filled downwards, two spaces apart. */
export function columns(
  names: readonly string[],
  width: number,
  widthOf = (name: string): number => name.length,
): string {
  for (let rows = 1; rows <= names.length; rows++) {
    const across = Math.ceil(names.length / rows);
    const widths = Array.from({ length: across }, (_, c) =>
      Math.max(...names.slice(c * rows, (c + 1) * rows).map(widthOf)),
    );
    if (widths.reduce((sum, w) => sum + w + 2, -2) > width && rows < names.length) continue;
    const lines: string[] = [];
    for (let r = 0; r < rows; r++) {
      let line = '';
      for (let c = 0; c < across; c++) {
        const name = names[c * rows + r];
        if (name !== undefined)
          line +=
            c * rows + r + rows < names.length ? name + ' '.repeat((widths[c] as number) + 2 - widthOf(name)) : name;
      }
      lines.push(line);
    }
    return `${lines.join('\n')}\n`;
  }
  return '';
}

export const lsTool: Tool = { name: 'ls', directory: '/bin', summary: 'list directory contents', main };
