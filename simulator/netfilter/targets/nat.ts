/**
 * DNAT, SNAT, MASQUERADE and REDIRECT. Mirrors libxt_NAT.c, xt_nat.c, nf_nat_masquerade.c and nf_nat_redirect.c.
 */
import { formatIpv4, parseIpv4 } from '../../base/address.ts';
import type { InterfaceAddress, NetDevice } from '../../kernel/device.ts';
import { fibLookup } from '../../kernel/fib.ts';
import { drop } from '../../kernel/kernel.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { selectAddress } from '../../kernel/route.ts';
import { NF_DROPPED, NF_LOCAL_IN, NF_LOCAL_OUT, NF_POST_ROUTING, NF_PRE_ROUTING } from '../../kernel/seams.ts';
import { PROTO_SCTP, PROTO_TCP, PROTO_UDP, type Packet } from '../../wire/packet.ts';
import { entryOf } from '../conntrack/core.ts';
import { FLAG, parameterProblem, VALUE, type Complaint, type RuleContext, type TargetExtension } from '../extension.ts';
import { portNumber } from '../names.ts';
import { MANIP_DST, MANIP_SRC, natSetup, type NatRange } from '../nat.ts';

interface NatData {
  minAddress: number;
  maxAddress: number;
  minPort: number;
  maxPort: number;
  random: boolean;
  fullyRandom: boolean;
  persistent: boolean;
  given: boolean;
}

function init(): NatData {
  return {
    minAddress: 0,
    maxAddress: 0,
    minPort: 0,
    maxPort: 0,
    random: false,
    fullyRandom: false,
    persistent: false,
    given: false,
  };
}

function rangeOf(data: NatData): NatRange {
  return { ...data, random: data.random || data.fullyRandom };
}

/** `[ADDRESS[-ADDRESS]][:PORT[-PORT]]` */
function parseTo(data: NatData, value: string, context: RuleContext): Complaint | undefined {
  const colon = value.indexOf(':');
  if (colon >= 0) {
    const problem = parsePorts(data, value.slice(colon + 1), context);
    if (problem !== undefined) return problem;
  }
  const addresses = colon < 0 ? value : value.slice(0, colon);
  if (addresses !== '') {
    const [first = '', last = first] = addresses.split('-');
    for (const text of [first, last])
      if (parseIpv4(text) === undefined) return parameterProblem(`Bad IP address "${text}"`);
    data.minAddress = parseIpv4(first) as number;
    data.maxAddress = parseIpv4(last) as number;
  }
  data.given = true;
  return undefined;
}

function parsePorts(data: NatData, text: string, context: RuleContext): Complaint | undefined {
  const { protocol, notProtocol } = context;
  if (notProtocol || (protocol !== PROTO_TCP && protocol !== PROTO_UDP && protocol !== PROTO_SCTP && protocol !== 33)) {
    return parameterProblem('Need TCP, UDP, SCTP or DCCP with port specification');
  }
  const [first = '', last = first] = text.split('-');
  const min = portNumber(first);
  const max = portNumber(last);
  if (min === undefined || min === 0) return parameterProblem(`Port \`${first}' not valid`);
  if (max === undefined || max === 0) return parameterProblem(`Port \`${last}' not valid`);
  if (max < min) return parameterProblem(`Port range \`${text}' funky`);
  data.minPort = min;
  data.maxPort = max;
  data.given = true;
  return undefined;
}

function parseCommon(data: NatData, option: string): undefined {
  if (option === 'random') data.random = true;
  else if (option === 'random-fully') data.fullyRandom = true;
  else data.persistent = true;
  return undefined;
}

function flagWords(data: NatData, dash: string): string {
  return (
    (data.random ? ` ${dash}random` : '') +
    (data.fullyRandom ? ` ${dash}random-fully` : '') +
    (data.persistent ? ` ${dash}persistent` : '')
  );
}

function toText(data: NatData): string {
  let text = data.minAddress === 0 ? '' : formatIpv4(data.minAddress);
  if (data.maxAddress !== data.minAddress) text += `-${formatIpv4(data.maxAddress)}`;
  return data.minPort === 0 ? text : `${text}:${portsText(data)}`;
}

function portsText(data: NatData): string {
  return data.maxPort === data.minPort ? String(data.minPort) : `${data.minPort}-${data.maxPort}`;
}

function setup(ns: NetworkNamespace, packet: Packet, range: NatRange, manip: number): number {
  const entry = entryOf(packet);
  if (entry === null) return NF_DROPPED;
  return natSetup(ns, entry, range, manip);
}

export const dnatTarget: TargetExtension<NatData> = {
  name: 'DNAT',
  tables: ['nat'],
  hooks: [NF_PRE_ROUTING, NF_LOCAL_OUT],
  conntrack: true,
  options: { 'to-destination': VALUE, random: FLAG, persistent: FLAG },
  init,
  parse: (data, option, value, _invert, context) =>
    option === 'to-destination' ? parseTo(data, value, context) : parseCommon(data, option),
  check: (data) => (data.given ? undefined : parameterProblem('DNAT: option "--to-destination" must be specified\n')),
  save: (data) => ` --to-destination ${toText(data)}${flagWords(data, '--')}`,
  list: (data) => ` to:${toText(data)}${flagWords(data, '')}`,
  act: (data, ns, packet) => setup(ns, packet, rangeOf(data), MANIP_DST),
};

export const snatTarget: TargetExtension<NatData> = {
  name: 'SNAT',
  tables: ['nat'],
  hooks: [NF_POST_ROUTING, NF_LOCAL_IN],
  conntrack: true,
  options: { 'to-source': VALUE, random: FLAG, 'random-fully': FLAG, persistent: FLAG },
  init,
  parse: (data, option, value, _invert, context) =>
    option === 'to-source' ? parseTo(data, value, context) : parseCommon(data, option),
  check: (data) => (data.given ? undefined : parameterProblem('SNAT: option "--to-source" must be specified\n')),
  save: (data) => ` --to-source ${toText(data)}${flagWords(data, '--')}`,
  list: (data) => ` to:${toText(data)}${flagWords(data, '')}`,
  act: (data, ns, packet) => setup(ns, packet, rangeOf(data), MANIP_SRC),
};

export const masqueradeTarget: TargetExtension<NatData> = {
  name: 'MASQUERADE',
  tables: ['nat'],
  hooks: [NF_POST_ROUTING],
  conntrack: true,
  options: { 'to-ports': VALUE, random: FLAG, 'random-fully': FLAG },
  init,
  parse: (data, option, value, _invert, context) =>
    option === 'to-ports' ? parsePorts(data, value, context) : parseCommon(data, option),
  save: (data) => (data.minPort === 0 ? '' : ` --to-ports ${portsText(data)}`) + flagWords(data, '--'),
  list: (data) => (data.minPort === 0 ? '' : ` masq ports: ${portsText(data)}`) + flagWords(data, ''),
  act(data, ns, packet, _hook, _input, output) {
    const entry = entryOf(packet);
    if (entry === null || output === null) return NF_DROPPED;
    const address = sourceOn(ns, output, packet);
    if (address === 0) {
      drop(ns, packet, 'CONNTRACK_INVALID_NAT', `MASQUERADE: no address on ${output.name}`);
      return NF_DROPPED;
    }
    entry.masqueradeIfindex = output.ifindex;
    return natSetup(ns, entry, { ...rangeOf(data), minAddress: address, maxAddress: address }, MANIP_SRC);
  },
};

/** inet_select_addr for the next hop: the device's global primary address in its subnet, else its first, else any of the namespace. */
function sourceOn(ns: NetworkNamespace, output: NetDevice, packet: Packet): number {
  const route = fibLookup(ns, packet.dst, 0, packet.mark, output.ifindex, 0);
  const hop = route === null || route.gateway === 0 ? packet.dst : route.gateway;
  let first = 0;
  for (const address of output.addresses) {
    if (address.secondary || address.scope !== 'global') continue;
    if (inSubnet(address, hop)) return address.address;
    if (first === 0) first = address.address;
  }
  return first !== 0 ? first : selectAddress(ns, output, 0);
}

function inSubnet(address: InterfaceAddress, other: number): boolean {
  return address.prefix === 0 || (address.peer ^ other) >>> (32 - address.prefix) === 0;
}

export const redirectTarget: TargetExtension<NatData> = {
  name: 'REDIRECT',
  tables: ['nat'],
  hooks: [NF_PRE_ROUTING, NF_LOCAL_OUT],
  conntrack: true,
  options: { 'to-ports': VALUE, random: FLAG },
  init,
  parse: (data, option, value, _invert, context) =>
    option === 'to-ports' ? parsePorts(data, value, context) : parseCommon(data, option),
  save: (data) => (data.minPort === 0 ? '' : ` --to-ports ${portsText(data)}`) + flagWords(data, '--'),
  list: (data) => (data.minPort === 0 ? '' : ` redir ports ${portsText(data)}`) + flagWords(data, ''),
  act(data, ns, packet, hook, input) {
    // Made here: to the loopback; from outside: to the first address of the device it came by.
    const address = hook === NF_LOCAL_OUT ? 0x7f000001 : (input?.addresses[0]?.address ?? 0);
    if (address === 0) {
      drop(ns, packet, 'CONNTRACK_INVALID_NAT', `REDIRECT: no address on ${input?.name ?? 'the device'}`);
      return NF_DROPPED;
    }
    return setup(ns, packet, { ...rangeOf(data), minAddress: address, maxAddress: address }, MANIP_DST);
  },
};
