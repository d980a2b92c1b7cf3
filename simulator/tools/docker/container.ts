/** `docker container …` and its short forms at the top level: cli/command/container. */
import type { Blocking } from '../../process/program.ts';
import { daemonError, each, finish, settled, value } from './client.ts';
import { atLeast, exactly, NO_ARGUMENTS, type Call, type CommandSpec, type Run } from './command.ts';
import { ps, PS_OPTIONS } from './containerList.ts';
import { cp } from './copy.ts';
import { Failure } from './failure.ts';
import { FORMAT_ONE, naturalOrder } from './format.ts';
import { inspectAll } from './inspect.ts';
import { LOG_OPTIONS, logQuery, printLogs, UNTIL_OPTION } from './logs.ts';
import { option, refusedOption } from './options.ts';
import { confirmed, pruneContainers } from './prune.ts';
import { attach, create, exec, EXEC_OPTIONS, run, start } from './run.ts';
import { RUN_OPTIONS } from './runOptions.ts';
import { alignTabs } from './table.ts';

const STOP_OPTIONS = [
  option('signal', 's', 'string', 'Signal to send to the container'),
  option('time', 't', 'int', 'Seconds to wait before killing the container'),
];

function stopping(call: Call): { seconds?: number; signal?: string } {
  const { options } = call;
  return {
    ...(options.has('time') ? { seconds: options.number('time') } : {}),
    ...(options.has('signal') ? { signal: options.text('signal') } : {}),
  };
}

const stop: Run = (call) =>
  each(call, function* (word) {
    yield* finish(call, call.api.containerStop(word, stopping(call)));
    return word;
  });

const restart: Run = (call) =>
  each(call, function* (word) {
    yield* finish(call, call.api.containerRestart(word, stopping(call)));
    return word;
  });

const kill: Run = (call) =>
  each(call, function* (word) {
    value(call.api.containerKill(word, call.options.text('signal', 'KILL')));
    return word;
  });

// A missing container is an error text but no failure with --force.
function* rm(call: Call): Blocking<number> {
  const { api, ctx, options } = call;
  const force = options.flag('force');
  const errors: string[] = [];
  let failed = false;
  for (const word of call.words) {
    const removed = yield* settled(
      call,
      api.containerRemove(word.replace(/^\//, ''), { force, volumes: options.flag('volumes') }),
    );
    if (removed.ok) yield* ctx.out(`${word}\n`);
    else {
      errors.push(daemonError(removed));
      failed ||= !(force && removed.status === 404);
    }
  }
  if (errors.length === 0) return 0;
  yield* ctx.err(`${errors.join('\n')}\n`);
  return failed ? 1 : 0;
}

function* logs(call: Call): Blocking<number> {
  const word = call.words[0] as string;
  value(call.api.containerInspect(word));
  yield* printLogs(call, call.api.containerLogs(word, logQuery(call)), () => '');
  return 0;
}

function* top(call: Call): Blocking<number> {
  const list = value(call.api.containerTop(call.words[0] as string, call.words.slice(1)));
  const lines = [list.Titles, ...list.Processes].map((cells) => cells.join('\t'));
  yield* call.ctx.out(alignTabs(`${lines.join('\n')}\n`, 20));
  return 0;
}

function* port(call: Call): Blocking<number> {
  const [word = '', wanted] = call.words;
  const ports = value(call.api.containerInspect(word)).NetworkSettings.Ports;
  const address = (binding: { HostIp: string; HostPort: string }): string =>
    binding.HostIp.includes(':') ? `[${binding.HostIp}]:${binding.HostPort}` : `${binding.HostIp}:${binding.HostPort}`;
  if (wanted !== undefined) {
    const key = wanted.includes('/') ? wanted : `${wanted}/tcp`;
    const bindings = ports[key];
    if (bindings === undefined || bindings === null || bindings.length === 0)
      throw new Failure(`Error: No public port '${key}' published for ${word}`);
    yield* call.ctx.out(bindings.map((binding) => `${address(binding)}\n`).join(''));
    return 0;
  }
  const lines = Object.entries(ports).flatMap(([key, bindings]) =>
    (bindings ?? []).map((binding) => `${key} -> ${address(binding)}`),
  );
  yield* call.ctx.out(
    lines
      .sort(naturalOrder)
      .map((line) => `${line}\n`)
      .join(''),
  );
  return 0;
}

function* rename(call: Call): Blocking<number> {
  value(call.api.containerRename(call.words[0] as string, call.words[1] as string));
  return 0;
}

const wait: Run = (call) =>
  each(call, function* (word) {
    return String((yield* finish(call, call.api.containerWait(word, 'not-running'))).StatusCode);
  });

const inspect: Run = (call) =>
  inspectAll(call, call.words, call.options.text('format'), { fetch: (word) => call.api.containerInspect(word) });

function* prune(call: Call): Blocking<number> {
  if (!(yield* confirmed(call, 'WARNING! This will remove all stopped containers.'))) return 0;
  yield* pruneContainers(call);
  yield* call.ctx.out('Total reclaimed space: 0B\n');
  return 0;
}

const unemulated = (name: string, usage: string, short: string): CommandSpec => ({ name, usage, short });
/** `docker container X, docker X` */
const twin = (name: string): string => `docker container ${name}, docker ${name}`;

const CONTAINERS = 'CONTAINER [CONTAINER...]';

/** In the order of names; those of {@link SHORT_FORMS} stand at the top level as well. */
const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'attach',
    aliasLine: twin('attach'),
    usage: '[OPTIONS] CONTAINER',
    short: 'Attach local standard input, output, and error streams to a running container',
    arity: exactly(1),
    completes: ['runningContainer'],
    run: attach,
    options: [
      refusedOption('detach-keys', '', 'string', 'Override the key sequence for detaching a container'),
      option('no-stdin', '', 'bool', 'Do not attach STDIN'),
      option('sig-proxy', '', 'bool', 'Proxy all received signals to the process (default true)'),
    ],
  },
  unemulated('commit', '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]', "Create a new image from a container's changes"),
  {
    name: 'cp',
    aliasLine: twin('cp'),
    usage: '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tdocker cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH',
    short: 'Copy files/folders between a container and the local filesystem',
    arity: exactly(2),
    run: cp,
    options: [
      refusedOption('archive', 'a', 'bool', 'Archive mode (copy all uid/gid information)'),
      option('follow-link', 'L', 'bool', 'Always follow symbol link in SRC_PATH'),
      option(
        'quiet',
        'q',
        'bool',
        'Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached',
      ),
    ],
  },
  {
    name: 'create',
    aliasLine: twin('create'),
    usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
    short: 'Create a new container',
    arity: atLeast(1),
    interspersed: false,
    completes: ['image'],
    run: create,
    options: RUN_OPTIONS.filter((spec) => !['detach', 'detach-keys', 'rm', 'sig-proxy'].includes(spec.name)),
  },
  unemulated('diff', 'CONTAINER', "Inspect changes to files or directories on a container's filesystem"),
  {
    name: 'exec',
    aliasLine: twin('exec'),
    usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
    short: 'Execute a command in a running container',
    arity: atLeast(2),
    interspersed: false,
    completes: ['runningContainer'],
    run: exec,
    options: EXEC_OPTIONS,
  },
  unemulated('export', '[OPTIONS] CONTAINER', "Export a container's filesystem as a tar archive"),
  {
    name: 'inspect',
    usage: `[OPTIONS] ${CONTAINERS}`,
    short: 'Display detailed information on one or more containers',
    arity: atLeast(1),
    completes: ['container'],
    run: inspect,
    options: [
      option('format', 'f', 'string', FORMAT_ONE),
      refusedOption('size', 's', 'bool', 'Display total file sizes'),
    ],
  },
  {
    name: 'kill',
    aliasLine: twin('kill'),
    usage: `[OPTIONS] ${CONTAINERS}`,
    short: 'Kill one or more running containers',
    arity: atLeast(1),
    completes: ['runningContainer'],
    run: kill,
    options: [option('signal', 's', 'string', 'Signal to send to the container')],
  },
  {
    name: 'logs',
    aliasLine: twin('logs'),
    usage: '[OPTIONS] CONTAINER',
    short: 'Fetch the logs of a container',
    arity: exactly(1),
    completes: ['container'],
    run: logs,
    options: [...LOG_OPTIONS, UNTIL_OPTION],
  },
  {
    name: 'ls',
    aliases: ['list', 'ps'],
    aliasLine: 'docker container ls, docker container list, docker container ps, docker ps',
    usage: '[OPTIONS]',
    short: 'List containers',
    arity: NO_ARGUMENTS,
    run: ps,
    options: PS_OPTIONS,
  },
  unemulated('pause', CONTAINERS, 'Pause all processes within one or more containers'),
  {
    name: 'port',
    aliasLine: twin('port'),
    usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
    short: 'List port mappings or a specific mapping for the container',
    arity: { kind: 'atLeast', count: 1 },
    completes: ['container'],
    run: port,
  },
  {
    name: 'prune',
    usage: '[OPTIONS]',
    short: 'Remove all stopped containers',
    arity: NO_ARGUMENTS,
    run: prune,
    options: [
      option('filter', '', 'filter', 'Provide filter values (e.g. "until=<timestamp>")'),
      option('force', 'f', 'bool', 'Do not prompt for confirmation'),
    ],
  },
  {
    name: 'rename',
    aliasLine: twin('rename'),
    usage: 'CONTAINER NEW_NAME',
    short: 'Rename a container',
    arity: exactly(2),
    completes: ['container', 'none'],
    run: rename,
  },
  {
    name: 'restart',
    aliasLine: twin('restart'),
    usage: `[OPTIONS] ${CONTAINERS}`,
    short: 'Restart one or more containers',
    arity: atLeast(1),
    completes: ['container'],
    run: restart,
    options: STOP_OPTIONS,
  },
  {
    name: 'rm',
    aliases: ['remove'],
    aliasLine: 'docker container rm, docker container remove, docker rm',
    usage: `[OPTIONS] ${CONTAINERS}`,
    short: 'Remove one or more containers',
    arity: atLeast(1),
    completes: ['container'],
    run: rm,
    options: [
      option('force', 'f', 'bool', 'Force the removal of a running container (uses SIGKILL)'),
      refusedOption('link', 'l', 'bool', 'Remove the specified link'),
      option('volumes', 'v', 'bool', 'Remove anonymous volumes associated with the container'),
    ],
  },
  {
    name: 'run',
    aliasLine: twin('run'),
    usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
    short: 'Create and run a new container from an image',
    arity: atLeast(1),
    interspersed: false,
    completes: ['image'],
    run,
    options: RUN_OPTIONS,
  },
  {
    name: 'start',
    aliasLine: twin('start'),
    usage: `[OPTIONS] ${CONTAINERS}`,
    short: 'Start one or more stopped containers',
    arity: atLeast(1),
    completes: ['container'],
    run: start,
    options: [
      option('attach', 'a', 'bool', 'Attach STDOUT/STDERR and forward signals'),
      refusedOption('detach-keys', '', 'string', 'Override the key sequence for detaching a container'),
      option('interactive', 'i', 'bool', "Attach container's STDIN"),
    ],
  },
  unemulated('stats', '[OPTIONS] [CONTAINER...]', 'Display a live stream of container(s) resource usage statistics'),
  {
    name: 'stop',
    aliasLine: twin('stop'),
    usage: `[OPTIONS] ${CONTAINERS}`,
    short: 'Stop one or more running containers',
    arity: atLeast(1),
    completes: ['runningContainer'],
    run: stop,
    options: STOP_OPTIONS,
  },
  {
    name: 'top',
    aliasLine: twin('top'),
    usage: 'CONTAINER [ps OPTIONS]',
    short: 'Display the running processes of a container',
    arity: atLeast(1),
    interspersed: false,
    completes: ['runningContainer'],
    run: top,
  },
  unemulated('unpause', CONTAINERS, 'Unpause all processes within one or more containers'),
  unemulated('update', `[OPTIONS] ${CONTAINERS}`, 'Update configuration of one or more containers'),
  {
    name: 'wait',
    aliasLine: twin('wait'),
    usage: CONTAINERS,
    short: 'Block until one or more containers stop, then print their exit codes',
    arity: atLeast(1),
    completes: ['container'],
    run: wait,
  },
];

export const containerCommand: CommandSpec = {
  name: 'container',
  usage: 'COMMAND',
  short: 'Manage containers',
  children: COMMANDS,
};

/** The command `name` of `docker container`, as it stands at the top level. */
export function containerShort(name: string): CommandSpec {
  const spec = COMMANDS.find((command) => command.name === (name === 'ps' ? 'ls' : name));
  if (spec === undefined) throw new Failure(`no container command ${name}`);
  const { aliases: _aliases, ...rest } = spec;
  return { ...rest, name };
}
