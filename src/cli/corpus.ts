/** All recordings of a folder, and the table that the site shows at /fidelity. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { causes, type Remaining } from './causes.ts';
import { readRecording, recordingsIn } from './recording.ts';
import { replay, type Report } from './replay.ts';

const ROOT = process.env['MESHWALK_ROOT'] ?? process.cwd();
/** The recordings that the project keeps. */
export const RECORDINGS = join(ROOT, 'test/corpus/recordings');

export interface Fidelity {
  readonly recordings: readonly Pick<Report, 'recording' | 'total' | 'equal' | 'byTool'>[];
  readonly remaining: readonly Remaining[];
}

/** Replays all recordings of `directory`, tells each, and writes content/fidelity.json. */
export async function corpus(directory: string, tell: (report: Report) => void): Promise<Fidelity | undefined> {
  if (!existsSync(directory)) return undefined;
  const reports: Report[] = [];
  for (const path of recordingsIn(directory)) {
    const report = await replay(readRecording(path));
    tell(report);
    reports.push(report);
  }
  const fidelity: Fidelity = {
    recordings: reports.map(({ recording, total, equal, byTool }) => ({ recording, total, equal, byTool })),
    remaining: causes(reports),
  };
  writeFileSync(join(ROOT, 'content/fidelity.json'), `${JSON.stringify(fidelity, undefined, 2)}\n`);
  return fidelity;
}
