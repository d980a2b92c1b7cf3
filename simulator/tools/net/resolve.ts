/**
 * getaddrinfo(3): literals, /etc/hosts, then the nameservers of /etc/resolv.conf by UDP queries that travel the emulated
 * network (glibc's order `hosts: files dns`). Also the reverse, getnameinfo(3).
 * Deviations: no IPv6 beside ::1; no cache; answers that do not fit a datagram are not asked again over TCP.
 */
import { formatIpv4, parseIpv4 } from '../../base/address.ts';
import { SECOND } from '../../base/scheduler.ts';
import { receiveFrom, udpConnect, udpSend, udpSocket, type UdpSocket } from '../../transport/index.ts';
import type { Blocking, ProgramContext } from '../../process/program.ts';
import { decodeDns, DNS_A, DNS_AAAA, DNS_PTR, type DnsMessage, type DnsRecord, dnsQuery, encodeDns, reverseName } from '../../wire/dns.ts';

export interface ResolvedAddress {
  readonly family: 4 | 6;
  /** IPv4 number, or 1 for ::1. */
  readonly address: number;
}

/** EAI_NONAME, EAI_AGAIN, EAI_NODATA. */
export type ResolveError = 'unknown' | 'again' | 'nodata';

export interface Resolution {
  readonly addresses: readonly ResolvedAddress[];
  readonly error: ResolveError | undefined;
  /** Canonical name, as asked when nothing better is known. */
  readonly name: string;
}

/** The text gai_strerror(3) gives. */
export function resolveErrorText(error: ResolveError): string {
  if (error === 'again') return 'Temporary failure in name resolution';
  return error === 'unknown' ? 'Name or service not known' : 'No address associated with hostname';
}

export interface ResolverConfig {
  readonly servers: readonly number[];
  readonly search: readonly string[];
  readonly ndots: number;
  readonly timeout: number;
  readonly attempts: number;
}

/** /etc/resolv.conf (resolv.conf(5)); 127.0.0.1 when it names nobody. */
export function resolverConfig(ctx: ProgramContext): ResolverConfig {
  const text = ctx.fs.readText('/etc/resolv.conf');
  const servers: number[] = [];
  let search: string[] = [];
  let ndots = 1;
  let timeout = 5;
  let attempts = 2;
  for (const line of text.ok ? text.value.split('\n') : []) {
    const [keyword, ...rest] = line.replace(/[#;].*$/, '').trim().split(/\s+/);
    if (keyword === 'nameserver') {
      const address = parseIpv4(rest[0] ?? '');
      if (address !== undefined && servers.length < 3) servers.push(address);
    } else if (keyword === 'search' || keyword === 'domain') search = rest;
    else if (keyword === 'options') {
      for (const option of rest) {
        const value = Number(option.split(':')[1]);
        if (option.startsWith('ndots:')) ndots = value;
        else if (option.startsWith('timeout:')) timeout = value;
        else if (option.startsWith('attempts:')) attempts = value;
      }
    }
  }
  if (servers.length === 0) servers.push(0x7f000001);
  return { servers, search, ndots, timeout, attempts };
}

/** Addresses of `name` in /etc/hosts, in the file's order, IPv6 first as RFC 6724 sorts ::1 and 127.0.0.1. */
export function hostsLookup(ctx: ProgramContext, name: string): ResolvedAddress[] {
  const found: ResolvedAddress[] = [];
  const wanted = name.toLowerCase();
  for (const [text, names] of hostsLines(ctx)) {
    if (!names.some((other) => other.toLowerCase() === wanted)) continue;
    if (text === '::1') found.push({ family: 6, address: 1 });
    const address = parseIpv4(text);
    if (address !== undefined && !found.some((other) => other.family === 4 && other.address === address)) found.push({ family: 4, address });
  }
  return found.sort((a, b) => b.family - a.family);
}

function hostsLines(ctx: ProgramContext): [string, string[]][] {
  const text = ctx.fs.readText('/etc/hosts');
  if (!text.ok) return [];
  return text.value
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim().split(/\s+/))
    .filter((words) => words.length > 1)
    .map(([address, ...names]) => [address as string, names]);
}

/** *blocking* As {@link resolve}, by a busybox: some were linked without what looks names up. */
export function* resolveInBusybox(ctx: ProgramContext, name: string, family: 0 | 4 | 6 = 0): Blocking<Resolution> {
  if (ctx.host.kernel.platform.busyboxNames || literalAddress(name) !== undefined) return yield* resolve(ctx, name, family);
  return { addresses: [], error: 'unknown', name };
}

/** *blocking* The addresses of a host name or literal. `family` 0 for both; gives up at `deadline` (virtual µs). */
export function* resolve(ctx: ProgramContext, name: string, family: 0 | 4 | 6 = 0, deadline?: number): Blocking<Resolution> {
  const wanted = (list: readonly ResolvedAddress[]): ResolvedAddress[] => list.filter((entry) => family === 0 || entry.family === family);
  const literal = literalAddress(name);
  if (literal !== undefined) {
    const addresses = wanted([literal]);
    return { addresses, error: addresses.length > 0 ? undefined : 'unknown', name };
  }
  const local = wanted(hostsLookup(ctx, name));
  if (local.length > 0) return { addresses: local, error: undefined, name };
  let error: ResolveError = 'unknown';
  for (const candidate of candidates(name, resolverConfig(ctx))) {
    const answer = yield* ask(ctx, candidate, family === 4 ? [DNS_A] : family === 6 ? [DNS_AAAA] : [DNS_A, DNS_AAAA], deadline);
    if (answer === undefined) return { addresses: [], error: 'again', name };
    const addresses = answer.flatMap((message) => message.answers).flatMap((record) => addressOf(record));
    if (addresses.length > 0) return { addresses, error: undefined, name: candidate };
    if (answer.some((message) => message.rcode === 2 || message.rcode === 5)) error = 'again';
    else if (answer.some((message) => message.rcode === 0)) error = 'nodata';
    if (error === 'again') break;
  }
  return { addresses: [], error, name };
}

function literalAddress(name: string): ResolvedAddress | undefined {
  if (name === '::1') return { family: 6, address: 1 };
  const address = parseIpv4(name);
  if (address !== undefined) return { family: 4, address };
  // inet_aton(3): fewer than four numbers.
  if (/^\d+$/.test(name) && Number(name) <= 0xffffffff) return { family: 4, address: Number(name) };
  const short = /^(\d{1,3})\.(\d{1,3})$/.exec(name);
  if (short !== null && Number(short[1]) < 256 && Number(short[2]) < 256) return { family: 4, address: Number(short[1]) * 0x1000000 + Number(short[2]) };
  return undefined;
}

/** The names to ask for, by ndots and search (res_search). */
export function candidates(name: string, config: ResolverConfig): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const searched = config.search.filter((domain) => domain !== '.').map((domain) => `${name}.${domain}`);
  const dots = name.split('.').length - 1;
  return dots >= config.ndots ? [name, ...searched] : [...searched, name];
}

function addressOf(record: DnsRecord): ResolvedAddress[] {
  return record.type === DNS_A && 'address' in record.data ? [{ family: 4, address: record.data.address }] : [];
}

/** *blocking* One answer per type, or undefined when no server gave any. */
function* ask(ctx: ProgramContext, name: string, types: readonly number[], deadline: number | undefined): Blocking<DnsMessage[] | undefined> {
  const config = resolverConfig(ctx);
  for (let attempt = 0; attempt < config.attempts; attempt++) {
    for (const server of config.servers) {
      const answers = yield* askServer(ctx, server, name, types, Math.min(ctx.now + config.timeout * SECOND, deadline ?? Infinity));
      if (answers !== undefined) return answers;
      if (deadline !== undefined && ctx.now >= deadline) return undefined;
    }
  }
  return undefined;
}

function* askServer(ctx: ProgramContext, server: number, name: string, types: readonly number[], deadline: number): Blocking<DnsMessage[] | undefined> {
  const socket = udpSocket(ctx.netns).ownedBy(ctx.origin);
  try {
    if (!udpConnect(socket, server, 53).ok) return undefined;
    const ids = new Map<number, number>();
    for (const type of types) {
      const id = ctx.random('dns-id').below(0x10000);
      ids.set(id, type);
      if (!udpSend(socket, encodeDns(dnsQuery(id, name, type))).ok) return undefined;
    }
    const answers: DnsMessage[] = [];
    while (answers.length < types.length) {
      const message = yield* nextMessage(ctx, socket, deadline);
      if (message === undefined) return answers.length > 0 ? answers : undefined;
      if (ids.delete(message.id)) answers.push(message);
    }
    return answers;
  } finally {
    socket.close();
  }
}

/** *blocking* The next well-formed answer; undefined on time-out and errors. */
function* nextMessage(ctx: ProgramContext, socket: UdpSocket, deadline: number): Blocking<DnsMessage | undefined> {
  for (;;) {
    const datagram = yield* receiveFrom(ctx, socket, deadline);
    if (!datagram.ok) return undefined;
    const message = decodeDns(datagram.value.payload);
    if (message?.response === true) return message;
  }
}

/** *blocking* The name of an address: /etc/hosts, then PTR; undefined when there is none (or nobody to ask). */
export function* reverse(ctx: ProgramContext, address: number): Blocking<string | undefined> {
  const text = formatIpv4(address);
  for (const [other, names] of hostsLines(ctx)) if (other === text) return names[0];
  const answers = yield* ask(ctx, reverseName(address), [DNS_PTR], undefined);
  const data = answers?.[0]?.answers.find((record) => record.type === DNS_PTR)?.data;
  return data !== undefined && 'target' in data ? data.target : undefined;
}
