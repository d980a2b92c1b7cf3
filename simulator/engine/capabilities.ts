/** What root of a container may do. Mirrors moby oci/caps: the default set, `--cap-add`, `--cap-drop` and `--privileged`. */
import type { Capabilities } from '../process/program.ts';
import type { HostConfig } from './apiTypes.ts';

const DEFAULTS: readonly string[] = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FSETID',
  'FOWNER',
  'MKNOD',
  'NET_RAW',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'SYS_CHROOT',
  'KILL',
  'AUDIT_WRITE',
];

/** Every other capability of capabilities(7). */
const FURTHER: readonly string[] = [
  'AUDIT_CONTROL',
  'AUDIT_READ',
  'BLOCK_SUSPEND',
  'BPF',
  'CHECKPOINT_RESTORE',
  'DAC_READ_SEARCH',
  'IPC_LOCK',
  'IPC_OWNER',
  'LEASE',
  'LINUX_IMMUTABLE',
  'MAC_ADMIN',
  'MAC_OVERRIDE',
  'NET_ADMIN',
  'NET_BROADCAST',
  'PERFMON',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_MODULE',
  'SYS_NICE',
  'SYS_PACCT',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'SYSLOG',
  'WAKE_ALARM',
];

const bare = (name: string): string => name.toUpperCase().replace(/^CAP_/, '');

/** The words of the daemon's refusal of a capability that there is not. */
export function capabilityProblem(names: readonly string[]): string | undefined {
  const strange = names.find((name) => bare(name) !== 'ALL' && !DEFAULTS.includes(bare(name)) && !FURTHER.includes(bare(name)));
  return strange === undefined ? undefined : `invalid capability: "CAP_${bare(strange)}"`;
}

export function capabilitiesOf({ Privileged, CapAdd, CapDrop }: Pick<HostConfig, 'Privileged' | 'CapAdd' | 'CapDrop'>): Capabilities {
  if (Privileged) return 'all';
  const [add, drop] = [(CapAdd ?? []).map(bare), (CapDrop ?? []).map(bare)];
  const from = add.includes('ALL') ? [...DEFAULTS, ...FURTHER] : drop.includes('ALL') ? [] : DEFAULTS;
  const set = new Set(from.filter((name) => !drop.includes(name)));
  for (const name of add) if (name !== 'ALL') set.add(name);
  return set;
}
