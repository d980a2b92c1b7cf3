/**
 * Runs a swarm task as a container. Mirrors moby daemon/cluster/executor/container (controller.go, adapter.go, container.go)
 * and, for attachments, attachment.go.
 */
import { parseCidr, parseIpv4 } from '../base/address.ts';
import { MILLISECOND, SECOND, type Scheduler } from '../base/scheduler.ts';
import type { Controller, StepResult } from '../swarm/agent.ts';
import type { Dice } from '../swarm/dice.ts';
import type { AssignedTask } from '../swarm/messages.ts';
import { taskContainerName, taskName, type NetworkAttachment, type PortConfig, type TaskObject, type TaskStatus } from '../swarm/objects.ts';
import { parseSignal } from '../process/signals.ts';
import type { ContainerCreateRequest, PortMap } from './api.ts';
import type { Container, NetworkWish } from './container.ts';
import type { Containers } from './containers.ts';
import { withTag } from './images.ts';
import type { NetworkController } from './network/controller.ts';

/** Virtual time it takes to make a container; and to find out that an image cannot be had. */
const PREPARE_TIME = 200 * MILLISECOND;
/** How often a machine that was slow in a real run is looked after. */
const SLOW_STEP = 100 * MILLISECOND;
const PULL_FAILURE_TIME = 15 * SECOND;
/** How long the others are given to hear that a task leaves the rotation (defaultGossipConvergeDelay). */
const CONVERGE_DELAY = 2 * SECOND;

type Done = (result: StepResult) => void;

export interface TaskEnvironment {
  readonly scheduler: Scheduler;
  readonly containers: Containers;
  readonly networks: NetworkController;
  readonly nodeId: string;
  readonly hostname: string;
  readonly parts: { readonly dice: Dice | undefined };
  /** Makes the networks of a task here, with this node's own address on each. */
  ensureNetworks(assigned: AssignedTask): void;
  /** Takes networks away that nothing here needs any more. */
  releaseNetworks(networkIds: readonly string[]): void;
}

export class TaskController implements Controller {
  private readonly env: TaskEnvironment;
  private readonly assigned: AssignedTask;
  private container: Container | undefined;
  private unhealthy = false;
  private ending = false;

  constructor(env: TaskEnvironment, assigned: AssignedTask) {
    this.env = env;
    this.assigned = assigned;
  }

  private get task(): TaskObject {
    return this.assigned.task;
  }

  prepare(done: Done): void {
    const { env, task } = this;
    env.ensureNetworks(this.assigned);
    env.scheduler.after(PREPARE_TIME, () => this.onceDone('preparing', () => {
      const made = env.containers.create(this.request(), task.origin, { taskId: task.ID, serviceName: task.ServiceName, taskName: taskName(task) }, this.wishes());
      if (made.ok) {
        this.container = made.value;
        made.value.injected = this.assigned.files ?? [];
        return done({});
      }
      env.scheduler.after(PULL_FAILURE_TIME, () => done({ error: made.message }));
    }));
  }

  /** At once, or when the machine of a real run had done its work. */
  private onceDone(stage: 'preparing' | 'starting', then: () => void): void {
    const { env, task } = this;
    const busy = !this.ending && env.parts.dice?.busy(taskName(task), task.ID, stage, env.scheduler.now) === true;
    if (busy) env.scheduler.after(SLOW_STEP, () => this.onceDone(stage, then));
    else then();
  }

  private request(): ContainerCreateRequest {
    const { task } = this;
    const spec = task.Spec.ContainerSpec ?? { Image: '' };
    const image = withTag(spec.Image.split('@')[0] as string);
    const labels: Record<string, string> = {
      ...spec.Labels,
      'com.docker.swarm.node.id': this.env.nodeId,
      'com.docker.swarm.service.id': task.ServiceID,
      'com.docker.swarm.service.name': task.ServiceName,
      'com.docker.swarm.task': '',
      'com.docker.swarm.task.id': task.ID,
      'com.docker.swarm.task.name': taskContainerName(task),
    };
    return {
      name: taskContainerName(task),
      Image: image,
      ...(spec.Hostname === undefined ? {} : { Hostname: expand(spec.Hostname, task, this.env) }),
      ...(spec.User === undefined ? {} : { User: spec.User }),
      Tty: spec.TTY ?? false,
      Env: (spec.Env ?? []).map((text) => expand(text, task, this.env)),
      ...(spec.Args === undefined ? {} : { Cmd: spec.Args }),
      ...(spec.Command === undefined ? {} : { Entrypoint: spec.Command }),
      ...(spec.Dir === undefined ? {} : { WorkingDir: spec.Dir }),
      Labels: Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))),
      ...(spec.StopSignal === undefined ? {} : { StopSignal: spec.StopSignal }),
      ...(spec.Healthcheck === undefined ? {} : { Healthcheck: spec.Healthcheck }),
      HostConfig: {
        NetworkMode: this.localNetwork() ?? 'bridge',
        Binds: (spec.Mounts ?? []).filter((mount) => mount.Type === 'bind').map((mount) => `${mount.Source}:${mount.Target}${mount.ReadOnly === true ? ':ro' : ''}`),
        PortBindings: this.portBindings(),
        Sysctls: spec.Sysctls,
        Dns: spec.DNSConfig?.Nameservers,
        DnsSearch: spec.DNSConfig?.Search,
        DnsOptions: spec.DNSConfig?.Options,
        // `IP name …` there, `name:IP` here.
        ExtraHosts: (spec.Hosts ?? []).flatMap((line) => {
          const [address = '', ...names] = line.split(/\s+/);
          return names.map((name) => `${name}:${address}`);
        }),
      } as ContainerCreateRequest['HostConfig'],
    };
  }

  /** `host` or `bridge` when the service asked for a network of the node. */
  private localNetwork(): string | undefined {
    return this.assigned.networks.find((network) => network.Spec.Scope === 'local')?.Spec.Name;
  }

  private wishes(): NetworkWish[] {
    const { task } = this;
    const wishes = task.NetworksAttachments.map((attachment) => this.wish(attachment)).filter((wish) => wish !== undefined);
    // Nothing of its own: the node's default bridge.
    return wishes.length > 0 ? wishes : [{ name: this.localNetwork() ?? 'bridge' }];
  }

  private wish(attachment: NetworkAttachment): NetworkWish | undefined {
    const { task } = this;
    const network = this.assigned.networks.find((each) => each.ID === attachment.NetworkID);
    const address = parseCidr(attachment.Addresses[0] ?? '');
    if (network === undefined || network.Spec.Scope === 'local' || address === undefined) return undefined;
    const vip = task.Endpoint?.VirtualIPs?.find((each) => each.NetworkID === network.ID);
    const virtualIp = parseIpv4(vip?.Addr.split('/')[0] ?? '') ?? 0;
    const ports = (task.Endpoint?.Ports ?? []).filter((port) => port.PublishMode === 'ingress');
    return {
      name: network.Spec.Name,
      networkId: network.ID,
      assigned: address.address,
      IPv4Address: (attachment.Addresses[0] ?? '').split('/')[0] as string,
      service: { serviceName: task.ServiceName, serviceId: task.ServiceID, virtualIp, ingressPorts: network.Spec.Ingress ? ports : [], aliases: attachment.Aliases },
    };
  }

  private portBindings(): PortMap {
    const map: PortMap = {};
    for (const port of this.task.Endpoint?.Ports ?? []) {
      if (port.PublishMode !== 'host') continue;
      (map[`${port.TargetPort}/${port.Protocol}`] ??= []).push({ HostIp: '', HostPort: port.PublishedPort === undefined || port.PublishedPort === 0 ? '' : String(port.PublishedPort) });
    }
    return map;
  }

  start(done: Done): void {
    const { container, env } = this;
    if (container === undefined) return done({ error: 'no container' });
    this.onceDone('starting', () => {
      if (this.ending) return;
      env.containers.start(container, (failure) => {
        if (failure !== undefined) return done({ error: failure.message });
        const ready = (): void => {
          if (container.sandbox !== undefined) env.networks.publish(container.sandbox);
          done({});
        };
        if (container.health === undefined) ready();
        else this.untilHealthy(container, ready, done);
      });
    });
  }

  /** It gets no connections before it is well; one that is not, or ends before, is a failure. */
  private untilHealthy(container: Container, ready: () => void, done: Done): void {
    let over = false;
    container.health?.onStatus.push((status) => {
      if (over) return;
      if (status === 'healthy') {
        over = true;
        ready();
      } else this.giveUp();
    });
    container.onEnd.push(() => {
      if (over) return;
      over = true;
      done(container.exitCode === 0 ? {} : { error: this.exitWords(container) });
    });
  }

  /** Stops a container that is not well. */
  private giveUp(): void {
    this.unhealthy = true;
    this.shutdown(() => undefined);
  }

  private exitWords(container: Container): string {
    return `task: non-zero exit (${container.exitCode})${this.unhealthy ? ': dockerexec: unhealthy container' : ''}`;
  }

  wait(done: Done): void {
    const { container } = this;
    if (container === undefined) return done({ error: 'no container' });
    const tell = (): void => done(this.unhealthy && container.exitCode !== 0 ? { exitCode: container.exitCode, error: this.exitWords(container) } : { exitCode: container.exitCode });
    container.health?.onStatus.push((status) => {
      if (status === 'unhealthy' && !this.unhealthy) this.giveUp();
    });
    if (container.running) container.onEnd.push(tell);
    else tell();
  }

  shutdown(done: Done): void {
    const { container, env } = this;
    this.ending = true;
    if (container === undefined || !container.running) return done({});
    const announced = container.sandbox?.endpoints.some((endpoint) => endpoint.published && endpoint.service !== undefined) ?? false;
    if (container.sandbox !== undefined) env.networks.disable(container.sandbox);
    env.scheduler.after(announced ? CONVERGE_DELAY : 0, () => {
      const { signal } = env.containers.stopDefaults(container);
      const grace = this.task.Spec.ContainerSpec?.StopGracePeriod;
      const asked = this.task.Spec.ContainerSpec?.StopSignal;
      env.containers.stop(container, grace === undefined ? 10 * SECOND : grace / 1000, (asked === undefined ? undefined : parseSignal(asked)) ?? signal, () => done({}));
    });
  }

  remove(done: Done): void {
    const { container, env } = this;
    this.ending = true;
    const clean = (): void => {
      if (container !== undefined) env.containers.forget(container);
      env.releaseNetworks(this.task.NetworksAttachments.map((attachment) => attachment.NetworkID));
      done({});
    };
    if (container?.running === true) env.containers.stop(container, 0, 'SIGKILL', clean);
    else clean();
  }

  status(): Pick<TaskStatus, 'ContainerStatus' | 'PortStatus'> {
    const { container } = this;
    if (container === undefined) return {};
    const ports: PortConfig[] = [];
    for (const endpoint of container.sandbox?.endpoints ?? []) {
      for (const port of endpoint.ports) {
        const one: PortConfig = { Protocol: port.protocol, TargetPort: port.containerPort, PublishedPort: port.hostPort, PublishMode: 'host' };
        // Once for each address family.
        ports.push(one, ...(port.hostIp === '0.0.0.0' ? [{ ...one }] : []));
      }
    }
    return {
      ContainerStatus: { ContainerID: container.id, PID: container.process?.hostPid ?? 0, ExitCode: container.exitCode },
      ...(ports.length > 0 ? { PortStatus: { Ports: ports } } : {}),
    };
  }
}

/** The placeholders `docker service create --hostname`, `--env` allow. */
function expand(text: string, task: TaskObject, env: TaskEnvironment): string {
  const values: Record<string, string> = {
    '.Node.ID': env.nodeId,
    '.Node.Hostname': env.hostname,
    '.Service.ID': task.ServiceID,
    '.Service.Name': task.ServiceName,
    '.Task.ID': task.ID,
    '.Task.Name': taskContainerName(task),
    '.Task.Slot': String(task.Slot !== 0 ? task.Slot : task.NodeID),
  };
  return text.replace(/\{\{\s*(\.[A-Za-z.]+)\s*\}\}/g, (whole, name: string) => values[name] ?? whole);
}

/** A pseudo-task: brings a network to this node for a container of `docker run`, and stays until it is let go. */
export class AttachmentController implements Controller {
  private readonly env: TaskEnvironment;
  private readonly assigned: AssignedTask;
  private readonly ready: (assigned: AssignedTask) => void;

  constructor(env: TaskEnvironment, assigned: AssignedTask, ready: (assigned: AssignedTask) => void) {
    this.env = env;
    this.assigned = assigned;
    this.ready = ready;
  }

  prepare(done: Done): void {
    this.env.ensureNetworks(this.assigned);
    done({});
  }

  start(done: Done): void {
    this.ready(this.assigned);
    done({});
  }

  wait(): void {
    // It lasts until the container lets it go.
  }

  shutdown(done: Done): void {
    done({});
  }

  remove(done: Done): void {
    this.env.releaseNetworks(this.assigned.task.NetworksAttachments.map((attachment) => attachment.NetworkID));
    done({});
  }

  status(): Pick<TaskStatus, 'ContainerStatus' | 'PortStatus'> {
    return {};
  }
}
