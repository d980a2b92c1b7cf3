/**
 * From what happened to a packet, as the engine tells it in typed data, to a sentence for a reader. The only
 * place with such words; a second language is a second file beside `en.ts`.
 */
import type { Hop, Origin, RuleVerdict, StoryPacket, StorySummary } from '../../simulator/index.ts';
import { english } from './en.ts';
import type { Phrases } from './phrases.ts';

let spoken: Phrases = english;

/** Chooses the language of a page by its `lang`; other languages than English are fetched. */
export async function speak(lang: string): Promise<void> {
  spoken = lang.toLowerCase().startsWith('zh') ? (await import('./zh-cn.ts')).chinese : english;
}

/** The phrases of the page's language. */
export function phrases(): Phrases {
  return spoken;
}

/** One link of a chain of causes. */
export function explainCause(origin: Origin): string {
  return phrases().cause(origin);
}

/** Why a rule above the one that decided did not. */
export function explainWhyNot(verdict: RuleVerdict): string {
  return phrases().whyNot(verdict);
}

/** One sentence for one hop. */
export function explainHop(hop: Hop): string {
  return phrases().hop(hop);
}

/** A packet in a word or two. */
export function packetLabel(packet: StoryPacket): string {
  return phrases().packet(packet.label);
}

/** How a packet's way ended. */
export function explainEnd({ end, reason }: StoryPacket): string {
  return phrases().end(end, reason);
}

/** One line for a conversation in the list of them. */
export function explainSummary(story: StorySummary): string {
  return phrases().summary(story);
}

/** The kinds of namespace that the site tells apart, each with its hue. */
export type NamespaceKind = 'host' | 'ingress' | 'overlay' | 'lb' | 'task' | 'made';

/** What kind of namespace a name stands for, and what to call it. */
export function kindOfNamespace(netns: string): { kind: NamespaceKind; label: string } {
  const kind = namespaceKind(netns);
  return { kind, label: phrases().namespaces[kind] };
}

function namespaceKind(netns: string): NamespaceKind {
  if (netns === 'host') return 'host';
  if (netns === 'ingress_sbox') return 'ingress';
  if (/^\d+-/.test(netns)) return 'overlay';
  if (netns.startsWith('lb_')) return 'lb';
  if (/^(task|container) /.test(netns)) return 'task';
  return 'made';
}
