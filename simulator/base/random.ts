/**
 * Seeded random streams, one per consumer (mac, ids, isn, ports …), so that a new draw
 * of one consumer does not disturb the draws of another and old recordings stay valid.
 *
 * Generator: sfc32 (Chris Doty-Humphrey, PractRand), seeded by hashing `seed` and the stream's name with FNV-1a.
 */
export class RandomStream {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: number, name: string) {
    this.a = fnv1a(`${seed}/${name}/a`);
    this.b = fnv1a(`${seed}/${name}/b`);
    this.c = fnv1a(`${seed}/${name}/c`);
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** A uniform integer in [0, 2^32). */
  uint32(): number {
    const t = (this.a + this.b + this.counter++) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + t;
    return t >>> 0;
  }

  /** A uniform integer in [0, bound); `bound` at most 2^32. */
  below(bound: number): number {
    return Math.floor((this.uint32() / 4294967296) * bound);
  }

  /** A uniform integer in [low, high], both ends included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** `length` lower-case hexadecimal digits. */
  hex(length: number): string {
    let text = '';
    while (text.length < length) text += this.uint32().toString(16).padStart(8, '0');
    return text.slice(0, length);
  }

  /** `length` characters of 0-9a-z. */
  base36(length: number): string {
    let text = '';
    for (let i = 0; i < length; i++) text += this.below(36).toString(36);
    return text;
  }
}

/** The streams of one world, made on first use. */
export class RandomStreams {
  private readonly streams = new Map<string, RandomStream>();

  readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** The stream called `name`, the same object every time. */
  stream(name: string): RandomStream {
    let stream = this.streams.get(name);
    if (stream === undefined) {
      stream = new RandomStream(this.seed, name);
      this.streams.set(name, stream);
    }
    return stream;
  }
}

/** FNV-1a, 32 bits, over UTF-16 code units. Also used wherever a stable hash of a text is wanted. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}
