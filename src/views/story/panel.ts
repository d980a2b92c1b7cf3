/**
 * The packet story: choose a request, see each of its packets, and for each packet the ordered list of what
 * happened to it: where, by which device, hook or rule, with the addresses and the mark before and after.
 */
import type { Story, StorySummary } from '../../../simulator/index.ts';
import type { LabCalls } from '../../lab/connection.ts';
import { explainSummary, packetLabel } from '../../explain/index.ts';
import { button, h, icon } from '../dom.ts';
import { hopList } from './hops.ts';

/** Conversations among the nodes that are offered; they never end. */
const MOST_CLUSTER_TRAFFIC = 20;

type Calls = Pick<LabCalls, 'story' | 'pcapng'>;
type Packet = Story['packets'][number];

export class PacketStory {
  readonly #calls: Calls;
  readonly #choice = h('select', { 'aria-label': 'Request' });
  readonly #packets = h('div', { className: 'packets', role: 'group', 'aria-label': 'Packets of this request' });
  readonly #body = h('div', {
    className: 'story-body',
    tabIndex: 0,
    role: 'region',
    'aria-label': 'Steps of the packet',
  });
  readonly #every = h('input', { type: 'checkbox' });
  readonly #empty: HTMLElement;
  readonly #tools: HTMLElement;
  #list: readonly StorySummary[] = [];
  #story: Story | undefined;
  #packet = 0;
  /** The summary of the story on the screen, to tell whether it changed. */
  #shown = '';

  constructor(element: HTMLElement, calls: Calls) {
    this.#calls = calls;
    this.#empty = element.querySelector<HTMLElement>('.story-empty')!;
    const capture = button('Save this request’s capture (pcapng)', icon('download'), () => void this.#save());
    const every = h('label', { className: 'every' }, this.#every, 'every step');
    this.#tools = h('div', { className: 'story-tools', hidden: true }, this.#choice, every, capture);
    this.#packets.hidden = true;
    this.#body.hidden = true;
    this.#choice.onchange = () => void this.#open(Number(this.#choice.value));
    this.#every.onchange = () => this.#draw();
    this.#packets.onkeydown = (event) => this.#walk(event);
    element.querySelector('.story-head')!.after(this.#tools, this.#packets, this.#body);
  }

  /** Takes a new list of stories. The learner's newest is shown unless she looks at an older one. */
  update(all: readonly StorySummary[]): void {
    const stories = all.filter((story) => !isClusterTraffic(story));
    const newest = stories.at(-1);
    const follows = this.#story === undefined || this.#story.id === this.#list.at(-1)?.id;
    this.#list = stories;
    this.#empty.hidden = newest !== undefined;
    this.#tools.hidden = newest === undefined;
    if (newest === undefined) return;
    const wanted = follows ? newest.id : this.#story!.id;
    this.#choice.replaceChildren(...options(stories, wanted));
    const own = all.filter(isClusterTraffic).slice(-MOST_CLUSTER_TRAFFIC);
    if (own.length > 0)
      this.#choice.append(h('optgroup', { label: 'Between the nodes themselves' }, ...options(own, wanted)));
    const summary = JSON.stringify(all.find((story) => story.id === wanted));
    if (summary === this.#shown) return; // what is on the screen did not change
    this.#shown = summary;
    void this.#open(wanted);
  }

  async #open(id: number): Promise<void> {
    const story = await this.#calls.story(id);
    if (Number(this.#choice.value) !== id) return; // another one was chosen meanwhile
    if (story.id !== this.#story?.id) this.#packet = 0;
    this.#story = story;
    this.#draw();
  }

  /** The packets of the story; ARP, and copies that a bridge flooded to somebody else, only when every step is wanted. */
  #shownPackets(): readonly Packet[] {
    const all = this.#story?.packets ?? [];
    if (this.#every.checked) return all;
    return all.filter(({ label, reason }) => !label.startsWith('ARP ') && reason !== 'IP_NOT_FOR_US');
  }

  #draw(): void {
    const packets = this.#shownPackets();
    this.#packet = Math.max(0, Math.min(this.#packet, packets.length - 1));
    const focused = this.#packets.contains(document.activeElement);
    this.#packets.replaceChildren(...packets.map((packet, index) => this.#packetButton(packet, index)));
    if (focused) this.#packets.querySelector<HTMLElement>('[aria-pressed="true"]')?.focus();
    const packet = packets[this.#packet];
    this.#packets.hidden = this.#body.hidden = packet === undefined;
    if (packet !== undefined) this.#body.replaceChildren(...hopList(packet, this.#every.checked));
  }

  #packetButton(packet: Packet, index: number): HTMLElement {
    const chosen = index === this.#packet;
    const request = packet.direction === 'request';
    return h(
      'button',
      {
        type: 'button',
        className: `packet ${packet.direction}`,
        'aria-pressed': chosen,
        tabIndex: chosen ? 0 : -1,
        title: `${request ? 'Request' : 'Reply'}: ${packet.label}`,
        onclick: () => this.#choose(index),
      },
      h('span', { className: 'dot', 'aria-hidden': true }),
      packetLabel(packet),
      h('span', { className: 'arrow', 'aria-hidden': true }, request ? '→' : '←'),
    );
  }

  #choose(index: number): void {
    this.#packet = index;
    this.#draw();
    this.#body.scrollTop = 0;
  }

  /** Left and right walk the packets. */
  #walk(event: KeyboardEvent): void {
    const last = Math.max(0, this.#shownPackets().length - 1);
    const target = {
      ArrowRight: Math.min(last, this.#packet + 1),
      ArrowLeft: Math.max(0, this.#packet - 1),
      Home: 0,
      End: last,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.#choose(target);
  }

  /** Saves a capture of every hop of the request that is shown. */
  async #save(): Promise<void> {
    if (this.#story === undefined) return;
    const bytes = await this.#calls.pcapng(this.#story.id);
    const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/x-pcapng' }));
    h('a', { href: url, download: `request-${this.#story.id}.pcapng` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

/** Newest first. */
function options(stories: readonly StorySummary[], wanted: number): HTMLElement[] {
  return [...stories]
    .reverse()
    .map((story) => h('option', { value: String(story.id), selected: story.id === wanted }, explainSummary(story)));
}

/** Swarm's own ports: 2377 for its managers, 7946 for gossip. */
function isClusterTraffic({ title }: StorySummary): boolean {
  return /:(2377|7946)$/.test(title);
}
