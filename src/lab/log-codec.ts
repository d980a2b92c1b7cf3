/**
 * An input log in little room, and exactly: columns instead of objects, differences instead of numbers. For the storage
 * of the browser tab; links go further and merge keys into lines (src/lab/link.ts).
 */
import type { InputEvent } from '../../simulator/index.ts';

/** Columns of a log; the n-th input is made of the n-th entry of each. */
export interface PackedLog {
  /** Names of terminals; `who` points into it. */
  readonly names: readonly string[];
  readonly who: readonly number[];
  /** Microseconds and events since the input before. */
  readonly after: readonly number[];
  readonly ran: readonly number[];
  /** What was typed, as a text; anything else as an object. */
  readonly what: readonly (string | Other)[];
}

type Typed = Extract<InputEvent, { kind: 'data' }>;
type Other = OmitEach<Exclude<InputEvent, Typed>, 'at' | 'executed' | 'terminal'>;
type OmitEach<T, K extends string> = T extends unknown ? Omit<T, K> : never;

export function packLog(log: readonly InputEvent[]): PackedLog {
  const names = [...new Set(log.map(({ terminal }) => terminal))];
  const before = (index: number) => log[index - 1] ?? { at: 0, executed: 0 };
  return {
    names,
    who: log.map(({ terminal }) => names.indexOf(terminal)),
    after: log.map(({ at }, index) => at - before(index).at),
    ran: log.map(({ executed }, index) => executed - before(index).executed),
    what: log.map((event) => (event.kind === 'data' ? event.data : otherOf(event))),
  };
}

function otherOf({ at: _at, executed: _executed, terminal: _terminal, ...other }: Exclude<InputEvent, Typed>): Other {
  return other as Other;
}

/** The log again. Throws a TypeError on what is no packed log. */
export function unpackLog({ names, who, after, ran, what }: PackedLog): InputEvent[] {
  let at = 0;
  let executed = 0;
  return what.map((one, index) => {
    at += after[index]!;
    executed += ran[index]!;
    const head = { at, executed, terminal: names[who[index]!]! };
    return typeof one === 'string' ? { ...head, kind: 'data', data: one } : ({ ...head, ...one } as InputEvent);
  });
}
