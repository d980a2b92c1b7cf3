/**
 * Builds what a scenario declares of Docker: swarm, networks, services, through the engine's API with the requests that
 * `docker` would send (cli/command/{swarm,network,service} with their defaults), so that a world needs neither shell nor
 * tools to stand up. Command lines of `setup` are run by the shell afterwards.
 */
import { SECOND } from '../base/scheduler.ts';
import { type ApiResult, DOCKER_SOCKET, type EngineApi, type Operation, type PortConfig, type ServiceSpec } from '../engine/api.ts';
import type { Blocking, Program, ProgramContext } from '../process/program.ts';
import type { Scenario } from './scenario.ts';

/** One thing to do on one machine; its program runs to its end before the next step begins. */
export interface BuildStep {
  readonly on: string;
  /** The line of the scenario that asks for it, e.g. `services[0] whoami`. */
  readonly line: string;
  /** The command line that would do the same. */
  readonly says: string;
  main(ctx: ProgramContext): Program;
}

/** As long as `docker service create` watches the tasks run before it says that they are stable. */
const STABLE = 5 * SECOND;

/** The steps that build a scenario's cluster, in order. `token` asks the leader for a join token. */
export function* buildSteps({ machines, swarm, networks, services }: Scenario, token: (role: 'worker' | 'manager') => string): Generator<BuildStep> {
  const [leader, ...managers] = swarm?.managers ?? [];
  if (swarm === undefined || leader === undefined) return;
  const at = machines.find((one) => one.name === leader)?.address.split('/')[0] ?? '';
  yield step(leader, 'swarm.managers[0]', `docker swarm init --advertise-addr ${at}`, (api, ctx) => finish(api, ctx, api.swarmInit(initRequest(at), ctx)));
  for (const [index, on] of managers.entries()) yield join(on, `swarm.managers[${index + 1}]`, at, token('manager'));
  for (const [index, on] of swarm.workers.entries()) yield join(on, `swarm.workers[${index}]`, at, token('worker'));
  for (const [index, network] of networks.entries()) yield createNetwork(leader, `networks[${index}] ${network.name}`, network);
  for (const [index, service] of services.entries()) yield createService(leader, `services[${index}] ${service.name}`, service);
}

function step(on: string, line: string, says: string, body: (api: EngineApi, ctx: ProgramContext) => Blocking<unknown>): BuildStep {
  return {
    on,
    line,
    says,
    *main(ctx) {
      const api = ctx.host.unixSockets.get(DOCKER_SOCKET) as EngineApi | undefined;
      if (api === undefined) throw new BuildRefusal('the Docker daemon is not running');
      yield* body(api, ctx);
      return 0;
    },
  };
}

/** The engine refused a request. */
export class BuildRefusal extends Error {
  override readonly name = 'BuildRefusal';
}

function value<T>(result: ApiResult<T>): T {
  if (!result.ok) throw new BuildRefusal(result.message);
  return result.value;
}

function* finish<T>(api: EngineApi, ctx: ProgramContext, operation: Operation<T>): Blocking<T> {
  while (operation.result === undefined) yield* ctx.wait([api.changed]);
  return value(operation.result);
}

function initRequest(address: string): Parameters<EngineApi['swarmInit']>[0] {
  return {
    ListenAddr: '0.0.0.0:2377',
    AdvertiseAddr: address,
    DataPathAddr: '',
    DataPathPort: 0,
    ForceNewCluster: false,
    DefaultAddrPool: [],
    SubnetSize: 24,
    Availability: 'active',
  };
}

function join(on: string, line: string, leader: string, secret: string): BuildStep {
  return step(on, line, `docker swarm join --token ${secret} ${leader}:2377`, (api, ctx) =>
    finish(
      api,
      ctx,
      api.swarmJoin({
        ListenAddr: '0.0.0.0:2377',
        AdvertiseAddr: '',
        DataPathAddr: '',
        RemoteAddrs: [`${leader}:2377`],
        JoinToken: secret,
        Availability: 'active',
      }, ctx),
    ),
  );
}

function createNetwork(on: string, line: string, { name, driver, attachable, subnet }: Scenario['networks'][number]): BuildStep {
  return step(on, line, `docker network create -d ${driver}${attachable ? ' --attachable' : ''}${subnet === undefined ? '' : ` --subnet ${subnet}`} ${name}`, function* (api, ctx) {
    yield* finish(
      api,
      ctx,
      api.networkCreate({
        Name: name,
        Driver: driver,
        IPAM: { Driver: 'default', Config: subnet === undefined ? [] : [{ Subnet: subnet }] },
        Internal: false,
        Attachable: attachable,
        Ingress: false,
        ConfigOnly: false,
        Options: {},
        Labels: {},
      }, ctx),
    );
  });
}

function createService(on: string, line: string, service: Scenario['services'][number]): BuildStep {
  const ports = service.publish.map((port) => `-p ${port} `).join('');
  return step(on, line, `docker service create --name ${service.name} --replicas ${service.replicas} ${ports}${service.image}`, function* (api, ctx) {
    const { ID } = yield* finish(api, ctx, api.serviceCreate(serviceSpec(service), { queryRegistry: true, cause: ctx }));
    const running = (): number => value(api.services({ filters: { id: [ID] }, status: true }))[0]?.ServiceStatus?.RunningTasks ?? 0;
    while (running() < service.replicas) yield* ctx.wait([api.changed]);
    yield* ctx.sleep(STABLE);
  });
}

/** The spec that `docker service create` makes of these options. */
function serviceSpec({ name, image, replicas, publish, networks, command }: Scenario['services'][number]): ServiceSpec {
  const ports = publish.map(portConfig);
  return {
    Name: name,
    Labels: {},
    TaskTemplate: {
      ContainerSpec: {
        Image: /@|:[^/]*$/.test(image) ? image : `${image}:latest`,
        ...(command.length === 0 ? {} : { Args: [...command] }),
        Init: false,
        DNSConfig: {},
        Isolation: 'default',
      },
      Resources: { Limits: {}, Reservations: {} },
      Placement: {},
      ...(networks.length === 0 ? {} : { Networks: networks.map((Target) => ({ Target })) }),
      ForceUpdate: 0,
    },
    Mode: { Replicated: { Replicas: replicas } },
    EndpointSpec: { Mode: 'vip', ...(ports.length === 0 ? {} : { Ports: ports }) },
  };
}

/** `PUBLISHED:TARGET[/PROTOCOL]`, whose form the scenario's schema has checked. */
function portConfig(text: string): PortConfig {
  const [ports = '', protocol = 'tcp'] = text.split('/');
  const [published, target] = ports.split(':').map(Number);
  return { Protocol: protocol as 'tcp' | 'udp', TargetPort: target ?? 0, PublishedPort: published ?? 0, PublishMode: 'ingress' };
}
