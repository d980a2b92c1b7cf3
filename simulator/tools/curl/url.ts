/** URLs as curl takes them: the scheme may be missing; only http is spoken here. */
export interface CurlUrl {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** Port as it stood in the URL, '' when it was the scheme's own. */
  readonly portText: string;
  /** Path with query, at least `/`. */
  readonly target: string;
  readonly user: string;
}

/** The URL, or the number and text of curl's error. */
export function parseUrl(text: string): CurlUrl | { readonly code: number; readonly text: string } {
  const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):\/\/)?([^/?#]*)([^#]*)(?:#.*)?$/s.exec(text);
  if (match === null) return { code: 3, text: 'URL rejected: Malformed input to a URL function' };
  const scheme = (match[1] ?? 'http').toLowerCase();
  const authority = match[2] ?? '';
  if (/[\s\x00-\x1f]/.test(text)) return { code: 3, text: 'URL rejected: Malformed input to a URL function' };
  const at = authority.lastIndexOf('@');
  const place = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority.slice(at + 1));
  if (place === null) return { code: 3, text: 'URL rejected: Port number was not a decimal number between 0 and 65535' };
  const host = (place[1] ?? '').replace(/^\[|\]$/g, '');
  if (host === '') return { code: 3, text: 'URL rejected: No host part in the URL' };
  const portText = place[2] ?? '';
  if (Number(portText) > 65535) return { code: 3, text: 'URL rejected: Port number was not a decimal number between 0 and 65535' };
  const rest = match[3] ?? '';
  return {
    scheme,
    host,
    port: portText === '' ? 80 : Number(portText),
    portText,
    target: rest.startsWith('/') ? rest : `/${rest}`,
    user: at < 0 ? '' : authority.slice(0, at),
  };
}

/** The host as it stands in a Host header. */
export function hostHeader(url: CurlUrl): string {
  const host = url.host.includes(':') ? `[${url.host}]` : url.host;
  return url.port === 80 ? host : `${host}:${url.port}`;
}

/** Where a Location header leads. */
export function redirect(from: CurlUrl, location: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(location)) return location;
  const base = `${from.scheme}://${hostHeader(from)}`;
  if (location.startsWith('//')) return `${from.scheme}:${location}`;
  if (location.startsWith('/')) return base + location;
  return base + from.target.replace(/[^/]*(\?.*)?$/s, '') + location;
}
