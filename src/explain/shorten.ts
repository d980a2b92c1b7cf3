/**
 * From everything that happened to a packet to what a reader wants first: the hops where it was changed, handed
 * on, taken or lost. A rule that translates and the translation it makes become one hop.
 */
import type { Hop } from '../../simulator/index.ts';

/** Targets that are followed by the translation they ask for. */
const TRANSLATES = / -j (DNAT|REDIRECT|SNAT|MASQUERADE)\b/;

/** The short list of hops. In each, `before` is how the reader saw the packet last. */
export function shorten(hops: readonly Hop[]): Hop[] {
  const short: Hop[] = [];
  for (const hop of joined(hops)) {
    if (!isLandmark(hop)) continue;
    const last = short.at(-1);
    short.push(last === undefined || wraps(last) !== wraps(hop) ? hop : { ...hop, before: last.after });
  }
  return short;
}

/** Whether something was decided, changed, crossed or lost here. */
export function isLandmark(hop: Hop): boolean {
  if (hop.kind === 'drop' || hop.what === 'policy DROP') return true;
  if (hop.kind === 'rule') return !/^(JUMP|GOTO|RETURN)\b/.test(hop.what);
  return !['hook', 'conntrack', 'neighbour'].includes(hop.kind);
}

/** A translation takes in the rule, or the choice of IPVS, that asked for it. */
function* joined(hops: readonly Hop[]): Generator<Hop> {
  let asked: Hop | undefined;
  for (const hop of hops) {
    if (hop.kind === 'nat' && asked !== undefined) {
      yield { ...asked, after: hop.after, changed: hop.changed };
      asked = undefined;
      continue;
    }
    if (asked !== undefined && isLandmark(hop)) {
      yield asked;
      asked = undefined;
    }
    const asks = hop.kind === 'ipvs' || (hop.kind === 'rule' && TRANSLATES.test(hop.rule?.text ?? ''));
    if (asks) asked = hop;
    else yield hop;
  }
  if (asked !== undefined) yield asked;
}

function wraps(hop: Hop): boolean {
  return hop.after.inner !== undefined;
}
