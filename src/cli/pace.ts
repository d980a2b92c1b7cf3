/**
 * How fast the recorded machines were, read from the ages in their own lists of tasks.
 *
 * Rule "pace": making and starting a container took the rig's machine seconds. A task is not made or started before the recording
 * no longer shows it on its way; when that was is known from its age in the next list.
 * Rule "clock": between two lists passes what the ages of the same entries say.
 */
import type { Uses } from './normalise.ts';
import type { Step } from './recording.ts';

/** In their order. */
const STATES = [
  'New',
  'Pending',
  'Assigned',
  'Accepted',
  'Preparing',
  'Ready',
  'Starting',
  'Running',
  'Complete',
  'Shutdown',
  'Failed',
  'Rejected',
] as const;
const LISTS = /^docker (?:service|stack|node) ps\b[^|;&]*$/;
const ROW = new RegExp(
  `^([0-9a-z]{12})[0-9a-z]{0,13} +(?:\\\\_ )?([a-zA-Z0-9][\\w-]*\\.\\d+) .* (${STATES.join('|')}) (less than a second|\\d+ seconds?) ago`,
  'gm',
);
/** What makes other tasks than those of before. */
const MAKES = /\bdocker (?:service (?:create|update|scale|rollback|rm)|stack (?:deploy|rm)|node update|kill)\b/;
/** Earlier than this a task is on no machine. */
const ON_MACHINE = STATES.indexOf('Accepted');
const RUNNING = STATES.indexOf('Running');
const SECOND = 1_000_000;

interface Row {
  readonly step: number;
  readonly id: string;
  readonly name: string;
  /** Place in {@link STATES}. */
  readonly state: number;
  /** Seconds. */
  readonly age: number;
}

const STAGES = { preparing: STATES.indexOf('Preparing'), starting: STATES.indexOf('Starting') };

export class Pace {
  /** Step that is being replayed. */
  step = 0;
  private readonly steps: readonly Step[];
  private readonly uses: Uses;
  private readonly rows: readonly Row[];
  /** Virtual time at which a list was printed. */
  private readonly printed = new Map<number, number>();
  /** Virtual time at which a task was last killed. */
  private killed = 0;
  /** Recorded tasks by the emulator's. */
  private readonly tasks = new Map<string, string>();

  constructor(steps: readonly Step[], uses: Uses) {
    this.steps = steps;
    this.uses = uses;
    // Of one slot the newest comes first.
    this.rows = steps.flatMap(({ cmd, stdout }, step) =>
      LISTS.test(cmd)
        ? [...stdout.matchAll(ROW)]
            .map(([, id = '', name = '', state = '', age = '']) => ({
              step,
              id,
              name,
              state: STATES.indexOf(state as (typeof STATES)[number]),
              age: Number(/\d+/.exec(age)?.[0] ?? 0),
            }))
            .reverse()
        : [],
    );
  }

  /** The step has ended at `now`. */
  ended(now: number): void {
    if (/^docker kill\b/.test(this.steps[this.step]?.cmd ?? '')) this.killed = now;
    if (this.rows.some(({ step }) => step === this.step)) this.printed.set(this.step, now);
  }

  /** Dice.busy. */
  busy(name: string, id: string, stage: 'preparing' | 'starting', now: number): boolean {
    const rows = this.rowsOf(name, id);
    const limit = STAGES[stage];
    const last = rows.filter(({ state }) => state >= ON_MACHINE && state <= limit).at(-1);
    if (last === undefined) return false;
    if (this.step <= last.step) return true;
    const past = rows.find(({ step }) => step > last.step);
    const begun = this.printed.get(last.step);
    const between = past === undefined ? undefined : this.between(last.step, past.step);
    const over =
      past === undefined ||
      begun === undefined ||
      between === undefined ||
      now >= begun + (between - past.age) * SECOND;
    if (over) this.uses.set('pace', (this.uses.get('pace') ?? 0) + 1);
    return !over;
  }

  /** Until when step `index` waits, so that the ages of its list can be the recorded ones; 0 when it tells nothing. */
  due(index: number): number {
    const before = [...this.printed.keys()].at(-1);
    const between = before === undefined ? undefined : this.between(before, index);
    const listed = between === undefined ? 0 : (this.printed.get(before as number) as number) + between * SECOND;
    return Math.max(listed, this.sinceKill(index));
  }

  /** The age of what a kill has ended, when a list shows it for the first time. */
  private sinceKill(index: number): number {
    const failed = this.rows.find(({ step, state }) => step === index && STATES[state] === 'Failed');
    if (failed === undefined || this.killed === 0) return 0;
    const known = this.rows.some(({ step, id, state }) => step < index && id === failed.id && state === failed.state);
    return known ? 0 : this.killed + (failed.age + 0.5) * SECOND;
  }

  private rowsOf(name: string, id: string): Row[] {
    let recorded = this.tasks.get(id);
    if (recorded === undefined) {
      const taken = new Set(this.tasks.values());
      recorded =
        this.rows.find(
          (row) =>
            row.name === name && row.step >= this.step && !taken.has(row.id) && this.isNew(row) && this.isOf(row),
        )?.id ?? '';
      this.tasks.set(id, recorded);
    }
    return this.rows.filter((row) => row.id === recorded);
  }

  /** On its way or running when it is first shown, and not shown by an earlier step already. */
  private isNew({ id, state }: Row): boolean {
    return state <= RUNNING && !this.rows.some((row) => row.id === id && row.step < this.step);
  }

  /** Nothing makes other tasks between now and the list that shows it. */
  private isOf({ step }: Row): boolean {
    return !this.steps.slice(this.step + 1, step).some(({ cmd }) => MAKES.test(cmd));
  }

  /** Seconds between two lists, by the entries that are the same in both. */
  private between(from: number, to: number): number | undefined {
    const passed = this.rows.flatMap((row) => {
      if (row.step !== from) return [];
      const later = this.rows.find(({ step, id, state }) => step === to && id === row.id && state === row.state);
      return later === undefined ? [] : [later.age - row.age];
    });
    return passed.length === 0 ? undefined : Math.max(0, passed.reduce((sum, each) => sum + each, 0) / passed.length);
  }
}
