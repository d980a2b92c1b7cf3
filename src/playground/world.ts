/**
 * The playground's world: what an address asks for, made of a scenario of content/scenarios. The number of nodes and the
 * engine are the reader's; names, addresses and places are those of the lessons.
 */
import type { Scenario } from '../../simulator/index.ts';

export const MOST_NODES = 9;

/** What can be chosen. */
export interface Offer {
  /** By name; the scenarios as they are written. */
  readonly scenarios: Readonly<Record<string, Scenario>>;
  readonly engines: readonly string[];
  readonly usual: Choice;
}

export interface Choice {
  readonly scenario: string;
  readonly nodes: number;
  readonly engine: string;
}

/** A part of the address that means nothing. */
export interface Fault {
  readonly what: keyof Choice | 'unknown';
  readonly given: string;
}

/** What the query of an address chooses. What it does not say, or says wrongly, is as usual. */
export function readChoice(query: string, { scenarios, engines, usual }: Offer): { choice: Choice; faults: Fault[] } {
  const given = new URLSearchParams(query);
  const faults: Fault[] = [];
  const take = <K extends keyof Choice>(what: K, read: (text: string) => Choice[K] | undefined): Choice[K] => {
    const text = given.get(what);
    const value = text === null ? usual[what] : read(text);
    if (value === undefined) faults.push({ what, given: text! });
    return value ?? usual[what];
  };
  const choice: Choice = {
    scenario: take('scenario', (text) => (Object.hasOwn(scenarios, text) ? text : undefined)),
    nodes: take('nodes', (text) => (/^[1-9]$/.test(text) ? Number(text) : undefined)),
    engine: take('engine', (text) => engines.find((engine) => engine === text)),
  };
  for (const key of new Set(given.keys())) if (!Object.hasOwn(usual, key)) faults.push({ what: 'unknown', given: key });
  return { choice, faults };
}

/** The query that stands for a choice. */
export function queryOf({ scenario, nodes, engine }: Choice): string {
  return `?${new URLSearchParams({ scenario, nodes: String(nodes), engine }).toString()}`;
}

/** The world of a choice. */
export function worldOfChoice({ scenario, nodes, engine }: Choice, { scenarios }: Offer): Scenario {
  const base = scenarios[scenario]!;
  const written = base.machines.filter(({ name }) => name.startsWith('node'));
  const others = base.machines.filter(({ name }) => !name.startsWith('node'));
  const docker = written[0]!.docker;
  const node = (number: number): Scenario['machines'][number] =>
    written.find(({ name }) => name === `node${number}`) ?? {
      name: `node${number}`,
      address: `192.168.56.${10 + number}/24`,
      mac: `08:00:27:38:00:${10 + number}`,
      docker,
    };
  const machines = Array.from({ length: nodes }, (_, index) => node(index + 1));
  return {
    ...base,
    engine,
    machines: [...machines, ...others],
    ...(base.swarm && { swarm: { managers: ['node1'], workers: machines.slice(1).map(({ name }) => name) } }),
  };
}
