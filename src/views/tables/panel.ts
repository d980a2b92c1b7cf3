/** The tables of one namespace as they are now, with what changed since they were marked; the step's rule stands out. */
import type { Hop, MapHost, NamespaceTables, TableKind } from '../../../simulator/index.ts';
import { explainCause, phrases } from '../../explain/index.ts';
import { h } from '../dom.ts';
import '../../styles/tables.css';
import { countChanges, type DiffGroup, type DiffRow, diffTables } from './diff.ts';

/** Asked for so often while it is looked at: rules change without a packet. */
const EVERY_MS = 1000;

type Ask = (host: string, netns: string) => Promise<NamespaceTables | undefined>;

/** The kind of table in which a step happened. */
const KIND_OF_HOP: Readonly<Partial<Record<Hop['kind'], TableKind>>> = {
  rule: 'iptables',
  hook: 'iptables',
  nat: 'conntrack',
  conntrack: 'conntrack',
  ipvs: 'ipvs',
  route: 'fib',
  neighbour: 'neighbours',
  bridge: 'fdb',
  encap: 'fdb',
};

export class TablesPanel {
  readonly element: HTMLElement;
  readonly #ask: Ask;
  readonly #place = h('select');
  readonly #kinds: ReadonlyMap<TableKind, HTMLButtonElement>;
  readonly #body: HTMLElement;
  readonly #counts = h('output', { className: 'changes' });
  /** The namespace to look at, as `host namespace`. */
  #wanted = '';
  #kind: TableKind = 'iptables';
  #now: NamespaceTables | undefined;
  #marked: NamespaceTables | undefined;
  #hop: Hop | undefined;
  #drawn = '';
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(ask: Ask) {
    this.#ask = ask;
    const { ui, tables } = phrases();
    this.#place.setAttribute('aria-label', ui.namespace);
    this.#place.onchange = () => this.#goTo(this.#place.value);
    const kinds = Object.keys(tables) as TableKind[];
    this.#kinds = new Map(
      kinds.map((kind) => [
        kind,
        h(
          'button',
          { type: 'button', 'aria-pressed': kind === this.#kind, onclick: () => this.choose(kind) },
          tables[kind].name,
        ),
      ]),
    );
    const tabs = h(
      'div',
      { className: 'table-kinds', role: 'group', 'aria-label': ui.tableView },
      ...this.#kinds.values(),
    );
    const mark = h('button', { type: 'button', onclick: () => this.mark() }, ui.markChanges);
    const tools = h('div', { className: 'table-tools' }, this.#place, tabs, mark, this.#counts);
    this.#body = h('div', { className: 'table-body', tabIndex: 0, role: 'region', 'aria-label': ui.liveTables });
    this.element = h('div', { className: 'story-tables', hidden: true }, tools, this.#body);
  }

  /** Takes the namespaces there are. */
  offer(hosts: readonly MapHost[]): void {
    const places = hosts.flatMap((host) => host.namespaces.map((ns) => `${host.name} ${ns.name}`));
    if ([...this.#place.options].map(({ value }) => value).join('\n') === places.join('\n')) return;
    this.#place.replaceChildren(
      ...places.map((value) => h('option', { value, selected: value === this.#wanted }, value)),
    );
    if (this.#place.value !== this.#wanted) this.#goTo(this.#place.value);
  }

  /** Begins or ends to follow the world. */
  watch(on: boolean): void {
    clearInterval(this.#timer);
    this.#timer = on ? setInterval(() => void this.refresh(), EVERY_MS) : undefined;
    if (on) void this.refresh();
  }

  /** Goes to a namespace. */
  go(host: string, netns: string): void {
    const place = `${host} ${netns}`;
    if (this.#wanted !== place) this.#goTo(place);
  }

  #goTo(place: string): void {
    this.#wanted = this.#place.value = place;
    this.#now = this.#marked = undefined;
    void this.refresh();
  }

  /** Goes to the namespace and the table of a step, and shows what decided there. */
  show(hop: Hop | undefined): void {
    this.#hop = hop;
    if (hop === undefined) return;
    const kind = KIND_OF_HOP[hop.kind];
    if (kind !== undefined && kind !== this.#kind) this.#press(kind);
    this.go(hop.host, hop.netns);
    this.#draw(true);
  }

  /** From now on, changes are shown against what the tables are now. */
  mark(): void {
    this.#marked = this.#now;
    this.#draw(false);
  }

  async refresh(): Promise<void> {
    if (document.hidden || this.element.hidden) return;
    const place = this.#wanted;
    if (place === '') return;
    const at = place.indexOf(' ');
    const tables = await this.#ask(place.slice(0, at), place.slice(at + 1));
    if (this.#wanted !== place) return; // another one was chosen meanwhile
    const fresh = this.#now === undefined;
    this.#now = tables;
    this.#marked ??= tables;
    this.#draw(fresh);
  }

  /** Shows one of the tables; what is none changes nothing. */
  choose(kind: string | undefined): void {
    if (kind === undefined || !this.#kinds.has(kind as TableKind)) return;
    this.#press(kind as TableKind);
    this.#draw(false);
  }

  #press(kind: TableKind): void {
    this.#kind = kind;
    for (const [each, button] of this.#kinds) button.setAttribute('aria-pressed', String(each === kind));
  }

  /** @param reveals scrolls to the row that decided */
  #draw(reveals: boolean): void {
    if (this.#now === undefined) return;
    const groups = diffTables(this.#kind, this.#marked, this.#now);
    const { added, changed, removed } = countChanges(groups);
    this.#counts.textContent = added + changed + removed === 0 ? '' : phrases().ui.changes(added, changed, removed);
    const picture = JSON.stringify([this.#kind, this.#hop?.sequence, this.#wanted, groups]);
    if (picture !== this.#drawn) {
      this.#drawn = picture;
      const top = this.#body.scrollTop;
      this.#body.replaceChildren(...groups.map((group) => this.#group(group)));
      if (groups.length === 0) this.#body.append(h('p', {}, phrases().ui.emptyTables));
      this.#body.scrollTop = top;
    }
    if (reveals) this.#body.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }

  #group({ name, note, rows }: DiffGroup): HTMLElement {
    const { tables } = phrases();
    const head = tables[this.#kind].columns.map((column) => h('th', { scope: 'col' }, column));
    const title = `${name}${note === '' ? '' : ` · ${note}`}`;
    return h(
      'table',
      { className: `live ${this.#kind}` },
      title !== '' &&
        h('caption', { 'data-policy': note }, title, this.#decidesByPolicy(name) ? ` ← ${phrases().ui.decided}` : ''),
      h('thead', {}, h('tr', {}, ...head, h('th', {}, h('span', { className: 'sr-only' }, phrases().ui.changed)))),
      h('tbody', {}, ...rows.map((row) => this.#row(name, row))),
    );
  }

  #row(group: string, { cells, was, change, origin }: DiffRow): HTMLElement {
    const { ui } = phrases();
    const words = { same: '', new: ui.fresh, changed: ui.changed, gone: ui.gone }[change];
    const decides = this.#decides(group, cells);
    return h(
      'tr',
      { 'data-change': change, title: explainCause(origin), ...(decides ? { 'aria-current': 'step' } : {}) },
      ...cells.map((cell, at) =>
        was[at] === undefined
          ? h('td', {}, cell)
          : h('td', { className: 'changed' }, h('del', {}, was[at]), ' ', h('ins', {}, cell)),
      ),
      h('td', { className: 'note' }, decides ? ui.decided : words),
    );
  }

  /** Whether a row is what decided at the step. */
  #decides(group: string, cells: readonly string[]): boolean {
    const hop = this.#hop;
    if (hop === undefined || this.#wanted !== `${hop.host} ${hop.netns}`) return false;
    if (hop.rule !== undefined) {
      return (
        this.#kind === 'iptables' &&
        group === `${hop.table} ${hop.chain}` &&
        hop.rule.text === `-A ${hop.chain} ${cells[3]}`
      );
    }
    if (hop.kind === 'route') return this.#kind === 'fib' && cells[0]!.trim() === hop.what.trim();
    if (hop.kind === 'ipvs') return this.#kind === 'ipvs' && hop.what.includes(`→ ${cells[0]} `);
    if (hop.kind === 'bridge' || hop.kind === 'encap')
      return this.#kind === 'fdb' && cells[0] === (hop.after.inner ?? hop.after).dstMac;
    if (hop.kind === 'conntrack') return this.#kind === 'conntrack' && tupleOf(hop.what) === tupleOf(cells[2]!);
    if (hop.kind === 'neighbour')
      return this.#kind === 'neighbours' && hop.where === cells[1] && hop.what.startsWith(`${cells[0]} `);
    return false;
  }

  #decidesByPolicy(group: string): boolean {
    const hop = this.#hop;
    return (
      hop?.kind === 'hook' &&
      this.#kind === 'iptables' &&
      this.#wanted === `${hop.host} ${hop.netns}` &&
      group === `${hop.table} ${hop.chain}`
    );
  }
}

/** The original direction of a conntrack entry. */
function tupleOf(text: string): string {
  return /src=.*?(?= \[UNREPLIED\]| src=)/.exec(text)?.[0] ?? text;
}
