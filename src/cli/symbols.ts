/**
 * Which of the emulator's ids stands for which recorded one. Ids are random, so their first seven characters tell them apart;
 * a pair of ids must be one to one over the whole recording. An id is known by its longest form met.
 */
export class Symbols {
  /** Recorded head → own id, own head → recorded id; by kind. */
  private readonly own = new Map<string, string>();
  private readonly recorded = new Map<string, string>();

  /** True when `own` may stand for `recorded`, and then it does from now on. */
  pair(kind: string, recorded: string, own: string): boolean {
    if (!this.fits(kind, recorded, own)) return false;
    if (recorded.length >= (this.recorded.get(key(kind, own))?.length ?? 0)) {
      this.own.set(key(kind, recorded), own);
      this.recorded.set(key(kind, own), recorded);
    }
    return true;
  }

  /** True when nothing known speaks against the pair. */
  fits(kind: string, recorded: string, own: string): boolean {
    const other = this.own.get(key(kind, recorded));
    const back = this.recorded.get(key(kind, own));
    return (other === undefined || agrees(other, own)) && (back === undefined || agrees(back, recorded));
  }

  /** The emulator's form of a recorded id, as long as that one; undefined when not known that far. */
  ownOf(kind: string, recorded: string): string | undefined {
    const own = this.own.get(key(kind, recorded));
    if (own === undefined) return undefined;
    if (kind !== 'id') return own;
    return own.length >= recorded.length ? own.slice(0, recorded.length) : undefined;
  }

  /** The recorded form of an own id. */
  recordedOf(kind: string, own: string): string | undefined {
    const recorded = this.recorded.get(key(kind, own));
    if (recorded === undefined) return undefined;
    if (kind !== 'id') return recorded;
    return recorded.length >= own.length ? recorded.slice(0, own.length) : undefined;
  }
}

function key(kind: string, text: string): string {
  return kind === 'id' ? `id ${text.slice(0, 7)}` : `${kind} ${text}`;
}

function agrees(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}
