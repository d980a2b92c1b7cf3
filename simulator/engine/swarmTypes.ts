/**
 * JSON shapes of the swarm part of Docker Engine API v1.45 (moby api/types/swarm of 26.1).
 * Rules for the order of keys, `?` and maps: see apiTypes.ts.
 */
import type { HealthConfig, Labels, MountSpec } from './apiTypes.ts';

export interface Version {
  Index: number;
}

/** Meta, in the order in which it is embedded after ID. */
interface Meta {
  ID: string;
  Version: Version;
  CreatedAt: string;
  UpdatedAt: string;
}

// ---------------------------------------------------------------- nodes

export interface NodeSpec {
  Name?: string;
  Labels: Labels;
  Role: 'worker' | 'manager';
  Availability: 'active' | 'pause' | 'drain';
}

export interface TlsInfo {
  TrustRoot?: string;
  CertIssuerSubject?: string;
  CertIssuerPublicKey?: string;
}

export interface NodeDescription {
  Hostname?: string;
  Platform: { Architecture?: string; OS?: string };
  Resources: { NanoCPUs?: number; MemoryBytes?: number };
  Engine: { EngineVersion?: string; Labels?: Labels; Plugins?: { Type: string; Name: string }[] };
  TLSInfo: TlsInfo;
}

/** GET /nodes/{id} */
export interface SwarmNode extends Meta {
  Spec: NodeSpec;
  Description: NodeDescription;
  Status: { State: 'unknown' | 'down' | 'ready' | 'disconnected'; Message?: string; Addr?: string };
  /** Of managers only. */
  ManagerStatus?: { Leader?: boolean; Reachability?: 'unknown' | 'unreachable' | 'reachable'; Addr?: string };
}

// ---------------------------------------------------------------- services

export interface PortConfig {
  Name?: string;
  Protocol: 'tcp' | 'udp' | 'sctp';
  TargetPort: number;
  /** Absent in a spec that lets the swarm choose. */
  PublishedPort?: number;
  PublishMode: 'ingress' | 'host';
}

export interface EndpointSpec {
  Mode: 'vip' | 'dnsrr';
  Ports?: PortConfig[];
}

export interface ContainerSpec {
  Image: string;
  Labels?: Labels;
  Command?: string[];
  Args?: string[];
  Hostname?: string;
  Env?: string[];
  Dir?: string;
  User?: string;
  /** What stacks say, and nobody heeds here. */
  Privileges?: { CredentialSpec: null; SELinuxContext: null; NoNewPrivileges: boolean };
  TTY?: boolean;
  OpenStdin?: boolean;
  ReadOnly?: boolean;
  Mounts?: MountSpec[];
  StopSignal?: string;
  /** `--init`; false by default. */
  Init?: boolean;
  /** Nanoseconds; absent in a request means 10 s, which the daemon fills in on inspect with insertDefaults. */
  StopGracePeriod?: number;
  Hosts?: string[];
  DNSConfig?: { Nameservers?: string[]; Search?: string[]; Options?: string[] };
  Isolation?: string;
  Sysctls?: Labels;
  CapabilityAdd?: string[];
  CapabilityDrop?: string[];
  Secrets?: SecretReference[];
  Configs?: ConfigReference[];
  Healthcheck?: HealthConfig;
}

export interface RestartPolicy {
  Condition?: 'none' | 'on-failure' | 'any';
  Delay?: number;
  MaxAttempts?: number;
  Window?: number;
}

export interface Placement {
  Constraints?: string[];
  Preferences?: { Spread: { SpreadDescriptor: string } }[];
  MaxReplicas?: number;
  Platforms?: { Architecture?: string; OS?: string }[];
}

export interface NetworkAttachmentConfig {
  /** Network id (the daemon resolves names). */
  Target: string;
  Aliases?: string[];
  DriverOpts?: Labels;
}

export interface ResourceLimits {
  NanoCPUs?: number;
  MemoryBytes?: number;
  Pids?: number;
}

export interface TaskSpec {
  ContainerSpec?: ContainerSpec;
  /** Of `docker run --network OVERLAY`: the task that only attaches a container. */
  NetworkAttachmentSpec?: { ContainerID: string };
  Resources?: { Limits?: ResourceLimits; Reservations?: ResourceLimits };
  RestartPolicy?: RestartPolicy;
  Placement?: Placement;
  Networks?: NetworkAttachmentConfig[];
  LogDriver?: { Name?: string; Options?: Labels };
  ForceUpdate: number;
  Runtime?: string;
}

export interface ServiceMode {
  Replicated?: { Replicas?: number };
  Global?: Record<string, never>;
  ReplicatedJob?: { MaxConcurrent?: number; TotalCompletions?: number };
  GlobalJob?: Record<string, never>;
}

export interface UpdateConfig {
  Parallelism: number;
  Delay?: number;
  FailureAction?: 'pause' | 'continue' | 'rollback';
  Monitor?: number;
  MaxFailureRatio: number;
  Order: 'stop-first' | 'start-first';
}

export interface ServiceSpec {
  Name: string;
  Labels: Labels;
  TaskTemplate: TaskSpec;
  Mode: ServiceMode;
  UpdateConfig?: UpdateConfig;
  RollbackConfig?: UpdateConfig;
  EndpointSpec?: EndpointSpec;
}

export interface UpdateStatus {
  State?: 'updating' | 'paused' | 'completed' | 'rollback_started' | 'rollback_paused' | 'rollback_completed';
  StartedAt?: string;
  CompletedAt?: string;
  Message?: string;
}

/** GET /services/{id}; insertDefaults fills what `docker service inspect` shows as recorded (StopGracePeriod, RestartPolicy, UpdateConfig …). */
export interface SwarmService extends Meta {
  Spec: ServiceSpec;
  PreviousSpec?: ServiceSpec;
  Endpoint: {
    Spec: EndpointSpec | Record<string, never>;
    Ports?: PortConfig[];
    VirtualIPs?: { NetworkID: string; Addr: string }[];
  };
  UpdateStatus?: UpdateStatus;
  /** Only in lists asked with `status`. */
  ServiceStatus?: { RunningTasks: number; DesiredTasks: number; CompletedTasks: number };
  /** Of jobs. */
  JobStatus?: { JobIteration: Version; LastExecution?: string };
}

// ---------------------------------------------------------------- tasks

export type TaskState =
  | 'new'
  | 'allocated'
  | 'pending'
  | 'assigned'
  | 'accepted'
  | 'preparing'
  | 'ready'
  | 'starting'
  | 'running'
  | 'complete'
  | 'shutdown'
  | 'failed'
  | 'rejected'
  | 'remove'
  | 'orphaned';

export interface TaskStatus {
  Timestamp: string;
  State: TaskState;
  /** `started`, `pending task scheduling` … */
  Message?: string;
  /** What the ERROR column shows. */
  Err?: string;
  ContainerStatus?: { ContainerID: string; PID: number; ExitCode: number };
  /** `{}` unless ports are published in host mode. */
  PortStatus: { Ports?: PortConfig[] };
}

/** GET /tasks/{id} */
export interface SwarmTask extends Meta {
  Labels: Labels;
  Spec: TaskSpec;
  ServiceID: string;
  /** 1… of replicated services. */
  Slot?: number;
  NodeID?: string;
  Status: TaskStatus;
  DesiredState: TaskState;
  NetworksAttachments?: {
    Network: {
      ID: string;
      Version: Version;
      CreatedAt: string;
      UpdatedAt: string;
      Spec: Record<string, unknown>;
      DriverState: Record<string, unknown>;
      IPAMOptions: Record<string, unknown>;
    };
    Addresses: string[];
  }[];
  Volumes: null;
  /** Of jobs. */
  JobIteration?: Version;
}

// ---------------------------------------------------------------- secrets and configs

/** `Data` is base64; of secrets it is never shown. */
export interface FileSpec {
  Name: string;
  Labels: Labels;
  Data?: string;
}

/** GET /secrets/{id}, GET /configs/{id} */
export interface SwarmFile extends Meta {
  Spec: FileSpec;
}

/** Where a task finds a secret or a config. */
export interface FileTarget {
  Name: string;
  UID: string;
  GID: string;
  Mode: number;
}

export interface SecretReference {
  File: FileTarget;
  SecretID: string;
  SecretName: string;
}

export interface ConfigReference {
  File: FileTarget;
  ConfigID: string;
  ConfigName: string;
}

// ---------------------------------------------------------------- the swarm itself

export interface SwarmSpec {
  Name: string;
  Labels: Labels;
  Orchestration: { TaskHistoryRetentionLimit: number };
  Raft: {
    SnapshotInterval: number;
    KeepOldSnapshots: number;
    LogEntriesForSlowFollowers: number;
    ElectionTick: number;
    HeartbeatTick: number;
  };
  /** Nanoseconds. */
  Dispatcher: { HeartbeatPeriod: number };
  CAConfig: { NodeCertExpiry: number };
  TaskDefaults: Record<string, never>;
  EncryptionConfig: { AutoLockManagers: boolean };
}

/** ClusterInfo, as `docker info` shows it; `JoinTokens` only from GET /swarm. */
export interface ClusterInfo extends Meta {
  Spec: SwarmSpec;
  TLSInfo: TlsInfo;
  RootRotationInProgress: boolean;
  DefaultAddrPool: string[];
  SubnetSize: number;
  DataPathPort: number;
}

/** GET /swarm */
export interface Swarm extends ClusterInfo {
  JoinTokens: { Worker: string; Manager: string };
}

export interface SwarmInitRequest {
  /** `0.0.0.0:2377` */
  readonly ListenAddr: string;
  /** Address, interface name, or '' for the daemon to guess; an optional `:port`. */
  readonly AdvertiseAddr: string;
  readonly DataPathAddr: string;
  /** 0 means 4789. */
  readonly DataPathPort: number;
  readonly ForceNewCluster: boolean;
  /** CIDRs; empty means 10.0.0.0/8. */
  readonly DefaultAddrPool: readonly string[];
  /** 0 means 24. */
  readonly SubnetSize: number;
  readonly Availability: 'active' | 'pause' | 'drain';
  /** Absent: Docker's defaults. */
  readonly Spec?: Partial<SwarmSpec>;
}

export interface SwarmJoinRequest {
  readonly ListenAddr: string;
  readonly AdvertiseAddr: string;
  readonly DataPathAddr: string;
  /** `host:port`, as typed (port 2377 is the daemon's default). */
  readonly RemoteAddrs: readonly string[];
  readonly JoinToken: string;
  readonly Availability: 'active' | 'pause' | 'drain';
}

/** The `Swarm` part of GET /info. */
export interface SwarmInfo {
  NodeID: string;
  NodeAddr: string;
  LocalNodeState: 'inactive' | 'pending' | 'active' | 'error' | 'locked';
  ControlAvailable: boolean;
  Error: string;
  RemoteManagers: { NodeID: string; Addr: string }[] | null;
  Nodes?: number;
  Managers?: number;
  Cluster?: ClusterInfo;
}
