/** The door of netfilter: what stack.ts plugs in, and what tools and dockerd ask. */
export {
  conntrackConfirm as confirmHook,
  conntrackIn as conntrackHook,
  filterHook,
  mangleHook,
  natDstHook as natDestinationHook,
  natSrcHook as natSourceHook,
  rawHook,
  securityHook,
  setupNetfilter,
} from './hooks.ts';
export { NETFILTER_PROC_FILES, NETFILTER_SYSCTLS } from './procfs.ts';
export { netfilterOf, TABLE_NAMES, useConntrack, type TableName } from './state.ts';
export { shownBaseChains, shownChain, tablePresent, userChains, xtables, type XtablesRequest } from './xtables.ts';
export { EMPTY_RULE, type Rule, type RuleSpec } from './rule.ts';
export { ruleText } from './print.ts';
export { iptables, saveTableText, IPTABLES_VERSION, type CommandOutcome } from './command.ts';
export { isComplaint, type CommandLine } from './draft.ts';
export { parseCommandLine, parseRule } from './parse.ts';
export { iptablesRestore, type RestoreOptions } from './restore.ts';
export * from './conntrack/control.ts';
export { CONNTRACK_PROTOCOLS, formatEntry, formatEntryXml } from './conntrack/format.ts';
export type { ConntrackEntry } from './conntrack/entry.ts';
