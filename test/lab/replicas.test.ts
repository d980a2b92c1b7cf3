// Replicas: spread over the log, moved in pieces, and good for what they are taken for.
import { expect, test } from 'vitest';
import { parseScenario, SECOND } from '../../simulator/index';
import { Replicas } from '../../src/lab/replicas';
import { LabSession } from '../../src/lab/session';
import { Timeline } from '../../src/lab/timeline';
import { textOf } from '../tidy/sources';

const scenario = parseScenario(textOf('content/scenarios/bare.yaml'));

/** A session that ran busily for a while, and replicas of it that have not been made yet. */
function setUp(machines = 2) {
  const session = new LabSession(scenario);
  const timeline = new Timeline(session.instant);
  const id = session.open('node1', { columns: 80, rows: 24 });
  session.input(id, 'while true; do echo busy; sleep 0.01; done\r');
  session.world.run(session.now + 20 * SECOND);
  timeline.current.log.push(...session.world.inputLog);
  timeline.current.end = session.instant;
  let made = 0;
  const make = (): LabSession => {
    made++;
    return new LabSession(scenario, { replica: true });
  };
  const replicas = new Replicas({ timeline, make, machines });
  return { session, timeline, replicas, made: () => made };
}

test('stand evenly along the log, the first at its beginning', () => {
  const { timeline, replicas } = setUp();
  while (replicas.tend(() => false));
  const { positions } = replicas;
  const origin = timeline.current.from.executed;
  const length = timeline.current.end.executed - origin;
  expect(positions.length).toBeGreaterThan(2);
  expect(positions[0]).toBe(origin);
  const gaps = positions.slice(1).map((position, index) => position - positions[index]!);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.ceil(length / positions.length) + 1);
});

test('are made and moved in pieces, and come to the same', () => {
  const whole = setUp();
  while (whole.replicas.tend(() => false));
  const pieces = setUp();
  let looks = 0;
  while (pieces.replicas.tend(() => ++looks % 3 === 0));
  expect(pieces.replicas.positions).toEqual(whole.replicas.positions);
});

test('the one taken stands before the target, and the gap is filled again', () => {
  const { session, timeline, replicas } = setUp();
  while (replicas.tend(() => false));
  const before = replicas.positions;
  const middle = { at: Math.floor((timeline.current.from.at + session.now) / 2) };
  const taken = replicas.take(timeline.current, middle);
  expect(taken.now).toBeLessThanOrEqual(middle.at);
  expect(replicas.positions).toHaveLength(before.length - 1);
  while (!taken.playTo(middle, 1000));
  expect(taken.now).toBe(middle.at);
  replicas.put(taken, timeline.current.id, false);
  while (replicas.tend(() => false));
  for (const place of before) expect(replicas.positions).toContain(place);
});

test('of another branch serve as far as it is the same', () => {
  const { session, timeline, replicas } = setUp();
  while (replicas.tend(() => false));
  const early = replicas.take(timeline.current, { at: Math.floor(session.now * 0.6) });
  const branch = timeline.fork(early.instant, 'typed');
  branch.end = { at: session.now + 5 * SECOND, executed: session.world.executed + 10, inputs: branch.log.length };
  const taken = replicas.take(branch, branch.end);
  expect(taken.now).toBeLessThanOrEqual(branch.from.at);
});

test('a world of many machines is kept less often', () => {
  const few = setUp(2);
  const many = setUp(200);
  while (few.replicas.tend(() => false));
  while (many.replicas.tend(() => false));
  expect(many.replicas.positions.length).toBeLessThan(few.replicas.positions.length);
});

test('nothing is built when there is nothing to do', () => {
  const { replicas, made } = setUp();
  while (replicas.tend(() => false));
  const before = made();
  expect(replicas.tend(() => false)).toBe(false);
  expect(made()).toBe(before);
});
