// The clock: virtual time follows the wall, a busy world never shuts the door on inputs, a waiting one stands still.
import { describe, expect, test } from 'vitest';
import { WorldClock, type Clocked } from '../../src/lab/clock';
import { HandWall } from './wall';

/** A world with events at given moments; `every` repeats one for ever, each run costing wall time. */
class TestWorld implements Clocked {
  now = 0;
  ran: number[] = [];
  external: Promise<void> | undefined;
  #due: number[] = [];

  constructor(
    readonly wall: HandWall,
    readonly every = 0,
    readonly costMs = 0,
  ) {
    if (every > 0) this.#due.push(every);
  }

  plan(at: number): void {
    this.#due.push(at);
    this.#due.sort((a, b) => a - b);
  }

  run(until: number, budget = Infinity): 'idle' | 'budget' | 'reached' {
    while (this.#due.length > 0 && this.#due[0]! <= until) {
      if (budget-- <= 0 || this.external !== undefined) return 'budget';
      this.now = this.#due.shift()!;
      this.ran.push(this.now);
      this.wall.time += this.costMs;
      if (this.every > 0) this.plan(this.now + this.every);
    }
    this.now = Math.max(this.now, until);
    return this.#due.length === 0 ? 'idle' : 'reached';
  }

  nextDue(): number | undefined {
    return this.#due[0];
  }

  pendingExternal(): Promise<void> | undefined {
    return this.external;
  }
}

function setUp(every = 0, costMs = 0) {
  const wall = new HandWall();
  const world = new TestWorld(wall, every, costMs);
  const slices: number[] = [];
  const clock = new WorldClock(world, wall, () => slices.push(wall.time));
  clock.start();
  return { wall, world, clock, slices };
}

describe('a world that keeps up', () => {
  test('runs an event when the wall comes to it', () => {
    const { wall, world } = setUp();
    world.plan(50_000);
    wall.pass(49);
    expect(world.ran).toEqual([]);
    wall.pass(3);
    expect(world.ran).toEqual([50_000]);
  });

  test('is never more than a second behind the wall when nothing happens', () => {
    const { wall, world } = setUp();
    wall.pass(10_000);
    expect(world.now).toBeGreaterThan(1_500_000);
  });

  test('applies an input at the moment of the wall', () => {
    const { wall, world, clock } = setUp();
    wall.pass(100);
    let at = -1;
    clock.act(() => (at = world.now));
    expect(at).toBeGreaterThanOrEqual(99_000);
    expect(at).toBeLessThanOrEqual(101_000);
  });
});

describe('a world that cannot keep up', () => {
  test('lets messages in at least every few milliseconds', () => {
    const { wall, slices } = setUp(10, 0.02); // an event every 10 µs that takes 20 µs
    wall.pass(400);
    const gaps = slices.slice(1).map((time, index) => time - slices[index]!);
    expect(Math.max(...gaps)).toBeLessThan(20);
  });

  test('falls behind the wall and does not try to catch up for ever', () => {
    const { wall, world } = setUp(10, 0.02);
    wall.pass(4000);
    expect(world.now).toBeLessThan(2_500_000);
    expect(world.now).toBeGreaterThan(1_000_000);
  });
});

describe('standing still', () => {
  test('a stopped clock stops the world', () => {
    const { wall, world, clock } = setUp(1000);
    wall.pass(10);
    clock.stop();
    const { now } = world;
    wall.pass(1000);
    expect(world.now).toBe(now);
    clock.start();
    wall.pass(10);
    expect(world.now).toBeGreaterThan(now);
    expect(world.now).toBeLessThan(now + 20_000);
  });

  test('a library that is being asked stops time until it answers', async () => {
    const { wall, world } = setUp();
    let answer!: () => void;
    world.external = new Promise((resolve) => {
      answer = () => {
        world.external = undefined;
        resolve();
      };
    });
    world.plan(20_000);
    wall.pass(500);
    expect(world.ran).toEqual([]);
    answer();
    await Promise.resolve();
    wall.pass(30);
    expect(world.ran).toEqual([20_000]);
  });

  test('a machine that slept does not make the world jump', () => {
    const { wall, world } = setUp();
    world.plan(3_600_000_000);
    wall.pass(5);
    wall.time += 3_600_000;
    wall.pass(5);
    expect(world.ran).toEqual([]);
    expect(world.now).toBeLessThan(1_000_000);
  });
});
