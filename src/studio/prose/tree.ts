/** What a preview may consist of: a few elements with a few attributes, and text. Anything else cannot be said. */

const TAGS = [
  'a',
  'blockquote',
  'br',
  'button',
  'code',
  'del',
  'div',
  'em',
  'figcaption',
  'figure',
  'h2',
  'h3',
  'h4',
  'hr',
  'kbd',
  'li',
  'ol',
  'p',
  'pre',
  'span',
  'strong',
  'table',
  'tbody',
  'td',
  'th',
  'thead',
  'tr',
  'ul',
] as const;
export type Tag = (typeof TAGS)[number];

const ATTRIBUTES = [
  'aria-label',
  'class',
  'data-command',
  'data-done',
  'data-failed',
  'data-host',
  'href',
  'lang',
  'rel',
  'start',
  'target',
  'title',
  'type',
] as const;
type Attribute = (typeof ATTRIBUTES)[number];

export interface SafeElement {
  readonly tag: Tag;
  readonly attributes: Readonly<Partial<Record<Attribute, string>>>;
  readonly children: readonly SafeNode[];
}

export type SafeNode = string | SafeElement;

export function element(
  tag: Tag,
  attributes: SafeElement['attributes'],
  ...children: readonly SafeNode[]
): SafeElement {
  return { tag, attributes, children };
}

const HERE = 'https://here.invalid';
const SAFE = ['http:', 'https:', 'mailto:'];

/** An address that a link may have: of this site, of the web, or of a mailbox; undefined for any other. */
export function safeAddress(address: string): string | undefined {
  const plain = address.replace(/[\u0000-\u0020\u007f-\u00a0]/g, '');
  if (!URL.canParse(plain, HERE)) return undefined;
  const { protocol, origin } = new URL(plain, HERE);
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(plain);
  return SAFE.includes(protocol) && (whole || origin === HERE) ? plain : undefined;
}

/** The tree as nodes of the page. Tags and attributes are looked up in the lists above once more. */
export function toDom(nodes: readonly SafeNode[], page: Document = document): DocumentFragment {
  const fragment = page.createDocumentFragment();
  for (const node of nodes) {
    if (typeof node === 'string') {
      fragment.append(node);
      continue;
    }
    if (!TAGS.includes(node.tag)) continue;
    const made = page.createElement(node.tag);
    for (const name of ATTRIBUTES) {
      const value = node.attributes[name];
      if (value !== undefined) made.setAttribute(name, value);
    }
    made.append(toDom(node.children, page));
    fragment.append(made);
  }
  return fragment;
}
