/**
 * XFRM_MSG_NEWSA, DELSA, GETSA, NEWPOLICY, UPDPOLICY, DELPOLICY, FLUSHSA, FLUSHPOLICY. Mirrors net/xfrm/xfrm_user.c.
 * See kernel/xfrm.ts for what states and policies can be.
 */
import { done, ok, refuse, type Result } from '../../base/result.ts';
import type { NetworkNamespace } from '../netns.ts';
import { loadEsp } from '../xfrm-esp.ts';
import {
  XfrmTables,
  type XfrmDirection,
  type XfrmMark,
  type XfrmPolicy,
  type XfrmSelector,
  type XfrmState,
} from '../xfrm.ts';

export type XfrmStateRequest = Pick<
  XfrmState,
  'src' | 'dst' | 'spi' | 'reqid' | 'mark' | 'selector' | 'key' | 'icvBits' | 'origin'
>;
export type XfrmPolicyRequest = Pick<
  XfrmPolicy,
  'direction' | 'selector' | 'mark' | 'priority' | 'action' | 'templates' | 'origin'
>;

/** Keys of AES-128, -192 and -256, with the salt of 4 octets. */
const KEY_OCTETS = [20, 28, 36];
const ICV_BITS = [64, 96, 128];

function tables(ns: NetworkNamespace): XfrmTables {
  ns.xfrm ??= new XfrmTables();
  return ns.xfrm;
}

function sameMark(a: XfrmMark | null, b: XfrmMark | null): boolean {
  return (a?.value ?? 0) === (b?.value ?? 0) && (a?.mask ?? 0) === (b?.mask ?? 0);
}

/** Adds a state. EEXIST when there is one with its SPI and destination, EINVAL for a key or check value that AES-GCM does not take. */
export function newXfrmState(ns: NetworkNamespace, request: XfrmStateRequest): Result<undefined> {
  if (!KEY_OCTETS.includes(request.key.length / 2) || !ICV_BITS.includes(request.icvBits)) return refuse('EINVAL');
  if (getXfrmState(ns, request.dst, request.spi, request.mark).ok) return refuse('EEXIST');
  const xfrm = tables(ns);
  loadEsp(ns.kernel);
  const state: XfrmState = {
    ...request,
    mode: 'transport',
    algorithm: 'rfc4106(gcm(aes))',
    outgoing: 0,
    bytes: 0,
    packets: 0,
    failed: 0,
    added: ns.kernel.now,
    used: 0,
    lastUsed: 0,
  };
  xfrm.states = [state, ...xfrm.states];
  xfrm.bySpi.set(state.spi, [...(xfrm.bySpi.get(state.spi) ?? []), state]);
  return done;
}

/** The state of an SPI and destination. ESRCH. */
export function getXfrmState(
  ns: NetworkNamespace,
  dst: number,
  spi: number,
  mark: XfrmMark | null = null,
): Result<XfrmState> {
  const state = ns.xfrm?.bySpi.get(spi)?.find((one) => one.dst === dst && sameMark(one.mark, mark));
  return state === undefined ? refuse('ESRCH') : ok(state);
}

/** Takes a state away. ESRCH. */
export function deleteXfrmState(
  ns: NetworkNamespace,
  dst: number,
  spi: number,
  mark: XfrmMark | null = null,
): Result<undefined> {
  const found = getXfrmState(ns, dst, spi, mark);
  if (!found.ok) return found;
  removeStates(tables(ns), (state) => state === found.value);
  return done;
}

function removeStates(xfrm: XfrmTables, gone: (state: XfrmState) => boolean): void {
  xfrm.states = xfrm.states.filter((state) => !gone(state));
  xfrm.bySpi.clear();
  for (const state of xfrm.states) xfrm.bySpi.set(state.spi, [state, ...(xfrm.bySpi.get(state.spi) ?? [])]);
}

/** Takes all states away, or those that `gone` names. */
export function flushXfrmStates(ns: NetworkNamespace, gone: (state: XfrmState) => boolean = () => true): void {
  if (ns.xfrm !== null) removeStates(ns.xfrm, gone);
}

/** What tells one policy from another. */
export interface XfrmPolicyKey {
  readonly direction: XfrmDirection;
  readonly selector: XfrmSelector;
  readonly mark: XfrmMark | null;
}

function sameSelector(a: XfrmSelector, b: XfrmSelector): boolean {
  return (
    a.src === b.src &&
    a.srcPrefix === b.srcPrefix &&
    a.dst === b.dst &&
    a.dstPrefix === b.dstPrefix &&
    a.protocol === b.protocol &&
    a.sport === b.sport &&
    a.dport === b.dport
  );
}

/** ENOENT */
export function getXfrmPolicy(ns: NetworkNamespace, key: XfrmPolicyKey): Result<XfrmPolicy> {
  const policy = ns.xfrm?.policies.find(
    (one) =>
      one.direction === key.direction && sameMark(one.mark, key.mark) && sameSelector(one.selector, key.selector),
  );
  return policy === undefined ? refuse('ENOENT') : ok(policy);
}

const DIRECTIONS: readonly XfrmDirection[] = ['in', 'out', 'fwd'];

/** Adds a policy, or with `update` puts it in the place of its like, whose index it keeps. EEXIST. */
export function newXfrmPolicy(ns: NetworkNamespace, request: XfrmPolicyRequest, update = false): Result<undefined> {
  const found = getXfrmPolicy(ns, request);
  if (found.ok && !update) return refuse('EEXIST');
  const xfrm = tables(ns);
  const index = found.ok ? found.value.index : nextIndex(xfrm, request.direction);
  const policy: XfrmPolicy = { ...request, index, added: ns.kernel.now, used: 0 };
  xfrm.policies = [policy, ...xfrm.policies.filter((one) => !found.ok || one !== found.value)];
  return done;
}

/** xfrm_gen_index: the direction stands in the lowest bits. */
function nextIndex(xfrm: XfrmTables, direction: XfrmDirection): number {
  const index = xfrm.nextIndex | DIRECTIONS.indexOf(direction);
  xfrm.nextIndex += 8;
  return index === 0 ? 8 : index;
}

/** ENOENT */
export function deleteXfrmPolicy(ns: NetworkNamespace, key: XfrmPolicyKey): Result<undefined> {
  const found = getXfrmPolicy(ns, key);
  if (!found.ok) return found;
  flushXfrmPolicies(ns, (policy) => policy === found.value);
  return done;
}

export function flushXfrmPolicies(ns: NetworkNamespace, gone: (policy: XfrmPolicy) => boolean = () => true): void {
  if (ns.xfrm !== null) ns.xfrm.policies = ns.xfrm.policies.filter((policy) => !gone(policy));
}
