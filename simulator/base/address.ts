/**
 * Addresses as numbers inside the engine; text at the edge.
 * IPv4: unsigned 32-bit number. MAC: 48-bit number (exact in a double). Prefixes: 0…32.
 */

/** Parses strict dotted-quad IPv4 (`inet_pton`); undefined when malformed. */
export function parseIpv4(text: string): number | undefined {
  let value = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0 || ++dots > 3) return undefined;
      value = value * 256 + part;
      part = 0;
      digits = 0;
      continue;
    }
    if (code < ZERO || code > ZERO + 9 || (digits > 0 && part === 0)) return undefined;
    part = part * 10 + code - ZERO;
    digits++;
    if (part > 255) return undefined;
  }
  return dots === 3 && digits > 0 ? value * 256 + part : undefined;
}

const DOT = 0x2e;
const ZERO = 0x30;

/** Parses an address literal of the source code; throws on a typo. */
export function ipv4(text: string): number {
  const value = parseIpv4(text);
  if (value === undefined) throw new TypeError(`not an IPv4 address: ${text}`);
  return value;
}

/** Dotted quad. */
export function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** The netmask of a prefix length, e.g. 24 → 0xffffff00. */
export function maskOf(prefix: number): number {
  return prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
}

/** True when `address` lies in `network`/`prefix`. */
export function inPrefix(address: number, network: number, prefix: number): boolean {
  return prefix === 0 || (address ^ network) >>> (32 - prefix) === 0;
}

/** Network address of `address`/`prefix`. */
export function networkOf(address: number, prefix: number): number {
  return (address & maskOf(prefix)) >>> 0;
}

/** Broadcast address of `address`/`prefix`. */
export function broadcastOf(address: number, prefix: number): number {
  return (address | ~maskOf(prefix)) >>> 0;
}

/** Parses `a.b.c.d/p`, or a bare address as /32; undefined when malformed. */
export function parseCidr(text: string): { address: number; prefix: number } | undefined {
  const slash = text.indexOf('/');
  const address = parseIpv4(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  if (slash < 0) return { address, prefix: 32 };
  const digits = text.slice(slash + 1);
  if (!/^\d{1,2}$/.test(digits) || Number(digits) > 32) return undefined;
  return { address, prefix: Number(digits) };
}

/** `a.b.c.d/p`. */
export function formatCidr(address: number, prefix: number): string {
  return `${formatIpv4(address)}/${prefix}`;
}

/** True for 127.0.0.0/8. */
export function isLoopback(address: number): boolean {
  return address >>> 24 === 127;
}

/** True for 224.0.0.0/4. */
export function isMulticast(address: number): boolean {
  return address >>> 28 === 0xe;
}

export const ANY_ADDRESS = 0;
export const LIMITED_BROADCAST = 0xffffffff;
export const BROADCAST_MAC = 0xffffffffffff;
export const ZERO_MAC = 0;

/** Parses `aa:bb:cc:dd:ee:ff` (one or two digits a byte); undefined when malformed. */
export function parseMac(text: string): number | undefined {
  const parts = text.split(':');
  if (parts.length !== 6) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^[0-9a-fA-F]{1,2}$/.test(part)) return undefined;
    value = value * 256 + parseInt(part, 16);
  }
  return value;
}

/** Lower-case, colon-separated. */
export function formatMac(mac: number): string {
  const hex = mac.toString(16).padStart(12, '0');
  return `${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}:${hex.slice(6, 8)}:${hex.slice(8, 10)}:${hex.slice(10, 12)}`;
}

/** True when the group bit is set (broadcast included). */
export function isGroupMac(mac: number): boolean {
  return (Math.floor(mac / 0x10000000000) & 1) === 1;
}

/** The link-local IPv6 address that the kernel derives from a MAC (EUI-64, RFC 4291 appendix A), shortest text form. */
export function linkLocalOf(mac: number): string {
  const high = Math.floor(mac / 0x1000000);
  const low = mac % 0x1000000;
  const first = (high >>> 8) ^ 0x200;
  const rest = `${(((high & 0xff) << 8) | 0xff).toString(16)}:${(0xfe00 | (low >>> 16)).toString(16)}:${(low & 0xffff).toString(16)}`;
  return first === 0 ? `fe80::${rest}` : `fe80::${first.toString(16)}:${rest}`;
}
