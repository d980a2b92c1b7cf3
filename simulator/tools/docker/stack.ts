/** `docker stack …`: cli/command/stack. What a stack is made of is seen by its label. */
import type { Filters, ServiceSpec, SwarmService } from '../../engine/api.ts';
import { encodeBase64 } from '../../base/base64.ts';
import { strerror } from '../../base/errno.ts';
import { MILLISECOND } from '../../base/scheduler.ts';
import type { Blocking } from '../../process/program.ts';
import { eraOf, daemonError, filtersOf, settled, value } from './client.ts';
import { NAMESPACE, readStack, type StackFile, type StackService } from './compose.ts';
import { atLeast, exactly, NO_ARGUMENTS, type Call, type CommandSpec } from './command.ts';
import { Failure } from './failure.ts';
import { FORMAT_LIST, formatList, naturalOrder, type ListStyle, type Row } from './format.ts';
import { option, refusedOption } from './options.ts';
import { followService } from './progress.ts';
import { asConfig, asSecret, resolveReferences } from './references.ts';
import { printServices } from './service.ts';
import { printTasks, TASK_OPTIONS } from './tasks.ts';

/** The managers agree before the daemon answers; meanwhile orchestrators see what was changed. */
const ANSWER_TIME = 10 * MILLISECOND;

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
  yield* call.ctx.out(formatList(STYLE, rows, call.options.text('format'), false, eraOf(call.ctx)));
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

/** *blocking* What went wrong, line by line. */
function* removeServices(call: Call, services: readonly SwarmService[]): Blocking<string[]> {
  const { api, ctx } = call;
  const failures: string[] = [];
  for (const service of [...services].sort((a, b) => naturalOrder(a.Spec.Name, b.Spec.Name))) {
    yield* ctx.out(`Removing service ${service.Spec.Name}\n`);
    const removed = yield* settled(call, api.serviceRemove(service.ID));
    if (!removed.ok) failures.push(`Failed to remove service ${service.ID}: ${daemonError(removed)}`);
    yield* ctx.sleep(ANSWER_TIME);
  }
  return failures;
}

function* rm(call: Call): Blocking<number> {
  const { api, ctx } = call;
  const failures: string[] = [];
  for (const stack of call.words) {
    const owned = servicesOf(call, stack);
    const networks = value(api.networks({ label: [`${NAMESPACE}=${stack}`] }));
    const files = (['secret', 'config'] as const).flatMap((kind) => value(kind === 'secret' ? api.secrets({ label: [`${NAMESPACE}=${stack}`] }) : api.configs({ label: [`${NAMESPACE}=${stack}`] })).map((file) => ({ kind, file })));
    if (owned.length + networks.length + files.length === 0) yield* ctx.err(`Nothing found in stack: ${stack}\n`);
    failures.push(...(yield* removeServices(call, owned)));
    for (const { kind, file } of files) {
      yield* ctx.out(`Removing ${kind} ${file.Spec.Name}\n`);
      const removed = yield* settled(call, kind === 'secret' ? api.secretRemove(file.ID) : api.configRemove(file.ID));
      if (!removed.ok) failures.push(`Failed to remove ${kind} ${file.ID}: ${daemonError(removed)}`);
    }
    for (const network of networks) {
      yield* ctx.out(`Removing network ${network.Name}\n`);
      const removed = yield* settled(call, api.networkRemove(network.Id));
      if (!removed.ok) failures.push(`Failed to remove network ${network.Id}: ${daemonError(removed)}`);
    }
  }
  if (failures.length > 0) throw new Failure(failures.join('\n'));
  return 0;
}

/** *blocking* Makes what the file describes, or brings what is there up to date. */
function* deploy(call: Call): Blocking<number> {
  const { api, options, ctx, words } = call;
  const stack = words[0] as string;
  const paths = options.items('compose-file');
  if (paths.length === 0) throw new Failure('Please specify a Compose file (with --compose-file)');
  if (paths.length > 1) throw new Failure('docker stack deploy: more than one compose file is not emulated here');
  const described = readStack(yield* composeText(call, paths[0] as string), stack, ctx.env);
  if (described.warning !== '') yield* ctx.err(described.warning);
  const detach = options.flag('detach', true);
  if (!options.has('detach'))
    yield* ctx.err('Since --detach=false was not specified, tasks will be created in the background.\nIn a future release, --detach=false will become the default.\n');
  const owned = servicesOf(call, stack);
  if (options.flag('prune')) yield* removeServices(call, owned.filter(({ Spec }) => !described.services.some(({ spec }) => spec.Name === Spec.Name)));
  for (const name of described.external) {
    const there = api.networkInspect(name, { verbose: false, scope: 'swarm' });
    if (!there.ok)
      throw new Failure(`network "${name}" is declared as external, but could not be found. You need to create a swarm-scoped network before the stack can be deployed`);
  }
  const known = new Set(value(api.networks({ label: [`${NAMESPACE}=${stack}`] })).map(({ Name }) => Name));
  for (const network of described.networks.filter(({ Name }) => !known.has(Name))) {
    yield* ctx.out(`Creating network ${network.Name}\n`);
    const created = yield* settled(call, api.networkCreate(network, ctx));
    if (!created.ok) throw new Failure(`failed to create network ${network.Name}: ${daemonError(created)}`);
  }
  for (const file of described.files) yield* deployFile(call, file, paths[0] as string);
  const queryRegistry = options.text('resolve-image', 'always') !== 'never';
  const made: string[] = [];
  for (const service of described.services) {
    const spec = withReferences(call, service);
    const before = owned.find(({ Spec }) => Spec.Name === spec.Name);
    if (before === undefined) {
      yield* ctx.out(`Creating service ${spec.Name}\n`);
      const created = yield* settled(call, api.serviceCreate(spec, { queryRegistry, cause: ctx }));
      if (!created.ok) throw new Failure(`failed to create service ${spec.Name}: ${daemonError(created)}`);
      made.push(created.value.ID);
      yield* ctx.sleep(ANSWER_TIME);
      continue;
    }
    yield* ctx.out(`Updating service ${spec.Name} (id: ${before.ID})\n`);
    const task = { ...spec.TaskTemplate, ForceUpdate: before.Spec.TaskTemplate.ForceUpdate };
    const updated = yield* settled(
      call,
      api.serviceUpdate(before.ID, before.Version.Index, { ...spec, TaskTemplate: task }, { queryRegistry, rollback: false, cause: ctx }),
    );
    if (!updated.ok) throw new Failure(`failed to update service ${spec.Name}: ${daemonError(updated)}`);
    for (const warning of updated.value.Warnings ?? []) yield* ctx.err(`${warning}\n`);
    made.push(before.ID);
  }
  if (!detach) for (const id of made) yield* followService(call, id, options.flag('quiet'));
  return 0;
}

/** *blocking* A secret or config of the stack: made, brought up to date, or looked for. */
function* deployFile(call: Call, { kind, name, path, labels }: StackFile, compose: string): Blocking<void> {
  const { api, ctx } = call;
  const found = kind === 'secret' ? api.secretInspect(name) : api.configInspect(name);
  if (path === undefined) {
    if (!found.ok) throw new Failure(`${kind} not found: ${name}`);
    return;
  }
  const directory = compose === '-' ? '' : compose.slice(0, compose.lastIndexOf('/') + 1);
  const place = path.startsWith('/') ? path : `${directory}${path}`;
  const content = ctx.fs.readFile(place);
  if (!content.ok) throw new Failure(`open ${place}: ${strerror(content.errno).toLowerCase()}`);
  const spec = { Name: name, Labels: labels, Data: encodeBase64(content.value) };
  if (found.ok) {
    const { ID, Version } = found.value;
    const updated = yield* settled(call, kind === 'secret' ? api.secretUpdate(ID, Version.Index, spec) : api.configUpdate(ID, Version.Index, spec));
    if (!updated.ok) throw new Failure(`failed to update ${kind} ${name}: ${daemonError(updated)}`);
    return;
  }
  yield* ctx.out(`Creating ${kind} ${name}\n`);
  const created = yield* settled(call, kind === 'secret' ? api.secretCreate(spec) : api.configCreate(spec));
  if (!created.ok) throw new Failure(`failed to create ${kind} ${name}: ${daemonError(created)}`);
}

/** The specification with the ids of what it refers to. */
function withReferences({ api }: Call, { spec, secrets, configs }: StackService): ServiceSpec {
  const Secrets = resolveReferences(api, 'secret', secrets).map(asSecret);
  const Configs = resolveReferences(api, 'config', configs).map(asConfig);
  const container = { ...(spec.TaskTemplate.ContainerSpec ?? { Image: '' }), ...(Secrets.length === 0 ? {} : { Secrets }), ...(Configs.length === 0 ? {} : { Configs }) };
  return { ...spec, TaskTemplate: { ...spec.TaskTemplate, ContainerSpec: container } };
}

/** *blocking* `-` is standard input. */
function* composeText({ ctx }: Call, path: string): Blocking<string> {
  if (path === '-') return yield* ctx.readAll(0);
  const file = ctx.fs.readText(path);
  if (!file.ok) throw new Failure(`open ${path}: ${strerror(file.errno).toLowerCase()}`);
  return file.value;
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
