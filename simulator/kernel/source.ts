/** Whether the source of a packet that came in can be true. Mirrors fib_validate_source of net/ipv4/fib_frontend.c. */
import type { NetDevice } from './device.ts';
import { fibLookup } from './fib.ts';
import type { NetworkNamespace } from './netns.ts';

/** The source cannot be (EINVAL), or did not come the way that answers would go (EXDEV, rp_filter). */
const SOURCE_MARTIAN = -1;
export const SOURCE_FILTERED = -2;
/** It may be true; and it stands on the link itself, so that a redirect would help it. */
const SOURCE_GOOD = 0;
export const SOURCE_ON_LINK = 1;

/** Judges `src` of what came in by `dev` for `dst` and would leave by `out` (null when it stays here). */
export function judgeSource(ns: NetworkNamespace, dev: NetDevice, src: number, dst: number, mark: number, tos: number, out: NetDevice | null): number {
  if (src === 0) return SOURCE_GOOD;
  const filter = Math.max(dev.conf.rp_filter, ns.confAll.rp_filter);
  const acceptLocal = dev.conf.accept_local !== 0 || ns.confAll.accept_local !== 0;
  if (filter === 0 && (out !== dev || !sendsRedirects(dev)) && (acceptLocal || !hasOwnRules(ns))) {
    return !acceptLocal && ns.localAddresses.has(src) ? SOURCE_MARTIAN : SOURCE_GOOD;
  }
  const asked = dev.conf.src_valid_mark !== 0 || ns.confAll.src_valid_mark !== 0 ? mark : 0;
  const back = fibLookup(ns, src, dst, asked, 0, out === null ? 1 : out.ifindex, tos);
  const unknown = filter === 0 ? SOURCE_GOOD : SOURCE_FILTERED;
  if (back === null) return unknown;
  switch (back.type) {
    case 'unicast':
      break;
    case 'local':
      if (!acceptLocal) return SOURCE_MARTIAN;
      break;
    case 'broadcast':
      return SOURCE_MARTIAN;
    default:
      // A look-up that is refused finds nothing.
      return unknown;
  }
  if (back.dev === dev) return back.gateway === 0 ? SOURCE_ON_LINK : SOURCE_GOOD;
  if (dev.addresses.length === 0) return unknown;
  if (filter === 1) return SOURCE_FILTERED;
  const here = fibLookup(ns, src, dst, asked, dev.ifindex, out === null ? 1 : out.ifindex, tos);
  return here?.type === 'unicast' && here.gateway === 0 ? SOURCE_ON_LINK : SOURCE_GOOD;
}

/** IN_DEV_TX_REDIRECTS */
export function sendsRedirects(dev: NetDevice): boolean {
  return dev.conf.send_redirects !== 0 || dev.ns.confAll.send_redirects !== 0;
}

/** fib4_has_custom_rules: more than the three that every namespace is born with. */
function hasOwnRules(ns: NetworkNamespace): boolean {
  const { rules } = ns.fib;
  return rules.length !== 3 || rules[1]?.priority !== 32766;
}
