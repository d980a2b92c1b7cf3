/**
 * Networks, end points and sandboxes: the container network model of libnetwork (network.go, endpoint.go, sandbox.go).
 */
import { formatMac } from '../../base/address.ts';
import type { Origin } from '../../base/origin.ts';
import type { NetDevice } from '../../kernel/device.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import type { AddressPool, Subnet } from '../../swarm/ipam.ts';
import type { PortConfig } from '../../swarm/objects.ts';
import type { RuleLine } from './hostRules.ts';
import type { Resolver } from './resolver.ts';

export type DriverName = 'bridge' | 'overlay' | 'host' | 'null';

export interface NetworkOptions {
  readonly id: string;
  readonly name: string;
  readonly driver: DriverName;
  readonly scope: 'local' | 'swarm';
  readonly subnet: Subnet | undefined;
  readonly gateway: number;
  /** Subnets as they were asked for, for inspection. */
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly ingress: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly created: number;
  readonly origin: Origin;
  /** Of networks of one host: where addresses come from. */
  readonly pool?: AddressPool;
}

export class Network {
  readonly id: string;
  readonly name: string;
  readonly driver: DriverName;
  readonly scope: 'local' | 'swarm';
  readonly subnet: Subnet | undefined;
  readonly gateway: number;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly ingress: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly created: number;
  readonly origin: Origin;
  readonly pool: AddressPool | undefined;
  readonly endpoints = new Map<string, Endpoint>();
  /** Of bridges: the device. */
  bridge: NetDevice | undefined;
  /** Of bridges: what was written for it. */
  rules: readonly RuleLine[] = [];
  /** The node's own sandbox for virtual addresses: `ingress_sbox`, `lb_…`. */
  loadBalancer: Sandbox | undefined;

  constructor(options: NetworkOptions) {
    this.id = options.id;
    this.name = options.name;
    this.driver = options.driver;
    this.scope = options.scope;
    this.subnet = options.subnet;
    this.gateway = options.gateway;
    this.internal = options.internal;
    this.attachable = options.attachable;
    this.ingress = options.ingress;
    this.options = options.options;
    this.labels = options.labels;
    this.created = options.created;
    this.origin = options.origin;
    this.pool = options.pool;
  }

  /** Name of the bridge device: `docker0`, `docker_gwbridge`, `br-<12 of the id>`. */
  get bridgeName(): string {
    return this.options['com.docker.network.bridge.name'] ?? `br-${this.id.slice(0, 12)}`;
  }
}

export const GATEWAY_NETWORK = 'docker_gwbridge';

/** What the service discovery needs to know of an end point (networkdb's EndpointRecord). */
export interface ServiceInfo {
  readonly serviceName: string;
  readonly serviceId: string;
  /** 0 for dnsrr. */
  readonly virtualIp: number;
  readonly ingressPorts: readonly PortConfig[];
  readonly aliases: readonly string[];
}

export interface PortBindingRequest {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly hostIp: string;
  /** 0: any free one of the ephemeral range. */
  readonly hostPort: number;
  readonly containerPort: number;
}

export interface PortBindingDone extends PortBindingRequest {
  /** Stops what holds the host's port. */
  release(): void;
}

export class Endpoint {
  readonly id: string;
  readonly network: Network;
  /** Name of the container (with its task), `gateway_…`, `ingress-endpoint`. */
  readonly name: string;
  readonly address: number;
  readonly prefix: number;
  readonly mac: number;
  /** What others can ask the DNS for: container name, short id, aliases. */
  dnsNames: string[] = [];
  aliases: string[] = [];
  service: ServiceInfo | undefined;
  /** Asked for by `--ip`, for inspection. */
  configuredAddress: string | undefined;
  sandbox: Sandbox | undefined;
  /** The end that lives, or will live, in the sandbox. */
  inner: NetDevice | undefined;
  /** Its partner: a port of the bridge. */
  outer: NetDevice | undefined;
  /** `eth0`, once it is in the sandbox. */
  deviceName = '';
  ports: PortBindingDone[] = [];
  /** Of end points on bridges: what was written for it. */
  rules: readonly RuleLine[] = [];
  /** Told to the cluster. */
  published = false;
  driverOptions: Readonly<Record<string, string>> | null = null;

  constructor(id: string, network: Network, name: string, address: number, prefix: number, mac: number) {
    this.id = id;
    this.network = network;
    this.name = name;
    this.address = address;
    this.prefix = prefix;
    this.mac = mac;
  }

  get macText(): string {
    return this.address === 0 ? '' : formatMac(this.mac);
  }

  /** True when the sandbox can reach the world through it. */
  get hasGateway(): boolean {
    return this.network.driver === 'bridge' && !this.network.internal;
  }
}

/** `02:42:` and the four octets of the address. */
export function macOfAddress(address: number): number {
  return 0x0242 * 0x100000000 + address;
}

export type SandboxKind = 'container' | 'ingress' | 'loadbalancer' | 'host' | 'none';

export class Sandbox {
  readonly id: string;
  /** Name of the file below /var/run/docker/netns. */
  readonly key: string;
  readonly containerId: string;
  readonly kind: SandboxKind;
  /** As the containers' maps of `docker network inspect` call it. */
  readonly label: string;
  ns: NetworkNamespace | undefined;
  readonly endpoints: Endpoint[] = [];
  resolver: Resolver | undefined;
  /** Next N of ethN; never used again. */
  nextEth = 0;
  /** Whose gateway is the default route. */
  gateway: Endpoint | undefined;
  readonly origin: Origin;

  constructor(id: string, key: string, containerId: string, kind: SandboxKind, label: string, origin: Origin) {
    this.id = id;
    this.key = key;
    this.containerId = containerId;
    this.kind = kind;
    this.label = label;
    this.origin = origin;
  }

  /** End points in the order in which they are named eth0, eth1 … and asked (libnetwork endpoint.Less). */
  sorted(): Endpoint[] {
    const isGateway = (endpoint: Endpoint): number => Number(endpoint.network.name === GATEWAY_NETWORK);
    return [...this.endpoints].sort(
      (a, b) =>
        isGateway(a) - isGateway(b) ||
        Number(a.network.internal) - Number(b.network.internal) ||
        Number(b.hasGateway) - Number(a.hasGateway) ||
        (a.network.name < b.network.name ? -1 : 1),
    );
  }

  /** True for sandboxes that need the embedded DNS server: on any network but the default bridge and the gateway network. */
  get needsResolver(): boolean {
    return this.endpoints.some(({ network }) => network.driver === 'overlay' || (network.driver === 'bridge' && network.name !== 'bridge' && network.name !== GATEWAY_NETWORK));
  }
}
