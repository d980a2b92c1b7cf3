/** Small helpers to make elements; the views are custom elements without a framework. */

type Child = Node | string | undefined | false;

/** Makes an element. `props` are properties; keys with a dash and `role` are attributes. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Record<string, unknown> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined) continue;
    if (key.includes('-') || key === 'role') element.setAttribute(key, String(value));
    else (element as unknown as Record<string, unknown>)[key] = value;
  }
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return element;
}

/** A button with a name for all and, when given, a short drawn label. */
export function button(name: string, label: Child, onclick: () => void, className = ''): HTMLButtonElement {
  return h('button', { type: 'button', className, title: name, 'aria-label': name, onclick }, label);
}

const SVG = 'http://www.w3.org/2000/svg';

/** Line icons on a 16-unit grid, one path each. */
const ICONS = {
  split: 'M2.5 3.5h11v9h-11zM8 3.5v9',
  plus: 'M8 3v10M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
  grow: 'M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5 9 7M2.5 13.5 7 9',
  shrink: 'M13.5 6.5h-4v-4M2.5 9.5h4v4M9.5 6.5l4-4M6.5 9.5l-4 4',
  restart: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3',
  download: 'M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10',
  flag: 'M4 14V2.5h7.5l-2 2.75 2 2.75H4',
  play: 'M5 3v10l8-5z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  first: 'M4 3.5v9M12.5 3.5 7 8l5.5 4.5',
  back: 'M10.5 3.5 5 8l5.5 4.5',
  forth: 'M5.5 3.5 11 8l-5.5 4.5',
  filter: 'M2.5 3.5h11L9.5 8.5v4l-3 1.5V8.5z',
} as const;

/** One of the icons; it says nothing by itself, so its button needs a name. */
export function icon(name: keyof typeof ICONS): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}
