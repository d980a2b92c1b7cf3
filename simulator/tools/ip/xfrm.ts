/**
 * `ip xfrm`: states and policies of IPsec (ip-xfrm(8), iproute2 6.15, ip/ipxfrm.c, xfrm_state.c, xfrm_policy.c).
 * Emulated: list (with `nokeys`, src, dst, spi, dir), get, add, update of policies, delete, deleteall, flush, count; ESP in transport mode
 * with `aead rfc4106(gcm(aes))`. Other protocols, modes, algorithms, lifetimes, replay windows and `monitor` are refused.
 */
import {
  deleteXfrmPolicy,
  deleteXfrmState,
  flushXfrmPolicies,
  flushXfrmStates,
  getXfrmPolicy,
  getXfrmState,
  newXfrmPolicy,
  newXfrmState,
} from '../../kernel/netlink/xfrm.ts';
import { Args, demand, Exit, notEmulated, pick, type Call } from './command.ts';
import { policyText, stateText } from './xfrm-show.ts';
import { parsePolicy, parseState, type PolicyWords, type StateWords } from './xfrm-words.ts';

const STATE_USAGE = 'Usage: ip xfrm state { add | update } ID [ ALGO-LIST ] [ mode MODE ]\n';

const STATE_VERBS = [
  'add',
  'update',
  'delete',
  'deleteall',
  'list',
  'show',
  'lst',
  'get',
  'allocspi',
  'count',
  'flush',
  'help',
] as const;
const POLICY_VERBS = [
  'add',
  'update',
  'delete',
  'deleteall',
  'list',
  'show',
  'lst',
  'get',
  'count',
  'flush',
  'set',
  'setdefault',
  'getdefault',
  'help',
] as const;

/** Verbs whose words select. */
const LISTING: readonly string[] = ['list', 'show', 'lst', 'deleteall'];

export function ipXfrm(call: Call, words: readonly string[]): number {
  const object = words[0] === undefined ? undefined : pick(words[0], ['state', 'policy', 'monitor', 'help']);
  if (words[0] === undefined || object === 'help')
    throw new Exit(
      255,
      'Usage: ip xfrm XFRM-OBJECT { COMMAND | help }\nwhere  XFRM-OBJECT := state | policy | monitor\n',
    );
  if (object === undefined) throw new Exit(255, `Object "${words[0]}" is unknown, try "ip xfrm help".`);
  if (object === 'monitor') throw notEmulated('ip', 'xfrm monitor');
  if (!call.ctx.capable('NET_ADMIN')) {
    const listing = words[1] === undefined || pick(words[1], ['list', 'show', 'lst', 'deleteall']) !== undefined;
    throw new Exit(
      listing ? 1 : 2,
      `RTNETLINK answers: Operation not permitted\n${listing ? 'Dump terminated\n' : ''}`,
    );
  }
  return object === 'state' ? state(call, words.slice(1)) : policy(call, words.slice(1));
}

function state(call: Call, [word = 'list', ...rest]: readonly string[]): number {
  const verb = pick(word, STATE_VERBS);
  if (verb === undefined) throw new Exit(255, `Command "${word}" is unknown, try "ip xfrm state help".`);
  const { ns } = call;
  if ((verb === 'flush' || verb === 'count') && rest.length > 0)
    throw notEmulated('ip', `xfrm state ${verb} ${rest[0] as string}`);
  const given = parseState(new Args(rest));
  if (LISTING.includes(verb) && (rest.includes('mark') || rest.includes('sel')))
    throw notEmulated('ip', 'xfrm state selectors mark and sel');
  switch (verb) {
    case 'list':
    case 'show':
    case 'lst':
      for (const each of ns.xfrm?.states ?? [])
        if (wanted(given, each)) call.out += stateText(each, call, given.nokeys);
      return 0;
    case 'get':
      needId(given);
      call.out += stateText(
        demand(call, getXfrmState(ns, given.dst as number, given.spi as number, given.mark)),
        call,
        given.nokeys,
      );
      return 0;
    case 'add':
      needId(given);
      if (given.src === undefined || given.key === undefined) throw new Exit(2, 'RTNETLINK answers: Invalid argument');
      demand(
        call,
        newXfrmState(ns, {
          src: given.src,
          dst: given.dst as number,
          spi: given.spi as number,
          reqid: given.reqid ?? 0,
          mark: given.mark,
          selector: given.selector,
          key: given.key,
          icvBits: given.icvBits,
          origin: call.ctx.origin,
        }),
      );
      return 0;
    case 'delete':
      needId(given);
      demand(call, deleteXfrmState(ns, given.dst as number, given.spi as number, given.mark));
      return 0;
    case 'deleteall':
      flushXfrmStates(ns, (each) => wanted(given, each));
      return 0;
    case 'flush':
      flushXfrmStates(ns);
      return 0;
    case 'count':
      if (call.options.stats > 0) throw notEmulated('ip', 'option -s of xfrm state count');
      call.out += `\t SAD count ${ns.xfrm?.states.length ?? 0}\n`;
      return 0;
    case 'help':
      throw new Exit(255, STATE_USAGE);
    default:
      throw notEmulated('ip', `xfrm state ${verb}`);
  }
}

function needId({ dst, spi }: StateWords): void {
  if (dst === undefined || spi === undefined) throw new Exit(1, 'Not enough information: ID is required');
}

function wanted(
  { src, dst, spi, reqid }: StateWords,
  each: { readonly src: number; readonly dst: number; readonly spi: number; readonly reqid: number },
): boolean {
  return (
    (src ?? each.src) === each.src &&
    (dst ?? each.dst) === each.dst &&
    (spi ?? each.spi) === each.spi &&
    (reqid ?? each.reqid) === each.reqid
  );
}

function policy(call: Call, [word = 'list', ...rest]: readonly string[]): number {
  const verb = pick(word, POLICY_VERBS);
  if (verb === undefined) throw new Exit(255, `Command "${word}" is unknown, try "ip xfrm policy help".`);
  const { ns } = call;
  if ((verb === 'flush' || verb === 'count') && rest.length > 0)
    throw notEmulated('ip', `xfrm policy ${verb} ${rest[0] as string}`);
  const given = parsePolicy(new Args(rest));
  const unheard = rest.find((one) => !['dir', 'in', 'out', 'fwd', 'ptype', 'main'].includes(one));
  if (LISTING.includes(verb) && unheard !== undefined) throw notEmulated('ip', `xfrm policy selector ${unheard}`);
  switch (verb) {
    case 'list':
    case 'show':
    case 'lst':
      for (const each of ns.xfrm?.policies ?? [])
        if (given.direction === undefined || given.direction === each.direction) call.out += policyText(each, call);
      return 0;
    case 'get':
      call.out += policyText(demand(call, getXfrmPolicy(ns, key(given))), call);
      return 0;
    case 'add':
    case 'update':
      demand(
        call,
        newXfrmPolicy(
          ns,
          {
            ...key(given),
            priority: given.priority,
            action: given.action,
            templates: given.templates,
            origin: call.ctx.origin,
          },
          verb === 'update',
        ),
      );
      return 0;
    case 'delete':
      demand(call, deleteXfrmPolicy(ns, key(given)));
      return 0;
    case 'deleteall':
      flushXfrmPolicies(ns, (each) => given.direction === undefined || given.direction === each.direction);
      return 0;
    case 'flush':
      flushXfrmPolicies(ns);
      return 0;
    case 'count': {
      if (call.options.stats > 0) throw notEmulated('ip', 'option -s of xfrm policy count');
      const of = (direction: string): number =>
        ns.xfrm?.policies.filter((each) => each.direction === direction).length ?? 0;
      call.out += `\t SPD IN  ${of('in')} OUT ${of('out')} FWD ${of('fwd')}\n`;
      return 0;
    }
    default:
      throw notEmulated('ip', `xfrm policy ${verb}`);
  }
}

function key({ direction, selector, mark }: PolicyWords): {
  direction: 'in' | 'out' | 'fwd';
  selector: PolicyWords['selector'];
  mark: PolicyWords['mark'];
} {
  if (direction === undefined) throw new Exit(1, 'Not enough information: DIR is required.');
  return { direction, selector, mark };
}
