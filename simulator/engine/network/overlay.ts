/**
 * Overlay networks on one node: the namespace `1-…` with br0 and vxlan0, the veth of every end point here, and for every
 * end point elsewhere a permanent neighbour and a forwarding entry. Mirrors libnetwork drivers/overlay (ov_network.go,
 * joinleave.go, peerdb.go) of 26.1. The namespace is made when the first end point joins and goes with the last.
 */
import { formatCidr, parseCidr, parseMac } from '../../base/address.ts';
import type { NetDevice } from '../../kernel/device.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import * as dataplane from '../dataplane.ts';
import type { NamespaceFiles } from '../namespaces.ts';
import { macOfAddress, type Endpoint, type Network } from './model.ts';

/** networkdb's overlay_peer_table. */
export const PEER_TABLE = 'overlay_peer_table';
const VXLAN_ID_OPTION = 'com.docker.network.driver.overlay.vxlanid_list';
/** Octets a VXLAN header and what is around it take. */
const VXLAN_OVERHEAD = 50;

export interface PeerRecord {
  /** With prefix length. */
  readonly EndpointIP: string;
  readonly EndpointMAC: string;
  readonly TunnelEndpointIP: string;
}

interface OverlayState {
  ns: NetworkNamespace | undefined;
  key: string;
  br0: NetDevice | undefined;
  vxlan0: NetDevice | undefined;
  joined: number;
  nextVeth: number;
  epoch: number;
  readonly peers: Map<string, PeerRecord>;
}

export class OverlayDriver {
  private readonly hostNs: NetworkNamespace;
  private readonly files: NamespaceFiles;
  private readonly vethName: () => string;
  private readonly states = new Map<string, OverlayState>();
  /** UDP port of the swarm's data path. */
  dataPathPort = 4789;

  constructor(hostNs: NetworkNamespace, files: NamespaceFiles, vethName: () => string) {
    this.hostNs = hostNs;
    this.files = files;
    this.vethName = vethName;
  }

  private state(networkId: string): OverlayState {
    let state = this.states.get(networkId);
    if (state === undefined) {
      state = { ns: undefined, key: '', br0: undefined, vxlan0: undefined, joined: 0, nextVeth: 0, epoch: 0, peers: new Map() };
      this.states.set(networkId, state);
    }
    return state;
  }

  /** Join: the pair of an end point; what is for the sandbox stays in the host's namespace until it is moved. */
  join(network: Network, endpoint: Endpoint): void {
    const state = this.state(network.id);
    if (state.joined++ === 0) this.build(network, state);
    const ns = state.ns as NetworkNamespace;
    const [outer, inner] = dataplane.createVeth(this.hostNs, this.vethName(), this.vethName(), this.mtu(network), network.origin);
    endpoint.outer = outer;
    endpoint.inner = inner;
    dataplane.moveLink(outer, ns, `veth${state.nextVeth++}`);
    dataplane.disableIpv6(outer);
    if (state.br0 !== undefined) dataplane.setMaster(outer, state.br0);
    dataplane.setUp(outer, true);
  }

  /** Leave: the pair goes; with the last one the namespace. */
  leave(network: Network, endpoint: Endpoint): void {
    if (endpoint.outer !== undefined && !endpoint.outer.removed) dataplane.deleteLink(endpoint.outer);
    endpoint.outer = endpoint.inner = undefined;
    const state = this.state(network.id);
    if (--state.joined === 0) this.tearDown(state);
  }

  mtu(network: Network): number {
    return Number(network.options['com.docker.network.driver.mtu'] ?? 1500) - VXLAN_OVERHEAD;
  }

  private build(network: Network, state: OverlayState): void {
    const { origin } = network;
    const key = `${++state.epoch}-${network.id.slice(0, 10)}`;
    const ns = this.files.create(key, key);
    state.ns = ns;
    state.key = key;
    state.nextVeth = 0;
    const vni = Number(network.options[VXLAN_ID_OPTION]?.split(',')[0] ?? 0);
    const suffix = `${vni.toString(16).padStart(6, '0')}-${network.id.slice(0, 5)}`;
    const br0 = dataplane.createBridge(ns, `ov-${suffix}`, undefined, this.mtu(network), origin);
    dataplane.rename(br0, 'br0');
    dataplane.disableIpv6(br0);
    dataplane.setDefaultPvid(br0, 0);
    if (network.subnet !== undefined) dataplane.addAddress(br0, network.gateway, network.subnet.prefix, origin);
    dataplane.setUp(br0, true);
    const vxlan0 = dataplane.createVxlan(this.hostNs, `vx-${suffix}`, vni, this.dataPathPort, this.mtu(network), origin);
    dataplane.moveLink(vxlan0, ns, 'vxlan0');
    dataplane.disableIpv6(vxlan0);
    dataplane.setMaster(vxlan0, br0);
    dataplane.setUp(vxlan0, true);
    state.br0 = br0;
    state.vxlan0 = vxlan0;
    for (const peer of state.peers.values()) this.program(network, state, peer);
  }

  private tearDown(state: OverlayState): void {
    // The vxlan device goes first: its socket belongs to the host.
    if (state.vxlan0 !== undefined) dataplane.deleteLink(state.vxlan0);
    if (state.key !== '') this.files.remove(state.key);
    state.ns = state.br0 = state.vxlan0 = undefined;
  }

  /** The network is gone from this node. */
  forget(networkId: string): void {
    const state = this.states.get(networkId);
    if (state === undefined) return;
    if (state.ns !== undefined) this.tearDown(state);
    this.states.delete(networkId);
  }

  /** What this node tells the others of one of its end points. */
  record(endpoint: Endpoint, tunnelAddress: string): PeerRecord {
    return { EndpointIP: formatCidr(endpoint.address, endpoint.prefix), EndpointMAC: endpoint.macText, TunnelEndpointIP: tunnelAddress };
  }

  /** An end point on another node came up. */
  addPeer(network: Network, key: string, record: PeerRecord): void {
    const state = this.state(network.id);
    state.peers.set(key, record);
    if (state.ns !== undefined) this.program(network, state, record);
  }

  removePeer(network: Network, key: string): void {
    const state = this.states.get(network.id);
    const record = state?.peers.get(key);
    if (state === undefined || record === undefined) return;
    state.peers.delete(key);
    const { vxlan0 } = state;
    const address = parseCidr(record.EndpointIP)?.address;
    if (vxlan0 === undefined || address === undefined) return;
    dataplane.removeFdb(vxlan0, parseMac(record.EndpointMAC) ?? 0, parseCidr(record.TunnelEndpointIP)?.address ?? 0, network.origin);
    dataplane.removeNeighbour(vxlan0, address);
  }

  private program(network: Network, { vxlan0 }: OverlayState, record: PeerRecord): void {
    const address = parseCidr(record.EndpointIP)?.address;
    const tunnel = parseCidr(record.TunnelEndpointIP)?.address;
    if (vxlan0 === undefined || address === undefined || tunnel === undefined) return;
    const mac = parseMac(record.EndpointMAC) ?? macOfAddress(address);
    dataplane.setNeighbour(vxlan0, address, mac, network.origin);
    dataplane.setFdb(vxlan0, mac, tunnel, network.origin);
  }
}
