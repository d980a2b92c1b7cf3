/** What IPVS asks of conntrack; stack.ts fills it in. Mirrors net/netfilter/ipvs/ip_vs_nfct.c. */
import type { NetworkNamespace } from '../kernel/netns.ts';
import type { Packet } from '../wire/packet.ts';

export interface IpvsSeam {
  /**
   * ip_vs_update_conntrack: the reply of the packet's connection will come from (`side` source) or go to (destination)
   * `address`:`port`. Only the first packet of a connection not yet confirmed, in original direction, has an effect.
   */
  alterReply:
    | ((ns: NetworkNamespace, packet: Packet, side: 'source' | 'destination', address: number, port: number) => void)
    | null;
  /** ip_vs_conn_drop_conntrack: forgets the conntrack entry with this original tuple. */
  dropConntrack:
    ((ns: NetworkNamespace, protocol: number, src: number, sport: number, dst: number, dport: number) => void) | null;
}

/** Functions only, no state: one for all namespaces. */
export const ipvsSeam: IpvsSeam = { alterReply: null, dropConntrack: null };
