/** DNS. Mirrors domain_print of print-domain.c: `4711+ A? web. (21)`, `4711 1/0/0 A 10.0.1.2 (37)`. */
import { formatIpv4 } from '../../base/address.ts';
import { get16, get32 } from '../../wire/bytes.ts';
import {
  decodeDns,
  DNS_AAAA,
  DNS_IN,
  DNS_OPT,
  DNS_SOA,
  DNS_SRV,
  DNS_TYPE_NAMES,
  type DnsQuestion,
  type DnsRecord,
} from '../../wire/dns.ts';
import { formatIpv6 } from './print-ip6.ts';
import type { Printer } from './printer.ts';

const OPCODES = ['', ' inv_q', ' stat', ' op3', ' notify', ' update'];
const RCODES = [
  '',
  ' FormErr',
  ' ServFail',
  ' NXDomain',
  ' NotImp',
  ' Refused',
  ' YXDomain',
  ' YXRRSet',
  ' NXRRSet',
  ' NotAuth',
  ' NotZone',
];

/** domain_print, without a space before. */
export function printDns(printer: Printer, payload: Uint8Array): string {
  if (payload.length < 12) return `domain [length ${payload.length} < 12] (invalid)`;
  const message = decodeDns(payload);
  const flags = get16(payload, 2);
  if (message === undefined) return `${get16(payload, 0)} [|domain]`;
  const { verbose } = printer.options;
  const { questions, answers, authorities, additionals } = message;
  const operation = OPCODES[message.opcode] ?? ` op${message.opcode}`;
  if (message.response) {
    const marks = `${message.authoritative ? '*' : ''}${message.recursionAvailable ? '' : '-'}${message.truncated ? '|' : ''}${flags & 0x20 ? '$' : ''}`;
    let text = `${message.id}${operation}${RCODES[message.rcode] ?? ` Resp${message.rcode}`}${marks}`;
    if (questions.length !== 1) text += ` [${questions.length}q]`;
    if (verbose > 1) text += questions.map((question) => ` q:${questionText(question)}`).join(',');
    text += ` ${answers.length}/${authorities.length}/${additionals.length}`;
    text += answers.map((record) => recordText(record, verbose)).join(',');
    if (verbose > 1 && authorities.length > 0)
      text += ` ns:${authorities.map((record) => recordText(record, verbose)).join(',')}`;
    if (verbose > 1 && additionals.length > 0)
      text += ` ar:${additionals.map((record) => recordText(record, verbose)).join(',')}`;
    return `${text} (${payload.length})`;
  }
  let text = `${message.id}${operation}${message.recursionDesired ? '+' : ''}${flags & 0x10 ? '%' : ''}`;
  if (flags & 0x6cf) text += ` [b2&3=0x${flags.toString(16)}]`;
  if (answers.length > 0) text += ` [${answers.length}a]`;
  if (authorities.length > 0) text += ` [${authorities.length}n]`;
  if (additionals.length > 0) text += ` [${additionals.length}au]`;
  if (questions.length !== 1) text += ` [${questions.length}q]`;
  text += questions.map(questionText).join(',');
  if (verbose > 1 && additionals.length > 0)
    text += ` ar:${additionals.map((record) => recordText(record, verbose)).join(',')}`;
  return `${text} (${payload.length})`;
}

function typeText(type: number): string {
  return DNS_TYPE_NAMES[type] ?? `Type${type}`;
}

function questionText(question: DnsQuestion): string {
  const kind = question.class === DNS_IN ? '' : ` (Class ${question.class})`;
  return ` ${typeText(question.type)}${kind}? ${question.name}.`;
}

function recordText(record: DnsRecord, verbose: number): string {
  const { data } = record;
  if (record.type === DNS_OPT) return `${verbose > 0 ? ' .' : ''} OPT UDPsize=${record.class}`;
  const head = verbose > 0 ? ` ${record.name}. [${relativeTime(record.ttl)}]` : '';
  let text = `${head} ${typeText(record.type)}`;
  if ('address' in data) text += ` ${formatIpv4(data.address)}`;
  else if ('target' in data) text += ` ${data.target}.`;
  else if (record.type === DNS_AAAA && data.octets.length === 16) text += ` ${formatIpv6(data.octets)}`;
  else if (record.type === DNS_SRV) text += ` port ${get16(data.octets, 4)} priority ${get16(data.octets, 0)}`;
  else if (record.type === DNS_SOA) text += ` serial ${get32(data.octets, data.octets.length - 20)}`;
  return text;
}

/** unsigned_relts_print: `1h5s` */
function relativeTime(seconds: number): string {
  if (seconds === 0) return '0s';
  let rest = seconds;
  let text = '';
  for (const [unit, size] of [
    ['w', 604_800],
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}
