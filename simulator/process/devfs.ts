/** /dev and /sys/class/net: the memory devices, terminals, and one directory per network device of the viewer's namespace. */
import { ok, refuse, type Result } from '../base/result.ts';
import { formatMac } from '../base/address.ts';
import { operState } from '../kernel/devices.ts';
import { CallbackFile, MemoryDevice } from './files.ts';
import type { Directory } from './nodes.ts';
import {
  DeviceNode,
  SymlinkNode,
  TreeDirectory,
  ViewDirectory,
  ViewFile,
  viewDirectory,
  type Node,
  type Viewer,
} from './nodes.ts';
import type { Host } from './host.ts';
import type { OpenFile } from './program.ts';

/** Fills a root's /dev. */
export function fillDev(host: Host, dev: Directory): void {
  const at = host.now;
  const memory = (name: string, minor: number): DeviceNode =>
    new DeviceNode(1, minor, 0o666, at, () => ok(new MemoryDevice(`/dev/${name}`)));
  const random = (name: string, minor: number): DeviceNode =>
    new DeviceNode(1, minor, 0o666, at, () =>
      ok(new MemoryDevice(`/dev/${name}`, host.kernel.universe.random.stream(`${host.name}/urandom`))),
    );
  dev.set('null', memory('null', 3));
  dev.set('zero', memory('zero', 5));
  dev.set('full', memory('full', 7));
  dev.set('random', random('random', 8));
  dev.set('urandom', random('urandom', 9));
  dev.set('kmsg', new DeviceNode(1, 11, 0o644, at, () => ok(new CallbackFile('/dev/kmsg', () => undefined))));
  dev.set('tty', new DeviceNode(5, 0, 0o666, at, (viewer) => terminalOf(host, viewer)));
  dev.set('fd', new SymlinkNode('/proc/self/fd', at, 0));
  dev.set('stdin', new SymlinkNode('/proc/self/fd/0', at, 0));
  dev.set('stdout', new SymlinkNode('/proc/self/fd/1', at, 0));
  dev.set('stderr', new SymlinkNode('/proc/self/fd/2', at, 0));
  dev.set('shm', new TreeDirectory(0o1777, () => host.now, host.inodes.take()));
  dev.set('pts', terminals(host));
}

function terminalOf(host: Host, viewer: Viewer): Result<OpenFile> {
  const tty = host.pidsOf(viewer).get(viewer.pid)?.terminal;
  return tty === undefined ? refuse('ENXIO') : ok(tty);
}

function terminals(host: Host): Directory {
  const at = host.now;
  return new ViewDirectory(
    at,
    () => [...host.terminals.keys()].map(String),
    (name) => {
      const tty = host.terminals.get(Number(name));
      return tty === undefined ? undefined : new DeviceNode(136, Number(name), 0o620, at, () => ok(tty));
    },
  );
}

/** The directory to mount at /sys. */
export function createSys(host: Host): Directory {
  const at = host.now;
  const net = new ViewDirectory(
    at,
    (viewer) => [...viewer.netns.byName.keys()].sort(),
    (name, viewer) => deviceDirectory(at, name, viewer),
  );
  return viewDirectory(at, {
    class: viewDirectory(at, { net }),
    fs: viewDirectory(at, { cgroup: viewDirectory(at, {}) }),
    module: viewDirectory(at, {}),
  });
}

function deviceDirectory(at: number, name: string, viewer: Viewer): Node | undefined {
  const device = viewer.netns.device(name);
  if (device === undefined) return undefined;
  const { stats } = device;
  const say = (value: () => string | number): ViewFile => new ViewFile(at, () => `${value()}\n`);
  return viewDirectory(at, {
    address: say(() => formatMac(device.mac)),
    carrier: say(() => (device.carrier ? 1 : 0)),
    ifindex: say(() => device.ifindex),
    iflink: say(() => (device.linkIndex === 0 ? device.ifindex : device.linkIndex)),
    mtu: say(() => device.mtu),
    operstate: say(() => operState(device).toLowerCase()),
    tx_queue_len: say(() => device.txQueueLength),
    statistics: viewDirectory(at, {
      rx_bytes: say(() => stats.rxBytes),
      rx_dropped: say(() => stats.rxDropped),
      rx_errors: say(() => stats.rxErrors),
      rx_packets: say(() => stats.rxPackets),
      tx_bytes: say(() => stats.txBytes),
      tx_dropped: say(() => stats.txDropped),
      tx_errors: say(() => stats.txErrors),
      tx_packets: say(() => stats.txPackets),
    }),
  });
}
