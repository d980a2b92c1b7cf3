/**
 * dig(1) of BIND 9.20: one question. Emulated: @server, -x, -t, -p, -q, -4, a type, +short +[no]all +[no]answer +[no]question
 * +[no]comments +[no]stats +[no]cmd +tcp +vc +time= +tries= +retry= +[no]recurse +[no]edns +[no]search. Others are refused.
 */
import { formatIpv4, parseIpv4 } from '../base/address.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../process/program.ts';
import { DNS_A, DNS_IN, DNS_OPT, DNS_PTR, DNS_TYPE_NAMES, type DnsMessage, dnsQuery, type DnsRecord, reverseName } from '../wire/dns.ts';
import { SECOND } from '../base/scheduler.ts';
import { askOnce, type DnsAnswer, RCODES, recordData, recordType } from './net/query.ts';
import { candidates, resolve, resolverConfig } from './net/resolve.ts';
import { strftime } from '../process/calendar.ts';

export const digTool: Tool = { name: 'dig', summary: 'DNS lookup utility', main };


interface DigOptions {
  server: string;
  port: number;
  name: string;
  type: number;
  typeGiven: boolean;
  short: boolean;
  tcp: boolean;
  recurse: boolean;
  edns: boolean;
  search: boolean;
  timeout: number;
  tries: number;
  shown: { cmd: boolean; comments: boolean; question: boolean; answer: boolean; stats: boolean };
}

function* main(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  const options = parse(words);
  if (typeof options === 'string') {
    yield* ctx.err(`${options}\n`);
    return 1;
  }
  const config = resolverConfig(ctx);
  let servers = config.servers;
  if (options.server !== '') {
    const found = yield* resolve(ctx, options.server, 4);
    const address = found.addresses[0]?.address;
    if (address === undefined) {
      yield* ctx.err(`dig: couldn't get address for '${options.server}': not found\n`);
      return 10;
    }
    servers = [address];
  }
  const banner = options.shown.cmd && !options.short ? `\n; <<>> DiG ${ctx.host.kernel.platform.dig.version} <<>> ${words.join(' ')}\n;; global options: +cmd\n` : '';
  const names = options.search ? candidates(options.name, config) : [options.name.replace(/\.$/, '')];
  let reached: { answer: Exclude<DnsAnswer, { failed: unknown }>; server: number } | undefined;
  for (const name of names) {
    reached = yield* ask(ctx, options, servers, name);
    if (reached === undefined || reached.answer.message.rcode === 0) break;
  }
  if (reached === undefined) {
    const late = ctx.host.kernel.platform.dig.silence === 'at the end' ? 'connection timed out; ' : '';
    yield* ctx.out(`${banner};; ${late}no servers could be reached\n\n`);
    return 9;
  }
  yield* ctx.out(options.short ? reached.answer.message.answers.map((record) => `${recordData(record)}\n`).join('') : report(ctx, options, banner, reached.answer, reached.server));
  return 0;
}

/** Every server, as often as +tries says. */
function* ask(ctx: ProgramContext, options: DigOptions, servers: readonly number[], name: string): Blocking<{ answer: Exclude<DnsAnswer, { failed: unknown }>; server: number } | undefined> {
  const base = dnsQuery(ctx.random('dns-id').below(0x10000), name, options.type);
  const query: DnsMessage = { ...base, recursionDesired: options.recurse, additionals: options.edns ? [clientCookie(ctx)] : [] };
  for (let attempt = 0; attempt < options.tries; attempt++) {
    for (const server of servers) {
      const answer = yield* askOnce(ctx, server, options.port, query, options.tcp, options.timeout);
      if (!('failed' in answer)) return { answer, server };
      if (answer.failed === 'timeout' && ctx.host.kernel.platform.dig.silence === 'at the end') continue;
      const why = answer.failed === 'timeout' ? 'timed out' : answer.failed === 'ECONNREFUSED' ? 'connection refused' : answer.failed === 'EHOSTUNREACH' ? 'host unreachable' : answer.failed === 'ENETUNREACH' ? 'network unreachable' : 'end of file';
      yield* ctx.out(`;; communications error to ${formatIpv4(server)}#${options.port}: ${why}\n`);
    }
  }
  return undefined;
}

/** EDNS0 with a client cookie (RFC 7873), which dig sends by default. */
function clientCookie(ctx: ProgramContext): DnsRecord {
  const random = ctx.random('dns-cookie');
  const octets = new Uint8Array(12);
  octets.set([0, 10, 0, 8]);
  for (let i = 4; i < 12; i++) octets[i] = random.below(256);
  return { name: '', type: DNS_OPT, class: 1232, ttl: 0, data: { octets } };
}

function report(ctx: ProgramContext, options: DigOptions, banner: string, answer: Exclude<DnsAnswer, { failed: unknown }>, server: number): string {
  const { message } = answer;
  const { shown } = options;
  let text = banner;
  if (shown.comments) {
    const flags = ['qr', message.authoritative ? 'aa' : '', message.truncated ? 'tc' : '', message.recursionDesired ? 'rd' : '', message.recursionAvailable ? 'ra' : ''].filter((flag) => flag !== '').join(' ');
    text += `;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: ${RCODES[message.rcode] ?? `RESERVED${message.rcode}`}, id: ${message.id}\n`;
    text += `;; flags: ${flags}; QUERY: ${message.questions.length}, ANSWER: ${message.answers.length}, AUTHORITY: ${message.authorities.length}, ADDITIONAL: ${message.additionals.length}\n`;
    if (message.recursionDesired && !message.recursionAvailable) text += ';; WARNING: recursion requested but not available\n';
    text += '\n';
  }
  if (shown.question && message.questions.length > 0) {
    if (shown.comments) text += ';; QUESTION SECTION:\n';
    for (const question of message.questions) text += `${columns([[0, `;${question.name}.`], [32, 'IN'], [40, DNS_TYPE_NAMES[question.type] ?? `TYPE${question.type}`]])}\n`;
    text += '\n';
  }
  if (shown.answer && message.answers.length > 0) {
    if (shown.comments) text += ';; ANSWER SECTION:\n';
    for (const record of message.answers) text += `${recordLine(record)}\n`;
    if (shown.comments || shown.stats) text += '\n';
  }
  if (shown.stats) {
    text += `;; Query time: ${Math.floor(answer.took / 1000)} msec\n;; SERVER: ${formatIpv4(server)}#${options.port}(${options.server !== '' ? options.server : formatIpv4(server)})${ctx.host.kernel.platform.dig.namesTransport ? ` (${options.tcp ? 'TCP' : 'UDP'})` : ''}\n`;
    text += `;; WHEN: ${strftime('%a %b %d %H:%M:%S UTC %Y', Math.floor(ctx.wallClock / 1e6))}\n;; MSG SIZE  rcvd: ${answer.size}\n\n`;
  }
  return text;
}

/** Owner, TTL, class, type and data at BIND's columns. */
function recordLine(record: DnsRecord): string {
  return columns([
    [0, `${record.name}.`],
    [24, String(record.ttl)],
    [32, record.class === DNS_IN ? 'IN' : `CLASS${record.class}`],
    [40, DNS_TYPE_NAMES[record.type] ?? `TYPE${record.type}`],
    [48, recordData(record)],
  ]);
}

/** Tabs up to each column; one space where the column has been passed. */
function columns(cells: readonly (readonly [number, string])[]): string {
  let text = '';
  let at = 0;
  for (const [column, cell] of cells) {
    if (at > 0 && at >= column) {
      text += ' ';
      at++;
    }
    while (at < column) {
      text += '\t';
      at = at - (at % 8) + 8;
    }
    text += cell;
    at += cell.length;
  }
  return text;
}

function parse(words: readonly string[]): DigOptions | string {
  const options: DigOptions = {
    server: '',
    port: 53,
    name: '',
    type: DNS_A,
    typeGiven: false,
    short: false,
    tcp: false,
    recurse: true,
    edns: true,
    search: false,
    timeout: 5 * SECOND,
    tries: 3,
    shown: { cmd: true, comments: true, question: true, answer: true, stats: true },
  };
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word.startsWith('@')) options.server = word.slice(1);
    else if (word.startsWith('+')) {
      const error = plus(options, word.slice(1));
      if (error !== undefined) return error;
    } else if (word === '-4') continue;
    else if (/^-[xtpq]/.test(word)) {
      const value = word.length > 2 ? word.slice(2) : words[++i];
      if (value === undefined) return `dig: '${word}' needs a value`;
      const error = letter(options, word[1], value);
      if (error !== undefined) return error;
    } else if (word.startsWith('-')) return /^-[bcfikmruvhy6]/.test(word) ? `dig: option ${word} is not emulated here` : `Invalid option: ${word}\nUsage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}\n            {global-d-opt} host [@local-server] {local-d-opt}\n            [ host [@local-server] {local-d-opt} [...]]\n\nUse "dig -h" (or "dig -h | more") for complete list of options`;
    else if (word.toUpperCase() === 'IN') continue;
    else if (!options.typeGiven && recordType(word) !== undefined) {
      options.type = recordType(word) as number;
      options.typeGiven = true;
    } else if (options.name === '') options.name = word;
    else return 'dig: several questions at once are not emulated here';
  }
  if (options.name === '') {
    options.name = '.';
    options.type = options.typeGiven ? options.type : 2;
  }
  return options;
}

function letter(options: DigOptions, name: string, value: string): string | undefined {
  if (name === 'x') {
    const address = parseIpv4(value);
    if (address === undefined) return `dig: Invalid IP address ${value}`;
    options.name = reverseName(address);
    options.type = DNS_PTR;
    options.typeGiven = true;
  } else if (name === 'p') {
    if (!/^\d+$/.test(value) || Number(value) > 65535) return `dig: Couldn't parse port number`;
    options.port = Number(value);
  }
  else if (name === 'q') options.name = value;
  else {
    const type = recordType(value);
    if (type === undefined) return `;; Warning, ignoring invalid type ${value}`;
    options.type = type;
    options.typeGiven = true;
  }
  return undefined;
}

function plus(options: DigOptions, text: string): string | undefined {
  const on = !text.startsWith('no');
  const name = on ? text : text.slice(2);
  const [key = '', given] = name.split('=');
  const value = /^\d+$/.test(given ?? '') ? Number(given) : undefined;
  const { shown } = options;
  switch (key) {
    case 'short':
      options.short = on;
      return undefined;
    case 'all':
      for (const key of Object.keys(shown) as (keyof typeof shown)[]) shown[key] = on;
      return undefined;
    case 'cmd':
    case 'comments':
    case 'question':
    case 'answer':
    case 'stats':
      shown[key as keyof typeof shown] = on;
      return undefined;
    case 'tcp':
    case 'vc':
      options.tcp = on;
      return undefined;
    case 'recurse':
    case 'rec':
      options.recurse = on;
      return undefined;
    case 'edns':
    case 'cookie':
      options.edns = on;
      return undefined;
    case 'search':
      options.search = on;
      return undefined;
    case 'time':
    case 'timeout':
      if (value === undefined) return `dig: Couldn't parse timeout`;
      options.timeout = Math.max(1, value) * SECOND;
      return undefined;
    case 'tries':
      if (value === undefined) return `dig: Couldn't parse tries`;
      options.tries = Math.max(1, value);
      return undefined;
    case 'retry':
      if (value === undefined) return `dig: Couldn't parse retries`;
      options.tries = value + 1;
      return undefined;
    default:
      return `dig: option +${text} is not emulated here`;
  }
}
