/** What a language has to say. */
import type { Hop, StoryPacket, StorySummary } from '../../simulator/index.ts';
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
  readonly namespaces: Readonly<Record<NamespaceKind, string>>;
}
