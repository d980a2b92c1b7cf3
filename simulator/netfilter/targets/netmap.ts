/** `-j NETMAP`: one network onto another, host part kept. Mirrors libipt_NETMAP.c and net/netfilter/xt_NETMAP.c. */
import { formatIpv4 } from '../../base/address.ts';
import { NF_DROPPED, NF_LOCAL_IN, NF_LOCAL_OUT, NF_POST_ROUTING, NF_PRE_ROUTING } from '../../kernel/seams.ts';
import { parseAddressMask, saveMask } from '../address.ts';
import { entryOf } from '../conntrack/core.ts';
import { parameterProblem, VALUE, type TargetExtension } from '../extension.ts';
import { MANIP_DST, manipOf, natSetup } from '../nat.ts';

export const netmapTarget: TargetExtension<{ address: number; mask: number; given: boolean }> = {
  name: 'NETMAP',
  tables: ['nat'],
  hooks: [NF_PRE_ROUTING, NF_LOCAL_IN, NF_LOCAL_OUT, NF_POST_ROUTING],
  conntrack: true,
  options: { to: VALUE },
  init: () => ({ address: 0, mask: 0, given: false }),
  parse(data, _option, value) {
    const parsed = parseAddressMask(value);
    if ('status' in parsed) return parameterProblem(`NETMAP: bad value "${value}" for option "--to"\n`);
    data.address = (parsed.address & parsed.mask) >>> 0;
    data.mask = parsed.mask;
    data.given = true;
    return undefined;
  },
  check: (data) => (data.given ? undefined : parameterProblem('NETMAP: option "--to" must be specified\n')),
  save: (data) => ` --to ${formatIpv4(data.address)}${saveMask(data.mask, true)}`,
  list: (data) => ` to:${formatIpv4(data.address)}${saveMask(data.mask, true)}`,
  act(data, ns, packet, hook) {
    const entry = entryOf(packet);
    if (entry === null) return NF_DROPPED;
    const manip = manipOf(hook);
    const host = (manip === MANIP_DST ? packet.dst : packet.src) & ~data.mask;
    const address = (data.address | host) >>> 0;
    const range = {
      minAddress: address,
      maxAddress: address,
      minPort: 0,
      maxPort: 0,
      random: false,
      persistent: false,
    };
    return natSetup(ns, entry, range, manip);
  },
};
