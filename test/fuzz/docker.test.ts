// Every option that docker declares as emulated is looked at by the command that declares it, when it is given and the
// command goes well. Reads are counted in the class that holds the parsed options, so that a new option that nobody reads
// fails here without being listed.
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { CommandSpec } from '../../simulator/tools/docker/command.ts';
import { Options, type OptionSpec } from '../../simulator/tools/docker/options.ts';
import { ROOT } from '../../simulator/tools/docker/tree.ts';
import { CONTROL } from './lines/control.ts';
import { wordsOf } from './lines/lines.ts';
import { FuzzMachine } from './machine.ts';

const DOCKER = CONTROL.find(({ tool }) => tool === 'docker');
const SETUP = DOCKER?.setup ?? '';

/** By type, what an option may hold; by name where that is not enough. */
const VALUES: Readonly<Record<string, string>> = {
  string: 'x',
  list: 'a=b',
  strings: 'x',
  stringArray: 'x',
  filter: 'name=x',
  int: '1',
  uint: '1',
  uint64: '1',
  duration: '1s',
  bytes: '64m',
  decimal: '0.5',
  float: '0.5',
  port: '9000:80',
  network: 'lan',
  map: 'net.ipv4.ip_forward=1',
  'node-addr': '192.168.56.11',
  command: 'echo',
  mount: 'type=bind,src=/tmp,dst=/x',
  format: '{{json .}}',
};
const BY_NAME: Readonly<Record<string, string>> = {
  format: '{{json .}}',
  filter: 'name=x',
  signal: 'KILL',
  'stop-signal': 'SIGKILL',
  'cap-add': 'NET_ADMIN',
  'cap-drop': 'NET_RAW',
  network: 'lan',
  publish: '9000:80',
  'publish-add': '9000:80',
  'publish-rm': '80',
  volume: '/tmp:/x',
  restart: 'no',
  'restart-condition': 'none',
  'restart-policy': 'none',
  'endpoint-mode': 'dnsrr',
  mode: 'global',
  'add-host': 'a:1.2.3.4',
  host: 'a:1.2.3.4',
  dns: '1.2.3.4',
  ip: '10.77.0.9',
  subnet: '10.77.0.0/24',
  gateway: '10.77.0.1',
  'ip-range': '10.77.0.0/25',
  driver: 'bridge',
  availability: 'pause',
  role: 'manager',
  since: '1s',
  until: '1s',
  tail: '1',
  type: 'container',
  pull: 'never',
  'update-order': 'start-first',
  'rollback-order': 'start-first',
  'update-failure-action': 'continue',
  'rollback-failure-action': 'continue',
  constraint: 'node.role==manager',
  'constraint-add': 'node.role==manager',
  'placement-pref': 'spread=node.labels.x',
  env: 'A=b',
  'env-add': 'A=b',
  'cert-expiry': '24h',
  'advertise-addr': '192.168.56.11',
  'listen-addr': '0.0.0.0:2377',
  'data-path-port': '5000',
  'default-addr-pool': '10.66.0.0/16',
  workdir: '/tmp',
  time: '1',
  size: 'false',
  sysctl: 'net.ipv4.ip_forward=1',
};

/** Options that are taken and need no look: what they ask for is so anyway. */
const INVISIBLE: Readonly<Record<string, string>> = {
  details: 'no log has attributes: --log-opt is refused',
  'with-registry-auth': 'there is no registry to log in to',
};

/** Commands with a line that goes well: where options stand, and what follows. */
interface Call {
  readonly path: readonly string[];
  readonly command: CommandSpec;
  readonly words: readonly string[];
}

function callOf(line: string): Call | undefined {
  const words = wordsOf(line).slice(1);
  let command: CommandSpec = ROOT;
  let at = 0;
  for (; command.children !== undefined && at < words.length; at++) {
    const child = command.children.find(
      ({ name, aliases }) => name === words[at] || aliases?.includes(words[at] as string),
    );
    if (child === undefined) return undefined;
    command = child;
  }
  return { path: words.slice(0, at), command, words: words.slice(at) };
}

const CALLS = (DOCKER?.lines ?? [])
  .flatMap((line) => callOf(line) ?? [])
  .filter(({ command, words }) => command.run !== undefined && !words.includes('--help'));
/** By command: an option may be of use in one of its lines only. */
const COMMANDS = new Map<string, Call[]>();
for (const call of CALLS) {
  const name = call.path.join(' ');
  COMMANDS.set(name, [...(COMMANDS.get(name) ?? []), call]);
}

function argumentOf({ name, type }: OptionSpec): string[] {
  if (type === 'bool') return [`--${name}`];
  return [`--${name}`, BY_NAME[name] ?? VALUES[type] ?? 'x'];
}

afterEach(() => vi.restoreAllMocks());

describe('docker reads what it takes', () => {
  test.each([...COMMANDS])('docker %s', { timeout: 60_000 }, async (_, calls) => {
    const read = new Set<string>();
    for (const method of ['has', 'text', 'texts', 'items', 'flag', 'number'] as const) {
      const real = Options.prototype[method] as (this: Options, name: string, otherwise?: never) => never;
      vi.spyOn(Options.prototype, method).mockImplementation(function (
        this: Options,
        name: string,
        otherwise?: unknown,
      ) {
        read.add(name);
        return real.call(this, name, otherwise as never);
      } as never);
    }
    const unread: string[] = [];
    for (const option of calls[0]?.command.options ?? []) {
      if (option.refused === true || option.name === 'help' || option.name in INVISIBLE) continue;
      let [taken, looked] = [false, false];
      for (const { path, words } of calls) {
        const machine = new FuzzMachine({ docker: true });
        await machine.setUp(SETUP);
        read.clear();
        const ending = await machine.run(['docker', ...path, ...argumentOf(option), ...words]);
        taken ||= ending.status === 0;
        looked ||= read.has(option.name);
        if (looked) break;
      }
      if (taken && !looked) unread.push(option.name);
    }
    expect(unread).toEqual([]);
  });
});
