/** The reproductions of documented faults, and the schema of one in a scenario. */
import { z } from 'zod/mini';
import type { BugField, BugKind } from './bug.ts';
import { espThroughNat } from './esp-through-nat.ts';
import { firewallReload } from './firewall-reload.ts';
import { idleIpvs } from './idle-ipvs.ts';
import { legacyNftSplit } from './legacy-nft-split.ts';
import { mixedVersionIngress } from './mixed-version-ingress.ts';
import { stalePeer } from './stale-peer.ts';
import { vxlanPortClash } from './vxlan-port-clash.ts';

/** Adding one is a file and a line here. */
export const BUGS: readonly BugKind[] = [
  idleIpvs,
  stalePeer,
  firewallReload,
  vxlanPortClash,
  espThroughNat,
  legacyNftSplit,
  mixedVersionIngress,
];

/** `{ NAME: parameters }`. */
export type BugSpec = Readonly<Record<string, unknown>>;

/** The schema of one: one shape per bug, in the order of the list. */
export const bugSchema: z.ZodMiniType<BugSpec> = z.union(
  BUGS.map((bug) => z.strictObject({ [bug.name]: bug.params })) as unknown as [z.ZodMiniType<BugSpec>],
);

function bugOf(spec: BugSpec): { readonly bug: BugKind; readonly params: never } {
  const bug = BUGS.find(({ name }) => spec[name] !== undefined);
  if (bug === undefined)
    throw new RangeError(`there is no such bug; there are ${BUGS.map(({ name }) => name).join(', ')}`);
  return { bug, params: spec[bug.name] as never };
}

/** A machine that a bug names and the world does not have. */
export function bugProblem(
  spec: BugSpec,
  hosts: readonly string[],
): { readonly name: string; readonly message: string } | undefined {
  const { bug, params } = bugOf(spec);
  const unknown = bug.machines(params).find((name) => !hosts.includes(name));
  return unknown === undefined ? undefined : { name: bug.name, message: `there is no machine ${unknown}` };
}

/** Gives a world those bugs of a list whose moment has come. */
export function beginBugs(
  specs: readonly BugSpec[],
  when: 'first' | 'built',
  field: (index: number, name: string) => BugField,
): void {
  for (const [index, spec] of specs.entries()) {
    const { bug, params } = bugOf(spec);
    if (bug.when === when) bug.begin(params, field(index, bug.name));
  }
}
