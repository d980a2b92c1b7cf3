/** mount(8), umount(8), findmnt's refusal: the listing of what is mounted, and `umount` of a namespace file. */
import { strerror } from '../../base/errno.ts';
import type { Program, ProgramContext, Tool } from '../../process/program.ts';
import { complain } from './common.ts';

function* mount(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  if (words.length > 0 && words[0] !== '-l' && words[0] !== '-t')
    return yield* complain(ctx, 'mounting is not emulated here; without arguments it lists what is mounted', 32);
  const table = ctx.fs.readText('/proc/self/mounts');
  const wanted = words[0] === '-t' ? words[1] : undefined;
  for (const line of table.ok ? table.value.split('\n') : []) {
    const [device, place, type, options] = line.split(' ');
    if (place !== undefined && (wanted === undefined || wanted === type))
      yield* ctx.out(`${device} on ${place} type ${type} (${options})\n`);
  }
  return 0;
}

function* umount(ctx: ProgramContext): Program {
  const paths = ctx.argv.slice(1).filter((word) => !word.startsWith('-'));
  if (paths.length === 0) {
    yield* ctx.err("umount: bad usage\nTry 'umount --help' for more information.\n");
    return 1;
  }
  let status = 0;
  for (const path of paths) {
    const gone = ctx.fs.unmount(path);
    if (gone.ok) continue;
    status = yield* complain(
      ctx,
      `${path}: ${gone.errno === 'EINVAL' ? 'not mounted.' : gone.errno === 'ENOENT' ? 'no mount point specified.' : strerror(gone.errno)}`,
      32,
    );
  }
  return status;
}

export const mountTool: Tool = { name: 'mount', directory: '/bin', summary: 'list what is mounted', main: mount };
export const umountTool: Tool = {
  name: 'umount',
  directory: '/bin',
  summary: 'unmount a namespace file',
  main: umount,
};
