/**
 * Go's types behind the JSON that `service inspect`, `node inspect`, `info` and `version` put through templates: which fields exist
 * (others are an error) and what the absent ones are (their zero values). After moby api/types.
 */
import { durationText } from './optionValues.ts';
import { GoFloat, GoNil, GoStringer, GoStruct, GoTime, type Value } from './template/value.ts';

export type GoType =
  | 'string'
  | 'int'
  | 'float'
  | 'bool'
  | 'time'
  | 'duration'
  | 'any'
  | { readonly list: GoType }
  | { readonly map: GoType }
  | { readonly pointer: GoType }
  | StructType;

export interface StructType {
  readonly name: string;
  readonly fields: Readonly<Record<string, GoType>>;
}

const struct = (name: string, fields: Readonly<Record<string, GoType>>): StructType => ({ name, fields });
const list = (of: GoType): GoType => ({ list: of });
const map: GoType = { map: 'string' };
const pointer = (of: GoType): GoType => ({ pointer: of });
const fieldsOf = (type: GoType, names: string): Record<string, GoType> =>
  Object.fromEntries(names.split(' ').map((name) => [name, type]));

const VERSION = struct('swarm.Version', { Index: 'int' });
const META: Record<string, GoType> = { ID: 'string', Version: VERSION, CreatedAt: 'time', UpdatedAt: 'time' };
const TLS = struct('swarm.TLSInfo', { TrustRoot: 'string', CertIssuerSubject: 'any', CertIssuerPublicKey: 'any' });

const PORT = struct('swarm.PortConfig', {
  Name: 'string',
  Protocol: 'string',
  TargetPort: 'int',
  PublishedPort: 'int',
  PublishMode: 'string',
});
const ENDPOINT_SPEC = struct('swarm.EndpointSpec', { Mode: 'string', Ports: list(PORT) });
const UPDATE = struct('swarm.UpdateConfig', {
  Parallelism: 'int',
  Delay: 'duration',
  FailureAction: 'string',
  Monitor: 'duration',
  MaxFailureRatio: 'float',
  Order: 'string',
});
const CONTAINER_SPEC = struct('swarm.ContainerSpec', {
  ...fieldsOf('string', 'Image Hostname Dir User StopSignal Isolation'),
  Labels: map,
  ...fieldsOf(list('string'), 'Command Args Env Groups Hosts CapabilityAdd CapabilityDrop'),
  Privileges: 'any',
  Init: pointer('bool'),
  ...fieldsOf('bool', 'TTY OpenStdin ReadOnly'),
  Mounts: list('any'),
  StopGracePeriod: pointer('duration'),
  Healthcheck: 'any',
  DNSConfig: pointer(struct('swarm.DNSConfig', fieldsOf(list('string'), 'Nameservers Search Options'))),
  ...fieldsOf(list('any'), 'Secrets Configs Ulimits'),
  Sysctls: map,
});
const RESOURCES = struct('swarm.ResourceRequirements', { Limits: 'any', Reservations: 'any' });
const PLACEMENT = struct('swarm.Placement', {
  Constraints: list('string'),
  Preferences: list('any'),
  MaxReplicas: 'int',
  Platforms: list('any'),
});
const TASK_SPEC = struct('swarm.TaskSpec', {
  ContainerSpec: pointer(CONTAINER_SPEC),
  PluginSpec: 'any',
  NetworkAttachmentSpec: 'any',
  Resources: pointer(RESOURCES),
  RestartPolicy: pointer(
    struct('swarm.RestartPolicy', {
      Condition: 'string',
      Delay: pointer('duration'),
      MaxAttempts: pointer('int'),
      Window: pointer('duration'),
    }),
  ),
  Placement: pointer(PLACEMENT),
  Networks: list(
    struct('swarm.NetworkAttachmentConfig', { Target: 'string', Aliases: list('string'), DriverOpts: map }),
  ),
  LogDriver: 'any',
  ForceUpdate: 'int',
  Runtime: 'string',
});
const MODE = struct('swarm.ServiceMode', {
  Replicated: pointer(struct('swarm.ReplicatedService', { Replicas: pointer('int') })),
  Global: pointer(struct('swarm.GlobalService', {})),
  ReplicatedJob: pointer(
    struct('swarm.ReplicatedJob', { MaxConcurrent: pointer('int'), TotalCompletions: pointer('int') }),
  ),
  GlobalJob: pointer(struct('swarm.GlobalJob', {})),
});
const SERVICE_SPEC = struct('swarm.ServiceSpec', {
  Name: 'string',
  Labels: map,
  TaskTemplate: TASK_SPEC,
  Mode: MODE,
  UpdateConfig: pointer(UPDATE),
  RollbackConfig: pointer(UPDATE),
  Networks: list('any'),
  EndpointSpec: pointer(ENDPOINT_SPEC),
});

/** swarm.Service */
export const SERVICE: StructType = struct('swarm.Service', {
  ...META,
  Spec: SERVICE_SPEC,
  PreviousSpec: pointer(SERVICE_SPEC),
  Endpoint: struct('swarm.Endpoint', {
    Spec: ENDPOINT_SPEC,
    Ports: list(PORT),
    VirtualIPs: list(struct('swarm.EndpointVirtualIP', { NetworkID: 'string', Addr: 'string' })),
  }),
  UpdateStatus: pointer(
    struct('swarm.UpdateStatus', {
      State: 'string',
      StartedAt: pointer('time'),
      CompletedAt: pointer('time'),
      Message: 'string',
    }),
  ),
  ServiceStatus: pointer(struct('swarm.ServiceStatus', fieldsOf('int', 'RunningTasks DesiredTasks CompletedTasks'))),
  JobStatus: 'any',
});

/** swarm.Node */
export const NODE: StructType = struct('swarm.Node', {
  ...META,
  Spec: struct('swarm.NodeSpec', { Name: 'string', Labels: map, Role: 'string', Availability: 'string' }),
  Description: struct('swarm.NodeDescription', {
    Hostname: 'string',
    Platform: struct('swarm.Platform', { Architecture: 'string', OS: 'string' }),
    Resources: struct('swarm.Resources', { NanoCPUs: 'int', MemoryBytes: 'int', GenericResources: list('any') }),
    Engine: struct('swarm.EngineDescription', {
      EngineVersion: 'string',
      Labels: map,
      Plugins: list(struct('swarm.PluginDescription', { Type: 'string', Name: 'string' })),
    }),
    TLSInfo: TLS,
    CSIInfo: list('any'),
  }),
  Status: struct('swarm.NodeStatus', { State: 'string', Message: 'string', Addr: 'string' }),
  ManagerStatus: pointer(struct('swarm.ManagerStatus', { Leader: 'bool', Reachability: 'string', Addr: 'string' })),
});

const SWARM_INFO = struct('swarm.Info', {
  NodeID: 'string',
  NodeAddr: 'string',
  LocalNodeState: 'string',
  ControlAvailable: 'bool',
  Error: 'string',
  RemoteManagers: list(struct('swarm.Peer', { NodeID: 'string', Addr: 'string' })),
  Nodes: 'int',
  Managers: 'int',
  Cluster: pointer(
    struct('swarm.ClusterInfo', {
      ...META,
      Spec: 'any',
      TLSInfo: TLS,
      RootRotationInProgress: 'bool',
      DefaultAddrPool: list('string'),
      SubnetSize: 'int',
      DataPathPort: 'int',
    }),
  ),
  Warnings: list('string'),
});

/** system.Info as the client embeds it in its own info struct. */
export const INFO: StructType = struct('system.dockerInfo', {
  ...fieldsOf(
    'string',
    'ID Driver SystemTime LoggingDriver CgroupDriver CgroupVersion KernelVersion OperatingSystem OSVersion OSType Architecture IndexServerAddress',
  ),
  ...fieldsOf(
    'string',
    'DockerRootDir HTTPProxy HTTPSProxy NoProxy Name ServerVersion DefaultRuntime InitBinary Isolation ProductLicense',
  ),
  ...fieldsOf(
    'int',
    'Containers ContainersRunning ContainersPaused ContainersStopped Images NFd NGoroutines NEventsListener NCPU MemTotal',
  ),
  ...fieldsOf(
    'bool',
    'MemoryLimit SwapLimit KernelMemoryTCP CpuCfsPeriod CpuCfsQuota CPUShares CPUSet PidsLimit IPv4Forwarding BridgeNfIptables BridgeNfIp6tables',
  ),
  ...fieldsOf('bool', 'Debug OomKillDisable ExperimentalBuild LiveRestoreEnabled'),
  ...fieldsOf(list('string'), 'Labels SecurityOptions Warnings'),
  ...fieldsOf(
    'any',
    'DriverStatus Plugins RegistryConfig GenericResources Runtimes ContainerdCommit RuncCommit InitCommit DefaultAddressPools CDISpecDirs ClientInfo',
  ),
  ServerErrors: list('string'),
  Swarm: SWARM_INFO,
});

/** A value of JSON as a value of Go. `encoded` is what JSON shows of it (default: the value itself). */
export function goValue(type: GoType, json: unknown): Value {
  if (typeof type === 'object') {
    if ('list' in type) return Array.isArray(json) ? json.map((item) => goValue(type.list, item)) : [];
    if ('map' in type) return json === undefined || json === null ? {} : (json as Value);
    if ('pointer' in type)
      return json === undefined || json === null
        ? new GoNil(
            `*${typeof type.pointer === 'object' && 'name' in type.pointer ? type.pointer.name : 'interface {}'}`,
          )
        : goValue(type.pointer, json);
    const object = (json ?? {}) as Readonly<Record<string, unknown>>;
    return new GoStruct(
      type.name,
      Object.keys(type.fields),
      (name) => goValue(type.fields[name] as GoType, object[name]),
      () => JSON.stringify(json ?? {}),
    );
  }
  switch (type) {
    case 'string':
      return (json ?? '') as string;
    case 'int':
      return (json ?? 0) as number;
    case 'bool':
      return (json ?? false) as boolean;
    case 'float':
      return new GoFloat((json ?? 0) as number);
    case 'time':
      return new GoTime((json ?? '0001-01-01T00:00:00Z') as string);
    case 'duration':
      return new GoStringer((json ?? 0) as number, durationText((json ?? 0) as number));
    case 'any':
      return json as Value;
  }
}
