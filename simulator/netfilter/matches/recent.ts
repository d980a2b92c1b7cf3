/**
 * `-m recent`: addresses seen before. Mirrors libxt_recent.c and net/netfilter/xt_recent.c; the lists are kept per
 * namespace and by name, and time is virtual. Deviation: /proc/net/xt_recent does not exist.
 */
import { formatIpv4, parseIpv4 } from '../../base/address.ts';
import { SECOND } from '../../base/scheduler.ts';
import { FLAG, INVERTIBLE_FLAG, parameterProblem, VALUE, type MatchExtension } from '../extension.ts';
import { parseUnsigned } from '../names.ts';
import { netfilterOf } from '../state.ts';

interface RecentMatch {
  action: '' | 'set' | 'rcheck' | 'update' | 'remove';
  invert: boolean;
  list: string;
  seconds: number;
  reap: boolean;
  hitCount: number;
  ttl: boolean;
  destination: boolean;
  mask: number;
}

/** ip_pkt_list_tot and ip_list_tot of the module. */
const STAMPS = 20;
const ADDRESSES = 100;

export interface RecentEntry {
  ttl: number;
  stamps: number[];
}

export const recentMatch: MatchExtension<RecentMatch> = {
  name: 'recent',
  options: {
    set: INVERTIBLE_FLAG,
    rcheck: INVERTIBLE_FLAG,
    update: INVERTIBLE_FLAG,
    remove: INVERTIBLE_FLAG,
    seconds: VALUE,
    reap: FLAG,
    hitcount: VALUE,
    rttl: FLAG,
    name: VALUE,
    rsource: FLAG,
    rdest: FLAG,
    mask: VALUE,
  },
  init: () => ({
    action: '',
    invert: false,
    list: 'DEFAULT',
    seconds: 0,
    reap: false,
    hitCount: 0,
    ttl: false,
    destination: false,
    mask: 0xffffffff,
  }),
  parse(data, option, value, invert) {
    switch (option) {
      case 'set':
      case 'rcheck':
      case 'update':
      case 'remove':
        if (data.action !== '')
          return parameterProblem("recent: only one of `--set', `--rcheck' `--update' or `--remove' may be set");
        data.action = option;
        data.invert = invert;
        return undefined;
      case 'seconds':
      case 'hitcount': {
        const number = parseUnsigned(value);
        if (number === undefined || number === 0)
          return parameterProblem(`recent: bad value for option "--${option}", or out of range (1-4294967295).\n`);
        if (option === 'seconds') data.seconds = number;
        else data.hitCount = number;
        return undefined;
      }
      case 'reap':
        data.reap = true;
        return undefined;
      case 'rttl':
        data.ttl = true;
        return undefined;
      case 'name':
        data.list = value.slice(0, 199);
        return undefined;
      case 'mask': {
        const mask = parseIpv4(value);
        if (mask === undefined) return parameterProblem(`recent: bad value for option "--mask"\n`);
        data.mask = mask;
        return undefined;
      }
      default:
        data.destination = option === 'rdest';
        return undefined;
    }
  },
  check(data) {
    if (data.action === '')
      return parameterProblem("recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'");
    const checks = data.action === 'rcheck' || data.action === 'update';
    if (!checks && (data.seconds !== 0 || data.hitCount !== 0 || data.ttl))
      return parameterProblem("recent: --seconds, --hitcount and --rttl need `--rcheck' or `--update'");
    return data.reap && data.seconds === 0
      ? parameterProblem('recent: option "--reap" also requires "--seconds".\n')
      : undefined;
  },
  save(data) {
    let text = `${data.invert ? ' !' : ''} --${data.action}`;
    if (data.seconds !== 0) text += ` --seconds ${data.seconds}`;
    if (data.reap) text += ' --reap';
    if (data.hitCount !== 0) text += ` --hitcount ${data.hitCount}`;
    if (data.ttl) text += ' --rttl';
    return `${text} --name ${data.list} --mask ${formatIpv4(data.mask)} --${data.destination ? 'rdest' : 'rsource'}`;
  },
  list(data) {
    const actions = { '': '', set: 'SET', rcheck: 'CHECK', update: 'UPDATE', remove: 'REMOVE' } as const;
    let text = `${data.invert ? ' !' : ''} recent: ${actions[data.action]}`;
    if (data.seconds !== 0) text += ` seconds: ${data.seconds}`;
    if (data.reap) text += ' reap';
    if (data.hitCount !== 0) text += ` hit_count: ${data.hitCount}`;
    if (data.ttl) text += ' TTL-Match';
    return `${text} name: ${data.list} side: ${data.destination ? 'dest' : 'source'} mask: ${formatIpv4(data.mask)}`;
  },
  // More hits than stamps are kept never come about: the module refuses such a rule.
  accepts: (data) => data.hitCount <= STAMPS,
  matches(data, ns, packet) {
    const recent = (netfilterOf(ns).recent ??= new Map<string, Map<number, RecentEntry>>());
    let list = recent.get(data.list);
    if (list === undefined) recent.set(data.list, (list = new Map()));
    const address = ((data.destination ? packet.dst : packet.src) & data.mask) >>> 0;
    const now = ns.kernel.now;
    const entry = list.get(address);
    if (entry === undefined || (data.ttl && entry.ttl !== packet.ttl)) {
      if (data.action !== 'set') return data.invert;
      const [oldest] = list.keys();
      if (list.size >= ADDRESSES && oldest !== undefined) list.delete(oldest);
      list.set(address, { ttl: packet.ttl, stamps: [now] });
      return !data.invert;
    }
    if (data.action === 'remove') {
      list.delete(address);
      return !data.invert;
    }
    const since = data.seconds === 0 ? -Infinity : now - data.seconds * SECOND;
    const hits = entry.stamps.filter((stamp) => stamp >= since).length;
    const hit = data.action === 'set' || (hits > 0 && hits >= data.hitCount);
    if (data.action === 'set' || (data.action === 'update' && hit !== data.invert)) {
      entry.stamps.push(now);
      if (entry.stamps.length > STAMPS) entry.stamps.shift();
      entry.ttl = packet.ttl;
      // The least recently seen goes first.
      list.delete(address);
      list.set(address, entry);
    } else if (data.reap) {
      entry.stamps = entry.stamps.filter((stamp) => stamp >= since);
      if (entry.stamps.length === 0) list.delete(address);
    }
    return hit !== data.invert;
  },
};
