/** /proc/net/ip_vs, ip_vs_stats and ip_vs_conn: the state as text. Mirrors the seq_files of ip_vs_ctl.c and ip_vs_conn.c. */
import { kernelHabit } from '../base/origin.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { ipvsControl, totalCounters, type ServiceView } from './control.ts';
import { protocolText, type ForwardMethod } from './service.ts';

/** What listings give as the size of the connection table (ip_vs_conn_tab_bits 12). */
const CONNECTION_TABLE_SIZE = 4096;
/** Of one that grows, to begin with. */
const FIRST_TABLE_SIZE = 256;

/** The size of a namespace's connection table: fixed, or none before there is a service. */
export function connectionTableSize(ns: NetworkNamespace): number {
  if (ns.kernel.platform.ipvsTable === 'fixed') return CONNECTION_TABLE_SIZE;
  const services = ipvsControl(ns, { op: 'list' }, kernelHabit('protocol'));
  return services.ok && services.value.length > 0 ? FIRST_TABLE_SIZE : 0;
}

export const FORWARD_NAMES: Readonly<Record<ForwardMethod, string>> = {
  masq: 'Masq',
  route: 'Route',
  tunnel: 'Tunnel',
};

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

/** `0A010064:0050`, or `[fd00::1]:0050`. */
function where(of: {
  readonly address: number;
  readonly address6?: string | undefined;
  readonly port: number;
}): string {
  return `${of.address6 !== undefined ? `[${of.address6}]` : hex(of.address, 8)}:${hex(of.port, 4)}`;
}

function serviceLine(service: ServiceView): string {
  const name =
    service.fwmark !== 0 ? `FWM  ${hex(service.fwmark, 8)}` : `${protocolText(service.protocol)}  ${where(service)}`;
  const flags = service.schedulerFlags.length > 0 ? ` (${service.schedulerFlags.join(',')})` : '';
  const ops = service.onePacket ? ' ops' : '';
  const persistent =
    service.persistence > 0 ? ` persistent ${service.persistence * 1000} ${hex(service.netmask, 8)}` : '';
  return `${name} ${service.scheduler}${flags}${ops}${persistent} \n`;
}

/** /proc/net/ip_vs */
export function procIpVs(ns: NetworkNamespace): string {
  const services = ipvsControl(ns, { op: 'list' }, kernelHabit('protocol'));
  let text =
    `IP Virtual Server version 1.2.1 (size=${connectionTableSize(ns)})\n` +
    'Prot LocalAddress:Port Scheduler Flags\n' +
    '  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n';
  if (!services.ok) return text;
  for (const service of services.value) {
    text += serviceLine(service);
    for (const server of service.destinations) {
      const forward = FORWARD_NAMES[server.forward].padEnd(7);
      const counts = [server.weight, server.activeConnections, server.inactiveConnections];
      text += `  -> ${where(server)}      ${forward} ${String(counts[0]).padEnd(6)} ${String(counts[1]).padEnd(10)} ${String(counts[2]).padEnd(10)}\n`;
    }
  }
  return text;
}

/** /proc/net/ip_vs_stats; numbers are hexadecimal. */
export function procIpVsStats(ns: NetworkNamespace): string {
  const counters = totalCounters(ns);
  const row = (a: number, b: number, c: number, d: number, e: number): string =>
    `${hex(a, 1).padStart(8)} ${hex(b, 1).padStart(8)} ${hex(c, 1).padStart(8)} ${hex(d, 1).padStart(16)} ${hex(e, 1).padStart(16)}\n`;
  return (
    '   Total Incoming Outgoing         Incoming         Outgoing\n' +
    '   Conns  Packets  Packets            Bytes            Bytes\n' +
    row(counters.connections, counters.inPackets, counters.outPackets, counters.inBytes, counters.outBytes) +
    '\n Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n' +
    row(
      counters.connectionRate,
      counters.inPacketRate,
      counters.outPacketRate,
      counters.inByteRate,
      counters.outByteRate,
    )
  );
}

/** /proc/net/ip_vs_conn */
export function procIpVsConn(ns: NetworkNamespace): string {
  const connections = ipvsControl(ns, { op: 'connections' }, kernelHabit('protocol'));
  let text = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n';
  if (!connections.ok) return text;
  for (const each of connections.value) {
    const from = `${hex(each.clientAddress, 8)} ${hex(each.clientPort, 4)}`;
    const to = `${hex(each.virtualAddress, 8)} ${hex(each.virtualPort, 4)}`;
    const real = `${hex(each.realAddress, 8)} ${hex(each.realPort, 4)}`;
    text += `${protocolText(each.protocol)} ${from} ${to} ${real} ${each.state.padEnd(11)} ${String(each.expires).padStart(7)}\n`;
  }
  return text;
}
