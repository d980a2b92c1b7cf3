/**
 * What `docker` may ask of the engine on its machine: Docker Engine API v1.45 as method calls
 * (moby api/server/router, client/). Found at `ctx.host.unixSockets.get('/var/run/docker.sock') as EngineApi | undefined`;
 * absent while dockerd does not run.
 *
 * Deviations from HTTP: a call answers at once. What takes the daemon time answers an {@link Operation} to wait for;
 * streams (attach, exec, logs) are open files handed over, or readers that are polled. In both cases the caller sleeps with
 * `yield* ctx.wait([api.changed], deadline)` and looks again; `changed` is woken after every change of anything visible here.
 *
 * Names: every `id` parameter may be a full id, a name, or an unambiguous prefix of an id; the engine resolves it and refuses
 * in the daemon's words: `No such container: X`, `network X not found`, `node X not found`, `service X not found`,
 * `service X is ambiguous (2 matches found)`, `No such image: X:latest`. The CLI puts `Error response from daemon: ` in front
 * of a message, or replaces a 404 by words of its own. Messages carry the `rpc error: code = … desc = …` of swarmkit where
 * the recordings have it. `nodeInspect('self')` is resolved by the CLI from `info().Swarm.NodeID`.
 *
 * A call that needs a manager is refused with status 503 and the recorded text when this node is none
 * (`This node is not a swarm manager. Use "docker swarm init" …` / `… Worker nodes can't be used to view …`).
 */
import type { WaitQueue } from '../base/wait.ts';
import type { FileCalls, OpenFile, ProgramContext } from '../process/program.ts';
import type {
  ContainerCreateRequest,
  ContainerInspect,
  ContainerSummary,
  ContainerTop,
  EndpointRequest,
  EventMessage,
  ExecCreateRequest,
  ExecInspect,
  Filters,
  ImageDeleted,
  ImageInspect,
  ImageSummary,
  NetworkCreateRequest,
  NetworkResource,
  VolumeResource,
} from './apiTypes.ts';
import type {
  FileSpec,
  NodeSpec,
  ServiceSpec,
  Swarm,
  SwarmFile,
  SwarmInfo,
  SwarmInitRequest,
  SwarmJoinRequest,
  SwarmNode,
  SwarmService,
  SwarmSpec,
  SwarmTask,
} from './swarmTypes.ts';

export * from './apiTypes.ts';
export * from './swarmTypes.ts';

/** Where the API is found in {@link ProgramContext.host}. */
export const DOCKER_SOCKET = '/var/run/docker.sock';

/** HTTP status and the daemon's message (without `Error response from daemon: `). */
export interface ApiRefusal {
  readonly ok: false;
  readonly status: number;
  readonly message: string;
}

export type ApiResult<T> = { readonly ok: true; readonly value: T } | ApiRefusal;

/** A successful answer. */
export function answer<T>(value: T): ApiResult<T> {
  return { ok: true, value };
}

/** A refusal. */
export function refusal(status: number, message: string): ApiRefusal {
  return { ok: false, status, message };
}

/** Work that takes virtual time. `result` is set once it is over, and `changed` is woken then. */
export interface Operation<T> {
  readonly result: ApiResult<T> | undefined;
  /** The client hangs up (^C): stop waiting where the daemon would; what is already done stays done. */
  cancel(): void;
}

/** An operation that is over at once. */
export function finished<T>(result: ApiResult<T>): Operation<T> {
  return { result, cancel: () => undefined };
}

/**
 * The caller's ends of a process's standard files. They are handed over: the process reads and writes them itself.
 *
 * With `tty`, `stdin` is the caller's terminal (a real docker would put it in raw mode and copy to a pty of the container).
 * The engine starts the process as the terminal's foreground group with `caller.spawn(…, {group: 'foreground', …})` or the like,
 * so that ^C, ^Z and ^D reach it and not the docker client, and gives the terminal back by ending. Without `tty` the process is
 * not in the client's process group: ^C reaches only the client, as in reality.
 * The engine takes its own references (`retain`) and releases them when the process ends.
 */
export interface StandardFiles {
  /** The client's process: for its terminal, and for the origin (`ctx.origin`) of what the process changes. */
  readonly caller: ProgramContext;
  /** Absent: /dev/null (no `-i`). */
  readonly stdin?: OpenFile;
  readonly stdout?: OpenFile;
  /** With `tty` the same as stdout. */
  readonly stderr?: OpenFile;
  readonly tty: boolean;
}

/** One line that a container printed. */
export interface LogEntry {
  readonly stream: 'stdout' | 'stderr';
  /** Virtual wall clock, microseconds. */
  readonly at: number;
  /** Octets with the newline, if there was one. */
  readonly text: string;
  /** Of service logs: who printed it. */
  readonly task?: { readonly ID: string; readonly ServiceID: string; readonly NodeID: string };
}

/** A stream of log lines. */
export interface LogReader {
  /** Lines since the last call; empty when there are none yet. */
  next(): readonly LogEntry[];
  /** True when nothing will follow (not following, or the container has ended) and all was read. */
  readonly ended: boolean;
  close(): void;
}

/** A stream of events. */
export interface EventReader {
  /** Those since the last call. */
  next(): readonly EventMessage[];
  /** True when `until` is past and all was read. */
  readonly ended: boolean;
  close(): void;
}

export interface LogOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly follow: boolean;
  /** Last lines to begin with; undefined means all. */
  readonly tail?: number;
  /** Virtual wall clock, microseconds. */
  readonly since?: number;
  readonly until?: number;
}

/** GET /version */
export interface EngineVersion {
  Platform: { Name: string };
  Components: { Name: string; Version: string; Details: Record<string, string> }[];
  Version: string;
  ApiVersion: string;
  MinAPIVersion: string;
  GitCommit: string;
  GoVersion: string;
  Os: string;
  Arch: string;
  KernelVersion: string;
  BuildTime: string;
}

/** GET /info, the part that `docker info` prints. */
export interface EngineInfo {
  ID: string;
  Containers: number;
  ContainersRunning: number;
  ContainersPaused: number;
  ContainersStopped: number;
  Images: number;
  Driver: string;
  DriverStatus: [string, string][];
  Plugins: { Volume: string[]; Network: string[]; Authorization: string[] | null; Log: string[] };
  MemoryLimit: boolean;
  IPv4Forwarding: boolean;
  BridgeNfIptables: boolean;
  BridgeNfIp6tables: boolean;
  Debug: boolean;
  SystemTime: string;
  LoggingDriver: string;
  CgroupDriver: string;
  CgroupVersion: string;
  KernelVersion: string;
  OperatingSystem: string;
  OSVersion: string;
  OSType: string;
  Architecture: string;
  NCPU: number;
  MemTotal: number;
  InsecureRegistries: string[];
  DockerRootDir: string;
  Name: string;
  Labels: string[];
  ExperimentalBuild: boolean;
  ServerVersion: string;
  Runtimes: string[];
  DefaultRuntime: string;
  Swarm: SwarmInfo;
  LiveRestoreEnabled: boolean;
  InitBinary: string;
  ContainerdCommit: string;
  RuncCommit: string;
  InitCommit: string;
  SecurityOptions: string[];
  Warnings: string[] | null;
}

/**
 * What changes the swarm, as the leader does it at once. A client's engine answers these as {@link Operation}s: another manager asks
 * the leader over the wire, and the leader waits for its quorum.
 */
export interface ControlApi {
  networkCreate(request: NetworkCreateRequest, cause?: ControlCause): ApiResult<{ Id: string; Warning: string }>;
  networkRemove(id: string): ApiResult<undefined>;
  swarmUpdate(
    version: number,
    spec: SwarmSpec,
    rotate: { readonly workerToken: boolean; readonly managerToken: boolean },
  ): ApiResult<undefined>;
  nodeUpdate(id: string, version: number, spec: NodeSpec): ApiResult<undefined>;
  nodeRemove(id: string, force: boolean): ApiResult<undefined>;
  /**
   * `spec.TaskTemplate.Networks[].Target` may be names. `queryRegistry` asks the (absent) registry for the digest: then Warnings
   * holds `image X could not be accessed on a registry to record\nits digest. Each node will access X independently,\npossibly
   * leading to different nodes running different\nversions of the image.\n`.
   */
  serviceCreate(
    spec: ServiceSpec,
    options: { readonly queryRegistry: boolean; readonly cause: ControlCause },
  ): ApiResult<{ ID: string; Warnings?: string[] }>;
  serviceUpdate(
    id: string,
    version: number,
    spec: ServiceSpec,
    options: { readonly queryRegistry: boolean; readonly rollback: boolean; readonly cause: ControlCause },
  ): ApiResult<{ Warnings: string[] | null }>;
  serviceRemove(id: string): ApiResult<undefined>;
  secretCreate(spec: FileSpec): ApiResult<{ ID: string }>;
  secretUpdate(id: string, version: number, spec: FileSpec): ApiResult<undefined>;
  secretRemove(id: string): ApiResult<undefined>;
  configCreate(spec: FileSpec): ApiResult<{ ID: string }>;
  configUpdate(id: string, version: number, spec: FileSpec): ApiResult<undefined>;
  configRemove(id: string): ApiResult<undefined>;
}

/** The part of a client that a change of the swarm remembers. */
export type ControlCause = Pick<ProgramContext, 'origin'>;

/** Calls whose answer takes virtual time. */
type Deferred<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => ApiResult<infer V> ? (...args: A) => Operation<V> : never;
};

export interface EngineApi extends Deferred<ControlApi> {
  /** Woken after every change of anything visible here: states, tasks, logs, ends of processes, results of operations. */
  readonly changed: WaitQueue;

  // -- system
  version(): ApiResult<EngineVersion>;
  info(): ApiResult<EngineInfo>;
  /** Times in microseconds of the virtual wall clock; without `since` only what comes. */
  events(query: {
    readonly since?: number;
    readonly until?: number;
    readonly filters: Filters;
  }): ApiResult<EventReader>;

  // -- containers
  /** A filter key that the daemon does not know is refused everywhere with 400 `invalid filter 'x'`. */
  containers(query: {
    readonly all: boolean;
    readonly limit?: number;
    readonly filters: Filters;
  }): ApiResult<ContainerSummary[]>;
  containerInspect(id: string): ApiResult<ContainerInspect>;
  /** 404 `No such image: X:latest` when it must be pulled first; 409 name conflict. */
  containerCreate(
    request: ContainerCreateRequest,
    cause?: ProgramContext,
  ): ApiResult<{ Id: string; Warnings: string[] }>;
  /**
   * Hands over the standard files of a created container: its first process uses them when it is started (and what it prints
   * is still logged). Of a running container: its output is copied there from now on. 409 when it is dead.
   */
  containerAttach(id: string, files: StandardFiles): ApiResult<{ detach(): void }>;
  /** Over when the first process runs. 304 is not an error. Attaching to an overlay waits for the manager's allocation. */
  containerStart(id: string, cause: ProgramContext): Operation<undefined>;
  /** SIGTERM (or StopSignal), then SIGKILL after `seconds` (default 10, or the container's StopTimeout). */
  containerStop(id: string, options: { readonly seconds?: number; readonly signal?: string }): Operation<undefined>;
  containerRestart(id: string, options: { readonly seconds?: number; readonly signal?: string }): Operation<undefined>;
  /** `signal` is `KILL`, `SIGKILL` or a number as typed; 400 `Invalid signal: X`; 409 when it does not run. */
  containerKill(id: string, signal: string): ApiResult<undefined>;
  containerRemove(id: string, options: { readonly force: boolean; readonly volumes: boolean }): Operation<undefined>;
  containerRename(id: string, name: string): ApiResult<undefined>;
  /** `next-exit` waits for the next end, `removed` for the end and the removal (--rm), `not-running` may be over at once. */
  containerWait(
    id: string,
    condition: 'not-running' | 'next-exit' | 'removed',
  ): Operation<{ StatusCode: number; Error?: { Message: string } }>;
  /** `arguments_` are those of ps, default `-ef`. */
  containerTop(id: string, arguments_: readonly string[]): ApiResult<ContainerTop>;
  /** For the archive calls of the real API: file calls as root of the container, running or not. */
  containerFiles(id: string): ApiResult<FileCalls>;
  containerLogs(id: string, options: LogOptions): ApiResult<LogReader>;

  // -- exec
  /** 404 no such container, 409 `container ID is not running`. */
  execCreate(id: string, request: ExecCreateRequest): ApiResult<{ Id: string }>;
  /**
   * Starts it. `files` absent: detached. A command that cannot be started is no refusal: the engine prints runc's words to
   * stdout (`OCI runtime exec failed: exec failed: unable to start container process: exec: "x": executable file not found in $PATH: unknown`,
   * ended by `\r\n`) and the exit code is 126 or 127, as recorded.
   */
  execStart(id: string, files: StandardFiles | undefined, cause: ProgramContext): ApiResult<undefined>;
  execInspect(id: string): ApiResult<ExecInspect>;
  /** Not of the real API: the client of an exec without a tty is gone (^C); its files are closed, the process goes on. */
  execDetach(id: string): void;

  // -- images
  images(query: { readonly all: boolean; readonly filters: Filters }): ApiResult<ImageSummary[]>;
  imageInspect(name: string): ApiResult<ImageInspect>;
  imageRemove(name: string, options: { readonly force: boolean; readonly noPrune: boolean }): ApiResult<ImageDeleted[]>;
  /** There is no registry in the lab: over after a while with the daemon's words for that. */
  imagePull(reference: string): Operation<undefined>;
  /** The `docker tag` call. */
  imageTag(source: string, target: string): ApiResult<undefined>;

  // -- networks
  /** Sorted by id as the daemon sends them; the CLI sorts by name. */
  networks(filters: Filters): ApiResult<NetworkResource[]>;
  networkInspect(
    id: string,
    options: { readonly verbose: boolean; readonly scope?: string },
  ): ApiResult<NetworkResource>;
  networkConnect(id: string, container: string, endpoint: EndpointRequest): Operation<undefined>;
  networkDisconnect(id: string, container: string, force: boolean): Operation<undefined>;
  /** Names of the networks removed. */
  networkPrune(filters: Filters): ApiResult<{ NetworksDeleted: string[] }>;

  // -- volumes
  volumes(filters: Filters): ApiResult<VolumeResource[]>;
  volumeInspect(name: string): ApiResult<VolumeResource>;
  /** Without a name it gets one of its own. */
  volumeCreate(
    name: string,
    driver: string,
    labels: Readonly<Record<string, string>> | null,
  ): ApiResult<VolumeResource>;
  volumeRemove(name: string, force: boolean): ApiResult<undefined>;
  volumePrune(filters: Filters): ApiResult<{ VolumesDeleted: string[]; SpaceReclaimed: number }>;

  // -- swarm
  swarmInspect(): ApiResult<Swarm>;
  /** The new node's id. */
  swarmInit(request: SwarmInitRequest, cause?: ProgramContext): Operation<string>;
  swarmJoin(request: SwarmJoinRequest, cause?: ProgramContext): Operation<undefined>;
  swarmLeave(force: boolean): Operation<undefined>;
  /** '' when the swarm is not locked. */
  swarmUnlockKey(): ApiResult<{ UnlockKey: string }>;

  // -- nodes
  nodes(filters: Filters): ApiResult<SwarmNode[]>;
  nodeInspect(id: string): ApiResult<SwarmNode>;

  // -- services and tasks
  services(query: { readonly filters: Filters; readonly status: boolean }): ApiResult<SwarmService[]>;
  serviceInspect(id: string, options: { readonly insertDefaults: boolean }): ApiResult<SwarmService>;
  /**
   * Sorted by id. Filter keys: id, name, label, service, node, desired-state, runtime, and `_up-to-date=true`, with which the client
   * follows a roll-out: only tasks whose SpecVersion is their service's present one.
   */
  tasks(filters: Filters): ApiResult<SwarmTask[]>;
  taskInspect(id: string): ApiResult<SwarmTask>;
  serviceLogs(id: string, options: LogOptions): ApiResult<LogReader>;

  // -- secrets and configs
  secrets(filters: Filters): ApiResult<SwarmFile[]>;
  secretInspect(id: string): ApiResult<SwarmFile>;
  configs(filters: Filters): ApiResult<SwarmFile[]>;
  configInspect(id: string): ApiResult<SwarmFile>;
  taskLogs(id: string, options: LogOptions): ApiResult<LogReader>;
}
