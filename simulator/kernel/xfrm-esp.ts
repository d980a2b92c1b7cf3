/**
 * ESP on its way out and in. Mirrors net/ipv4/xfrm4_output.c, net/xfrm/xfrm_output.c, xfrm_input.c, net/ipv4/xfrm4_input.c and esp4.c.
 * The wrapped packet is a new one with the old one inside; on the wire they share one IP header, as transport mode has it.
 *
 * Deviations: an ESP packet that does not fit and may not be cut is refused at the sender, where the kernel answers itself by ICMP;
 * what NAT does to the plain packet at POSTROUTING does not make it look for another policy (nf_xfrm_me_harder).
 */
import { done, type Result } from '../base/result.ts';
import { ipLength, PROTO_ESP, PROTO_TCP, PROTO_UDP, type EspHeader, type Packet } from '../wire/packet.ts';
import { nfHook, nfHookVerdict } from './hooks.ts';
import { ipRcvFinish } from './ip-input.ts';
import { ipLocalOut } from './ip-output.ts';
import { drop, emit, type Kernel } from './kernel.ts';
import type { NetworkNamespace } from './netns.ts';
import { outputDevice } from './route.ts';
import type { Route } from './fib.ts';
import { refuse } from '../base/result.ts';
import { NF_ACCEPT, NF_POST_ROUTING, NF_PRE_ROUTING, NF_STOLEN, type TransportProtocol } from './seams.ts';
import { findState, type XfrmBundle, type XfrmState, type XfrmTables } from './xfrm.ts';

/** Octets of the IP header, which ESP does not count. */
const IP_HEADER = 20;

/**
 * xfrm4_output: POSTROUTING sees the plain packet, then it is wrapped, and what came of it passes OUTPUT and POSTROUTING as a packet
 * of its own. EPERM when one of them drops it.
 */
export function xfrmOutput(ns: NetworkNamespace, packet: Packet, route: Route): Result<undefined> {
  const verdict = nfHookVerdict(ns, NF_POST_ROUTING, packet, null, outputDevice(ns, route));
  if (verdict !== NF_ACCEPT) return verdict === NF_STOLEN ? done : refuse('EPERM');
  const { states } = packet.bundle as XfrmBundle;
  packet.bundle = null;
  let outer = packet;
  for (const state of states) outer = espOutput(ns, outer, state);
  return ipLocalOut(ns, outer, { route, origin: (states[0] as XfrmState).origin });
}

/** esp_output and what xfrm_output_one counts. */
function espOutput(ns: NetworkNamespace, packet: Packet, state: XfrmState): Packet {
  state.outgoing++;
  account(ns, state, packet);
  const header: EspHeader = {
    spi: state.spi,
    sequence: state.outgoing >>> 0,
    key: state.key,
    icvLength: state.icvBits / 8,
  };
  const outer = ns.kernel.universe.packets.make();
  outer.parent = packet.id;
  outer.flow = packet.flow;
  outer.protocol = PROTO_ESP;
  outer.src = packet.src;
  outer.dst = packet.dst;
  outer.ttl = packet.ttl;
  outer.tos = packet.tos;
  outer.ipId = packet.ipId;
  outer.dontFragment = packet.dontFragment;
  outer.mark = packet.mark;
  outer.iif = packet.iif;
  outer.esp = header;
  outer.inner = packet;
  // nf_reset_ct: the plain packet's connection ends here.
  packet.ct = null;
  packet.ctInfo = 0;
  if (ns.kernel.universe.trace !== null) {
    emit(ns, outer, {
      kind: 'encap',
      dev: 'xfrm',
      vni: 0,
      remote: outer.dst,
      inner: packet.id,
      esp: { spi: state.spi, sequence: header.sequence, reqid: state.reqid },
      origin: state.origin,
    });
  }
  return outer;
}

function account(ns: NetworkNamespace, state: XfrmState, packet: Packet): void {
  const { now } = ns.kernel;
  if (state.used === 0) state.used = now;
  state.lastUsed = now;
  state.bytes += ipLength(packet) - IP_HEADER;
  state.packets++;
}

/** The kernel takes ESP from the first state on (esp4 is loaded then): before, it answers "protocol unreachable". */
export function loadEsp(kernel: Kernel): void {
  kernel.protocols[PROTO_ESP] ??= esp;
}

/** xfrm_input, and xfrm4_transport_finish: what is unwrapped passes PREROUTING and INPUT as the packet that it was. */
const esp: TransportProtocol = {
  protocol: PROTO_ESP,
  receive(ns, packet) {
    const tables = ns.xfrm;
    const state = packet.esp === null ? undefined : findState(ns, packet.esp.spi, packet.dst, packet.mark);
    if (tables === null || state === undefined) {
      tables?.count('InNoStates');
      drop(ns, packet, 'XFRM_NO_STATE', 'xfrm_input');
      return;
    }
    const inner = opened(ns, tables, state, packet);
    const dev = ns.devices.get(packet.iif);
    if (inner === null || dev === undefined) return;
    account(ns, state, inner);
    if (ns.kernel.universe.trace !== null) {
      emit(ns, inner, {
        kind: 'decap',
        dev: 'xfrm',
        vni: 0,
        outer: packet.id,
        esp: { spi: state.spi, sequence: (packet.esp as EspHeader).sequence, reqid: state.reqid },
        origin: state.origin,
      });
    }
    if (nfHook(ns, NF_PRE_ROUTING, inner, dev, null)) ipRcvFinish(dev, inner);
  },
  error: () => undefined,
};

/** The packet inside with the IP header that came; null, and what came is reported dropped, when the key does not open it. */
function opened(ns: NetworkNamespace, tables: XfrmTables, state: XfrmState, outer: Packet): Packet | null {
  const { inner } = outer;
  if (inner === null || outer.malformed || outer.esp?.key !== state.key) {
    state.failed++;
    tables.count('InStateProtoError');
    drop(ns, outer, 'XFRM_INTEGRITY', 'xfrm_input', state.origin);
    return null;
  }
  // The sum of UDP and TCP covers addresses: behind NAT they are not those that it was made over.
  if (
    (inner.src !== outer.src || inner.dst !== outer.dst) &&
    (inner.protocol === PROTO_UDP || inner.protocol === PROTO_TCP)
  )
    inner.malformed = true;
  inner.src = outer.src;
  inner.dst = outer.dst;
  inner.ttl = outer.ttl;
  inner.tos = outer.tos;
  inner.srcMac = outer.srcMac;
  inner.dstMac = outer.dstMac;
  inner.iif = outer.iif;
  inner.mark = outer.mark;
  inner.ct = null;
  inner.ctInfo = 0;
  inner.ipvs = false;
  inner.ipvsConnection = null;
  inner.nfTrace = false;
  inner.socketUid = -1;
  inner.bundle = null;
  inner.secPath = outer.secPath === null ? [state] : [state, ...outer.secPath];
  return inner;
}
