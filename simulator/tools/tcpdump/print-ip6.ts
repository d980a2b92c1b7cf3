/**
 * IPv6 as far as frames of it are seen. Mirrors print-ip6.c and print-icmp6.c.
 *
 * Deviation: only what hosts send by themselves on a link (solicitations, listener reports) is told in words.
 */
import { get16, get32 } from '../../wire/bytes.ts';
import type { PrintOptions } from './printer.ts';

const HOP_BY_HOP = 0;
const ICMP6 = 58;

const NAMES: Readonly<Record<number, string>> = { 6: 'TCP', 17: 'UDP', 0: 'Options', 58: 'ICMPv6' };

/** ip6_print, without the word `IP6`. */
export function printIpv6(options: PrintOptions, bytes: Uint8Array): string {
  if (bytes.length < 40) return '[|ip6]';
  const next = bytes[6];
  const length = get16(bytes, 4);
  const src = formatIpv6(bytes.subarray(8, 24));
  const dst = formatIpv6(bytes.subarray(24, 40));
  const verbose =
    options.verbose > 0
      ? `(hlim ${bytes[7]}, next-header ${NAMES[next] ?? 'unknown'} (${next}) payload length: ${length}) `
      : '';
  let body = bytes.subarray(40, 40 + length);
  let protocol = next;
  let head = '';
  if (next === HOP_BY_HOP && body.length >= 8) {
    protocol = body[0];
    head = options.verbose > 0 ? 'HBH (rtalert: 0x0000) (padn) ' : 'HBH ';
    body = body.subarray((body[1] + 1) * 8);
  }
  const upper = protocol === ICMP6 ? icmp6Text(body) : `ip-proto-${protocol} ${body.length}`;
  return `${verbose}${src} > ${dst}: ${head}${upper}`;
}

function icmp6Text(body: Uint8Array): string {
  const length = `length ${body.length}`;
  switch (body[0]) {
    case 128:
    case 129:
      return `ICMP6, echo ${body[0] === 128 ? 'request' : 'reply'}, id ${get16(body, 4)}, seq ${get16(body, 6)}, ${length}`;
    case 133:
      return `ICMP6, router solicitation, ${length}`;
    case 134:
      return `ICMP6, router advertisement, ${length}`;
    case 135:
      return `ICMP6, neighbor solicitation, who has ${formatIpv6(body.subarray(8, 24))}, ${length}`;
    case 136:
      return `ICMP6, neighbor advertisement, tgt is ${formatIpv6(body.subarray(8, 24))}, ${length}`;
    case 143:
      return `ICMP6, multicast listener report v2, ${get16(body, 6)} group record(s), ${length}`;
    default:
      return `ICMP6, unknown icmp6 type (${body[0]}), ${length}`;
  }
}

/** inet_ntop for IPv6: the longest run of zero words as `::`. */
export function formatIpv6(bytes: Uint8Array): string {
  const words: number[] = [];
  for (let i = 0; i < 16; i += 4) words.push(get32(bytes, i) >>> 16, get32(bytes, i) & 0xffff);
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && words[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const text = (part: readonly number[]): string => part.map((word) => word.toString(16)).join(':');
  if (best.at < 0) return text(words);
  return `${text(words.slice(0, best.at))}::${text(words.slice(best.at + best.length))}`;
}
