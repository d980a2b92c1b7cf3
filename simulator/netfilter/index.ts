/** The door of netfilter: what stack.ts plugs in, and what tools and dockerd ask. */
export {
  conntrackConfirm as confirmHook,
  conntrackIn as conntrackHook,
  filterHook,
  mangleHook,
  natDstHook as natDestinationHook,
  natSrcHook as natSourceHook,
  rawHook,
  securityHook, securityLegacyHook,
} from './hooks.ts';
export { NETFILTER_PROC_FILES, NETFILTER_SYSCTLS } from './procfs.ts';
export { TABLE_NAMES, wrappedElsewhere, type Backend, type TableName, type TraceStep } from './state.ts';
export { presentTables, shownBaseChains, shownChain, userChains, xtables, type XtablesRequest } from './xtables.ts';
export { nftTables, watchTrace, type NftChain, type NftTable } from './nftview.ts';
export type { RuleSpec } from './rule.ts';
export { iptables, legacyWarning, saveTableText, versionOf, type CommandOutcome } from './command.ts';
export { iptablesRestore } from './restore.ts';
export * from './conntrack/control.ts';
export { CONNTRACK_PROTOCOLS, formatEntry, formatEntryXml } from './conntrack/format.ts';
export type { ConntrackEntry } from './conntrack/entry.ts';
