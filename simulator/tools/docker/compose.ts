/**
 * Compose files (version 3) as `docker stack deploy` reads them: cli/compose/{loader,convert}. Deviations: what is known but not
 * emulated (volumes, capabilities …) is refused; files are not merged; `extends` and anchors across files are
 * not there. Services keep the order of the file, where Go's maps have none.
 */
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod/mini';
import type { ContainerSpec, HealthConfig, NetworkAttachmentConfig, NetworkCreateRequest, PortConfig, ServiceMode, ServiceSpec, TaskSpec, UpdateConfig } from '../../engine/api.ts';
import { Failure } from './failure.ts';
import { parseBytes, parseCpus, parseDuration } from './optionValues.ts';
import { parseServicePort } from './ports.ts';
import type { Wanted } from './references.ts';
import { shellWords, taggedImage } from './serviceSpec.ts';

export const NAMESPACE = 'com.docker.stack.namespace';
const IMAGE_LABEL = 'com.docker.stack.image';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
/** `KEY=value` lines, or a map. */
const pairs = z.union([z.array(z.string()), z.record(z.string(), scalar)]);
const words = z.union([z.string(), z.array(z.string())]);
const strings = z.union([z.string(), z.array(z.string())]);
const duration = z.string();

const rollOut = z.strictObject({
  parallelism: z.optional(z.number()),
  delay: z.optional(duration),
  failure_action: z.optional(z.string()),
  monitor: z.optional(duration),
  max_failure_ratio: z.optional(z.number()),
  order: z.optional(z.enum(['start-first', 'stop-first'])),
});

const resource = z.optional(z.strictObject({ cpus: z.optional(z.union([z.string(), z.number()])), memory: z.optional(z.string()) }));

const deploy = z.strictObject({
  mode: z.optional(z.enum(['replicated', 'global'])),
  endpoint_mode: z.optional(z.enum(['vip', 'dnsrr'])),
  replicas: z.optional(z.number()),
  labels: z.optional(pairs),
  update_config: z.optional(rollOut),
  rollback_config: z.optional(rollOut),
  resources: z.optional(z.strictObject({ limits: resource, reservations: resource })),
  restart_policy: z.optional(
    z.strictObject({ condition: z.optional(z.enum(['none', 'on-failure', 'any'])), delay: z.optional(duration), max_attempts: z.optional(z.number()), window: z.optional(duration) }),
  ),
  placement: z.optional(
    z.strictObject({ constraints: z.optional(z.array(z.string())), preferences: z.optional(z.array(z.strictObject({ spread: z.string() }))), max_replicas_per_node: z.optional(z.number()) }),
  ),
});

const longPort = z.strictObject({
  target: z.number(),
  published: z.optional(z.number()),
  protocol: z.optional(z.enum(['tcp', 'udp', 'sctp'])),
  mode: z.optional(z.enum(['ingress', 'host'])),
});

/** A secret or a config of a service. */
const reference = z.union([
  z.string(),
  z.strictObject({ source: z.string(), target: z.optional(z.string()), uid: z.optional(z.string()), gid: z.optional(z.string()), mode: z.optional(z.number()) }),
]);

/** A secret or a config of the stack. */
const fileObject = z.strictObject({
  file: z.optional(z.string()),
  external: z.optional(z.union([z.boolean(), z.strictObject({ name: z.string() })])),
  name: z.optional(z.string()),
  labels: z.optional(pairs),
});

const healthcheck = z.strictObject({
  test: z.optional(words),
  interval: z.optional(duration),
  timeout: z.optional(duration),
  retries: z.optional(z.number()),
  start_period: z.optional(duration),
  disable: z.optional(z.boolean()),
});

const service = z.strictObject({
  image: z.string(),
  command: z.optional(words),
  entrypoint: z.optional(words),
  environment: z.optional(pairs),
  hostname: z.optional(z.string()),
  working_dir: z.optional(z.string()),
  user: z.optional(z.string()),
  tty: z.optional(z.boolean()),
  init: z.optional(z.boolean()),
  stop_signal: z.optional(z.string()),
  stop_grace_period: z.optional(duration),
  labels: z.optional(pairs),
  ports: z.optional(z.array(z.union([z.string(), z.number(), longPort]))),
  networks: z.optional(z.union([z.array(z.string()), z.record(z.string(), z.union([z.null(), z.strictObject({ aliases: z.optional(z.array(z.string())) })]))])),
  dns: z.optional(strings),
  dns_search: z.optional(strings),
  extra_hosts: z.optional(z.array(z.string())),
  sysctls: z.optional(pairs),
  secrets: z.optional(z.array(reference)),
  configs: z.optional(z.array(reference)),
  healthcheck: z.optional(healthcheck),
  deploy: z.optional(deploy),
  // Only docker compose heeds them.
  depends_on: z.optional(z.unknown()),
  build: z.optional(z.unknown()),
  restart: z.optional(z.unknown()),
  links: z.optional(z.unknown()),
  privileged: z.optional(z.unknown()),
  network_mode: z.optional(z.unknown()),
});

const network = z.union([
  z.null(),
  z.strictObject({
    name: z.optional(z.string()),
    driver: z.optional(z.string()),
    driver_opts: z.optional(z.record(z.string(), scalar)),
    attachable: z.optional(z.boolean()),
    internal: z.optional(z.boolean()),
    external: z.optional(z.union([z.boolean(), z.strictObject({ name: z.string() })])),
    labels: z.optional(pairs),
    ipam: z.optional(z.strictObject({ driver: z.optional(z.string()), config: z.optional(z.array(z.strictObject({ subnet: z.string() }))) })),
  }),
]);

const file = z.strictObject({
  version: z.optional(z.union([z.string(), z.number()])),
  name: z.optional(z.string()),
  services: z.optional(z.record(z.string(), service)),
  networks: z.optional(z.record(z.string(), network)),
  secrets: z.optional(z.record(z.string(), fileObject)),
  configs: z.optional(z.record(z.string(), fileObject)),
});

/** Keys of a compose file that are not emulated here; any other is none. */
const NOT_EMULATED =
  /^(?:volumes|logging|cap_add|cap_drop|template_driver|start_interval|credential_spec|devices|env_file|expose|external_links|ipc|isolation|mac_address|pid|read_only|security_opt|shm_size|stdin_open|tmpfs|ulimits|userns_mode|cgroup_parent|container_name|domainname|profiles|driver|external|generic_resources|ipv4_address|x-.*)$/;
/** What the client says it ignores. */
const IGNORED: readonly (keyof z.infer<typeof service>)[] = ['build', 'links', 'network_mode', 'privileged', 'restart'];

export interface Stack {
  /** Networks to make, in the order of the file. */
  readonly networks: readonly NetworkCreateRequest[];
  /** Networks that must be there. */
  readonly external: readonly string[];
  readonly services: readonly StackService[];
  /** Secrets and configs to make; those that must be there have no file. */
  readonly files: readonly StackFile[];
  /** For standard error. */
  readonly warning: string;
}

export interface StackFile {
  readonly kind: 'secret' | 'config';
  readonly name: string;
  /** Where its content is; undefined: it must be there. */
  readonly path: string | undefined;
  readonly labels: Record<string, string>;
}

/** A service, with what it refers to by name. */
export interface StackService {
  readonly spec: ServiceSpec;
  readonly secrets: readonly Wanted[];
  readonly configs: readonly Wanted[];
}

/** The stack that a compose file describes. Throws {@link Failure} in the client's words. */
export function readStack(text: string, stack: string, env: ReadonlyMap<string, string>): Stack {
  const parsed = z.safeParse(file, document(interpolate(text, env)));
  if (!parsed.success) throw new Failure(problem(parsed.error));
  const { services = {}, networks = {} } = parsed.data;
  if (Object.keys(services).length === 0) throw new Failure('Compose file contains no services');
  const declared = new Map(Object.entries(networks));
  const used = new Set(Object.values(services).flatMap((each) => networkNames(each)));
  for (const [name, each] of Object.entries(services)) {
    const strange = networkNames(each).find((wanted) => wanted !== 'default' && !declared.has(wanted));
    if (strange !== undefined) throw new Failure(`service "${name}" refers to undefined network ${strange}: invalid compose project`);
  }
  if (used.has('default') && !declared.has('default')) declared.set('default', null);
  const nameOf = (key: string): string => externalName(key, declared.get(key) ?? null) ?? declared.get(key)?.name ?? `${stack}_${key}`;
  const present = [...declared].filter(([key]) => used.has(key));
  const ignored = IGNORED.filter((key) => Object.values(services).some((each) => each[key] !== undefined));
  return {
    networks: present.filter(([key, each]) => externalName(key, each) === undefined).map(([key, each]) => networkRequest(nameOf(key), each, stack)),
    external: present.flatMap(([key, each]) => externalName(key, each) ?? []),
    services: Object.entries(services).map(([name, each]) => ({
      spec: serviceSpec(stack, name, each, nameOf),
      secrets: referencesOf('secret', name, each.secrets, parsed.data.secrets ?? {}, stack),
      configs: referencesOf('config', name, each.configs, parsed.data.configs ?? {}, stack),
    })),
    files: [...filesOf('secret', parsed.data.secrets ?? {}, stack), ...filesOf('config', parsed.data.configs ?? {}, stack)],
    warning: ignored.length === 0 ? '' : `Ignoring unsupported options: ${ignored.join(', ')}\n\n`,
  };
}

function document(text: string): unknown {
  try {
    return parse(text) ?? {};
  } catch (error) {
    if (error instanceof YAMLParseError) throw new Failure(`yaml: line ${error.linePos?.[0].line ?? 0}: ${error.message.split(' at line')[0] ?? ''}`);
    throw error;
  }
}

/** `$NAME`, `${NAME}`, `${NAME:-default}`, `$$`. */
function interpolate(text: string, env: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:(\$)|(\w+)|\{(\w+)(?:(:?)-([^}]*))?\})/g, (_, dollar?: string, bare?: string, braced?: string, colon?: string, otherwise?: string) => {
    if (dollar !== undefined) return '$';
    const value = env.get(bare ?? braced ?? '');
    return value === undefined || (colon === ':' && value === '') ? (otherwise ?? '') : value;
  });
}

/** The first thing that is wrong, as the client's schema says it. */
function problem(error: z.core.$ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'invalid compose file';
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    if (NOT_EMULATED.test(key)) return `docker stack deploy: ${[path, key].filter((word) => word !== '').join('.')} is not emulated here`;
    return `${path === '' ? '(root)' : path} Additional property ${key} is not allowed`;
  }
  if (issue.code === 'invalid_type' && issue.path.at(-1) === 'image') return `Invalid service image: image is required in service ${String(issue.path.at(-2))}`;
  return issue.code === 'invalid_type' ? `${path} must be a ${issue.expected}` : `${path} is not valid`;
}

type Service = z.infer<typeof service>;
type Network = z.infer<typeof network>;

function networkNames({ networks }: Service): string[] {
  if (networks === undefined) return ['default'];
  return Array.isArray(networks) ? networks : Object.keys(networks);
}

function externalName(key: string, each: Network): string | undefined {
  if (each?.external === undefined || each.external === false) return undefined;
  return each.external === true ? (each.name ?? key) : each.external.name;
}

type FileObject = z.infer<typeof fileObject>;

function fileName(key: string, { external, name }: FileObject, stack: string): string {
  if (typeof external === 'object') return external.name;
  return name ?? (external === true ? key : `${stack}_${key}`);
}

function filesOf(kind: StackFile['kind'], objects: Readonly<Record<string, FileObject>>, stack: string): StackFile[] {
  return Object.entries(objects).map(([key, object]) => {
    const external = object.external !== undefined && object.external !== false;
    if (!external && object.file === undefined) throw new Failure(`${kind}s.${key} is not valid: it needs a file, or external: true`);
    return { kind, name: fileName(key, object, stack), path: external ? undefined : object.file, labels: sorted({ ...mapOf(object.labels), [NAMESPACE]: stack }) };
  });
}

/** What a service refers to, under the names that the swarm has. */
function referencesOf(kind: StackFile['kind'], service: string, wanted: readonly z.infer<typeof reference>[] | undefined, objects: Readonly<Record<string, FileObject>>, stack: string): Wanted[] {
  return (wanted ?? []).map((one) => {
    const { source, target, uid = '0', gid = '0', mode = 0o444 } = typeof one === 'string' ? { source: one } : one;
    const object = objects[source];
    if (object === undefined) throw new Failure(`service "${service}" refers to undefined ${kind} ${source}: invalid compose project`);
    const otherwise = kind === 'secret' ? source : `/${source}`;
    return { source: fileName(source, object, stack), File: { Name: target ?? otherwise, UID: uid, GID: gid, Mode: mode } };
  });
}

/** `test: CMD-SHELL …` as a list, or one line for a shell. */
function healthOf(name: string, given: z.infer<typeof healthcheck> | undefined): HealthConfig | undefined {
  if (given === undefined) return undefined;
  if (given.disable === true) {
    if (given.test !== undefined) throw new Failure('test and disable can\'t be set at the same time');
    return { Test: ['NONE'] };
  }
  const where = `services.${name}.healthcheck`;
  return present<HealthConfig>({
    Test: typeof given.test === 'string' ? ['CMD-SHELL', given.test] : given.test,
    Interval: nanoseconds(given.interval, `${where}.interval`),
    Timeout: nanoseconds(given.timeout, `${where}.timeout`),
    StartPeriod: nanoseconds(given.start_period, `${where}.start_period`),
    Retries: given.retries,
  });
}

function mapOf(given: z.infer<typeof pairs> | undefined): Record<string, string> {
  if (given === undefined) return {};
  if (!Array.isArray(given)) return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, value === null ? '' : String(value)]));
  return Object.fromEntries(given.map((line) => [line.split('=', 1)[0] ?? '', line.includes('=') ? line.slice(line.indexOf('=') + 1) : '']));
}

function sorted(map: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function networkRequest(name: string, each: Network, stack: string): NetworkCreateRequest {
  return {
    Name: name,
    Driver: each?.driver ?? 'overlay',
    IPAM: { Driver: each?.ipam?.driver ?? 'default', Config: (each?.ipam?.config ?? []).map(({ subnet }) => ({ Subnet: subnet })) },
    Internal: each?.internal ?? false,
    Attachable: each?.attachable ?? false,
    Ingress: false,
    ConfigOnly: false,
    Options: mapOf(each?.driver_opts),
    Labels: sorted({ ...mapOf(each?.labels), [NAMESPACE]: stack }),
  };
}

const listOf = (given: string | readonly string[] | undefined): string[] | undefined => (given === undefined ? undefined : typeof given === 'string' ? [given] : [...given]);
const commandOf = (given: string | readonly string[] | undefined): string[] | undefined => (typeof given === 'string' ? shellWords(given) : listOf(given));

function nanoseconds(text: string | undefined, where: string): number | undefined {
  if (text === undefined) return undefined;
  const value = parseDuration(text);
  if (value === undefined) throw new Failure(`${where} is not a duration: ${text}`);
  return value;
}

/** Drops what is undefined. */
function present<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}

function portsOf(each: Service): PortConfig[] {
  return (each.ports ?? []).flatMap((port): PortConfig[] => {
    if (typeof port === 'object')
      return [present<PortConfig>({ Protocol: port.protocol ?? 'tcp', TargetPort: port.target, PublishedPort: port.published, PublishMode: port.mode ?? 'ingress' })];
    const parsed = parseServicePort(String(port));
    if (typeof parsed === 'string') throw new Failure(parsed);
    return parsed;
  });
}

function attachments(name: string, each: Service, nameOf: (key: string) => string): NetworkAttachmentConfig[] {
  const { networks } = each;
  return networkNames(each).map((key) => {
    const more = networks === undefined || Array.isArray(networks) ? [] : (networks[key]?.aliases ?? []);
    return { Target: nameOf(key), Aliases: [...more, name] };
  });
}

function serviceSpec(stack: string, name: string, each: Service, nameOf: (key: string) => string): ServiceSpec {
  const { deploy: rollout = {} } = each;
  const ports = portsOf(each);
  const environment = Object.entries(mapOf(each.environment)).map(([key, value]) => `${key}=${value}`);
  const sysctls = mapOf(each.sysctls);
  const container = present<ContainerSpec>({
    Image: taggedImage(each.image),
    Labels: sorted({ ...mapOf(each.labels), [NAMESPACE]: stack }),
    Command: commandOf(each.entrypoint),
    Args: commandOf(each.command),
    Hostname: each.hostname,
    Env: environment.length === 0 ? undefined : environment.sort(),
    Dir: each.working_dir,
    User: each.user,
    Privileges: { CredentialSpec: null, SELinuxContext: null, NoNewPrivileges: false },
    Init: each.init,
    StopSignal: each.stop_signal,
    TTY: each.tty,
    StopGracePeriod: nanoseconds(each.stop_grace_period, `services.${name}.stop_grace_period`),
    Hosts: each.extra_hosts?.map((line) => `${line.slice(line.indexOf(':') + 1)} ${line.split(':', 1)[0] ?? ''}`),
    DNSConfig: present<NonNullable<ContainerSpec['DNSConfig']>>({ Nameservers: listOf(each.dns), Search: listOf(each.dns_search) }),
    Isolation: 'default',
    Sysctls: Object.keys(sysctls).length === 0 ? undefined : sysctls,
    Healthcheck: healthOf(name, each.healthcheck),
  });
  const { placement, restart_policy: restart, resources } = rollout;
  const task = present<TaskSpec>({
    ContainerSpec: container,
    Resources: resources === undefined ? undefined : { Limits: amounts(resources.limits), Reservations: amounts(resources.reservations) },
    RestartPolicy:
      restart === undefined
        ? undefined
        : present({ Condition: restart.condition ?? 'any', Delay: nanoseconds(restart.delay, 'restart_policy.delay') ?? 5e9, MaxAttempts: restart.max_attempts ?? 0, Window: nanoseconds(restart.window, 'restart_policy.window') }),
    Placement: present({
      Constraints: placement?.constraints,
      Preferences: placement?.preferences?.map(({ spread }) => ({ Spread: { SpreadDescriptor: spread } })),
      MaxReplicas: placement?.max_replicas_per_node,
    }),
    Networks: attachments(name, each, nameOf),
    ForceUpdate: 0,
  });
  return present<ServiceSpec>({
    Name: `${stack}_${name}`,
    Labels: sorted({ ...mapOf(rollout.labels), [IMAGE_LABEL]: each.image, [NAMESPACE]: stack }),
    TaskTemplate: task,
    Mode: modeOf(rollout),
    UpdateConfig: rollOutOf(rollout.update_config),
    RollbackConfig: rollOutOf(rollout.rollback_config),
    EndpointSpec: present({ Mode: rollout.endpoint_mode ?? 'vip', Ports: ports.length === 0 ? undefined : ports }),
  });
}

function modeOf({ mode, replicas }: z.infer<typeof deploy>): ServiceMode {
  if (mode !== 'global') return { Replicated: { Replicas: replicas ?? 1 } };
  if (replicas !== undefined) throw new Failure('replicas can only be used with replicated mode');
  return { Global: {} };
}

function amounts(given: z.infer<typeof resource>): { NanoCPUs?: number; MemoryBytes?: number } {
  return present({ NanoCPUs: given?.cpus === undefined ? undefined : parseCpus(String(given.cpus)), MemoryBytes: given?.memory === undefined ? undefined : parseBytes(given.memory) });
}

function rollOutOf(given: z.infer<typeof rollOut> | undefined): UpdateConfig | undefined {
  if (given === undefined) return undefined;
  return present<UpdateConfig>({
    Parallelism: given.parallelism ?? 1,
    Delay: nanoseconds(given.delay, 'update_config.delay'),
    FailureAction: (given.failure_action ?? 'pause') as 'pause',
    Monitor: nanoseconds(given.monitor, 'update_config.monitor') ?? 5e9,
    MaxFailureRatio: given.max_failure_ratio ?? 0,
    Order: given.order ?? 'stop-first',
  });
}
