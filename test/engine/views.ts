// What the ordinary tools would show, as short lines.
import { formatIpv4, formatMac } from '../../simulator/base/address.ts';
import { ipvsControl } from '../../simulator/ipvs/index.ts';
import { dumpFdb } from '../../simulator/kernel/netlink/fdb.ts';
import { allocateNamespaceId } from '../../simulator/kernel/netlink/nsid.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { receiveFrom, tcpDiag, udpConnect, udpDiag, udpSend, udpSocket } from '../../simulator/transport/index.ts';
import { decodeDns, DNS_A, dnsQuery, encodeDns } from '../../simulator/wire/dns.ts';
import { SECOND } from '../../simulator/base/scheduler.ts';
import type { Program } from '../../simulator/process/program.ts';
import type { Machines } from './machines.ts';

/** `ip a`: index, name, peer's index and namespace id, MTU, bridge, addresses; MACs that follow from an address. */
export function devices(ns: NetworkNamespace): string[] {
  return [...ns.devices.values()]
    .sort((a, b) => a.ifindex - b.ifindex)
    .map((dev) => {
      const peer = dev.peer === null ? '' : `@if${dev.peer.ifindex}/${allocateNamespaceId(ns, dev.peer.ns)}`;
      const mac = formatMac(dev.mac);
      const name = /^veth[0-9a-f]{7}$/.test(dev.name) ? 'vethX' : dev.name;
      const addresses = dev.addresses.map((entry) => `${formatIpv4(entry.address)}/${entry.prefix}${entry.broadcast === 0 ? '' : ` brd ${formatIpv4(entry.broadcast)}`}`);
      return [`${dev.ifindex}:`, `${name}${peer}`, dev.mtu, ...(dev.master === null ? [] : [`master ${dev.master.name}`]), ...(/^02:42:(0a|ac|c0)/.test(mac) && dev.bridge === null ? [mac] : []), ...addresses].join(' ');
    });
}

/** `ip route` */
export function routes(ns: NetworkNamespace): string[] {
  return (ns.fib.tables.get(254)?.routes ?? []).map((route) => `${formatIpv4(route.destination)}/${route.prefix} ${route.gateway === 0 ? '' : `via ${formatIpv4(route.gateway)} `}${route.dev?.name}`).sort();
}

/** Entries of vxlan0 that name an end point elsewhere: `10.0.0.3 02:42:… 192.168.56.12`, sorted. */
export function peers(ns: NetworkNamespace): string[] {
  const tunnels = new Map(dumpFdb(ns).flatMap((entry) => ('remote' in entry && entry.remote ? [[entry.mac, formatIpv4((entry.remote as { address: number }).address)] as const] : [])));
  return ns.neighbours
    .list()
    .filter((entry) => entry.state === 'PERMANENT')
    .map((entry) => `${formatIpv4(entry.address)} ${formatMac(entry.mac)} ${tunnels.get(entry.mac) ?? '-'}`)
    .sort();
}

/** `ipvsadm -Ln`: mark and servers in scheduling order. */
export function balancers(ns: NetworkNamespace): string[] {
  const list = ipvsControl(ns, { op: 'list' }, { by: 'command', text: 'ipvsadm -Ln' });
  if (!list.ok) return [list.errno];
  return list.value.map((service) => `FWM ${service.fwmark} ${service.scheduler}: ${service.destinations.map((server) => `${formatIpv4(server.address)}:${server.port} ${server.forward} ${server.weight}`).join(', ')}`);
}

/** `ss -ltn`, `ss -lun`: listening ports, `*` for both families. */
export function listeners(ns: NetworkNamespace): string[] {
  const tcp = tcpDiag(ns).filter((socket) => socket.state === 'LISTEN');
  const name = (socket: { inet6: boolean; local: number; localPort: number }): string => `${socket.inet6 && socket.local === 0 ? '*' : formatIpv4(socket.local)}:${socket.localPort}`;
  return [...tcp.map((socket) => `tcp ${name(socket)}`), ...udpDiag(ns).map((socket) => `udp ${name(socket)}`)].sort();
}

/** Asks 127.0.0.11 in a namespace: `NOERROR a,b` with the length of the answer. */
export function ask(machines: Machines, host: string, key: string, name: string, type = DNS_A): string {
  let result = 'no answer';
  const ns = machines.ns(host, key);
  machines.host(host).daemon(['ask'], function* (ctx): Program {
    const socket = udpSocket(ns);
    udpConnect(socket, 0x7f00000b, 53);
    udpSend(socket, encodeDns(dnsQuery(7, name, type)));
    const datagram = yield* receiveFrom(ctx, socket, ctx.now + 20 * SECOND);
    socket.close();
    const reply = datagram.ok ? decodeDns(datagram.value.payload) : undefined;
    if (reply === undefined || !datagram.ok) return 1;
    const data = reply.answers.map((answer) => ('address' in answer.data ? formatIpv4(answer.data.address) : 'target' in answer.data ? answer.data.target : '?'));
    result = `${reply.rcode === 0 ? 'NOERROR' : reply.rcode === 2 ? 'SERVFAIL' : reply.rcode}${data.length > 0 ? ` ${data.sort().join(' ')}` : ''} (${datagram.value.payload.length})`;
    return 0;
  });
  machines.settle(21);
  return result;
}
