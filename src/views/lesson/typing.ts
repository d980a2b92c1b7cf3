/** Types lines into the terminals of the dock, visibly, each after the prompt of the one before has come back. */
import type { Line } from '../../../simulator/lesson/index.ts';
import { askToRun } from '../../lab/run-event.ts';

/** A prompt that waits to be missed this long; what a line does may take its time. */
const PATIENCE_MS = 120_000;
/** Before the first line, a shell that is busy is not waited for that long. */
const READY_MS = 1500;
const LOOK_MS = 60;
const PROMPT = /(?:^|\n)[^\n]*[#$] $/;
const ESCAPES = /\x1b(?:\[[0-9;?]*[a-zA-Z]|\][^\x07]*\x07|[=>])/g;

/** The ends of what the terminals in front show, by terminal (`node1/0`). */
export interface Screens {
  readonly screens: Readonly<Record<string, string>>;
}

/** Types lines; `tell` hears of each. Answers the host whose prompt did not come back, or undefined when all is typed. */
export async function typeLines(
  lines: readonly Line[],
  terminals: Screens,
  tell: (index: number) => void,
): Promise<string | undefined> {
  for (const [index, { on, run }] of lines.entries()) {
    const open = (): string[] => tailsOn(terminals, on);
    if (open().length > 0 && !(await until(() => open().some(atPrompt), READY_MS))) return on;
    tell(index);
    const before = terminals.screens;
    askToRun({ host: on, command: run });
    const back = (): boolean =>
      entriesOn(terminals, on).some(([id, tail]) => {
        const fresh = tail.startsWith(before[id] ?? '') ? tail.slice((before[id] ?? '').length) : tail;
        return fresh.includes('\n') && atPrompt(tail);
      });
    if (!(await until(back, PATIENCE_MS))) return on;
  }
  return undefined;
}

function entriesOn({ screens }: Screens, host: string): [string, string][] {
  return Object.entries(screens).filter(([id]) => id.split('/')[0] === host);
}

function tailsOn(terminals: Screens, host: string): string[] {
  return entriesOn(terminals, host).map(([, tail]) => tail);
}

function atPrompt(tail: string): boolean {
  return PROMPT.test(tail.replace(ESCAPES, '').replaceAll('\r', ''));
}

/** Waits until something holds; answers whether it does. */
async function until(holds: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return true;
}
