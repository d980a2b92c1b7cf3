/** RTM_NEWRULE, RTM_DELRULE for IPv4. Mirrors net/core/fib_rules.c and net/ipv4/fib_rules.c. */
import type { Origin } from '../../base/origin.ts';
import { done, refuse, type Result } from '../../base/result.ts';
import type { FibRule } from '../fib.ts';
import type { NetworkNamespace } from '../netns.ts';
import { notify } from '../notify.ts';

/** A rule as asked for; without a priority the kernel chooses one. */
export interface RuleRequest extends Omit<FibRule, 'priority' | 'origin'> {
  readonly priority: number | undefined;
}

/** Adds a rule. EEXIST when an equal one is there. */
export function newRule(ns: NetworkNamespace, request: RuleRequest, origin: Origin): Result<undefined> {
  const { fib } = ns;
  const rule: FibRule = { ...request, priority: request.priority ?? defaultPriority(fib.rules), origin };
  if (
    request.priority !== undefined &&
    fib.rules.some((other) => other.priority === rule.priority && matches(other, request))
  )
    return refuse('EEXIST');
  let at = fib.rules.findIndex((other) => other.priority > rule.priority);
  if (at < 0) at = fib.rules.length;
  fib.rules.splice(at, 0, rule);
  fib.generation++;
  notify(ns, { kind: 'rule', rule, deleted: false });
  return done;
}

/** What a rule to be deleted must look like: only what is given is compared. */
export type RulePattern = { readonly [K in keyof RuleRequest]?: RuleRequest[K] | undefined };

/** Deletes the first rule that matches; ENOENT when none does. */
export function deleteRule(ns: NetworkNamespace, pattern: RulePattern): Result<undefined> {
  const { fib } = ns;
  const at = fib.rules.findIndex((rule) => matches(rule, pattern));
  if (at < 0) return refuse('ENOENT');
  const [rule] = fib.rules.splice(at, 1);
  fib.generation++;
  if (rule !== undefined) notify(ns, { kind: 'rule', rule, deleted: true });
  return done;
}

function matches(rule: FibRule, pattern: RulePattern): boolean {
  return (Object.keys(pattern) as (keyof RulePattern)[]).every(
    (key) => pattern[key] === undefined || pattern[key] === rule[key],
  );
}

/** fib_default_rule_pref: one before the second rule. */
function defaultPriority(rules: readonly FibRule[]): number {
  const second = rules[1];
  return second === undefined || second.priority === 0 ? 0 : second.priority - 1;
}
