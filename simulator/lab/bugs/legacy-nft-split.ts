/** Rules of an older firewall stand in iptables-legacy beside Docker's in nf_tables: the kernel asks both, and `iptables -S` shows one. */
import { z } from 'zod/mini';
import { iptables } from '../../netfilter/index.ts';
import { machine } from '../faults/fault.ts';
import { bugKind } from './bug.ts';

export const legacyNftSplit = bugKind<{ on: string }>({
  name: 'legacy-nft-split',
  issues: ['moby/moby#46636', 'moby/moby#42586'],
  about:
    'A policy DROP for FORWARD stands in iptables-legacy of a machine, where `iptables -S` does not show it (`iptables-legacy -S` does).',
  params: z.strictObject({ on: machine }),
  machines: ({ on }) => [on],
  when: 'built',
  begin: ({ on }, { host, origin }) =>
    void iptables(host(on).kernel.initNs, ['-P', 'FORWARD', 'DROP'], origin, 'legacy'),
});
