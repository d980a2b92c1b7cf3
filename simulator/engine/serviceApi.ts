/** The service and task part of the API. Mirrors moby daemon/cluster/{services,tasks}.go. */
import { createService, updateService } from '../swarm/control.ts';
import type { DaemonHabits } from '../eras/era.ts';
import type { RandomStream } from '../base/random.ts';
import type { Store } from '../swarm/store.ts';
import { isGlobal, rank, taskContainerName, taskName, type ServiceObject, type ServiceSpec as StoredSpec, type TaskObject } from '../swarm/objects.ts';
import { answer, refusal, type ApiResult, type ControlApi, type EngineApi, type Filters, type LogOptions, type LogReader, type ServiceSpec } from './api.ts';
import type { Cluster } from './cluster.ts';
import { any, checkFilters, hasLabels } from './filters.ts';
import { randomName } from './names.ts';
import { leaderOf, storeOf } from './refusals.ts';
import type { LogBroker } from './serviceLogs.ts';
import { serviceStatus, serviceView, specView, taskView } from './swarmViews.ts';
import { isDirty } from '../swarm/tasks.ts';
import { withTag } from './images.ts';

type ServicePart = Pick<EngineApi, 'services' | 'serviceInspect' | 'tasks' | 'taskInspect' | 'serviceLogs' | 'taskLogs'> & Pick<ControlApi, 'serviceCreate' | 'serviceUpdate' | 'serviceRemove'>;

/** What the daemon of an era does of its own. */
type Habits = Pick<DaemonHabits, 'noDigest' | 'keepsImageNames' | 'serviceDefaults'>;

/** `names` is asked for a name that nobody gave, `nameServer` for the first of the host's. */
export function serviceApi(cluster: Cluster, broker: LogBroker, names: RandomStream, habits: Habits, nameServer: () => string): ServicePart {
  const { keepsImageNames } = habits;

  function warnings(spec: ServiceSpec): string[] {
    const image = spec.TaskTemplate.ContainerSpec?.Image ?? '';
    if (habits.noDigest === 'once') return [registryWarning(image)];
    const server = `${nameServer()}:53`;
    const asked = `${cluster.address}:${names.between(32768, 60999)}->${server}`;
    const reason = `dial tcp: lookup registry-1.docker.io on ${server}: read udp ${asked}: read: connection refused`;
    return [`unable to pin image ${image} to digest: Get "https://registry-1.docker.io/v2/": ${reason}`];
  }

  const store = (): ApiResult<Store> => storeOf(cluster);

  function findService(word: string): ApiResult<{ store: Store; service: ServiceObject }> {
    const found = store();
    if (!found.ok) return found;
    const services = [...found.value.services.values()];
    const exact = services.filter((service) => service.ID === word);
    const named = exact.length > 0 ? exact : services.filter((service) => service.Spec.Name === word);
    const matching = named.length > 0 || word === '' ? named : services.filter((service) => service.ID.startsWith(word));
    if (matching.length > 1) return refusal(400, `service ${word} is ambiguous (${matching.length} matches found)`);
    return matching[0] === undefined ? refusal(404, `service ${word} not found`) : answer({ store: found.value, service: matching[0] });
  }

  function findTask(word: string): ApiResult<{ store: Store; task: TaskObject }> {
    const found = store();
    if (!found.ok) return found;
    const tasks = [...found.value.tasks.values()];
    const matching = tasks.find((task) => task.ID === word) ?? tasks.find((task) => taskContainerName(task) === word) ?? (word === '' ? undefined : tasks.find((task) => task.ID.startsWith(word)));
    return matching === undefined ? refusal(404, `task ${word} not found`) : answer({ store: found.value, task: matching });
  }

  /** Ids of services that a filter value may mean. */
  function serviceIds(of: Store, values: readonly string[]): Set<string> {
    const services = [...of.services.values()];
    return new Set(values.flatMap((value) => services.filter((service) => service.ID === value || service.Spec.Name === value || service.ID.startsWith(value)).map((service) => service.ID)));
  }

  return {
    services({ filters, status }) {
      const found = store();
      if (!found.ok) return found;
      const wrong = checkFilters(filters, ['id', 'label', 'mode', 'name', 'runtime']);
      if (wrong !== undefined) return wrong;
      const services = [...found.value.services.values()].filter(
        (service) =>
          any(filters['id'], (value) => service.ID.startsWith(value)) &&
          any(filters['name'], (value) => service.Spec.Name.startsWith(value)) &&
          hasLabels(filters['label'], service.Spec.Labels) &&
          any(filters['mode'], (value) => value === modeOf(service)) &&
          any(filters['runtime'], (value) => value === (service.Spec.TaskTemplate.Runtime ?? 'container')),
      );
      return answer(services.map((service) => serviceView(service, false, status ? serviceStatus(found.value, service) : undefined)));
    },

    serviceInspect(id, { insertDefaults }) {
      const found = findService(id);
      return found.ok ? answer(serviceView(found.value.service, insertDefaults && habits.serviceDefaults === 'few' ? 'few' : insertDefaults)) : found;
    },

    serviceCreate(spec, { queryRegistry, cause }) {
      const found = leaderOf(cluster);
      if (!found.ok) return found;
      const mode = spec.EndpointSpec?.Mode as string | undefined;
      if (mode !== undefined && !['vip', 'dnsrr', ''].includes(mode)) return refusal(400, `invalid resolution mode: "${mode}"`);
      const wrong = unknownWord(spec);
      if (wrong !== undefined) return refusal(400, wrong);
      const taken = (name: string): boolean => [...found.value.store.services.values()].some((service) => service.Spec.Name === name);
      const named = spec.Name === '' ? { ...spec, Name: randomName(names, taken) } : spec;
      const origin = { by: 'docker', text: `service ${named.Name}`, cause: cause.origin } as const;
      const created = createService(found.value, prepared(named, keepsImageNames), origin);
      if (!created.ok) return refusal(created.status, created.message);
      return answer({ ID: created.value.ID, ...(queryRegistry ? { Warnings: warnings(spec) } : {}) });
    },

    serviceUpdate(id, version, spec, { queryRegistry, rollback, cause }) {
      const found = findService(id);
      if (!found.ok) return found;
      const mode = spec.EndpointSpec?.Mode as string | undefined;
      if (mode !== undefined && !['vip', 'dnsrr', ''].includes(mode)) return refusal(400, `invalid resolution mode: "${mode}"`);
      const { service } = found.value;
      const leader = leaderOf(cluster);
      if (!leader.ok) return leader;
      const wrong = unknownWord(spec);
      if (wrong !== undefined) return refusal(400, wrong);
      const origin = { by: 'docker', text: `service ${service.Spec.Name}`, cause: cause.origin } as const;
      const imageBefore = service.Spec.TaskTemplate.ContainerSpec?.Image;
      const updated = updateService(leader.value, service, version, prepared(spec, keepsImageNames), rollback, origin);
      if (!updated.ok) return refusal(updated.status, updated.message);
      const asks = habits.noDigest === 'with reason' || (queryRegistry && spec.TaskTemplate.ContainerSpec?.Image !== imageBefore);
      return answer({ Warnings: asks ? warnings(spec) : null });
    },

    serviceRemove(id) {
      const found = findService(id);
      if (!found.ok) return found;
      const leader = leaderOf(cluster);
      if (!leader.ok) return leader;
      leader.value.store.removeService(found.value.service);
      return answer(undefined);
    },

    tasks(filters) {
      const found = store();
      if (!found.ok) return found;
      const wrong = checkFilters(filters, ['_up-to-date', 'desired-state', 'id', 'label', 'name', 'node', 'runtime', 'service']);
      if (wrong !== undefined) return wrong;
      const services = filters['service'] === undefined ? undefined : serviceIds(found.value, filters['service']);
      const nodes = nodeIds(found.value, filters);
      const tasks = [...found.value.tasks.values()].filter(
        (task) =>
          (services === undefined || services.has(task.ServiceID)) &&
          (nodes === undefined || nodes.has(task.NodeID)) &&
          (task.ServiceID !== '' || filters['runtime'] !== undefined) &&
          (filters['_up-to-date'] === undefined || upToDate(found.value, task)) &&
          any(filters['id'], (value) => task.ID.startsWith(value)) &&
          any(filters['name'], (value) => taskName(task).startsWith(value) || taskContainerName(task).startsWith(value)) &&
          any(filters['desired-state'], (value) => stateMatches(value, task)) &&
          hasLabels(filters['label'], task.Labels),
      );
      return answer(tasks.sort((a, b) => (a.ID < b.ID ? -1 : 1)).map((task) => taskView(found.value, task)));
    },

    taskInspect(id) {
      const found = findTask(id);
      return found.ok ? answer(taskView(found.value.store, found.value.task)) : found;
    },

    serviceLogs(id, options) {
      const found = findService(id);
      if (!found.ok) return found;
      return readLogs(found.value.store.serviceTasks(found.value.service.ID), options);
    },

    taskLogs(id, options) {
      const found = findTask(id);
      return found.ok ? readLogs([found.value.task], options) : found;
    },
  };

  function readLogs(tasks: readonly TaskObject[], options: LogOptions): ApiResult<LogReader> {
    const leader = leaderOf(cluster);
    if (leader.ok) return answer(broker.subscribe(leader.value, tasks, options));
    return cluster.managing?.leaderAddress === undefined ? leader : refusal(501, 'logs of services are not emulated on managers that do not lead: ask the leader');
  }
}

function nodeIds(store: Store, filters: Filters): Set<string> | undefined {
  const values = filters['node'];
  if (values === undefined) return undefined;
  const nodes = [...store.nodes.values()];
  return new Set(values.flatMap((value) => nodes.filter((node) => node.ID === value || node.Description.Hostname === value || node.ID.startsWith(value)).map((node) => node.ID)));
}

function stateMatches(value: string, task: TaskObject): boolean {
  if (value === 'running') return rank(task.DesiredState) <= rank('running');
  if (value === 'shutdown') return task.DesiredState === 'shutdown';
  return value === 'accepted' ? task.DesiredState === 'accepted' : task.DesiredState === value;
}

function modeOf(service: ServiceObject): string {
  const { Mode: mode } = service.Spec;
  if (mode.ReplicatedJob !== undefined) return 'replicated-job';
  if (mode.GlobalJob !== undefined) return 'global-job';
  return isGlobal(mode) ? 'global' : 'replicated';
}

/**
 * A specification as it is kept: the image with its tag, the endpoint's mode said, and all else as inspection shows it, so that
 * what is read, changed in one place and written back differs in that place only.
 */
function prepared(spec: ServiceSpec, keepsImageName: boolean): StoredSpec {
  const copy = JSON.parse(JSON.stringify(spec)) as StoredSpec;
  const container = copy.TaskTemplate.ContainerSpec;
  if (container !== undefined && !keepsImageName) container.Image = withTag(container.Image);
  copy.EndpointSpec ??= { Mode: 'vip' };
  if ((copy.EndpointSpec.Mode as string) === '' || copy.EndpointSpec.Mode === undefined) copy.EndpointSpec.Mode = 'vip';
  copy.Mode ??= { Replicated: { Replicas: 1 } };
  copy.Labels ??= {};
  copy.TaskTemplate.ForceUpdate ??= 0;
  return JSON.parse(JSON.stringify(specView(copy, false))) as StoredSpec;
}

/** Words that the conversion to swarmkit's own does not know (daemon/cluster/convert/service.go). */
function unknownWord(spec: ServiceSpec): string | undefined {
  const condition = spec.TaskTemplate.RestartPolicy?.Condition as string | undefined;
  if (condition !== undefined && !['', 'none', 'on-failure', 'any'].includes(condition)) return `invalid RestartCondition: "${condition}"`;
  for (const [config, actions] of [[spec.UpdateConfig, ['pause', 'continue', 'rollback']], [spec.RollbackConfig, ['pause', 'continue']]] as const) {
    const action = config?.FailureAction as string | undefined;
    const order = config?.Order as string | undefined;
    if (action !== undefined && action !== '' && !(actions as readonly string[]).includes(action)) return `unrecognized update failure action ${action}`;
    if (order !== undefined && !['', 'stop-first', 'start-first'].includes(order)) return `unrecognized update order ${order}`;
  }
  return undefined;
}

function registryWarning(image: string): string {
  return `image ${image} could not be accessed on a registry to record\nits digest. Each node will access ${image} independently,\npossibly leading to different nodes running different\nversions of the image.\n`;
}

/** Made from what its service is now; a client that follows a roll-out asks for those. */
function upToDate(of: Store, task: TaskObject): boolean {
  const service = of.services.get(task.ServiceID);
  return service !== undefined && !isDirty(service, task, of.nodes.get(task.NodeID));
}
