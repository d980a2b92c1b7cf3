/**
 * IPsec's two databases in one namespace: states (security associations, net/xfrm/xfrm_state.c) and policies
 * (net/xfrm/xfrm_policy.c), and the look-ups in them. A namespace without either has none of this: `ns.xfrm` is null.
 *
 * Emulated: ESP in transport mode with rfc4106(gcm(aes)), IPv4, no replay window, no lifetimes. Deviations: no larval states, as
 * nobody here would answer an ACQUIRE; policies are looked for in order of priority and then age, not by hash.
 */
import type { Origin } from '../base/origin.ts';
import { ok, refuse, type Result } from '../base/result.ts';
import { PROTO_TCP, PROTO_UDP, type Packet } from '../wire/packet.ts';
import { drop } from './kernel.ts';
import type { NetworkNamespace } from './netns.ts';

/** What packets a policy or a state is for (struct xfrm_selector). A protocol or port of 0 is any. */
export interface XfrmSelector {
  readonly src: number;
  readonly srcPrefix: number;
  readonly dst: number;
  readonly dstPrefix: number;
  readonly protocol: number;
  readonly sport: number;
  readonly dport: number;
}

export interface XfrmMark {
  readonly value: number;
  readonly mask: number;
}

/** A security association: one direction between two addresses (struct xfrm_state). */
export interface XfrmState {
  readonly src: number;
  readonly dst: number;
  readonly spi: number;
  readonly reqid: number;
  readonly mode: 'transport';
  readonly mark: XfrmMark | null;
  readonly selector: XfrmSelector;
  readonly algorithm: 'rfc4106(gcm(aes))';
  /** Key and salt, hexadecimal. */
  readonly key: string;
  /** Bits of the integrity check value. */
  readonly icvBits: number;
  /** Last sequence number sent. */
  outgoing: number;
  bytes: number;
  packets: number;
  /** Packets that did not open with this key (stats.integrity_failed). */
  failed: number;
  /** Virtual microseconds; `used` of the first packet, `lastUsed` of the last; 0 when there was none. */
  readonly added: number;
  used: number;
  lastUsed: number;
  readonly origin: Origin;
}

/** One transformation that a policy asks for (struct xfrm_tmpl). An SPI or reqid of 0 is any. */
export interface XfrmTemplate {
  readonly src: number;
  readonly dst: number;
  readonly spi: number;
  readonly reqid: number;
  readonly mode: 'transport';
  readonly optional: boolean;
}

export type XfrmDirection = 'in' | 'out' | 'fwd';

export interface XfrmPolicy {
  readonly direction: XfrmDirection;
  readonly selector: XfrmSelector;
  readonly mark: XfrmMark | null;
  readonly priority: number;
  readonly action: 'allow' | 'block';
  readonly templates: readonly XfrmTemplate[];
  readonly index: number;
  readonly added: number;
  /** Virtual microseconds of the last look-up that found it; 0 before. */
  used: number;
  readonly origin: Origin;
}

/** Lines of /proc/net/xfrm_stat in their order (net/xfrm/xfrm_proc.c). */
const COUNTERS = [
  'InError', 'InBufferError', 'InHdrError', 'InNoStates', 'InStateProtoError', 'InStateModeError', 'InStateSeqError', 'InStateExpired',
  'InStateMismatch', 'InStateInvalid', 'InTmplMismatch', 'InNoPols', 'InPolBlock', 'InPolError', 'OutError', 'OutBundleGenError',
  'OutBundleCheckError', 'OutNoStates', 'OutStateProtoError', 'OutStateModeError', 'OutStateSeqError', 'OutStateExpired', 'OutPolBlock',
  'OutPolDead', 'OutPolError', 'FwdHdrError', 'OutStateInvalid', 'AcquireError', 'OutStateDirError', 'InStateDirError', 'InIptfsError', 'OutNoQueueSpace',
] as const; // prettier-ignore
type Counter = (typeof COUNTERS)[number];

export class XfrmTables {
  /** Newest first, as dumps show them. */
  states: readonly XfrmState[] = [];
  policies: readonly XfrmPolicy[] = [];
  readonly bySpi = new Map<number, XfrmState[]>();
  readonly counters = new Map<Counter, number>();
  /** What xfrm_gen_index counts. */
  nextIndex = 0;

  count(counter: Counter): void {
    this.counters.set(counter, (this.counters.get(counter) ?? 0) + 1);
  }
}

/** /proc/net/xfrm_stat */
export function procXfrmStat(ns: NetworkNamespace): string {
  return COUNTERS.slice(0, ns.kernel.platform.xfrmCounters)
    .map((name) => `${`Xfrm${name}`.padEnd(24)}\t${ns.xfrm?.counters.get(name) ?? 0}\n`)
    .join('');
}

/** How a packet is to leave: the policy that says so, and the states of its templates (struct xfrm_dst). */
export interface XfrmBundle {
  readonly policy: XfrmPolicy;
  readonly states: readonly XfrmState[];
}

function marked(mark: XfrmMark | null, value: number): boolean {
  return mark === null || ((value ^ mark.value) & mark.mask) === 0;
}

function within(address: number, network: number, prefix: number): boolean {
  return prefix === 0 || (address ^ network) >>> (32 - prefix) === 0;
}

/** xfrm_selector_match */
function selects(selector: XfrmSelector, packet: Packet): boolean {
  if (!within(packet.dst, selector.dst, selector.dstPrefix) || !within(packet.src, selector.src, selector.srcPrefix))
    return false;
  if (selector.protocol !== 0 && selector.protocol !== packet.protocol) return false;
  if (selector.sport === 0 && selector.dport === 0) return true;
  if (packet.protocol !== PROTO_UDP && packet.protocol !== PROTO_TCP) return false;
  return (
    (selector.sport === 0 || selector.sport === packet.sport) &&
    (selector.dport === 0 || selector.dport === packet.dport)
  );
}

/** xfrm_policy_lookup: of those that fit, the lowest priority, then the oldest. */
function findPolicy(tables: XfrmTables, packet: Packet, direction: XfrmDirection): XfrmPolicy | null {
  let best: XfrmPolicy | null = null;
  for (const policy of tables.policies) {
    if (policy.direction !== direction || (best !== null && policy.priority > best.priority)) continue;
    if (marked(policy.mark, packet.mark) && selects(policy.selector, packet)) best = policy;
  }
  return best;
}

/**
 * xfrm_lookup: the way out for a packet that routing has found a device for; null when it may go as it is. EPERM where a policy
 * blocks, ESRCH where a state that one asks for is missing: the packet is then reported dropped.
 */
export function xfrmLookup(ns: NetworkNamespace, packet: Packet): Result<XfrmBundle | null> {
  const { xfrm } = ns;
  if (xfrm === null || packet.esp !== null) return ok(null);
  const policy = findPolicy(xfrm, packet, 'out');
  if (policy === null) return ok(null);
  policy.used = ns.kernel.now;
  if (policy.action === 'block') {
    xfrm.count('OutPolBlock');
    drop(ns, packet, 'XFRM_POLICY', 'xfrm_lookup', policy.origin);
    return refuse('EPERM');
  }
  const states: XfrmState[] = [];
  for (const template of policy.templates) {
    const state = xfrm.states.find(
      (one) =>
        one.dst === template.dst &&
        one.src === template.src &&
        one.reqid === template.reqid &&
        (template.spi === 0 || one.spi === template.spi) &&
        marked(one.mark, packet.mark) &&
        selects(one.selector, packet),
    );
    if (state !== undefined) states.push(state);
    else if (!template.optional) {
      xfrm.count('OutPolError');
      drop(ns, packet, 'XFRM_NO_STATE', 'xfrm_lookup', policy.origin);
      return refuse('ESRCH');
    }
  }
  return ok(states.length === 0 ? null : { policy, states });
}

/** xfrm_state_lookup: by SPI and destination. */
export function findState(ns: NetworkNamespace, spi: number, dst: number, mark: number): XfrmState | undefined {
  return ns.xfrm?.bySpi.get(spi)?.find((state) => state.dst === dst && marked(state.mark, mark));
}

/** __xfrm_policy_check: a packet that a policy wants protected came so. False, and it is reported dropped, when it did not. */
export function xfrmPolicyCheck(ns: NetworkNamespace, packet: Packet, direction: 'in' | 'fwd'): boolean {
  const xfrm = ns.xfrm as XfrmTables;
  const policy = findPolicy(xfrm, packet, direction);
  if (policy === null) return true;
  policy.used = ns.kernel.now;
  if (policy.action === 'block') xfrm.count('InPolBlock');
  else {
    const path = (packet.secPath ?? []) as readonly XfrmState[];
    const fits = policy.templates.every(
      (template) => template.optional || path.some((state) => answers(state, template)),
    );
    if (fits) return true;
    xfrm.count('InTmplMismatch');
  }
  drop(ns, packet, 'XFRM_POLICY', 'xfrm_policy_check', policy.origin);
  return false;
}

/** Whether a packet for this namespace reaches its protocol: policies for "in", and the checksum that NAT of ESP has spoilt. */
export function xfrmAdmits(ns: NetworkNamespace, packet: Packet): boolean {
  if (!xfrmPolicyCheck(ns, packet, 'in')) return false;
  if (packet.secPath === null || !packet.malformed) return true;
  drop(ns, packet, 'TRANSPORT_CHECKSUM', 'xfrm_input');
  return false;
}

/** xfrm_state_ok: transport mode has no addresses of its own to compare. */
function answers(state: XfrmState, { spi, reqid }: XfrmTemplate): boolean {
  return (spi === 0 || state.spi === spi) && (reqid === 0 || state.reqid === reqid);
}
