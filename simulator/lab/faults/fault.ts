/**
 * What a fault is: something that goes wrong in a world, by the scenario, in a check, or because the learner wants to see it.
 * One kind a file in this folder, and a line in its list.
 */
import { z } from 'zod/mini';
import type { Origin } from '../../base/origin.ts';
import type { RandomStream } from '../../base/random.ts';
import type { Dockerd } from '../../engine/dockerd.ts';
import type { NetDevice } from '../../kernel/device.ts';
import type { EthernetSwitch, WireFault } from '../../kernel/switch.ts';
import type { Host } from '../../process/host.ts';

/** What a fault can reach. */
export interface FaultField {
  readonly underlay: EthernetSwitch;
  readonly hosts: readonly string[];
  /** The machine of that name as it is now: one that was booted anew is another. */
  host(name: string): Host;
  daemon(name: string): Dockerd | undefined;
  /** Chance of this fault alone. */
  readonly random: RandomStream;
  /** Power off, and on again after so many virtual microseconds. */
  reboot(name: string, after: number): void;
  readonly origin: Origin;
}

/** One kind of fault. */
export interface FaultKind<P = never> {
  readonly name: string;
  /** One line for those who write scenarios; shown by editors. */
  readonly about: string;
  readonly params: z.ZodMiniType<P>;
  /** Whether it goes on until it is mended; the others happen and are over. */
  readonly lasts: (params: P) => boolean;
  /** Machines that the parameters name, with the keys that lead to each. */
  readonly machines: (params: P) => readonly (readonly [path: readonly PropertyKey[], name: string])[];
  /** What a person would read: `link-down node2`. */
  readonly says: (params: P) => string;
  /** Begins it; the answer mends it. */
  readonly begin: (params: P, field: FaultField) => () => void;
}

/** A kind of fault, its parameters' type inferred. */
export function faultKind<P>(definition: FaultKind<P>): FaultKind {
  return definition as unknown as FaultKind;
}

/** A machine's name. */
export const machine = z.string();

/** Where a wire is bad: between two machines, both ways, or all of one machine's. */
export const wire = {
  between: z.optional(z.tuple([machine, machine])),
  on: z.optional(machine),
};

export interface Wire {
  readonly between?: readonly [string, string] | undefined;
  readonly on?: string | undefined;
}

/** The refinement for {@link wire}: one of the two must be there. */
export const oneWire = z.refine<Wire>(
  (where) => (where.between === undefined) !== (where.on === undefined),
  'between: [machine, machine], or on: machine',
);

export function machinesOfWire({ between, on }: Wire): (readonly [readonly PropertyKey[], string])[] {
  if (on !== undefined) return [[['on'], on]];
  return (between ?? []).map((name, index) => [['between', index], name] as const);
}

export function wireSays({ between, on }: Wire): string {
  return on ?? between?.join('–') ?? '';
}

export const percent = z.number().check(z.gt(0), z.maximum(100));
/** Milliseconds that a frame may wait. */
export const milliseconds = z.number().check(z.gt(0), z.maximum(10_000));

/** Whether a frame from one NIC to another uses this wire. */
export function uses({ between, on }: Wire, from: NetDevice, to: NetDevice): boolean {
  const [a, b] = [from.ns.kernel.host, to.ns.kernel.host];
  if (on !== undefined) return a === on || b === on;
  return between !== undefined && between.includes(a) && between.includes(b);
}

/** Hangs a fault into the switch; the answer takes it out. */
export function hang(field: FaultField, fault: Omit<WireFault, 'origin'>): () => void {
  const { faults } = field.underlay;
  const own: WireFault = { ...fault, origin: field.origin };
  faults.push(own);
  return () => {
    const index = faults.indexOf(own);
    if (index >= 0) faults.splice(index, 1);
  };
}

/** Whether chance, of one in a hundred, hits. */
export function hits(random: RandomStream, hundredth: number): boolean {
  return random.below(1_000_000) < hundredth * 10_000;
}
