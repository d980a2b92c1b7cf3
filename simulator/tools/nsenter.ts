/**
 * nsenter(1) of util-linux 2.41: runs a command in the network namespace of a file or a process; without a command the shell.
 * Options: -t/--target, -n/--net[=FILE], -F/--no-fork. Not emulated, and refused: the other namespaces (-m, -u, -i, -p, -U, -C,
 * -T, -a; `docker exec` enters all of a container's), -S, -G, -r, -w, -W, -e, -Z, --preserve-credentials.
 */
import { strerror } from '../base/errno.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { fail, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import { namespaceNames } from './ip/complete.ts';

const USAGE_HINT = "Try 'nsenter --help' for more information.\n";

/** Long names of the options, and how they take a value. */
const LONG: Readonly<Record<string, string>> = {
  target: 't',
  mount: 'm',
  uts: 'u',
  ipc: 'i',
  net: 'n',
  pid: 'p',
  user: 'U',
  cgroup: 'C',
  time: 'T',
  all: 'a',
  'no-fork': 'F',
  setuid: 'S',
  setgid: 'G',
  root: 'r',
  wd: 'w',
  wdns: 'W',
  env: 'e',
  help: 'h',
  version: 'V',
  'preserve-credentials': 'preserve',
  'follow-context': 'Z',
  'join-cgroup': 'c',
  'user-parent': 'user-parent',
};

interface Parsed {
  net: string | true | undefined;
  target: string | undefined;
  refused: string | undefined;
  error: string | undefined;
  print: string | undefined;
  command: readonly string[];
}

function parse(argv: readonly string[]): Parsed {
  const parsed: Parsed = {
    net: undefined,
    target: undefined,
    refused: undefined,
    error: undefined,
    print: undefined,
    command: [],
  };
  let at = 1;
  for (; at < argv.length; at++) {
    const word = argv[at] as string;
    if (word === '--') {
      at++;
      break;
    }
    if (!word.startsWith('-') || word === '-') break;
    if (word.startsWith('--')) {
      const [name = '', ...value] = word.slice(2).split('=');
      const candidates = Object.keys(LONG).filter((long) => long.startsWith(name));
      const long = candidates.includes(name) ? name : candidates.length === 1 ? candidates[0] : undefined;
      if (long === undefined) {
        parsed.error = `unrecognized option '${word}'`;
        return parsed;
      }
      const given = value.length > 0 ? value.join('=') : undefined;
      if (LONG[long] === 't') parsed.target = given ?? argv[++at];
      else take(parsed, LONG[long] as string, given, `--${long}`);
      continue;
    }
    for (let i = 1; i < word.length; i++) {
      const letter = word[i] as string;
      const rest = word.slice(i + 1);
      if (letter === 't') {
        parsed.target = rest !== '' ? rest : argv[++at];
        break;
      }
      if (!Object.values(LONG).includes(letter)) {
        parsed.error = `invalid option -- '${letter}'`;
        return parsed;
      }
      // An optional value is what follows directly: -n/run/netns/red.
      const takesRest = rest !== '' && (rest.startsWith('/') || rest.startsWith('='));
      take(parsed, letter, takesRest ? rest.replace(/^=/, '') : undefined, `-${letter}`);
      if (takesRest) break;
    }
  }
  parsed.command = argv.slice(at);
  return parsed;
}

function take(parsed: Parsed, option: string, value: string | undefined, shown: string): void {
  if (option === 'n') parsed.net = value ?? true;
  else if (option === 'h') parsed.print = HELP;
  else if (option === 'V') parsed.print = 'nsenter from util-linux 2.41\n';
  else if (option !== 'F') parsed.refused = shown;
}

const HELP = `
Usage:
 nsenter [options] [<program> [<argument>...]]

Run a program with namespaces of other processes.

Options:
 -t, --target <pid>     target process to get namespaces from
 -n, --net[=<file>]     enter network namespace
 -F, --no-fork          do not fork before exec'ing <program>

 -h, --help             display this help
 -V, --version          display version

For more details see nsenter(1).
`;

/** What to enter, or why not. */
function enter(ctx: ProgramContext, parsed: Parsed): NetworkNamespace | string {
  if (parsed.net === undefined) return ctx.netns;
  if (parsed.net === true && parsed.target === undefined) return 'nsenter: no target PID specified';
  const path = parsed.net === true ? `/proc/${parsed.target}/ns/net` : parsed.net;
  const found = ctx.fs.netnsAt(path);
  if (found.ok && !ctx.capable('SYS_ADMIN')) return `nsenter: reassociate to namespace 'ns/net' failed: ${strerror('EPERM')}`;
  if (found.ok) return found.value;
  if (found.errno === 'EINVAL') return `nsenter: reassociate to namespace 'ns/net' failed: ${strerror('EINVAL')}`;
  return `nsenter: cannot open ${path}: ${strerror(found.errno)}`;
}

export const nsenterTool: Tool = {
  name: 'nsenter',
  directory: '/usr/bin',
  summary: 'run a command in the network namespace of a file or process',
  *main(ctx): Program {
    const parsed = parse(ctx.argv);
    if (parsed.error !== undefined) return yield* fail(ctx, `nsenter: ${parsed.error}\n${USAGE_HINT}`);
    if (parsed.print !== undefined) {
      yield* ctx.out(parsed.print);
      return 0;
    }
    if (parsed.refused !== undefined) return yield* fail(ctx, `nsenter: option ${parsed.refused} is not emulated here`);
    if (parsed.target !== undefined && !/^\d+$/.test(parsed.target))
      return yield* fail(ctx, `nsenter: failed to parse pid: '${parsed.target}'`);
    const ns = enter(ctx, parsed);
    if (typeof ns === 'string') return yield* fail(ctx, ns);
    const command = parsed.command.length > 0 ? parsed.command : [ctx.env.get('SHELL') ?? '/bin/sh'];
    ctx.setns(ns);
    const program = ctx.exec(command);
    if (!program.ok) {
      const status = program.errno === 'ENOENT' ? 127 : 126;
      return yield* fail(ctx, `nsenter: failed to execute ${command[0]}: ${strerror(program.errno)}`, status);
    }
    return yield* program.value;
  },
  complete(words, ctx) {
    const last = words[words.length - 1] ?? '';
    const previous = words[words.length - 2] ?? '';
    if (previous === '-t' || previous === '--target')
      return ctx.host
        .processes()
        .map((process) => String(process.pid))
        .filter((pid) => pid.startsWith(last));
    if (last.startsWith('--net='))
      return namespaceFiles(ctx)
        .map((path) => `--net=${path}`)
        .filter((word) => word.startsWith(last));
    if (last.startsWith('-')) return ['--net=', '--target', '-n', '-t'].filter((word) => word.startsWith(last));
    return ctx.host.commands().filter((name) => name.startsWith(last));
  },
};

/** Files that stand for namespaces: those of `ip netns` and of Docker. */
function namespaceFiles(ctx: ProgramContext): string[] {
  const docker = ctx.fs.readdir('/var/run/docker/netns');
  return [
    ...namespaceNames(ctx).map((name) => `/run/netns/${name}`),
    ...(docker.ok ? docker.value.map((name) => `/var/run/docker/netns/${name}`) : []),
  ];
}
