/** `docker system prune` and `docker image prune`, and what all prunes ask first: cli/command/{system,image}/prune.go. */
import { humanSize } from '../../engine/duration.ts';
import type { Blocking } from '../../process/program.ts';
import { filtersOf, settled, value } from './client.ts';
import { NO_ARGUMENTS, type Call, type CommandSpec } from './command.ts';
import { Failure } from './failure.ts';
import { option } from './options.ts';

const FILTER = 'Provide filter values (e.g. "label=<key>=<value>")';

/** *blocking* Whether it is meant: with --force always. */
export function* confirmed({ ctx, options }: Call, warning: string): Blocking<boolean> {
  if (options.flag('force')) return true;
  yield* ctx.out(`${warning}\nAre you sure you want to continue? [y/N] `);
  return (yield* ctx.readLine(0))?.trim().toLowerCase() === 'y';
}

/** *blocking* Removes containers that do not run; prints and answers their ids. */
export function* pruneContainers(call: Call): Blocking<string[]> {
  const { api, ctx, options } = call;
  const filters = { ...filtersOf(options), status: ['created', 'exited', 'dead'] };
  const removed: string[] = [];
  for (const { Id } of value(api.containers({ all: true, filters }))) {
    const result = yield* settled(call, api.containerRemove(Id, { force: false, volumes: false }));
    if (result.ok) removed.push(Id);
  }
  if (removed.length > 0) yield* ctx.out(`Deleted Containers:\n${removed.join('\n')}\n\n`);
  return removed;
}

/** *blocking* Removes images without a tag, or all that no container uses; answers the octets won. */
function* pruneImages({ api, ctx, options }: Call): Blocking<number> {
  let space = 0;
  const lines: string[] = [];
  for (const { Id, RepoTags, Size } of value(api.images({ all: true, filters: filtersOf(options) }))) {
    if (RepoTags.length > 0 && !options.flag('all')) continue;
    for (const name of RepoTags.length > 0 ? RepoTags : [Id]) {
      const removed = api.imageRemove(name, { force: false, noPrune: false });
      if (!removed.ok) break;
      for (const { Untagged, Deleted } of removed.value) {
        lines.push(Deleted === undefined ? `untagged: ${Untagged ?? ''}` : `deleted: ${Deleted}`);
        if (Deleted === Id) space += Size;
      }
    }
  }
  if (lines.length > 0) yield* ctx.out(`Deleted Images:\n${lines.join('\n')}\n\n`);
  return space;
}

function* imagePrune(call: Call): Blocking<number> {
  const which = call.options.flag('all')
    ? 'all images without at least one container associated to them'
    : 'all dangling images';
  if (!(yield* confirmed(call, `WARNING! This will remove ${which}.`))) return 0;
  const space = yield* pruneImages(call);
  yield* call.ctx.out(`Total reclaimed space: ${humanSize(space)}\n`);
  return 0;
}

function* systemPrune(call: Call): Blocking<number> {
  const { api, ctx, options } = call;
  if (options.flag('volumes') && 'until' in filtersOf(options))
    throw new Failure('ERROR: The "until" filter is not supported with "--volumes"');
  const all = options.flag('all');
  const parts = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(options.flag('volumes') ? ['all anonymous volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated to them' : 'all dangling images',
    all ? 'all build cache' : 'unused build cache',
  ];
  const list = parts.map((part) => `  - ${part}\n`).join('');
  if (!(yield* confirmed(call, `WARNING! This will remove:\n${list}`))) return 0;
  yield* pruneContainers(call);
  const networks = value(api.networkPrune(filtersOf(options))).NetworksDeleted;
  if (networks.length > 0) yield* ctx.out(`Deleted Networks:\n${networks.join('\n')}\n\n`);
  let space = 0;
  if (options.flag('volumes')) {
    const volumes = value(api.volumePrune(filtersOf(options)));
    space += volumes.SpaceReclaimed;
    if (volumes.VolumesDeleted.length > 0) yield* ctx.out(`Deleted Volumes:\n${volumes.VolumesDeleted.join('\n')}\n\n`);
  }
  space += yield* pruneImages(call);
  yield* ctx.out(`Total reclaimed space: ${humanSize(space)}\n`);
  return 0;
}

const FORCE = option('force', 'f', 'bool', 'Do not prompt for confirmation');

export const imagePruneCommand: CommandSpec = {
  name: 'prune',
  usage: '[OPTIONS]',
  short: 'Remove unused images',
  arity: NO_ARGUMENTS,
  run: imagePrune,
  options: [
    option('all', 'a', 'bool', 'Remove all unused images, not just dangling ones'),
    option('filter', '', 'filter', 'Provide filter values (e.g. "until=<timestamp>")'),
    FORCE,
  ],
};

export const systemPruneCommand: CommandSpec = {
  name: 'prune',
  usage: '[OPTIONS]',
  short: 'Remove unused data',
  arity: NO_ARGUMENTS,
  run: systemPrune,
  options: [
    option('all', 'a', 'bool', 'Remove all unused images not just dangling ones'),
    option('filter', '', 'filter', FILTER),
    FORCE,
    option('volumes', '', 'bool', 'Prune anonymous volumes'),
  ],
};
