/** What ipvsadm prints: tables, rules to restore, connections (ipvsadm.c: print_service_entry, print_conn and others). */
import { formatIpv4 } from '../../base/address.ts';
import {
  connectionTableSize,
  type ConnectionView,
  FORWARD_NAMES,
  type ForwardMethod,
  protocolText,
  type RealServerView,
  type ServiceView,
} from '../../ipvs/index.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { PROTO_SCTP, PROTO_UDP } from '../../wire/packet.ts';
import { serviceName } from '../../wire/services.ts';

export type Columns = 'plain' | 'stats' | 'rate' | 'thresholds' | 'persistent-conn';

export interface Format {
  readonly columns: Columns;
  readonly numeric: boolean;
  /** Numbers in full. */
  readonly exact: boolean;
  readonly sorted: boolean;
  /** The name of an address, when it has one. */
  readonly nameOf: (address: number) => string | undefined;
}

/** What `-L` of all begins with. */
export function versionLine(ns: NetworkNamespace): string {
  return `IP Virtual Server version 1.2.1 (size=${connectionTableSize(ns)})\n`;
}

const TITLES: Readonly<Record<Columns, string>> = {
  plain:
    'Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n',
  stats: 'Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n  -> RemoteAddress:Port\n',
  rate: 'Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n  -> RemoteAddress:Port\n',
  thresholds:
    'Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n  -> RemoteAddress:Port\n',
  'persistent-conn':
    'Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n  -> RemoteAddress:Port\n',
};

/** A table of services with its title; `-L` of all puts {@link versionLine} before it. */
export function serviceTable(services: readonly ServiceView[], format: Format): string {
  let text = TITLES[format.columns];
  for (const service of ordered(services, format)) {
    const name = serviceLabel(service, format);
    const counted = format.columns === 'stats' || format.columns === 'rate';
    text += counted
      ? `${name.padEnd(33)}${numbers(service, format)}\n`
      : `${name} ${service.scheduler}${serviceFlags(service)}\n`;
    for (const server of orderedServers(service, format)) text += `  -> ${serverLine(service, server, format)}\n`;
  }
  return text;
}

/** Rules that `ipvsadm -R` takes. */
export function serviceRules(services: readonly ServiceView[], format: Format): string {
  let text = '';
  for (const service of ordered(services, format)) {
    const name = serviceSwitch(service, format);
    text += `-A ${name} -s ${service.scheduler}`;
    if (service.schedulerFlags.length > 0) text += ` -b ${service.schedulerFlags.join(',')}`;
    if (service.persistence > 0) text += ` -p ${service.persistence}`;
    if (service.persistence > 0 && maskText(service) !== '') text += ` -M ${maskText(service)}`;
    text += service.onePacket ? ' -o\n' : '\n';
    for (const server of orderedServers(service, format)) {
      text += `-a ${name} -r ${placeOf(server, service.protocol, format)} ${FORWARD_SWITCHES[server.forward]} -w ${server.weight}${server.forward === 'tunnel' ? ' --tun-type ipip' : ''}\n`;
    }
  }
  return text;
}

/** `ipvsadm -Lc` */
export function connectionTable(connections: readonly ConnectionView[], format: Format): string {
  let text = 'IPVS connection entries\npro expire state       source             virtual            destination\n';
  for (const each of connections) {
    const name = (address: number, port: number): string => endpoint(address, port, each.protocol, format);
    const expire = `${two(Math.floor(each.expires / 60))}:${two(each.expires % 60)}`;
    const source = name(each.clientAddress, each.clientPort).padEnd(18);
    const virtual = name(each.virtualAddress, each.virtualPort).padEnd(18);
    text += `${protocolText(each.protocol)} ${expire}  ${each.state.padEnd(11)} ${source} ${virtual} ${name(each.realAddress, each.realPort)}\n`;
  }
  return text;
}

const FORWARD_SWITCHES: Readonly<Record<ForwardMethod, string>> = { masq: '-m', route: '-g', tunnel: '-i' };

function two(value: number): string {
  return String(value).padStart(2, '0');
}

interface Where {
  readonly address: number;
  readonly address6?: string | undefined;
  readonly port: number;
}

function placeOf(of: Where, protocol: number, format: Format): string {
  if (of.address6 === undefined) return endpoint(of.address, of.port, protocol, format);
  const port = format.numeric ? undefined : serviceName(of.port, protocol === PROTO_UDP ? 'udp' : 'tcp');
  return `[${of.address6}]:${port ?? of.port}`;
}

function endpoint(address: number, port: number, protocol: number, format: Format): string {
  if (format.numeric) return `${formatIpv4(address)}:${port}`;
  const host = format.nameOf(address) ?? formatIpv4(address);
  return `${host}:${serviceName(port, protocol === PROTO_UDP ? 'udp' : 'tcp') ?? port}`;
}

function serviceLabel(service: ServiceView, format: Format): string {
  if (service.fwmark !== 0) return `FWM  ${service.fwmark}${service.address6 !== undefined ? ' IPv6' : ''}`;
  return `${protocolText(service.protocol)}  ${placeOf(service, service.protocol, format)}`;
}

function serviceSwitch(service: ServiceView, format: Format): string {
  if (service.fwmark !== 0) return `-f ${service.fwmark}${service.address6 !== undefined ? ' -6' : ''}`;
  const kind = service.protocol === PROTO_SCTP ? '--sctp-service' : service.protocol === PROTO_UDP ? '-u' : '-t';
  return `${kind} ${placeOf(service, service.protocol, format)}`;
}

/** The granularity of persistence when it is not one client. */
function maskText({ address6, netmask }: ServiceView): string {
  if (address6 !== undefined) return netmask === 128 ? '' : String(netmask);
  return netmask === 0xffffffff ? '' : formatIpv4(netmask);
}

function serviceFlags(service: ServiceView): string {
  let text = service.schedulerFlags.length > 0 ? ` (${service.schedulerFlags.join(',')})` : '';
  if (service.persistence > 0) {
    text += ` persistent ${service.persistence}`;
    if (maskText(service) !== '') text += ` mask ${maskText(service)}`;
  }
  return service.onePacket ? `${text} ops` : text;
}

function serverLine(service: ServiceView, server: RealServerView, format: Format): string {
  const name = placeOf(server, service.protocol, format).padEnd(28);
  const active = String(server.activeConnections).padEnd(10);
  const inactive = String(server.inactiveConnections).padEnd(10);
  switch (format.columns) {
    case 'stats':
    case 'rate':
      return name + numbers(server, format);
    case 'thresholds':
      return `${name} ${String(server.upperThreshold).padEnd(10)} ${String(server.lowerThreshold).padEnd(10)} ${active} ${inactive}`;
    case 'persistent-conn':
      return `${name} ${String(server.weight).padEnd(9)} ${String(server.persistentConnections).padEnd(11)} ${active} ${inactive}`;
    case 'plain':
      return `${name} ${FORWARD_NAMES[server.forward].padEnd(7)} ${String(server.weight).padEnd(6)} ${active} ${inactive}`;
  }
}

function numbers(of: ServiceView | RealServerView, format: Format): string {
  const { counters } = of;
  const values =
    format.columns === 'rate'
      ? [
          counters.connectionRate,
          counters.inPacketRate,
          counters.outPacketRate,
          counters.inByteRate,
          counters.outByteRate,
        ]
      : [counters.connections, counters.inPackets, counters.outPackets, counters.inBytes, counters.outBytes];
  return values.map((value) => largeNumber(value, format.exact)).join('');
}

/** print_largenum: at most eight digits wide unless exact. */
function largeNumber(value: number, exact: boolean): string {
  if (exact) return String(value).padStart(Math.max(9, String(value).length + 1));
  if (value < 100_000) return String(value).padStart(9);
  const [unit, size] =
    value < 10_000_000 ? ['K', 1e3] : value < 1e11 ? ['M', 1e6] : value < 1e14 ? ['G', 1e9] : (['T', 1e12] as const);
  return `${String(Math.floor(value / (size as number))).padStart(8)}${unit}`;
}

/** ipvs_cmp_services: by mark, protocol, address, port. */
function ordered(services: readonly ServiceView[], format: Format): readonly ServiceView[] {
  if (!format.sorted) return services;
  return [...services].sort(
    (a, b) =>
      a.fwmark - b.fwmark ||
      Number(a.address6 !== undefined) - Number(b.address6 !== undefined) ||
      a.protocol - b.protocol ||
      a.address - b.address ||
      a.port - b.port,
  );
}

function orderedServers(service: ServiceView, format: Format): readonly RealServerView[] {
  if (!format.sorted) return service.destinations;
  return [...service.destinations].sort((a, b) => a.address - b.address || a.port - b.port);
}
