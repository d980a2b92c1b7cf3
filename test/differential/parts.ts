// What matches.ts and targets.ts share: the places where parts of random rules stand, and addresses, ports and devices for them.
import type { RandomStream } from '../../simulator/base/random.ts';
import type { Node, Topology } from './case.ts';

export type Hook = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';

export const TABLES: Readonly<Record<string, readonly Hook[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** Where a rule stands. A user's chain has the hooks of nobody: only what is legal everywhere goes in. */
export interface Place {
  readonly table: string;
  readonly hook: Hook | undefined;
  readonly node: Node;
  readonly topology: Topology;
  readonly random: RandomStream;
}

/** A part of a rule; undefined where it is not legal. `protocol` is what `-p` says, '' for none. */
type Maker = (place: Place, protocol: string) => string | undefined;

export interface Part {
  readonly name: string;
  readonly weight: number;
  readonly make: Maker;
  /** A rule that has it, for finding out who knows it: table, chain and the part. */
  readonly sample: readonly [table: string, rule: string];
}

export function pick<T>(random: RandomStream, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

export function not(random: RandomStream): string {
  return random.below(5) === 0 ? '! ' : '';
}

export function anyAddress({ topology, random }: Place): string {
  const all = topology.nodes.flatMap((node) => node.addresses);
  const address = pick(random, all);
  const style = random.below(6);
  if (style === 0) return `${address.replace(/\.\d+$/, '.0')}/24`;
  return style === 1 ? `${address}/31` : address;
}

export function ports(random: RandomStream): string {
  const port = pick(random, [53, 80, 80, 8080, 5000, 81, 1024, 33000, 40001]);
  return random.below(4) === 0 ? `${port}:${port + pick(random, [1, 100, 20000])}` : String(port);
}

export function input({ hook }: Place): boolean {
  return hook === 'PREROUTING' || hook === 'INPUT' || hook === 'FORWARD';
}

export function output({ hook }: Place): boolean {
  return hook === 'FORWARD' || hook === 'OUTPUT' || hook === 'POSTROUTING';
}

export function device({ node, random }: Place): string {
  const name = pick(random, node.devices);
  return random.below(8) === 0 ? name.replace(/\d$/, '+') : name;
}
