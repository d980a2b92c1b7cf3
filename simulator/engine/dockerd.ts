/**
 * dockerd on one machine: its parts put together, its process, and the API on /var/run/docker.sock.
 * Mirrors moby cmd/dockerd/daemon.go and daemon/daemon.go.
 */
import { SimulatorBug } from '../base/assert.ts';
import type { Origin } from '../base/origin.ts';
import { WaitQueue } from '../base/wait.ts';
import { ERAS, type Era } from '../eras/index.ts';
import type { Host } from '../process/host.ts';
import type { Process } from '../process/process.ts';
import type { Program, ProgramContext } from '../process/program.ts';
import { answer, DOCKER_SOCKET, type EngineApi } from './api.ts';
import { Cluster } from './cluster.ts';
import { containerApi } from './containerApi.ts';
import { Containers } from './containers.ts';
import { Images, type ImageDefinition } from './images.ts';
import { describeNode, engineInfo, engineVersion } from './info.ts';
import { networkApi } from './networkApi.ts';
import { NetworkController } from './network/controller.ts';
import { Proxies } from './proxy.ts';
import { serviceApi } from './serviceApi.ts';
import { LogBroker } from './serviceLogs.ts';
import { DaemonSockets } from './sockets.ts';
import { swarmApi } from './swarmApi.ts';

export interface DockerdOptions {
  /** Name of the era, `26.1`. */
  readonly engine: string;
  /** Images that are on the machine. */
  readonly images?: readonly ImageDefinition[];
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

/** The daemon sleeps; its sockets wake it. SIGTERM ends it. */
function* daemonMain(ctx: ProgramContext): Program {
  for (;;) yield* ctx.wait([]);
}

export class Dockerd {
  private readonly host: Host;
  private readonly era: Era;
  private readonly definitions: readonly ImageDefinition[];
  private running: Running | undefined;
  private readonly changed = new WaitQueue();
  private announced = false;

  constructor(host: Host, options: DockerdOptions) {
    const era = ERAS[options.engine];
    if (era === undefined) throw new SimulatorBug(`no era ${options.engine}`);
    this.host = host;
    this.era = era;
    this.definitions = options.images ?? [];
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

  /** Starts the daemon: chains, docker0, the API's socket. */
  start(): void {
    if (this.running !== undefined) return;
    const { host, era } = this;
    const { scheduler, random } = host.kernel.universe;
    const origin: Origin = { by: 'docker', text: 'dockerd start' };
    const process = host.daemon(['/usr/sbin/dockerd', '-H', 'fd://', '--containerd=/run/containerd/containerd.sock'], daemonMain);
    const sockets = new DaemonSockets(process, scheduler);
    const networks = new NetworkController(host, sockets);
    const images = new Images(this.definitions, random.stream(`docker-image/${host.name}`), host.wallClock);
    const containers = new Containers(host, process, images, networks, new Proxies(host), this.announce);
    const cluster = new Cluster({ host, sockets, networks, containers, changed: this.announce, describe: () => describeNode(host, era) });
    const ids = random.stream(`docker-daemon/${host.name}`);
    const id = [8, 4, 4, 4, 12].map((length) => ids.hex(length)).join('-');
    const api: EngineApi = {
      changed: this.changed,
      version: () => answer(engineVersion(era)),
      info: () => answer(engineInfo(host, era, id, { containers, images, cluster })),
      ...containerApi(host, containers, images, this.announce),
      ...networkApi(networks, containers, cluster, this.announce),
      ...swarmApi(host, cluster, this.announce),
      ...serviceApi(cluster, new LogBroker(this.announce)),
    };
    this.running = { process, sockets, networks, containers, images, cluster, api };
    networks.start(origin);
    process.onExit = () => this.stopped();
    host.setUnixSocket(DOCKER_SOCKET, api);
  }

  /** The process has ended: nobody answers any more. What it wrote into the kernel stays. */
  private stopped(): void {
    this.host.setUnixSocket(DOCKER_SOCKET, undefined);
    this.running = undefined;
    this.changed.wake();
  }

  /** Ends the daemon as SIGKILL would. */
  kill(): void {
    this.running?.process.post('SIGKILL');
  }
}

function wake(daemon: Dockerd): void {
  daemon.wakeAll();
}
