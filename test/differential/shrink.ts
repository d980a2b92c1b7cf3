// Makes a failing case small: rules and packets go while the difference stays.
import type { Case } from './case.ts';

/** The smallest case found for which `fails` still holds; asks at most `budget` times. */
export async function shrink(test: Case, fails: (test: Case) => Promise<boolean>, budget: number): Promise<Case> {
  let best = test;
  let left = budget;
  const attempt = async (candidate: Case): Promise<boolean> => {
    if (left <= 0) return false;
    left--;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let changed = true; changed && left > 0;) {
    changed = false;
    for (let size = Math.max(1, best.rules.length >> 1); size >= 1; size = size === 1 ? 0 : size >> 1) {
      for (let at = 0; at < best.rules.length;) {
        const rules = best.rules.filter((_, i) => i < at || i >= at + size);
        if (await attempt({ ...best, rules })) changed = true;
        else at += size;
      }
    }
    for (let at = best.probes.length - 1; at >= 0; at--) {
      if (best.probes.length > 1 && (await attempt({ ...best, probes: best.probes.filter((_, i) => i !== at) })))
        changed = true;
    }
  }
  return best;
}
