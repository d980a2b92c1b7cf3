/**
 * The connection tracking table of one namespace: a chained hash over numbers, no strings on the way of a packet.
 * Mirrors net/netfilter/nf_conntrack_core.c and nf_conntrack_standalone.c (counters, sysctls).
 * Deviation: entries past their time are taken out when somebody comes across them and by a sweep
 * now and then as new entries come, not by a worker.
 */
import { ConntrackEntry, IPS_ASSURED, IPS_CONFIRMED, IPS_DYING, tupleHash, type TupleHash } from './entry.ts';

/** A sweep comes after this many new entries, and not before the table could have doubled. */
const SWEEP_EVERY = 256;
/** NF_CT_EVICTION_RANGE: buckets of the kernel's table that early drop looks into. */
const EVICTION_RANGE = 8;

/** Buckets to begin with, a power of two: most namespaces never track more than a few connections. */
const FIRST_BUCKETS = 16;

/** net.netfilter.nf_conntrack_*, the ones with an effect here; seconds where they are times. */
export class ConntrackKnobs {
  nf_conntrack_max = 65536;
  nf_conntrack_buckets = 65536;
  nf_conntrack_generic_timeout = 600;
  nf_conntrack_icmp_timeout = 30;
  nf_conntrack_udp_timeout = 30;
  nf_conntrack_udp_timeout_stream = 120;
  nf_conntrack_tcp_be_liberal = 0;
  nf_conntrack_tcp_loose = 1;
  nf_conntrack_tcp_max_retrans = 3;
  nf_conntrack_tcp_ignore_invalid_rst = 0;
  nf_conntrack_tcp_timeout_syn_sent = 120;
  nf_conntrack_tcp_timeout_syn_recv = 60;
  nf_conntrack_tcp_timeout_established = 432000;
  nf_conntrack_tcp_timeout_fin_wait = 120;
  nf_conntrack_tcp_timeout_close_wait = 60;
  nf_conntrack_tcp_timeout_last_ack = 30;
  nf_conntrack_tcp_timeout_time_wait = 120;
  nf_conntrack_tcp_timeout_close = 10;
  nf_conntrack_tcp_timeout_max_retrans = 300;
  nf_conntrack_tcp_timeout_unacknowledged = 300;
}

/** What `conntrack -S` counts. */
export class ConntrackStats {
  found = 0;
  invalid = 0;
  insert = 0;
  insertFailed = 0;
  drop = 0;
  earlyDrop = 0;
  error = 0;
  searchRestart = 0;
  clashResolve = 0;
  chainTooLong = 0;
}

export type ConntrackEventKind = 'NEW' | 'UPDATE' | 'DESTROY';
/** Told of changes to confirmed entries (`conntrack -E`); must not change them. */
export type ConntrackWatcher = (kind: ConntrackEventKind, entry: ConntrackEntry, portId: number) => void;

export class ConntrackTable {
  readonly knobs = new ConntrackKnobs();
  readonly stats = new ConntrackStats();
  watchers: ConntrackWatcher[] = [];
  /** When the log last said that the table is full. */
  complainedAt = -Infinity;
  private buckets: (TupleHash | null)[] = new Array<TupleHash | null>(FIRST_BUCKETS).fill(null);
  /** 32 less the number of bits that choose a bucket: the top ones, as reciprocal_scale() does. */
  private shift = 32 - Math.log2(FIRST_BUCKETS);
  private size = 0;
  private sinceSweep = 0;
  private made = 0;

  /** Entries in the table (nf_conntrack_count). */
  get count(): number {
    return this.size;
  }

  /** A new entry, not yet in the table. `inode` is the namespace's. */
  make(inode: number, tcp: boolean): ConntrackEntry {
    const sequence = ++this.made;
    return new ConntrackEntry(tupleHash(inode, sequence, 0, 0, 0), sequence, tcp);
  }

  /** The live tuple with exactly these numbers, or null. An entry past its time is taken out on the way. */
  find(
    src: number,
    dst: number,
    sport: number,
    dport: number,
    protocol: number,
    hash: number,
    now: number,
  ): TupleHash | null {
    let tuple = this.buckets[hash >>> this.shift] as TupleHash | null;
    while (tuple !== null) {
      const next: TupleHash | null = tuple.next;
      if (
        tuple.hash === hash &&
        tuple.src === src &&
        tuple.dst === dst &&
        tuple.sport === sport &&
        tuple.dport === dport &&
        tuple.protocol === protocol
      ) {
        if (tuple.entry.expires > now) return tuple;
        this.remove(tuple.entry);
      }
      tuple = next;
    }
    return null;
  }

  /** Confirms `entry`: both its tuples go into the table. */
  insert(entry: ConntrackEntry, now: number): void {
    if (++this.sinceSweep >= Math.max(SWEEP_EVERY, this.size)) this.sweep(now);
    if (this.size * 2 >= this.buckets.length) this.grow();
    this.link(entry.original);
    this.link(entry.reply);
    entry.status |= IPS_CONFIRMED;
    this.size++;
  }

  /** Takes `entry` out (nf_ct_delete); nothing happens when it is not in. */
  remove(entry: ConntrackEntry, portId = 0): void {
    if (!(entry.status & IPS_CONFIRMED) || entry.status & IPS_DYING) return;
    entry.status |= IPS_DYING;
    this.unlink(entry.original);
    this.unlink(entry.reply);
    this.size--;
    if (this.watchers.length > 0) this.tell('DESTROY', entry, portId);
  }

  /** Takes out everything whose time is over. */
  sweep(now: number): void {
    this.sinceSweep = 0;
    for (const entry of this.all()) if (entry.expires <= now) this.remove(entry);
  }

  /** Live entries, oldest first. */
  list(now: number): ConntrackEntry[] {
    return this.all()
      .filter((entry) => entry.expires > now)
      .sort((a, b) => a.sequence - b.sequence);
  }

  /**
   * early_drop: room for the tuple with this hash, by giving up a connection near it that is not assured. The kernel's
   * table has nf_conntrack_buckets buckets; this one may have fewer, wider ones.
   */
  earlyDrop(hash: number, now: number): boolean {
    const count = Math.max(1, this.knobs.nf_conntrack_buckets);
    const width = 2 ** 32 / count;
    const first = Math.floor(hash / width);
    for (let i = 0; i < Math.min(EVICTION_RANGE, count); i++) {
      const bucket = (first + i) % count;
      const last = Math.min(0xffffffff, Math.ceil((bucket + 1) * width) - 1) >>> this.shift;
      for (let own = Math.floor(bucket * width) >>> this.shift; own <= last; own++) {
        if (this.evict(own, bucket, width, now)) return true;
      }
    }
    return false;
  }

  /** Gives up the first entry of the own bucket `own` that lies in the kernel's bucket and is not assured. */
  private evict(own: number, bucket: number, width: number, now: number): boolean {
    let tuple = this.buckets[own] ?? null;
    while (tuple !== null) {
      const { next, entry, hash } = tuple as TupleHash;
      const here = Math.floor(hash / width) === bucket;
      if (here && entry.expires <= now) this.remove(entry);
      else if (here && !(entry.status & IPS_ASSURED)) {
        this.remove(entry);
        this.stats.earlyDrop++;
        return true;
      }
      tuple = next;
    }
    return false;
  }

  /** `portId`: the netlink address of the program that asked for it, 0 when a packet or the time did. */
  tell(kind: ConntrackEventKind, entry: ConntrackEntry, portId = 0): void {
    for (const watcher of this.watchers) watcher(kind, entry, portId);
  }

  private all(): ConntrackEntry[] {
    const entries: ConntrackEntry[] = [];
    for (const head of this.buckets) {
      for (let tuple = head; tuple !== null; tuple = tuple.next) if (tuple.direction === 0) entries.push(tuple.entry);
    }
    return entries;
  }

  private link(tuple: TupleHash): void {
    const at = tuple.hash >>> this.shift;
    tuple.next = this.buckets[at] as TupleHash | null;
    this.buckets[at] = tuple;
  }

  private unlink(tuple: TupleHash): void {
    const at = tuple.hash >>> this.shift;
    let other = this.buckets[at] as TupleHash | null;
    if (other === tuple) {
      this.buckets[at] = tuple.next;
    } else {
      while (other !== null && other.next !== tuple) other = other.next;
      if (other !== null) other.next = tuple.next;
    }
    tuple.next = null;
  }

  private grow(): void {
    const old = this.buckets;
    this.buckets = new Array<TupleHash | null>(old.length * 2).fill(null);
    this.shift--;
    for (const head of old) {
      let tuple = head;
      while (tuple !== null) {
        const next: TupleHash | null = tuple.next;
        this.link(tuple);
        tuple = next;
      }
    }
  }
}
