/**
 * Rule "capture": how long a capture went on after the last command that it was made for. The recording lists it later, with the
 * time of every packet; what came long after the request (a neighbour that is asked again) is waited for.
 */
import type { Step } from './recording.ts';

const WRITES = /\btcpdump\b.* -w (\S+)/;
const STAMP = /^(\d\d):(\d\d):(\d\d\.\d+) (.*)$/gm;
/** A request begins so. */
const BEGINS = /Flags \[S\],/;
const DAY = 86_400;

interface Stamped {
  readonly at: number;
  readonly text: string;
}

/** Packets of a listing, with their times in seconds of the day. */
function packetsIn(text: string): Stamped[] {
  return [...text.matchAll(STAMP)].map(([, hours, minutes, seconds, rest = '']) => ({
    at: Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds),
    text: rest,
  }));
}

/** Seconds from the beginning of the request of step `index` to the last packet of the captures that end after it. */
export function capturedAfter(steps: readonly Step[], index: number): number {
  let [first, last] = [Infinity, -Infinity];
  for (const { cmd, node, background, stopped_after_step: stopped } of steps) {
    const file = background === true && stopped === index ? WRITES.exec(cmd)?.[1] : undefined;
    if (file === undefined) continue;
    const listing = steps.find((step) => step.node === node && step.cmd.includes(`-r ${file}`));
    for (const { at, text } of packetsIn(listing?.stdout ?? '')) {
      if (BEGINS.test(text)) first = Math.min(first, at);
      last = Math.max(last, at);
    }
  }
  const seconds = last - first;
  return Number.isFinite(seconds) && seconds > 0 && seconds < DAY / 2 ? seconds : 0;
}
