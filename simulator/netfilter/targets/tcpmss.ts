/** `-j TCPMSS`: lowers the MSS that a SYN offers. Mirrors libxt_TCPMSS.c and net/netfilter/xt_TCPMSS.c. */
import { PROTO_TCP, TCP_SYN } from '../../wire/packet.ts';
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
  act(data, _ns, packet, _hook, input, output) {
    const options = packet.tcpOptions;
    if (!(packet.flags & TCP_SYN) || options === null || options.mss === undefined) return CONTINUE;
    const path = Math.min(output?.mtu ?? 65535, input?.mtu ?? 65535);
    const mss = data.mss === 0 ? path - 40 : data.mss;
    if (options.mss > mss) packet.tcpOptions = { ...options, mss };
    return CONTINUE;
  },
};
