// Machines with Docker on one wire, driven through the API as `docker` would, without shells.
import { parseCidr, parseMac } from '../../simulator/base/address.ts';
import { RandomStreams } from '../../simulator/base/random.ts';
import { SECOND, Scheduler } from '../../simulator/base/scheduler.ts';
import type { ApiResult, EngineApi, Operation, ServiceSpec } from '../../simulator/engine/api.ts';
import { Dockerd } from '../../simulator/engine/dockerd.ts';
import type { ImageDefinition } from '../../simulator/engine/images.ts';
import { addAddress } from '../../simulator/kernel/addresses.ts';
import { createDevice, setUp } from '../../simulator/kernel/devices.ts';
import { Kernel, type Universe } from '../../simulator/kernel/kernel.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { EthernetSwitch } from '../../simulator/kernel/switch.ts';
import { iptables } from '../../simulator/netfilter/command.ts';
import { ExternalDoor } from '../../simulator/process/external.ts';
import { Host } from '../../simulator/process/host.ts';
import type { Program, ProgramContext, Tool } from '../../simulator/process/program.ts';
import { bootKernel, PROC_NET_FILES, sysctlRegistry } from '../../simulator/stack.ts';
import { tcpAccept, tcpBind, tcpListen, tcpReceive, tcpSend, tcpShutdown, tcpSocket, SocketFile, accept, receive, sendAll, connectTcp } from '../../simulator/transport/index.ts';
import { encodeUtf8, decodeUtf8 } from '../../simulator/base/utf8.ts';
import { PacketFactory } from '../../simulator/wire/packet.ts';

void [tcpAccept, tcpReceive, tcpSend];

/** Answers every connection with its host name, and ends on SIGTERM. */
function* whoami(ctx: ProgramContext): Program {
  ctx.catchSignal('SIGTERM');
  yield* ctx.out('Listening on :8000\n');
  const listener = tcpSocket(ctx.netns, true);
  tcpBind(listener, 0, 8000);
  tcpListen(listener, 128);
  ctx.install(new SocketFile(listener));
  for (;;) {
    const client = yield* accept(ctx, listener);
    if (!client.ok) return 2;
    yield* receive(ctx, client.value, 1000);
    yield* sendAll(ctx, client.value, encodeUtf8(`I'm ${ctx.hostname}\n`));
    tcpShutdown(client.value, 'both');
    client.value.close();
  }
}

function* sleepTool(ctx: ProgramContext): Program {
  ctx.catchSignal('SIGTERM');
  for (;;) if ((yield* ctx.sleep(3600 * SECOND)) === 'interrupted') return 143;
}

const WHOAMI: Tool = { name: 'http', directory: '/app', summary: 'answers with its host name', main: whoami };
const SLEEP: Tool = { name: 'sleep', directory: '/bin', summary: 'sleeps', main: sleepTool };

export const IMAGES: ImageDefinition[] = [
  { repository: 'jwilder/whoami', size: 2.87e6, age: 75, cmd: ['/app/http'], exposedPorts: ['8000/tcp'], root: { tools: [WHOAMI] } },
  { repository: 'alpine', size: 2.03e6, age: 73, cmd: ['/bin/sh'], root: { tools: [SLEEP] } },
];

export class Machines {
  readonly universe: Universe;
  readonly hosts = new Map<string, Host>();
  readonly daemons = new Map<string, Dockerd>();

  constructor(names: readonly string[] = ['node1', 'node2', 'node3'], images: readonly ImageDefinition[] = IMAGES) {
    const scheduler = new Scheduler();
    this.universe = { scheduler, random: new RandomStreams(1), packets: new PacketFactory(), trace: null, traceSequence: 0, nextInode: 4026531840, nextFlow: 1 };
    const wire = new EthernetSwitch(this.universe);
    const door = new ExternalDoor(scheduler, undefined);
    names.forEach((name, index) => {
      const kernel = new Kernel(name, this.universe);
      bootKernel(kernel);
      const ns = kernel.initNs;
      setUp(ns.device('lo')!, true);
      const mac = parseMac(`08:00:27:38:00:${String(index + 11)}`)!;
      const eth0 = createDevice(ns, { kind: 'ethernet', name: 'eth0', origin: { by: 'scenario', text: name }, mac });
      if (!eth0.ok) throw new Error(eth0.errno);
      wire.attach(eth0.value);
      const { address } = parseCidr(`192.168.56.${index + 11}/24`)!;
      addAddress(eth0.value, { address, prefix: 24, broadcast: (address | 255) >>> 0, origin: { by: 'scenario', text: name } });
      setUp(eth0.value, true);
      const host = new Host(name, kernel, [SLEEP], { epoch: 1.795e15, externals: door, sysctl: sysctlRegistry, procNet: PROC_NET_FILES, resolvConf: 'nameserver 192.168.56.1\n' });
      host.boot();
      this.hosts.set(name, host);
      const daemon = new Dockerd(host, { engine: '26.1', images });
      daemon.start();
      this.daemons.set(name, daemon);
    });
    this.settle(1);
  }

  host(name: string): Host {
    return this.hosts.get(name)!;
  }

  api(name: string): EngineApi {
    return this.daemons.get(name)!.api!;
  }

  /** Who asks: process 1. */
  caller(name: string): ProgramContext {
    return this.host(name).init as unknown as ProgramContext;
  }

  settle(seconds = 3): void {
    const { scheduler } = this.universe;
    scheduler.run(scheduler.now + seconds * SECOND);
  }

  /** Waits for an operation; throws on a refusal. */
  finish<T>(operation: Operation<T>, limit = 60): T {
    const { scheduler } = this.universe;
    const until = scheduler.now + limit * SECOND;
    while (operation.result === undefined && scheduler.now < until) {
      const due = scheduler.nextDue();
      if (due === undefined) break;
      scheduler.run(Math.min(due, until));
    }
    if (operation.result === undefined) throw new Error('it did not end');
    return value(operation.result);
  }

  /** init on the first, join on the others. */
  swarm(): this {
    const [leader, ...workers] = [...this.hosts.keys()];
    this.finish(this.api(leader!).swarmInit({ ListenAddr: '0.0.0.0:2377', AdvertiseAddr: '192.168.56.11', DataPathAddr: '', DataPathPort: 0, ForceNewCluster: false, DefaultAddrPool: [], SubnetSize: 0, Availability: 'active' }));
    const token = value(this.api(leader!).swarmInspect()).JoinTokens.Worker;
    for (const worker of workers) {
      this.finish(this.api(worker).swarmJoin({ ListenAddr: '0.0.0.0:2377', AdvertiseAddr: '', DataPathAddr: '', RemoteAddrs: ['192.168.56.11:2377'], JoinToken: token, Availability: 'active' }));
      this.settle();
    }
    return this;
  }

  service(name: string, replicas: number, more: Partial<ServiceSpec> & { image?: string; args?: string[]; networks?: string[]; constraints?: string[] } = {}): string {
    const { image = 'jwilder/whoami', args, networks = [], constraints = [], ...rest } = more;
    const spec: ServiceSpec = {
      Name: name,
      Labels: {},
      TaskTemplate: {
        ContainerSpec: { Image: image, ...(args === undefined ? {} : { Args: args }) },
        Networks: networks.map((network) => ({ Target: network })),
        Placement: { Constraints: constraints },
        ForceUpdate: 0,
      },
      Mode: { Replicated: { Replicas: replicas } },
      EndpointSpec: { Mode: 'vip' },
      ...rest,
    };
    const id = value(this.api('node1').serviceCreate(spec, { queryRegistry: false, cause: this.caller('node1') })).ID;
    this.settle(5);
    return id;
  }

  publish(name: string, port: number, replicas: number): string {
    return this.service(name, replicas, { EndpointSpec: { Mode: 'vip', Ports: [{ Protocol: 'tcp', TargetPort: 8000, PublishedPort: port, PublishMode: 'ingress' }] } });
  }

  /** `docker network create -d overlay --attachable --subnet SUBNET NAME`: its id. */
  network(name: string, subnet: string): string {
    const { Id } = value(
      this.api('node1').networkCreate({
        Name: name,
        Driver: 'overlay',
        IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
        Internal: false,
        Attachable: true,
        Ingress: false,
        ConfigOnly: false,
        Options: {},
        Labels: {},
      }),
    );
    this.settle(1);
    return Id;
  }

  /** `docker run -d --name NAME --network NETWORK IMAGE ARGS…` */
  run(node: string, { name, image, args, network, binds = [] }: { name: string; image: string; args: string[]; network: string; binds?: string[] }): void {
    const made = value(this.api(node).containerCreate({ name, Image: image, Cmd: args, HostConfig: { NetworkMode: network, Binds: binds } }));
    this.finish(this.api(node).containerStart(made.Id, this.caller(node)));
    this.settle(2);
  }

  /** A namespace by its file, or the host's. */
  ns(host: string, key?: string): NetworkNamespace {
    if (key === undefined) return this.host(host).kernel.initNs;
    const found = this.host(host).fs.netnsAt(`/var/run/docker/netns/${key}`);
    if (!found.ok) throw new Error(`${host}: no namespace ${key}`);
    return found.value;
  }

  /** `iptables -t TABLE -S` without policies and chains. */
  rules(host: string, table: string, key?: string): string[] {
    const out = iptables(this.ns(host, key), ['-t', table, '-S'], { by: 'command', text: 'iptables -S' });
    return out.stdout.split('\n').filter((line) => line.startsWith('-A'));
  }

  /** Changes the host's rules as a command would. */
  iptables(host: string, words: string): void {
    const out = iptables(this.ns(host), words.split(' '), { by: 'command', text: `iptables ${words}` });
    if (out.status !== 0) throw new Error(out.stderr);
  }

  files(host: string): string[] {
    const names = this.host(host).fs.readdir('/var/run/docker/netns');
    return names.ok ? [...names.value].sort() : [];
  }

  /** GET over TCP from a host's own namespace; the answer, or the errno. */
  get(from: string, address: string, port: number, key?: string): string {
    let result = '?';
    const target = parseCidr(address)!.address;
    const ns = this.ns(from, key);
    this.host(from).daemon(['get'], function* (ctx): Program {
      const socket = tcpSocket(ns);
      const connected = yield* connectTcp(ctx, socket, target, port, { deadline: ctx.now + 5 * SECOND });
      if (!connected.ok) {
        result = connected.errno;
        socket.close();
        return 1;
      }
      yield* sendAll(ctx, socket, encodeUtf8('GET / HTTP/1.0\r\n\r\n'));
      const bytes = yield* receive(ctx, socket, 1000, ctx.now + 5 * SECOND);
      result = bytes.ok ? decodeUtf8(bytes.value) : bytes.errno;
      socket.close();
      return 0;
    });
    this.settle(6);
    return result;
  }
}

/** The value of a result, or of an operation that is over; throws on a refusal. */
export function value<T>(from: ApiResult<T> | Operation<T>): T {
  const result = 'ok' in from ? from : from.result;
  if (result === undefined) throw new Error('it did not end');
  if (!result.ok) throw new Error(`${result.status} ${result.message}`);
  return result.value;
}
