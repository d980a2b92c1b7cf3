/** rule, rule-matched: a line of a netfilter table is there; packets of a probe match it. */
import { z } from 'zod/mini';
import { type Finding, kind } from '../finding.ts';
import { missing, run, traced } from '../look.ts';
import { happenedAt, place } from '../place.ts';
import { probe, type Probe, probeCommand, probeText } from '../probe.ts';

const table = z._default(z.enum(['filter', 'nat', 'mangle', 'raw', 'security']), 'filter');
const has = z.array(z.string()).check(z.minLength(1));

interface RuleParams {
  at: string;
  table: string;
  chain: string;
  has: string[];
  never?: boolean | undefined;
}

/** Whether a rule's text, as `iptables -S` prints it, has all fragments as whole words. */
function hasAll(text: string, fragments: readonly string[]): boolean {
  return fragments.every((fragment) => ` ${text} `.includes(` ${fragment} `));
}

export const rule = kind<RuleParams>({
  name: 'rule',
  about: 'A chain has a rule with these words, as `iptables -S` prints it; `never: true` when it must not.',
  params: () => z.strictObject({ at: place, table, chain: z.string(), has, never: z.optional(z.boolean()) }),
  *run({ at, table: name, chain, has: fragments, never = false }, scope) {
    const world = yield* scope.world(false);
    const gone = yield* missing(world, [at]);
    if (gone !== undefined) return gone;
    const command = `iptables -t ${name} -S ${chain}`;
    const { stdout, stderr, exit } = yield* run(world, at, command);
    const lines = stdout.split('\n').filter((line) => line.startsWith('-A'));
    const line = lines.find((one) => hasAll(one, fragments));
    const common = {
      expected: fragments.join(' '),
      values: { place: at, table: name, chain },
      look: { on: at, command },
    };
    if (never) {
      const there = line !== undefined;
      return {
        ...common,
        level: there ? 'fail' : 'pass',
        code: there ? 'rule.unwanted' : 'rule.absent',
        found: line ?? '',
      };
    }
    if (exit !== 0) return { ...common, level: 'fail', code: 'rule.no-chain', found: stderr.trim() };
    if (line !== undefined) return { ...common, level: 'pass', code: 'rule.there', found: line };
    return { ...common, level: 'fail', code: 'rule.missing', found: lines.join('; ') };
  },
});

interface MatchedParams {
  probe: Probe;
  at: string;
  table: string;
  chain: string;
  has: string[];
  times?: number | undefined;
}

export const ruleMatched = kind<MatchedParams>({
  name: 'rule-matched',
  about: 'Packets of a probe match a rule, `times` times when that is given (0: never).',
  params: () =>
    z.strictObject({
      probe,
      at: place,
      table,
      chain: z.string(),
      has,
      times: z.optional(z.number().check(z.int(), z.nonnegative())),
    }),
  *run({ probe: sent, at, table: name, chain, has: fragments, times }, scope) {
    const world = yield* scope.world(true);
    const gone = yield* missing(world, [sent.from, at]);
    if (gone !== undefined) return gone;
    const { events } = yield* traced(world, sent.from, probeCommand(sent));
    const here = events.filter(
      (event) => event.kind === 'rule' && event.table === name && event.chain === chain && happenedAt(at, event),
    );
    const matched = here.filter((event) => event.kind === 'rule' && hasAll(event.text, fragments)).length;
    const good = times === undefined ? matched > 0 : matched === times;
    return {
      level: good ? 'pass' : 'fail',
      code: good ? 'rule-matched.matched' : matched === 0 ? 'rule-matched.never' : 'rule-matched.times',
      expected: times === undefined ? fragments.join(' ') : String(times),
      found: String(matched),
      values: { place: at, table: name, chain, rule: fragments.join(' '), probe: probeText(sent) },
      look: { on: at, command: `iptables -t ${name} -L ${chain} -v -n` },
    } satisfies Finding;
  },
});
