/**
 * The verbs on containers: create, start, stop, kill, remove, exec. Mirrors moby daemon/{create,start,stop,kill,delete,exec,
 * container_operations}.go and the daemon's restart manager.
 */
import type { DaemonHabits } from '../eras/era.ts';
import { parseIpv4, parseMac } from '../base/address.ts';
import type { Origin } from '../base/origin.ts';
import { MILLISECOND, SECOND, type Scheduler } from '../base/scheduler.ts';
import type { Host } from '../process/host.ts';
import type { Process } from '../process/process.ts';
import type { Signal } from '../process/program.ts';
import { parseSignal, SIGNAL_NUMBERS } from '../process/signals.ts';
import { answer, refusal, type ApiResult, type ContainerCreateRequest, type StandardFiles } from './api.ts';
import { capabilityProblem } from './capabilities.ts';
import { Container, type NetworkWish, type TaskReference } from './container.ts';
import { writeContainerFiles, writeInjectedFiles } from './containerFiles.ts';
import type { Events } from './events.ts';
import { healthCommand, HealthMonitor, type StartProbe } from './health.ts';
import { bindProblem, configOf, hostConfigFor, networkProblem, portRequests, wishesOf } from './containerConfig.ts';
import { readSysctl, writeSysctl } from './dataplane.ts';
import { noSuchImage, withTag, type Images } from './images.ts';
import { ContainerLog } from './logs.ts';
import { mountPointsOf, mountRoot } from './mounts.ts';
import { randomName } from './names.ts';
import { publishPort } from './network/bridge.ts';
import type { NetworkController } from './network/controller.ts';
import { GATEWAY_NETWORK, type Endpoint, type Network, type PortBindingRequest } from './network/model.ts';
import type { Proxies } from './proxy.ts';
import { Runtime, STOP_TIMEOUT } from './runtime.ts';
import { dropAnonymous, type Volume } from './volumes.ts';

/** Virtual time that making a container's root and starting its first process take. */
const START_TIME = 150 * MILLISECOND;
const FIRST_EPHEMERAL_PORT = 32768;
/** What the daemon gives containers when it ends. */
const SHUTDOWN_TIMEOUT = 15 * SECOND;

/** What the swarm part of the daemon does for containers on attachable overlays. */
export interface Attacher {
  /** Asks the manager for an address; the network is on this node when `done` is called without words of refusal. */
  attach(container: Container, wish: NetworkWish, done: (result: { network: Network; address: number; attachmentId: string } | string) => void): void;
  detach(attachmentId: string): void;
}

export interface Exec {
  readonly id: string;
  readonly container: Container;
  readonly argv: readonly string[];
  readonly tty: boolean;
  readonly env: readonly string[];
  readonly cwd: string;
  readonly privileged: boolean;
  running: boolean;
  exitCode: number | null;
  process: Process | undefined;
}

export class Containers {
  readonly all: Map<string, Container>;
  readonly execs = new Map<string, Exec>();
  attacher: Attacher | undefined;
  private readonly habits: DaemonHabits;
  readonly host: Host;
  readonly volumes: Map<string, Volume>;
  private readonly scheduler: Scheduler;
  private readonly images: Images;
  private readonly networks: NetworkController;
  private readonly runtime: Runtime;
  private readonly proxies: Proxies;
  private readonly changed: () => void;
  readonly events: Events;
  private nextPort = FIRST_EPHEMERAL_PORT;
  /** The daemon is on its way out: nothing is started again. */
  private closing = false;
  /** The daemon was killed: what it had begun goes no further. */
  private halted = false;

  /** `known`: what an earlier run of the daemon has left. */
  constructor(host: Host, daemon: Process, images: Images, networks: NetworkController, proxies: Proxies, changed: () => void, known: Map<string, Container>, habits: DaemonHabits, events: Events, volumes: Map<string, Volume>) {
    this.volumes = volumes;
    this.events = events;
    this.habits = habits;
    this.all = known;
    this.host = host;
    this.scheduler = host.kernel.universe.scheduler;
    this.images = images;
    this.networks = networks;
    this.runtime = new Runtime(host, daemon, habits);
    this.proxies = proxies;
    this.changed = changed;
  }

  /** By full id, name, or unambiguous prefix of an id. */
  find(word: string): Container | undefined {
    const name = word.replace(/^\//, '');
    const exact = this.all.get(name) ?? [...this.all.values()].find((container) => container.name === name);
    if (exact !== undefined || name === '') return exact;
    const matching = [...this.all.values()].filter((container) => container.id.startsWith(name));
    return matching.length === 1 ? matching[0] : undefined;
  }

  // -- create

  create(request: ContainerCreateRequest, origin: Origin, task?: TaskReference, wishes?: NetworkWish[]): ApiResult<Container> {
    if (this.halted) return refusal(500, 'the daemon is gone');
    const image = task === undefined ? this.images.find(request.Image) : this.images.pull(request.Image, this.host.wallClock);
    if (image === undefined) return noSuchImage(request.Image);
    if (typeof image === 'string') return refusal(501, image);
    const name = request.name ?? randomName(this.host.kernel.universe.random.stream(`docker-name/${this.host.name}`), (each) => this.find(each) !== undefined);
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) return refusal(400, `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
    const holder = [...this.all.values()].find((container) => container.name === name);
    if (holder !== undefined) {
      return refusal(409, `Conflict. The container name "/${name}" is already in use by container "${holder.id}". You have to remove (or rename) that container to be able to reuse that name.`);
    }
    const { Binds = [], CapAdd = [], CapDrop = [] } = request.HostConfig;
    const problem = networkProblem(request) ?? bindProblem(Binds) ?? capabilityProblem([...CapAdd, ...CapDrop]);
    if (problem !== undefined) return refusal(400, problem);
    const mountPoints = mountPointsOf(this, [...Binds, ...(request.Volumes ?? [])]);
    if (!mountPoints.ok) return mountPoints;
    const id = this.networks.newId();
    const config = configOf(request, id, image.definition, this.host.name);
    if ((config.Cmd ?? []).length === 0 && (config.Entrypoint ?? []).length === 0) return refusal(400, 'no command specified');
    const hostConfig = hostConfigFor(request);
    const wanted = wishes ?? wishesOf(request);
    const container = new Container({
      id,
      name,
      created: this.host.wallClock,
      image,
      config,
      hostConfig,
      mountPoints: mountPoints.value,
      ...(task === undefined ? {} : { task }),
      origin,
      log: new ContainerLog(() => this.host.wallClock, this.changed),
      sysctls: request.HostConfig.Sysctls ?? {},
      layer: this.host.kernel.universe.random.stream(`docker-layer/${this.host.name}`).hex(64),
    });
    container.wishes = wanted;
    this.all.set(id, container);
    this.events.container(container, 'create');
    this.changed();
    return answer(container);
  }

  // -- start

  /** `done` gets the words of a refusal with its status, or nothing. */
  start(container: Container, done: (failure?: { status: number; message: string }) => void): void {
    if (container.running) return done();
    this.scheduler.after(START_TIME, () => this.startNow(container, done));
  }

  private startNow(container: Container, done: (failure?: { status: number; message: string }) => void): void {
    if (this.halted) return;
    if (!this.all.has(container.id)) return done({ status: 404, message: `No such container: ${container.id}` });
    if (container.running) return done();
    const fail = (message: string, status = 500): void => {
      this.releaseNetworks(container);
      container.error = message;
      container.exitCode = /executable file not found|no such file/.test(message) ? 127 : 128;
      this.changed();
      done({ status, message });
      if (container.hostConfig.AutoRemove) this.forget(container);
    };
    this.prepareSandbox(container, (failure) => {
      if (failure !== undefined) return fail(failure.message, failure.status);
      const { sandbox } = container;
      if (sandbox?.ns === undefined) return fail('no sandbox');
      for (const [knob, value] of Object.entries(container.sysctls)) {
        const path = knob.replaceAll('.', '/');
        if (readSysctl(sandbox.ns, path) === undefined) {
          return fail(`failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: open /proc/sys/${path}: no such file or directory: unknown`, 400);
        }
        writeSysctl(sandbox.ns, path, value);
      }
      mountRoot(this, container);
      writeContainerFiles(this.host, container, this.networks.ways);
      writeInjectedFiles(this.host, container);
      const problem = this.runtime.start(container, sandbox.ns);
      if (problem !== undefined) return fail(problem, 400);
      container.status = 'running';
      container.error = '';
      container.startedAt = this.host.wallClock;
      container.stoppedByHand = false;
      const process = container.process as Process;
      process.onExit = (status) => this.ended(container, status);
      this.watchHealth(container);
      this.events.container(container, 'start');
      if (container.task === undefined) this.networks.publish(sandbox);
      this.changed();
      done();
    });
  }

  /** Joins the networks and makes the namespace. */
  private prepareSandbox(container: Container, done: (failure?: { status: number; message: string }) => void): void {
    const mode = container.hostConfig.NetworkMode;
    if (mode.startsWith('container:')) {
      const other = this.find(mode.slice('container:'.length));
      if (other === undefined) return done({ status: 404, message: `No such container: ${mode.slice(10)}` });
      if (other.sandbox === undefined) return done({ status: 409, message: `cannot join network of a non running container: ${other.id}` });
      container.sandbox = other.sandbox;
      return done();
    }
    const kind = container.wishes.some((wish) => wish.name === 'host') ? 'host' : 'container';
    const sandbox = this.networks.createSandbox(this.networks.newId(), container.id, kind, container.origin);
    container.sandbox = sandbox;
    container.sandboxId = sandbox.id;
    const queue = [...container.wishes];
    const next = (): void => {
      const wish = queue.shift();
      if (wish !== undefined) {
        this.join(container, wish, (failure) => (failure === undefined ? next() : done(failure)));
        return;
      }
      if (kind === 'host') {
        sandbox.ns = this.host.kernel.initNs;
        this.networks.files.bind('default', this.host.kernel.initNs);
      } else this.networks.attachNamespace(sandbox, this.networks.files.create(sandbox.key, container.storyName));
      const failure = this.publishPorts(container);
      done(failure === undefined ? undefined : { status: 500, message: failure });
    };
    next();
  }

  private join(container: Container, wish: NetworkWish, done: (failure?: { status: number; message: string }) => void): void {
    const { sandbox } = container;
    const network = wish.networkId === undefined ? this.networks.byName(wish.name) : this.networks.networks.get(wish.networkId);
    if (sandbox === undefined) return done();
    if (network !== undefined && (network.driver !== 'overlay' || wish.assigned !== undefined)) {
      const failure = this.connect(container, network, wish, wish.assigned ?? (wish.IPv4Address === undefined ? undefined : parseIpv4(wish.IPv4Address)));
      return done(failure === undefined ? undefined : { status: failure === 'Address already in use' ? 403 : 500, message: failure });
    }
    if (this.attacher === undefined) return done({ status: 404, message: `network ${wish.name} not found` });
    this.attacher.attach(container, wish, (result) => {
      if (typeof result === 'string') return done({ status: 404, message: result });
      container.attachments.set(result.network.id, result.attachmentId);
      const failure = this.connect(container, result.network, wish, result.address);
      done(failure === undefined ? undefined : { status: 500, message: failure });
    });
  }

  /** Connects the container's sandbox to a network that is on this node. Returns the words of a refusal. */
  private connect(container: Container, network: Network, wish: NetworkWish, address: number | undefined): string | undefined {
    const { sandbox } = container;
    if (sandbox === undefined) return undefined;
    const isDefault = network.name === 'bridge' && network.driver === 'bridge';
    const names = isDefault || network.driver === 'host' || network.driver === 'null' ? [] : [container.name, container.shortId];
    const mac = wish.MacAddress === undefined ? undefined : parseMac(wish.MacAddress);
    const endpoint = this.networks.connect(sandbox, network, {
      name: container.name,
      ...(address === undefined ? {} : { address }),
      ...(mac === undefined ? {} : { mac }),
      dnsNames: names,
      aliases: [...(wish.Aliases ?? [])],
      ...(wish.service === undefined ? {} : { service: wish.service }),
      ...(wish.DriverOpts === undefined ? {} : { driverOptions: wish.DriverOpts }),
    });
    if (typeof endpoint === 'string') return endpoint;
    endpoint.configuredAddress = wish.IPv4Address;
    this.events.network(network, 'connect', container);
    return undefined;
  }

  /** The end point on which ports are published: the one that has the gateway. */
  private publishPorts(container: Container): string | undefined {
    const { sandbox } = container;
    const endpoint = sandbox?.sorted().find((each) => each.hasGateway);
    if (sandbox === undefined || endpoint === undefined) return undefined;
    for (const wanted of portRequests(container)) {
      const done = this.publish(endpoint, wanted);
      if (typeof done === 'string') return `driver failed programming external connectivity on endpoint ${container.name} (${endpoint.id}): ${done}`;
    }
    return undefined;
  }

  private publish(endpoint: Endpoint, wanted: PortBindingRequest): string | undefined {
    for (let attempt = 0; attempt < 1000; attempt++) {
      const hostPort = wanted.hostPort !== 0 ? wanted.hostPort : this.nextPort++;
      const done = publishPort(this.host.kernel.initNs, endpoint, { ...wanted, hostPort }, this.proxies);
      if (typeof done !== 'string') {
        endpoint.ports.push(done);
        return undefined;
      }
      if (wanted.hostPort !== 0) return done;
    }
    return 'all ports are allocated';
  }

  // -- end

  /** Runs the container's health check while it runs. */
  private watchHealth(container: Container): void {
    const config = container.config.Healthcheck;
    container.lastHealth = undefined;
    if (config === undefined || healthCommand(config) === undefined) return;
    const startProbe: StartProbe = (argv, done) => this.runtime.probe(container, argv, done);
    const health = new HealthMonitor(config, this.scheduler, () => this.host.wallClock, startProbe);
    health.onStatus.push((status) => {
      this.events.container(container, `health_status: ${status}`);
      this.changed();
    });
    container.health = health;
  }

  private ended(container: Container, status: number): void {
    container.lastHealth = container.health?.view();
    container.health?.stop();
    container.health = undefined;
    this.events.container(container, 'die', { execDuration: String(Math.floor((this.host.wallClock - container.startedAt) / SECOND)), exitCode: String(status) });
    container.status = 'exited';
    container.exitCode = status;
    container.finishedAt = this.host.wallClock;
    container.process = undefined;
    container.stdout?.close();
    container.stderr?.close();
    container.files = undefined;
    container.log.end();
    // From the backlog: the process is still on its way out.
    this.scheduler.soon(() => this.afterEnd(container), undefined, undefined);
  }

  private afterEnd(container: Container): void {
    this.releaseNetworks(container);
    this.changed();
    for (const tell of container.onEnd.splice(0)) tell();
    if (container.hostConfig.AutoRemove) this.forget(container);
    else this.restartByPolicy(container);
  }

  private restartByPolicy(container: Container): void {
    const { Name: policy, MaximumRetryCount: limit } = container.hostConfig.RestartPolicy;
    if (policy === 'no' || policy === '' || container.stoppedByHand || container.removing || this.closing) return;
    if (policy === 'on-failure' && (container.exitCode === 0 || (limit > 0 && container.restartCount >= limit))) return;
    const delay = Math.min(100 * MILLISECOND * 2 ** container.restartCount, 60 * SECOND);
    container.restartCount++;
    this.scheduler.after(delay, () => {
      if (!container.stoppedByHand && !container.running && this.all.has(container.id)) {
        container.log.ended = false;
        this.start(container, () => undefined);
      }
    });
  }

  private releaseNetworks(container: Container): void {
    const { sandbox } = container;
    if (sandbox === undefined || sandbox.containerId !== container.id) return;
    container.sandbox = undefined;
    const left = sandbox.endpoints.map((endpoint) => endpoint.network).filter((network) => network.name !== GATEWAY_NETWORK);
    this.networks.destroySandbox(sandbox);
    for (const network of left) this.events.network(network, 'disconnect', container);
    for (const attachment of container.attachments.values()) this.attacher?.detach(attachment);
    container.attachments.clear();
  }

  /** Sends a signal, and SIGKILL when it has not helped in time; `done` when the container has ended. */
  stop(container: Container, micros: number, signal: Signal, done: () => void): void {
    container.stoppedByHand = true;
    const { process } = container;
    if (!container.running || process === undefined) return done();
    container.onEnd.push(done);
    this.events.container(container, 'kill', { signal: String(SIGNAL_NUMBERS[signal]) });
    container.onEnd.push(() => this.events.container(container, 'stop'));
    process.post(signal);
    const timer = this.scheduler.after(micros, () => process.post('SIGKILL'));
    container.onEnd.push(() => timer.cancel());
  }

  /** The daemon ends, and all containers with it. */
  stopAll(done: () => void): void {
    this.closing = true;
    const running = [...this.all.values()].filter((container) => container.running);
    let left = running.length;
    if (left === 0) return done();
    for (const container of running) {
      const { stoppedByHand } = container;
      const { signal } = this.stopDefaults(container);
      this.stop(container, SHUTDOWN_TIMEOUT, signal, () => {
        container.stoppedByHand = stoppedByHand;
        if (--left === 0) done();
      });
    }
  }

  /** The daemon was killed. */
  halt(): void {
    this.halted = true;
  }

  /** What an earlier daemon, killed, has left running goes. */
  abandon(): void {
    this.closing = true;
    for (const container of this.all.values()) {
      this.releaseNetworks(container);
      container.process?.post('SIGKILL');
    }
  }

  /** After a start of the daemon: those come back whose policy says so. */
  restore(): void {
    for (const container of this.all.values()) {
      const { Name: policy } = container.hostConfig.RestartPolicy;
      if (container.status !== 'exited' || container.task !== undefined) continue;
      if (policy === 'always' || (policy === 'unless-stopped' && !container.stoppedByHand)) {
        container.log.ended = false;
        this.start(container, () => undefined);
      }
    }
  }

  /** The signal and patience that `docker stop` has for a container by itself. */
  stopDefaults(container: Container): { signal: Signal; micros: number } {
    const signal = container.config.StopSignal === undefined ? undefined : parseSignal(container.config.StopSignal);
    return { signal: signal ?? 'SIGTERM', micros: container.config.StopTimeout === undefined ? STOP_TIMEOUT : container.config.StopTimeout * SECOND };
  }

  /** Removes a container that does not run; `--rm` takes its volumes without a name along. */
  forget(container: Container, volumes = container.hostConfig.AutoRemove): void {
    if (!this.all.delete(container.id)) return;
    container.removing = true;
    this.releaseNetworks(container);
    for (const id of container.execs) this.execs.delete(id);
    for (const tell of container.onRemoved.splice(0)) tell();
    if (volumes && container.mountPoints.length > 0) dropAnonymous(this, container.mountPoints);
    this.events.container(container, 'destroy');
    this.changed();
  }

  // -- networks of a container that runs

  /** `docker network connect` */
  connectLater(container: Container, wish: NetworkWish, done: (failure?: { status: number; message: string }) => void): void {
    container.wishes.push(wish);
    if (!container.running) return done();
    this.join(container, wish, (failure) => {
      if (failure !== undefined) container.wishes = container.wishes.filter((each) => each !== wish);
      else {
        writeContainerFiles(this.host, container, this.networks.ways);
        if (container.sandbox !== undefined) this.networks.publish(container.sandbox);
      }
      this.changed();
      done(failure);
    });
  }

  /** `docker network disconnect`; false when the container is not on the network. */
  disconnect(container: Container, name: string, id: string): boolean {
    const had = container.wishes.some((wish) => wish.name === name || wish.networkId === id);
    container.wishes = container.wishes.filter((wish) => wish.name !== name && wish.networkId !== id);
    const endpoint = container.sandbox?.endpoints.find((each) => each.network.id === id);
    if (endpoint !== undefined) {
      this.networks.disconnect(endpoint);
      this.events.network(endpoint.network, 'disconnect', container);
      writeContainerFiles(this.host, container, this.networks.ways);
      const attachment = container.attachments.get(id);
      container.attachments.delete(id);
      if (attachment !== undefined) this.attacher?.detach(attachment);
      this.changed();
    }
    return had || endpoint !== undefined;
  }

  // -- exec

  startExec(exec: Exec, files: StandardFiles | undefined, cause: Origin): void {
    const { container } = exec;
    const started = this.runtime.exec(container, exec.argv, { env: exec.env, cwd: exec.cwd, tty: exec.tty, privileged: exec.privileged, cause }, files);
    if (typeof started === 'string') {
      files?.stdout?.write(encode(`${started}\r\n`));
      exec.exitCode = this.habits.execFailure.status;
      this.changed();
      return;
    }
    exec.running = true;
    exec.process = started;
    started.onExit = (status) => {
      exec.running = false;
      exec.exitCode = status;
      this.scheduler.soon(this.changed, undefined, undefined);
    };
    this.changed();
  }

  /** The image's name as `docker ps` shows it. */
  imageName(container: Container): string {
    const name = container.config.Image;
    return this.images.find(name)?.id === container.image.id || withTag(name) === name ? name : container.image.id.slice(7, 19);
  }
}

function encode(text: string): Uint8Array {
  return Uint8Array.from([...text].map((char) => char.charCodeAt(0)));
}
