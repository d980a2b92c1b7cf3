/** ICMP of the kernel itself: errors it sends, echo it answers, errors it takes in. Mirrors net/ipv4/icmp.c. */
import { isGroupMac, isMulticast, LIMITED_BROADCAST } from '../base/address.ts';
import { MINUTE, SECOND } from '../base/scheduler.ts';
import { CT_ESTABLISHED_REPLY, CT_RELATED, CT_RELATED_REPLY, ICMP_ECHO, ICMP_ECHO_REPLY, ICMP_PARAMETER_PROBLEM, ICMP_REDIRECT, ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE, PROTO_ICMP, type Packet } from '../wire/packet.ts';
import { fibLookup } from './fib.ts';
import { ipLocalOut } from './ip-output.ts';
import { drop } from './kernel.ts';
import type { NetworkNamespace } from './netns.ts';

/** inet_peer's bucket: six errors at once, then one a second (XRLIM_BURST_FACTOR, net.ipv4.icmp_ratelimit). */
const BURST = 6 * SECOND;

/**
 * Sends an ICMP error about a packet to its source, unless RFC 1122 3.2.2 forbids it.
 * `mtu` is the next-hop MTU of "fragmentation needed", `gateway` the better one of a redirect.
 */
export function icmpSend(ns: NetworkNamespace, about: Packet, type: number, code: number, mtu = 0, gateway = 0): void {
  if (ns.kernel.icmpSending) return;
  if (about.src === 0 || about.src === LIMITED_BROADCAST || isMulticast(about.src)) return;
  // Nor about what was sent to all on the link, whatever became of its address.
  if (isGroupMac(about.dstMac) || about.dst === LIMITED_BROADCAST || isMulticast(about.dst) || about.fragmentOffset !== 0) return;
  if (about.protocol === PROTO_ICMP && about.icmpType !== ICMP_ECHO && about.icmpType !== ICMP_ECHO_REPLY) return;
  const toward = fibLookup(ns, about.dst, about.src, about.mark, 0, about.iif);
  if (toward !== null && toward.type === 'broadcast') return;
  const local = toward !== null && toward.type === 'local';
  // net.ipv4.icmp_ratemask: of errors, what is unreachable and what took too long; path MTU never waits.
  const limited = (type === ICMP_UNREACHABLE && code !== 4) || type === ICMP_TIME_EXCEEDED || type === ICMP_PARAMETER_PROBLEM;
  if (limited && !ns.localAddresses.has(about.src) && rateLimited(ns, about.src)) return;
  const { packets } = ns.kernel.universe;
  const error = packets.make();
  error.parent = about.id;
  error.flow = about.flow;
  error.protocol = PROTO_ICMP;
  error.icmpType = type;
  error.icmpCode = code;
  error.icmpMtu = mtu;
  error.icmpGateway = gateway;
  error.src = local ? about.dst : 0;
  error.dst = about.src;
  // IPTOS_PREC_INTERNETCONTROL over the sender's type of service.
  error.tos = 0xc0 | (about.tos & 0x1e);
  error.ttl = ns.knobs.ip_default_ttl;
  error.quoted = packets.clone(about);
  error.quoted.quoted = null;
  error.quoted.inner = about.inner;
  if (ns.knobs.fwmark_reflect) error.mark = about.mark;
  // nf_ct_attach: the error belongs to the connection it is about, even an unconfirmed one.
  if (about.ct !== null) {
    error.ct = about.ct;
    error.ctInfo = about.ctInfo >= CT_ESTABLISHED_REPLY ? CT_RELATED : CT_RELATED_REPLY;
  }
  transmitIcmp(ns, error);
}

/** icmp_push_reply, under icmp_xmit_lock. */
function transmitIcmp(ns: NetworkNamespace, packet: Packet): void {
  const { kernel } = ns;
  const outer = kernel.icmpSending;
  kernel.icmpSending = true;
  try {
    ipLocalOut(ns, packet);
  } finally {
    kernel.icmpSending = outer;
  }
}

function rateLimited(ns: NetworkNamespace, to: number): boolean {
  const { now } = ns.kernel;
  let bucket = ns.icmpTokens.get(to);
  if (bucket === undefined) {
    bucket = { tokens: BURST, last: now, redirects: 0 };
    ns.icmpTokens.set(to, bucket);
  }
  bucket.tokens = Math.min(BURST, bucket.tokens + now - bucket.last);
  bucket.last = now;
  const price = ns.knobs.icmp_ratelimit * 1000;
  if (bucket.tokens < price) return true;
  bucket.tokens -= price;
  return false;
}

/** net.ipv4.route.error_burst: errors of routing at once; each costs a second (error_cost). */
const ERROR_BURST = 5 * SECOND;

/** ip_error's own limit, of the same bucket: whether a host may be told now that there is no way. */
export function routeErrorAllowed(ns: NetworkNamespace, to: number): boolean {
  const { now } = ns.kernel;
  let bucket = ns.icmpTokens.get(to);
  if (bucket === undefined) {
    bucket = { tokens: ERROR_BURST, last: now, redirects: 0 };
    ns.icmpTokens.set(to, bucket);
  }
  bucket.tokens = Math.min(ERROR_BURST, bucket.tokens + now - bucket.last);
  bucket.last = now;
  if (bucket.tokens < SECOND) return false;
  bucket.tokens -= SECOND;
  return true;
}

/** net.ipv4.route.redirect_load, _number and _silence. */
const REDIRECT_LOAD = SECOND / 50;
const REDIRECT_NUMBER = 9;
const REDIRECT_SILENCE = REDIRECT_LOAD * 2 ** (REDIRECT_NUMBER + 1);

/** ip_rt_send_redirect: ever rarer, and no more when nobody listens; of the same bucket as the errors. */
export function redirectAllowed(ns: NetworkNamespace, to: number): boolean {
  const { now } = ns.kernel;
  let bucket = ns.icmpTokens.get(to);
  if (bucket === undefined) {
    bucket = { tokens: 0, last: now, redirects: 0 };
    ns.icmpTokens.set(to, bucket);
  }
  if (now > bucket.last + REDIRECT_SILENCE) {
    bucket.tokens = 0;
    bucket.redirects = 0;
  }
  if (bucket.redirects >= REDIRECT_NUMBER) {
    bucket.last = now;
    return false;
  }
  if (bucket.redirects > 0 && now <= bucket.last + REDIRECT_LOAD * 2 ** bucket.redirects) return false;
  bucket.last = now;
  bucket.redirects++;
  return true;
}

/** icmp_rcv: an ICMP packet for this namespace, after INPUT. stack.ts puts it before the sockets' own handler. */
export function icmpRcv(ns: NetworkNamespace, packet: Packet): void {
  // What was sent to all is not answered, and no error is ever sent to all.
  if (toAll(ns, packet) && (packet.icmpType !== ICMP_ECHO || ns.knobs.icmp_echo_ignore_broadcasts !== 0)) {
    drop(ns, packet, 'IP_NOT_FOR_US', 'icmp_rcv');
    return;
  }
  switch (packet.icmpType) {
    case ICMP_ECHO:
      if (!ns.knobs.icmp_echo_ignore_all) icmpEcho(ns, packet);
      return;
    case ICMP_UNREACHABLE:
      if (packet.icmpCode === 4) learnPathMtu(ns, packet);
      toProtocol(ns, packet);
      return;
    case ICMP_TIME_EXCEEDED:
    case ICMP_PARAMETER_PROBLEM:
      toProtocol(ns, packet);
      return;
    case ICMP_REDIRECT:
      return;
    default:
      return;
  }
}

/** RTCF_BROADCAST and RTCF_MULTICAST of the route by which a packet came here. */
export function toAll(ns: NetworkNamespace, packet: Packet): boolean {
  if (packet.dst === LIMITED_BROADCAST || isMulticast(packet.dst)) return true;
  return fibLookup(ns, packet.dst, packet.src, packet.mark, 0, packet.iif, packet.tos)?.type === 'broadcast';
}

function toProtocol(ns: NetworkNamespace, packet: Packet): void {
  const { quoted } = packet;
  if (quoted === null) {
    drop(ns, packet, 'IP_HEADER', 'icmp_unreach');
    return;
  }
  ns.kernel.protocols[quoted.protocol]?.error(ns, packet);
}

/** ip_rt_update_pmtu: remembered for ten minutes (net.ipv4.route.mtu_expires). */
function learnPathMtu(ns: NetworkNamespace, packet: Packet): void {
  if (packet.quoted === null || packet.icmpMtu < 68) return;
  ns.pathMtus.set(packet.quoted.dst, { mtu: Math.max(packet.icmpMtu, 552), expires: ns.kernel.now + 10 * MINUTE });
}

function icmpEcho(ns: NetworkNamespace, request: Packet): void {
  const reply = ns.kernel.universe.packets.make();
  reply.parent = request.id;
  reply.flow = request.flow;
  reply.protocol = PROTO_ICMP;
  reply.icmpType = ICMP_ECHO_REPLY;
  reply.icmpId = request.icmpId;
  reply.icmpSeq = request.icmpSeq;
  reply.payload = request.payload;
  reply.tos = request.tos;
  reply.ttl = ns.knobs.ip_default_ttl;
  reply.src = ns.localAddresses.has(request.dst) || request.dst >>> 24 === 127 ? request.dst : 0;
  reply.dst = request.src;
  if (ns.knobs.fwmark_reflect) reply.mark = request.mark;
  transmitIcmp(ns, reply);
}
