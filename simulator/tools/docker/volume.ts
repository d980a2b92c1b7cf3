/** `docker volume …`: cli/command/volume. Not emulated: drivers other than local, volumes of a cluster. */
import type { VolumeResource } from '../../engine/api.ts';
import { humanSize } from '../../engine/duration.ts';
import type { Blocking } from '../../process/program.ts';
import { each, eraOf, filtersOf, value } from './client.ts';
import { atLeast, atMost, NO_ARGUMENTS, type Call, type CommandSpec, type Run } from './command.ts';
import { Failure } from './failure.ts';
import { FORMAT_LIST, FORMAT_ONE, formatList, naturalOrder, type ListStyle, type Row } from './format.ts';
import { inspectAll } from './inspect.ts';
import { option, refusedOption } from './options.ts';
import { checkLabel, keyValues } from './optionValues.ts';
import { confirmed } from './prune.ts';

const STYLE: ListStyle = {
  typeName: '*formatter.volumeContext',
  columns: '{{.Driver}}\\t{{.Name}}',
  quiet: '{{.Name}}',
  titles: {
    Name: 'VOLUME NAME',
    Driver: 'DRIVER',
    Scope: 'SCOPE',
    Availability: 'AVAILABILITY',
    Mountpoint: 'MOUNTPOINT',
    Labels: 'LABELS',
    Links: 'LINKS',
    Size: 'SIZE',
    Group: 'GROUP',
    Status: 'STATUS',
  },
};

function rowOf(volume: VolumeResource): Row {
  const none = (): string => 'N/A';
  return {
    Name: () => volume.Name,
    Driver: () => volume.Driver,
    Scope: () => volume.Scope,
    Mountpoint: () => volume.Mountpoint,
    Labels: () =>
      Object.entries(volume.Labels ?? {})
        .map(([key, text]) => `${key}=${text}`)
        .sort()
        .join(','),
    Label: (name: string) => volume.Labels?.[name] ?? '',
    Availability: none,
    Group: none,
    Status: none,
    Links: none,
    Size: none,
  };
}

function* ls(call: Call): Blocking<number> {
  const { api, ctx, options } = call;
  const volumes = [...value(api.volumes(filtersOf(options)))].sort((a, b) => naturalOrder(a.Name, b.Name));
  yield* ctx.out(formatList(STYLE, volumes.map(rowOf), options.text('format'), options.flag('quiet'), eraOf(ctx)));
  return 0;
}

function* create(call: Call): Blocking<number> {
  const { api, ctx, options, words } = call;
  const [word = ''] = words;
  if (word !== '' && options.has('name'))
    throw new Failure('conflicting options: either specify --name or provide positional arg, not both');
  const labels = options.has('label') ? keyValues(options.texts('label')) : null;
  const made = value(api.volumeCreate(word === '' ? options.text('name') : word, options.text('driver'), labels));
  yield* ctx.out(`${made.Name}\n`);
  return 0;
}

const inspect: Run = (call) =>
  inspectAll(call, call.words, call.options.text('format'), { fetch: (word) => call.api.volumeInspect(word) });

const rm: Run = (call) =>
  each(call, function* (word) {
    value(call.api.volumeRemove(word, call.options.flag('force')));
    return word;
  });

function* prune(call: Call): Blocking<number> {
  const { api, ctx, options } = call;
  const filters = filtersOf(options);
  if (options.flag('all') && filters['all'] !== undefined)
    throw new Failure('conflicting options: cannot specify both --all and --filter all=1');
  const everything = options.flag('all');
  const which = everything ? 'local volumes' : 'anonymous local volumes';
  if (
    !(yield* confirmed(
      call,
      `WARNING! This will remove ${which === 'local volumes' ? 'all ' : ''}${which} not used by at least one container.`,
    ))
  )
    return 0;
  const pruned = value(api.volumePrune(everything ? { ...filters, all: ['true'] } : filters));
  if (pruned.VolumesDeleted.length > 0) yield* ctx.out(`Deleted Volumes:\n${pruned.VolumesDeleted.join('\n')}\n\n`);
  yield* ctx.out(`Total reclaimed space: ${humanSize(pruned.SpaceReclaimed)}\n`);
  return 0;
}

const CLUSTER = '(cluster volumes only)';

export const volumeCommand: CommandSpec = {
  name: 'volume',
  usage: 'COMMAND',
  short: 'Manage volumes',
  children: [
    {
      name: 'create',
      usage: '[OPTIONS] [VOLUME]',
      short: 'Create a volume',
      arity: atMost(1),
      run: create,
      options: [
        refusedOption(
          'availability',
          '',
          'string',
          'Cluster Volume availability ("active", "pause", "drain") (default "active")',
        ),
        option('driver', 'd', 'string', 'Specify volume driver name (default "local")'),
        refusedOption('group', '', 'string', `Cluster Volume group ${CLUSTER}`),
        option('label', '', 'list', 'Set metadata for a volume', checkLabel),
        refusedOption('limit-bytes', '', 'bytes', 'Minimum size of the Cluster Volume in bytes'),
        option('name', '', 'string', 'Specify volume name'),
        refusedOption('opt', 'o', 'map', 'Set driver specific options (default map[])'),
        refusedOption('required-bytes', '', 'bytes', 'Maximum size of the Cluster Volume in bytes'),
        refusedOption('scope', '', 'string', 'Cluster Volume access scope ("single", "multi") (default "single")'),
        refusedOption('secret', '', 'map', 'Cluster Volume secrets (default map[])'),
        refusedOption(
          'sharing',
          '',
          'string',
          'Cluster Volume access sharing ("none", "readonly", "onewriter", "all") (default "none")',
        ),
        refusedOption('topology-preferred', '', 'list', 'A topology that the Cluster Volume would be preferred in'),
        refusedOption('topology-required', '', 'list', 'A topology that the Cluster Volume must be accessible from'),
        refusedOption('type', '', 'string', 'Cluster Volume access type ("mount", "block") (default "block")'),
      ],
    },
    {
      name: 'inspect',
      usage: '[OPTIONS] VOLUME [VOLUME...]',
      short: 'Display detailed information on one or more volumes',
      arity: atLeast(1),
      completes: ['volume'],
      run: inspect,
      options: [option('format', 'f', 'string', FORMAT_ONE)],
    },
    {
      name: 'ls',
      aliases: ['list'],
      aliasLine: 'docker volume ls, docker volume list',
      usage: '[OPTIONS]',
      short: 'List volumes',
      arity: NO_ARGUMENTS,
      run: ls,
      options: [
        refusedOption('cluster', '', 'bool', 'Display only cluster volumes, and use cluster volume list formatting'),
        option('filter', 'f', 'filter', 'Provide filter values (e.g. "dangling=true")'),
        option('format', '', 'string', FORMAT_LIST),
        option('quiet', 'q', 'bool', 'Only display volume names'),
      ],
    },
    {
      name: 'prune',
      usage: '[OPTIONS]',
      short: 'Remove unused local volumes',
      arity: NO_ARGUMENTS,
      run: prune,
      options: [
        option('all', 'a', 'bool', 'Remove all unused volumes, not just anonymous ones'),
        option('filter', '', 'filter', 'Provide filter values (e.g. "label=<label>")'),
        option('force', 'f', 'bool', 'Do not prompt for confirmation'),
      ],
    },
    {
      name: 'rm',
      aliases: ['remove'],
      aliasLine: 'docker volume rm, docker volume remove',
      usage: '[OPTIONS] VOLUME [VOLUME...]',
      short: 'Remove one or more volumes',
      arity: atLeast(1),
      completes: ['volume'],
      run: rm,
      options: [option('force', 'f', 'bool', 'Force the removal of one or more volumes')],
    },
    { name: 'update', usage: '[OPTIONS] VOLUME', short: 'Update a volume (cluster volumes only)', shownOn: 'manager' },
  ],
};
