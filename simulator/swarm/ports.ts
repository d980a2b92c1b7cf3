/**
 * Published ports of the cluster. Mirrors swarmkit manager/allocator/portallocator.go: one space per protocol, dynamic
 * ports 30000–32767 given serially, ports published by the host mode are not kept here.
 */
import type { PortConfig } from './objects.ts';

const DYNAMIC_FIRST = 30000;
const DYNAMIC_LAST = 32767;

export class PortSpaces {
  /** `tcp/8080` → service id. */
  private readonly owners = new Map<string, string>();
  private readonly next = new Map<string, number>();

  /** The ports of a service with dynamic ones filled in; those of an earlier allocation are kept. Frees what is no longer wanted. */
  allocate(serviceId: string, wanted: readonly PortConfig[], before: readonly PortConfig[]): PortConfig[] {
    this.release(serviceId);
    const fixed = wanted.map((port) => ({ ...port }));
    for (const port of fixed) {
      if (port.PublishMode !== 'ingress' || (port.PublishedPort ?? 0) === 0) continue;
      this.owners.set(`${port.Protocol}/${port.PublishedPort}`, serviceId);
    }
    return fixed.map((port) => {
      if (port.PublishMode !== 'ingress' || (port.PublishedPort ?? 0) !== 0) return ordered(port);
      const old = before.find((other) => other.TargetPort === port.TargetPort && other.Protocol === port.Protocol && other.PublishMode === 'ingress');
      const number = old?.PublishedPort !== undefined && !this.owners.has(`${port.Protocol}/${old.PublishedPort}`) ? old.PublishedPort : this.dynamic(port.Protocol);
      this.owners.set(`${port.Protocol}/${number}`, serviceId);
      return ordered({ ...port, PublishedPort: number });
    });
  }

  release(serviceId: string): void {
    for (const [key, owner] of this.owners) if (owner === serviceId) this.owners.delete(key);
  }

  /** Who else holds this published port. */
  holder(port: PortConfig, except: string): string | undefined {
    const owner = this.owners.get(`${port.Protocol}/${port.PublishedPort ?? 0}`);
    return owner === except ? undefined : owner;
  }

  private dynamic(protocol: string): number {
    let candidate = this.next.get(protocol) ?? DYNAMIC_FIRST;
    for (let i = DYNAMIC_FIRST; i <= DYNAMIC_LAST; i++) {
      if (candidate > DYNAMIC_LAST) candidate = DYNAMIC_FIRST;
      if (!this.owners.has(`${protocol}/${candidate}`)) break;
      candidate++;
    }
    this.next.set(protocol, candidate + 1);
    return candidate;
  }
}

/** Keys in the order in which the API prints them. */
function ordered(port: PortConfig): PortConfig {
  return {
    ...(port.Name === undefined ? {} : { Name: port.Name }),
    Protocol: port.Protocol,
    TargetPort: port.TargetPort,
    ...(port.PublishedPort === undefined ? {} : { PublishedPort: port.PublishedPort }),
    PublishMode: port.PublishMode,
  };
}
