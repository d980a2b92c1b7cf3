/**
 * The namespace files of Docker: /var/run/docker/netns/KEY. Mirrors libnetwork osl/namespace_linux.go: a file is made and the
 * namespace mounted on it; when it goes, the file stays behind, empty, until the collector's next round.
 */
import { MINUTE, type Timer } from '../base/scheduler.ts';
import { createNamespace, destroyNamespace } from '../kernel/namespaces.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { setIpv6Disabled, setUp } from '../kernel/devices.ts';
import type { Host } from '../process/host.ts';

const NETNS_DIRECTORY = '/var/run/docker/netns';

export class NamespaceFiles {
  private readonly host: Host;
  /** Its loopbacks have `::1`. */
  private readonly loopback6: boolean;
  private readonly live = new Map<string, NetworkNamespace>();
  private readonly garbage = new Set<string>();
  private timer: Timer | undefined;

  constructor(host: Host, loopback6: boolean) {
    this.loopback6 = loopback6;
    this.host = host;
  }

  /** A new namespace behind a file; its loopback is up. `name` is how stories call it. */
  create(key: string, name: string): NetworkNamespace {
    const ns = createNamespace(this.host.kernel, name);
    const lo = ns.device('lo');
    if (lo !== undefined && !this.loopback6) setIpv6Disabled(lo, true);
    if (lo !== undefined) setUp(lo, true);
    this.bind(key, ns);
    return ns;
  }

  /** Mounts a namespace that exists already. */
  bind(key: string, ns: NetworkNamespace): void {
    const path = `${NETNS_DIRECTORY}/${key}`;
    this.host.makeDirectories(NETNS_DIRECTORY);
    this.garbage.delete(key);
    this.host.fs.unlink(path);
    this.host.fs.bindNetns(path, ns);
    this.host.fs.chmod(path, 0o444);
    this.live.set(key, ns);
  }

  get(key: string): NetworkNamespace | undefined {
    return this.live.get(key);
  }

  /** Unmounts; the namespace dies unless it is the host's. */
  remove(key: string): void {
    const ns = this.live.get(key);
    if (ns === undefined) return;
    this.live.delete(key);
    this.host.fs.unmount(`${NETNS_DIRECTORY}/${key}`);
    if (ns !== this.host.kernel.initNs) destroyNamespace(ns);
    this.garbage.add(key);
    this.collectLater();
  }

  private collectLater(): void {
    // Once a minute, on the minute since the engine's start.
    const { scheduler } = this.host.kernel.universe;
    this.timer ??= scheduler.at((Math.floor(scheduler.now / MINUTE) + 1) * MINUTE, () => this.collect());
  }

  /** Removes the files that are left. */
  collect(): void {
    this.timer?.cancel();
    this.timer = undefined;
    for (const key of this.garbage) this.host.fs.unlink(`${NETNS_DIRECTORY}/${key}`);
    this.garbage.clear();
  }
}
