/** Words that Tab offers for `docker …`: commands, options and their names from the tree, names of objects from the engine. */
import { DOCKER_SOCKET, type EngineApi } from '../../engine/api.ts';
import type { ProgramContext } from '../../process/program.ts';
import type { CommandSpec, Completion } from './command.ts';
import type { OptionSpec } from './options.ts';
import { GLOBAL_OPTIONS, ROOT } from './tree.ts';

/** Completions of the last of `words`; `words[0]` is `docker`. */
export function complete(words: readonly string[], ctx: ProgramContext): readonly string[] {
  const last = words.at(-1) ?? '';
  let command: CommandSpec = ROOT;
  let at = 1;
  let table: readonly OptionSpec[] = GLOBAL_OPTIONS;
  let given = 0;
  for (; at < words.length - 1; at++) {
    const word = words[at] as string;
    if (word.startsWith('-')) {
      const spec = optionOf(word, table);
      if (spec !== undefined && spec.type !== 'bool' && !word.includes('=')) {
        if (at + 1 === words.length - 1) return valuesOf(spec, last, ctx);
        at++;
      }
      continue;
    }
    const child: CommandSpec | undefined = command.children?.find(
      (candidate) => candidate.name === word || candidate.aliases?.includes(word) === true,
    );
    if (child === undefined) given++;
    else {
      command = child;
      table = child.options ?? [];
    }
  }
  if (last.startsWith('-'))
    return [...table.filter((spec) => spec.refused !== true).map((spec) => `--${spec.name}`), '--help']
      .filter((name) => name.startsWith(last))
      .sort();
  if (command.children !== undefined) {
    return command.children
      .filter(
        (child) =>
          child.hidden !== true &&
          (child.run !== undefined || child.children !== undefined) &&
          child.name.startsWith(last),
      )
      .map((child) => child.name)
      .sort();
  }
  const kinds = command.completes ?? [];
  const kind = kinds[Math.min(given, kinds.length - 1)];
  if (kind === undefined || (command.interspersed === false && given > 0)) return [];
  return namesOf(kind, ctx)
    .filter((name) => name.startsWith(last))
    .sort();
}

function optionOf(word: string, table: readonly OptionSpec[]): OptionSpec | undefined {
  if (word.startsWith('--')) return table.find((spec) => spec.name === word.slice(2).split('=', 1)[0]);
  return table.find((spec) => spec.short !== '' && spec.short === word.at(-1));
}

const VALUES: Readonly<Record<string, Completion | readonly string[]>> = {
  network: 'network',
  'network-add': 'network',
  'network-rm': 'network',
  availability: ['active', 'drain', 'pause'],
  role: ['manager', 'worker'],
  mode: ['global', 'global-job', 'replicated', 'replicated-job'],
  'endpoint-mode': ['dnsrr', 'vip'],
  'restart-condition': ['any', 'none', 'on-failure'],
  'update-order': ['start-first', 'stop-first'],
  'rollback-order': ['start-first', 'stop-first'],
  driver: ['bridge', 'overlay'],
  type: ['container', 'image', 'network', 'node', 'service', 'task', 'volume'],
};

function valuesOf(spec: OptionSpec, start: string, ctx: ProgramContext): readonly string[] {
  const values = VALUES[spec.name];
  if (values === undefined) return [];
  return (typeof values === 'string' ? namesOf(values, ctx) : values).filter((value) => value.startsWith(start));
}

function namesOf(kind: Completion, ctx: ProgramContext): string[] {
  if (kind === 'role') return ['worker', 'manager'];
  const api = ctx.host.unixSockets.get(DOCKER_SOCKET) as EngineApi | undefined;
  if (api === undefined || kind === 'none') return [];
  switch (kind) {
    case 'container':
    case 'runningContainer': {
      const found = api.containers({ all: kind === 'container', filters: {} });
      return found.ok ? found.value.flatMap((container) => container.Names.map((name) => name.replace(/^\//, ''))) : [];
    }
    case 'service': {
      const found = api.services({ filters: {}, status: false });
      return found.ok ? found.value.map((service) => service.Spec.Name) : [];
    }
    case 'network': {
      const found = api.networks({});
      return found.ok ? found.value.map((network) => network.Name) : [];
    }
    case 'node': {
      const found = api.nodes({});
      return found.ok ? ['self', ...found.value.map((node) => node.Description.Hostname ?? node.ID)] : [];
    }
    case 'volume': {
      const found = api.volumes({});
      return found.ok ? found.value.map(({ Name }) => Name) : [];
    }
    case 'image': {
      const found = api.images({ all: false, filters: {} });
      return found.ok ? found.value.flatMap((image) => image.RepoTags.map((tag) => tag.replace(/:latest$/, ''))) : [];
    }
  }
}
