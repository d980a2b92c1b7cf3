/**
 * The administration of IPVS: what ipvsadm and dockerd ask over generic netlink. Mirrors net/netfilter/ipvs/ip_vs_ctl.c
 * and its errnos.
 *
 * Deviation: no synchronisation daemon.
 */
import type { Origin } from '../base/origin.ts';
import { done, ok, refuse, type Result } from '../base/result.ts';
import { SECOND } from '../base/scheduler.ts';
import { formatIpv4, isMulticast, LIMITED_BROADCAST } from '../base/address.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { schedulerByName } from './schedulers/index.ts';
import {
  IpvsService,
  RealServer,
  serviceText,
  type ForwardMethod,
  type RealServerSpec,
  type ServiceKey,
  type ServiceSpec,
} from './service.ts';
import { ipvsOf, type IpvsState, needIpvs } from './state.ts';
import { stateText } from './states.ts';
import { IpvsStats, type IpvsCounters } from './stats.ts';

/** Seconds. */
export interface IpvsTimeouts {
  readonly tcp: number;
  readonly tcpFin: number;
  readonly udp: number;
}

export interface RealServerView extends RealServerSpec {
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly persistentConnections: number;
  readonly counters: IpvsCounters;
  readonly origin: Origin;
}

export interface ServiceView extends ServiceSpec {
  readonly counters: IpvsCounters;
  /** In scheduling order. */
  readonly destinations: readonly RealServerView[];
  readonly origin: Origin;
}

export interface ConnectionView {
  readonly protocol: number;
  readonly clientAddress: number;
  readonly clientPort: number;
  readonly virtualAddress: number;
  readonly virtualPort: number;
  readonly realAddress: number;
  readonly realPort: number;
  readonly state: string;
  /** Whole seconds left. */
  readonly expires: number;
  readonly forward: ForwardMethod;
  readonly template: boolean;
}

/** The requests by name: what each takes and what it answers. */
export interface IpvsRequests {
  /** EEXIST; ENOENT for an unknown scheduler; EINVAL. */
  addService: { readonly service: ServiceSpec };
  /** ESRCH, ENOENT, EINVAL. */
  editService: { readonly service: ServiceSpec };
  /** ESRCH. */
  deleteService: { readonly service: ServiceKey };
  /** ESRCH without the service; EEXIST, EINVAL, ERANGE. */
  addServer: { readonly service: ServiceKey; readonly server: RealServerSpec };
  /** ESRCH without the service, ENOENT without the server. */
  editServer: { readonly service: ServiceKey; readonly server: RealServerSpec };
  deleteServer: {
    readonly service: ServiceKey;
    readonly server: { readonly address: number; readonly address6?: string | undefined; readonly port: number };
  };
  /** Of one service (ESRCH), or of all. */
  zero: { readonly service?: ServiceKey };
  flush: object;
  /** One service (ESRCH), or all in order of creation. */
  list: { readonly service?: ServiceKey };
  connections: object;
  timeouts: object;
  /** Seconds; 0 leaves a value as it is. EINVAL when negative or too large. */
  setTimeouts: IpvsTimeouts;
}

export interface IpvsReplies {
  addService: undefined;
  editService: undefined;
  deleteService: undefined;
  addServer: undefined;
  editServer: undefined;
  deleteServer: undefined;
  zero: undefined;
  flush: undefined;
  list: readonly ServiceView[];
  connections: readonly ConnectionView[];
  timeouts: IpvsTimeouts;
  setTimeouts: undefined;
}

export type IpvsOperation = keyof IpvsRequests;

/** A request: its name as `op` beside its fields. */
export type IpvsRequest<K extends IpvsOperation = IpvsOperation> = { readonly op: K } & IpvsRequests[K];

type Handlers = {
  readonly [K in IpvsOperation]: (
    ns: NetworkNamespace,
    request: IpvsRequests[K],
    origin: Origin,
  ) => Result<IpvsReplies[K]>;
};

/** Asks the kernel of a namespace; errnos are those named at {@link IpvsRequests}. */
export function ipvsControl<K extends IpvsOperation>(
  ns: NetworkNamespace,
  request: IpvsRequest<K>,
  origin: Origin,
): Result<IpvsReplies[K]> {
  const handler: Handlers[K] = HANDLERS[request.op];
  return handler(ns, request, origin);
}

/** Whether a service is there; cheaper than to list it. */
export function hasIpvsService(ns: NetworkNamespace, key: ServiceKey): boolean {
  return ipvsOf(ns)?.service(key) !== undefined;
}

const HANDLERS: Handlers = {
  addService(ns, { service: spec }, origin) {
    const state = needIpvs(ns);
    if (spec.fwmark === 0 && (spec.address6 ?? spec.address) === 0) return refuse('EINVAL');
    if (state.service(spec) !== undefined) return refuse('EEXIST');
    const scheduler = schedulerByName(spec.scheduler);
    if (scheduler === undefined) return refuse('ENOENT');
    const service = new IpvsService(spec, scheduler, ns.kernel, origin);
    scheduler.init?.(service);
    state.addService(service);
    state.enabled = true;
    return done;
  },

  editService(ns, { service: spec }, origin) {
    const service = ipvsOf(ns)?.service(spec);
    if (service === undefined) return refuse('ESRCH');
    const scheduler = schedulerByName(spec.scheduler);
    if (scheduler === undefined) return refuse('ENOENT');
    service.schedulerFlags = spec.schedulerFlags;
    service.persistence = spec.persistence;
    service.netmask = spec.netmask;
    service.onePacket = spec.onePacket;
    service.origin = origin;
    if (scheduler !== service.scheduler) {
      service.scheduler = scheduler;
      service.schedulerData = null;
      scheduler.init?.(service);
    }
    return done;
  },

  deleteService(ns, { service: key }) {
    const state = ipvsOf(ns);
    const service = state?.service(key);
    if (state === null || service === undefined) return refuse('ESRCH');
    unlinkService(state, service);
    return done;
  },

  addServer(ns, { service: key, server: spec }, origin) {
    const state = ipvsOf(ns);
    const service = state?.service(key);
    if (state === null || service === undefined) return refuse('ESRCH');
    const wrong = checkServer(spec);
    if (!wrong.ok) return wrong;
    if (findServer(service, spec) !== undefined) return refuse('EEXIST');
    let server = spec.address6 === undefined ? state.takeFromTrash(key, spec.address, spec.port) : undefined;
    if (server === undefined) server = new RealServer(service, spec, ns.kernel, origin);
    else {
      if (server.service !== service) {
        server.service = service;
        server.stats.zero(ns.kernel.now);
      }
      server.available = true;
      server.stats.start(ns.kernel.now);
    }
    service.destinations.unshift(server);
    updateServer(service, server, spec, origin);
    return done;
  },

  editServer(ns, { service: key, server: spec }, origin) {
    const service = ipvsOf(ns)?.service(key);
    if (service === undefined) return refuse('ESRCH');
    const wrong = checkServer(spec);
    if (!wrong.ok) return wrong;
    const server = findServer(service, spec);
    if (server === undefined) return refuse('ENOENT');
    updateServer(service, server, spec, origin);
    return done;
  },

  deleteServer(ns, { service: key, server: spec }) {
    const state = ipvsOf(ns);
    const service = state?.service(key);
    if (state === null || service === undefined) return refuse('ESRCH');
    const server = findServer(service, spec);
    if (server === undefined) return refuse('ENOENT');
    unlinkServer(state, service, server);
    expireOrphans(state);
    return done;
  },

  zero(ns, { service: key }) {
    const state = ipvsOf(ns);
    const { now } = ns.kernel;
    if (key !== undefined) {
      const service = state?.service(key);
      if (service === undefined) return refuse('ESRCH');
      zeroService(service, now);
      return done;
    }
    if (state === null) return done;
    for (const service of state.services) zeroService(service, now);
    state.stats.zero(now);
    return done;
  },

  flush(ns) {
    const state = ipvsOf(ns);
    if (state !== null) for (const service of [...state.services]) unlinkService(state, service);
    return done;
  },

  list(ns, { service: key }) {
    const state = ipvsOf(ns);
    if (key === undefined) return ok(state?.services.map((service) => viewOf(service, ns.kernel.now)) ?? []);
    const service = state?.service(key);
    return service === undefined ? refuse('ESRCH') : ok([viewOf(service, ns.kernel.now)]);
  },

  connections(ns) {
    const state = ipvsOf(ns);
    if (state === null) return ok([]);
    const { now } = ns.kernel;
    return ok(
      state.connections.list().map((connection) => ({
        protocol: connection.protocol,
        clientAddress: connection.clientAddress,
        clientPort: connection.clientPort,
        virtualAddress: connection.virtualAddress,
        virtualPort: connection.virtualPort,
        realAddress: connection.realAddress,
        realPort: connection.realPort,
        state: stateText(connection.protocol, connection.state, connection.template),
        expires: Math.max(0, Math.floor((connection.expires - now) / SECOND)),
        forward: connection.server.forward,
        template: connection.template,
      })),
    );
  },

  timeouts(ns) {
    const { timeouts } = needIpvs(ns);
    return ok({ tcp: timeouts.tcp / SECOND, tcpFin: timeouts.tcpFin / SECOND, udp: timeouts.udp / SECOND });
  },

  setTimeouts(ns, { tcp, tcpFin, udp }) {
    for (const seconds of [tcp, tcpFin, udp]) if (seconds < 0 || seconds > 0x7fffffff / 1000) return refuse('EINVAL');
    const { timeouts } = needIpvs(ns);
    if (tcp !== 0) timeouts.tcp = tcp * SECOND;
    if (tcpFin !== 0) timeouts.tcpFin = tcpFin * SECOND;
    if (udp !== 0) timeouts.udp = udp * SECOND;
    return done;
  },
};

/** ip_vs_new_dest and ip_vs_add_dest: a server is a unicast address with sane numbers. */
function checkServer(spec: RealServerSpec): Result<undefined> {
  if (spec.weight < 0 || spec.lowerThreshold > spec.upperThreshold) return refuse('ERANGE');
  if (spec.address6 !== undefined) return done;
  if (spec.address === 0 || spec.address === LIMITED_BROADCAST || isMulticast(spec.address)) return refuse('EINVAL');
  return done;
}

function findServer(
  service: IpvsService,
  spec: { readonly address: number; readonly address6?: string | undefined; readonly port: number },
): RealServer | undefined {
  return service.destinations.find(
    (server) => server.address === spec.address && server.address6 === spec.address6 && server.port === spec.port,
  );
}

/** __ip_vs_update_dest */
function updateServer(service: IpvsService, server: RealServer, spec: RealServerSpec, origin: Origin): void {
  server.weight = spec.weight;
  if (spec.weight !== 0) server.lastWeight = spec.weight;
  server.forward = spec.forward;
  if (spec.upperThreshold === 0 || spec.upperThreshold > server.upperThreshold) server.overloaded = false;
  server.upperThreshold = spec.upperThreshold;
  server.lowerThreshold = spec.lowerThreshold;
  server.origin = origin;
  service.scheduler.changed?.(service, server);
}

/** __ip_vs_unlink_dest and __ip_vs_del_dest: out of the service, into the trash. */
function unlinkServer(state: IpvsState, service: IpvsService, server: RealServer): void {
  const at = service.destinations.indexOf(server);
  service.destinations.splice(at, 1);
  server.available = false;
  server.stats.stop(state.ns.kernel.now);
  server.removedAt = state.ns.kernel.now;
  service.scheduler.removed?.(service, server, at);
  state.trash.push(server);
}

function unlinkService(state: IpvsState, service: IpvsService): void {
  for (const server of [...service.destinations]) unlinkServer(state, service, server);
  state.removeService(service);
  state.sweepTrash();
}

/** expire_nodest_conn_work_handler: with the knob on, connections of removed servers go at once. */
function expireOrphans(state: IpvsState): void {
  if (state.knobs.expire_nodest_conn === 0) return;
  state.ns.kernel.universe.scheduler.soon(expireOrphansNow, state, undefined);
}

function expireOrphansNow(state: IpvsState): void {
  for (const connection of state.connections.list()) {
    if (!connection.server.available && connection.controlled === 0) state.removeConnection(connection);
  }
}

function zeroService(service: IpvsService, now: number): void {
  for (const server of service.destinations) server.stats.zero(now);
  service.stats.zero(now);
}

function viewOf(service: IpvsService, now: number): ServiceView {
  return {
    fwmark: service.fwmark,
    protocol: service.protocol,
    address: service.address,
    ...(service.address6 !== undefined ? { address6: service.address6 } : {}),
    port: service.port,
    scheduler: service.scheduler.name,
    persistence: service.persistence,
    netmask: service.netmask,
    onePacket: service.onePacket,
    schedulerFlags: service.schedulerFlags,
    counters: service.stats.read(now, serviceText(service)),
    origin: service.origin,
    destinations: service.destinations.map((server) => ({
      address: server.address,
      ...(server.address6 !== undefined ? { address6: server.address6 } : {}),
      port: server.port,
      forward: server.forward,
      weight: server.weight,
      upperThreshold: server.upperThreshold,
      lowerThreshold: server.lowerThreshold,
      activeConnections: server.activeConnections,
      inactiveConnections: server.inactiveConnections,
      persistentConnections: server.persistentConnections,
      counters: server.stats.read(now, `${formatIpv4(server.address)}:${server.port}`),
      origin: server.origin,
    })),
  };
}

/** Counters of everything together (/proc/net/ip_vs_stats). */
export function totalCounters(ns: NetworkNamespace): IpvsCounters {
  return (ipvsOf(ns)?.stats ?? new IpvsStats(ns.kernel.now)).read(ns.kernel.now, 'all');
}
