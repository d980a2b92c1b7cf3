/**
 * dockerd on one machine: its parts put together, its process, and the API on /var/run/docker.sock.
 * Mirrors moby cmd/dockerd/daemon.go and daemon/daemon.go.
 */
import { SimulatorBug } from '../base/assert.ts';
import type { Origin } from '../base/origin.ts';
import type { RandomStream } from '../base/random.ts';
import { SECOND } from '../base/scheduler.ts';
import { WaitQueue } from '../base/wait.ts';
import { ERAS, type Era } from '../eras/index.ts';
import type { Host } from '../process/host.ts';
import type { Process } from '../process/process.ts';
import { fail, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import { answer, DOCKER_SOCKET, type ControlApi, type EngineApi } from './api.ts';
import { Cluster, type Membership } from './cluster.ts';
import { containerApi } from './containerApi.ts';
import type { Container } from './container.ts';
import { Containers } from './containers.ts';
import { inEra } from './eraViews.ts';
import { EVENT_FILTERS, Events } from './events.ts';
import { checkFilters } from './filters.ts';
import { Images, type ImageDefinition } from './images.ts';
import { describeNode } from './description.ts';
import { engineInfo, engineVersion } from './info.ts';
import { networkApi } from './networkApi.ts';
import { NetworkController } from './network/controller.ts';
import type { Network } from './network/model.ts';
import { Proxies } from './proxy.ts';
import { serviceApi } from './serviceApi.ts';
import { LogBroker } from './serviceLogs.ts';
import { DaemonSockets } from './sockets.ts';
import { fileApi } from './fileApi.ts';
import { serve, throughLeader } from './throughLeader.ts';
import { createVolume, inspectVolume, listVolumes, pruneVolumes, removeVolume, type Volume } from './volumes.ts';
import { swarmApi } from './swarmApi.ts';
import type { Dice } from '../swarm/dice.ts';

export interface DockerdOptions {
  /** Name of the era, `26.1`. */
  readonly engine: string;
  /** Images that are on the machine. */
  readonly images?: readonly ImageDefinition[];
  /** What decides among equally good nodes. */
  readonly dice?: Dice;
}

/** What lives as long as the daemon's process. */
interface Running {
  readonly process: Process;
  readonly sockets: DaemonSockets;
  readonly networks: NetworkController;
  readonly containers: Containers;
  readonly images: Images;
  readonly cluster: Cluster;
  readonly api: EngineApi;
}

/** What is written to disk: it outlives the process. */
interface Kept {
  readonly id: string;
  readonly images: Images;
  readonly containers: Map<string, Container>;
  readonly volumes: Map<string, Volume>;
  networks: Network[];
  membership: Membership | undefined;
}

export const PID_FILE = '/var/run/docker.pid';
const daemons = new WeakMap<object, Dockerd>();

/** The daemon that is installed on a machine. */
export function daemonOf(host: object): Dockerd | undefined {
  return daemons.get(host);
}

/** libtrust: twelve groups of four of the 32 characters of base 32. */
function fingerprint(random: RandomStream): string {
  const letter = (): string => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[random.below(32)] as string;
  return Array.from({ length: 12 }, () => letter() + letter() + letter() + letter()).join(':');
}

export class Dockerd {
  private host: Host;
  readonly era: Era;
  private readonly kept: Kept;
  private readonly dice: Dice | undefined;
  private running: Running | undefined;
  /** A run that was killed: its containers and devices are still there. */
  private wreck: Running | undefined;
  /** Woken after each change of anything the daemon keeps, and when its process has ended. */
  readonly changed = new WaitQueue();
  private announced = false;
  private readonly events: Events;

  constructor(host: Host, options: DockerdOptions) {
    const era = ERAS[options.engine];
    if (era === undefined) throw new SimulatorBug(`no era ${options.engine}`);
    this.host = host;
    this.era = era;
    this.dice = options.dice;
    const { random } = host.kernel.universe;
    const ids = random.stream(`docker-daemon/${host.name}`);
    this.kept = {
      id: era.daemon.idForm === 'uuid' ? [8, 4, 4, 4, 12].map((length) => ids.hex(length)).join('-') : fingerprint(ids),
      images: new Images(options.images ?? [], random.stream(`docker-image/${host.name}`), host.wallClock),
      containers: new Map(),
      volumes: new Map(),
      networks: [],
      membership: undefined,
    };
    this.events = new Events(() => this.host.wallClock, () => this.announce());
    daemons.set(host, this);
  }

  /** The API, while the daemon runs. */
  get api(): EngineApi | undefined {
    return this.running?.api;
  }

  /** The daemon's networks, containers and swarm, for read-only views. */
  get parts(): Pick<Running, 'networks' | 'containers' | 'cluster'> | undefined {
    return this.running;
  }

  /** Wakes whoever waits for a change; once a turn, from the backlog. */
  private readonly announce = (): void => {
    if (this.announced) return;
    this.announced = true;
    this.host.kernel.universe.scheduler.soon(wake, this, undefined);
  };

  wakeAll(): void {
    this.announced = false;
    this.running?.cluster.pollLogs();
    this.changed.wake();
  }

  /** The machine was booted anew: the same disk, another kernel. The daemon died with the old one. */
  moveTo(host: Host): void {
    if (this.wreck !== undefined) {
      this.wreck.containers.abandon();
      this.putAway(this.wreck);
    }
    this.host = host;
    daemons.set(host, this);
  }

  /** Starts the daemon: chains, docker0, the API's socket. */
  start(cause?: Origin): void {
    if (this.running !== undefined) return;
    const { host, era } = this;
    const { scheduler } = host.kernel.universe;
    if (this.wreck !== undefined) {
      this.wreck.containers.abandon();
      this.putAway(this.wreck);
    }
    const { id, images, membership } = this.kept;
    const origin: Origin = { by: 'docker', text: 'dockerd', cause: cause ?? host.origin };
    const process = host.daemon(['/usr/sbin/dockerd', '-H', 'fd://', '--containerd=/run/containerd/containerd.sock'], (ctx) => this.main(ctx), { cause: cause ?? host.origin });
    const sockets = new DaemonSockets(process, scheduler);
    const networks = new NetworkController(host, sockets, era.dataPlane);
    const containers = new Containers(host, process, images, networks, new Proxies(host), this.announce, this.kept.containers, era.daemon, this.events, this.kept.volumes);
    const cluster = new Cluster({ host, sockets, networks, containers, changed: this.announce, dice: this.dice, describe: () => describeNode(host, era), serve: (call) => serve(control, call), events: this.events });
    const swarm = swarmApi(host, cluster, this.announce);
    const services = serviceApi(cluster, new LogBroker(this.announce), host.kernel.universe.random.stream(`docker-names/${host.name}`), era.daemon, () => networks.nameServers()[0] ?? '');
    const reachable = networkApi(networks, containers, cluster, this.announce, this.events);
    const files = fileApi(cluster);
    const control: ControlApi = { ...swarm, ...services, ...reachable, ...files };
    const today: EngineApi = {
      changed: this.changed,
      version: () => answer(engineVersion(era)),
      info: () => answer(engineInfo(host, era, id, { containers, images, cluster })),
      events: (query) => checkFilters(query.filters, EVENT_FILTERS) ?? answer(this.events.read(query)),
      ...containerApi(host, containers, images, this.announce),
      volumes: (filters) => listVolumes(containers, filters),
      volumeInspect: (name) => inspectVolume(containers, name),
      volumeCreate: (name, driver, labels) => createVolume(containers, name, driver, labels),
      volumeRemove: (name, force) => removeVolume(containers, name, force),
      volumePrune: (filters) => pruneVolumes(containers, filters),
      ...reachable,
      ...swarm,
      ...services,
      ...files,
      ...throughLeader(control, cluster, host.origin, this.announce),
    };
    const api = inEra(today, era);
    this.running = { process, sockets, networks, containers, images, cluster, api };
    networks.start(origin, this.kept.networks);
    if (membership !== undefined) cluster.resume(membership);
    containers.restore();
    process.onExit = () => this.stopped();
    host.fs.writeFile(PID_FILE, String(process.hostPid));
    host.setUnixSocket(DOCKER_SOCKET, api);
  }

  /** The daemon sleeps; its sockets wake it. SIGTERM ends it, and first its containers and networks. */
  private *main(ctx: ProgramContext): Program {
    ctx.catchSignal('SIGTERM');
    ctx.catchSignal('SIGINT');
    while ((yield* ctx.wait([])) !== 'interrupted');
    ctx.takeSignal();
    const gone = new WaitQueue();
    let over = false;
    this.running?.containers.stopAll(() => {
      over = true;
      gone.wake();
    });
    this.running?.cluster.hangUp();
    while (!over) yield* ctx.wait([gone]);
    if (this.running !== undefined) this.putAway(this.running);
    this.running = undefined;
    this.host.fs.unlink(PID_FILE);
    return 0;
  }

  /** Takes out of the kernel what is no use without the daemon, and remembers the rest. */
  private putAway({ cluster, networks }: Running): void {
    this.wreck = undefined;
    this.kept.membership = cluster.suspend();
    this.kept.networks = networks.stop();
  }

  /** The process has ended: nobody answers any more. What it wrote into the kernel stays. */
  private stopped(): void {
    this.host.setUnixSocket(DOCKER_SOCKET, undefined);
    this.wreck = this.running;
    this.wreck?.cluster.silence();
    this.running = undefined;
    this.changed.wake();
  }

  /** True while the process is there. */
  get alive(): boolean {
    return this.running !== undefined;
  }

  /** `kill -9`: what it wrote into the kernel stays, and its containers go on. */
  kill(): void {
    this.running?.process.post('SIGKILL');
  }

  /** Ends the daemon, its containers and its part in the swarm, as `kill $(cat /var/run/docker.pid)` does. */
  stop(): void {
    this.running?.process.post('SIGTERM');
  }
}

/** `dockerd`: starts the machine's daemon again. Deviates: returns at once, and takes no options. */
export const dockerdTool: Tool = {
  name: 'dockerd',
  directory: '/usr/sbin',
  summary: 'start the Docker daemon of this machine',
  *main(ctx: ProgramContext): Program {
    const daemon = daemons.get(ctx.host);
    if (daemon === undefined) return yield* fail(ctx, 'dockerd: Docker is not installed on this machine');
    if (daemon.alive) {
      const pid = ctx.fs.readText(PID_FILE);
      return yield* fail(ctx, `failed to start daemon, ensure docker is not running or delete ${PID_FILE}: process with PID ${pid.ok ? pid.value : '?'} is still running`);
    }
    daemon.start(ctx.origin);
    return 0;
  },
};

/** What the machines of the recordings have in the place of a service manager. */
export const rigDockerdTool: Tool = {
  name: 'dockerd.sh',
  directory: '/opt/rig',
  summary: "start this machine's Docker daemon again, as the rig of the recordings did",
  *main(ctx: ProgramContext): Program {
    daemonOf(ctx.host)?.start(ctx.origin);
    yield* ctx.sleep(SECOND);
    return 0;
  },
};

function wake(daemon: Dockerd): void {
  daemon.wakeAll();
}
