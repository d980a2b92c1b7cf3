/**
 * The packet story: choose a request, see each of its packets, and follow one and its answer step by step: as a list of
 * sentences, on the map of the world, and in the tables that decided. The list is the thing itself; the others follow it.
 */
import type { Story, StoryPacket, StorySummary } from '../../../simulator/index.ts';
import { onLookRequest } from '../../lab/look-event.ts';
import type { Observing } from '../../lab/observe.ts';
import { explainHop, explainSummary, packetLabel, phrases } from '../../explain/index.ts';
import { button, h, icon } from '../dom.ts';
import { FilterForm, passes } from './filter.ts';
import { hopList } from './hops.ts';
import { journeyOf, type Journey, stepAt } from './journey.ts';
import { Look } from './look.ts';
import { Stepper } from './stepper.ts';

/** Conversations among the nodes that are offered; they never end. */
const MOST_CLUSTER_TRAFFIC = 20;

export class PacketStory {
  readonly #calls: Observing;
  readonly #choice = h('select');
  readonly #filter = new FilterForm(() => this.#list());
  readonly #packets: HTMLElement;
  readonly #body: HTMLElement;
  readonly #every = h('input', { type: 'checkbox' });
  readonly #pause: HTMLButtonElement;
  readonly #note = h('output', { className: 'story-note' });
  readonly #stepper = new Stepper((index) => this.#select(index));
  readonly #look: Look;
  readonly #empty: HTMLElement;
  readonly #tools: HTMLElement;
  /** Every conversation, as last heard of; while the list stands still, as then. */
  #all: readonly StorySummary[] = [];
  #paused = false;
  #newest = -1;
  #story: Story | undefined;
  #packet = 0;
  #journey: Journey | undefined;
  #step = 0;
  /** The event at which time stands, until the story of its packet shows it. */
  #standing: { readonly flow: number; readonly sequence: number } | undefined;
  #stood = -1;
  /** When the world was ready, in its own time; the time bar counts from there, and so does the list. */
  #origin = 0;
  /** The summary of the story on the screen, to tell whether it changed. */
  #shown = '';

  constructor(element: HTMLElement, calls: Observing) {
    this.#calls = calls;
    const { ui } = phrases();
    this.#choice.setAttribute('aria-label', ui.request);
    this.#empty = element.querySelector<HTMLElement>('.story-empty')!;
    this.#packets = h('div', { className: 'packets', role: 'group', 'aria-label': ui.packetsOfRequest, hidden: true });
    this.#body = h('div', { className: 'story-body', tabIndex: 0, role: 'region', 'aria-label': ui.stepsOfPacket });
    const filter = button(ui.filter, icon('filter'), () => this.#toggleFilter(filter));
    filter.setAttribute('aria-expanded', 'false');
    this.#pause = button(ui.pause, icon('pause'), () => this.#togglePause());
    const capture = button(ui.saveStory, icon('download'), () => void this.#save());
    const every = h('label', { className: 'every' }, this.#every, ui.everyStep);
    this.#tools = h(
      'div',
      { className: 'story-tools', hidden: true },
      this.#choice,
      filter,
      this.#pause,
      every,
      capture,
    );
    this.#choice.onchange = () => void this.#open(Number(this.#choice.value));
    this.#every.onchange = () => this.#draw();
    this.#packets.onkeydown = (event) => this.#walkPackets(event);
    this.#body.onkeydown = (event) => this.#walkSteps(event);
    this.#look = new Look(element, this.#body, calls, () => this.#tell());
    const head = element.querySelector('.story-head')!;
    element.setAttribute('aria-label', ui.title);
    const title = head.querySelector('h2')!;
    title.textContent = ui.title;
    title.after(this.#look.buttons);
    onLookRequest((request) => void this.#look.go(request));
    head.after(this.#tools, this.#filter.element, this.#note, this.#packets, this.#stepper.element, this.#look.main);
  }

  /** Takes a new list of stories. The learner's newest is shown unless she looks at an older one. */
  update(all: readonly StorySummary[]): void {
    this.#look.worldChanged();
    if (this.#paused) return;
    this.#all = all;
    this.#filter.offer(all);
    this.#list();
    void this.#goStanding();
  }

  /** Time has come to stand at an event: the story goes there, and the tables mark what the step has changed. */
  stand(at: { readonly flow: number; readonly sequence: number } | undefined, origin: number): void {
    if (origin !== this.#origin) {
      this.#origin = origin;
      this.#list();
    }
    if (at === undefined || at.sequence === this.#stood) return;
    this.#stood = at.sequence;
    this.#look.stepped();
    if (at.flow === 0) return;
    this.#standing = at;
    void this.#goStanding();
  }

  /** Shows the step at which time stands, as soon as the list knows its conversation. */
  async #goStanding(): Promise<void> {
    const at = this.#standing;
    if (at === undefined || ![...this.#choice.options].some(({ value }) => value === String(at.flow))) return;
    this.#choice.value = String(at.flow);
    await this.#open(at.flow);
    const packet = this.#shownPackets().findIndex(({ hops }) => hops.some(({ sequence }) => sequence === at.sequence));
    if (packet < 0 || this.#standing !== at) return;
    this.#standing = undefined;
    this.#choosePacket(packet);
    this.#select(stepAt(this.#journey!, at.sequence));
  }

  /** Fills the list with what passes the filter, and keeps or moves the choice. */
  #list(): void {
    const filter = this.#filter.value;
    const passing = this.#all.filter((story) => passes(story, filter));
    const stories = passing.filter((story) => !isClusterTraffic(story));
    const own = passing.filter(isClusterTraffic).slice(-MOST_CLUSTER_TRAFFIC);
    const anything = this.#all.some((story) => !isClusterTraffic(story));
    this.#empty.hidden = anything;
    this.#tools.hidden = !anything;
    if (!anything) return;
    const newest = stories.at(-1) ?? own.at(-1);
    this.#note.textContent =
      newest === undefined ? phrases().ui.nothingMatches : this.#paused ? phrases().ui.paused : '';
    const follows = this.#story === undefined || this.#story.id === this.#newest;
    this.#newest = newest?.id ?? -1;
    const present = passing.some(({ id }) => id === this.#story?.id);
    const wanted = follows || !present ? newest?.id : this.#story!.id;
    this.#choice.replaceChildren(...options(stories, wanted, this.#origin));
    if (own.length > 0)
      this.#choice.append(h('optgroup', { label: phrases().ui.betweenNodes }, ...options(own, wanted, this.#origin)));
    if (wanted === undefined) return;
    const summary = JSON.stringify(this.#all.find((story) => story.id === wanted));
    if (summary === this.#shown) return; // what is on the screen did not change
    this.#shown = summary;
    void this.#open(wanted);
  }

  async #open(id: number): Promise<void> {
    const story = await this.#calls.story(id);
    if (Number(this.#choice.value) !== id) return; // another one was chosen meanwhile
    if (story.id !== this.#story?.id) {
      this.#packet = 0;
      this.#step = 0;
    }
    this.#story = story;
    this.#draw();
  }

  /** The packets of the story; ARP, and copies that a bridge flooded to somebody else, only when every step is wanted. */
  #shownPackets(): readonly StoryPacket[] {
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
    this.#packets.hidden = packet === undefined;
    this.#stepper.element.hidden = this.#look.main.hidden = packet === undefined;
    if (packet === undefined || this.#story === undefined) return;
    const before = this.#journey?.steps[this.#step]?.hop.sequence;
    this.#journey = journeyOf(this.#story, packet, this.#every.checked);
    if (before !== undefined) this.#step = stepAt(this.#journey, before);
    this.#step = Math.min(this.#step, Math.max(0, this.#journey.steps.length - 1));
    const actions = {
      select: (index: number) => this.#select(index, false),
      whyNot: (sequence: number) => this.#calls.whyNot(sequence),
      showTable: (index: number) => {
        this.#select(index);
        this.#look.choose('tables');
      },
      save: ({ host, netns, where }: { host: string; netns: string; where: string }) =>
        void this.#download(this.#calls.pcapng(undefined, { host, netns, device: where }), `${host}-${where}`),
    };
    this.#body.replaceChildren(...hopList(this.#journey, this.#every.checked, actions));
    this.#select(this.#step, false);
  }

  /** Goes to a step: in the list, on the map, in the tables. */
  #select(index: number, scrolls = true): void {
    const step = this.#journey?.steps[index];
    if (step === undefined) return;
    this.#step = index;
    for (const item of this.#body.querySelectorAll<HTMLElement>('.hop')) {
      const chosen = item.dataset['step'] === String(index);
      if (chosen) item.setAttribute('aria-current', 'step');
      else item.removeAttribute('aria-current');
      item.querySelector<HTMLElement>('.ask')!.tabIndex = chosen ? 0 : -1;
      if (chosen && scrolls) item.scrollIntoView({ block: 'nearest' });
    }
    this.#tell();
  }

  /** Tells the stepper, the map and the tables where the reader is. */
  #tell(): void {
    const step = this.#journey?.steps[this.#step];
    if (step === undefined) return;
    this.#stepper.show(this.#step, this.#journey!.steps.length, explainHop(step.hop));
    this.#look.show(this.#journey!, this.#step);
  }

  #packetButton(packet: StoryPacket, index: number): HTMLElement {
    const { ui } = phrases();
    const chosen = index === this.#packet;
    const request = packet.direction === 'request';
    return h(
      'button',
      {
        type: 'button',
        className: `packet ${packet.direction}`,
        'aria-pressed': chosen,
        tabIndex: chosen ? 0 : -1,
        title: `${request ? ui.requestWord : ui.replyWord}: ${packet.label}`,
        onclick: () => this.#choosePacket(index),
      },
      h('span', { className: 'dot', 'aria-hidden': true }),
      packetLabel(packet),
      h('span', { className: 'arrow', 'aria-hidden': true }, request ? '→' : '←'),
    );
  }

  #choosePacket(index: number): void {
    this.#stepper.stop();
    this.#packet = index;
    this.#journey = undefined;
    this.#step = 0;
    this.#draw();
    this.#body.scrollTop = 0;
  }

  /** Left and right walk the packets. */
  #walkPackets(event: KeyboardEvent): void {
    const last = Math.max(0, this.#shownPackets().length - 1);
    const target = {
      ArrowRight: Math.min(last, this.#packet + 1),
      ArrowLeft: Math.max(0, this.#packet - 1),
      Home: 0,
      End: last,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.#choosePacket(target);
  }

  /** Up and down walk the steps while one of their buttons has the focus; elsewhere they scroll. */
  #walkSteps(event: KeyboardEvent): void {
    if (!(event.target as HTMLElement).classList.contains('ask')) return;
    const last = (this.#journey?.steps.length ?? 1) - 1;
    const target = { ArrowDown: this.#step + 1, ArrowUp: this.#step - 1, Home: 0, End: last }[event.key];
    if (target === undefined || target < 0 || target > last) return;
    event.preventDefault();
    this.#body.querySelector<HTMLElement>(`[data-step="${target}"] .ask`)?.focus();
  }

  #toggleFilter(toggle: HTMLButtonElement): void {
    const { element } = this.#filter;
    element.hidden = !element.hidden;
    toggle.setAttribute('aria-expanded', String(!element.hidden));
    if (!element.hidden) element.querySelector<HTMLElement>('select')?.focus();
  }

  #togglePause(): void {
    this.#paused = !this.#paused;
    const { ui } = phrases();
    const name = this.#paused ? ui.goOn : ui.pause;
    this.#pause.title = name;
    this.#pause.setAttribute('aria-label', name);
    this.#pause.replaceChildren(icon(this.#paused ? 'play' : 'pause'));
    if (this.#paused) this.#list();
    else void this.#calls.stories().then((all) => this.update(all));
  }

  /** Saves a capture of every hop of the request that is shown. */
  async #save(): Promise<void> {
    if (this.#story !== undefined)
      await this.#download(this.#calls.pcapng(this.#story.id), `request-${this.#story.id}`);
  }

  async #download(bytes: Promise<Uint8Array>, name: string): Promise<void> {
    const url = URL.createObjectURL(
      new Blob([(await bytes) as Uint8Array<ArrayBuffer>], { type: 'application/x-pcapng' }),
    );
    h('a', { href: url, download: `${name}.pcapng` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

/** Newest first. */
function options(stories: readonly StorySummary[], wanted: number | undefined, origin: number): HTMLElement[] {
  return [...stories].reverse().map((story) => {
    const said = explainSummary({ ...story, startedAt: story.startedAt - origin });
    return h('option', { value: String(story.id), selected: story.id === wanted }, said);
  });
}

/** Swarm's own ports: 2377 for its managers, 7946 for gossip. */
function isClusterTraffic({ title }: StorySummary): boolean {
  return /:(2377|7946)$/.test(title);
}
