/** What a language has to say. */
import type { Hop, Origin, RuleVerdict, StoryPacket, StorySummary, TableKind } from '../../simulator/index.ts';
import type { NamespaceKind } from './index.ts';

export interface Phrases {
  /** One sentence for one hop. */
  hop(hop: Hop): string;
  /** The engine's label of a packet (`SYN,ACK`, `PSH,ACK GET /`) as readers write it. */
  packet(label: string): string;
  /** How a packet's way ended. */
  end(end: StoryPacket['end'], reason: string | undefined): string;
  /** One line for the list of conversations. */
  summary(story: StorySummary): string;
  /** One link of a chain of causes. */
  cause(origin: Origin): string;
  /** Why a rule above did not decide. */
  whyNot(verdict: RuleVerdict): string;
  readonly namespaces: Readonly<Record<NamespaceKind, string>>;
  readonly tables: Readonly<Record<TableKind, { readonly name: string; readonly columns: readonly string[] }>>;
  readonly ui: Interface;
}

/** Names of buttons, fields and regions. */
export interface Interface {
  readonly title: string;
  readonly steps: string;
  readonly map: string;
  readonly tableView: string;
  readonly views: string;
  readonly request: string;
  readonly packetsOfRequest: string;
  readonly stepsOfPacket: string;
  readonly everyStep: string;
  readonly filter: string;
  readonly host: string;
  readonly namespace: string;
  readonly protocol: string;
  readonly address: string;
  readonly port: string;
  readonly any: string;
  readonly nothingMatches: string;
  readonly pause: string;
  readonly goOn: string;
  readonly paused: string;
  readonly betweenNodes: string;
  readonly requestWord: string;
  readonly replyWord: string;
  readonly saveStory: string;
  readonly saveInterface: (place: string) => string;
  readonly why: string;
  readonly whyNot: string;
  readonly firstRule: string;
  readonly fields: string;
  readonly before: string;
  readonly after: string;
  readonly source: string;
  readonly destination: string;
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly mark: string;
  readonly none: string;
  readonly outer: string;
  readonly inner: string;
  readonly answer: (label: string) => string;
  readonly noAnswer: string;
  readonly showOnMap: string;
  readonly showInTables: string;
  readonly first: string;
  readonly previous: string;
  readonly play: string;
  readonly stop: string;
  readonly next: string;
  readonly stepOf: (step: number, all: number) => string;
  readonly zoom: string;
  readonly zoomLevels: readonly [cluster: string, host: string, namespace: string, hook: string];
  readonly mapLabel: string;
  readonly wire: string;
  readonly rules: (count: number) => string;
  readonly liveTables: string;
  readonly emptyTables: string;
  readonly fresh: string;
  readonly gone: string;
  readonly changed: string;
  readonly changes: (added: number, changed: number, removed: number) => string;
  readonly markChanges: string;
  readonly decided: string;
}
