/** RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH for IPv4. Mirrors net/core/neighbour.c (neigh_add, neigh_delete). */
import type { Origin } from '../../base/origin.ts';
import { done, ok, refuse, type Result } from '../../base/result.ts';
import { neighUpdate } from '../arp.ts';
import type { NetDevice } from '../device.ts';
import { drop } from '../kernel.ts';
import { notify } from '../notify.ts';
import { Neighbour, type NeighbourState } from '../neighbour.ts';

export interface NeighbourRequest {
  readonly address: number;
  /** Undefined when none was given. */
  readonly mac: number | undefined;
  readonly state: NeighbourState;
  readonly proxy: boolean;
  readonly origin: Origin;
}

/** add: EEXIST when there is one; change: ENOENT when there is none; replace: either. */
export type NeighbourVerb = 'add' | 'replace' | 'change';

/** Writes an entry by hand. EINVAL without a MAC where one is needed. */
export function newNeighbour(dev: NetDevice, request: NeighbourRequest, verb: NeighbourVerb): Result<undefined> {
  const table = dev.ns.neighbours;
  const present = table.get(dev, request.address);
  if (present !== undefined && verb === 'add') return refuse('EEXIST');
  if (present === undefined && verb === 'change') return refuse('ENOENT');
  const hasMac = request.mac !== undefined || (present !== undefined && present.mac !== 0);
  if (!request.proxy && !hasMac && needsMac(request.state)) return refuse('EINVAL', 'No link layer address given');
  const neighbour = present ?? new Neighbour(request.address, dev, request.origin);
  if (present === undefined) {
    // neigh_alloc: used now, confirmed twice the reachable time ago, until it is said to be good.
    neighbour.used = dev.ns.kernel.now;
    neighbour.confirmed = dev.ns.kernel.now - 60_000_000;
    table.add(neighbour);
  }
  neighbour.origin = request.origin;
  if (request.proxy) {
    neighbour.proxy = true;
    return done;
  }
  neighUpdate(neighbour, request.state, request.mac ?? neighbour.mac, {
    override: true,
    force: true,
    origin: request.origin,
  });
  if (request.state === 'PERMANENT' || request.state === 'NOARP' || request.state === 'REACHABLE')
    neighbour.confirmed = dev.ns.kernel.now;
  return done;
}

function needsMac(state: NeighbourState): boolean {
  return state !== 'NONE' && state !== 'INCOMPLETE' && state !== 'FAILED' && state !== 'NOARP';
}

/** Forgets an entry; packets that waited for it are dropped. ENOENT. */
export function deleteNeighbour(dev: NetDevice, address: number, proxy = false): Result<undefined> {
  const neighbour = dev.ns.neighbours.get(dev, address);
  if (neighbour === undefined || neighbour.proxy !== proxy) return refuse('ENOENT');
  dev.ns.neighbours.remove(neighbour);
  if (dev.ns.listeners.length > 0 && !proxy) {
    // It is first said to be useless, then gone.
    neighbour.state = 'FAILED';
    notify(dev.ns, { kind: 'neighbour', neighbour, deleted: false });
    notify(dev.ns, { kind: 'neighbour', neighbour, deleted: true });
  }
  const waiting = neighbour.queue;
  neighbour.queue = [];
  for (const packet of waiting) drop(dev.ns, packet, 'NEIGHBOUR_FAILED', dev.name);
  return done;
}

/** net.ipv4.neigh.default.ucast_solicit: where an entry that asks by broadcast starts to count. */
const UCAST_SOLICIT = 3;

/**
 * What NDA_PROBES says: counting starts at {@link UCAST_SOLICIT} and stays where the answer came. Deviation: an entry that was
 * answered is taken to have been so at the first question.
 */
export function probeCount(neighbour: Neighbour): number {
  if (neighbour.origin.by !== 'kernel') return 0;
  if (neighbour.state === 'INCOMPLETE' || neighbour.state === 'FAILED') return UCAST_SOLICIT + neighbour.probes;
  return neighbour.confirmed === 0 ? 0 : UCAST_SOLICIT + 1;
}

/** The entry for an address. ENOENT. */
export function getNeighbour(dev: NetDevice, address: number): Result<Neighbour> {
  const neighbour = dev.ns.neighbours.get(dev, address);
  if (neighbour === undefined || neighbour.proxy) return refuse('ENOENT', 'Neighbour entry not found');
  return ok(neighbour);
}
