/** `-j TCPMSS`: lowers the MSS that a SYN offers. Mirrors libxt_TCPMSS.c and net/netfilter/xt_TCPMSS.c. */
import { fibLookup } from '../../kernel/fib.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { routeMtu } from '../../kernel/route.ts';
import { PROTO_TCP, TCP_SYN, type Packet } from '../../wire/packet.ts';
import { CONTINUE, FLAG, parameterProblem, VALUE, type RuleContext, type TargetExtension } from '../extension.ts';
import { parseUnsigned } from '../names.ts';

interface TcpmssData {
  /** -1 unset, 0 clamp to the path's MTU. */
  mss: number;
}

export const tcpmssTarget: TargetExtension<TcpmssData> = {
  name: 'TCPMSS',
  options: { 'set-mss': VALUE, 'clamp-mss-to-pmtu': FLAG },
  init: () => ({ mss: -1 }),
  parse(data, option, value) {
    const mss = option === 'set-mss' ? parseUnsigned(value, 65495) : 0;
    if (mss === undefined)
      return parameterProblem('TCPMSS: bad value for option "--set-mss", or out of range (0-65495).\n');
    data.mss = mss;
    return undefined;
  },
  check: (data) => (data.mss < 0 ? parameterProblem('TCPMSS target: At least one parameter is required') : undefined),
  accepts: (_data: TcpmssData, context: RuleContext) => context.protocol === PROTO_TCP && !context.notProtocol,
  save: (data) => (data.mss === 0 ? ' --clamp-mss-to-pmtu' : ` --set-mss ${data.mss}`),
  list: (data) => (data.mss === 0 ? ' TCPMSS clamp to PMTU' : ` TCPMSS set ${data.mss}`),
  act(data, ns, packet) {
    if (!(packet.flags & TCP_SYN)) return CONTINUE;
    const mss =
      data.mss === 0
        ? Math.min(wayMtu(ns, packet, packet.dst, packet.src), wayMtu(ns, packet, packet.src, 0)) - 40
        : data.mss;
    const options = packet.tcpOptions;
    // A SYN that offers nothing means 536 (RFC 1122 4.2.2.6), which is written down where no data stands in the way.
    if (options?.mss === undefined) {
      if (packet.payload.length === 0) packet.tcpOptions = { ...options, mss: Math.min(mss, 536) };
    } else if (options.mss > mss) packet.tcpOptions = { ...options, mss };
    return CONTINUE;
  },
};

/** The MTU of the way to an address; tcpmss_reverse_mtu asks for the one back without the packet's mark. */
function wayMtu(ns: NetworkNamespace, packet: Packet, to: number, from: number): number {
  const there = from !== 0;
  const route = fibLookup(ns, to, from, there ? packet.mark : 0, 0, there ? packet.iif : 0, there ? packet.tos : 0);
  return route === null || (route.dev === null && route.type !== 'local') ? 65535 : routeMtu(ns, route, to);
}
