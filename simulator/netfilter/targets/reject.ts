/** `-j REJECT`. Mirrors libipt_REJECT.c, ipt_REJECT.c and nf_reject_ipv4.c. */
import { ipLocalOut } from '../../kernel/ip-output.ts';
import { icmpSend, toAll } from '../../kernel/icmp.ts';
import { drop } from '../../kernel/kernel.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { NF_DROPPED, NF_FORWARD, NF_LOCAL_IN, NF_LOCAL_OUT } from '../../kernel/seams.ts';
import { devQueueXmit } from '../../kernel/transmit.ts';
import {
  CT_RELATED,
  CT_RELATED_REPLY,
  PROTO_ESP,
  PROTO_ICMP,
  PROTO_SCTP,
  PROTO_TCP,
  PROTO_UDP,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
  type Packet,
} from '../../wire/packet.ts';
import { ORIGINAL, type ConntrackEntry } from '../conntrack/entry.ts';
import { directionOf, setClosing } from '../conntrack/protocols.ts';
import { parameterProblem, VALUE, type TargetExtension } from '../extension.ts';
import { netfilterOf } from '../state.ts';

/** Name, alias, ICMP code of type 3; -1 for a TCP reset. */
const ANSWERS: readonly (readonly [string, string, number])[] = [
  ['icmp-net-unreachable', 'net-unreach', 0],
  ['icmp-host-unreachable', 'host-unreach', 1],
  ['icmp-proto-unreachable', 'proto-unreach', 2],
  ['icmp-port-unreachable', 'port-unreach', 3],
  ['icmp-net-prohibited', 'net-prohib', 9],
  ['icmp-host-prohibited', 'host-prohib', 10],
  ['icmp-admin-prohibited', 'admin-prohib', 13],
  ['tcp-reset', 'tcp-rst', -1],
];

export const rejectTarget: TargetExtension<{ answer: string; code: number }> = {
  name: 'REJECT',
  tables: ['filter'],
  hooks: [NF_LOCAL_IN, NF_FORWARD, NF_LOCAL_OUT],
  options: { 'reject-with': VALUE },
  init: () => ({ answer: 'icmp-port-unreachable', code: 3 }),
  parse(data, _option, value) {
    const lower = value.toLowerCase();
    const found = ANSWERS.find(([name, alias]) => name.startsWith(lower) || alias.startsWith(lower));
    if (found === undefined || value === '') return parameterProblem(`unknown reject type "${value}"`);
    data.answer = found[0];
    data.code = found[2];
    return undefined;
  },
  accepts: (data, context) => data.code >= 0 || (context.protocol === PROTO_TCP && !context.notProtocol),
  save: (data) => ` --reject-with ${data.answer}`,
  list: (data) => ` reject-with ${data.answer}`,
  act(data, ns, packet) {
    if (data.code < 0) sendReset(ns, packet);
    else if (sumIsGood(packet)) icmpSend(ns, packet, 3, data.code);
    drop(ns, packet, 'NETFILTER_REJECT', data.answer);
    return NF_DROPPED;
  },
};

/**
 * nf_reject_verify_csum: of protocols it does not know, the kernel takes the octets above IP for a checksummed whole, and
 * says nothing about what does not add up.
 */
function sumIsGood({ protocol, payload, inner }: Packet): boolean {
  switch (protocol) {
    case PROTO_ICMP:
    case PROTO_TCP:
    case PROTO_UDP:
    case PROTO_SCTP:
    case PROTO_ESP:
      return true;
    default: {
      if (inner !== null) return false;
      let sum = 0;
      for (let i = 0; i < payload.length; i++) sum += (payload[i] as number) << (i & 1 ? 0 : 8);
      return sum !== 0 && sum % 0xffff === 0;
    }
  }
}

/** nf_send_reset */
function sendReset(ns: NetworkNamespace, about: Packet): void {
  if (about.protocol !== PROTO_TCP || about.fragmentOffset !== 0 || about.flags & TCP_RST || toAll(ns, about)) return;
  const reset = ns.kernel.universe.packets.make();
  reset.parent = about.id;
  reset.flow = about.flow;
  reset.src = about.dst;
  reset.dst = about.src;
  reset.protocol = PROTO_TCP;
  reset.dontFragment = true;
  reset.sport = about.dport;
  reset.dport = about.sport;
  if (about.flags & TCP_ACK) {
    reset.flags = TCP_RST;
    reset.seq = about.ack;
  } else {
    reset.flags = TCP_RST | TCP_ACK;
    const length = about.payload.length + (about.flags & TCP_SYN ? 1 : 0) + (about.flags & TCP_FIN ? 1 : 0);
    reset.ack = (about.seq + length) >>> 0;
  }
  if (ns.knobs.fwmark_reflect !== 0) reset.mark = about.mark;
  // nf_ct_attach: the answer belongs to the connection it refuses, even an unconfirmed one.
  if (about.ct !== null) {
    reset.ct = about.ct;
    reset.ctInfo = directionOf(about.ctInfo) === ORIGINAL ? CT_RELATED_REPLY : CT_RELATED;
    setClosing(netfilterOf(ns).conntrack, about.ct as ConntrackEntry, ns.kernel.now);
  }
  const port = about.physIif !== 0 ? ns.devices.get(about.physIif) : undefined;
  if (port === undefined) {
    ipLocalOut(ns, reset);
    return;
  }
  // Of a bridged packet the answer leaves by the port it came in by, as if from the other end; no hook sees it.
  reset.ttl = ns.knobs.ip_default_ttl;
  reset.srcMac = about.dstMac;
  reset.dstMac = about.srcMac;
  devQueueXmit(port, reset);
}
