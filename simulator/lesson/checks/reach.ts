/** reachable, unreachable: a probe gets its answer, or does not. */
import { kind } from '../finding.ts';
import { missing, run } from '../look.ts';
import { outcome, probe, probeCommand, probeText, type Probe } from '../probe.ts';

export const reachable = kind<Probe>({
  name: 'reachable',
  about: 'A ping, a TCP connection, an HTTP request or a command gets its answer.',
  params: () => probe,
  *run(params, scope) {
    const world = yield* scope.world(true);
    const gone = yield* missing(world, [params.from]);
    if (gone !== undefined) return gone;
    const command = probeCommand(params);
    const execution = yield* run(world, params.from, command);
    return {
      level: execution.exit === 0 ? 'pass' : 'fail',
      code: execution.exit === 0 ? 'reachable.answered' : 'reachable.silent',
      expected: probeText(params),
      found: outcome(execution),
      values: { from: params.from },
      look: { on: params.from, command },
    };
  },
});

export const unreachable = kind<Probe>({
  name: 'unreachable',
  about: 'The same probes; here none may get an answer.',
  params: () => probe,
  *run(params, scope) {
    const world = yield* scope.world(true);
    const gone = yield* missing(world, [params.from]);
    if (gone !== undefined) return gone;
    const command = probeCommand(params);
    const execution = yield* run(world, params.from, command);
    const answered = execution.exit === 0;
    return {
      level: answered ? 'fail' : 'pass',
      code: answered ? 'unreachable.answered' : 'unreachable.silent',
      expected: probeText(params),
      found: outcome(execution),
      values: { from: params.from },
      look: { on: params.from, command },
    };
  },
});
