/** From the options of `docker service create` and `update` to a service's spec: cli/command/service/opts.go and update.go. */
import type {
  ContainerSpec,
  NetworkAttachmentConfig,
  PortConfig,
  ServiceMode,
  ServiceSpec,
  TaskSpec,
  UpdateConfig,
} from '../../engine/api.ts';
import { Failure } from './failure.ts';
import { editHealth, healthOf } from './health.ts';
import type { Options } from './options.ts';
import { keyValues, parseBytes, parseCpus, parseDuration } from './optionValues.ts';
import { parseServicePort, portKey } from './ports.ts';

/** Drops keys whose value is undefined, so that JSON has Go's omitempty. */
function compact<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}

const some = (list: readonly string[]): string[] | undefined => (list.length === 0 ? undefined : [...list]);
const texts = (options: Options, name: string): string[] | undefined => some(options.texts(name));
const text = (options: Options, name: string): string | undefined =>
  options.has(name) ? options.text(name) : undefined;
const nanoseconds = (options: Options, name: string): number | undefined =>
  options.has(name) ? parseDuration(options.text(name)) : undefined;

/** reference.TagNameOnly: `:latest` where neither tag nor digest is given. */
export function taggedImage(image: string): string {
  return /[@]|:[^/]*$/.test(image) || /\s/.test(image) ? image : `${image}:latest`;
}

const ONLY_JOBS = 'max-concurrent can only be used with replicated-job mode';

function mode(options: Options): ServiceMode {
  const name = options.text('mode', 'replicated');
  const replicas = options.has('replicas') ? options.number('replicas') : undefined;
  if (name !== 'replicated' && name !== 'replicated-job') {
    if (name !== 'global' && name !== 'global-job')
      throw new Failure(`Unknown mode: ${name}, only replicated and global supported`);
    if (replicas !== undefined) throw new Failure('replicas can only be used with replicated or replicated-job mode');
    if (options.has('replicas-max-per-node'))
      throw new Failure('replicas-max-per-node can only be used with replicated or replicated-job mode');
    if (options.has('max-concurrent')) throw new Failure(ONLY_JOBS);
    return name === 'global' ? { Global: {} } : { GlobalJob: {} };
  }
  if (name === 'replicated') {
    if (options.has('max-concurrent')) throw new Failure(ONLY_JOBS);
    return { Replicated: { Replicas: replicas ?? 1 } };
  }
  const total = replicas ?? 1;
  return {
    ReplicatedJob: {
      MaxConcurrent: options.has('max-concurrent') ? options.number('max-concurrent') : total,
      TotalCompletions: total,
    },
  };
}

/** `--network X` or `name=X,alias=Y,driver-opt=k=v`. */
function networkAttachment(value: string): NetworkAttachmentConfig {
  if (!/^\w+=/.test(value)) return { Target: value };
  let Target = '';
  const aliases: string[] = [];
  const driver: string[] = [];
  for (const field of value.split(',')) {
    const equals = field.indexOf('=');
    const key = field.slice(0, equals).trim().toLowerCase();
    const rest = field.slice(equals + 1);
    if (equals < 0) throw new Failure(`invalid field ${field}`);
    if (key === 'name') Target = rest;
    else if (key === 'alias') aliases.push(rest);
    else if (key === 'driver-opt') driver.push(rest);
    else throw new Failure(`invalid field key ${key}`);
  }
  return compact<NetworkAttachmentConfig>({
    Target,
    Aliases: some(aliases),
    DriverOpts: driver.length === 0 ? undefined : keyValues(driver),
  });
}

function networks(options: Options, name: string): NetworkAttachmentConfig[] | undefined {
  const list = options.texts(name).map(networkAttachment);
  return list.length === 0 ? undefined : list;
}

function ports(options: Options, name: string): PortConfig[] {
  return options.texts(name).flatMap((value) => {
    const parsed = parseServicePort(value);
    return typeof parsed === 'string' ? [] : parsed;
  });
}

function resources(options: Options): TaskSpec['Resources'] {
  const cpus = options.has('reserve-cpu') ? parseCpus(options.text('reserve-cpu')) : undefined;
  const memory = options.has('reserve-memory') ? parseBytes(options.text('reserve-memory')) : undefined;
  return { Limits: {}, Reservations: compact({ NanoCPUs: cpus, MemoryBytes: memory }) };
}

const RESTART = ['restart-condition', 'restart-delay', 'restart-max-attempts', 'restart-window'];

function restartPolicy(options: Options, before: TaskSpec['RestartPolicy']): TaskSpec['RestartPolicy'] {
  if (!RESTART.some((name) => options.has(name))) return before;
  return compact({
    Condition: (text(options, 'restart-condition') ?? before?.Condition ?? 'any') as 'any',
    Delay: nanoseconds(options, 'restart-delay') ?? before?.Delay ?? 5e9,
    MaxAttempts: options.has('restart-max-attempts')
      ? options.number('restart-max-attempts')
      : (before?.MaxAttempts ?? 0),
    Window: nanoseconds(options, 'restart-window') ?? before?.Window,
  });
}

function rollOut(
  options: Options,
  kind: 'update' | 'rollback',
  before: UpdateConfig | undefined,
): UpdateConfig | undefined {
  const names = ['parallelism', 'delay', 'monitor', 'failure-action', 'max-failure-ratio', 'order'].map(
    (name) => `${kind}-${name}`,
  );
  if (!names.some((name) => options.has(name))) return before;
  const base: UpdateConfig = before ?? {
    Parallelism: 1,
    FailureAction: 'pause',
    Monitor: 5e9,
    MaxFailureRatio: 0,
    Order: 'stop-first',
  };
  return compact<UpdateConfig>({
    Parallelism: options.number(`${kind}-parallelism`, base.Parallelism),
    Delay: nanoseconds(options, `${kind}-delay`) ?? base.Delay,
    FailureAction: options.text(`${kind}-failure-action`, base.FailureAction ?? 'pause') as 'pause',
    Monitor: nanoseconds(options, `${kind}-monitor`) ?? base.Monitor,
    MaxFailureRatio: options.number(`${kind}-max-failure-ratio`, base.MaxFailureRatio),
    Order: options.text(`${kind}-order`, base.Order) as 'stop-first',
  });
}

/** Words of a command line inside one option (`--entrypoint`, `--args`), as google/shlex splits them. */
export function shellWords(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  );
}

/** The spec that `service create` sends. */
export function createSpec(options: Options, image: string, args: readonly string[], files: Pick<ContainerSpec, 'Secrets' | 'Configs'> = {}): ServiceSpec {
  const labels = keyValues(options.texts('container-label'));
  const container = compact<ContainerSpec>({
    Image: image,
    Labels: Object.keys(labels).length === 0 ? undefined : labels,
    Command: options.has('entrypoint') ? shellWords(options.text('entrypoint')) : undefined,
    Args: some(args),
    Hostname: text(options, 'hostname'),
    Env: texts(options, 'env'),
    Dir: text(options, 'workdir'),
    StopSignal: text(options, 'stop-signal'),
    Init: false,
    StopGracePeriod: nanoseconds(options, 'stop-grace-period'),
    Hosts: some(options.texts('host').map(hostLine)),
    DNSConfig: compact({
      Nameservers: texts(options, 'dns'),
      Search: texts(options, 'dns-search'),
      Options: texts(options, 'dns-option'),
    }),
    Isolation: 'default',
    Secrets: files.Secrets,
    Configs: files.Configs,
    Healthcheck: healthOf(options),
  });
  const task = compact<TaskSpec>({
    ContainerSpec: container,
    Resources: resources(options),
    RestartPolicy: restartPolicy(options, undefined),
    Placement: compact({
      Constraints: texts(options, 'constraint'),
      Preferences: preferences(options.texts('placement-pref')),
      MaxReplicas: options.has('replicas-max-per-node') ? options.number('replicas-max-per-node') : undefined,
    }),
    Networks: networks(options, 'network'),
    ForceUpdate: 0,
  });
  const published = ports(options, 'publish');
  return compact<ServiceSpec>({
    Name: options.text('name'),
    Labels: keyValues(options.texts('label')),
    TaskTemplate: task,
    Mode: mode(options),
    UpdateConfig: rollOut(options, 'update', undefined),
    RollbackConfig: rollOut(options, 'rollback', undefined),
    EndpointSpec: compact({
      Mode: options.text('endpoint-mode', 'vip').toLowerCase() as 'vip',
      Ports: published.length === 0 ? undefined : published,
    }),
  });
}

/** `name:ip` as the line of /etc/hosts that swarm keeps: `ip name`. */
function hostLine(value: string): string {
  const colon = value.indexOf(':');
  return `${value.slice(colon + 1)} ${value.slice(0, colon)}`;
}

function editList(
  before: readonly string[] | undefined,
  options: Options,
  add: string,
  remove: string,
  sorted = false,
): string[] | undefined {
  const gone = new Set(options.texts(remove));
  const kept = (before ?? []).filter((item) => !gone.has(item));
  for (const item of options.texts(add)) if (!kept.includes(item)) kept.push(item);
  return some(sorted ? kept.sort() : kept);
}

function editMap(
  before: Record<string, string> | undefined,
  options: Options,
  add: string,
  remove: string,
): Record<string, string> {
  const edited = { ...before, ...keyValues(options.texts(add)) };
  for (const key of options.texts(remove)) delete edited[key];
  return Object.fromEntries(Object.entries(edited).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function editEnv(before: readonly string[] | undefined, options: Options): string[] | undefined {
  const key = (entry: string): string => entry.split('=', 1)[0] as string;
  const gone = new Set([...options.texts('env-rm'), ...options.texts('env-add').map(key)]);
  return some([...(before ?? []).filter((entry) => !gone.has(key(entry))), ...options.texts('env-add')]);
}

function editPorts(before: readonly PortConfig[], options: Options): PortConfig[] {
  const removed = ports(options, 'publish-rm');
  const known = new Map(before.map((port) => [portKey(port), port]));
  const kept = [...known.values()].filter(
    (port) =>
      !removed.some(
        (gone) =>
          gone.Protocol === port.Protocol &&
          gone.TargetPort === port.TargetPort &&
          gone.PublishMode === port.PublishMode,
      ),
  );
  for (const port of ports(options, 'publish-add')) if (!known.has(portKey(port))) kept.push(port);
  return kept.sort((a, b) => (portKey(a) < portKey(b) ? -1 : 1));
}

/** `resolve` gives the id of a network by its name, for `--network-rm` and to see whether it is attached already. */
function editNetworks(
  before: readonly NetworkAttachmentConfig[] | undefined,
  options: Options,
  resolve: (name: string) => string,
): NetworkAttachmentConfig[] | undefined {
  const gone = new Set(options.texts('network-rm').map(resolve));
  const kept = (before ?? []).filter((network) => !gone.has(network.Target));
  for (const network of networks(options, 'network-add') ?? []) {
    const Target = resolve(network.Target);
    if (kept.some((known) => known.Target === Target))
      throw new Failure(`service is already attached to network ${network.Target}`);
    kept.push({ ...network, Target });
  }
  kept.sort((a, b) => (a.Target < b.Target ? -1 : 1));
  return kept.length === 0 ? undefined : kept;
}

/** The spec that `service update` sends. */
export function updateSpec(
  options: Options,
  before: ServiceSpec,
  resolve: (network: string) => string,
  files: Pick<ContainerSpec, 'Secrets' | 'Configs'> = {},
): ServiceSpec {
  const task = before.TaskTemplate;
  const old = task.ContainerSpec ?? { Image: '' };
  const dns = old.DNSConfig ?? {};
  const hosts = editHosts(old.Hosts, options);
  const labels = editMap(old.Labels, options, 'container-label-add', 'container-label-rm');
  const container = compact<ContainerSpec>({
    ...old,
    Image: options.has('image') ? taggedImage(options.text('image')) : old.Image,
    Labels: Object.keys(labels).length === 0 ? undefined : labels,
    Command: options.has('entrypoint') ? some(shellWords(options.text('entrypoint'))) : old.Command,
    Args: options.has('args') ? some(shellWords(options.text('args'))) : old.Args,
    Hostname: text(options, 'hostname') ?? old.Hostname,
    Env: editEnv(old.Env, options),
    Dir: text(options, 'workdir') ?? old.Dir,
    StopSignal: text(options, 'stop-signal') ?? old.StopSignal,
    StopGracePeriod: nanoseconds(options, 'stop-grace-period') ?? old.StopGracePeriod,
    Hosts: hosts,
    DNSConfig: compact({
      Nameservers: editList(dns.Nameservers, options, 'dns-add', 'dns-rm'),
      Search: editList(dns.Search, options, 'dns-search-add', 'dns-search-rm'),
      Options: editList(dns.Options, options, 'dns-option-add', 'dns-option-rm'),
    }),
    Secrets: files.Secrets ?? old.Secrets,
    Configs: files.Configs ?? old.Configs,
    Healthcheck: editHealth(old.Healthcheck, options),
  });
  const reserve = resources(options)?.Reservations ?? {};
  const published = editPorts(before.EndpointSpec?.Ports ?? [], options);
  return compact<ServiceSpec>({
    ...before,
    Labels: editMap(before.Labels, options, 'label-add', 'label-rm'),
    TaskTemplate: compact<TaskSpec>({
      ...task,
      ContainerSpec: container,
      Resources: {
        Limits: task.Resources?.Limits ?? {},
        Reservations: { ...task.Resources?.Reservations, ...reserve },
      },
      RestartPolicy: restartPolicy(options, task.RestartPolicy),
      Placement: compact({
        ...task.Placement,
        Preferences: editPreferences(task.Placement?.Preferences, options),
        Constraints: editList(
          task.Placement?.Constraints,
          options,
          'constraint-add',
          'constraint-rm',
          options.has('constraint-add') || options.has('constraint-rm'),
        ),
        MaxReplicas: options.has('replicas-max-per-node')
          ? options.number('replicas-max-per-node')
          : task.Placement?.MaxReplicas,
      }),
      Networks: editNetworks(task.Networks, options, resolve),
      ForceUpdate: task.ForceUpdate + (options.flag('force') ? 1 : 0),
    }),
    Mode: scaled(before.Mode, options),
    UpdateConfig: rollOut(options, 'update', before.UpdateConfig),
    RollbackConfig: rollOut(options, 'rollback', before.RollbackConfig),
    EndpointSpec: compact({
      Mode: (text(options, 'endpoint-mode') ?? before.EndpointSpec?.Mode ?? 'vip') as 'vip',
      Ports: published.length === 0 ? undefined : published,
    }),
  });
}

type Preferences = NonNullable<NonNullable<TaskSpec['Placement']>['Preferences']>;

function preferences(values: readonly string[]): Preferences | undefined {
  const list = values.map((value) => ({ Spread: { SpreadDescriptor: value.slice(value.indexOf('=') + 1) } }));
  return list.length === 0 ? undefined : list;
}

function editPreferences(before: Preferences | undefined, options: Options): Preferences | undefined {
  const gone = new Set(
    (preferences(options.texts('placement-pref-rm')) ?? []).map((preference) => preference.Spread.SpreadDescriptor),
  );
  const kept = (before ?? []).filter((preference) => !gone.has(preference.Spread.SpreadDescriptor));
  kept.push(...(preferences(options.texts('placement-pref-add')) ?? []));
  return kept.length === 0 ? undefined : kept;
}

function editHosts(before: readonly string[] | undefined, options: Options): string[] | undefined {
  const gone = new Set(options.texts('host-rm').map((value) => (value.includes(':') ? hostLine(value) : value)));
  const kept = (before ?? []).filter((line) => !gone.has(line) && !gone.has(line.split(' ')[1] ?? ''));
  return some([...kept, ...options.texts('host-add').map(hostLine)]);
}

function scaled(before: ServiceMode, options: Options): ServiceMode {
  let after = before;
  if (options.has('replicas'))
    after = withReplicas(
      before,
      options.number('replicas'),
      'replicas can only be used with replicated or replicated-job mode',
    );
  if (!options.has('max-concurrent')) return after;
  if (after.ReplicatedJob === undefined) throw new Failure(ONLY_JOBS);
  return { ReplicatedJob: { ...after.ReplicatedJob, MaxConcurrent: options.number('max-concurrent') } };
}

/** The mode with another number of tasks; a {@link Failure} with `otherwise` when it has none. */
export function withReplicas(before: ServiceMode, replicas: number, otherwise: string): ServiceMode {
  if (before.Replicated !== undefined) return { Replicated: { Replicas: replicas } };
  if (before.ReplicatedJob !== undefined)
    return { ReplicatedJob: { ...before.ReplicatedJob, TotalCompletions: replicas } };
  throw new Failure(otherwise);
}
