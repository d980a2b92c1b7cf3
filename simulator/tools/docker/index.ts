/**
 * `docker`, the client of era 26.1 (docker/cli cmd/docker): finds the command in the tree, reads its options, prints help and
 * errors, runs it against the engine of this machine. Speaks to {@link EngineApi} where the real one speaks HTTP.
 * Not emulated: contexts, TLS, remote daemons, plug-ins, builds, registries, drivers of volumes.
 */
import { DOCKER_SOCKET, type EngineApi } from '../../engine/api.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../../process/program.ts';
import { connect, eraOf } from './client.ts';
import type { CommandSpec } from './command.ts';
import { complete } from './completion.ts';
import { ofEra } from './eraHelp.ts';
import { Failure } from './failure.ts';
import { arityError, commandLines, helpText, optionLines } from './help.ts';
import { parseOptions, type Options, type Parsed } from './options.ts';
import { sha256 } from './sha256.ts';
import { clientVersion } from './system.ts';
import { GLOBAL_OPTIONS, GROUPS, ROOT } from './tree.ts';

function engineOf(ctx: ProgramContext): EngineApi | undefined {
  return ctx.host.unixSockets.get(DOCKER_SOCKET) as EngineApi | undefined;
}

/** Commands that help shows here: those of swarm only where they can be used. */
function visibility(ctx: ProgramContext): (command: CommandSpec) => boolean {
  const info = engineOf(ctx)?.info();
  const { listsAll } = eraOf(ctx).client.help;
  const swarm = info?.ok === true ? info.value.Swarm : undefined;
  return (command) => {
    if (command.hidden === true) return false;
    if (listsAll) return true;
    if (swarm === undefined || command.shownOn === undefined) return true;
    return command.shownOn === 'manager' ? swarm.ControlAvailable : swarm.LocalNodeState !== 'inactive';
  };
}

function columnsOf(ctx: ProgramContext): number {
  return ctx.file(0)?.isTty === true ? (ctx.tty?.columns ?? 80) : 80;
}

/** `docker --help`. */
function rootHelp(ctx: ProgramContext): string {
  const visible = visibility(ctx);
  const { lead, words } = eraOf(ctx).client.help;
  let text = `${lead}Usage:  docker ${ROOT.usage}\n\n${ROOT.short}\n`;
  for (const group of GROUPS) {
    const commands = group.commands
      .filter(visible)
      .map(({ name, short }) => ({ name, short: words[`docker ${name}`] ?? short }));
    if (commands.length > 0) text += `\n${group.title}:\n${commandLines(commands)}`;
  }
  text += `\nGlobal Options:\n${optionLines(GLOBAL_OPTIONS, columnsOf(ctx))}\nRun 'docker COMMAND --help' for more information on a command.\n`;
  return `${text}\nFor more help on how to use Docker, head to https://docs.docker.com/go/guides/\n`;
}

function findChild(command: CommandSpec, name: string): CommandSpec | undefined {
  return command.children?.find((child) => child.name === name || child.aliases?.includes(name) === true);
}

/** parseOptions with docker's ending of its errors. */
function parse(args: readonly string[], command: CommandSpec, path: string, usage: string): Parsed {
  const table = command === ROOT ? GLOBAL_OPTIONS : (command.options ?? []);
  const interspersed = command.children === undefined && command.interspersed !== false;
  try {
    return parseOptions(args, table, interspersed);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(
      `${error.message}\nSee '${path} --help'.${command.children === undefined ? '' : `\n${usage}`}`,
      125,
    );
  }
}

function* main(ctx: ProgramContext): Program {
  try {
    return yield* root(ctx);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    yield* ctx.err(`${error.message}\n`);
    return error.status;
  }
}

function* root(ctx: ProgramContext): Blocking<number> {
  const { options, words, help } = parse(ctx.argv.slice(1), ROOT, 'docker', rootHelp(ctx));
  if (options.flag('version')) {
    const { Version, GitCommit } = clientVersion(eraOf(ctx));
    yield* ctx.out(`Docker version ${Version}, build ${GitCommit}\n`);
    return 0;
  }
  const [name, ...rest] = words[0] === 'help' ? [words[1], ...words.slice(2), '--help'] : words;
  if (help !== 'none' || (name === undefined && words[0] === 'help')) {
    yield* ctx.out(rootHelp(ctx));
    return 0;
  }
  if (name === undefined) {
    yield* ctx.err(rootHelp(ctx));
    return 0;
  }
  refuseOptions('docker', GLOBAL_OPTIONS, options);
  checkContext(options.text('context') || (ctx.env.get('DOCKER_CONTEXT') ?? ''));
  const command = findChild(ROOT, name);
  if (command === undefined) {
    const short = eraOf(ctx).client.help.complaints === 'short';
    throw new Failure(
      short
        ? `docker: unknown command: docker ${name}\n\nRun 'docker --help' for more information`
        : `docker: '${name}' is not a docker command.\nSee 'docker --help'`,
    );
  }
  return yield* descend(ctx, command, `docker ${command.name}`, rest, options.text('host'));
}

/** The one context is `default`; others are looked for where docker keeps them, in vain. */
function checkContext(name: string): void {
  if (name === '' || name === 'default') return;
  const path = `/root/.docker/contexts/meta/${sha256(name)}/meta.json`;
  throw new Failure(
    `Failed to initialize: unable to resolve docker endpoint: context ${JSON.stringify(name)}: context not found: open ${path}: no such file or directory`,
  );
}

function* descend(
  ctx: ProgramContext,
  known: CommandSpec,
  path: string,
  args: readonly string[],
  host: string,
): Blocking<number> {
  const era = eraOf(ctx);
  const command = ofEra(path, known, era);
  if (command.run === undefined && command.children === undefined) throw new Failure(`${path}: not emulated here`);
  const usage = helpText(path, command, columnsOf(ctx), visibility(ctx), era.client.help.lead);
  const { options, words, help } = parse(args, command, path, usage);
  if (help !== 'none') {
    if (help === 'deprecated') yield* ctx.err('Flag shorthand -h has been deprecated, use --help\n');
    yield* ctx.out(usage);
    return 0;
  }
  if (command.children !== undefined) {
    const [name, ...rest] = words;
    const child = name === undefined || findChild(command, name) === undefined ? undefined : findChild(known, name);
    if (child !== undefined) return yield* descend(ctx, child, `${path} ${child.name}`, rest, host);
    yield* ctx.err(usage);
    return name === undefined ? 0 : 1;
  }
  const wrong = arityError(path, command, words.length, era.client.help.complaints);
  if (wrong !== undefined) throw new Failure(wrong.trimEnd());
  refuseOptions(path, command.options ?? [], options);
  const api = command.local === true ? (engineOf(ctx) ?? ({} as EngineApi)) : connect(ctx, host);
  return yield* command.run?.({ ctx, api, options, words, path, command }) ?? none();
}

function* none(): Blocking<number> {
  return 0;
}

function refuseOptions(
  path: string,
  table: readonly { readonly name: string; readonly refused?: true }[],
  options: Options,
): void {
  const refused = table.find((spec) => spec.refused === true && options.has(spec.name));
  if (refused !== undefined) throw new Failure(`${path}: option --${refused.name} is not emulated here`);
}

export const dockerTool: Tool = {
  name: 'docker',
  summary: 'containers, images, networks and swarms of the Docker engine',
  main,
  complete,
};
