/** `docker stack …`: cli/command/stack. What a stack is made of is seen by its label; compose files are not read here. */
import type { Filters, SwarmService } from '../../engine/api.ts';
import { strerror } from '../../base/errno.ts';
import type { Blocking } from '../../process/program.ts';
import { daemonError, filtersOf, value } from './client.ts';
import { atLeast, exactly, NO_ARGUMENTS, type Call, type CommandSpec } from './command.ts';
import { Failure } from './failure.ts';
import { FORMAT_LIST, formatList, naturalOrder, type ListStyle, type Row } from './format.ts';
import { option, refusedOption } from './options.ts';
import { printServices } from './service.ts';
import { printTasks, TASK_OPTIONS } from './tasks.ts';

const NAMESPACE = 'com.docker.stack.namespace';
const labelled = (stack: string, filters: Filters = {}): Filters => ({
  ...filters,
  label: [...(filters['label'] ?? []), `${NAMESPACE}=${stack}`],
});

const STYLE: ListStyle = {
  typeName: '*formatter.stackContext',
  columns: '{{.Name}}\\t{{.Services}}',
  quiet: '{{.Name}}',
  titles: { Name: 'NAME', Services: 'SERVICES' },
};

function* ls(call: Call): Blocking<number> {
  const counts = new Map<string, number>();
  for (const service of value(call.api.services({ filters: {}, status: false }))) {
    const stack = service.Spec.Labels[NAMESPACE];
    if (stack !== undefined) counts.set(stack, (counts.get(stack) ?? 0) + 1);
  }
  const rows = [...counts]
    .sort(([a], [b]) => naturalOrder(a, b))
    .map(([name, count]): Row => ({ Name: () => name, Services: () => String(count) }));
  yield* call.ctx.out(formatList(STYLE, rows, call.options.text('format'), false));
  return 0;
}

function servicesOf(call: Call, stack: string, filters: Filters = {}): SwarmService[] {
  return value(call.api.services({ filters: labelled(stack, filters), status: true }));
}

function* services(call: Call): Blocking<number> {
  const stack = call.words[0] as string;
  const found = servicesOf(call, stack, filtersOf(call.options));
  if (found.length === 0) yield* call.ctx.err(`Nothing found in stack: ${stack}\n`);
  else yield* call.ctx.out(printServices(call, found));
  return 0;
}

function* ps(call: Call): Blocking<number> {
  const stack = call.words[0] as string;
  const tasks = servicesOf(call, stack).flatMap((service) =>
    value(call.api.tasks({ ...filtersOf(call.options), service: [service.ID] })),
  );
  if (tasks.length === 0) throw new Failure(`nothing found in stack: ${stack}`);
  yield* printTasks(call, tasks);
  return 0;
}

function* rm(call: Call): Blocking<number> {
  const { api, ctx } = call;
  const failures: string[] = [];
  for (const stack of call.words) {
    const owned = servicesOf(call, stack);
    const networks = value(api.networks({ label: [`${NAMESPACE}=${stack}`] }));
    if (owned.length + networks.length === 0) yield* ctx.err(`Nothing found in stack: ${stack}\n`);
    for (const service of [...owned].sort((a, b) => naturalOrder(a.Spec.Name, b.Spec.Name))) {
      yield* ctx.out(`Removing service ${service.Spec.Name}\n`);
      const removed = api.serviceRemove(service.ID);
      if (!removed.ok) failures.push(`Failed to remove service ${service.ID}: ${daemonError(removed)}`);
    }
    for (const network of networks) {
      yield* ctx.out(`Removing network ${network.Name}\n`);
      const removed = api.networkRemove(network.Id);
      if (!removed.ok) failures.push(`Failed to remove network ${network.Id}: ${daemonError(removed)}`);
    }
  }
  if (failures.length > 0) throw new Failure(failures.join('\n'));
  return 0;
}

function* deploy(call: Call): Blocking<number> {
  const { options, ctx } = call;
  if (!options.has('compose-file')) throw new Failure('Please specify a Compose file (with --compose-file)');
  for (const path of options.items('compose-file')) {
    const file = ctx.fs.readText(path);
    if (!file.ok) throw new Failure(`open ${path}: ${strerror(file.errno).toLowerCase()}`);
  }
  throw new Failure(
    'docker stack deploy: compose files are not emulated here; use docker network create and docker service create',
  );
}

export const stackCommand: CommandSpec = {
  name: 'stack',
  usage: 'COMMAND',
  short: 'Manage Swarm stacks',
  shownOn: 'manager',
  children: [
    {
      name: 'config',
      usage: '[OPTIONS]',
      short: 'Outputs the final config file, after doing merges and interpolations',
    },
    {
      name: 'deploy',
      aliases: ['up'],
      aliasLine: 'docker stack deploy, docker stack up',
      usage: '[OPTIONS] STACK',
      short: 'Deploy a new stack or update an existing stack',
      arity: exactly(1),
      run: deploy,
      options: [
        option('compose-file', 'c', 'strings', 'Path to a Compose file, or "-" to read from stdin'),
        option(
          'detach',
          'd',
          'bool',
          'Exit immediately instead of waiting for the stack services to converge (default true)',
        ),
        option('prune', '', 'bool', 'Prune services that are no longer referenced'),
        option('quiet', 'q', 'bool', 'Suppress progress output'),
        option(
          'resolve-image',
          '',
          'string',
          'Query the registry to resolve image digest and supported platforms ("always", "changed", "never") (default "always")',
        ),
        option('with-registry-auth', '', 'bool', 'Send registry authentication details to Swarm agents'),
      ],
    },
    {
      name: 'ls',
      aliases: ['list'],
      aliasLine: 'docker stack ls, docker stack list',
      usage: '[OPTIONS]',
      short: 'List stacks',
      arity: NO_ARGUMENTS,
      run: ls,
      options: [option('format', '', 'string', FORMAT_LIST)],
    },
    {
      name: 'ps',
      usage: '[OPTIONS] STACK',
      short: 'List the tasks in the stack',
      arity: exactly(1),
      run: ps,
      options: TASK_OPTIONS,
    },
    {
      name: 'rm',
      aliases: ['remove', 'down'],
      aliasLine: 'docker stack rm, docker stack remove, docker stack down',
      usage: '[OPTIONS] STACK [STACK...]',
      short: 'Remove one or more stacks',
      arity: atLeast(1),
      run: rm,
      options: [refusedOption('detach', 'd', 'bool', 'Do not wait for stack removal (default true)')],
    },
    {
      name: 'services',
      usage: '[OPTIONS] STACK',
      short: 'List the services in the stack',
      arity: exactly(1),
      run: services,
      options: [
        option('filter', 'f', 'filter', 'Filter output based on conditions provided'),
        option('format', '', 'string', FORMAT_LIST),
        option('quiet', 'q', 'bool', 'Only display IDs'),
      ],
    },
  ],
};
