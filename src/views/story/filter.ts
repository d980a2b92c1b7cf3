/** Which conversations of the list are shown: by host, namespace, protocol, address and port. */
import type { StorySummary } from '../../../simulator/index.ts';
import { phrases } from '../../explain/index.ts';
import { h } from '../dom.ts';

/** Empty texts let everything through. */
export interface Filter {
  readonly host: string;
  readonly netns: string;
  readonly protocol: string;
  readonly address: string;
  readonly port: string;
}

export const NO_FILTER: Filter = { host: '', netns: '', protocol: '', address: '', port: '' };

/** Whether a conversation passed by the place, with the protocol, address and port that are asked for. */
export function passes(story: StorySummary, { host, netns, protocol, address, port }: Filter): boolean {
  if (protocol !== '' && story.protocol !== protocol) return false;
  if (address !== '' && !story.addresses.some((each) => each === address || each.startsWith(`${address}.`)))
    return false;
  if (port !== '' && !story.ports.includes(Number(port))) return false;
  if (host === '' && netns === '') return true;
  return story.places.some((place) => {
    const at = place.indexOf(' ');
    return (host === '' || place.slice(0, at) === host) && (netns === '' || place.slice(at + 1) === netns);
  });
}

/** The fields of a filter; what can be chosen follows from the conversations. */
export class FilterForm {
  readonly element: HTMLFormElement;
  readonly #fields: Readonly<Record<keyof Filter, HTMLSelectElement | HTMLInputElement>>;

  constructor(changed: () => void) {
    const { ui } = phrases();
    const text = (): HTMLInputElement => h('input', { type: 'text', size: 12, autocomplete: 'off', spellcheck: false });
    this.#fields = { host: h('select'), netns: h('select'), protocol: h('select'), address: text(), port: text() };
    this.#fields.port.setAttribute('inputmode', 'numeric');
    const names: Record<keyof Filter, string> = {
      host: ui.host,
      netns: ui.namespace,
      protocol: ui.protocol,
      address: ui.address,
      port: ui.port,
    };
    const labels = (Object.keys(names) as (keyof Filter)[]).map((key) =>
      h('label', {}, h('span', {}, names[key]), this.#fields[key]),
    );
    this.element = h('form', { className: 'story-filter', hidden: true, 'aria-label': ui.filter }, ...labels);
    this.element.oninput = changed;
    this.element.onsubmit = (event) => event.preventDefault();
  }

  get value(): Filter {
    const { host, netns, protocol, address, port } = this.#fields;
    return {
      host: host.value,
      netns: netns.value,
      protocol: protocol.value,
      address: address.value.trim(),
      port: port.value.trim(),
    };
  }

  /** Takes what there is to choose from. */
  offer(stories: readonly StorySummary[]): void {
    const places = [...new Set(stories.flatMap((story) => story.places))];
    fill(this.#fields.host, [...new Set(places.map((place) => place.split(' ')[0]!))]);
    fill(this.#fields.netns, [...new Set(places.map((place) => place.slice(place.indexOf(' ') + 1)))]);
    fill(this.#fields.protocol, [...new Set(stories.map((story) => story.protocol))]);
  }
}

function fill(field: HTMLSelectElement | HTMLInputElement, values: readonly string[]): void {
  const chosen = field.value;
  const wanted = [...new Set([...values, ...(chosen === '' ? [] : [chosen])])].sort();
  const present = [...(field as HTMLSelectElement).options].slice(1).map((option) => option.value);
  if (field.childElementCount > 0 && wanted.join('\n') === present.join('\n')) return;
  field.replaceChildren(
    h('option', { value: '' }, phrases().ui.any),
    ...wanted.map((value) => h('option', { value, selected: value === chosen }, value)),
  );
}
