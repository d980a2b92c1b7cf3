/** Who holds which socket: walks /proc/PID/fd as ss does, so it sees what its own /proc shows (a container only its own). */
import type { ProgramContext } from '../../process/program.ts';

/** ` users:(("dockerd",pid=457,fd=26))` by inode. */
export function socketOwners(ctx: ProgramContext): ReadonlyMap<number, string> {
  const found = new Map<number, string[]>();
  const pids = ctx.fs.readdir('/proc');
  if (!pids.ok) return new Map();
  for (const pid of pids.value.filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(a) - Number(b))) {
    const fds = ctx.fs.readdir(`/proc/${pid}/fd`);
    if (!fds.ok) continue;
    for (const fd of fds.value) {
      const stat = ctx.fs.lstat(`/proc/${pid}/fd/${fd}`);
      const match = stat.ok ? /^socket:\[(\d+)\]$/.exec(stat.value.target ?? '') : null;
      if (match === null) continue;
      const inode = Number(match[1]);
      const comm = ctx.fs.readText(`/proc/${pid}/comm`);
      const entry = `("${comm.ok ? comm.value.trim() : '???'}",pid=${pid},fd=${fd})`;
      const entries = found.get(inode);
      if (entries === undefined) found.set(inode, [entry]);
      else entries.push(entry);
    }
  }
  return new Map([...found].map(([inode, entries]) => [inode, ` users:(${entries.join(',')})`]));
}
