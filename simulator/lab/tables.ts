/**
 * The tables of one namespace as they are now: what `iptables -S`, `ipvsadm`, `ip route`, `bridge fdb`, `ip neigh` and
 * `conntrack -L` would tell, as rows with keys, so that two looks can be compared. Looking changes nothing: no counter is
 * read away, no old entry is swept out.
 */
import { formatIpv4, formatMac } from '../base/address.ts';
import type { Origin } from '../base/origin.ts';
import { kernelHabit } from '../base/origin.ts';
import { SECOND } from '../base/scheduler.ts';
import type { IpvsState } from '../ipvs/state.ts';
import { serviceText } from '../ipvs/service.ts';
import type { FdbEntry, NetDevice } from '../kernel/device.ts';
import { dumpAllRoutes } from '../kernel/netlink/route.ts';
import { formatRoute, formatTable } from '../kernel/netlink/format.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { formatEntry } from '../netfilter/conntrack/format.ts';
import { textOfRule } from '../netfilter/print.ts';
import { netfilterOf, TABLE_NAMES, type Chain, type Netfilter } from '../netfilter/state.ts';
import { allChains } from '../netfilter/xtables.ts';

export type TableKind = 'iptables' | 'ipvs' | 'fib' | 'fdb' | 'neighbours' | 'conntrack';

export interface TableRow {
  /** The same row has the same key at every look. */
  readonly key: string;
  /** Iptables: number, packets, bytes, rule. Ipvs: server, forward, weight, active, inactive. The others: see each function. */
  readonly cells: readonly string[];
  readonly origin: Origin;
}

export interface TableGroup {
  /** `nat PREROUTING`, `FWM  256`, `main`, `br0`; '' where there is only one. */
  readonly name: string;
  /** Policy, scheduler. */
  readonly note: string;
  readonly rows: readonly TableRow[];
}

/** Everything that a namespace keeps, by kind. */
export type NamespaceTables = Readonly<Record<TableKind, readonly TableGroup[]>>;

export function tablesOf(ns: NetworkNamespace): NamespaceTables {
  return {
    iptables: chains(ns),
    ipvs: services(ns),
    fib: routes(ns),
    fdb: forwarding(ns),
    neighbours: neighbours(ns),
    conntrack: connections(ns),
  };
}

/** Number, packets, bytes, rule. */
function chains(ns: NetworkNamespace): TableGroup[] {
  const netfilter = ns.rooms.netfilter as Netfilter | null;
  if (netfilter === null) return [];
  return TABLE_NAMES.flatMap((name) => allChains(netfilter[name]).map((chain) => chainGroup(name, chain)));
}

function chainGroup(table: string, chain: Chain): TableGroup {
  return {
    name: `${table} ${chain.name}`,
    note: chain.hook < 0 ? '' : chain.policy,
    rows: chain.rules.map((rule, at) => ({
      key: String(rule.handle),
      cells: [String(at + 1), String(rule.packets), String(rule.bytes), textOfRule(rule).trim()],
      origin: rule.origin,
    })),
  };
}

/** Server, forwarding, weight, active and inactive connections. */
function services(ns: NetworkNamespace): TableGroup[] {
  const state = ns.rooms.ipvs as IpvsState | null;
  return (state?.services ?? []).map((service) => ({
    name: serviceText(service).replace(/ +/, ' '),
    note: service.scheduler.name,
    rows: service.destinations.map((server) => ({
      key: `${server.address6 ?? formatIpv4(server.address)}:${server.port}`,
      cells: [
        `${server.address6 ?? formatIpv4(server.address)}:${server.port}`,
        server.forward,
        String(server.weight),
        String(server.activeConnections),
        String(server.inactiveConnections),
      ],
      origin: server.origin,
    })),
  }));
}

/** Route, a group for each routing table. */
function routes(ns: NetworkNamespace): TableGroup[] {
  const groups = new Map<number, TableRow[]>();
  for (const route of dumpAllRoutes(ns)) {
    const text = formatRoute(ns, route);
    const row = { key: text, cells: [text], origin: route.origin };
    const rows = groups.get(route.table);
    if (rows === undefined) groups.set(route.table, [row]);
    else rows.push(row);
  }
  return [...groups].map(([table, rows]) => ({ name: formatTable(table), note: '', rows }));
}

/** Address, behind what, state. A group for each bridge and vxlan device. */
function forwarding(ns: NetworkNamespace): TableGroup[] {
  const groups: TableGroup[] = [];
  const { now } = ns.kernel;
  for (const dev of ns.devices.values()) {
    if (dev.bridge !== null)
      groups.push({ name: dev.name, note: 'bridge', rows: entries(dev, dev.bridge.fdb, now, dev.bridge.ageing) });
    if (dev.vxlan !== null)
      groups.push({
        name: dev.name,
        note: `vxlan ${dev.vxlan.vni}`,
        rows: entries(dev, dev.vxlan.fdb, now, dev.vxlan.ageing * SECOND),
      });
  }
  return groups;
}

function entries(dev: NetDevice, fdb: ReadonlyMap<number, FdbEntry>, now: number, ageing: number): TableRow[] {
  return [...fdb.values()]
    .filter((entry) => !entry.dynamic || now - entry.updated <= ageing)
    .map((entry) => {
      const behind =
        entry.remotes.length > 0
          ? entry.remotes.map(({ address }) => formatIpv4(address)).join(' ')
          : (entry.port?.name ?? dev.name);
      return {
        key: formatMac(entry.mac),
        cells: [formatMac(entry.mac), behind, entry.dynamic ? 'learned' : entry.state],
        origin: entry.origin,
      };
    });
}

/** Address, device, link address, state. */
function neighbours(ns: NetworkNamespace): TableGroup[] {
  const rows = ns.neighbours.list().map(({ address, dev, mac, state, origin }) => ({
    key: `${dev.name} ${formatIpv4(address)}`,
    cells: [formatIpv4(address), dev.name, mac === 0 ? '' : formatMac(mac), state],
    origin,
  }));
  return rows.length === 0 ? [] : [{ name: '', note: '', rows }];
}

/** The entry as `conntrack -L` prints it, its time-out (which every look would show as changed) in a cell of its own. */
function connections(ns: NetworkNamespace): TableGroup[] {
  const netfilter = ns.rooms.netfilter === null ? null : netfilterOf(ns);
  const { now } = ns.kernel;
  const rows = (netfilter?.conntrack.list(now) ?? []).map((entry) => {
    const [, protocol = '', left = '', rest = ''] = /^(\S+) +\d+ (\d+) (.*)$/.exec(formatEntry(entry, now)) ?? [];
    return {
      key: String(entry.id),
      cells: [protocol, left, rest.replace(/ mark=0| use=1/g, '')],
      origin: entry.destinationOrigin ?? entry.sourceOrigin ?? kernelHabit('conntrack'),
    };
  });
  return rows.length === 0 ? [] : [{ name: '', note: '', rows }];
}
