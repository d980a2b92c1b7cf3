/**
 * The objects of the swarm store: spec (what is wanted) beside status (what is). Mirrors swarmkit api/objects.proto and
 * types.proto; specs have the field names of the Docker API (v1.45), so that what a client sent is what is kept.
 * Times are microseconds of the virtual wall clock.
 */
import type { Origin } from '../base/origin.ts';

/** Observed and desired states in order; an observed state only moves forward. Mirrors api.TaskState. */
const TASK_STATES = [
  'new',
  'pending',
  'assigned',
  'accepted',
  'preparing',
  'ready',
  'starting',
  'running',
  'complete',
  'shutdown',
  'failed',
  'rejected',
  'remove',
  'orphaned',
] as const;
export type TaskState = (typeof TASK_STATES)[number];

const RANK = new Map<TaskState, number>(TASK_STATES.map((state, index) => [state, index]));

/** Position of a state in the order of {@link TASK_STATES}. */
export function rank(state: TaskState): number {
  return RANK.get(state) as number;
}

export interface ObjectMeta {
  readonly ID: string;
  Version: number;
  CreatedAt: number;
  UpdatedAt: number;
}

export interface PortConfig {
  Name?: string;
  Protocol: 'tcp' | 'udp' | 'sctp';
  TargetPort: number;
  PublishedPort?: number;
  PublishMode: 'ingress' | 'host';
}

export interface EndpointSpec {
  Mode: 'vip' | 'dnsrr';
  Ports?: PortConfig[];
}

export interface NetworkAttachmentConfig {
  Target: string;
  Aliases?: string[];
  DriverOpts?: Record<string, string>;
}

interface Mount {
  Type: string;
  Source?: string;
  Target?: string;
  ReadOnly?: boolean;
}

export interface ContainerSpec {
  Image: string;
  Labels?: Record<string, string>;
  Command?: string[];
  Args?: string[];
  Hostname?: string;
  Env?: string[];
  Dir?: string;
  User?: string;
  /** What stacks say, and nobody heeds here. */
  Privileges?: { CredentialSpec: null; SELinuxContext: null; NoNewPrivileges: boolean };
  TTY?: boolean;
  ReadOnly?: boolean;
  Init?: boolean;
  Mounts?: Mount[];
  /** Nanoseconds. */
  StopGracePeriod?: number;
  StopSignal?: string;
  Hosts?: string[];
  DNSConfig?: { Nameservers?: string[]; Search?: string[]; Options?: string[] };
  Sysctls?: Record<string, string>;
  Isolation?: string;
  CapabilityAdd?: string[];
  CapabilityDrop?: string[];
  Secrets?: { File: FileTarget; SecretID: string; SecretName: string }[];
  Configs?: { File: FileTarget; ConfigID: string; ConfigName: string }[];
  Healthcheck?: HealthConfig;
}

/** Where a task finds a secret or a config: a file of the container. */
interface FileTarget {
  Name: string;
  UID: string;
  GID: string;
  Mode: number;
}

/** How a container is asked whether it is well. Times in nanoseconds. */
interface HealthConfig {
  /** `NONE`, `CMD` and words, or `CMD-SHELL` and a line; empty: as the image says. */
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

interface RestartPolicy {
  Condition?: 'none' | 'on-failure' | 'any';
  /** Nanoseconds. */
  Delay?: number;
  MaxAttempts?: number;
  Window?: number;
}

interface ResourceLimits {
  NanoCPUs?: number;
  MemoryBytes?: number;
  Pids?: number;
}

export interface TaskSpec {
  ContainerSpec?: ContainerSpec;
  /** Of pseudo-tasks that attach a `docker run` container to an attachable network. */
  NetworkAttachmentSpec?: { ContainerID: string };
  Resources?: { Limits?: ResourceLimits; Reservations?: ResourceLimits };
  RestartPolicy?: RestartPolicy;
  Placement?: { Constraints?: string[]; Preferences?: { Spread: { SpreadDescriptor: string } }[]; MaxReplicas?: number; Platforms?: { Architecture?: string; OS?: string }[] };
  Networks?: NetworkAttachmentConfig[];
  ForceUpdate: number;
  Runtime?: string;
  LogDriver?: { Name?: string; Options?: Record<string, string> };
}

export interface UpdateConfig {
  Parallelism: number;
  /** Nanoseconds. */
  Delay?: number;
  FailureAction?: 'pause' | 'continue' | 'rollback';
  Monitor?: number;
  MaxFailureRatio: number;
  Order: 'stop-first' | 'start-first';
}

export interface ServiceMode {
  Replicated?: { Replicas?: number };
  Global?: Record<string, never>;
  ReplicatedJob?: { MaxConcurrent?: number; TotalCompletions?: number };
  GlobalJob?: Record<string, never>;
}

export interface ServiceSpec {
  Name: string;
  Labels: Record<string, string>;
  TaskTemplate: TaskSpec;
  Mode: ServiceMode;
  UpdateConfig?: UpdateConfig;
  RollbackConfig?: UpdateConfig;
  EndpointSpec?: EndpointSpec;
}

interface VirtualIP {
  NetworkID: string;
  /** With the prefix length of the network: `10.0.0.5/24`. */
  Addr: string;
}

interface ServiceEndpoint {
  Spec: EndpointSpec;
  Ports?: PortConfig[];
  VirtualIPs?: VirtualIP[];
}

type UpdateState =
  | 'updating'
  | 'paused'
  | 'completed'
  | 'rollback_started'
  | 'rollback_paused'
  | 'rollback_completed';

interface UpdateStatus {
  State: UpdateState;
  StartedAt: number;
  CompletedAt?: number;
  Message: string;
}

export interface ServiceObject extends ObjectMeta {
  Spec: ServiceSpec;
  PreviousSpec?: ServiceSpec;
  /** Goes up with each change of the spec that concerns tasks. */
  SpecVersion: number;
  Endpoint?: ServiceEndpoint;
  UpdateStatus?: UpdateStatus;
  JobStatus?: { JobIteration: number; LastExecution: number };
  /** What the command was that made or last changed it. */
  origin: Origin;
}

export interface NetworkAttachment {
  NetworkID: string;
  /** With prefix length. */
  Addresses: string[];
  Aliases: string[];
}

interface PortStatus {
  readonly Ports: PortConfig[];
}

interface ContainerStatus {
  ContainerID: string;
  PID: number;
  ExitCode: number;
}

export interface TaskStatus {
  State: TaskState;
  Timestamp: number;
  Message: string;
  Err?: string;
  ContainerStatus?: ContainerStatus;
  PortStatus?: PortStatus;
}

export interface TaskObject extends ObjectMeta {
  Spec: TaskSpec;
  SpecVersion: number;
  readonly ServiceID: string;
  readonly ServiceName: string;
  readonly Labels: Record<string, string>;
  /** 0 for tasks of global services. */
  readonly Slot: number;
  NodeID: string;
  Status: TaskStatus;
  DesiredState: TaskState;
  NetworksAttachments: NetworkAttachment[];
  /** The service's endpoint when the task was made: its published ports and addresses. */
  Endpoint?: ServiceEndpoint;
  /** Job iteration for tasks of jobs. */
  JobIteration?: number;
  origin: Origin;
}

type NodeState = 'unknown' | 'down' | 'ready' | 'disconnected';

export interface NodeDescription {
  Hostname: string;
  Platform: { Architecture: string; OS: string };
  Resources: { NanoCPUs: number; MemoryBytes: number };
  Engine: { EngineVersion: string; Labels?: Record<string, string>; Plugins: { Type: string; Name: string }[] };
}

export interface NodeSpec {
  Name?: string;
  Labels: Record<string, string>;
  Role: 'worker' | 'manager';
  Availability: 'active' | 'pause' | 'drain';
}

export interface NodeObject extends ObjectMeta {
  Spec: NodeSpec;
  Description: NodeDescription;
  Status: { State: NodeState; Message?: string; Addr: string };
  /** Of the members of raft; who leads and who is reached is raft's to say. */
  ManagerStatus?: { Addr: string };
  /** The node's own (load-balancer) address on each overlay it needs. */
  Attachments: NetworkAttachment[];
}

interface IpamConfig {
  Subnet?: string;
  IPRange?: string;
  Gateway?: string;
  AuxiliaryAddresses?: Record<string, string>;
}

export interface NetworkSpec {
  Name: string;
  Labels?: Record<string, string> | null;
  Driver: string;
  DriverOpts: Record<string, string>;
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  IPv6: boolean;
  Ipam?: IpamConfig[];
  /** Predefined node-local networks that services can use (`host`, `bridge`) have scope local. */
  Scope: 'swarm' | 'local';
}

export interface NetworkObject extends ObjectMeta {
  Spec: NetworkSpec;
  /** Set by the allocator. */
  Ipam: { Subnet: string; Gateway: string }[];
  DriverState: Record<string, string>;
  origin: Origin;
}

/** `docker secret create`; the data is base64, as it came. */
export interface SecretObject extends ObjectMeta {
  Spec: { Name: string; Labels: Record<string, string>; Data?: string };
}

/** `docker config create`. */
export interface ConfigObject extends ObjectMeta {
  Spec: { Name: string; Labels: Record<string, string>; Data: string };
}

/** A key of the cluster's networks. */
export interface EncryptionKey {
  readonly Subsystem: 'networking:gossip' | 'networking:ipsec';
  /** Hexadecimal. */
  readonly Key: string;
  /** Tells keys apart and old from new. */
  readonly LamportTime: number;
}

export interface ClusterObject extends ObjectMeta {
  /** Same in both tokens. */
  readonly rootDigest: string;
  workerSecret: string;
  managerSecret: string;
  readonly DefaultAddrPool: string[];
  readonly SubnetSize: number;
  readonly DataPathPort: number;
  TaskHistoryRetentionLimit: number;
  /** Seconds. */
  HeartbeatPeriod: number;
  readonly certificate: string;
  Labels: Record<string, string>;
  AutoLockManagers: boolean;
  NetworkBootstrapKeys: readonly EncryptionKey[];
}

/** True for services of either job mode. */
export function isJob(mode: ServiceMode | undefined): boolean {
  return mode !== undefined && (mode.ReplicatedJob !== undefined || mode.GlobalJob !== undefined);
}

/** True for services with one task per node. */
export function isGlobal(mode: ServiceMode | undefined): boolean {
  return mode !== undefined && (mode.Global !== undefined || mode.GlobalJob !== undefined);
}

/** `web.1`, or `web.<node id>` for tasks without a slot (global services, and the first task of a job). */
export function taskName(task: TaskObject): string {
  return `${task.ServiceName}.${task.Slot !== 0 ? task.Slot : task.NodeID}`;
}

/** Name of the task's container: `web.1.<task id>` (swarmkit api/naming). */
export function taskContainerName(task: TaskObject): string {
  return `${taskName(task)}.${task.ID}`;
}
