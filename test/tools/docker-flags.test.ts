// Every command and every option that the recorded help of docker 26.1 shows: it is there with the same letter, and it is either
// emulated by a command that test/fuzz/docker.test.ts watches (every option it takes is looked at), or refused in one line.
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { CommandSpec } from '../../simulator/tools/docker/command.ts';
import type { OptionSpec } from '../../simulator/tools/docker/options.ts';
import { GLOBAL_OPTIONS, ROOT } from '../../simulator/tools/docker/tree.ts';
import { CONTROL } from '../fuzz/lines/control.ts';
import { docker, swarmInfo } from './dockerHarness.ts';

interface Page {
  readonly path: string;
  readonly usage: string;
  readonly commands: readonly string[];
  readonly options: readonly { readonly name: string; readonly short: string }[];
}

const RECORDING = new URL('../corpus/recordings/docker-help.json', import.meta.url);
const STEPS = (
  JSON.parse(fs.readFileSync(RECORDING, 'utf8')) as { steps: { cmd: string; stdout: string; stderr: string }[] }
).steps;

function pageOf(cmd: string, text: string): Page {
  const commands = [...text.matchAll(/^ {2}(?!docker )([a-z][\w-]*)\*? +\S/gm)].map(([, name = '']) => name);
  const options = [...text.matchAll(/^(?: {2}-(\w), | {6})--([a-z0-9-]+)/gm)].map(([, short = '', name = '']) => ({
    name,
    short,
  }));
  const usage = /^Usage: +(.*)$/m.exec(text)?.[1] ?? '';
  return { path: cmd.replace(/^docker ?/, '').replace(/ ?--help$/, ''), usage, commands, options };
}

const PAGES = STEPS.map(({ cmd, stdout, stderr }) => pageOf(cmd, stdout + stderr)).filter(({ usage }) => usage !== '');

function find(path: string): CommandSpec | undefined {
  let command: CommandSpec | undefined = ROOT;
  for (const word of path.split(' ').filter((each) => each !== ''))
    command = command?.children?.find(({ name, aliases }) => name === word || aliases?.includes(word) === true);
  return command;
}

/** Values that are good by type; what they ask for is refused anyway. */
const VALUES: Readonly<Record<string, string>> = {
  int: '1',
  uint: '1',
  uint16: '10',
  uint64: '1',
  duration: '1s',
  bytes: '64m',
  decimal: '0.5',
  float: '0.5',
  map: 'a=b',
  mount: 'type=bind,src=/tmp,dst=/x',
  ulimit: 'nofile=1',
  'gpu-request': 'all',
  'credential-spec': 'file://x',
  command: 'echo',
};
/** Enough words for each command. */
const WORDS = ['a', 'b', 'c'];

function refusedLine(path: string, command: CommandSpec, { name, type }: OptionSpec): string {
  const { arity } = command;
  const count =
    arity === undefined || arity.kind === 'none'
      ? 0
      : 'count' in arity
        ? arity.count
        : arity.kind === 'range'
          ? arity.least
          : 1;
  const given = type === 'bool' ? `--${name}` : `--${name} ${VALUES[type] ?? 'x'}`;
  return `docker ${path} ${given} ${WORDS.slice(0, count).join(' ')}`;
}

describe('the recorded help', () => {
  test.each(PAGES)('docker $path', ({ path, commands, options }) => {
    const command = find(path) as CommandSpec;
    expect(command).toBeDefined();
    for (const name of commands) expect(find(`${path} ${name}`), `${path} ${name}`).toBeDefined();
    const known = command === ROOT ? GLOBAL_OPTIONS : (command.options ?? []);
    const own = options.filter(({ name }) => name !== 'help');
    const plain = (list: readonly { name: string; short: string }[]): string[] =>
      list.map(({ name, short }) => `${name} ${short}`).sort();
    expect(plain(known.filter(({ name }) => name !== 'help'))).toEqual(plain(own));
  });
});

/** Every command of the tree with its path. */
function* walk(path: string, command: CommandSpec): Generator<[string, CommandSpec]> {
  if (path !== '') yield [path, command];
  for (const child of command.children ?? []) yield* walk(`${path} ${child.name}`.trim(), child);
}
const ALL = [...walk('', ROOT)];

describe('what is not emulated', () => {
  const api = swarmInfo('active', true);

  test.each(ALL.filter(([, { run, children }]) => run === undefined && children === undefined).map(([path]) => path))(
    'docker %s is refused in one line',
    (path) => {
      const { stdout, stderr, exit } = docker(`docker ${path} a b`, { api });
      expect({ stdout, stderr, failed: exit !== 0 }).toEqual({
        stdout: '',
        stderr: `docker ${path}: not emulated here\n`,
        failed: true,
      });
    },
  );

  const refused = ALL.flatMap(([path, command]) =>
    (command.options ?? [])
      .filter((spec) => spec.refused === true)
      .map((spec) => [path, spec.name, command, spec] as const),
  );
  test.each(refused)('docker %s --%s is refused in one line', (path, name, command, spec) => {
    const { stdout, stderr, exit } = docker(refusedLine(path, command, spec), { api });
    expect(stdout).toBe('');
    expect(stderr).toBe(`docker ${path}: option --${name} is not emulated here\n`);
    expect(exit).not.toBe(0);
  });
});

test('every command that runs has a line of its own, in which each option must tell', () => {
  const lines = CONTROL.find(({ tool }) => tool === 'docker')?.lines ?? [];
  /** `docker container run` is `docker run`, and so on. */
  const short = (path: string): string =>
    path
      .replace(/^container (?!prune|inspect)/, '')
      .replace(/^ls$/, 'ps')
      .replace(/^image (?=pull|tag)/, '')
      .replace(/^image ls$/, 'images')
      .replace(/^image rm$/, 'rmi')
      .replace(/^system (?=info|events)/, '');
  const missing = ALL.filter(
    ([path, { run }]) => run !== undefined && !lines.some((line) => `${line} `.startsWith(`docker ${short(path)} `)),
  );
  expect(missing.map(([path]) => path)).toEqual([]);
});

const LISTED =
  'run create start stop rm exec ps logs inspect top stats cp port rename kill restart wait attach,image ls,image inspect,image pull,image tag,image rm,volume ls,volume create,volume inspect,volume rm,system info,system events,system prune,system df,info,version,context,network connect,network disconnect,network prune,service create,service update,service scale,service rollback,service logs,stack deploy,stack ls,stack services,stack ps,stack rm,node ls,node update,node promote,node demote,node rm,secret create,secret ls,secret inspect,secret rm,config create,config ls,config inspect,config rm,swarm init,swarm join,swarm join-token,swarm leave,swarm update';

test.each(LISTED.split(',').flatMap((each) => (/^run /.test(each) ? each.split(' ') : [each])))(
  'there is a docker %s',
  (path) => {
    expect(find(path)).toBeDefined();
  },
);
