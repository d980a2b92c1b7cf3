/** The kinds of faults, the schema of one in a file, and what is wrong with one that names what is not there. */
import { z } from 'zod/mini';
import { SECOND } from '../../base/scheduler.ts';
import { blocked } from './blocked.ts';
import { clock } from './clock.ts';
import { delay } from './delay.ts';
import { docker } from './docker.ts';
import { duplicate } from './duplicate.ts';
import type { FaultKind } from './fault.ts';
import { killTask } from './kill-task.ts';
import { linkDown } from './link-down.ts';
import { loss } from './loss.ts';
import { partition } from './partition.ts';
import { reboot } from './reboot.ts';
import { reorder } from './reorder.ts';
import { wire } from './wire.ts';

/** Adding one is a file and a line here. */
export const FAULT_KINDS: readonly FaultKind[] = [
  linkDown,
  loss,
  delay,
  duplicate,
  reorder,
  wire,
  blocked,
  partition,
  reboot,
  docker,
  killTask,
  clock,
];

/** A fault as files and logs have it: `{ KIND: parameters, after?: seconds, for?: seconds }`. */
export interface FaultSpec {
  /** Seconds until it begins. */
  readonly after?: number | undefined;
  /** Seconds until it is mended. */
  readonly for?: number | undefined;
  readonly [kind: string]: unknown;
}

const seconds = z.number().check(z.minimum(0), z.maximum(1e6));

/** The schema of one fault: one shape per kind, in the order of the list. */
export const faultSchema: z.ZodMiniType<FaultSpec> = z.union(
  FAULT_KINDS.map((kind) =>
    z.strictObject({ after: z.optional(seconds), for: z.optional(seconds), [kind.name]: kind.params }),
  ) as unknown as [z.ZodMiniType<FaultSpec>],
);

export interface ReadFault {
  readonly kind: FaultKind;
  readonly params: never;
}

/** The kind of a fault, and its parameters. Throws RangeError on what is none. */
export function faultOf(spec: FaultSpec): ReadFault {
  const kind = FAULT_KINDS.find(({ name }) => spec[name] !== undefined);
  if (kind === undefined)
    throw new RangeError(`there is no such fault; there are ${FAULT_KINDS.map(({ name }) => name).join(', ')}`);
  return { kind, params: spec[kind.name] as never };
}

/** What is wrong with a fault of a world with these machines: the keys that lead to it, and words. */
export function faultProblem(
  spec: FaultSpec,
  hosts: readonly string[],
  docker: readonly string[],
): { readonly path: readonly PropertyKey[]; readonly message: string } | undefined {
  const { kind, params } = faultOf(spec);
  for (const [path, name] of kind.machines(params)) {
    if (!hosts.includes(name)) return { path: [kind.name, ...path], message: `there is no machine ${name}` };
    if (kind.name === 'docker' && !docker.includes(name))
      return { path: [kind.name, ...path], message: `${name} is no machine with docker: true` };
  }
  if (spec.for !== undefined && !kind.lasts(params))
    return { path: ['for'], message: `${kind.says(params)} is over as soon as it happened` };
  return undefined;
}

/** In virtual microseconds. */
export function timesOf(spec: FaultSpec): { readonly after: number; readonly lasts: number | undefined } {
  return {
    after: Math.round((spec.after ?? 0) * SECOND),
    lasts: spec.for === undefined ? undefined : Math.round(spec.for * SECOND),
  };
}
