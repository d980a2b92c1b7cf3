/** Objects of the swarm as the API shows them. Mirrors moby daemon/cluster/convert; order of keys as recorded. */
import { fnv1a, RandomStream } from '../base/random.ts';
import { isGlobal, isJob, rank, type ClusterObject, type ContainerSpec, type NodeObject, type ServiceObject, type ServiceSpec, type TaskObject, type TaskSpec, type UpdateConfig } from '../swarm/objects.ts';
import type { Store } from '../swarm/store.ts';
import { rfc3339Nano, type ClusterInfo, type SwarmNode, type SwarmService, type SwarmSpec, type SwarmTask, type TlsInfo } from './api.ts';
import { sortedRecord } from './filters.ts';

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A root certificate that says nothing but is the same for the whole swarm. */
function tlsInfo(certificate: string): TlsInfo {
  const stream = new RandomStream(fnv1a(certificate), 'certificate');
  const base64 = (length: number): string => Array.from({ length }, () => BASE64[stream.below(64)]).join('');
  const key = `MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE${base64(86)}==`;
  const body = `MIIBajCCARCgAwIBAgIU${base64(465)}=`;
  const lines = body.match(/.{1,64}/g) ?? [];
  return {
    TrustRoot: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    CertIssuerSubject: 'MBMxETAPBgNVBAMTCHN3YXJtLWNh',
    CertIssuerPublicKey: key,
  };
}

function meta(object: { ID: string; Version: number; CreatedAt: number; UpdatedAt: number }): { ID: string; Version: { Index: number }; CreatedAt: string; UpdatedAt: string } {
  return { ID: object.ID, Version: { Index: object.Version }, CreatedAt: rfc3339Nano(object.CreatedAt), UpdatedAt: rfc3339Nano(object.UpdatedAt) };
}

/** `manager` is what raft says of a member. */
export function nodeView(node: NodeObject, certificate: string, manager: { Leader: boolean; Reachability: 'reachable' | 'unreachable'; Addr: string } | undefined): SwarmNode {
  const { Description: description, Spec: spec, Status: status } = node;
  return {
    ...meta(node),
    Spec: { ...(spec.Name === undefined ? {} : { Name: spec.Name }), Labels: sortedRecord(Object.entries(spec.Labels)), Role: spec.Role, Availability: spec.Availability },
    Description: {
      Hostname: description.Hostname,
      Platform: description.Platform,
      Resources: description.Resources,
      Engine: description.Engine,
      TLSInfo: tlsInfo(certificate),
    },
    Status: { State: status.State, ...(status.Message === undefined ? {} : { Message: status.Message }), Addr: status.Addr },
    ...(manager === undefined ? {} : { ManagerStatus: { ...(manager.Leader ? { Leader: true } : {}), Reachability: manager.Reachability, Addr: manager.Addr } }),
  };
}

/** Keeps the keys of `order` that `object` has, in that order. */
function ordered<T extends object>(object: T, order: readonly (keyof T)[]): T {
  const result: Partial<T> = {};
  for (const key of order) if (object[key] !== undefined) result[key] = object[key];
  return result as T;
}

const CONTAINER_KEYS: readonly (keyof ContainerSpec)[] = ['Image', 'Labels', 'Command', 'Args', 'Hostname', 'Env', 'Dir', 'User', 'Privileges', 'Init', 'StopSignal', 'TTY', 'ReadOnly', 'Mounts', 'StopGracePeriod', 'Healthcheck', 'Hosts', 'DNSConfig', 'Secrets', 'Configs', 'Isolation', 'Sysctls', 'CapabilityAdd', 'CapabilityDrop'];
const TASK_KEYS: readonly (keyof TaskSpec)[] = ['ContainerSpec', 'NetworkAttachmentSpec', 'Resources', 'RestartPolicy', 'Placement', 'Networks', 'LogDriver', 'ForceUpdate', 'Runtime'];

/** What a view adds: nothing, all defaults, or the few that clients of 2017 sent with every service. */
type Defaults = boolean | 'few';

function containerView(spec: ContainerSpec, defaults: Defaults): ContainerSpec {
  const full = defaults === true ? { StopGracePeriod: 10e9, ...spec } : spec;
  return withoutEmpty(ordered({ ...full, DNSConfig: spec.DNSConfig ?? {}, Isolation: spec.Isolation ?? 'default'}, CONTAINER_KEYS));
}

function taskSpecView(spec: TaskSpec, defaults: Defaults, job: boolean): TaskSpec {
  const restart = spec.RestartPolicy;
  const full: TaskSpec = {
    ...spec,
    ...(spec.ContainerSpec === undefined ? {} : { ContainerSpec: containerView(spec.ContainerSpec, defaults) }),
    Resources: Object.keys(spec.Resources ?? {}).length === 0 ? {} : { Limits: spec.Resources?.Limits ?? {}, Reservations: spec.Resources?.Reservations ?? {} },
    ...(defaults !== false || restart !== undefined
      ? { RestartPolicy: ordered({ ...(defaults !== false ? { Condition: job ? 'on-failure' : 'any', ...(defaults === 'few' ? {} : { Delay: 5e9 }), MaxAttempts: 0 } : {}), ...restart } as NonNullable<TaskSpec['RestartPolicy']>, ['Condition', 'Delay', 'MaxAttempts', 'Window']) }
      : {}),
    Placement: withoutEmpty(spec.Placement ?? {}),
    Runtime: spec.Runtime ?? 'container',
  };
  return withoutEmpty(ordered(full, TASK_KEYS));
}

/** Go leaves empty lists out. */
function withoutEmpty<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !Array.isArray(value) || value.length > 0)) as T;
}

const UPDATE_DEFAULTS: UpdateConfig = { Parallelism: 1, FailureAction: 'pause', Monitor: 5e9, MaxFailureRatio: 0, Order: 'stop-first' };
const FEW_UPDATE_DEFAULTS: UpdateConfig = { Parallelism: 1, FailureAction: 'pause', MaxFailureRatio: 0, Order: 'stop-first' };
const UPDATE_KEYS: readonly (keyof UpdateConfig)[] = ['Parallelism', 'Delay', 'FailureAction', 'Monitor', 'MaxFailureRatio', 'Order'];

export function specView(spec: ServiceSpec, defaults: Defaults): SwarmService['Spec'] {
  const job = isJob(spec.Mode);
  const update = (given: UpdateConfig | undefined): UpdateConfig | undefined => (given === undefined && defaults !== true ? undefined : ordered({ ...UPDATE_DEFAULTS, ...given }, UPDATE_KEYS));
  const config = job ? undefined : defaults === 'few' && spec.UpdateConfig === undefined ? FEW_UPDATE_DEFAULTS : update(spec.UpdateConfig);
  const rollback = job ? undefined : update(spec.RollbackConfig);
  return {
    Name: spec.Name,
    Labels: sortedRecord(Object.entries(spec.Labels)),
    TaskTemplate: taskSpecView(spec.TaskTemplate, defaults, job),
    Mode: spec.Mode,
    ...(config === undefined ? {} : { UpdateConfig: config }),
    ...(rollback === undefined ? {} : { RollbackConfig: rollback }),
    EndpointSpec: { Mode: spec.EndpointSpec?.Mode ?? 'vip', ...((spec.EndpointSpec?.Ports?.length ?? 0) > 0 ? { Ports: spec.EndpointSpec?.Ports as never } : {}) },
  };
}

export function serviceView(service: ServiceObject, defaults: Defaults, status?: SwarmService['ServiceStatus']): SwarmService {
  const { Endpoint: endpoint, UpdateStatus: update, JobStatus: job } = service;
  return {
    ...meta(service),
    Spec: specView(service.Spec, defaults),
    ...(service.PreviousSpec === undefined ? {} : { PreviousSpec: specView(service.PreviousSpec, false) }),
    Endpoint: {
      // With names only, and nothing published, there is nothing to keep.
      Spec: endpoint === undefined || (endpoint.Spec.Mode === 'dnsrr' && (endpoint.Ports?.length ?? 0) === 0) ? {} : { Mode: endpoint.Spec.Mode, ...((endpoint.Spec.Ports?.length ?? 0) > 0 ? { Ports: endpoint.Spec.Ports as never } : {}) },
      ...(endpoint?.Ports === undefined ? {} : { Ports: endpoint.Ports }),
      ...(endpoint?.VirtualIPs === undefined ? {} : { VirtualIPs: endpoint.VirtualIPs }),
    },
    ...(update === undefined
      ? {}
      : {
          UpdateStatus: {
            State: update.State,
            StartedAt: rfc3339Nano(update.StartedAt),
            ...(update.CompletedAt === undefined ? {} : { CompletedAt: rfc3339Nano(update.CompletedAt) }),
            Message: update.Message,
          },
        }),
    ...(status === undefined ? {} : { ServiceStatus: status }),
    ...(job === undefined ? {} : { JobStatus: { JobIteration: { Index: job.JobIteration }, LastExecution: rfc3339Nano(job.LastExecution) } }),
  };
}

/** How many tasks run, should run, and have completed. */
export function serviceStatus(store: Store, service: ServiceObject): NonNullable<SwarmService['ServiceStatus']> {
  const tasks = store.serviceTasks(service.ID);
  const mode = service.Spec.Mode;
  const current = isJob(mode) ? tasks.filter((task) => (task.JobIteration ?? 0) === (service.JobStatus?.JobIteration ?? 0)) : tasks;
  const running = current.filter((task) => task.Status.State === 'running').length;
  const completed = isJob(mode) ? current.filter((task) => task.Status.State === 'complete').length : 0;
  const desired = mode.ReplicatedJob !== undefined
    ? (mode.ReplicatedJob.MaxConcurrent ?? mode.ReplicatedJob.TotalCompletions ?? 1)
    : isGlobal(mode)
      ? current.filter((task) => rank(task.DesiredState) <= rank('complete')).length
      : (mode.Replicated?.Replicas ?? 1);
  return { RunningTasks: running, DesiredTasks: desired, CompletedTasks: completed };
}

export function taskView(store: Store, task: TaskObject): SwarmTask {
  const { Status: status } = task;
  return {
    ...meta(task),
    Labels: sortedRecord(Object.entries(task.Labels)),
    Spec: taskSpecView(task.Spec, false, false),
    ServiceID: task.ServiceID,
    ...(task.Slot === 0 ? {} : { Slot: task.Slot }),
    ...(task.NodeID === '' ? {} : { NodeID: task.NodeID }),
    Status: {
      Timestamp: rfc3339Nano(status.Timestamp),
      State: status.State,
      Message: status.Message,
      ...(status.Err === undefined ? {} : { Err: status.Err }),
      ...(status.ContainerStatus === undefined ? {} : { ContainerStatus: status.ContainerStatus }),
      PortStatus: status.PortStatus === undefined ? {} : { Ports: status.PortStatus.Ports },
    },
    DesiredState: task.DesiredState,
    ...(task.NetworksAttachments.length === 0 ? {} : { NetworksAttachments: task.NetworksAttachments.flatMap((attachment) => attachmentView(store, attachment)) }),
    Volumes: null,
    ...(task.JobIteration === undefined ? {} : { JobIteration: { Index: task.JobIteration } }),
  };
}

function attachmentView(store: Store, attachment: TaskObject['NetworksAttachments'][number]): NonNullable<SwarmTask['NetworksAttachments']> {
  const network = store.networks.get(attachment.NetworkID);
  if (network === undefined) return [];
  const spec = network.Spec;
  return [
    {
      Network: {
        ...meta(network),
        Spec: {
          Name: spec.Name,
          Labels: spec.Labels ?? {},
          DriverConfiguration: { Name: spec.Driver, ...(Object.keys(spec.DriverOpts).length === 0 ? {} : { Options: spec.DriverOpts }) },
          ...(spec.Ingress ? { Ingress: true } : {}),
          ...(spec.Attachable ? { Attachable: true } : {}),
          IPAMOptions: { Driver: { Name: 'default' }, ...((spec.Ipam?.length ?? 0) > 0 ? { Configs: spec.Ipam } : {}) },
          Scope: 'swarm',
        },
        DriverState: { Name: spec.Driver, Options: network.DriverState },
        IPAMOptions: { Driver: { Name: 'default' }, Configs: network.Ipam },
      },
      Addresses: attachment.Addresses,
    },
  ];
}

function swarmSpec(cluster: ClusterObject): SwarmSpec {
  return {
    Name: 'default',
    Labels: cluster.Labels,
    Orchestration: { TaskHistoryRetentionLimit: cluster.TaskHistoryRetentionLimit },
    Raft: { SnapshotInterval: 10000, KeepOldSnapshots: 0, LogEntriesForSlowFollowers: 500, ElectionTick: 10, HeartbeatTick: 1 },
    Dispatcher: { HeartbeatPeriod: cluster.HeartbeatPeriod * 1e9 },
    CAConfig: { NodeCertExpiry: 7776000000000000 },
    TaskDefaults: {},
    EncryptionConfig: { AutoLockManagers: cluster.AutoLockManagers },
  };
}

export function clusterInfo(cluster: ClusterObject): ClusterInfo {
  return {
    ...meta(cluster),
    Spec: swarmSpec(cluster),
    TLSInfo: tlsInfo(cluster.certificate),
    RootRotationInProgress: false,
    // The default pool is not told.
    DefaultAddrPool: cluster.DefaultAddrPool.join() === '10.0.0.0/8' ? [] : cluster.DefaultAddrPool,
    SubnetSize: cluster.SubnetSize,
    DataPathPort: cluster.DataPathPort,
  };
}
