/** /proc, after fs/proc: one directory a process, `self`, the machine's own files, net/ and sys/ of the viewer's namespace. */
import { SECOND } from '../base/scheduler.ts';
import type { Directory } from './nodes.ts';
import {
  MagicLink,
  NamespaceNode,
  OpenFileNode,
  SymlinkNode,
  ViewDirectory,
  ViewFile,
  viewDirectory,
  type Node,
  type Viewer,
} from './nodes.ts';
import { procNet, type ProcNetFiles } from './procnet.ts';
import { procSys } from './procsys.ts';
import type { Host } from './host.ts';
import type { Process } from './process.ts';

const NS_OF_INIT = {
  cgroup: 4026531835,
  ipc: 4026531839,
  mnt: 4026531841,
  pid: 4026531836,
  user: 4026531837,
  uts: 4026531838,
};

/** The directory to mount at /proc. */
export function createProc(host: Host, netFiles: ProcNetFiles): Directory {
  const boot = host.now;
  const net = procNet(host, netFiles);
  const sys = procSys(host, host.sysctl);
  const fixed: Record<string, Node> = {
    self: new SymlinkNode((viewer) => String(viewer.pid), boot, 0),
    net: new SymlinkNode('self/net', boot, 0),
    mounts: new SymlinkNode('self/mounts', boot, 0),
    sys,
    cmdline: new ViewFile(boot, () => 'BOOT_IMAGE=/boot/vmlinuz root=/dev/vda1 ro quiet\n'),
    loadavg: new ViewFile(boot, () => '0.00 0.00 0.00 1/1 1\n'),
    modules: new ViewFile(boot, () => ''),
    stat: new ViewFile(
      boot,
      () => `btime ${Math.floor((host.wallClock - host.now) / SECOND)}\nprocesses ${host.pids.processes.size}\n`,
    ),
    uptime: new ViewFile(boot, () => `${(host.uptime / SECOND).toFixed(2)} ${(host.uptime / SECOND).toFixed(2)}\n`),
    version: new ViewFile(boot, () => `Linux version ${host.release} (${host.name}) #1 SMP PREEMPT_DYNAMIC\n`),
  };
  const visible = (viewer: Viewer): Map<number, Process> => host.pidsOf(viewer);
  return new ViewDirectory(
    boot,
    (viewer) => [...[...visible(viewer).keys()].sort((a, b) => a - b).map(String), ...Object.keys(fixed)],
    (name, viewer) => {
      if (Object.hasOwn(fixed, name)) return fixed[name];
      const process = /^[1-9]\d*$/.test(name) ? visible(viewer).get(Number(name)) : undefined;
      return process === undefined ? undefined : processDirectory(process, net);
    },
  );
}

function processDirectory(process: Process, net: Directory): Directory {
  const at = process.startedAt;
  const view = (): ReturnType<Process['view']> => process.view(process.pidNamespace);
  const mounts = (): string =>
    'overlay / overlay rw,relatime 0 0\nproc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\nsysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0\ntmpfs /run tmpfs rw,nosuid,nodev 0 0\n';
  return viewDirectory(at, {
    cmdline: new ViewFile(at, () => process.argv.map((word) => `${word}\0`).join('')),
    comm: new ViewFile(at, () => `${view().command.slice(0, 15)}\n`),
    cwd: new SymlinkNode(() => process.cwd, at, 0),
    environ: new ViewFile(
      at,
      () => [...process.env].map(([name, value]) => `${name}=${value}\0`).join(''),
      undefined,
      0o400,
    ),
    fd: descriptors(process),
    mounts: new ViewFile(at, mounts),
    net: atNamespace(process, net),
    ns: viewDirectory(at, {
      ...Object.fromEntries(
        Object.entries(NS_OF_INIT).map(([kind, inode]) => [kind, new SymlinkNode(() => `${kind}:[${inode}]`, at, 0)]),
      ),
      net: new MagicLink(`net:[${process.netns.inode}]`, new NamespaceNode(process.netns, at), at),
    }),
    root: new MagicLink('/', process.mounts.root, at),
    stat: new ViewFile(at, () => {
      const { pid, ppid, pgid, state, command } = view();
      return `${pid} (${command}) ${state} ${ppid} ${pgid} ${process.session.id} 0 -1 0\n`;
    }),
    status: new ViewFile(at, () => {
      const { pid, ppid, state, command, uid } = view();
      const names = { R: 'running', S: 'sleeping', T: 'stopped', Z: 'zombie' };
      return `Name:\t${command}\nUmask:\t0022\nState:\t${state} (${names[state]})\nTgid:\t${pid}\nPid:\t${pid}\nPPid:\t${ppid}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nGid:\t0\t0\t0\t0\nThreads:\t1\n`;
    }),
  });
}

/** net/ of a process shows the process's namespace, whoever looks. */
function atNamespace(process: Process, net: Directory): Directory {
  const seen = (viewer: Viewer): Viewer => ({
    ...viewer,
    pid: process.pid,
    container: process.container,
    netns: process.netns,
  });
  return new ViewDirectory(
    process.startedAt,
    (viewer) => net.list(seen(viewer)),
    (name, viewer) => net.lookup(name, seen(viewer)),
  );
}

function descriptors(process: Process): Directory {
  const at = process.startedAt;
  return new ViewDirectory(
    at,
    () => [...process.descriptors.keys()].sort((a, b) => a - b).map(String),
    (name) => {
      const file = process.descriptors.get(Number(name));
      return file === undefined ? undefined : new MagicLink(file.name, new OpenFileNode(file, at), at, 0o700);
    },
    0o500,
  );
}
