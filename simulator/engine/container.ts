/**
 * A container: configuration, state, and what it runs. Mirrors moby container/container.go and state.go; the verbs are in
 * containers.ts.
 */
import { rfc3339Nano, ZERO_TIME, type ContainerConfig, type ContainerHealth, type ContainerState, type EndpointRequest, type HostConfig, type MountPoint, type StandardFiles } from './api.ts';
import type { HealthMonitor } from './health.ts';
import type { Image } from './images.ts';
import type { InjectedFile } from '../swarm/messages.ts';
import type { ContainerLog, LoggedOutput } from './logs.ts';
import type { Sandbox, ServiceInfo } from './network/model.ts';
import type { Process } from '../process/process.ts';
import type { Mounts } from '../process/vfs.ts';
import type { Origin } from '../base/origin.ts';

/** A network the container is to join when it starts. */
export interface NetworkWish extends EndpointRequest {
  /** Name, as in NetworkMode and in the maps of inspect. */
  readonly name: string;
  /** Given by the swarm, or by an attachment: with the swarm network's id. */
  readonly networkId?: string;
  readonly assigned?: number;
  readonly service?: ServiceInfo;
}

/** What makes a container one of a swarm task. */
export interface TaskReference {
  readonly taskId: string;
  readonly serviceName: string;
  /** `whoami.1`, for stories. */
  readonly taskName: string;
}

export class Container {
  readonly id: string;
  name: string;
  /** Wall clock, microseconds. */
  readonly created: number;
  readonly image: Image;
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly mountPoints: MountPoint[];
  readonly path: string;
  readonly args: string[];
  readonly task: TaskReference | undefined;
  /** Who asked for it, or who started it last. */
  origin: Origin;
  readonly log: ContainerLog;
  readonly layer: string;
  /** Knobs of its network namespace: `--sysctl`. */
  readonly sysctls: Readonly<Record<string, string>>;
  wishes: NetworkWish[] = [];
  status: ContainerState['Status'] = 'created';
  exitCode = 0;
  error = '';
  startedAt = 0;
  finishedAt = 0;
  restartCount = 0;
  /** Stopped by command: no restart policy brings it back. */
  stoppedByHand = false;
  removing = false;
  /** The first process, while it runs. */
  process: Process | undefined;
  mounts: Mounts | undefined;
  sandbox: Sandbox | undefined;
  sandboxId = '';
  /** Files handed over before the start. */
  files: StandardFiles | undefined;
  stdout: LoggedOutput | undefined;
  stderr: LoggedOutput | undefined;
  readonly execs = new Set<string>();
  /** Attachments to overlays of the swarm: network id → attachment's task id. */
  readonly attachments = new Map<string, string>();
  /** Called once each when the container ends, and when it is gone. */
  readonly onEnd: (() => void)[] = [];
  readonly onRemoved: (() => void)[] = [];
  /** While it runs, and has a health check. */
  health: HealthMonitor | undefined;
  /** As it was when the container ended. */
  lastHealth: ContainerHealth | undefined;
  /** Secrets and configs of a task. */
  injected: readonly InjectedFile[] = [];

  constructor(parts: {
    id: string;
    name: string;
    created: number;
    image: Image;
    config: ContainerConfig;
    hostConfig: HostConfig;
    mountPoints: MountPoint[];
    task?: TaskReference;
    origin: Origin;
    log: ContainerLog;
    layer: string;
    sysctls: Readonly<Record<string, string>>;
  }) {
    this.id = parts.id;
    this.name = parts.name;
    this.created = parts.created;
    this.image = parts.image;
    this.config = parts.config;
    this.hostConfig = parts.hostConfig;
    this.mountPoints = parts.mountPoints;
    this.task = parts.task;
    this.origin = parts.origin;
    this.log = parts.log;
    this.layer = parts.layer;
    this.sysctls = parts.sysctls;
    const command = [...(parts.config.Entrypoint ?? []), ...(parts.config.Cmd ?? [])];
    this.path = command[0] ?? '';
    this.args = command.slice(1);
  }

  get running(): boolean {
    return this.status === 'running';
  }

  get shortId(): string {
    return this.id.slice(0, 12);
  }

  /** How stories call its namespace. */
  get storyName(): string {
    return this.task === undefined ? `container ${this.name}` : `task ${this.task.taskName}`;
  }

  state(): ContainerState {
    const health = this.health?.view() ?? this.lastHealth;
    return {
      Status: this.status,
      Running: this.running,
      Paused: false,
      Restarting: false,
      OOMKilled: false,
      Dead: false,
      Pid: this.process?.hostPid ?? 0,
      ExitCode: this.exitCode,
      Error: this.error,
      StartedAt: this.startedAt === 0 ? ZERO_TIME : rfc3339Nano(this.startedAt),
      FinishedAt: this.finishedAt === 0 ? ZERO_TIME : rfc3339Nano(this.finishedAt),
      ...(health === undefined ? {} : { Health: health }),
    };
  }
}
