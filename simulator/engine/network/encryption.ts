/**
 * Encryption of overlay networks (`--opt encrypted`): the rules that mark a network's VXLAN packets on their way out and drop those
 * that come in plain, and IPsec states and a policy for each other node. Mirrors libnetwork drivers/overlay/encryption.go and
 * encryption_{bpf,u32}.go, and what agent.go makes of the keys that the managers give out.
 *
 * As there, states and policies of a node stay when its last encrypted network goes, and are swept away when keys are set anew.
 */
import type { Origin } from '../../base/origin.ts';
import type { DataPlane } from '../../eras/era.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import type { EncryptionKey } from '../../swarm/objects.ts';
import * as dataplane from '../dataplane.ts';

/** The mark of packets that are to be encrypted, and the reqid of their states. */
const MARK = 0xd0c4e3;
/** Octets that ESP adds: SPI 4, sequence 4, IV 8, length of padding 1, next header 1, check value 8. */
const EXPANSION = 26;
/** Bits of the check value. */
const ICV_BITS = 64;
const SUBSYSTEM = 'networking:ipsec';

/** SPIs of one key between this node and another. */
interface Pair {
  readonly forward: number;
  readonly reverse: number;
}

interface Peer {
  /** In the order of the keys: the first is the one in use. */
  pairs: Pair[];
  readonly origin: Origin;
}

/** The largest packet of an encrypted overlay: what is left is cut to a multiple of four. */
export function encryptedMtu(mtu: number): number {
  return mtu - EXPANSION - ((mtu - EXPANSION) % 4);
}

/** buildSPI: FNV-1a (32 bits) of source, tag and destination; addresses have the 16 octets of Go's net.IP. */
export function buildSpi(src: number, dst: number, tag: number): number {
  let hash = 2166136261;
  const take = (octet: number): void => {
    hash = Math.imul(hash ^ octet, 16777619);
  };
  const word = (value: number): void => [24, 16, 8, 0].forEach((shift) => take((value >>> shift) & 0xff));
  for (const [address, after] of [
    [src, tag],
    [dst, undefined],
  ] as const) {
    for (let i = 0; i < 10; i++) take(0);
    take(0xff);
    take(0xff);
    word(address);
    if (after !== undefined) word(after);
  }
  return hash >>> 0;
}

export class Encryption {
  private readonly hostNs: NetworkNamespace;
  private readonly style: DataPlane['encryptionRules'];
  /** Keys of IPsec, the one in use first; empty outside a swarm. */
  private keys: EncryptionKey[] = [];
  private readonly peers = new Map<number, Peer>();
  /** VXLAN networks that are gone, and whose rules are not. */
  private readonly left = new Set<number>();
  /** This node's end of its tunnels; 0 outside a swarm. */
  localAddress: () => number = () => 0;

  constructor(hostNs: NetworkNamespace, style: DataPlane['encryptionRules']) {
    this.hostNs = hostNs;
    this.style = style;
  }

  // -- rules

  /** The rules of a network, one line each: where, how, and their words. */
  private rules(
    vni: number,
    port: number,
  ): readonly (readonly [how: 'append' | 'insert', table: dataplane.TableName, chain: string, rule: string])[] {
    const mark = `-j MARK --set-mark ${MARK}`;
    if (this.style === 'u32') {
      const vxlan = `-p udp --dport ${port} -m u32 --u32 0>>22&0x3C@12&0xFFFFFF00=${vni * 256}`;
      return [
        ['append', 'mangle', 'OUTPUT', `${vxlan} ${mark}`],
        ['append', 'filter', 'INPUT', `-m policy --dir in --pol ipsec ${vxlan} -j ACCEPT`],
        ['append', 'filter', 'INPUT', `${vxlan} -j DROP`],
      ];
    }
    const vxlan = `-p udp --dport ${port} -m bpf --bytecode "7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 ${vni},6 0 0 0,6 0 0 4294967295"`;
    return [
      ['append', 'mangle', 'OUTPUT', `${vxlan} ${mark}`],
      ['insert', 'filter', 'INPUT', `-m policy --dir in --pol none ${vxlan} -j DROP`],
    ];
  }

  /** programMangle, programInput. Where u32 asks, they are written with the first state. */
  private writeRules(vni: number, port: number, origin: Origin): void {
    for (const [how, table, chain, rule] of this.rules(vni, port)) {
      if (dataplane.has(this.hostNs, table, chain, rule)) continue;
      const add = how === 'insert' ? dataplane.insert : dataplane.append;
      add(this.hostNs, table, chain, rule, origin);
    }
  }

  /** The namespace of an encrypted network is about to be made. */
  begin(vni: number, port: number, origin: Origin): void {
    if (this.style !== 'u32') this.writeRules(vni, port, origin);
  }

  /** A network without encryption comes that has the number of an encrypted one: what that has left behind goes. */
  sweep(vni: number, port: number, origin: Origin): void {
    if (this.left.delete(vni)) this.removeRules(vni, port, origin);
  }

  private removeRules(vni: number, port: number, origin: Origin): void {
    for (const [, table, chain, rule] of this.rules(vni, port))
      dataplane.remove(this.hostNs, table, chain, rule, origin);
  }

  /** The network leaves this node. Old engines leave its rules where they are. */
  end(vni: number, port: number, origin: Origin): void {
    if (this.style === 'u32') this.left.add(vni);
    else this.removeRules(vni, port, origin);
  }

  // -- states

  /** setupEncryption: what leads to another node and back. Without keys nothing, as libnetwork warns and goes on. */
  connect(remote: number, vni: number, port: number, origin: Origin): void {
    const local = this.localAddress();
    if (this.keys.length === 0 || local === remote) return;
    if (this.style === 'u32') this.writeRules(vni, port, origin);
    const pairs = this.keys.map(({ LamportTime }) => ({
      forward: buildSpi(local, remote, LamportTime),
      reverse: buildSpi(remote, local, LamportTime),
    }));
    this.peers.set(remote, { pairs, origin });
    this.port = port;
    pairs.forEach((pair, index) => {
      const key = this.keys[index] as EncryptionKey;
      this.addState(remote, local, pair.reverse, key, origin);
      if (index > 0) return;
      this.addState(local, remote, pair.forward, key, origin);
      dataplane.addXfrmPolicy(this.hostNs, this.policy(remote, pair.forward, origin), false);
    });
  }

  private port = 0;

  private addState(src: number, dst: number, spi: number, key: EncryptionKey, origin: Origin): void {
    const salted = key.Key + spi.toString(16).padStart(8, '0');
    dataplane.addXfrmState(this.hostNs, { src, dst, spi, reqid: MARK, key: salted, icvBits: ICV_BITS, origin });
  }

  private policy(remote: number, spi: number, origin: Origin): dataplane.VxlanPolicy {
    return { src: this.localAddress(), dst: remote, dport: this.port, mark: MARK, reqid: MARK, spi, origin };
  }

  // -- keys

  /** The managers' keys, at first and after each change (handleKeyChange; the one in use is the second oldest). */
  takeKeys(all: readonly EncryptionKey[]): void {
    const given = all.filter(({ Subsystem }) => Subsystem === SUBSYSTEM).sort((a, b) => a.LamportTime - b.LamportTime);
    const primary = given[1] ?? given[0];
    if (primary === undefined) return;
    const has = (keys: readonly EncryptionKey[], { LamportTime }: EncryptionKey): boolean =>
      keys.some((key) => key.LamportTime === LamportTime);
    if (this.keys.length === 0) {
      // setKeys: what an earlier run has left is swept away.
      dataplane.clearXfrm(this.hostNs, MARK);
      this.peers.clear();
      this.keys = [primary, ...given.filter((key) => key !== primary)];
      return;
    }
    const added = given.filter((key) => !has(this.keys, key));
    const pruned = this.keys.filter((key) => !has(given, key));
    this.updateKeys(added, primary, pruned);
  }

  /** updateKeys: new keys are taken in, the primary comes first, and old ones go. */
  private updateKeys(added: readonly EncryptionKey[], primary: EncryptionKey, pruned: readonly EncryptionKey[]): void {
    const before = this.keys;
    const after = [...before.filter((key) => !pruned.includes(key)), ...added];
    const first = after.findIndex(({ LamportTime }) => LamportTime === primary.LamportTime);
    if (first > 0) [after[0], after[first]] = [after[first] as EncryptionKey, after[0] as EncryptionKey];
    for (const [remote, peer] of this.peers) this.updatePeer(remote, peer, before, after, pruned, added);
    this.keys = after;
  }

  /** updateNodeKey: old inbound state out, new inbound in, new outbound in, policy over to it, old outbound out. */
  private updatePeer(
    remote: number,
    peer: Peer,
    before: readonly EncryptionKey[],
    after: readonly EncryptionKey[],
    pruned: readonly EncryptionKey[],
    added: readonly EncryptionKey[],
  ): void {
    const { hostNs } = this;
    const local = this.localAddress();
    const { origin } = peer;
    const pairOf = ({ LamportTime }: EncryptionKey): Pair => ({
      forward: buildSpi(local, remote, LamportTime),
      reverse: buildSpi(remote, local, LamportTime),
    });
    for (const key of pruned) dataplane.removeXfrmState(hostNs, local, pairOf(key).reverse);
    for (const key of added) this.addState(remote, local, pairOf(key).reverse, key, origin);
    const [was, is] = [before[0] as EncryptionKey, after[0] as EncryptionKey];
    if (was !== is) {
      const { forward } = pairOf(is);
      this.addState(local, remote, forward, is, origin);
      dataplane.addXfrmPolicy(hostNs, this.policy(remote, forward, origin), true);
      dataplane.removeXfrmState(hostNs, remote, pairOf(was).forward);
    }
    peer.pairs = after.map(pairOf);
  }

  /** The swarm was left: its keys are nobody's. */
  forgetKeys(): void {
    this.keys = [];
  }
}
