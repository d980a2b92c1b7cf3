/**
 * Bridge networks: docker0, docker_gwbridge and those of `docker network create`. Mirrors libnetwork drivers/bridge
 * (bridge.go, setup_ip_tables.go, setup_device.go, port_mapping_linux.go) of 26.1 and the order in which it writes rules:
 * a new bridge's rules are inserted, so the newest stands on top; the rule against traffic between its containers is appended.
 */
import { formatCidr, formatIpv4 } from '../../base/address.ts';
import type { Origin } from '../../base/origin.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { formatSubnet } from '../../swarm/ipam.ts';
import * as dataplane from '../dataplane.ts';
import type { Endpoint, Network, PortBindingDone } from './model.ts';

const ISOLATION_1 = 'DOCKER-ISOLATION-STAGE-1';
const ISOLATION_2 = 'DOCKER-ISOLATION-STAGE-2';
const USER = 'DOCKER-USER';
export const INGRESS_CHAIN = 'DOCKER-INGRESS';

/** The chains every engine begins with (setupIPChains, arrangeUserFilterRule); and forwarding, with its policy. */
export function setUpHostChains(ns: NetworkNamespace, origin: Origin): void {
  if (dataplane.readSysctl(ns, 'net/ipv4/ip_forward') !== '1') {
    dataplane.writeSysctl(ns, 'net/ipv4/ip_forward', '1');
    dataplane.setPolicy(ns, 'filter', 'FORWARD', 'DROP', origin);
  }
  dataplane.writeSysctl(ns, 'net/bridge/bridge-nf-call-iptables', '1');
  // What an earlier run has left in its own chains is forgotten.
  for (const [table, chain] of [['nat', 'DOCKER'], ['filter', 'DOCKER'], ['filter', ISOLATION_1], ['filter', ISOLATION_2]] as const) {
    if (!dataplane.newChain(ns, table, chain, origin)) dataplane.flushChain(ns, table, chain, origin);
  }
  dataplane.append(ns, 'filter', ISOLATION_1, '-j RETURN', origin);
  dataplane.append(ns, 'filter', ISOLATION_2, '-j RETURN', origin);
  dataplane.newChain(ns, 'filter', USER, origin);
  append(ns, 'filter', USER, '-j RETURN', origin);
  append(ns, 'nat', 'PREROUTING', '-m addrtype --dst-type LOCAL -j DOCKER', origin);
  append(ns, 'nat', 'OUTPUT', '-m addrtype --dst-type LOCAL -j DOCKER ! --dst 127.0.0.0/8', origin);
  arrangeJumps(ns, origin);
}

function append(ns: NetworkNamespace, table: dataplane.TableName, chain: string, rule: string, origin: Origin): void {
  if (!dataplane.has(ns, table, chain, rule)) dataplane.append(ns, table, chain, rule, origin);
}

/** The jumps that must stand above all others are taken out and put on top again, after each change. */
export function arrangeJumps(ns: NetworkNamespace, origin: Origin): void {
  for (const chain of [ISOLATION_1, INGRESS_CHAIN, USER]) {
    if (!dataplane.hasChain(ns, 'filter', chain)) continue;
    dataplane.remove(ns, 'filter', 'FORWARD', `-j ${chain}`, origin);
    dataplane.insert(ns, 'filter', 'FORWARD', `-j ${chain}`, origin);
  }
}

/** Makes the bridge device and its rules. `mac` begins with 02:42. */
export function createBridge(ns: NetworkNamespace, network: Network, mac: number): void {
  const { origin, subnet } = network;
  const name = network.bridgeName;
  network.bridge = ns.device(name) ?? dataplane.createBridge(ns, name, mac, mtuOf(network), origin);
  if (subnet !== undefined) dataplane.addAddress(network.bridge, network.gateway, subnet.prefix, origin);
  for (const rule of bridgeRules(network)) rule.write(ns);
  arrangeJumps(ns, origin);
  dataplane.setUp(network.bridge, true);
}

function mtuOf(network: Network): number {
  return Number(network.options['com.docker.network.driver.mtu'] ?? 1500);
}

interface BridgeRule {
  write(ns: NetworkNamespace): void;
  erase(ns: NetworkNamespace): void;
}

function bridgeRules(network: Network): BridgeRule[] {
  const { origin, options } = network;
  const br = network.bridgeName;
  const rule = (how: 'insert' | 'append', table: dataplane.TableName, chain: string, text: string): BridgeRule => ({
    write: (ns) => {
      if (dataplane.has(ns, table, chain, text)) return;
      const add = how === 'insert' ? dataplane.insert : dataplane.append;
      add(ns, table, chain, text, origin);
    },
    erase: (ns) => void dataplane.remove(ns, table, chain, text, origin),
  });
  const rules: BridgeRule[] = [];
  const subnet = network.subnet === undefined ? '' : formatSubnet(network.subnet);
  const icc = options['com.docker.network.bridge.enable_icc'] !== 'false';
  if (network.internal) {
    rules.push(rule('insert', 'filter', ISOLATION_1, `! -s ${subnet} -o ${br} -j DROP`));
    rules.push(rule('insert', 'filter', ISOLATION_1, `! -d ${subnet} -i ${br} -j DROP`));
    rules.push(rule(icc ? 'insert' : 'append', 'filter', 'FORWARD', `-i ${br} -o ${br} -j ${icc ? 'ACCEPT' : 'DROP'}`));
    return rules;
  }
  if (options['com.docker.network.bridge.enable_ip_masquerade'] !== 'false') rules.push(rule('insert', 'nat', 'POSTROUTING', `-s ${subnet} ! -o ${br} -j MASQUERADE`));
  rules.push(rule('insert', 'nat', 'DOCKER', `-i ${br} -j RETURN`));
  rules.push(rule(icc ? 'insert' : 'append', 'filter', 'FORWARD', `-i ${br} -o ${br} -j ${icc ? 'ACCEPT' : 'DROP'}`));
  rules.push(rule('insert', 'filter', 'FORWARD', `-i ${br} ! -o ${br} -j ACCEPT`));
  rules.push(rule('insert', 'filter', 'FORWARD', `-o ${br} -j DOCKER`));
  rules.push(rule('insert', 'filter', 'FORWARD', `-o ${br} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`));
  rules.push(rule('insert', 'filter', ISOLATION_1, `-i ${br} ! -o ${br} -j ${ISOLATION_2}`));
  rules.push(rule('insert', 'filter', ISOLATION_2, `-o ${br} -j DROP`));
  return rules;
}

/** Takes the device and its rules away. */
export function deleteBridge(ns: NetworkNamespace, network: Network): void {
  for (const rule of bridgeRules(network)) rule.erase(ns);
  if (network.bridge !== undefined) dataplane.deleteLink(network.bridge);
  network.bridge = undefined;
}

/** Makes the veth pair of an end point: one end a port of the bridge, the other to be moved into the sandbox. */
export function joinBridge(ns: NetworkNamespace, endpoint: Endpoint, names: () => string, origin: Origin): void {
  const { network } = endpoint;
  const [outer, inner] = dataplane.createVeth(ns, names(), names(), mtuOf(network), origin);
  endpoint.outer = outer;
  endpoint.inner = inner;
  if (network.bridge !== undefined) dataplane.setMaster(outer, network.bridge);
  dataplane.setUp(outer, true);
}

export interface ProxyStarter {
  /** Holds a host port for a container: docker-proxy. Undefined when the port is taken. */
  start(protocol: string, hostIp: string, hostPort: number, containerIp: string, containerPort: number): { stop(): void } | undefined;
}

/** `-p`: rules that lead from the host's port to the container's. Returns what undoes it, or the words of the refusal. */
export function publishPort(ns: NetworkNamespace, endpoint: Endpoint, port: Omit<PortBindingDone, 'release'>, proxies: ProxyStarter): PortBindingDone | string {
  const { network } = endpoint;
  const { origin } = network;
  const br = network.bridgeName;
  const container = formatIpv4(endpoint.address);
  const proxy = proxies.start(port.protocol, port.hostIp, port.hostPort, container, port.containerPort);
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
