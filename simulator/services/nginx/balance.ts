/**
 * How nginx picks a server: smooth weighted round robin, ip_hash, hash, hash consistent (ketama), least_conn. Mirrors
 * src/http/ngx_http_upstream_round_robin.c and modules/ngx_http_upstream_{ip_hash,hash,least_conn}_module.c.
 */
import { encodeUtf8 } from '../../base/utf8.ts';
import type { Peer, UpstreamGroup } from './config.ts';

interface State {
  readonly peer: Peer;
  current: number;
  effective: number;
  connections: number;
  fails: number;
  /** Virtual microseconds of the last failure. */
  failedAt: number;
}

/** Points of the circle for each unit of weight. */
const POINTS = 160;
/** Tries before a hash gives way to round robin. */
const TRIES = 20;

let table: Uint32Array | undefined;

export function crc32(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value >>> 0;
  });
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 255] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

export class Balancer {
  private readonly group: UpstreamGroup;
  private readonly states: readonly State[];
  private circle: { readonly point: number; readonly name: string }[] | undefined;

  constructor(group: UpstreamGroup) {
    this.group = group;
    this.states = group.peers.map((peer) => ({
      peer,
      current: 0,
      effective: peer.weight,
      connections: 0,
      fails: 0,
      failedAt: 0,
    }));
  }

  /** The next server for a request, of those not tried. */
  pick(client: number, key: string, tried: ReadonlySet<Peer>, now: number): Peer | undefined {
    const usable = (state: State): boolean =>
      !state.peer.down &&
      !tried.has(state.peer) &&
      !(
        state.peer.maxFails > 0 &&
        state.fails >= state.peer.maxFails &&
        now - state.failedAt <= state.peer.failTimeout
      );
    const among = (backup: boolean): State[] =>
      this.states.filter((state) => state.peer.backup === backup && usable(state));
    const first = among(false);
    const list = first.length > 0 ? first : among(true);
    if (list.length === 0) return undefined;
    const chosen = (first.length > 0 ? this.byMethod(client, key, usable) : undefined) ?? roundRobin(list);
    if (chosen === undefined) return undefined;
    chosen.connections++;
    return chosen.peer;
  }

  private byMethod(client: number, key: string, usable: (state: State) => boolean): State | undefined {
    const own = this.states.filter(({ peer }) => !peer.backup);
    switch (this.group.method) {
      case 'ip_hash':
        return byAddress(client, own, usable);
      case 'hash':
        return byKey(key, own, usable);
      case 'hash consistent':
        return this.onCircle(key, own, usable);
      case 'least_conn': {
        const list = own.filter(usable);
        const least = Math.min(...list.map((state) => state.connections / state.peer.weight));
        return roundRobin(list.filter((state) => state.connections / state.peer.weight === least));
      }
      case 'round robin':
        return undefined;
    }
  }

  private onCircle(key: string, own: readonly State[], usable: (state: State) => boolean): State | undefined {
    this.circle ??= own.flatMap(({ peer }) => pointsOf(peer)).sort((a, b) => a.point - b.point);
    const { circle } = this;
    const hash = crc32(encodeUtf8(key));
    let at = circle.findIndex(({ point }) => point >= hash);
    for (let tries = 0; tries < TRIES; tries++, at++) {
      const name = circle[(at < 0 ? 0 : at) % circle.length]?.name;
      const found = roundRobin(own.filter((state) => state.peer.name === name && usable(state)));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  failed(peer: Peer, now: number): void {
    const state = this.states.find((one) => one.peer === peer);
    if (state === undefined) return;
    if (now - state.failedAt > peer.failTimeout) state.fails = 0;
    state.fails++;
    state.failedAt = now;
    if (peer.maxFails > 0) state.effective = Math.max(0, state.effective - Math.floor(peer.weight / peer.maxFails));
  }

  answered(peer: Peer): void {
    const state = this.states.find((one) => one.peer === peer);
    if (state !== undefined) state.fails = 0;
  }

  released(peer: Peer): void {
    const state = this.states.find((one) => one.peer === peer);
    if (state !== undefined) state.connections--;
  }
}

function roundRobin(list: readonly State[]): State | undefined {
  let best: State | undefined;
  let total = 0;
  for (const state of list) {
    state.current += state.effective;
    total += state.effective;
    if (state.effective < state.peer.weight) state.effective++;
    if (best === undefined || state.current > best.current) best = state;
  }
  if (best !== undefined) best.current -= total;
  return best;
}

/** By weight, the server in which a number falls. */
function weighted(states: readonly State[], hash: number): State | undefined {
  const total = states.reduce((sum, { peer }) => sum + peer.weight, 0);
  let rest = hash % total;
  return states.find(({ peer }) => (rest -= peer.weight) < 0);
}

function byAddress(client: number, own: readonly State[], usable: (state: State) => boolean): State | undefined {
  let hash = 89;
  for (let tries = 0; tries <= TRIES; tries++) {
    for (const shift of [24, 16, 8]) hash = (hash * 113 + ((client >>> shift) & 255)) % 6271;
    const state = weighted(own, hash);
    if (state !== undefined && usable(state)) return state;
  }
  return undefined;
}

function byKey(key: string, own: readonly State[], usable: (state: State) => boolean): State | undefined {
  let sum = 0;
  for (let rehash = 0; rehash <= TRIES; rehash++) {
    sum += (crc32(encodeUtf8((rehash === 0 ? '' : String(rehash)) + key)) >>> 16) & 0x7fff;
    const state = weighted(own, sum);
    if (state !== undefined && usable(state)) return state;
  }
  return undefined;
}

function pointsOf({ name, weight }: Peer): { point: number; name: string }[] {
  const [host = '', port = ''] = name.includes(':') ? name.split(':') : [name, ''];
  const base = [...encodeUtf8(host), 0, ...encodeUtf8(port)];
  let previous = 0;
  return Array.from({ length: POINTS * weight }, () => {
    previous = crc32(
      Uint8Array.from([...base, previous & 255, (previous >>> 8) & 255, (previous >>> 16) & 255, previous >>> 24]),
    );
    return { point: previous, name };
  });
}
