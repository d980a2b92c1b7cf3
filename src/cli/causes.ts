/** Why steps of a replay still differ, in few words. */
import type { Report } from './replay.ts';
import { toolOf } from './tools.ts';

export interface Remaining {
  readonly cause: string;
  readonly count: number;
  readonly example: string;
}

/** What still differs, most frequent first. */
export function causes(reports: readonly Report[]): Remaining[] {
  const found = new Map<string, { count: number; example: string }>();
  for (const report of reports) {
    for (const { cmd, equal, diff } of report.steps) {
      if (equal) continue;
      const cause = causeOf(cmd, diff ?? '');
      const entry = found.get(cause);
      if (entry === undefined)
        found.set(cause, { count: 1, example: cmd.length > 160 ? `${cmd.slice(0, 159)}…` : cmd });
      else entry.count++;
    }
  }
  return [...found].map(([cause, entry]) => ({ cause, ...entry })).sort((a, b) => b.count - a.count);
}

/** A difference in few words: what the emulator refused, or which tool prints otherwise. */
function causeOf(cmd: string, diff: string): string {
  const refused = /^\+(.*\bnot emulated here)/m.exec(diff);
  if (refused !== null) return (refused[1] as string).slice(0, 100);
  const missing =
    /^\+(?:\S*sh: )?(?:line \d+: )?(?:exec of ")?([^\s":]+)(?:: command not found|" failed: No such file)/m.exec(diff);
  if (missing !== null) return `${missing[1]} is not emulated here`;
  if (/^\+still running/m.test(diff)) return `${toolOf(cmd)} does not end`;
  return /^exit:/m.test(diff) ? `${toolOf(cmd)} ends otherwise` : `${toolOf(cmd)} prints otherwise`;
}
