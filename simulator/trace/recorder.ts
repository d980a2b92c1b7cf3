/** Keeps the last events of a world, and finds those of one conversation. */
import type { TraceEvent, TraceSink } from './event.ts';

/** Events kept; the oldest quarter is forgotten when it is full. One curl through the mesh makes about 900. */
const CAPACITY = 120_000;

export class TraceRecorder {
  events: TraceEvent[] = [];
  /** Events forgotten so far. */
  forgotten = 0;

  /** The function to hang into the world. */
  readonly sink: TraceSink = (event) => {
    if (this.events.length >= CAPACITY) {
      const half = CAPACITY / 4;
      this.events = this.events.slice(half);
      this.forgotten += half;
    }
    this.events.push(event);
  };

  /** Puts events before those that are kept; `forgotten` ones were before them. */
  precede(events: readonly TraceEvent[], forgotten: number): void {
    this.events = [...events, ...this.events];
    this.forgotten += forgotten;
  }

  clear(): void {
    this.events = [];
    this.forgotten = 0;
  }

  /** Events of one conversation in order. */
  ofFlow(flow: number): TraceEvent[] {
    return this.events.filter((event) => event.packet.flow === flow);
  }
}
