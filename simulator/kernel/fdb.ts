/** Forwarding databases of bridges and vxlan devices (net/bridge/br_fdb.c, drivers/net/vxlan). Ageing is looked at when an entry is used. */
import { kernelHabit, type Origin } from '../base/origin.ts';
import type { FdbEntry, NetDevice } from './device.ts';
import { notify } from './notify.ts';

const LEARNED = kernelHabit('learned');

/** The live entry for `mac`; one that is older than `ageing` µs is removed and not found. */
export function fdbLookup(fdb: Map<number, FdbEntry>, mac: number, now: number, ageing: number): FdbEntry | undefined {
  const entry = fdb.get(mac);
  if (entry === undefined || !entry.dynamic || now - entry.updated <= ageing) return entry;
  fdb.delete(mac);
  return undefined;
}

/** All live entries in order of insertion. */
export function fdbEntries(fdb: Map<number, FdbEntry>, now: number, ageing: number): FdbEntry[] {
  for (const entry of [...fdb.values()]) if (entry.dynamic && now - entry.updated > ageing) fdb.delete(entry.mac);
  return [...fdb.values()];
}

/** A bridge learns that `mac` is behind `port`. Entries written by hand stay. */
export function fdbLearn(fdb: Map<number, FdbEntry>, mac: number, port: NetDevice, now: number): void {
  const entry = fdb.get(mac);
  if (entry !== undefined) {
    if (entry.state === 'permanent' || (!entry.dynamic && entry.sticky)) return;
    if (entry.port !== port) {
      entry.port = port;
      notifyFdb(port, entry);
    }
    entry.updated = now;
    return;
  }
  const fresh = makeFdbEntry(mac, port, 'reachable', true, now, LEARNED);
  fdb.set(mac, fresh);
  notifyFdb(port, fresh);
}

function notifyFdb(port: NetDevice, entry: FdbEntry): void {
  if (port.ns.listeners.length > 0) notify(port.ns, { kind: 'fdb', dev: port, entry, master: port.master, deleted: false });
}

/** A new entry, not yet in any table. */
export function makeFdbEntry(mac: number, port: NetDevice | null, state: FdbEntry['state'], dynamic: boolean, now: number, origin: Origin): FdbEntry {
  return { mac, port, remotes: [], state, dynamic, vlan: 0, sticky: false, used: now, updated: now, origin };
}
