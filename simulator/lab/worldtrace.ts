/** A world's trace: observing packets, on or off, and what was seen. */
import { EPOCH } from './machines.ts';
import { COUNTING, type Universe } from '../kernel/kernel.ts';
import type { TraceEvent } from '../trace/event.ts';
import { TraceRecorder } from '../trace/recorder.ts';
import { type Story, StoryList, type StorySummary, storyOf } from '../trace/story.ts';
import { type CapturePlace, captureFile } from './capture.ts';

/** Observing packets: on or off, and what was seen. */
export class WorldTrace {
  private readonly universe: Universe;
  private readonly recorder = new TraceRecorder();
  /** Made when somebody first asks. */
  private list: StoryList | undefined;
  private skimmed: TraceEvent[] = [];

  constructor(universe: Universe) {
    this.universe = universe;
  }

  get enabled(): boolean {
    return this.universe.trace !== null;
  }

  set enabled(on: boolean) {
    for (const event of this.skimmed) this.recorder.sink(event);
    this.skimmed = [];
    this.universe.trace = on ? this.recorder.sink : null;
  }

  /**
   * For long stretches of time: shows each event to `look`, and keeps only the newest `most` of them beside what is kept
   * already, until `enabled` is set. Keeping all would cost more than running them, and push out what was there.
   */
  skim(most: number, look: (event: TraceEvent) => void): void {
    this.universe.trace = (event) => {
      this.skimmed.push(event);
      if (this.skimmed.length >= 2 * most) this.skimmed = this.skimmed.slice(-most);
      look(event);
    };
  }

  /** Every event kept, oldest first. */
  get events(): readonly TraceEvent[] {
    return this.recorder.events;
  }

  /** Forgets what was seen. */
  clear(): void {
    this.recorder.clear();
    this.list = undefined;
  }

  /** Number of the next event. */
  get sequence(): number {
    return this.universe.traceSequence;
  }

  /** Whether events are kept. */
  get keeps(): boolean {
    return this.universe.trace === this.recorder.sink;
  }

  /** Keeps nothing from here on, but counts, so that later events have the numbers that they would have had. */
  countOnly(): void {
    this.universe.trace = COUNTING;
  }

  /** Takes what a world of the same log has kept of the time before this one began to keep. */
  precede(earlier: WorldTrace): void {
    const first = this.recorder.events[0]?.sequence ?? this.universe.traceSequence;
    this.recorder.precede(
      earlier.events.filter(({ sequence }) => sequence < first),
      earlier.recorder.forgotten,
    );
    this.list = undefined;
  }

  /**
   * Takes what another world of the same log has seen up to here, and observes. A replica only counts, which makes it
   * cheap to keep; when it is looked at, it shows the trace of the world that it repeats.
   */
  continueFrom(events: readonly TraceEvent[]): void {
    this.clear();
    this.recorder.events = events.filter(({ sequence }) => sequence < this.universe.traceSequence);
    this.enabled = true;
  }

  /** Conversations seen, oldest first. */
  stories(): StorySummary[] {
    return (this.list ??= new StoryList()).upTo(this.recorder.events, this.recorder.forgotten);
  }

  story(id: number): Story {
    return storyOf(this.recorder.events, id);
  }

  /**
   * A pcapng file of every device hop of one conversation (or of everything), or of one interface: an interface block per
   * device, one clock, verdicts as comments.
   */
  pcapng(id?: number, place?: CapturePlace): Uint8Array {
    return captureFile(id === undefined ? this.recorder.events : this.recorder.ofFlow(id), EPOCH, place);
  }
}
