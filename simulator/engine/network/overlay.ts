/**
 * Overlay networks on one node: the namespace `1-…` with br0 and vxlan0, the veth of every end point here, and for every
 * end point elsewhere a permanent neighbour and a forwarding entry. Mirrors libnetwork drivers/overlay (ov_network.go,
 * joinleave.go, peerdb.go) of 26.1. The namespace is made when the first end point joins and goes with the last.
 */
import type { Origin } from '../../base/origin.ts';
import { formatCidr, parseCidr, parseMac } from '../../base/address.ts';
import type { NetDevice } from '../../kernel/device.ts';
import type { DataPlane } from '../../eras/era.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import * as dataplane from '../dataplane.ts';
import type { NamespaceFiles } from '../namespaces.ts';
import { Encryption, encryptedMtu } from './encryption.ts';
import { macOfAddress, type Endpoint, type Network } from './model.ts';

/** networkdb's overlay_peer_table. */
export const PEER_TABLE = 'overlay_peer_table';
/** Its value does not matter: it is there or not. */
const ENCRYPTED_OPTION = 'encrypted';
const VXLAN_ID_OPTION = 'com.docker.network.driver.overlay.vxlanid_list';
/** Octets a VXLAN header and what is around it take. */
const VXLAN_OVERHEAD = 50;

export interface PeerRecord {
  /** With prefix length. */
  readonly EndpointIP: string;
  readonly EndpointMAC: string;
  readonly TunnelEndpointIP: string;
}

function isEncrypted({ options }: Network): boolean {
  return options[ENCRYPTED_OPTION] !== undefined;
}

function vniOf({ options }: Network): number {
  return Number(options[VXLAN_ID_OPTION]?.split(',')[0] ?? 0);
}

interface OverlayState {
  ns: NetworkNamespace | undefined;
  key: string;
  br0: NetDevice | undefined;
  vxlan0: NetDevice | undefined;
  joined: number;
  nextVeth: number;
  epoch: number;
  /** Takes the rules of an encrypted network away. */
  plainAgain: (() => void) | undefined;
  readonly peers: Map<string, { readonly record: PeerRecord; readonly origin: Origin }>;
}

export class OverlayDriver {
  private readonly ways: DataPlane;
  private readonly hostNs: NetworkNamespace;
  private readonly files: NamespaceFiles;
  private readonly vethName: () => string;
  private readonly states = new Map<string, OverlayState>();
  /** UDP port of the swarm's data path. */
  dataPathPort = 4789;
  readonly encryption: Encryption;

  constructor(hostNs: NetworkNamespace, files: NamespaceFiles, vethName: () => string, ways: DataPlane) {
    this.ways = ways;
    this.hostNs = hostNs;
    this.files = files;
    this.vethName = vethName;
    this.encryption = new Encryption(hostNs, ways.encryptionRules);
  }

  /** moby#35401: forwarding entries are neither taken away nor replaced. */
  private get keepsStale(): boolean {
    return this.hostNs.kernel.universe.bugs?.has('stale-peer') === true;
  }

  private state(networkId: string): OverlayState {
    let state = this.states.get(networkId);
    if (state === undefined) {
      state = { ns: undefined, key: '', br0: undefined, vxlan0: undefined, joined: 0, nextVeth: 0, epoch: 0, plainAgain: undefined, peers: new Map() };
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
    if (!this.ways.ipv6) dataplane.disableIpv6(outer);
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
    const mtu = Number(network.options['com.docker.network.driver.mtu'] ?? 1500) - VXLAN_OVERHEAD;
    return isEncrypted(network) ? encryptedMtu(mtu) : mtu;
  }

  private build(network: Network, state: OverlayState): void {
    const { origin } = network;
    // Marks for encrypted overlays are looked for, whether this one is or not.
    dataplane.openTable(this.hostNs, 'mangle');
    const key = `${++state.epoch}-${network.id.slice(0, 10)}`;
    const ns = this.files.create(key, key);
    state.ns = ns;
    state.key = key;
    const oneCount = this.ways.overlayDevices === 'one count';
    state.nextVeth = oneCount ? 2 : 0;
    const vni = vniOf(network);
    if (isEncrypted(network)) {
      this.encryption.begin(vni, this.dataPathPort, origin);
      state.plainAgain = () => this.encryption.end(vni, this.dataPathPort, origin);
    } else this.encryption.sweep(vni, this.dataPathPort, origin);
    const suffix = `${vni.toString(16).padStart(6, '0')}-${network.id.slice(0, 5)}`;
    const br0 = dataplane.createBridge(ns, `ov-${suffix}`, undefined, this.mtu(network), origin);
    dataplane.rename(br0, 'br0');
    if (!this.ways.ipv6) dataplane.disableIpv6(br0);
    if (!this.ways.overlayVlan) dataplane.setDefaultPvid(br0, 0);
    if (network.subnet !== undefined) dataplane.addAddress(br0, network.gateway, network.subnet.prefix, origin, this.ways.broadcast);
    dataplane.setUp(br0, true);
    const vxlan0 = dataplane.createVxlan(this.hostNs, `vx-${suffix}`, vni, this.dataPathPort, this.mtu(network), origin);
    dataplane.moveLink(vxlan0, ns, oneCount ? 'vxlan1' : 'vxlan0');
    if (!this.ways.ipv6) dataplane.disableIpv6(vxlan0);
    dataplane.setMaster(vxlan0, br0);
    dataplane.setUp(vxlan0, true);
    state.br0 = br0;
    state.vxlan0 = vxlan0;
    for (const { record, origin: asked } of state.peers.values()) this.program(network, state, record, asked);
  }

  private tearDown(state: OverlayState): void {
    // The vxlan device goes first: its socket belongs to the host.
    if (state.vxlan0 !== undefined) dataplane.deleteLink(state.vxlan0);
    if (state.key !== '') this.files.remove(state.key);
    state.plainAgain?.();
    state.plainAgain = undefined;
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
  addPeer(network: Network, key: string, record: PeerRecord, origin: Origin): void {
    const state = this.state(network.id);
    state.peers.set(key, { record, origin });
    if (state.ns !== undefined) this.program(network, state, record, origin);
  }

  removePeer(network: Network, key: string): void {
    const state = this.states.get(network.id);
    const record = state?.peers.get(key)?.record;
    if (state === undefined || record === undefined) return;
    state.peers.delete(key);
    const { vxlan0 } = state;
    const address = parseCidr(record.EndpointIP)?.address;
    if (vxlan0 === undefined || address === undefined) return;
    if (this.keepsStale) return;
    // The address may have gone to another end point before word came that this one is gone; the entries are that one's then.
    if ([...state.peers.values()].some(({ record: other }) => other.EndpointIP === record.EndpointIP && other.TunnelEndpointIP === record.TunnelEndpointIP)) return;
    const heir = [...state.peers.values()].find(({ record: other }) => other.EndpointIP === record.EndpointIP);
    dataplane.removeFdb(vxlan0, parseMac(record.EndpointMAC) ?? 0, parseCidr(record.TunnelEndpointIP)?.address ?? 0, network.origin);
    if (heir !== undefined) this.program(network, state, heir.record, heir.origin);
    else dataplane.removeNeighbour(vxlan0, address);
  }

  private program(network: Network, { vxlan0 }: OverlayState, record: PeerRecord, origin: Origin): void {
    const address = parseCidr(record.EndpointIP)?.address;
    const tunnel = parseCidr(record.TunnelEndpointIP)?.address;
    if (vxlan0 === undefined || address === undefined || tunnel === undefined) return;
    if (isEncrypted(network)) this.encryption.connect(tunnel, vniOf(network), this.dataPathPort, network.origin);
    const mac = parseMac(record.EndpointMAC) ?? macOfAddress(address);
    if (this.keepsStale && vxlan0.vxlan?.fdb.has(mac) === true) return;
    dataplane.setNeighbour(vxlan0, address, mac, origin);
    dataplane.setFdb(vxlan0, mac, tunnel, origin);
  }
}
