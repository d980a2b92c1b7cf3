/**
 * Virtual services and their real servers. After struct ip_vs_service and struct ip_vs_dest (include/net/ip_vs.h).
 *
 * Deviation: IPv6 services and servers are kept and listed; no IPv6 packet ever comes to them.
 */
import type { Origin } from '../base/origin.ts';
import { formatIpv4 } from '../base/address.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { PROTO_SCTP, PROTO_TCP, PROTO_UDP } from '../wire/packet.ts';
import type { IpvsScheduler } from './scheduler.ts';
import { IpvsStats } from './stats.ts';

/** How packets reach the real server: masquerading (-m), direct routing (-g), IP-in-IP (-i). */
export type ForwardMethod = 'masq' | 'route' | 'tunnel';

/** What a service is asked for by: a firewall mark, or protocol, address and port. */
export interface ServiceKey {
  /** 0 when it is an address service. */
  readonly fwmark: number;
  /** PROTO_TCP, PROTO_UDP or PROTO_SCTP; 0 for a mark. */
  readonly protocol: number;
  readonly address: number;
  /** The address of an IPv6 service, `::` of an IPv6 mark; absent for IPv4. */
  readonly address6?: string | undefined;
  readonly port: number;
}

/** A service as it is asked for. */
export interface ServiceSpec extends ServiceKey {
  readonly scheduler: string;
  /** Seconds a client sticks to its server; 0 when the service is not persistent. */
  readonly persistence: number;
  /** Granularity of persistence, a prefix as a mask; 0xffffffff is one client. */
  readonly netmask: number;
  /** --ops: every UDP packet is scheduled anew. */
  readonly onePacket: boolean;
  /** Scheduler flags as the scheduler names them, e.g. `sh-port`. */
  readonly schedulerFlags: readonly string[];
}

/** A real server as it is asked for. */
export interface RealServerSpec {
  readonly address: number;
  /** Of servers of IPv6 services. */
  readonly address6?: string | undefined;
  /** 0 keeps the port of the request (services by mark). */
  readonly port: number;
  readonly forward: ForwardMethod;
  readonly weight: number;
  /** Connections above which no new ones come, 0 for no limit; and below which they come again. */
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
}

/** struct ip_vs_dest */
export class RealServer {
  readonly address: number;
  readonly address6: string | undefined;
  readonly port: number;
  /** The service it belongs to; stays as it was after removal, for connections that outlive it. */
  service: IpvsService;
  forward: ForwardMethod;
  weight: number;
  /** The weight when it was last not 0, by which mh deals out its places. */
  lastWeight: number;
  upperThreshold: number;
  lowerThreshold: number;
  /** IP_VS_DEST_F_AVAILABLE: false once removed from its service. */
  available = true;
  /** IP_VS_DEST_F_OVERLOAD: over its upper threshold. */
  overloaded = false;
  activeConnections = 0;
  inactiveConnections = 0;
  persistentConnections = 0;
  readonly stats: IpvsStats;
  /** Virtual microseconds of its removal, while in the trash. */
  removedAt = 0;
  origin: Origin;

  constructor(service: IpvsService, spec: RealServerSpec, kernel: Kernel, origin: Origin) {
    this.service = service;
    this.address = spec.address;
    this.address6 = spec.address6;
    this.port = spec.port;
    this.forward = spec.forward;
    this.weight = spec.weight;
    this.lastWeight = spec.weight;
    this.upperThreshold = spec.upperThreshold;
    this.lowerThreshold = spec.lowerThreshold;
    this.stats = new IpvsStats(kernel.now, kernel.universe.chance);
    this.origin = origin;
  }

  /** Whether a new connection may go here. */
  get open(): boolean {
    return this.weight > 0 && !this.overloaded;
  }

  /** Sets the overload flag by the thresholds (ip_vs_bind_dest, ip_vs_unbind_dest). */
  checkThresholds(): void {
    const total = this.activeConnections + this.inactiveConnections;
    if (this.upperThreshold === 0) this.overloaded = false;
    else if (total >= this.upperThreshold) this.overloaded = true;
    else if (this.overloaded) {
      const low = this.lowerThreshold !== 0 ? total < this.lowerThreshold : total * 4 < this.upperThreshold * 3;
      if (low) this.overloaded = false;
    }
  }
}

/** struct ip_vs_service */
export class IpvsService {
  readonly fwmark: number;
  readonly protocol: number;
  readonly address: number;
  readonly address6: string | undefined;
  readonly port: number;
  scheduler: IpvsScheduler;
  /** Belongs to the scheduler. */
  schedulerData: unknown = null;
  schedulerFlags: readonly string[];
  persistence: number;
  netmask: number;
  onePacket: boolean;
  /** In scheduling order: the newest first. */
  readonly destinations: RealServer[] = [];
  readonly stats: IpvsStats;
  origin: Origin;

  constructor(spec: ServiceSpec, scheduler: IpvsScheduler, kernel: Kernel, origin: Origin) {
    this.fwmark = spec.fwmark;
    this.protocol = spec.protocol;
    this.address = spec.address;
    this.address6 = spec.address6;
    this.port = spec.port;
    this.scheduler = scheduler;
    this.schedulerFlags = spec.schedulerFlags;
    this.persistence = spec.persistence;
    this.netmask = spec.netmask;
    this.onePacket = spec.onePacket;
    this.stats = new IpvsStats(kernel.now, kernel.universe.chance);
    this.origin = origin;
  }
}

/** Whether two keys ask for the same service. */
export function sameService(a: ServiceKey, b: ServiceKey): boolean {
  if (a.address6 !== b.address6) return false;
  if (a.fwmark !== 0 || b.fwmark !== 0) return a.fwmark === b.fwmark;
  return a.protocol === b.protocol && a.address === b.address && a.port === b.port;
}

/** `FWM  256` or `TCP  10.0.0.1:80`, as `ipvsadm -Ln` prints it. */
export function serviceText(service: ServiceKey): string {
  if (service.fwmark !== 0) return `FWM  ${service.fwmark}`;
  return `${protocolText(service.protocol)}  ${formatIpv4(service.address)}:${service.port}`;
}

/** ip_vs_proto_name */
export function protocolText(protocol: number): string {
  switch (protocol) {
    case PROTO_TCP:
      return 'TCP';
    case PROTO_UDP:
      return 'UDP';
    case PROTO_SCTP:
      return 'SCTP';
    case 0:
      return 'IP ';
    default:
      return `IP_${protocol}`;
  }
}
