/**
 * JSON shapes of Docker Engine API v1.45 (moby api/types of 26.1), as far as they are emulated.
 *
 * The order of keys is part of the contract, because `docker inspect` prints what the engine sends:
 * - build every object as a literal with its keys in the order in which the interface below declares them;
 * - `?` is Go's `omitempty`: leave the key out (never `undefined`); everything else must be present, with Go's zero value;
 * - maps (`Record`) are built with their keys sorted, as encoding/json does;
 * - times are RFC 3339 with up to nine digits and no trailing zeros (`rfc3339Nano`), durations are nanoseconds;
 * - ids: 64 hex digits (containers, images with `sha256:`, local networks, endpoints), 25 base-36 digits (all of swarm).
 */

export { parseRfc3339, rfc3339Nano, ZERO_TIME } from './time.ts';

export type Labels = Record<string, string>;

/** `filters` of list calls: any of the values of a key, all of the keys. */
export type Filters = Readonly<Record<string, readonly string[]>>;

// ---------------------------------------------------------------- containers

export interface ContainerState {
  Status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  Running: boolean;
  Paused: boolean;
  Restarting: boolean;
  OOMKilled: boolean;
  Dead: boolean;
  Pid: number;
  ExitCode: number;
  Error: string;
  StartedAt: string;
  FinishedAt: string;
  /** Of containers with a health check. */
  Health?: ContainerHealth;
}

/** types.Health */
export interface ContainerHealth {
  Status: 'starting' | 'healthy' | 'unhealthy';
  FailingStreak: number;
  Log: { Start: string; End: string; ExitCode: number; Output: string }[];
}

/** events.Message: one thing that happened. */
export interface EventMessage {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes: Labels };
  scope: 'local' | 'swarm';
  /** Seconds and nanoseconds of the virtual wall clock. */
  time: number;
  timeNano: number;
}

/** nat.PortBinding */
export interface PortBinding {
  HostIp: string;
  HostPort: string;
}

/** `8000/tcp` → where it is published; null when exposed only. */
export type PortMap = Record<string, PortBinding[] | null>;

export interface EndpointSettings {
  IPAMConfig: { IPv4Address?: string } | null;
  Links: string[] | null;
  Aliases: string[] | null;
  MacAddress: string;
  NetworkID: string;
  EndpointID: string;
  Gateway: string;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  DriverOpts: Labels | null;
  DNSNames: string[] | null;
}

/** container.HostConfig: recorded order; `hostConfigOf` of hostConfig.ts fills the constants. */
export interface HostConfig {
  Binds: string[] | null;
  ContainerIDFile: string;
  LogConfig: { Type: string; Config: Labels };
  NetworkMode: string;
  PortBindings: PortMap;
  RestartPolicy: { Name: string; MaximumRetryCount: number };
  AutoRemove: boolean;
  VolumeDriver: string;
  VolumesFrom: null;
  ConsoleSize: [number, number];
  CapAdd: string[] | null;
  CapDrop: string[] | null;
  CgroupnsMode: string;
  Dns: string[] | null;
  DnsOptions: string[] | null;
  DnsSearch: string[] | null;
  ExtraHosts: string[] | null;
  GroupAdd: null;
  IpcMode: string;
  Cgroup: string;
  Links: null;
  OomScoreAdj: number;
  PidMode: string;
  Privileged: boolean;
  PublishAllPorts: boolean;
  ReadonlyRootfs: boolean;
  SecurityOpt: string[] | null;
  UTSMode: string;
  UsernsMode: string;
  ShmSize: number;
  Runtime: string;
  Isolation: string;
  CpuShares: number;
  Memory: number;
  NanoCpus: number;
  CgroupParent: string;
  BlkioWeight: number;
  BlkioWeightDevice: null | never[];
  BlkioDeviceReadBps: null | never[];
  BlkioDeviceWriteBps: null | never[];
  BlkioDeviceReadIOps: null | never[];
  BlkioDeviceWriteIOps: null | never[];
  CpuPeriod: number;
  CpuQuota: number;
  CpuRealtimePeriod: number;
  CpuRealtimeRuntime: number;
  CpusetCpus: string;
  CpusetMems: string;
  Devices: null | never[];
  DeviceCgroupRules: null;
  DeviceRequests: null;
  MemoryReservation: number;
  MemorySwap: number;
  MemorySwappiness: null;
  OomKillDisable: null | boolean;
  PidsLimit: null;
  Ulimits: null | never[];
  CpuCount: number;
  CpuPercent: number;
  IOMaximumIOps: number;
  IOMaximumBandwidth: number;
  Mounts?: MountSpec[];
  MaskedPaths: string[] | null;
  ReadonlyPaths: string[] | null;
  /** Of swarm tasks: false. Absent on `docker run`. */
  Init?: boolean;
}

export interface MountSpec {
  Type: string;
  Source?: string;
  Target?: string;
  ReadOnly?: boolean;
}

/** container.HealthConfig; times in nanoseconds. */
export interface HealthConfig {
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

/** container.Config */
export interface ContainerConfig {
  Hostname: string;
  Domainname: string;
  User: string;
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  ExposedPorts?: Record<string, Record<string, never>>;
  Tty: boolean;
  OpenStdin: boolean;
  StdinOnce: boolean;
  Env: string[] | null;
  Cmd: string[] | null;
  Healthcheck?: HealthConfig;
  Image: string;
  Volumes: Record<string, Record<string, never>> | null;
  WorkingDir: string;
  Entrypoint: string[] | null;
  OnBuild: null;
  Labels: Labels;
  StopSignal?: string;
  StopTimeout?: number;
}

export interface NetworkSettings {
  Bridge: string;
  SandboxID: string;
  SandboxKey: string;
  Ports: PortMap;
  HairpinMode: boolean;
  LinkLocalIPv6Address: string;
  LinkLocalIPv6PrefixLen: number;
  SecondaryIPAddresses: null;
  SecondaryIPv6Addresses: null;
  /** These eight repeat the endpoint on the default bridge; empty/0 otherwise. */
  EndpointID: string;
  Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  MacAddress: string;
  Networks: Record<string, EndpointSettings>;
}

/** GET /containers/{id}/json */
export interface ContainerInspect {
  Id: string;
  Created: string;
  Path: string;
  Args: string[];
  State: ContainerState;
  /** `sha256:…` */
  Image: string;
  ResolvConfPath: string;
  HostnamePath: string;
  HostsPath: string;
  LogPath: string;
  /** With a leading slash. */
  Name: string;
  RestartCount: number;
  Driver: string;
  Platform: string;
  MountLabel: string;
  ProcessLabel: string;
  AppArmorProfile: string;
  ExecIDs: string[] | null;
  HostConfig: HostConfig;
  GraphDriver: { Data: Labels; Name: string };
  Mounts: MountPoint[];
  Config: ContainerConfig;
  NetworkSettings: NetworkSettings;
}

export interface MountPoint {
  Type: string;
  /** Of volumes. */
  Name?: string;
  Source: string;
  Destination: string;
  /** Of volumes. */
  Driver?: string;
  Mode: string;
  RW: boolean;
  Propagation: string;
}

/** types.Port of the container list. */
export interface PortSummary {
  /** Absent when not published. */
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: 'tcp' | 'udp' | 'sctp';
}

/** One of GET /containers/json; newest first. */
export interface ContainerSummary {
  Id: string;
  /** With leading slashes. */
  Names: string[];
  /** As the container was started with; the id when the tag moved away. */
  Image: string;
  ImageID: string;
  /** Path and arguments, joined by blanks. */
  Command: string;
  /** Unix seconds. */
  Created: number;
  Ports: PortSummary[];
  SizeRw?: number;
  SizeRootFs?: number;
  Labels: Labels;
  State: ContainerState['Status'];
  /** `Up 2 minutes`, `Exited (0) 3 seconds ago`, `Created`: made by the daemon with `containerStatus` of duration.ts. */
  Status: string;
  HostConfig: { NetworkMode?: string };
  NetworkSettings: { Networks: Record<string, EndpointSettings> };
  Mounts: MountPoint[];
}

/** Body of POST /containers/create. Absent fields take the image's or Docker's defaults. */
export interface ContainerCreateRequest {
  readonly Healthcheck?: HealthConfig;
  readonly name?: string;
  readonly Image: string;
  readonly Hostname?: string;
  readonly User?: string;
  readonly Tty?: boolean;
  readonly OpenStdin?: boolean;
  readonly AttachStdin?: boolean;
  readonly AttachStdout?: boolean;
  readonly AttachStderr?: boolean;
  readonly Env?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly WorkingDir?: string;
  readonly Labels?: Labels;
  /** Ports of `--expose` and `-p`. */
  readonly ExposedPorts?: readonly string[];
  /** Paths of volumes without a name. */
  readonly Volumes?: readonly string[];
  readonly StopSignal?: string;
  readonly StopTimeout?: number;
  readonly HostConfig: {
    /** `default`, `bridge`, `host`, `none`, `container:X`, or a network's name. */
    readonly NetworkMode: string;
    /** `/HOST/PATH:/PATH[:ro]` or `VOLUME:/PATH[:ro]` */
    readonly Binds?: readonly string[];
    readonly PortBindings?: PortMap;
    readonly PublishAllPorts?: boolean;
    readonly Privileged?: boolean;
    readonly AutoRemove?: boolean;
    readonly RestartPolicy?: { readonly Name: string; readonly MaximumRetryCount: number };
    readonly CapAdd?: readonly string[];
    readonly CapDrop?: readonly string[];
    readonly Dns?: readonly string[];
    readonly DnsSearch?: readonly string[];
    readonly DnsOptions?: readonly string[];
    readonly ExtraHosts?: readonly string[];
    readonly PidMode?: string;
    /** net.* knobs of `--sysctl`. */
    readonly Sysctls?: Labels;
    readonly Memory?: number;
    readonly NanoCpus?: number;
  };
  /** `--ip`, `--network-alias` and so on, by network name. */
  readonly NetworkingConfig?: { readonly EndpointsConfig: Readonly<Record<string, EndpointRequest>> };
}

export interface EndpointRequest {
  readonly IPv4Address?: string;
  readonly Aliases?: readonly string[];
  readonly DriverOpts?: Labels;
  readonly MacAddress?: string;
}

export interface ContainerTop {
  Titles: string[];
  Processes: string[][];
}

// ---------------------------------------------------------------- images

/** One of GET /images/json; newest first. */
export interface ImageSummary {
  Containers: number;
  /** Unix seconds. */
  Created: number;
  /** `sha256:…` */
  Id: string;
  Labels: Labels | null;
  ParentId: string;
  RepoDigests: string[];
  RepoTags: string[];
  SharedSize: number;
  Size: number;
}

/** GET /images/{name}/json */
export interface ImageInspect {
  Id: string;
  RepoTags: string[];
  RepoDigests: string[];
  Parent: string;
  Comment: string;
  Created: string;
  DockerVersion: string;
  Author: string;
  Config: ContainerConfig;
  Architecture: string;
  Os: string;
  Size: number;
  GraphDriver: { Data: Labels; Name: string };
  RootFS: { Type: string; Layers: string[] };
  Metadata: { LastTagTime: string };
}

/** One line of DELETE /images/{name}. */
export interface ImageDeleted {
  Untagged?: string;
  Deleted?: string;
}

// ---------------------------------------------------------------- networks

export interface IpamConfig {
  Subnet?: string;
  IPRange?: string;
  Gateway?: string;
  AuxiliaryAddresses?: Labels;
}

/** types.EndpointResource */
export interface NetworkContainer {
  Name: string;
  EndpointID: string;
  MacAddress: string;
  /** `10.0.0.8/24` */
  IPv4Address: string;
  IPv6Address: string;
}

/** One volume, as `docker volume inspect` shows it. */
export interface VolumeResource {
  CreatedAt: string;
  Driver: string;
  Labels: Labels | null;
  Mountpoint: string;
  Name: string;
  Options: null;
  Scope: string;
}

/**
 * GET /networks and /networks/{id}. The list sends the same shape with `Containers: {}` and without Peers and Services.
 * A swarm network that this node has no part in yet (only the manager's store knows it) has `Containers: null`, `Labels: null`
 * (when it has none) and no Peers.
 */
export interface NetworkResource {
  Name: string;
  Id: string;
  Created: string;
  Scope: 'local' | 'swarm' | 'global';
  Driver: string;
  EnableIPv6: boolean;
  IPAM: { Driver: string; Options: Labels | null; Config: IpamConfig[] };
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  ConfigFrom: { Network: string };
  ConfigOnly: boolean;
  /** By container id; the load balancer's sandbox is `ingress-sbox` or `lb-NETWORK`. */
  Containers: Record<string, NetworkContainer> | null;
  Options: Labels | null;
  Labels: Labels | null;
  Peers?: { Name: string; IP: string }[];
  /** Only with `verbose`. */
  Services?: Record<string, NetworkServiceInfo>;
}

export interface NetworkServiceInfo {
  VIP: string;
  /** `Target: 8000, Publish: 8000` */
  Ports: string[];
  /** The fwmark on this node. */
  LocalLBIndex: number;
  Tasks: { Name: string; EndpointID: string; EndpointIP: string; Info: Labels | null }[];
}

export interface NetworkCreateRequest {
  readonly Name: string;
  readonly Driver: string;
  readonly Scope?: string;
  readonly EnableIPv6?: boolean;
  readonly IPAM: { readonly Driver: string; readonly Options?: Labels; readonly Config: readonly IpamConfig[] };
  readonly Internal: boolean;
  readonly Attachable: boolean;
  readonly Ingress: boolean;
  readonly ConfigOnly: boolean;
  readonly ConfigFrom?: string;
  readonly Options: Labels;
  readonly Labels: Labels;
}

// ---------------------------------------------------------------- exec

export interface ExecCreateRequest {
  readonly Cmd: readonly string[];
  readonly Tty: boolean;
  readonly AttachStdin: boolean;
  readonly Detach: boolean;
  readonly Env?: readonly string[];
  readonly WorkingDir?: string;
  readonly User?: string;
  readonly Privileged?: boolean;
}

export interface ExecInspect {
  ID: string;
  Running: boolean;
  /** Set once it is no longer running; 126/127 when it could not be started. */
  ExitCode: number | null;
  Pid: number;
  ContainerID: string;
}
