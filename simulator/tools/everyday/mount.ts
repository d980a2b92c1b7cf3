/** mount(8), umount(8), findmnt's refusal: the listing of what is mounted, and `umount` of a namespace file. */
import { strerror } from '../../base/errno.ts';
import type { Program, ProgramContext, Tool } from '../../process/program.ts';
import { complain, parseOptions } from './common.ts';

/** What would mount something. */
const REFUSED = [...'aorwfnvLUBMR'];
const LONG = { types: { value: true, as: 't' }, options: { value: true, as: 'o' }, bind: { value: false, as: 'B' } };

function* mount(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'lt:ao:rwfnvL:U:BMR', long: LONG }, REFUSED);
  if (typeof parsed === 'number') return parsed;
  if (parsed.operands.length > 0)
    return yield* complain(ctx, 'mounting is not emulated here; without arguments it lists what is mounted', 32);
  const table = ctx.fs.readText('/proc/self/mounts');
  const wanted = parsed.flags.get('t');
  for (const line of table.ok ? table.value.split('\n') : []) {
    const [device, place, type, options] = line.split(' ');
    if (place !== undefined && (wanted === undefined || wanted === type))
      yield* ctx.out(`${device} on ${place} type ${type} (${options})\n`);
  }
  return 0;
}

function* umount(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'alfrnvRdt:O:iNc' }, [...'alfrnvRdtOiNc']);
  if (typeof parsed === 'number') return parsed;
  const paths = parsed.operands;
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
