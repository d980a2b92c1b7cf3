/** What ping counts and how it prints times. Mirrors ping_common.c of iputils 20240905. */
export class PingStatistics {
  transmitted = 0;
  received = 0;
  repeats = 0;
  errors = 0;
  /** Microseconds. */
  min = Infinity;
  max = 0;
  private sum = 0;
  private squares = 0;
  /** Most probes ever unanswered at once (`pipe`). */
  pipe = 0;
  private readonly seen = new Set<number>();

  /** Counts a reply; true when it is a duplicate. */
  reply(sequence: number, triptime: number | undefined): boolean {
    this.acknowledge(sequence);
    const duplicate = this.seen.has(sequence);
    if (duplicate) this.repeats++;
    else {
      this.seen.add(sequence);
      this.received++;
    }
    if (triptime !== undefined) {
      this.min = Math.min(this.min, triptime);
      this.max = Math.max(this.max, triptime);
      this.sum += triptime;
      this.squares += triptime * triptime;
    }
    return duplicate;
  }

  answered(sequence: number): boolean {
    return this.seen.has(sequence);
  }

  acknowledge(sequence: number): void {
    const outstanding = this.transmitted - sequence + 1;
    if (outstanding > this.pipe) this.pipe = outstanding;
  }

  /** Percent of probes without a reply, as %g prints it. */
  loss(): string {
    return String(Number((((this.transmitted - this.received) * 100) / this.transmitted).toPrecision(6)));
  }

  /** The last lines, `span` microseconds between the first and the last probe. */
  summary(target: string, span: number, timing: boolean): string {
    let text = `\n--- ${target} ping statistics ---\n${this.transmitted} packets transmitted, ${this.received} received`;
    if (this.repeats > 0) text += `, +${this.repeats} duplicates`;
    if (this.errors > 0) text += `, +${this.errors} errors`;
    if (this.transmitted > 0) text += `, ${this.loss()}% packet loss, time ${Math.floor(span / 1000)}ms`;
    text += '\n';
    const parts: string[] = [];
    if (this.received > 0 && timing) parts.push(`rtt min/avg/max/mdev = ${this.spread()} ms`);
    if (this.pipe > 1) parts.push(`pipe ${this.pipe}`);
    return `${text}${parts.join(', ')}\n`;
  }

  private spread(): string {
    const total = this.received + this.repeats;
    const average = Math.floor(this.sum / total);
    const variance = Math.max(0, Math.floor((this.squares - Math.floor((this.sum * this.sum) / total)) / total));
    return [this.min, average, this.max, Math.floor(Math.sqrt(variance))].map(thousandths).join('/');
  }

  /** The line of busybox. */
  busyboxSummary(target: string): string {
    let text = `\n--- ${target} ping statistics ---\n${this.transmitted} packets transmitted, ${this.received} packets received, `;
    if (this.repeats > 0) text += `${this.repeats} duplicates, `;
    if (this.transmitted > 0) text += `${Math.floor(((this.transmitted - this.received) * 100) / this.transmitted)}% packet loss\n`;
    const total = this.received + this.repeats;
    if (this.received > 0) text += `round-trip min/avg/max = ${[this.min, Math.floor(this.sum / total), this.max].map(thousandths).join('/')} ms\n`;
    return text;
  }
}

/** Microseconds as milliseconds with three places. */
export function thousandths(micros: number): string {
  return `${Math.floor(micros / 1000)}.${String(Math.floor(micros) % 1000).padStart(3, '0')}`;
}

/** A round trip as ping prints it: three significant digits. */
export function tripTime(micros: number): string {
  if (micros >= 100_000 - 50) return String(Math.floor((micros + 500) / 1000));
  if (micros >= 10_000 - 5) return `${Math.floor((micros + 50) / 1000)}.${Math.floor(((micros + 50) % 1000) / 100)}`;
  if (micros >= 1000) return `${Math.floor((micros + 5) / 1000)}.${String(Math.floor(((micros + 5) % 1000) / 10)).padStart(2, '0')}`;
  return thousandths(micros);
}

const UNREACHABLE = [
  'Destination Net Unreachable',
  'Destination Host Unreachable',
  'Destination Protocol Unreachable',
  'Destination Port Unreachable',
  'Frag needed and DF set',
  'Source Route Failed',
  'Destination Net Unknown',
  'Destination Host Unknown',
  'Source Host Isolated',
  'Destination Net Prohibited',
  'Destination Host Prohibited',
  'Destination Net Unreachable for Type of Service',
  'Destination Host Unreachable for Type of Service',
  'Packet filtered',
  'Precedence Violation',
  'Precedence Cutoff',
];

/** pr_icmph: an ICMP error in words. */
export function icmpText(type: number, code: number, mtu: number): string {
  if (type === 3) {
    const text = UNREACHABLE[code] ?? `Dest Unreachable, Bad Code: ${code}`;
    return code === 4 ? `${text} (mtu = ${mtu})` : text;
  }
  if (type === 11) return code === 0 ? 'Time to live exceeded' : code === 1 ? 'Frag reassembly time exceeded' : `Time exceeded, Bad Code: ${code}`;
  if (type === 12) return 'Parameter problem: pointer = 0';
  return `Bad ICMP type: ${type}`;
}
