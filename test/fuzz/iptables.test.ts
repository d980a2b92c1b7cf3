// Random command lines: nothing crashes or hangs, and no option is accepted and ignored. FUZZ_LINES says how many (2,000).
import { beforeAll, describe, expect, test } from 'vitest';
import { RandomStreams } from '../../simulator/base/random.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { iptables, iptablesRestore, saveTableText, TABLE_NAMES } from '../../simulator/netfilter/index.ts';
import { makeKernel, makeUniverse, namespace } from '../kernel/network.ts';
import { anyLine, diceOf, ruleDraft, type RuleDraft } from './rules.ts';

const LINES = Number(process.env['FUZZ_LINES'] ?? 2000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20261120);
const ORIGIN = { by: 'command', text: 'fuzz' } as const;
/** Milliseconds of this machine that one line may take at most. */
const PATIENCE = 2000;
/** For the tests themselves. */
const TIMEOUT = 20_000 + LINES * 10;

let made = 0;
let fresh: () => NetworkNamespace;
beforeAll(() => {
  const kernel = makeKernel(makeUniverse());
  fresh = () => namespace(kernel, `f${made++}`);
});

function ruleset(ns: NetworkNamespace): string {
  return TABLE_NAMES.map((table) => saveTableText(ns, table, false)).join('');
}

function prepared(): NetworkNamespace {
  const ns = fresh();
  iptables(ns, ['-N', 'mine'], ORIGIN);
  return ns;
}

describe('iptables', () => {
  test.each(['nft', 'legacy'] as const)(
    'any line ends, and says why when it fails (%s)',
    (backend) => {
      const dice = diceOf(new RandomStreams(SEED).stream(backend));
      let ns = prepared();
      for (let i = 0; i < LINES / 2; i++) {
        // Now and then anew, so that tables do not grow without end.
        if (i % 200 === 0) ns = prepared();
        const words = anyLine(dice);
        const start = performance.now();
        let outcome;
        try {
          outcome = iptables(ns, words, ORIGIN, backend);
        } catch (error) {
          throw new Error(`line ${i} of seed ${SEED}: ${JSON.stringify(words)}`, { cause: error });
        }
        const line = JSON.stringify(words);
        expect(performance.now() - start, line).toBeLessThan(PATIENCE);
        expect([0, 1, 2, 3, 4], line).toContain(outcome.status);
        if (outcome.status !== 0) expect(outcome.stderr, line).not.toBe('');
        expect(outcome.stdout + outcome.stderr, line).not.toMatch(/undefined|NaN|\[object /);
      }
    },
    TIMEOUT,
  );

  test(
    'no option is accepted and ignored',
    () => {
      const dice = diceOf(new RandomStreams(SEED).stream('options'));
      let accepted = 0;
      for (let i = 0; i < LINES / 4; i++) {
        const draft = ruleDraft(dice);
        const whole = written(draft);
        if (whole === undefined) continue;
        accepted++;
        for (const [at, part] of draft.parts.entries()) {
          const without = written({ ...draft, parts: draft.parts.filter((_, other) => other !== at) });
          expect(without, `${part.join(' ')} of ${JSON.stringify(draft)}`).not.toBe(whole);
        }
      }
      expect(accepted).toBeGreaterThan(LINES / 8);
    },
    TIMEOUT,
  );

  test(
    'iptables-save | iptables-restore is the identity',
    () => {
      const dice = diceOf(new RandomStreams(SEED).stream('restore'));
      for (let i = 0; i < LINES / 40; i++) {
        const ns = prepared();
        for (let rules = dice.between(1, 8); rules > 0; rules--) {
          const { table, chain, parts } = ruleDraft(dice);
          iptables(ns, ['-t', table, '-A', chain, '-c', '3', '4', ...parts.flat()], ORIGIN);
        }
        for (const backend of ['nft', 'legacy'] as const) {
          const copy = fresh();
          const text = TABLE_NAMES.map((table) => saveTableText(ns, table, true)).join('');
          const options = { noFlush: false, counters: true, onlyTable: '' as const, test: false, backend };
          const outcome = iptablesRestore(copy, text, options, ORIGIN);
          expect(outcome, text).toMatchObject({ status: 0, stderr: '' });
          expect(TABLE_NAMES.map((table) => saveTableText(copy, table, true, backend)).join('')).toBe(text);
        }
      }
    },
    TIMEOUT,
  );
});

/** The rules that a draft becomes, undefined when it is refused. */
function written({ table, chain, parts }: RuleDraft): string | undefined {
  const ns = prepared();
  const { status } = iptables(ns, ['-t', table, '-A', chain, ...parts.flat()], ORIGIN);
  return status === 0 ? ruleset(ns) : undefined;
}
