/** AES (FIPS 197, enciphering only) in Galois/counter mode (NIST SP 800-38D), for the bytes of captured ESP packets. */

/** The S-box: inverses in GF(2^8), then the affine map. */
const SBOX = sbox();

function sbox(): Uint8Array {
  const box = new Uint8Array(256);
  let p = 1;
  let q = 1;
  do {
    // p runs through all elements by the generator 3, q through their inverses.
    p = (p ^ (p << 1) ^ (p & 0x80 ? 0x11b : 0)) & 0xff;
    q ^= q << 1;
    q ^= q << 2;
    q ^= q << 4;
    q &= 0xff;
    if (q & 0x80) q ^= 0x09;
    box[p] = (q ^ rotate(q, 1) ^ rotate(q, 2) ^ rotate(q, 3) ^ rotate(q, 4) ^ 0x63) & 0xff;
  } while (p !== 1);
  box[0] = 0x63;
  return box;
}

function rotate(octet: number, by: number): number {
  return ((octet << by) | (octet >>> (8 - by))) & 0xff;
}

function double(octet: number): number {
  return ((octet << 1) ^ (octet & 0x80 ? 0x1b : 0)) & 0xff;
}

function substitute(octet: number): number {
  return SBOX[octet] as number;
}

export class AesGcm {
  private readonly roundKeys: Uint8Array;
  private readonly rounds: number;
  /** The hash key in four words. */
  private readonly h: readonly [number, number, number, number];

  /** `key` of 16, 24 or 32 octets. */
  constructor(key: Uint8Array) {
    this.rounds = key.length / 4 + 6;
    this.roundKeys = expand(key, this.rounds);
    const h = this.block(new Uint8Array(16));
    this.h = [word(h, 0), word(h, 4), word(h, 8), word(h, 12)];
  }

  /** Enciphers one block of 16 octets. */
  block(input: Uint8Array): Uint8Array {
    const { roundKeys, rounds } = this;
    let state = new Uint8Array(16);
    for (let i = 0; i < 16; i++) state[i] = (input[i] as number) ^ (roundKeys[i] as number);
    for (let round = 1; round <= rounds; round++) {
      const next = new Uint8Array(16);
      for (let column = 0; column < 16; column += 4) {
        const a = substitute(state[column] as number);
        const b = substitute(state[(column + 5) & 15] as number);
        const c = substitute(state[(column + 10) & 15] as number);
        const d = substitute(state[(column + 15) & 15] as number);
        if (round === rounds) next.set([a, b, c, d], column);
        else {
          const all = a ^ b ^ c ^ d;
          next.set(
            [a ^ all ^ double(a ^ b), b ^ all ^ double(b ^ c), c ^ all ^ double(c ^ d), d ^ all ^ double(d ^ a)],
            column,
          );
        }
      }
      for (let i = 0; i < 16; i++) next[i] = (next[i] as number) ^ (roundKeys[16 * round + i] as number);
      state = next;
    }
    return state;
  }

  /** Enciphers `plain` under a nonce of 12 octets; the tag (16 octets) also covers `associated`. */
  seal(nonce: Uint8Array, plain: Uint8Array, associated: Uint8Array): { sealed: Uint8Array; tag: Uint8Array } {
    const counter = new Uint8Array(16);
    counter.set(nonce);
    counter[15] = 1;
    const mask = this.block(counter);
    const sealed = new Uint8Array(plain.length);
    for (let at = 0; at < plain.length; at += 16) {
      for (let i = 15; i >= 12; i--) {
        counter[i] = ((counter[i] as number) + 1) & 0xff;
        if (counter[i] !== 0) break;
      }
      const stream = this.block(counter);
      for (let i = at; i < plain.length && i < at + 16; i++)
        sealed[i] = (plain[i] as number) ^ (stream[i - at] as number);
    }
    const tag = this.hash(associated, sealed);
    for (let i = 0; i < 16; i++) tag[i] = (tag[i] as number) ^ (mask[i] as number);
    return { sealed, tag };
  }

  /** GHASH */
  private hash(associated: Uint8Array, sealed: Uint8Array): Uint8Array {
    const y: [number, number, number, number] = [0, 0, 0, 0];
    for (const part of [associated, sealed]) {
      for (let at = 0; at < part.length; at += 16) {
        const block = new Uint8Array(16);
        block.set(part.subarray(at, at + 16));
        this.absorb(y, block);
      }
    }
    const lengths = new Uint8Array(16);
    store(lengths, 4, associated.length * 8);
    store(lengths, 12, sealed.length * 8);
    this.absorb(y, lengths);
    const tag = new Uint8Array(16);
    y.forEach((value, i) => store(tag, 4 * i, value));
    return tag;
  }

  /** y = (y ^ block) · H in GF(2^128), bit by bit. */
  private absorb(y: [number, number, number, number], block: Uint8Array): void {
    const x = [y[0] ^ word(block, 0), y[1] ^ word(block, 4), y[2] ^ word(block, 8), y[3] ^ word(block, 12)];
    let [a, b, c, d] = this.h;
    let [r, s, t, u] = [0, 0, 0, 0];
    for (let bit = 0; bit < 128; bit++) {
      if (((x[bit >>> 5] as number) >>> (31 - (bit & 31))) & 1) {
        r ^= a;
        s ^= b;
        t ^= c;
        u ^= d;
      }
      const odd = d & 1;
      d = (d >>> 1) | (c << 31);
      c = (c >>> 1) | (b << 31);
      b = (b >>> 1) | (a << 31);
      a = (a >>> 1) ^ (odd ? 0xe1000000 : 0);
    }
    y[0] = r;
    y[1] = s;
    y[2] = t;
    y[3] = u;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

function store(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = (value >>> 24) & 0xff;
  bytes[at + 1] = (value >>> 16) & 0xff;
  bytes[at + 2] = (value >>> 8) & 0xff;
  bytes[at + 3] = value & 0xff;
}

/** The key schedule. */
function expand(key: Uint8Array, rounds: number): Uint8Array {
  const keys = new Uint8Array(16 * (rounds + 1));
  keys.set(key);
  let constant = 1;
  for (let at = key.length; at < keys.length; at += 4) {
    let last = [...keys.subarray(at - 4, at)];
    if (at % key.length === 0) {
      last = [last[1] as number, last[2] as number, last[3] as number, last[0] as number].map(substitute);
      last[0] = (last[0] as number) ^ constant;
      constant = double(constant);
    } else if (key.length === 32 && at % 32 === 16) last = last.map(substitute);
    for (let i = 0; i < 4; i++) keys[at + i] = (keys[at - key.length + i] as number) ^ (last[i] as number);
  }
  return keys;
}
