/**
 * Root file systems: the tree a host or a container's image starts with. Paths follow the Filesystem Hierarchy Standard
 * as Debian 13 lays it out (/bin, /sbin and /lib are links into /usr; /var/run is a link to /run).
 */
import type { InodeCounter } from './nodes.ts';
import { type Directory, ExecutableNode, FileNode, SymlinkNode, TreeDirectory, type Node } from './nodes.ts';
import type { Tool } from './program.ts';

/** What is in a root besides its skeleton. */
export interface RootSpec {
  /** Programs, each at its own directory (default /usr/bin), under its name and aliases. */
  readonly tools: readonly Tool[];
  /** Contents by absolute path; parents are made. A trailing slash makes an empty directory. */
  readonly files?: Readonly<Record<string, string>>;
  /** Symbolic links: path → target. */
  readonly links?: Readonly<Record<string, string>>;
  /** Where programs go when their tool does not say (busybox images: `/bin`). */
  readonly toolDirectory?: string;
}

const HOST_DIRECTORIES = [
  '/boot',
  '/dev',
  '/etc/docker',
  '/home',
  '/mnt',
  '/opt',
  '/proc',
  '/root',
  '/run',
  '/srv',
  '/sys',
  '/tmp',
  '/usr/bin',
  '/usr/sbin',
  '/usr/lib',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/usr/share',
  '/var/lib/docker',
  '/var/log',
  '/var/tmp',
];

const HOST_LINKS = {
  '/bin': 'usr/bin',
  '/sbin': 'usr/sbin',
  '/lib': 'usr/lib',
  '/var/run': '/run',
  '/var/lock': '/run/lock',
  '/etc/mtab': '/proc/self/mounts',
};

const IMAGE_DIRECTORIES = [
  '/bin',
  '/sbin',
  '/dev',
  '/etc',
  '/proc',
  '/root',
  '/run',
  '/sys',
  '/tmp',
  '/usr/bin',
  '/usr/sbin',
  '/usr/local/bin',
  '/var/log',
];

/** Builds trees for one host. */
export class RootBuilder {
  readonly root: TreeDirectory;
  private readonly clock: () => number;
  private readonly inodes: InodeCounter;

  /** @param root a tree that is there already: the disk of a machine that boots again */
  constructor(clock: () => number, inodes: InodeCounter, root?: Directory) {
    this.clock = clock;
    this.inodes = inodes;
    this.root = root instanceof TreeDirectory ? root : new TreeDirectory(0o755, clock, inodes.take());
  }

  /** What was kept in memory is gone. */
  empty(path: string): void {
    const directory = this.directory(path);
    for (const name of directory.list()) directory.remove(name);
  }

  /** The directory at `path`, made with its parents when it is missing. Symbolic links below it are not followed. */
  directory(path: string): TreeDirectory {
    let here = this.root;
    for (const name of path.split('/')) {
      if (name === '') continue;
      const next: Node | undefined = here.lookup(name);
      if (next instanceof TreeDirectory) here = next;
      else {
        const made = new TreeDirectory(
          path === '/tmp' || path === '/var/tmp' ? 0o1777 : 0o755,
          this.clock,
          this.inodes.take(),
        );
        here.links++;
        here.set(name, made);
        here = made;
      }
    }
    return here;
  }

  put(path: string, node: Node): void {
    const slash = path.lastIndexOf('/');
    this.directory(path.slice(0, slash)).set(path.slice(slash + 1), node);
  }

  file(path: string, contents: string, mode = 0o644): void {
    if (path.endsWith('/')) this.directory(path);
    else this.put(path, new FileNode(mode, this.clock, this.inodes.take(), contents));
  }

  link(path: string, target: string): void {
    this.put(path, new SymlinkNode(target, this.clock(), this.inodes.take()));
  }

  /** Puts `tools` into one directory, when somebody looks into it; their inode numbers are taken now. */
  tools(tools: readonly Tool[], path: string): void {
    const directory = this.directory(path);
    const mtime = this.clock();
    const names = tools.flatMap((tool) => [tool.name, ...(tool.aliases ?? [])].map((name) => ({ name, tool })));
    const first = this.inodes.take(names.length);
    directory.later(() => names.forEach(({ name, tool }, i) => directory.set(name, new ExecutableNode(tool, mtime, first + i))));
  }

  fill(spec: RootSpec, kind: 'host' | 'image'): void {
    const host = kind === 'host';
    for (const path of host ? HOST_DIRECTORIES : IMAGE_DIRECTORIES) this.directory(path);
    for (const [path, target] of Object.entries(host ? HOST_LINKS : {})) this.link(path, target);
    for (const [path, tools] of byDirectory(spec)) this.tools(tools, host ? path.replace(/^\/(s?bin)(?=$|\/)/, '/usr/$1') : path);
    for (const [path, contents] of Object.entries(spec.files ?? {})) this.file(path, contents);
    for (const [path, target] of Object.entries(spec.links ?? {})) this.link(path, target);
  }
}

function byDirectory({ tools, toolDirectory = '/usr/bin' }: RootSpec): Map<string, Tool[]> {
  const directories = new Map<string, Tool[]>();
  for (const tool of tools) {
    const path = tool.directory ?? toolDirectory;
    const those = directories.get(path);
    if (those === undefined) directories.set(path, [tool]);
    else those.push(tool);
  }
  return directories;
}

/** /etc of a host; `resolvConf` and `hosts` are the scenario's. */
export function hostFiles(name: string, resolvConf: string, hosts: string): Record<string, string> {
  return {
    '/etc/hostname': `${name}\n`,
    '/etc/hosts': hosts,
    '/etc/resolv.conf': resolvConf,
    '/etc/os-release': OS_RELEASE,
    '/etc/debian_version': '13.1\n',
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
    '/etc/group': 'root:x:0:\ndocker:x:999:\nnogroup:x:65534:\n',
    '/etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
    '/etc/protocols': PROTOCOLS,
    '/etc/services': SERVICES,
    '/etc/shells': '/bin/sh\n/bin/bash\n',
    '/root/': '',
  };
}

const OS_RELEASE = `PRETTY_NAME="Debian GNU/Linux 13 (trixie)"
NAME="Debian GNU/Linux"
VERSION_ID="13"
VERSION="13 (trixie)"
VERSION_CODENAME=trixie
ID=debian
HOME_URL="https://www.debian.org/"
SUPPORT_URL="https://www.debian.org/support"
BUG_REPORT_URL="https://bugs.debian.org/"
`;

const PROTOCOLS = `ip\t0\tIP
icmp\t1\tICMP
igmp\t2\tIGMP
ipencap\t4\tIP-ENCAP
tcp\t6\tTCP
udp\t17\tUDP
esp\t50\tIPSEC-ESP
ah\t51\tIPSEC-AH
sctp\t132\tSCTP
`;

const SERVICES = `tcpmux\t\t1/tcp
echo\t\t7/tcp
echo\t\t7/udp
ftp\t\t21/tcp
ssh\t\t22/tcp
telnet\t\t23/tcp
smtp\t\t25/tcp
domain\t\t53/tcp
domain\t\t53/udp
bootps\t\t67/udp
bootpc\t\t68/udp
http\t\t80/tcp\t\twww
ntp\t\t123/udp
https\t\t443/tcp
https\t\t443/udp
syslog\t\t514/udp
tproxy\t\t8081/tcp
http-alt\t8080/tcp\twebcache
`;
