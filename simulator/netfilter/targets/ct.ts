/** `-j CT --notrack` and its short form `-j NOTRACK`. Mirrors libxt_CT.c and net/netfilter/xt_CT.c. */
import { CT_UNTRACKED } from '../../wire/packet.ts';
import { reportUntracked } from '../conntrack/core.ts';
import { CONTINUE, FLAG, notEmulated, VALUE, type TargetExtension } from '../extension.ts';

type Act = TargetExtension['act'];

/** The packet goes by connection tracking (only where it is not tracked yet). */
const untrack: Act = (_data, ns, packet, hook) => {
  if (packet.ct === null) {
    packet.ctInfo = CT_UNTRACKED;
    reportUntracked(ns, packet, hook);
  }
  return CONTINUE;
};

export const ctTarget: TargetExtension<{ notrack: boolean }> = {
  name: 'CT',
  tables: ['raw'],
  options: {
    notrack: FLAG,
    helper: VALUE,
    ctevents: VALUE,
    expevents: VALUE,
    zone: VALUE,
    'zone-orig': VALUE,
    'zone-reply': VALUE,
    timeout: VALUE,
  },
  init: () => ({ notrack: false }),
  parse(data, option) {
    if (option !== 'notrack') return notEmulated(`--${option}`);
    data.notrack = true;
    return undefined;
  },
  save: (data) => (data.notrack ? ' --notrack' : ''),
  list: (data) => ` CT${data.notrack ? ' notrack' : ''}`,
  act: (data, ns, packet, hook, input, output) =>
    data.notrack ? untrack(data, ns, packet, hook, input, output) : CONTINUE,
};

export const notrackTarget: TargetExtension = {
  name: 'NOTRACK',
  listedAs: 'CT',
  tables: ['raw'],
  options: {},
  init: () => ({}),
  parse: () => undefined,
  save: () => '',
  list: () => ' NOTRACK',
  act: untrack,
};
