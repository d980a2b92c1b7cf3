/** TCP. Mirrors print-tcp.c: flags, sequence numbers relative to the first seen, options, and what ports 80 and 53 carry. */
import { get16, get32 } from '../../wire/bytes.ts';
import { foldChecksum, pseudoHeaderSum, sumWords } from '../../wire/checksum.ts';
import { PROTO_TCP, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, TCP_URG } from '../../wire/packet.ts';
import {
  TCP_OPTION_EOL,
  TCP_OPTION_MSS,
  TCP_OPTION_NOP,
  TCP_OPTION_SACK,
  TCP_OPTION_SACK_PERMITTED,
  TCP_OPTION_TIMESTAMPS,
  TCP_OPTION_WINDOW_SCALE,
} from '../../wire/tcp.ts';
import { hex } from './hex.ts';
import { printDns } from './print-dns.ts';
import { printHttp } from './print-http.ts';
import type { IpHeader } from './print-ip.ts';
import type { Printer, SequenceBase } from './printer.ts';

/** Letters of the flags, lowest bit first. */
const FLAG_LETTERS = ['F', 'S', 'R', 'P', '.', 'U', 'E', 'W'];
const HTTP_PORTS = [80, 8080, 3128];
const DNS_PORT = 53;

/** tcp_print */
export function printTcp(printer: Printer, bytes: Uint8Array, ip: IpHeader): string {
  const sport = get16(bytes, 0);
  const dport = get16(bytes, 2);
  const ends = `${printer.host(ip.src)}.${printer.port(sport, 'tcp')} > ${printer.host(ip.dst)}.${printer.port(dport, 'tcp')}: `;
  if (bytes.length < 20) return `${ends} [|tcp]`;
  const header = (bytes[12] >>> 4) * 4;
  if (header < 20) return `${ends} tcp ${ip.length - header} [bad hdr length ${header} - too short, < 20]`;
  const length = ip.length - header;
  if (printer.options.quick) return `${ends}tcp ${length}`;
  const flags = bytes[13];
  const { seq, ack, base } = relative(printer, bytes, ip, sport, dport, flags);
  let text = `${ends}Flags [${flagText(flags)}]`;
  if (printer.options.verbose > 0 && !ip.fragment && bytes.length === ip.length) text += checksumText(bytes, ip);
  if (printer.options.verbose > 1 || length > 0 || (flags & (TCP_SYN | TCP_FIN | TCP_RST)) !== 0) {
    text += `, seq ${seq}${length > 0 ? `:${(seq + length) >>> 0}` : ''}`;
  }
  if (flags & TCP_ACK) text += `, ack ${ack}`;
  text += `, win ${get16(bytes, 14)}`;
  if (flags & TCP_URG) text += `, urg ${get16(bytes, 18)}`;
  if (header > 20) text += `, options [${optionsText(bytes.subarray(20, header), base)}]`;
  text += `, length ${length}`;
  const payload = bytes.subarray(header);
  if (length <= 0 || (flags & TCP_RST) !== 0) return text;
  return text + payloadText(printer, payload, sport, dport);
}

function payloadText(printer: Printer, payload: Uint8Array, sport: number, dport: number): string {
  if (HTTP_PORTS.includes(sport) || HTTP_PORTS.includes(dport))
    return `: ${printHttp(payload, printer.options.verbose)}`;
  // Over TCP a message has its length before it.
  if ((sport === DNS_PORT || dport === DNS_PORT) && payload.length > 2)
    return ` ${printDns(printer, payload.subarray(2))}`;
  return '';
}

function flagText(flags: number): string {
  let text = '';
  for (let bit = 0; bit < 8; bit++) if (flags & (1 << bit)) text += FLAG_LETTERS[bit];
  return text === '' ? 'none' : text;
}

function checksumText(bytes: Uint8Array, ip: IpHeader): string {
  const sum = get16(bytes, 16);
  const copy = bytes.slice();
  copy.fill(0, 16, 18);
  const right = foldChecksum(sumWords(copy, 0, copy.length, pseudoHeaderSum(ip.src, ip.dst, PROTO_TCP, copy.length)));
  return `, cksum 0x${hex(sum, 4)} (${sum === right ? 'correct' : `incorrect -> 0x${hex(right, 4)}`})`;
}

/** Numbers to print: relative to the conversation's first, unless -S, or this is its first. */
function relative(
  printer: Printer,
  bytes: Uint8Array,
  ip: IpHeader,
  sport: number,
  dport: number,
  flags: number,
): { readonly seq: number; readonly ack: number; readonly base: { readonly seq: number; readonly ack: number } } {
  const seq = get32(bytes, 4);
  const ack = get32(bytes, 8);
  const none = { seq: 0, ack: 0 };
  if (printer.options.absolute || (flags & TCP_ACK) === 0) return { seq, ack, base: none };
  const reverse = ip.src > ip.dst || (ip.src === ip.dst && sport > dport);
  const key = reverse ? `${ip.dst}:${dport}-${ip.src}:${sport}` : `${ip.src}:${sport}-${ip.dst}:${dport}`;
  const known = printer.conversations.get(key);
  if (known === undefined || (flags & TCP_SYN) !== 0) {
    const first: SequenceBase = reverse ? { seq: (ack - 1) >>> 0, ack: seq } : { seq, ack: (ack - 1) >>> 0 };
    printer.conversations.set(key, first);
    return { seq, ack, base: none };
  }
  const base = reverse ? { seq: known.ack, ack: known.seq } : known;
  return { seq: (seq - base.seq) >>> 0, ack: (ack - base.ack) >>> 0, base };
}

function optionsText(bytes: Uint8Array, base: { readonly ack: number }): string {
  const words: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const kind = bytes[at];
    if (kind === TCP_OPTION_EOL) {
      words.push('eol');
      break;
    }
    if (kind === TCP_OPTION_NOP) {
      words.push('nop');
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    if (length < 2 || at + length > bytes.length) {
      words.push('[bad opt]');
      break;
    }
    words.push(optionText(bytes.subarray(at, at + length), kind, base));
    at += length;
  }
  return words.join(',');
}

function optionText(option: Uint8Array, kind: number, base: { readonly ack: number }): string {
  switch (kind) {
    case TCP_OPTION_MSS:
      return `mss ${get16(option, 2)}`;
    case TCP_OPTION_WINDOW_SCALE:
      return `wscale ${option[2]}`;
    case TCP_OPTION_SACK_PERMITTED:
      return 'sackOK';
    case TCP_OPTION_TIMESTAMPS:
      return `TS val ${get32(option, 2)} ecr ${get32(option, 6)}`;
    case TCP_OPTION_SACK: {
      let text = `sack ${(option.length - 2) / 8} `;
      for (let at = 2; at + 8 <= option.length; at += 8) {
        text += `{${(get32(option, at) - base.ack) >>> 0}:${(get32(option, at + 4) - base.ack) >>> 0}}`;
      }
      return text;
    }
    default:
      return `unknown-${kind}${option.length > 2 ? ` 0x${[...option.subarray(2)].map((octet) => hex(octet, 2)).join('')}` : ''}`;
  }
}
