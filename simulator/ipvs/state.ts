/**
 * IPVS of one namespace (struct netns_ipvs) and what is done to its connections. Mirrors ip_vs_conn.c (binding, expiry)
 * and the look-up of services in ip_vs_ctl.c.
 *
 * A namespace that never had a service or a written knob has no state at all.
 */
import type { NetworkNamespace } from '../kernel/netns.ts';
import { SECOND } from '../base/scheduler.ts';
import type { IpvsConnection } from './connection.ts';
import { ConnectionTable } from './connection.ts';
import { ipvsSeam } from './seam.ts';
import type { IpvsService } from './service.ts';
import { type RealServer, type ServiceKey, sameService } from './service.ts';
import { defaultTimeouts } from './states.ts';
import { IpvsStats } from './stats.ts';
import { IpvsKnobs } from './sysctl.ts';

/** A new connection lives so long before its first state is set. */
const FIRST_TIMEOUT = 3 * SECOND;

/** A template that others still obey is looked at again after so long. */
const CONTROLLED_TIMEOUT = 60 * SECOND;

/** IP_VS_DEST_TRASH_PERIOD: a removed real server is remembered so long after its last connection. */
const TRASH_PERIOD = 120 * SECOND;

export class IpvsState {
  readonly ns: NetworkNamespace;
  readonly knobs = new IpvsKnobs();
  /** In order of creation. */
  readonly services: IpvsService[] = [];
  readonly byMark = new Map<number, IpvsService>();
  /** IPv4 services by address, then by protocol and port. */
  private readonly byAddress = new Map<number, Map<number, IpvsService>>();
  readonly connections = new ConnectionTable();
  readonly timeouts = defaultTimeouts();
  readonly stats: IpvsStats;
  /** Real servers that were removed; connections still know them, and they may be added again. */
  trash: RealServer[] = [];
  /** True from the first service on: hooks look at packets. */
  enabled = false;

  constructor(ns: NetworkNamespace) {
    this.ns = ns;
    this.stats = new IpvsStats(ns.kernel.now, ns.kernel.universe.chance);
  }

  /** The service with exactly this key (as administration names it). */
  service(key: ServiceKey): IpvsService | undefined {
    for (const service of this.services) if (sameService(service, key)) return service;
    return undefined;
  }

  /** ip_vs_service_find: by mark first, then protocol, address and port, then the same with port 0. */
  serviceFor(mark: number, protocol: number, address: number, port: number): IpvsService | null {
    if (mark !== 0) {
      const service = this.byMark.get(mark);
      if (service !== undefined) return service;
    }
    const here = this.byAddress.get(address);
    return here?.get((protocol << 16) | port) ?? here?.get(protocol << 16) ?? null;
  }

  /** ip_vs_svc_hash: enters a service that is not there yet. */
  addService(service: IpvsService): void {
    this.services.push(service);
    if (service.address6 !== undefined) return;
    if (service.fwmark !== 0) this.byMark.set(service.fwmark, service);
    else {
      let here = this.byAddress.get(service.address);
      if (here === undefined) this.byAddress.set(service.address, (here = new Map<number, IpvsService>()));
      here.set((service.protocol << 16) | service.port, service);
    }
  }

  /** ip_vs_svc_unhash */
  removeService(service: IpvsService): void {
    this.services.splice(this.services.indexOf(service), 1);
    if (service.address6 !== undefined) return;
    if (service.fwmark !== 0) this.byMark.delete(service.fwmark);
    else this.byAddress.get(service.address)?.delete((service.protocol << 16) | service.port);
  }

  /** ip_vs_trash_get_dest: a removed server that comes back to the same service keeps its connections. */
  takeFromTrash(key: ServiceKey, address: number, port: number): RealServer | undefined {
    this.sweepTrash();
    const at = this.trash.findIndex(
      (server) =>
        server.address === address &&
        server.address6 === undefined &&
        server.port === port &&
        sameService(server.service, key),
    );
    return at < 0 ? undefined : this.trash.splice(at, 1)[0];
  }

  /** Forgets removed servers without connections whose time is over. */
  sweepTrash(): void {
    const now = this.ns.kernel.now;
    this.trash = this.trash.filter(
      (server) =>
        server.activeConnections + server.inactiveConnections + server.persistentConnections > 0 ||
        now - server.removedAt < TRASH_PERIOD,
    );
  }

  /** ip_vs_conn_new: enters the connection, binds it to its server, starts its timer. */
  addConnection(connection: IpvsConnection): void {
    this.connections.add(connection);
    const { server } = connection;
    if (connection.template) server.persistentConnections++;
    else server.inactiveConnections++;
    server.checkThresholds();
    connection.expires = this.ns.kernel.now + FIRST_TIMEOUT;
    this.arm(connection);
  }

  /** __ip_vs_conn_put_timer: the packet has been dealt with, the time-out runs anew. */
  touch(connection: IpvsConnection): void {
    if (connection.dead) return;
    if (connection.onePacket) {
      this.removeConnection(connection);
      return;
    }
    connection.expires = this.ns.kernel.now + connection.timeout;
    // A timer that comes too early re-arms itself; only one that would come too late is replaced.
    if (connection.timer !== null && connection.timer.at > connection.expires) {
      connection.timer.cancel();
      this.arm(connection);
    }
  }

  /** Moves a connection between the counts of active and inactive ones. */
  setActive(connection: IpvsConnection, active: boolean): void {
    if (active !== connection.inactive) return;
    connection.inactive = !active;
    const { server } = connection;
    server.activeConnections += active ? 1 : -1;
    server.inactiveConnections += active ? -1 : 1;
  }

  /** ip_vs_conn_expire: out of the table, off its server; its conntrack entry goes with it. */
  removeConnection(connection: IpvsConnection): void {
    if (connection.dead) return;
    connection.dead = true;
    connection.timer?.cancel();
    connection.timer = null;
    this.connections.remove(connection);
    if (connection.control !== null) connection.control.controlled--;
    const { server } = connection;
    if (connection.template) server.persistentConnections--;
    else if (connection.inactive) server.inactiveConnections--;
    else server.activeConnections--;
    server.checkThresholds();
    if (!server.available) server.removedAt = this.ns.kernel.now;
    if (connection.conntrack && ipvsSeam.dropConntrack !== null) {
      const { protocol, clientAddress, clientPort, virtualAddress, virtualPort } = connection;
      ipvsSeam.dropConntrack(this.ns, protocol, clientAddress, clientPort, virtualAddress, virtualPort);
    }
  }

  /** The namespace goes away: nothing may fire any more. */
  destroy(): void {
    for (const connection of this.connections.list()) connection.timer?.cancel();
  }

  private arm(connection: IpvsConnection): void {
    connection.timer = this.ns.kernel.universe.scheduler.at(connection.expires, () => {
      connection.timer = null;
      if (connection.dead) return;
      const now = this.ns.kernel.now;
      if (connection.expires <= now && connection.controlled > 0) connection.expires = now + CONTROLLED_TIMEOUT;
      if (connection.expires > now) this.arm(connection);
      else this.removeConnection(connection);
    });
  }
}

/** The namespace's IPVS, or null while it has none. */
export function ipvsOf(ns: NetworkNamespace): IpvsState | null {
  return ns.rooms.ipvs as IpvsState | null;
}

/** The namespace's IPVS, made on first need. */
export function needIpvs(ns: NetworkNamespace): IpvsState {
  let state = ns.rooms.ipvs as IpvsState | null;
  if (state === null) {
    state = new IpvsState(ns);
    ns.rooms.ipvs = state;
  }
  return state;
}
