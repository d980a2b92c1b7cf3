/** The way of a packet and of its answer, as the steps that a reader takes one by one. Pure data. */
import type { Hop, Story, StoryPacket } from '../../../simulator/index.ts';
import { shorten } from '../../explain/shorten.ts';

export interface Step {
  /** From 0, over request and answer. */
  readonly index: number;
  readonly packet: StoryPacket;
  readonly hop: Hop;
}

export interface Journey {
  readonly packet: StoryPacket;
  /** What came back, if anything did. */
  readonly answer: StoryPacket | undefined;
  readonly steps: readonly Step[];
}

/** The journey that begins with `packet`: its hops, then those of what answers it. */
export function journeyOf(story: Story, packet: StoryPacket, every: boolean): Journey {
  const answer = story.packets.find(({ id }) => id === packet.answer);
  const steps: Step[] = [];
  for (const part of answer === undefined ? [packet] : [packet, answer]) {
    for (const hop of every ? part.hops : shorten(part.hops)) steps.push({ index: steps.length, packet: part, hop });
  }
  return { packet, answer, steps };
}

/** The step of a journey at or next before an event; the first one when there is none. */
export function stepAt(journey: Journey, sequence: number): number {
  let found = 0;
  for (const { index, hop } of journey.steps) if (hop.sequence <= sequence) found = index;
  return found;
}
