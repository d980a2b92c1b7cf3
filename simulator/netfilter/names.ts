/** Names for numbers as /etc/protocols and /etc/services give them (the ones a learner meets), and number syntax. */
import { serviceName, servicePort } from '../wire/services.ts';

const PROTOCOLS: readonly (readonly [string, number])[] = [
  ['icmp', 1],
  ['igmp', 2],
  ['ipencap', 4],
  ['tcp', 6],
  ['egp', 8],
  ['udp', 17],
  ['dccp', 33],
  ['ipv6', 41],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['ipv6-icmp', 58],
  ['ospf', 89],
  ['sctp', 132],
  ['udplite', 136],
];
const PROTOCOL_NUMBERS = new Map(PROTOCOLS);
const PROTOCOL_NAMES = new Map(PROTOCOLS.map(([name, number]) => [number, name]));

/** Port numbers by service name. */
const SERVICES: ReadonlyMap<string, number> = new Map([
  ['echo', 7],
  ['discard', 9],
  ['daytime', 13],
  ['chargen', 19],
  ['ftp-data', 20],
  ['ftp', 21],
  ['ssh', 22],
  ['telnet', 23],
  ['smtp', 25],
  ['time', 37],
  ['domain', 53],
  ['bootps', 67],
  ['bootpc', 68],
  ['tftp', 69],
  ['http', 80],
  ['kerberos', 88],
  ['pop3', 110],
  ['sunrpc', 111],
  ['ntp', 123],
  ['imap2', 143],
  ['snmp', 161],
  ['ldap', 389],
  ['https', 443],
  ['submission', 587],
  ['ldaps', 636],
  ['imaps', 993],
  ['pop3s', 995],
  ['mysql', 3306],
  ['postgresql', 5432],
  ['redis', 6379],
  ['http-alt', 8080],
]);
const SERVICE_NAMES = new Map([...SERVICES].map(([name, port]) => [port, name]));

/** A protocol's number by name or decimal; `all` is 0; undefined when unknown. */
export function protocolNumber(text: string): number | undefined {
  const lower = text.toLowerCase();
  if (lower === 'all') return 0;
  if (lower === 'icmpv6') return 58;
  const known = PROTOCOL_NUMBERS.get(lower);
  if (known !== undefined) return known;
  const number = parseUnsigned(text, 255);
  return number;
}

/** A protocol's name, or its number as text; 0 is `all`. */
export function protocolName(protocol: number): string {
  return protocol === 0 ? 'all' : (PROTOCOL_NAMES.get(protocol) ?? String(protocol));
}

/** A port by number or service name. */
export function portNumber(text: string): number | undefined {
  return parseUnsigned(text, 65535) ?? SERVICES.get(text) ?? servicePort(text, 'tcp') ?? servicePort(text, 'udp');
}

/** A port's service name, or its number as text. */
export function portName(port: number, numeric: boolean): string {
  return numeric ? String(port) : (SERVICE_NAMES.get(port) ?? serviceName(port, 'tcp') ?? String(port));
}

/** strtoul(…, 0): decimal, 0x hexadecimal or 0 octal, at most `max`; undefined when malformed or out of range. */
export function parseUnsigned(text: string, max = 0xffffffff): number | undefined {
  let value: number;
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) value = parseInt(text.slice(2), 16);
  else if (/^0[0-7]+$/.test(text)) value = parseInt(text, 8);
  else if (/^\d+$/.test(text)) value = Number(text);
  else return undefined;
  return value <= max ? value : undefined;
}

/** `VALUE[/MASK]` as marks are written. */
export function parseMarkMask(text: string): { readonly value: number; readonly mask: number } | undefined {
  const slash = text.indexOf('/');
  const value = parseUnsigned(slash < 0 ? text : text.slice(0, slash));
  const mask = slash < 0 ? 0xffffffff : parseUnsigned(text.slice(slash + 1));
  return value === undefined || mask === undefined ? undefined : { value, mask };
}

/** 0x and lower-case digits, of an unsigned 32-bit number. */
export function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

/** A word as iptables-save quotes it (xtables_save_string): quoted when it has other than plain characters. */
export function saveString(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
