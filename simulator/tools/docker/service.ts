/** `docker service …`: cli/command/service. */
import type { LogEntry, SwarmService, SwarmTask } from '../../engine/api.ts';
import type { Blocking } from '../../process/program.ts';
import { eraOf, daemonError, each, filtersOf, finish, value } from './client.ts';
import { atLeast, exactly, NO_ARGUMENTS, type Call, type CommandSpec } from './command.ts';
import { Failure } from './failure.ts';
import { FORMAT_LIST, FORMAT_ONE, formatList, naturalOrder, shortId, type ListStyle, type Row } from './format.ts';
import { SERVICE } from './goTypes.ts';
import { arityHint } from './help.ts';
import { inspectAll } from './inspect.ts';
import { LOG_OPTIONS, logQuery, printLogs } from './logs.ts';
import { option } from './options.ts';
import { checkValue } from './optionValues.ts';
import { followService } from './progress.ts';
import { createdReferences, editedReferences } from './references.ts';
import { CREATE_OPTIONS, UPDATE_OPTIONS } from './serviceOptions.ts';
import { prettyService } from './servicePretty.ts';
import { createSpec, taggedImage, updateSpec, withReplicas } from './serviceSpec.ts';
import { nodeName, printTasks, TASK_OPTIONS, taskName } from './tasks.ts';

const STYLE: ListStyle = {
  typeName: '*service.serviceContext',
  columns: '{{.ID}}\\t{{.Name}}\\t{{.Mode}}\\t{{.Replicas}}\\t{{.Image}}\\t{{.Ports}}',
  quiet: '{{.ID}}',
  titles: { ID: 'ID', Name: 'NAME', Mode: 'MODE', Replicas: 'REPLICAS', Image: 'IMAGE', Ports: 'PORTS' },
};

function modeName(service: SwarmService): string {
  const mode = service.Spec.Mode;
  if (mode.Global !== undefined) return 'global';
  if (mode.ReplicatedJob !== undefined) return 'replicated job';
  return mode.GlobalJob !== undefined ? 'global job' : 'replicated';
}

function replicas(service: SwarmService): string {
  const status = service.ServiceStatus ?? { RunningTasks: 0, DesiredTasks: 0, CompletedTasks: 0 };
  const base = `${status.RunningTasks}/${status.DesiredTasks}`;
  const max = service.Spec.TaskTemplate.Placement?.MaxReplicas ?? 0;
  const mode = service.Spec.Mode;
  if (mode.ReplicatedJob !== undefined)
    return `${base} (${status.CompletedTasks}/${mode.ReplicatedJob.TotalCompletions ?? 1} completed)`;
  if (mode.GlobalJob !== undefined)
    return `${base} (${status.CompletedTasks}/${status.DesiredTasks + status.CompletedTasks} completed)`;
  return max > 0 && mode.Replicated !== undefined ? `${base} (max ${max} per node)` : base;
}

/** Ingress ports of a service, neighbouring ones as a range (serviceContext.Ports). */
function servicePorts(service: SwarmService): string {
  const ports = (service.Endpoint.Ports ?? [])
    .filter((port) => port.PublishMode === 'ingress')
    .map((port) => ({ protocol: port.Protocol, published: port.PublishedPort ?? 0, target: port.TargetPort }))
    .sort((a, b) => (a.protocol === b.protocol ? a.published - b.published : a.protocol < b.protocol ? -1 : 1));
  const ranges: { protocol: string; published: [number, number]; target: [number, number] }[] = [];
  for (const { protocol, published, target } of ports) {
    const range = ranges.at(-1);
    const follows = (next: number, last: number): boolean => next - last === 0 || next - last === 1;
    const overlaps = range !== undefined && range.target[1] !== range.target[0] && target <= range.target[1];
    if (
      range?.protocol === protocol &&
      follows(published, range.published[1]) &&
      follows(target, range.target[1]) &&
      !overlaps
    ) {
      range.published[1] = published;
      range.target[1] = target;
    } else ranges.push({ protocol, published: [published, published], target: [target, target] });
  }
  const text = ([first, last]: [number, number]): string => (last > first ? `${first}-${last}` : String(first));
  return ranges.map((range) => `*:${text(range.published)}->${text(range.target)}/${range.protocol}`).join(', ');
}

/** Rows of `service ls` and `stack services`. */
export function printServices(call: Call, services: readonly SwarmService[]): string {
  const rows = [...services]
    .sort((a, b) => naturalOrder(a.Spec.Name, b.Spec.Name))
    .map((service): Row => ({
      ID: () => shortId(service.ID),
      Name: () => service.Spec.Name,
      Mode: () => modeName(service),
      Replicas: () => replicas(service),
      Image: () => (service.Spec.TaskTemplate.ContainerSpec?.Image ?? '').replace(/@sha256:.*$/, ''),
      Ports: () => servicePorts(service),
    }));
  return formatList(STYLE, rows, call.options.text('format'), call.options.flag('quiet'), eraOf(call.ctx));
}

/** Asked not to wait, or of a time when nobody waited. */
function detached({ ctx, options }: Call): boolean {
  return options.flag('detach') || eraOf(ctx).client.detaches;
}

function* ls(call: Call): Blocking<number> {
  yield* call.ctx.out(
    printServices(call, value(call.api.services({ filters: filtersOf(call.options), status: true }))),
  );
  return 0;
}

function* create(call: Call): Blocking<number> {
  const { api, options, ctx, words } = call;
  const image = words[0] as string;
  const spec = createSpec(options, eraOf(ctx).client.tagsImages ? taggedImage(image) : image, words.slice(1), createdReferences(api, options));
  const created = yield* finish(call, api.serviceCreate(spec, { queryRegistry: !options.flag('no-resolve-image'), cause: ctx }));
  for (const warning of created.Warnings ?? []) yield* ctx.err(`${warning}\n`);
  yield* ctx.out(`${created.ID}\n`);
  if (!detached(call) && !options.flag('quiet')) yield* followService(call, created.ID, false);
  else if (!detached(call)) yield* followService(call, created.ID, true);
  return 0;
}

function* update(call: Call): Blocking<number> {
  const { api, options, words } = call;
  const word = words[0] as string;
  const before = value(api.serviceInspect(word, { insertDefaults: false }));
  const resolve = (name: string): string => value(api.networkInspect(name, { verbose: false, scope: 'swarm' })).Id;
  const rollback = options.flag('rollback');
  const spec = rollback ? before.Spec : updateSpec(options, before.Spec, resolve, editedReferences(api, options, before.Spec.TaskTemplate.ContainerSpec ?? { Image: '' }));
  return yield* send(call, word, before, spec, rollback, options.has('image') && !options.flag('no-resolve-image'));
}

function* rollback(call: Call): Blocking<number> {
  const word = call.words[0] as string;
  const before = value(call.api.serviceInspect(word, { insertDefaults: false }));
  return yield* send(call, word, before, before.Spec, true, false);
}

function* send(
  call: Call,
  word: string,
  before: SwarmService,
  spec: SwarmService['Spec'],
  rollBack: boolean,
  queryRegistry: boolean,
): Blocking<number> {
  const { api, options, ctx } = call;
  const answer = yield* finish(
    call,
    api.serviceUpdate(before.ID, before.Version.Index, spec, { queryRegistry, rollback: rollBack, cause: ctx }),
  );
  for (const warning of answer.Warnings ?? []) yield* ctx.err(`${warning}\n`);
  yield* ctx.out(`${word}\n`);
  if (!detached(call)) yield* followService(call, word, options.flag('quiet'));
  return 0;
}

function* scale(call: Call): Blocking<number> {
  const { api, ctx } = call;
  const errors: string[] = [];
  const done: string[] = [];
  for (const word of call.words)
    if (!/^[^=]+=/.test(word))
      throw new Failure(`Invalid scale specifier '${word}'.\n${arityHint(call.path, call.command)}`.trimEnd());
  for (const word of call.words) {
    const equals = word.indexOf('=');
    const [name, count] = [word.slice(0, equals), word.slice(equals + 1)];
    const wrong = checkValue('uint', count);
    if (wrong !== undefined) {
      errors.push(`${name}: invalid replicas value ${count}: ${wrong}`);
      continue;
    }
    try {
      const before = value(api.serviceInspect(name, { insertDefaults: false }));
      const spec = {
        ...before.Spec,
        Mode: withReplicas(
          before.Spec.Mode,
          Number(count),
          'scale can only be used with replicated or replicated-job mode',
        ),
      };
      const answer = yield* finish(
        call,
        api.serviceUpdate(before.ID, before.Version.Index, spec, { queryRegistry: false, rollback: false, cause: ctx }),
      );
      for (const warning of answer.Warnings ?? []) yield* ctx.err(`${warning}\n`);
      yield* ctx.out(`${name} scaled to ${count}\n`);
      done.push(name);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      errors.push(`${name}: ${error.message}`);
    }
  }
  if (!detached(call)) for (const name of done) yield* followService(call, name, false);
  if (errors.length > 0) throw new Failure(errors.join('\n'));
  return 0;
}

function* rm(call: Call): Blocking<number> {
  return yield* each(call, function* (word) {
    yield* finish(call, call.api.serviceRemove(word));
    return word;
  });
}

const noSuchService = (word: string): string => `no such service: ${word}`;

function* inspect(call: Call): Blocking<number> {
  const { api, options, words, ctx } = call;
  const format = options.text('format');
  if (options.flag('pretty') && format !== '') throw new Failure('--format is incompatible with human friendly format');
  const fetch = (word: string): ReturnType<typeof api.serviceInspect> =>
    api.serviceInspect(word, { insertDefaults: true });
  if (!options.flag('pretty') && format !== 'pretty') {
    return yield* inspectAll(call, words, format, {
      fetch,
      notFound: (word) => `Error: ${noSuchService(word)}`,
      type: SERVICE,
      wrapped: true,
    });
  }
  const networkName = (id: string): string => {
    const network = api.networkInspect(id, { verbose: false });
    return network.ok ? network.value.Name : id;
  };
  const errors: string[] = [];
  for (const word of words) {
    const service = fetch(word);
    if (service.ok) yield* ctx.out(prettyService(service.value, networkName, ctx.wallClock, eraOf(ctx).client.wording));
    else errors.push(service.status === 404 ? `Error: ${noSuchService(word)}` : daemonError(service));
  }
  if (errors.length > 0) throw new Failure(`Status: ${errors.join('\n')}, Code: 1`);
  return 0;
}

function* ps(call: Call): Blocking<number> {
  const { api, options, words } = call;
  const ids: string[] = [];
  const errors: string[] = [];
  // Asked with a list filter, as the real client does: unknown filters and non-managers show here.
  for (const word of words) {
    const manager = api.services({ filters: {}, status: false });
    if (!manager.ok) throw new Failure(daemonError(manager));
    const service = api.serviceInspect(word, { insertDefaults: false });
    if (service.ok) ids.push(service.value.ID);
    else
      errors.push(
        service.status === 404
          ? noSuchService(word)
          : service.message.includes('is ambiguous')
            ? `multiple services found with provided prefix: ${word}`
            : daemonError(service),
      );
  }
  if (ids.length > 0) {
    const filters = filtersOf(options);
    yield* printTasks(call, value(api.tasks({ ...filters, service: ids })));
  }
  if (errors.length > 0) throw new Failure(errors.join('\n'));
  return 0;
}

function* logs(call: Call): Blocking<number> {
  const { api, options, words } = call;
  const word = words[0] as string;
  const service = api.serviceInspect(word, { insertDefaults: false });
  const task = service.ok ? undefined : api.taskInspect(word);
  if (!service.ok && task?.ok !== true) {
    if (service.status !== 404) throw new Failure(daemonError(service));
    throw new Failure(`no such task or service: ${word}`);
  }
  const width = service.ok ? String(service.value.Spec.Mode.Replicated?.Replicas ?? 1).length : 1;
  const label = (entry: LogEntry): string => (options.flag('raw') ? '' : logLabel(call, entry, width));
  yield* printLogs(
    call,
    service.ok ? api.serviceLogs(word, logQuery(call)) : api.taskLogs(word, logQuery(call)),
    label,
  );
  return 0;
}

/** `whoami.1.6guluhbub67x@node2    | `; the padding leaves room for the widest slot number and four more. */
function logLabel(call: Call, entry: LogEntry, width: number): string {
  const { api, options } = call;
  if (entry.task === undefined) return '';
  const resolve = !options.flag('no-resolve');
  const found = api.taskInspect(entry.task.ID);
  const task: SwarmTask | undefined = found.ok ? found.value : undefined;
  const slot = task?.Slot ?? 0;
  const owner =
    task === undefined
      ? entry.task.ServiceID
      : taskName(api, { ...task, Slot: 0, NodeID: '' }, resolve).replace(/\.$/, '');
  const id = options.flag('no-trunc') ? entry.task.ID : shortId(entry.task.ID);
  const name = `${owner}.${slot}${options.flag('no-task-ids') ? '' : `.${id}`}@${resolve ? nodeName(api, entry.task.NodeID) : entry.task.NodeID}`;
  return `${name}${' '.repeat(Math.max(0, width - String(slot).length))}    | `;
}

export const serviceCommand: CommandSpec = {
  name: 'service',
  usage: 'COMMAND',
  short: 'Manage Swarm services',
  shownOn: 'manager',
  children: [
    {
      name: 'create',
      usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
      short: 'Create a new service',
      arity: atLeast(1),
      interspersed: false,
      completes: ['image'],
      run: create,
      options: CREATE_OPTIONS,
    },
    {
      name: 'inspect',
      usage: '[OPTIONS] SERVICE [SERVICE...]',
      short: 'Display detailed information on one or more services',
      arity: atLeast(1),
      completes: ['service'],
      run: inspect,
      options: [
        option('format', 'f', 'string', FORMAT_ONE),
        option('pretty', '', 'bool', 'Print the information in a human friendly format'),
      ],
    },
    {
      name: 'logs',
      usage: '[OPTIONS] SERVICE|TASK',
      short: 'Fetch the logs of a service or task',
      arity: exactly(1),
      completes: ['service'],
      run: logs,
      options: [
        ...LOG_OPTIONS,
        option('no-resolve', '', 'bool', 'Do not map IDs to Names in output'),
        option('no-task-ids', '', 'bool', 'Do not include task IDs in output'),
        option('no-trunc', '', 'bool', 'Do not truncate output'),
        option('raw', '', 'bool', 'Do not neatly format logs'),
      ],
    },
    {
      name: 'ls',
      aliases: ['list'],
      aliasLine: 'docker service ls, docker service list',
      usage: '[OPTIONS]',
      short: 'List services',
      arity: NO_ARGUMENTS,
      run: ls,
      options: [
        option('filter', 'f', 'filter', 'Filter output based on conditions provided'),
        option('format', '', 'string', FORMAT_LIST),
        option('quiet', 'q', 'bool', 'Only display IDs'),
      ],
    },
    {
      name: 'ps',
      usage: '[OPTIONS] SERVICE [SERVICE...]',
      short: 'List the tasks of one or more services',
      arity: atLeast(1),
      completes: ['service'],
      run: ps,
      options: TASK_OPTIONS,
    },
    {
      name: 'rm',
      aliases: ['remove'],
      aliasLine: 'docker service rm, docker service remove',
      usage: 'SERVICE [SERVICE...]',
      short: 'Remove one or more services',
      arity: atLeast(1),
      completes: ['service'],
      run: rm,
    },
    {
      name: 'rollback',
      usage: '[OPTIONS] SERVICE',
      short: "Revert changes to a service's configuration",
      arity: exactly(1),
      completes: ['service'],
      run: rollback,
      options: [
        option('detach', 'd', 'bool', 'Exit immediately instead of waiting for the service to converge'),
        option('quiet', 'q', 'bool', 'Suppress progress output'),
      ],
    },
    {
      name: 'scale',
      usage: 'SERVICE=REPLICAS [SERVICE=REPLICAS...]',
      short: 'Scale one or multiple replicated services',
      arity: atLeast(1),
      completes: ['service'],
      run: scale,
      options: [option('detach', 'd', 'bool', 'Exit immediately instead of waiting for the service to converge')],
    },
    {
      name: 'update',
      usage: '[OPTIONS] SERVICE',
      short: 'Update a service',
      arity: exactly(1),
      completes: ['service'],
      run: update,
      options: UPDATE_OPTIONS,
    },
  ],
};
