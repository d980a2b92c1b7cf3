/**
 * How fast the steps of a recording followed each other: it does not say so, but what ends by itself after a known time tells it.
 *
 * - "countdown": an entry that shows what is left of its time-out (`14:52`, `TIME_WAIT 44`, conntrack's seconds) was used so and so
 *   long before. Where the emulator's entry has more left, or less, the steps between are given more time, or less, in the next pass.
 * - "date": two outputs that name the date tell how long the steps between took.
 * - "expiry": a listing of IPVS that has fewer entries than the emulator's was made after they expired: the step waits for that.
 *
 * Every pass starts with what the last one has learnt, until nothing is learnt any more. Nothing is taken from outputs but time.
 */
import { SECOND, type World } from '../../simulator/index.ts';
import { byKind, countdownsIn } from './countdowns.ts';
import { execute, pass } from './machines.ts';
import type { Step } from './recording.ts';

/** Between two steps when nothing tells more, seconds. */
const USUAL = 0.1;
/** A step cannot follow faster. */
const LEAST = 0.02;
/** Seconds that a listing waits for entries to expire: it comes half of it early, as well as it can. */
const PATIENCE = 2;
const EARLY = PATIENCE / 2;
const GLANCE = 0.02;
/** Connections that one program makes and ends in turn end about so far apart, seconds. */
const APART = 0.085;
/** So much later a port is asked for that was not free yet. */
const LATER = 0.7;
/** Whole seconds leave so much open. */
const SLACK = 1;
const SWEEPS = 30;
/** How many steps make room for one that comes earlier. */
const REACH = 20;

const LISTING = /\bipvsadm\b.*$/;
/** With numbers, for names would be asked for. */
const IPVS_LIST = /\bipvsadm\b.* -(?:[lL]\w*n|n\w*[lL])\w*(?!.*--(?:stats|rate|timeout|daemon))/;

/** How many entries a listing of IPVS counts or shows. */
export function entriesIn(text: string): number {
  let count = 0;
  for (const [, inactive] of text.matchAll(/^(?: {2}-> \S+ .*?(\d+) *$|(?:TCP|UDP|IP ) +\d\d:\d\d)/gm))
    count += inactive === undefined ? 1 : Number(inactive);
  return count;
}

/** The steps after `after` up to `to` took `more` seconds more, all together, than in this pass. */
interface Finding {
  readonly after: number;
  readonly to: number;
  readonly more: number;
}

/** Spreads what was found over the pauses before the steps; `pauses` are seconds. */
export function spread(pauses: readonly number[], findings: readonly Finding[]): number[] {
  const learnt = [...pauses];
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const { after, to, more } of findings) {
      let lacking = more;
      for (let i = after + 1; i <= to; i++) lacking -= (learnt[i] as number) - (pauses[i] as number);
      if (Math.abs(lacking) < SLACK) continue;
      const each = (lacking - (Math.sign(lacking) * SLACK) / 2) / (to - after);
      for (let i = after + 1; i <= to; i++) learnt[i] = Math.max(LEAST, (learnt[i] as number) + each);
    }
  }
  return learnt;
}

/** Moves single steps: `margins` says how much earlier; what comes after them stays where it was. */
export function shift(pauses: readonly number[], margins: ReadonlyMap<number, number>): number[] {
  const moved = [...pauses];
  /** Takes up to `seconds` from steps on from `index`, and tells how much there was. */
  const take = (index: number, direction: 1 | -1, seconds: number): number => {
    let taken = 0;
    for (let i = index, n = 0; n < REACH && i > 0 && i < moved.length && taken < seconds; i += direction, n++) {
      const some = Math.min(seconds - taken, (moved[i] as number) - LEAST);
      moved[i] = (moved[i] as number) - some;
      taken += some;
    }
    return taken;
  };
  const give = (index: number, seconds: number): void => {
    if (index < moved.length) moved[index] = (moved[index] as number) + seconds;
  };
  for (const [index, margin] of margins) {
    if (margin > 0) give(index + 1, take(index, -1, margin));
    else {
      take(index + 1, 1, -margin);
      give(index, -margin);
    }
  }
  return moved;
}

const DATE =
  /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d) (?:UTC )?(\d{4})/;

/** The first date in a text, in seconds. */
export function dateIn(text: string): number | undefined {
  const [, day, year] = DATE.exec(text) ?? [];
  return day === undefined ? undefined : Date.parse(`${day} ${year} UTC`) / 1000;
}

function median(numbers: number[]): number {
  numbers.sort((a, b) => a - b);
  return ((numbers[(numbers.length - 1) >> 1] as number) + (numbers[numbers.length >> 1] as number)) / 2;
}

export class Tempo {
  private readonly steps: readonly Step[];
  /** Before each step, seconds. */
  private readonly pauses: readonly number[];
  private readonly planned: readonly number[];
  private readonly learnt: boolean;
  /** How much earlier single steps come; undefined while the pauses are learnt. */
  private readonly margins: ReadonlyMap<number, number> | undefined;
  /** What was waited more than planned. */
  private ahead = 0;
  /** Virtual time at which each step began. */
  private readonly begun: number[] = [];
  private readonly findings: Finding[] = [];
  /** The last step with a date, and what it was, seconds. */
  private dated: { readonly index: number; readonly recorded: number; readonly own: number } | undefined;
  /** Listings at which entries were about to expire. */
  private readonly near: number[] = [];
  /** How much earlier steps would have had to come. */
  private readonly late = new Map<number, number>();
  /** How many steps were given their time by each rule. */
  readonly uses = new Map<string, number>();

  constructor(steps: readonly Step[], pauses?: readonly number[], margins?: ReadonlyMap<number, number>) {
    this.steps = steps;
    this.learnt = pauses !== undefined;
    this.pauses = pauses ?? steps.map(() => USUAL);
    this.margins = margins;
    this.planned = margins === undefined ? this.pauses : shift(this.pauses, margins);
  }

  /** Before step `index`, all that came before it done; `fits` tells whether an output is what was recorded. */
  async before(world: World, index: number, fits: (own: string) => boolean): Promise<void> {
    const step = this.steps[index] as Step;
    if (IPVS_LIST.test(step.cmd) && step.exit === 0) await this.expire(world, index, step, fits);
    this.begun[index] = world.now;
  }

  /** Lets pass what passed between step `index` and the next. */
  async pause(world: World, index: number): Promise<void> {
    const planned = this.planned[index + 1] ?? USUAL;
    const seconds = Math.max(LEAST, planned - this.ahead);
    this.ahead -= planned - seconds;
    await pass(world, seconds);
  }

  private async expire(
    world: World,
    index: number,
    { cmd, node, stdout }: Step,
    fits: (own: string) => boolean,
  ): Promise<void> {
    const look = async (line: string): Promise<string> => (await execute(world, node, line, 5)).stdout;
    const all = cmd.replace(LISTING, 'ipvsadm -lnc');
    if (!countdownsIn(all, await look(all)).some(({ left }) => left <= PATIENCE)) return;
    this.near.push(index);
    if (this.margins === undefined) return;
    const probe = cmd.replace(LISTING, /(?: -\w*c\b)|--connection/.test(cmd) ? 'ipvsadm -lnc' : 'ipvsadm -ln');
    const missing = entriesIn(stdout) - entriesIn(await look(probe));
    if (missing > 0) this.late.set(index, Math.min(missing * APART, EARLY));
    let waited = 0;
    for (; waited < PATIENCE; waited += GLANCE) {
      const own = await look(probe);
      const more = entriesIn(own) - entriesIn(stdout);
      if (more < 0 || (more === 0 && fits(own))) break;
      await pass(world, GLANCE);
    }
    this.ahead += waited;
    if (waited > 0) this.uses.set('expiry', (this.uses.get('expiry') ?? 0) + 1);
  }

  /** Looks at what step `index` printed. */
  after(world: World, index: number, own: string): void {
    const { cmd, stdout } = this.steps[index] as Step;
    this.compareDates(index, dateIn(stdout), dateIn(own));
    const now = world.now;
    const mine = byKind(countdownsIn(cmd, own));
    const drifts = new Map<number, number[]>();
    for (const [key, recorded] of byKind(countdownsIn(cmd, stdout))) {
      // Youngest first: what is missing at one side has expired.
      const have = (mine.get(key) ?? []).sort((a, b) => b.left - a.left);
      recorded.sort((a, b) => b.left - a.left);
      for (const [i, { left, timeout }] of recorded.entries()) {
        const entry = have[i];
        if (entry === undefined) break;
        const used = this.stepAt(now - (timeout - entry.left) * SECOND);
        const list = drifts.get(used);
        if (list === undefined) drifts.set(used, [entry.left - left]);
        else list.push(entry.left - left);
      }
    }
    let before = 0;
    for (const [used, list] of drifts) {
      if (used >= index) continue;
      const more = median(list);
      if (Math.abs(more) >= SLACK) before++;
      this.findings.push({ after: used, to: index, more });
    }
    if (before > 0) this.uses.set('countdown', (this.uses.get('countdown') ?? 0) + 1);
  }

  private compareDates(index: number, recorded: number | undefined, own: number | undefined): void {
    if (recorded === undefined || own === undefined) return;
    const last = this.dated;
    this.dated = { index, recorded, own };
    if (last === undefined) return;
    const more = recorded - last.recorded - (own - last.own);
    this.findings.push({ after: last.index, to: index, more });
    if (Math.abs(more) >= SLACK) this.uses.set('date', (this.uses.get('date') ?? 0) + 1);
  }

  /** At step `index` a port was wanted that was not free yet. */
  tooEarly(index: number): void {
    this.late.set(index, -LATER);
  }

  /** Whether a pass before has told how long steps take. */
  get known(): boolean {
    return this.learnt;
  }

  /** Whether outputs told anything about time. */
  get told(): boolean {
    return this.findings.length > 0;
  }

  /** Whether a pass with single steps moved can find anything that the pauses do not. */
  get open(): boolean {
    return this.margins === undefined ? this.near.length > 0 : this.late.size > 0;
  }

  /** The tempo of the next pass. `fine`: the pauses are known, single steps are moved. */
  learn(fine: boolean): Tempo {
    if (!fine) return new Tempo(this.steps, spread(this.pauses, this.findings));
    if (this.margins === undefined) {
      return new Tempo(
        this.steps,
        spread(this.pauses, this.findings),
        new Map(this.near.map((index) => [index, EARLY])),
      );
    }
    const margins = new Map(this.margins);
    for (const [index, more] of this.late) margins.set(index, (margins.get(index) ?? 0) + more);
    return new Tempo(this.steps, this.pauses, margins);
  }

  private stepAt(time: number): number {
    let [low, high] = [0, this.begun.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.begun[middle] ?? Infinity) <= time) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}
