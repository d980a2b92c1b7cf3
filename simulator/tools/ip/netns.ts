/**
 * `ip netns`: list, add, delete, set, identify, pids, exec, list-id, attach (ip-netns(8), iproute2 6.15, ip/ipnetns.c).
 * Not emulated: monitor; /etc/netns and the private mounts that `exec` makes.
 */
import { strerror, type Errno } from '../../base/errno.ts';
import { destroyNamespace } from '../../kernel/namespaces.ts';
import { setNamespaceId } from '../../kernel/netlink/nsid.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import type { Blocking, ProgramContext } from '../../process/program.ts';
import { demand, Exit, notEmulated, pick, refuseOptions, unsigned, wrong, type Call } from './command.ts';
import { namedNamespaces, NETNS_RUN_DIR, openNamespace } from './netns-names.ts';
import { Printer } from './printer.ts';

const COMMANDS = [
  'help',
  'list',
  'show',
  'lst',
  'list-id',
  'add',
  'set',
  'delete',
  'identify',
  'pids',
  'exec',
  'monitor',
  'attach',
] as const;

/** `ip netns …`, but for `exec`, which {@link netnsExec} runs. */
export function ipNetns(call: Call, words: readonly string[]): number {
  const [first, ...rest] = words;
  const command = first === undefined ? 'list' : pick(first, COMMANDS);
  switch (command) {
    case 'list':
    case 'show':
    case 'lst':
      return list(call);
    case 'list-id':
      return listIds(call);
    case 'add':
      return add(call, rest[0]);
    case 'delete':
      return remove(call, rest);
    case 'set':
      return setId(call, rest);
    case 'identify':
      return identify(call, rest[0] ?? 'self');
    case 'pids':
      return pids(call, rest[0]);
    case 'attach':
      return attach(call, rest);
    case undefined:
      throw new Exit(255, `Command "${first}" is unknown, try "ip netns help".`);
    default:
      throw notEmulated('ip', `netns ${command}`);
  }
}

/** True when the words after `netns` ask for `exec`. */
export function isExec(words: readonly string[]): boolean {
  return words[0] !== undefined && pick(words[0], COMMANDS) === 'exec';
}

function list(call: Call): number {
  const out = new Printer(call.options.json, call.options.pretty);
  const names = namedNamespaces(call.ctx);
  if (names.length === 0) return 0;
  out.openArray();
  for (const { name, ns } of names) {
    out.openObject();
    out.any('name', name, name);
    const id = call.ns.nsids.get(ns);
    if (id !== undefined) out.any('id', id, ` (id: ${id})`);
    out.text('\n');
    out.closeObject();
  }
  out.closeArray();
  call.out += out.finish();
  return 0;
}

function listIds(call: Call): number {
  refuseOptions('ip', call.options, 'netns list-id', ['json']);
  const names = namedNamespaces(call.ctx);
  for (const [ns, id] of [...call.ns.nsids].sort((a, b) => a[1] - b[1])) {
    const named = names.find((one) => one.ns === ns);
    call.out += `nsid ${id} ${named === undefined ? '' : `(iproute2 netns name: ${named.name}) `}\n`;
  }
  return 0;
}

function checkedName(name: string | undefined): string {
  if (name === undefined) throw new Exit(1, 'No netns name specified');
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.length > 255)
    throw new Exit(255, `Invalid netns name "${name}"`);
  return name;
}

function bind(call: Call, name: string, make: () => NetworkNamespace): number {
  const path = `${NETNS_RUN_DIR}/${name}`;
  const { fs } = call.ctx;
  if (!fs.stat(NETNS_RUN_DIR).ok) fs.mkdir(NETNS_RUN_DIR);
  if (fs.lstat(path).ok) throw new Exit(1, `Cannot create namespace file "${path}": ${strerror('EEXIST')}`);
  const bound = fs.bindNetns(path, make());
  if (!bound.ok) throw new Exit(1, `Cannot create namespace file "${path}": ${strerror(bound.errno)}`);
  fs.chmod(path, 0o444);
  return 0;
}

function add(call: Call, word: string | undefined): number {
  const name = checkedName(word);
  return bind(call, name, () => call.ctx.newNetns(name));
}

function attach(call: Call, words: readonly string[]): number {
  if (words.length < 2) throw new Exit(1, words.length === 0 ? 'No netns name and PID specified' : 'No PID specified');
  const name = checkedName(words[0]);
  return bind(call, name, () => processOf(call, words[1] as string).netns);
}

function processOf(call: Call, word: string): { readonly netns: NetworkNamespace } {
  const pid = unsigned(word);
  if (pid === undefined) throw wrong('invalid PID', word);
  const process = call.ctx.host.processes().find((one) => one.pid === pid);
  if (process === undefined) throw new Exit(1, `Cannot open network namespace of PID ${pid}: ${strerror('ENOENT')}`);
  return process;
}

function remove(call: Call, words: readonly string[]): number {
  if (call.options.all) {
    for (const { name } of namedNamespaces(call.ctx)) removeOne(call, name);
    return 0;
  }
  return removeOne(call, checkedName(words[0]));
}

function removeOne(call: Call, name: string): number {
  const path = `${NETNS_RUN_DIR}/${name}`;
  const { fs } = call.ctx;
  const named = fs.netnsAt(path);
  fs.unmount(path);
  const gone = fs.unlink(path);
  if (!gone.ok) throw new Exit(1, `Cannot remove namespace file "${path}": ${strerror(gone.errno)}`);
  if (named.ok) release(call.ctx, named.value);
  return 0;
}

/** A namespace dies with its last name, unless a process still lives in it. */
function release(ctx: ProgramContext, ns: NetworkNamespace): void {
  if (ns === ctx.host.kernel.initNs || ns === ctx.netns) return;
  if (namedNamespaces(ctx).some((other) => other.ns === ns)) return;
  if (dockerNamespaces(ctx).includes(ns) || ctx.host.processes().some((process) => process.netns === ns)) return;
  destroyNamespace(ns);
}

const DOCKER_NETNS = '/var/run/docker/netns';

function dockerNamespaces(ctx: ProgramContext): NetworkNamespace[] {
  const keys = ctx.fs.readdir(DOCKER_NETNS);
  if (!keys.ok) return [];
  return keys.value.flatMap((key) => {
    const ns = ctx.fs.netnsAt(`${DOCKER_NETNS}/${key}`);
    return ns.ok ? [ns.value] : [];
  });
}

function setId(call: Call, words: readonly string[]): number {
  const name = checkedName(words[0]);
  const word = words[1];
  if (word === undefined) throw new Exit(1, 'No nsid specified');
  const id = word === 'auto' ? freeId(call.ns) : unsigned(word, 0x7fffffff);
  if (id === undefined) throw wrong('Invalid "netnsid" value\n', word);
  demand(call, setNamespaceId(call.ns, openNamespace(call.ctx, name), id));
  return 0;
}

function freeId(ns: NetworkNamespace): number {
  const taken = new Set(ns.nsids.values());
  let id = 0;
  while (taken.has(id)) id++;
  return id;
}

function identify(call: Call, word: string): number {
  const { ctx } = call;
  const ns = word === 'self' ? ctx.netns : processOf(call, word).netns;
  const named = namedNamespaces(ctx).filter((one) => one.ns === ns);
  call.out += named.length === 0 ? '\n' : named.map((one) => `${one.name}\n`).join('');
  return 0;
}

function pids(call: Call, word: string | undefined): number {
  const ns = openNamespace(call.ctx, checkedName(word));
  for (const process of call.ctx.host.processes())
    if (process.netns === ns && process.pid !== call.ctx.pid) call.out += `${process.pid}\n`;
  return 0;
}

/** `ip netns exec NAME COMMAND …`, and `ip -all netns exec COMMAND …` in each. */
export function* netnsExec(ctx: ProgramContext, words: readonly string[], all: boolean): Blocking<number> {
  if (all) {
    for (const { name, ns } of namedNamespaces(ctx)) {
      yield* ctx.out(`\nnetns: ${name}\n`);
      const child = ctx.spawn(words, { netns: ns });
      if (!child.ok) throw notFound(words, child.errno);
      yield* ctx.waitpid(child.value);
    }
    return 0;
  }
  const [name, ...command] = words;
  if (name === undefined) throw new Exit(1, 'No netns name specified');
  if (command.length === 0) throw new Exit(1, 'No command specified');
  ctx.setns(openNamespace(ctx, name));
  const program = ctx.exec(command);
  if (!program.ok) throw notFound(command, program.errno);
  return yield* program.value;
}

function notFound(command: readonly string[], errno: Errno): Exit {
  return new Exit(1, `exec of "${command[0]}" failed: ${strerror(errno)}`);
}
