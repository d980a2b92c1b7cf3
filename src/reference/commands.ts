/**
 * The command reference, from what the emulator itself declares: `help` says what is installed and in which group, `man`
 * what a command is, the command's own help how it is used, and the comment at the head of its source what it mirrors
 * and what it does not do. Made when the site is built; nothing of it is written by hand.
 */
import type { World } from '../../simulator/index.ts';
import { headerOf, sourceOf } from './headers.ts';
import { typed } from './machines.ts';

interface CommandCard {
  readonly name: string;
  readonly summary: string;
  readonly otherNames: readonly string[];
  /** The paragraphs at the head of its source. */
  readonly mirrors: readonly string[];
  /** What its help prints, and what was typed for it. */
  readonly usage?: { readonly line: string; readonly text: string };
}

export interface CommandGroup {
  /** As `help` calls it. */
  readonly title: string;
  readonly commands: readonly CommandCard[];
}

/** A program that refuses, and what it says. */
export interface Refusal {
  readonly name: string;
  readonly says: string;
}

/** The first machine of a world knows the most. */
function machineOf(world: World): string {
  return world.hosts[0] as string;
}

/** Everything that is installed, by group. `sources` are the files of simulator/tools, by path. */
export function commandGroups(world: World, sources: Readonly<Record<string, string>>): CommandGroup[] {
  const host = machineOf(world);
  return groupsOf(typed(world, host, 'help').stdout).map(({ title, names }) => ({
    title,
    commands: names.map((name) => card(world, host, name, sources)),
  }));
}

function card(world: World, host: string, name: string, sources: Readonly<Record<string, string>>): CommandCard {
  const page = typed(world, host, `man ${name}`).stdout;
  const usage = usageOf(world, host, name);
  const source = sourceOf(name, sources);
  return {
    name,
    summary: / - (.*)/.exec(page)?.[1] ?? '',
    otherNames: /OTHER NAMES\n\s+(.*)/.exec(page)?.[1]?.split(', ') ?? [],
    mirrors: source === undefined ? [] : headerOf(source),
    ...(usage === undefined ? {} : { usage }),
  };
}

/** The groups that `help` prints: a title, and below it names in columns. */
export function groupsOf(printed: string): { title: string; names: string[] }[] {
  const [, ...parts] = printed.trimEnd().split(/\n\n+/);
  return parts.map((part) => {
    const [title = '', ...lines] = part.split('\n');
    return { title, names: lines.flatMap((line) => line.trim().split(/\s+/)).sort() };
  });
}

/** The first way of asking for help that the command knows. */
function usageOf(world: World, host: string, name: string): CommandCard['usage'] {
  for (const option of ['--help', '-h', 'help']) {
    const line = `${name} ${option}`;
    const { stdout, stderr } = typed(world, host, line);
    const text = (stdout + stderr).trim();
    const refused = /not emulated|(unrecognized|invalid|unknown|illegal) option|^\S+: unknown/i.test(
      text.split('\n')[0]!,
    );
    if (!refused && /usage:?/i.test(text) && text.includes('\n')) return { line, text };
  }
  return undefined;
}

/** One of Docker's commands. */
export interface DockerCommand {
  /** `docker service create` */
  readonly line: string;
  readonly summary: string;
  readonly help: string;
}

/** Docker's commands that have a help text here, each after the one above it. */
export function dockerCommands(world: World): DockerCommand[] {
  const host = machineOf(world);
  const walk = (line: string): DockerCommand[] => {
    const help = typed(world, host, `${line} --help`).stdout.trim();
    const children = [...help.matchAll(/^ {2}([a-z][a-z-]*)\*? {2,}\S/gm)].map(([, name]) => name!);
    if (!help.includes(`Usage:  ${line}`)) return [];
    const summary = help.split(/\n\n+/)[1]?.trim() ?? '';
    return [{ line, summary, help }, ...children.flatMap((name) => walk(`${line} ${name}`))];
  };
  return walk('docker');
}

/** Programs that a learner may look for and that only say what to use instead. */
export function refusals(world: World): Refusal[] {
  const host = machineOf(world);
  const files = typed(world, host, 'ls /usr/bin /usr/sbin /bin /sbin').stdout.split(/\s+/);
  const names = [...new Set(files.filter((name) => /^[a-z][\w.-]*$/.test(name)))].sort();
  return names
    .filter((name) => typed(world, host, `man ${name}`).stdout.includes(' - not emulated'))
    .map((name) => ({ name, says: typed(world, host, name).stderr.trim() }));
}
