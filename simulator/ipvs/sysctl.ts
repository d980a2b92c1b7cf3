/**
 * net.ipv4.vs.*, per namespace; names, order and defaults as kernels from 5.10 to 7.2 show them (ip_vs_ctl.c, vs_vars).
 *
 * With an effect here: conntrack, expire_nodest_conn, expire_quiescent_template, conn_reuse_mode, sloppy_tcp, backup_only.
 * The others are kept and shown, without one.
 */
import { done, refuse, type Result } from '../base/result.ts';

/** Values by name; those of the packet path stand as fields of {@link IpvsKnobs}. */
const DEFAULTS: readonly (readonly [string, string, number, number])[] = [
  // name, default, least, greatest
  ['am_droprate', '10', 0, 0x7fffffff],
  ['amemthresh', '1024', 0, 0x7fffffff],
  ['backup_only', '0', 0, 0x7fffffff],
  ['cache_bypass', '0', 0, 0x7fffffff],
  ['conn_lfactor', '-2', -8, 8],
  ['conn_max', '1073741824', 0, 0x7fffffff],
  ['conn_reuse_mode', '1', 0, 0x7fffffff],
  ['conntrack', '0', 0, 0x7fffffff],
  ['drop_entry', '0', 0, 3],
  ['drop_packet', '0', 0, 3],
  ['est_cpulist', '0', 0, 0x7fffffff],
  ['est_nice', '0', -20, 19],
  ['expire_nodest_conn', '0', 0, 0x7fffffff],
  ['expire_quiescent_template', '0', 0, 0x7fffffff],
  ['ignore_tunneled', '0', 0, 0x7fffffff],
  ['nat_icmp_send', '0', 0, 0x7fffffff],
  ['pmtu_disc', '1', 0, 0x7fffffff],
  ['run_estimation', '1', 0, 1],
  ['schedule_icmp', '0', 0, 0x7fffffff],
  ['secure_tcp', '0', 0, 3],
  ['sloppy_sctp', '0', 0, 0x7fffffff],
  ['sloppy_tcp', '0', 0, 0x7fffffff],
  ['snat_reroute', '1', 0, 0x7fffffff],
  ['svc_lfactor', '-2', -8, 8],
  ['sync_persist_mode', '0', 0, 0x7fffffff],
  ['sync_ports', '1', 0, 64],
  ['sync_qlen_max', '15267', 0, 0x7fffffff],
  ['sync_refresh_period', '0', 0, 0x7fffffff],
  ['sync_retries', '0', 0, 3],
  ['sync_sock_size', '0', 0, 0x7fffffff],
  ['sync_threshold', '3\t50', 0, 0x7fffffff],
  ['sync_version', '1', 0, 1],
];

/** Those that not every kernel has. */
export const LATER_KNOBS: ReadonlySet<string> = new Set([
  'conn_lfactor',
  'conn_max',
  'est_cpulist',
  'est_nice',
  'run_estimation',
  'svc_lfactor',
]);

export class IpvsKnobs {
  conntrack = 0;
  expire_nodest_conn = 0;
  expire_quiescent_template = 0;
  conn_reuse_mode = 1;
  sloppy_tcp = 0;
  backup_only = 0;
  /** Those that are only shown, once written. */
  readonly others = new Map<string, string>();
}

type LiveKnob =
  'conntrack' | 'expire_nodest_conn' | 'expire_quiescent_template' | 'conn_reuse_mode' | 'sloppy_tcp' | 'backup_only';
const LIVE: ReadonlySet<string> = new Set<LiveKnob>([
  'conntrack',
  'expire_nodest_conn',
  'expire_quiescent_template',
  'conn_reuse_mode',
  'sloppy_tcp',
  'backup_only',
]);

/** Names below net.ipv4.vs, sorted. */
export const IPVS_SYSCTL_NAMES: readonly string[] = DEFAULTS.map(([name]) => name);

/** The value of a knob as its file reads, without the newline; undefined when there is no such knob. `machine`: defaults of its own. */
export function readKnob(
  knobs: IpvsKnobs | null,
  name: string,
  machine: Readonly<Record<string, string>> = {},
): string | undefined {
  const row = DEFAULTS.find(([each]) => each === name);
  if (row === undefined) return undefined;
  if (knobs !== null && LIVE.has(name)) return String(knobs[name as LiveKnob]);
  return knobs?.others.get(name) ?? machine[name] ?? row[1];
}

/** Writes a knob. EINVAL for what is no number or out of range, ENOENT for an unknown name. */
export function writeKnob(knobs: IpvsKnobs, name: string, text: string): Result<undefined> {
  const row = DEFAULTS.find(([each]) => each === name);
  if (row === undefined) return refuse('ENOENT');
  const words = text.trim().split(/\s+/);
  const wanted = row[1].split('\t').length;
  if (words.length > wanted) return refuse('EINVAL');
  for (const word of words) {
    if (!/^-?(0x[0-9a-fA-F]+|\d+)$/.test(word)) return refuse('EINVAL');
    const value = Number(word);
    if (value < row[2] || value > row[3]) return refuse('EINVAL');
  }
  if (LIVE.has(name)) knobs[name as LiveKnob] = Number(words[0]);
  else knobs.others.set(name, [...words, ...row[1].split('\t').slice(words.length)].join('\t'));
  return done;
}
