/** host(1) of BIND 9.20: addresses and mail of a name, or the name of an address. Emulated option: -t. */
import { formatIpv4, parseIpv4 } from '../base/address.ts';
import { SECOND } from '../base/scheduler.ts';
import type { Program, ProgramContext, Tool } from '../process/program.ts';
import { DNS_A, DNS_AAAA, DNS_MX, DNS_PTR, DNS_TYPE_NAMES, dnsQuery, reverseName } from '../wire/dns.ts';
import { getopt } from './net/getopt.ts';
import { askOnce, type DnsAnswer, RCODES, recordType } from './net/query.ts';
import { resolve, resolverConfig } from './net/resolve.ts';

export const hostTool: Tool = { name: 'host', summary: 'DNS lookup utility', main };

function* main(ctx: ProgramContext): Program {
  const parsed = getopt(ctx.argv.slice(1), { short: 't:' });
  const [name, serverName] = parsed.operands;
  if (parsed.error !== undefined || name === undefined) {
    yield* ctx.err(parsed.error !== undefined ? `host: ${parsed.error.replace('invalid option --', 'option -')} is not emulated here\n` : 'Usage: host [-t type] hostname [server]\n');
    return 1;
  }
  let server = resolverConfig(ctx).servers[0];
  if (serverName !== undefined) server = (yield* resolve(ctx, serverName, 4)).addresses[0]?.address ?? server;
  const address = parseIpv4(name);
  const typeText = parsed.options.find((option) => option.name === 't')?.value;
  const type = typeText === undefined ? undefined : recordType(typeText);
  if (typeText !== undefined && type === undefined) {
    yield* ctx.err(`host: invalid type: ${typeText}\n`);
    return 2;
  }
  const types = type !== undefined ? [type] : address !== undefined ? [DNS_PTR] : [DNS_A, DNS_AAAA, DNS_MX];
  const asked = address !== undefined ? reverseName(address) : name.replace(/\.$/, '');
  let told = false;
  for (const each of types) {
    let answer: DnsAnswer = { failed: 'timeout' };
    for (let attempt = 0; attempt < 2 && 'failed' in answer; attempt++) {
      answer = yield* askOnce(ctx, server, 53, dnsQuery(ctx.random('dns-id').below(0x10000), asked, each), false, 5 * SECOND);
    }
    if ('failed' in answer) {
      const late = ctx.host.kernel.platform.dig.silence === 'at the end';
      yield* ctx.out(late ? ';; connection timed out; no servers could be reached\n\n' : ';; no servers could be reached\n');
      return late && told ? 0 : 1;
    }
    const { message } = answer;
    if (message.rcode !== 0) {
      yield* ctx.out(`Host ${address !== undefined ? `${asked}.` : name} not found: ${message.rcode}(${RCODES[message.rcode] ?? ''})\n`);
      return 1;
    }
    told ||= message.answers.length > 0;
    for (const record of message.answers) {
      if ('address' in record.data) yield* ctx.out(`${record.name} has address ${formatIpv4(record.data.address)}\n`);
      else if (record.type === DNS_PTR && 'target' in record.data) yield* ctx.out(`${record.name} domain name pointer ${record.data.target}.\n`);
      else if ('target' in record.data) yield* ctx.out(`${record.name} is an alias for ${record.data.target}.\n`);
    }
    if (message.answers.length === 0 && type !== undefined) yield* ctx.out(`${name} has no ${DNS_TYPE_NAMES[type] ?? typeText ?? ''} record\n`);
  }
  return 0;
}
