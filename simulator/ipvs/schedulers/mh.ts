/**
 * Maglev hashing: servers take turns to fill a table of prime size, each in an order of its own; a client's hash picks a
 * place in it. Mirrors net/netfilter/ipvs/ip_vs_mh.c (Eisenbud et al., Maglev, NSDI 2016, 3.4) with
 * CONFIG_IP_VS_MH_TAB_INDEX=12, and hsiphash_1u32 (lib/siphash.c, SipHash-1-3) of a 64-bit kernel.
 */
import type { Packet } from '../../wire/packet.ts';
import type { IpvsScheduler } from '../scheduler.ts';
import type { IpvsService, RealServer } from '../service.ts';

const PLACES = 4093;
/** Greatest number of bits of a turn: IP_VS_MH_TAB_BITS. */
const TURN_BITS = 6;
/** The kernel's keys are constants: both halves the same. */
const OFFSET_KEY = 2654435761n;
const SKIP_KEY = 2654446892n;

const MASK = (1n << 64n) - 1n;

function rotate(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK;
}

/** hsiphash_1u32 with both key halves `key`. */
function hsiphash(value: number, key: bigint): number {
  let [a, b, c, d] = [
    0x736f6d6570736575n ^ key,
    0x646f72616e646f6dn ^ key,
    0x6c7967656e657261n ^ key,
    0x7465646279746573n ^ key,
  ];
  const round = (): void => {
    a = (a + b) & MASK;
    b = rotate(b, 13n) ^ a;
    a = rotate(a, 32n);
    c = (c + d) & MASK;
    d = rotate(d, 16n) ^ c;
    a = (a + d) & MASK;
    d = rotate(d, 21n) ^ a;
    c = (c + b) & MASK;
    b = rotate(b, 17n) ^ c;
    c = rotate(c, 32n);
  };
  const word = (4n << 56n) | BigInt(value >>> 0);
  d ^= word;
  round();
  a ^= word;
  c ^= 0xffn;
  for (let i = 0; i < 3; i++) round();
  return Number((a ^ b ^ c ^ d) & 0xffffffffn);
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** ip_vs_mh_reassign: the whole table anew. Weight 0 does not move places: the weight before it counts. */
function assign(service: IpvsService): void {
  const { destinations } = service;
  const places = new Array<RealServer | null>(PLACES).fill(null);
  service.schedulerData = places;
  const unit = destinations.reduce((found, server) => gcd(server.lastWeight, found), 0);
  if (unit < 1) return;
  const greatest = Math.max(...destinations.map((server) => server.lastWeight));
  const shift = Math.max(0, 32 - Math.clz32(Math.floor(greatest / unit)) - TURN_BITS);
  const orders = destinations
    .filter((server) => server.lastWeight > 0)
    .map((server) => ({
      server,
      at: hsiphash(server.address + server.port, OFFSET_KEY) % PLACES,
      skip: (hsiphash(server.address + server.port, SKIP_KEY) % (PLACES - 1)) + 1,
      turns: Math.max(1, Math.floor(server.lastWeight / unit) >>> shift),
    }));
  let left = PLACES;
  for (;;) {
    for (const order of orders) {
      for (let turn = 0; turn < order.turns; turn++) {
        while (places[order.at] !== null) order.at = (order.at + order.skip) % PLACES;
        places[order.at] = order.server;
        if (--left === 0) return;
      }
    }
  }
}

function placeOf(packet: Packet, port: number, offset: number): number {
  return hsiphash(offset + port + packet.src, OFFSET_KEY) % PLACES;
}

export const mh: IpvsScheduler = {
  name: 'mh',
  flags: ['mh-fallback', 'mh-port'],
  init: assign,
  changed: assign,
  removed: assign,
  schedule(service, packet) {
    const places = service.schedulerData as (RealServer | null)[];
    const port = service.schedulerFlags.includes('mh-port') ? packet.sport : 0;
    const first = placeOf(packet, port, 0);
    const server = places[first];
    if (server === null || server.open) return server;
    if (!service.schedulerFlags.includes('mh-fallback')) return null;
    for (let offset = 0; offset < PLACES; offset++) {
      const other = places[placeOf(packet, port, (offset + first) % PLACES)];
      if (other === null) return null;
      if (other.open) return other;
    }
    return null;
  },
};
