/**
 * nslookup(1) of BIND 9.20 (`nslookupTool`) and of busybox (`busyboxNslookupTool`): one name or address, optionally a
 * server. Emulated options: -type= / -query=. The interactive mode is refused.
 */
import { formatIpv4, parseIpv4 } from '../base/address.ts';
import { strerror } from '../base/errno.ts';
import { SECOND } from '../base/scheduler.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../process/program.ts';
import { udpConnect, udpSocket } from '../transport/index.ts';
import { DNS_A, DNS_AAAA, DNS_CNAME, DNS_PTR, type DnsMessage, dnsQuery, reverseName } from '../wire/dns.ts';
import { askBy, askOnce, type DnsAnswer, RCODES, recordType } from './net/query.ts';
import { candidates, resolve, resolverConfig } from './net/resolve.ts';

export const nslookupTool: Tool = { name: 'nslookup', summary: 'query Internet name servers interactively', main };
export const busyboxNslookupTool: Tool = { name: 'nslookup', directory: '/usr/bin', summary: 'query DNS about HOST', main: busyboxMain };

interface Request {
  readonly name: string;
  readonly server: number;
  readonly types: readonly number[];
}

function* parse(ctx: ProgramContext): Blocking<Request | string> {
  let types: number[] | undefined;
  const operands: string[] = [];
  for (const word of ctx.argv.slice(1)) {
    const match = /^-(?:q|ty|type|query|querytype)=(.+)$/.exec(word);
    if (match !== null) {
      const type = recordType(match[1]);
      if (type === undefined) return `unknown query type: ${match[1]}`;
      types = [type];
    } else if (word.startsWith('-')) return `nslookup: option ${word} is not emulated here`;
    else operands.push(word);
  }
  const [name, serverName] = operands;
  if (name === undefined) return 'nslookup: the interactive mode is not emulated here';
  let server = resolverConfig(ctx).servers[0];
  if (serverName !== undefined) {
    const found = yield* resolve(ctx, serverName, 4);
    if (found.addresses.length === 0) return `nslookup: couldn't get address for '${serverName}': not found`;
    server = found.addresses[0].address;
  }
  return { name, server, types: types ?? (parseIpv4(name) !== undefined ? [DNS_PTR] : [DNS_A, DNS_AAAA]) };
}

/** The question's name, and what it is asked about. */
function questionName(name: string): string {
  const address = parseIpv4(name);
  return address !== undefined ? reverseName(address) : name;
}

function records(message: DnsMessage): string {
  let text = '';
  for (const record of message.answers) {
    if (record.type === DNS_CNAME && 'target' in record.data) text += `${record.name}\tcanonical name = ${record.data.target}.\n`;
    else if ('address' in record.data) text += `Name:\t${record.name}\nAddress: ${formatIpv4(record.data.address)}\n`;
    else if (record.type === DNS_PTR && 'target' in record.data) text += `${record.name}\tname = ${record.data.target}.\n`;
  }
  return text;
}

function* main(ctx: ProgramContext): Program {
  const request = yield* parse(ctx);
  if (typeof request === 'string') {
    yield* ctx.err(`${request}\n`);
    return 1;
  }
  const server = formatIpv4(request.server);
  const reversing = parseIpv4(request.name) !== undefined;
  const header = `Server:\t\t${server}\nAddress:\t${server}#53\n\n`;
  const config = resolverConfig(ctx);
  const names = reversing ? [questionName(request.name)] : candidates(request.name, config);
  let shown = false;
  let rcode = 0;
  for (const name of names) {
    for (const type of request.types) {
      const answer = yield* patient(ctx, request.server, name, type);
      if ('failed' in answer) {
        yield* ctx.out(';; connection timed out; no servers could be reached\n\n\n');
        return 1;
      }
      const { message } = answer;
      if (message.rcode !== 0) {
        rcode = message.rcode;
        if (rcode === 2 && name === names.at(-1)) yield* ctx.out(`;; Got SERVFAIL reply from ${server}\n`);
        break;
      }
      const text = records(message);
      if (!shown && (text !== '' || type === request.types.at(-1))) {
        shown = true;
        yield* ctx.out(`${reversing ? '' : header}${message.authoritative || reversing ? '' : 'Non-authoritative answer:\n'}`);
        if (text === '') yield* ctx.out(`*** Can't find ${request.name}: No answer\n`);
      }
      yield* ctx.out(text);
    }
    if (shown) {
      yield* ctx.out(reversing ? '\nAuthoritative answers can be found from:\n\n' : '\n');
      return 0;
    }
  }
  yield* ctx.out(`${header}** server can't find ${reversing ? names[0] : request.name}: ${RCODES[rcode] ?? String(rcode)}\n\n`);
  return 1;
}

/** Three tries of five seconds. */
function* patient(ctx: ProgramContext, server: number, name: string, type: number): Blocking<DnsAnswer> {
  let answer: DnsAnswer = { failed: 'timeout' };
  for (let attempt = 0; attempt < 3; attempt++) {
    answer = yield* askOnce(ctx, server, 53, dnsQuery(ctx.random('dns-id').below(0x10000), name, type), false, 5 * SECOND);
    if (!('failed' in answer)) return answer;
    if (answer.failed !== 'timeout') yield* ctx.out(`;; communications error to ${formatIpv4(server)}#53: ${strerror(answer.failed).toLowerCase()}\n`);
  }
  return answer;
}

/** The replies to all questions, or undefined when one had none: asked by one socket, which conntrack takes for one conversation. */
function* busyboxReplies(ctx: ProgramContext, request: Request): Blocking<DnsMessage[] | undefined> {
  const replies: DnsMessage[] = [];
  const socket = udpSocket(ctx.netns).ownedBy(ctx.origin);
  try {
    const connected = udpConnect(socket, request.server, 53);
    for (const type of request.types) {
      const query = dnsQuery(ctx.random('dns-id').below(0x10000), questionName(request.name), type);
      let answer: DnsAnswer = { failed: connected.ok ? 'timeout' : connected.errno };
      for (let attempt = 0; attempt < 2 && connected.ok && 'failed' in answer; attempt++) {
        answer = yield* askBy(ctx, socket, query, 5 * SECOND);
        if ('failed' in answer && answer.failed !== 'timeout') break;
      }
      if ('failed' in answer) {
        if (answer.failed !== 'timeout') yield* ctx.err(`nslookup: write to '${formatIpv4(request.server)}': ${strerror(answer.failed)}\n`);
        yield* ctx.out(';; connection timed out; no servers could be reached\n\n');
        return undefined;
      }
      replies.push(answer.message);
    }
    return replies;
  } finally {
    socket.close();
  }
}

function* busyboxMain(ctx: ProgramContext): Program {
  const request = yield* parse(ctx);
  if (typeof request === 'string') {
    yield* ctx.err(`${request}\n`);
    return 1;
  }
  const server = formatIpv4(request.server);
  const replies = yield* busyboxReplies(ctx, request);
  if (replies === undefined) return 1;
  let failed = false;
  let text = `Server:\t\t${server}\nAddress:\t${server}:53\n\n`;
  for (const message of replies) {
    if (message.rcode !== 0) {
      failed = true;
      text += `** server can't find ${message.questions[0]?.name ?? request.name}: ${RCODES[message.rcode] ?? String(message.rcode)}\n\n`;
    } else text += `${message.authoritative ? '' : 'Non-authoritative answer:\n'}${records(message).replace(/\.$/gm, '')}\n`;
  }
  yield* ctx.out(text);
  return failed ? 1 : 0;
}
