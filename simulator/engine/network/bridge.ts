/**
 * Bridge networks: docker0, docker_gwbridge and those of `docker network create`. Mirrors libnetwork drivers/bridge
 * (bridge.go, setup_device.go, port_mapping_linux.go) of 26.1; the rules that keep bridges apart are in {@link rulesOfBridge}.
 */
import { formatCidr, formatIpv4 } from '../../base/address.ts';
import type { Origin } from '../../base/origin.ts';
import type { DataPlane } from '../../eras/era.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { formatSubnet } from '../../swarm/ipam.ts';
import * as dataplane from '../dataplane.ts';
import { eraseRules, rulesOfBridge, rulesOfEndpoint, writeBridgeRules, writeRules, type BridgeFacts } from './hostRules.ts';
import type { Endpoint, Network, PortBindingDone } from './model.ts';

export const INGRESS_CHAIN = 'DOCKER-INGRESS';

/** Makes the bridge device and its rules. `others` are the bridges that are there. */
export function createBridge(ns: NetworkNamespace, network: Network, mac: number, ways: DataPlane, others: readonly Network[]): void {
  const { origin, subnet } = network;
  const name = network.bridgeName;
  network.bridge = ns.device(name) ?? dataplane.createBridge(ns, name, mac, mtuOf(network), origin);
  if (subnet !== undefined) dataplane.addAddress(network.bridge, network.gateway, subnet.prefix, origin, ways.broadcast);
  network.rules = rulesOfBridge(ways.hostRules, factsOf(network, others));
  writeBridgeRules(ns, ways.hostRules, network.rules, origin);
  dataplane.setUp(network.bridge, true);
}

function factsOf(network: Network, others: readonly Network[]): BridgeFacts {
  const { options } = network;
  return {
    name: network.bridgeName,
    subnet: network.subnet === undefined ? '' : formatSubnet(network.subnet),
    internal: network.internal,
    icc: options['com.docker.network.bridge.enable_icc'] !== 'false',
    masquerade: options['com.docker.network.bridge.enable_ip_masquerade'] !== 'false',
    others: others.filter((other) => other !== network && !other.internal).map((other) => other.bridgeName),
  };
}

function mtuOf(network: Network): number {
  return Number(network.options['com.docker.network.driver.mtu'] ?? 1500);
}

/** Takes the device and its rules away. */
export function deleteBridge(ns: NetworkNamespace, network: Network): void {
  eraseRules(ns, network.rules, network.origin);
  if (network.bridge !== undefined) dataplane.deleteLink(network.bridge);
  network.bridge = undefined;
}

/** Makes the veth pair of an end point: one end a port of the bridge, the other to be moved into the sandbox. */
export function joinBridge(ns: NetworkNamespace, endpoint: Endpoint, names: () => string, ways: DataPlane, origin: Origin): void {
  const { network } = endpoint;
  const [outer, inner] = dataplane.createVeth(ns, names(), names(), mtuOf(network), origin);
  endpoint.outer = outer;
  endpoint.inner = inner;
  if (network.bridge !== undefined) dataplane.setMaster(outer, network.bridge);
  dataplane.setUp(outer, true);
  if (network.internal) return;
  endpoint.rules = rulesOfEndpoint(ways.hostRules, network.bridgeName, formatCidr(endpoint.address, 32));
  writeRules(ns, endpoint.rules, origin);
}

/** Takes the pair and its rules away. */
export function leaveBridge(ns: NetworkNamespace, endpoint: Endpoint): void {
  eraseRules(ns, endpoint.rules, endpoint.network.origin);
  endpoint.rules = [];
  if (endpoint.outer !== undefined && !endpoint.outer.removed) dataplane.deleteLink(endpoint.outer);
}

export interface ProxyStarter {
  /** Holds a host port for a container: docker-proxy. Undefined when the port is taken. */
  start(protocol: string, hostIp: string, hostPort: number, containerIp: string, containerPort: number, origin: Origin): { stop(): void } | undefined;
}

/** `-p`: rules that lead from the host's port to the container's. Returns what undoes it, or the words of the refusal. */
export function publishPort(ns: NetworkNamespace, endpoint: Endpoint, port: Omit<PortBindingDone, 'release'>, proxies: ProxyStarter): PortBindingDone | string {
  const { network } = endpoint;
  const origin = endpoint.sandbox?.origin ?? network.origin;
  const br = network.bridgeName;
  const container = formatIpv4(endpoint.address);
  const proxy = proxies.start(port.protocol, port.hostIp, port.hostPort, container, port.containerPort, origin);
  if (proxy === undefined) return `Error starting userland proxy: listen ${port.protocol}4 ${port.hostIp}:${port.hostPort}: bind: address already in use`;
  const destination = port.hostIp === '0.0.0.0' ? '' : `-d ${port.hostIp} `;
  const rules: [dataplane.TableName, string, string][] = [
    ['nat', 'DOCKER', `-p ${port.protocol} ${destination}--dport ${port.hostPort} -j DNAT --to-destination ${container}:${port.containerPort} ! -i ${br}`],
    ['filter', 'DOCKER', `! -i ${br} -o ${br} -p ${port.protocol} -d ${container} --dport ${port.containerPort} -j ACCEPT`],
    ['nat', 'POSTROUTING', `-p ${port.protocol} -s ${container} -d ${container} --dport ${port.containerPort} -j MASQUERADE`],
  ];
  for (const [table, chain, rule] of rules) dataplane.append(ns, table, chain, rule, origin);
  return {
    ...port,
    release: () => {
      proxy.stop();
      for (const [table, chain, rule] of rules) dataplane.remove(ns, table, chain, rule, origin);
    },
  };
}

/** `172.17.0.2/16` for inspection; '' without an address. */
export function cidrOf(endpoint: Endpoint): string {
  return endpoint.address === 0 ? '' : formatCidr(endpoint.address, endpoint.prefix);
}
