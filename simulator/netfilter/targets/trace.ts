/** `-j TRACE`: marks the packet so that every rule it meets is reported. Mirrors libxt_TRACE.c (meta nftrace set 1). */
import { CONTINUE, type TargetExtension } from '../extension.ts';

export const traceTarget: TargetExtension = {
  name: 'TRACE',
  options: {},
  init: () => ({}),
  parse: () => undefined,
  save: () => '',
  list: () => '',
  act(_data, _ns, packet) {
    packet.nfTrace = true;
    return CONTINUE;
  },
};
