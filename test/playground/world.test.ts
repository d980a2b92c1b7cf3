// What an address of the playground chooses, and the world that comes of it.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkScenario, createWorld, DEFAULT_ENGINE, ENGINES, parseScenario } from '../../simulator/index.ts';
import { type Choice, type Offer, queryOf, readChoice, worldOfChoice } from '../../src/playground/world.ts';

const scenarios = Object.fromEntries(
  ['bare', 'empty', 'routing-mesh'].map((name) => [
    name,
    parseScenario(readFileSync(`content/scenarios/${name}.yaml`, 'utf8')),
  ]),
);
const usual: Choice = { scenario: 'routing-mesh', nodes: 3, engine: DEFAULT_ENGINE };
const OFFER: Offer = { scenarios, engines: ENGINES, usual };

describe('the address', () => {
  test.each([
    ['', usual, []],
    ['?nodes=9', { ...usual, nodes: 9 }, []],
    ['?scenario=empty&nodes=1&engine=17.03', { scenario: 'empty', nodes: 1, engine: '17.03' }, []],
    ['?nodes=10', usual, ['nodes 10']],
    ['?nodes=0', usual, ['nodes 0']],
    ['?nodes=2.5', usual, ['nodes 2.5']],
    ['?engine=27', usual, ['engine 27']],
    ['?scenario=toString', usual, ['scenario toString']],
    ['?scenario=nope&nodes=x&engine=', usual, ['scenario nope', 'nodes x', 'engine ']],
    ['?nodes=2&colour=red', { ...usual, nodes: 2 }, ['unknown colour']],
  ])('%s', (query, choice, faults) => {
    const read = readChoice(query, OFFER);
    expect(read.choice).toEqual(choice);
    expect(read.faults.map(({ what, given }) => `${what} ${given}`)).toEqual(faults);
  });

  test('says what it was made of', () => {
    const choice = { scenario: 'empty', nodes: 7, engine: '20.10' };
    expect(readChoice(queryOf(choice), OFFER)).toEqual({ choice, faults: [] });
  });
});

describe('the world', () => {
  test.each(ENGINES)('of nine nodes with engine %s is a scenario that stands up', (engine) => {
    const scenario = worldOfChoice({ scenario: 'routing-mesh', nodes: 9, engine }, OFFER);
    expect(checkScenario(scenario)).toEqual(scenario);
    const world = createWorld(scenario, { trace: false });
    expect(world.hosts).toEqual([...Array.from({ length: 9 }, (_, index) => `node${index + 1}`), 'client']);
  });

  test('of the usual choice is the scenario as it is written', () => {
    expect(worldOfChoice(usual, OFFER)).toEqual(scenarios['routing-mesh']);
  });

  test('of one node has no worker', () => {
    const { machines, swarm } = worldOfChoice({ ...usual, nodes: 1 }, OFFER);
    expect(machines.map(({ name }) => name)).toEqual(['node1', 'client']);
    expect(swarm).toEqual({ managers: ['node1'], workers: [] });
  });
});
