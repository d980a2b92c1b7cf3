/** all, any, not, after, survives: checks made of checks. */
import { z } from 'zod/mini';
import { type CheckSpec, type Finding, kind } from '../finding.ts';
import { pass, run } from '../look.ts';
import { place } from '../place.ts';
import type { FaultSpec } from '../../lab/faults/index.ts';
import { fault } from '../../lab/scenario.ts';

const list = (check: z.ZodMiniType<CheckSpec>): z.ZodMiniType<CheckSpec[]> => z.array(check).check(z.minLength(1));

export const all = kind<CheckSpec[]>({
  name: 'all',
  about: 'Every one of these checks passes; the first that does not is reported.',
  params: list,
  *run(checks, scope) {
    let last: Finding | undefined;
    for (const check of checks) {
      last = yield* scope.check(check);
      if (last.level !== 'pass') return last;
    }
    return last as Finding;
  },
});

export const any = kind<CheckSpec[]>({
  name: 'any',
  about: 'At least one of these checks passes.',
  params: list,
  *run(checks, scope) {
    let first: Finding | undefined;
    for (const check of checks) {
      const finding = yield* scope.check(check);
      if (finding.level === 'pass') return finding;
      first ??= finding;
    }
    return first as Finding;
  },
});

export const not = kind<CheckSpec>({
  name: 'not',
  about: 'This check does not pass.',
  params: (check) => check,
  *run(check, scope) {
    const finding = yield* scope.check(check);
    if (finding.level === 'wait') return finding;
    const passed = finding.level === 'pass';
    return { ...finding, level: passed ? 'fail' : 'pass', code: passed ? 'not.passed' : 'not.failed' };
  },
});

const step = z.strictObject({ on: place, run: z.string() });

export const after = kind<{ faults?: FaultSpec[] | undefined; run: { on: string; run: string }[]; then: CheckSpec }>({
  name: 'after',
  about: 'A check passes while these faults are there and after these commands were run, in a copy of the world.',
  params: (check) => z.strictObject({ faults: z.optional(z.array(fault)), run: z.array(step).check(z.minLength(1)), then: check }),
  *run({ faults = [], run: steps, then }, scope) {
    const world = yield* scope.world(true);
    for (const one of faults) world.inject(one);
    for (const { on, run: line } of steps) {
      const { exit, stderr } = yield* run(world, on, line);
      if (exit !== 0)
        return {
          level: 'fail',
          code: 'after.command',
          expected: line,
          found: stderr.trim() || `exit ${exit ?? 'none'}`,
          values: { on },
          look: { on, command: line },
        };
    }
    return yield* scope.within(world).check(then);
  },
});

const event = z
  .strictObject({
    /** Seconds that pass. */
    seconds: z.optional(z.number().check(z.minimum(1), z.maximum(100_000))),
    /** dockerd of this machine is restarted. */
    'restart-docker': z.optional(place),
    /** Something goes wrong; with `for` it is mended before one looks. */
    fault: z.optional(fault),
    /** All tasks of this service are replaced; `on` names a manager. */
    'replace-tasks': z.optional(z.strictObject({ on: place, service: z.string() })),
  })
  .check(
    z.refine((one) => Object.values(one).filter((value) => value !== undefined).length === 1, 'exactly one event'),
  );

/** Virtual seconds in which a cluster comes to rest after an event. */
const SETTLE = 30;

export const survives = kind<{ event: z.infer<typeof event>; then: CheckSpec }>({
  name: 'survives',
  about: 'A check still passes after something happened: time passed, dockerd was restarted, tasks were replaced, a fault.',
  params: (check) => z.strictObject({ event, then: check }),
  *run({ event: happens, then }, scope) {
    const before = yield* scope.check(then);
    if (before.level === 'fail' || before.level === 'wait') return before;
    const world = yield* scope.world(true);
    const { seconds, 'restart-docker': restarted, 'replace-tasks': replaced, fault: wrong } = happens;
    let name = '';
    if (seconds !== undefined) {
      name = `${seconds} s`;
      yield* pass(world, seconds);
    } else if (restarted !== undefined) {
      name = `${restarted}: systemctl restart docker`;
      yield* run(world, restarted, 'systemctl restart docker');
      yield* pass(world, SETTLE);
    } else if (wrong !== undefined) {
      const id = world.inject(wrong);
      name = world.broke.find((one) => one.id === id)?.says ?? Object.keys(wrong).find((key) => key !== 'after' && key !== 'for') ?? '';
      yield* pass(world, (wrong.after ?? 0) + (wrong.for ?? 0) + SETTLE);
    } else if (replaced !== undefined) {
      name = `docker service update --force ${replaced.service}`;
      yield* run(world, replaced.on, `docker service update --force ${replaced.service}`, 300);
      yield* pass(world, SETTLE);
    }
    const finding = yield* scope.within(world).check(then);
    if (finding.level === 'pass') return finding;
    return { ...finding, level: 'fail', code: 'survives.lost', values: { ...finding.values, event: name } };
  },
});
