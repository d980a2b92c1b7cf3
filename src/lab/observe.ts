/** What the page asks about a world without changing it: stories, causes, the map, the tables, captures. */
import type {
  CapturePlace,
  MapHost,
  NamespaceTables,
  RuleVerdict,
  Story,
  StorySummary,
  World,
} from '../../simulator/index.ts';

export interface Observations {
  stories(): StorySummary[];
  story(id: number): Story;
  /** Why the rules above the one that decided at an event did not match. */
  whyNot(sequence: number): RuleVerdict[];
  /** Machines, namespaces, devices and chains as they are now. */
  topology(): MapHost[];
  /** The tables of a namespace as they are now; undefined when it is gone. */
  tables(host: string, netns: string): NamespaceTables | undefined;
  /** A capture of every hop of one story, or of all of them; or of one interface only. */
  pcapng(id?: number, place?: CapturePlace): Uint8Array;
}

/** The same on the page's side of the worker. */
export type Observing = {
  [K in keyof Observations]: (...args: Parameters<Observations[K]>) => Promise<ReturnType<Observations[K]>>;
};

/** The same on the worker's side, where some answers need code that comes late. */
type Observed = { [K in keyof Observations]: (...args: Parameters<Observations[K]>) => unknown };

/** Answers from a world, which is asked for anew each time. `late` settles when all of the engine is there. */
export function observe(world: () => World, late: () => Promise<void>) {
  return {
    stories: () => late().then(() => world().trace.stories()),
    story: (id) => late().then(() => world().trace.story(id)),
    whyNot: (sequence) => late().then(() => world().whyNot(sequence)),
    topology: () => late().then(() => world().topology()),
    tables: (host, netns) => late().then(() => world().tables(host, netns)),
    pcapng: (id, place) => late().then(() => world().trace.pcapng(id, place)),
  } satisfies Observed;
}
