/** Steps, map or tables: what is looked at. Map and tables are fetched when they are first wanted. */
import type { Observing } from '../../lab/observe.ts';
import { phrases } from '../../explain/index.ts';
import type { LookRequest } from '../../lab/look-event.ts';
import { h } from '../dom.ts';
import type { WorldMap } from '../map/panel.ts';
import type { TablesPanel } from '../tables/panel.ts';
import type { Journey } from './journey.ts';

const LOOKS = ['steps', 'map', 'tables'] as const;
type LookName = (typeof LOOKS)[number];

export class Look {
  readonly buttons: HTMLElement;
  readonly main: HTMLElement;
  readonly #element: HTMLElement;
  readonly #calls: Observing;
  readonly #ready: () => void;
  readonly #tabs: ReadonlyMap<LookName, HTMLButtonElement>;
  #chosen: LookName = 'steps';
  #map: WorldMap | undefined;
  #tables: TablesPanel | undefined;
  #stale = true;
  #opening: Promise<void> = Promise.resolve();

  /** @param ready called when a view has been fetched and wants to know the step */
  constructor(element: HTMLElement, body: HTMLElement, calls: Observing, ready: () => void) {
    this.#element = element;
    this.#calls = calls;
    this.#ready = ready;
    const { ui } = phrases();
    const names = { steps: ui.steps, map: ui.map, tables: ui.tableView };
    this.#tabs = new Map(
      LOOKS.map((look) => [
        look,
        h(
          'button',
          { type: 'button', 'aria-pressed': look === this.#chosen, onclick: () => this.choose(look) },
          names[look],
        ),
      ]),
    );
    this.buttons = h('div', { className: 'looks', role: 'group', 'aria-label': ui.views }, ...this.#tabs.values());
    this.main = h('div', { className: 'story-main', hidden: true }, body);
    element.dataset['look'] = this.#chosen;
  }

  choose(look: LookName): void {
    this.#chosen = look;
    this.#element.dataset['look'] = look;
    for (const [name, tab] of this.#tabs) tab.setAttribute('aria-pressed', String(name === look));
    this.#opening = this.#open(look);
  }

  /** Shows a view that the prose asks for, also where no packet has been seen yet. */
  async go({ look, at, table }: LookRequest): Promise<void> {
    this.choose(look);
    if (look !== 'steps') this.main.hidden = false;
    await this.#opening;
    if (look !== 'tables') return;
    const [host = '', netns = 'host'] = at?.split('/') ?? [];
    if (host !== '') this.#tables?.go(host, netns);
    this.#tables?.choose(table);
  }

  /** Something happened in the world. */
  worldChanged(): void {
    this.#stale = true;
    if (this.#chosen !== 'steps') void this.#refresh();
  }

  /** Time went one step on: the tables show what that changed. */
  stepped(): void {
    this.#tables?.mark();
    void this.#tables?.refresh();
    this.worldChanged();
  }

  show(journey: Journey, index: number): void {
    this.#map?.show(journey, index);
    this.#tables?.show(journey.steps[index]?.hop);
  }

  async #open(look: LookName): Promise<void> {
    if (look === 'map' && this.#map === undefined) {
      const { WorldMap } = await import('../map/panel.ts');
      this.#map ??= new WorldMap({ namespace: (host, netns) => this.#tables?.go(host, netns) });
      this.main.append(this.#map.element);
      this.#stale = true;
    }
    if (look === 'tables' && this.#tables === undefined) {
      const { TablesPanel } = await import('../tables/panel.ts');
      this.#tables ??= new TablesPanel((host, netns) => this.#calls.tables(host, netns));
      this.main.append(this.#tables.element);
      this.#stale = true;
    }
    if (this.#map !== undefined) this.#map.element.hidden = this.#chosen !== 'map';
    if (this.#tables !== undefined) this.#tables.element.hidden = this.#chosen !== 'tables';
    this.#tables?.watch(this.#chosen === 'tables');
    await this.#refresh();
    this.#ready();
  }

  async #refresh(): Promise<void> {
    if (!this.#stale) return;
    this.#stale = false;
    const hosts = await this.#calls.topology();
    this.#map?.update(hosts);
    this.#tables?.offer(hosts);
  }
}
