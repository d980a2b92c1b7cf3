/** getent(1) of glibc 2.41: hosts, ahosts, ahostsv4, ahostsv6, services, passwd, group. */
import { formatIpv4, parseIpv4 } from '../base/address.ts';
import type { Program, ProgramContext, Tool } from '../process/program.ts';
import { serviceName, servicePort } from '../wire/services.ts';
import { hostsLookup, resolve, reverse, type ResolvedAddress } from './net/resolve.ts';

export const getentTool: Tool = { name: 'getent', summary: 'get entries from Name Service Switch libraries', main };

function* main(ctx: ProgramContext): Program {
  const [database, ...keys] = ctx.argv.slice(1);
  if (database === undefined) {
    yield* ctx.err("getent: wrong number of arguments\nTry `getent --help' or `getent --usage' for more information.\n");
    return 1;
  }
  if (database.startsWith('-')) {
    yield* ctx.err(`getent: option ${database} is not emulated here\n`);
    return 1;
  }
  switch (database) {
    case 'hosts':
      return yield* hosts(ctx, keys);
    case 'ahosts':
    case 'ahostsv4':
    case 'ahostsv6':
      return yield* ahosts(ctx, keys, database === 'ahosts' ? 0 : database === 'ahostsv4' ? 4 : 6);
    case 'services':
      return yield* services(ctx, keys);
    case 'passwd':
    case 'group':
      return yield* lines(ctx, `/etc/${database}`, keys);
    default:
      yield* ctx.err(`Unknown database: ${database}\nTry \`getent --help' or \`getent --usage' for more information.\n`);
      return 1;
  }
}

function* hosts(ctx: ProgramContext, keys: readonly string[]): Program {
  if (keys.length === 0) {
    const text = ctx.fs.readText('/etc/hosts');
    for (const line of text.ok ? text.value.split('\n') : []) {
      const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
      if (names.length > 0) yield* ctx.out(entry(address, names.join(' ')));
    }
    return 0;
  }
  let status = 0;
  for (const key of keys) {
    const literal = parseIpv4(key);
    if (literal !== undefined) {
      const name = yield* reverse(ctx, literal);
      if (name === undefined) status = 2;
      else yield* ctx.out(entry(key, name));
      continue;
    }
    const found = (yield* resolve(ctx, key)).addresses;
    // gethostbyname2: IPv6 when there is any, else IPv4.
    const family = found.some((address) => address.family === 6) ? 6 : 4;
    const wanted = found.filter((address) => address.family === family);
    const aliases = hostsLookup(ctx, key).length > 0 ? aliasesOf(ctx, key, family) : key;
    for (const address of wanted) yield* ctx.out(entry(textOf(address), aliases));
    if (wanted.length === 0) status = 2;
  }
  return status;
}

/** The names beside a host's in its line of /etc/hosts. */
function aliasesOf(ctx: ProgramContext, name: string, family: 4 | 6): string {
  const text = ctx.fs.readText('/etc/hosts');
  for (const line of text.ok ? text.value.split('\n') : []) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (names.includes(name) && address.includes(':') === (family === 6)) return names.join(' ');
  }
  return name;
}

function* ahosts(ctx: ProgramContext, keys: readonly string[], family: 0 | 4 | 6): Program {
  let status = 0;
  for (const key of keys) {
    const found = yield* resolve(ctx, key, family);
    let name = found.name;
    for (const address of found.addresses) {
      for (const type of ['STREAM', 'DGRAM', 'RAW']) {
        yield* ctx.out(`${textOf(address).padEnd(15)} ${type.padEnd(6)} ${name}\n`);
        name = '';
      }
    }
    if (found.addresses.length === 0) status = 2;
  }
  return status;
}

function* services(ctx: ProgramContext, keys: readonly string[]): Program {
  let status = 0;
  for (const key of keys) {
    const [name, wanted] = key.split('/');
    let shown = false;
    for (const protocol of ['tcp', 'udp'] as const) {
      if (shown || (wanted !== undefined && wanted !== protocol)) continue;
      const port = /^\d+$/.test(name) ? Number(name) : servicePort(name, protocol);
      const official = port === undefined ? undefined : serviceName(port, protocol);
      if (port === undefined || official === undefined) continue;
      shown = true;
      yield* ctx.out(`${official.padEnd(21)} ${port}/${protocol}\n`);
    }
    if (!shown) status = 2;
  }
  return status;
}

/** Whole lines by their first field or number. */
function* lines(ctx: ProgramContext, path: string, keys: readonly string[]): Program {
  const text = ctx.fs.readText(path);
  const all = text.ok ? text.value.split('\n').filter((line) => line !== '') : [];
  let status = 0;
  if (keys.length === 0) for (const line of all) yield* ctx.out(`${line}\n`);
  for (const key of keys) {
    const line = all.find((each) => each.split(':')[0] === key || each.split(':')[2] === key);
    if (line === undefined) status = 2;
    else yield* ctx.out(`${line}\n`);
  }
  return status;
}

function entry(address: string, names: string): string {
  return `${address.padEnd(15)} ${names}\n`;
}

function textOf(address: ResolvedAddress): string {
  return address.family === 6 ? '::1' : formatIpv4(address.address);
}
