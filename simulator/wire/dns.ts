/** DNS messages (RFC 1035), with name compression both ways. */
import { encodeUtf8, decodeUtf8 } from '../base/utf8.ts';
import { formatIpv4 } from '../base/address.ts';
import { get16, get32, put16, put32 } from './bytes.ts';

export const DNS_A = 1;
export const DNS_NS = 2;
export const DNS_CNAME = 5;
export const DNS_SOA = 6;
export const DNS_PTR = 12;
export const DNS_MX = 15;
export const DNS_TXT = 16;
export const DNS_AAAA = 28;
export const DNS_SRV = 33;
export const DNS_OPT = 41;
export const DNS_ANY = 255;
export const DNS_IN = 1;

export const DNS_NOERROR = 0;
export const DNS_FORMERR = 1;
export const DNS_SERVFAIL = 2;
export const DNS_NXDOMAIN = 3;
export const DNS_NOTIMP = 4;
export const DNS_REFUSED = 5;

/** Names of record types, as tools print them. */
export const DNS_TYPE_NAMES: Readonly<Record<number, string>> = {
  [DNS_A]: 'A',
  [DNS_NS]: 'NS',
  [DNS_CNAME]: 'CNAME',
  [DNS_SOA]: 'SOA',
  [DNS_PTR]: 'PTR',
  [DNS_MX]: 'MX',
  [DNS_TXT]: 'TXT',
  [DNS_AAAA]: 'AAAA',
  [DNS_SRV]: 'SRV',
  [DNS_OPT]: 'OPT',
  [DNS_ANY]: 'ANY',
};

export interface DnsQuestion {
  /** Without the final dot; '' is the root. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** What a record says: an IPv4 address, a name (CNAME, NS, PTR), or octets as they are. */
export type DnsData = { readonly address: number } | { readonly target: string } | { readonly octets: Uint8Array };

export interface DnsRecord {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Seconds. */
  readonly ttl: number;
  readonly data: DnsData;
}

export interface DnsMessage {
  readonly id: number;
  readonly response: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly rcode: number;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/** A query with one question, as resolvers send it. */
export function dnsQuery(id: number, name: string, type: number = DNS_A): DnsMessage {
  return {
    id,
    response: false,
    opcode: 0,
    authoritative: false,
    truncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    rcode: DNS_NOERROR,
    questions: [{ name, type, class: DNS_IN }],
    answers: [],
    authorities: [],
    additionals: [],
  };
}

/** The answer to `query` with these records. */
export function dnsReply(query: DnsMessage, answers: readonly DnsRecord[], rcode: number = DNS_NOERROR): DnsMessage {
  return { ...query, response: true, recursionAvailable: true, rcode, answers, authorities: [], additionals: [] };
}

/** The name of the PTR record of an address: `4.3.2.1.in-addr.arpa`. */
export function reverseName(address: number): string {
  return `${formatIpv4(address).split('.').reverse().join('.')}.in-addr.arpa`;
}

/** The octets of a message, names compressed unless told not to (Docker's server does not). Labels longer than 63 octets are cut. */
export function encodeDns(message: DnsMessage, compress = true): Uint8Array {
  const out: number[] = [];
  const names = compress ? new Map<string, number>() : undefined;
  const flags =
    (message.response ? 0x8000 : 0) |
    (message.opcode << 11) |
    (message.authoritative ? 0x0400 : 0) |
    (message.truncated ? 0x0200 : 0) |
    (message.recursionDesired ? 0x0100 : 0) |
    (message.recursionAvailable ? 0x0080 : 0) |
    message.rcode;
  const { questions, answers, authorities, additionals } = message;
  for (const value of [message.id, flags, questions.length, answers.length, authorities.length, additionals.length])
    push16(out, value);
  for (const question of questions) {
    pushName(out, names, question.name);
    push16(out, question.type);
    push16(out, question.class);
  }
  for (const record of [...answers, ...authorities, ...additionals]) pushRecord(out, names, record);
  return Uint8Array.from(out);
}

function push16(out: number[], value: number): void {
  out.push((value >>> 8) & 255, value & 255);
}

function pushName(out: number[], names: Map<string, number> | undefined, name: string): void {
  let rest = name.replace(/\.$/, '');
  while (rest !== '') {
    const known = names?.get(rest.toLowerCase());
    if (known !== undefined) {
      push16(out, 0xc000 | known);
      return;
    }
    if (out.length < 0x4000) names?.set(rest.toLowerCase(), out.length);
    const dot = rest.indexOf('.');
    const label = encodeUtf8(dot < 0 ? rest : rest.slice(0, dot)).subarray(0, 63);
    out.push(label.length, ...label);
    rest = dot < 0 ? '' : rest.slice(dot + 1);
  }
  out.push(0);
}

function pushRecord(out: number[], names: Map<string, number> | undefined, record: DnsRecord): void {
  pushName(out, names, record.name);
  push16(out, record.type);
  push16(out, record.class);
  push16(out, record.ttl >>> 16);
  push16(out, record.ttl & 0xffff);
  const lengthAt = out.length;
  push16(out, 0);
  const { data } = record;
  if ('address' in data) {
    const four = new Uint8Array(4);
    put32(four, 0, data.address);
    out.push(...four);
  } else if ('target' in data) pushName(out, names, data.target);
  else out.push(...data.octets);
  const length = new Uint8Array(2);
  put16(length, 0, out.length - lengthAt - 2);
  [out[lengthAt], out[lengthAt + 1]] = length;
}

/** The message of some octets; undefined when they are no DNS message. */
export function decodeDns(bytes: Uint8Array): DnsMessage | undefined {
  if (bytes.length < 12) return undefined;
  const flags = get16(bytes, 2);
  const reader = { bytes, at: 12 };
  const questions: DnsQuestion[] = [];
  for (let i = get16(bytes, 4); i > 0; i--) {
    const name = readName(reader);
    if (name === undefined || reader.at + 4 > bytes.length) return undefined;
    questions.push({ name, type: get16(bytes, reader.at), class: get16(bytes, reader.at + 2) });
    reader.at += 4;
  }
  const sections: DnsRecord[][] = [];
  for (const countAt of [6, 8, 10]) {
    const records: DnsRecord[] = [];
    for (let i = get16(bytes, countAt); i > 0; i--) {
      const record = readRecord(reader);
      if (record === undefined) return undefined;
      records.push(record);
    }
    sections.push(records);
  }
  const [answers, authorities, additionals] = sections;
  return {
    id: get16(bytes, 0),
    response: (flags & 0x8000) !== 0,
    opcode: (flags >>> 11) & 15,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    rcode: flags & 15,
    questions,
    answers,
    authorities,
    additionals,
  };
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

function readName(reader: Reader): string | undefined {
  const { bytes } = reader;
  const labels: string[] = [];
  let at = reader.at;
  let jumped = false;
  // A name has at most 128 labels; more means that pointers go round.
  for (let steps = 0; steps < 256; steps++) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length === 0) {
      if (!jumped) reader.at = at + 1;
      return labels.join('.');
    }
    if (length >= 0xc0) {
      if (!jumped) reader.at = at + 2;
      jumped = true;
      at = get16(bytes, at) & 0x3fff;
      continue;
    }
    if (length > 63 || at + 1 + length > bytes.length) return undefined;
    labels.push(decodeUtf8(bytes.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return undefined;
}

function readRecord(reader: Reader): DnsRecord | undefined {
  const { bytes } = reader;
  const name = readName(reader);
  if (name === undefined || reader.at + 10 > bytes.length) return undefined;
  const type = get16(bytes, reader.at);
  const length = get16(bytes, reader.at + 8);
  const base = { name, type, class: get16(bytes, reader.at + 2), ttl: get32(bytes, reader.at + 4) };
  const from = reader.at + 10;
  const end = from + length;
  if (end > bytes.length) return undefined;
  let data: DnsData = { octets: bytes.slice(from, end) };
  if (type === DNS_A && length === 4) data = { address: get32(bytes, from) };
  else if (type === DNS_CNAME || type === DNS_NS || type === DNS_PTR) {
    reader.at = from;
    const target = readName(reader);
    if (target === undefined) return undefined;
    data = { target };
  }
  reader.at = end;
  return { ...base, data };
}
