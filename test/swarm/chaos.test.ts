// Whatever is done to a cluster, once the faults are over it comes to rest as it was wanted.
// MESHWALK_STEPS=500 walks that far in one run; MESHWALK_SEED begins elsewhere.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Chaos, NODES, SERVICES, type Operation } from './chaos.ts';

const STEPS = Number(process.env['MESHWALK_STEPS'] ?? 24);
const SEED = Number(process.env['MESHWALK_SEED'] ?? 7);
/** Operations between two looks. */
const STRIDE = 6;

const node = fc.constantFrom(...NODES);
const service = fc.constantFrom(...SERVICES);
const replicas = fc.integer({ min: 0, max: 4 });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      service,
      replicas,
      published: fc.boolean(),
      network: fc.integer({ min: 0, max: 2 }),
      global: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('scale' as const), service, replicas }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('remove' as const, 'force' as const), service }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('availability' as const),
      node,
      to: fc.constantFrom('active' as const, 'pause' as const, 'drain' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('role' as const),
      node: fc.constantFrom('node2' as const, 'node3' as const),
      to: fc.constantFrom('promote' as const, 'demote' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('kill task' as const), node }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill daemon' as const), node }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut off' as const), node }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('block' as const),
      node,
      port: fc.constantFrom(2377 as const, 7946 as const, 4789 as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 25 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('heal' as const) }) },
);

test(`${STEPS} random operations with faults, and all is as it was wanted`, () => {
  const [operations] = fc.sample(fc.array(operation, { minLength: STEPS, maxLength: STEPS, size: 'max' }), {
    seed: SEED,
    numRuns: 1,
  });
  const chaos = new Chaos(SEED);
  operations?.forEach((one, index) => {
    chaos.run(one);
    if (index % STRIDE === STRIDE - 1) chaos.run({ do: 'rest' });
  });
  chaos.finish();
  expect(chaos.log.length).toBeGreaterThanOrEqual(STEPS);
}, 3_600_000);
