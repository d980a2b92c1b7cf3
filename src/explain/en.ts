/** English. Short sentences, present tense, the field's own nouns. */
import type { Hop, KernelHabit } from '../../simulator/index.ts';
import { bridgeOf, espOf, ipvsOf, natOf, ruleOf, socketOf, tunnelOf } from './parse.ts';
import type { Phrases } from './phrases.ts';
import { englishInterface, englishTables } from './en-interface.ts';

type Speaker = (hop: Hop) => string;

export const english: Phrases = {
  namespaces: {
    host: 'host',
    ingress: 'ingress sandbox',
    overlay: 'overlay network',
    lb: 'load balancer',
    task: 'container',
    made: 'made by hand',
  },
  hop: (hop) => SPEAKERS[hop.kind](hop),
  packet: (label) =>
    label
      .replace(/^(?:PSH,)?ACK (?=.)/, '')
      .replace(/^PSH,ACK$/, 'data')
      .replace(/^FIN,(?:PSH,)?ACK$/, 'FIN')
      .replace(',', '-'),
  summary: ({ title, client, packets, outcome, startedAt }) => {
    const [host = '', ...netns] = client.split(' ');
    const from = netns.join(' ') === 'host' ? host : `${netns.join(' ')} on ${host}`;
    const count = packets === 1 ? '1 packet' : `${packets} packets`;
    return `${title} · from ${from} · ${count} · ${outcome} · at ${(startedAt / 1e6).toFixed(1)} s`;
  },
  end: (end, reason) => (reason === undefined ? ENDS[end] : `Its way ends here: ${dropWords(reason)}`),
  cause: ({ by, text, terminal, line, habit }) => {
    if (by === 'docker') return `Docker, for ${text === 'dockerd' ? 'itself, when the daemon started' : text}`;
    if (by === 'scenario') return `the scenario, at ${text}`;
    if (by === 'kernel') {
      if (habit === undefined) return text;
      return `the kernel, by itself: ${habit === 'drop' ? dropWords(text) : `${HABITS[habit]}.`}`;
    }
    return terminal === undefined
      ? `the ${text.startsWith('/') ? 'program' : 'command'} ${text}`
      : `the command ${text}, typed in ${terminal}, number ${line ?? 0} there`;
  },
  whyNot: ({ outcome, condition, found }) => {
    if (outcome === 'matched') return 'It matched, did its part, and let the packet go on.';
    if (outcome === 'failed')
      return found === '' ? `${condition} does not hold.` : `${condition} does not hold: here it is ${found}.`;
    return condition === ''
      ? 'It would match now: what it asks about has changed since.'
      : `${condition} depends on more than this packet, and cannot be asked again.`;
  },
  tables: englishTables,
  ui: englishInterface,
};

const ENDS = {
  delivered: 'Delivered.',
  dropped: 'Dropped.',
  consumed: 'Answered.',
  open: 'Still on its way.',
} as const;

const SPEAKERS: Record<Hop['kind'], Speaker> = {
  device: ({ where, what }) => (what === 'in' ? `Comes in by ${where}.` : `Goes out by ${where}.`),
  sent: ({ where }) => `Made here by ${/^(tcp|udp|icmp|arp|esp)$/.test(where) ? where.toUpperCase() : where}.`,
  local: (hop) => {
    const socket = socketOf(hop);
    return socket === undefined
      ? `Arrives at ${hop.where}.`
      : `Arrives at ${socket.protocol} socket ${socket.at}, state ${socket.state}.`;
  },
  rule: ruleWords,
  hook: ({ where, table, what }) =>
    `No rule of ${where} in ${table ?? ''} decides; its policy is ${what.replace('policy ', '')}.`,
  conntrack: conntrackWords,
  nat: natWords,
  ipvs: ipvsWords,
  route: routeWords,
  neighbour: neighbourWords,
  bridge: bridgeWords,
  encap: (hop) => {
    const esp = espOf(hop);
    if (esp !== undefined)
      return `IPsec wraps it in ESP for ${esp.remote}, SPI ${esp.spi}, number ${esp.sequence}: what is inside cannot be read on the way.`;
    const { vni, remote } = tunnelOf(hop);
    return `${hop.where} wraps it in UDP for ${remote === '' ? 'the other end' : remote}, network ${vni}.`;
  },
  decap: (hop) => {
    const esp = espOf(hop);
    if (esp !== undefined) return `IPsec opens it with the key of SPI ${esp.spi}; it goes through the hooks once more.`;
    return `${hop.where} unwraps it, network ${tunnelOf(hop).vni}.`;
  },
  drop: ({ what, where }) => `Dropped at ${where}: ${dropWords(what)}`,
};

/** What a rule with this target does to a packet. */
const TARGETS: Readonly<Record<string, string>> = {
  DNAT: 'gives it a new destination',
  REDIRECT: 'redirects it to a port of this namespace',
  SNAT: 'gives it a new source',
  MASQUERADE: 'gives it this namespace’s own source address',
  MARK: 'marks it',
  ACCEPT: 'lets it through',
  DROP: 'drops it',
  REJECT: 'refuses it',
};

function ruleWords(hop: Hop): string {
  const { rule, table = '', chain = '' } = hop;
  const { verdict, to, target } = ruleOf(hop);
  if (verdict === 'JUMP' || verdict === 'GOTO') return `${chain} (${table}) sends it on to ${to}.`;
  if (verdict === 'RETURN') return `${chain} (${table}) sends it back.`;
  return `Rule ${rule?.number ?? ''} of ${chain} (${table}) ${TARGETS[target] ?? `applies ${target}`}.`;
}

function conntrackWords({ what }: Hop): string {
  const [found = ''] = what.split(' ');
  const words: Record<string, string> = {
    new: 'A connection that conntrack has not seen: it begins an entry.',
    found: 'conntrack knows this connection.',
    confirmed: 'conntrack keeps the entry.',
    invalid: 'conntrack can make nothing of it: INVALID.',
    untracked: 'conntrack leaves it alone.',
  };
  return words[found] ?? `conntrack: ${what}.`;
}

function natWords(hop: Hop): string {
  const nat = natOf(hop);
  if (nat === undefined) return `NAT: ${hop.what}.`;
  const { side, after, by } = nat;
  if (by === 'ipvs') return `IPVS makes its ${side} ${after}.`;
  if (by === 'conntrack') return `As conntrack noted for this connection, its ${side} becomes ${after}.`;
  return `Its ${side} becomes ${after}; conntrack notes it.`;
}

function ipvsWords(hop: Hop): string {
  const { how, service, server, scheduler } = ipvsOf(hop);
  if (how === 'scheduled') return `IPVS takes it for service ${service} and chooses ${server} (${scheduler}).`;
  if (how === 'found') return `IPVS knows this connection: it goes to ${server}.`;
  if (how === 'reply') return `IPVS knows this reply, and puts the service’s address back.`;
  if (how === 'refused') return `IPVS has no server for service ${service}.`;
  return `IPVS: ${hop.what}.`;
}

function routeWords({ what, where }: Hop): string {
  if (what === 'no route') return 'There is no route to its destination.';
  if (what.startsWith('local ')) return 'Its destination is an address of this namespace.';
  const via = /\bvia (\S+)/.exec(what)?.[1];
  return via === undefined ? `Routed to ${where}.` : `Routed to ${where}, by ${via}.`;
}

function neighbourWords({ what, where }: Hop): string {
  const [address = '', second = '', state] = what.split(' ');
  if (what.startsWith('proxy'))
    return `${where} answers for the one who is asked: ${what.replace('proxy answers ', '')}.`;
  if (state === undefined) return `It waits while ARP asks on ${where} who has ${address}.`;
  return `${address} is at ${second}.`;
}

function bridgeWords(hop: Hop): string {
  const { decision, ports, from } = bridgeOf(hop);
  const list = ports.join(', ');
  if (decision === 'forward') return `Bridge ${hop.where} passes it from ${from} to ${list}.`;
  if (decision === 'flood') return `Bridge ${hop.where} does not know the address: it goes to ${list}.`;
  if (decision === 'up') return `Bridge ${hop.where} hands it up to its own namespace.`;
  return `Bridge ${hop.where}: ${hop.what}.`;
}

/** What the kernel does without being asked; see simulator/base/origin.ts. */
export const HABITS: Readonly<Record<KernelHabit, string>> = {
  loopback: 'every namespace is born with lo and its addresses',
  rules: 'every namespace is born with the rules for the tables local, main and default',
  tunnel: 'the driver makes this device in every namespace when it is loaded',
  policy: 'a base chain begins with policy ACCEPT',
  learned: 'the device learned the address from a frame that came in',
  'own-address': 'a bridge knows its own addresses and those of its ports',
  arp: 'ARP asks for the neighbour and keeps the answer',
  flood: 'a bridge floods what it has no entry for',
  group: 'a bridge floods broadcasts and multicasts, and takes them itself too',
  conntrack: 'while some rule needs it, connection tracking looks at every packet',
  'nat-port': 'conntrack picks another port where two connections would look the same',
  'no-route': 'without a matching route there is no way',
  link: 'a socket bound to a device may send to its link without a route',
  reply: 'it answers such a packet without asking any program',
  protocol: 'the protocol asks for it',
  drop: 'such a packet goes no further',
};

/** Why packets die, in words; see DROP_REASONS in simulator/trace/event.ts. */
export const DROP_WORDS: Readonly<Record<string, string>> = {
  NETFILTER_DROP: 'a rule or a policy says DROP.',
  NETFILTER_REJECT: 'a rule refuses it with an error.',
  CONNTRACK_INVALID_NAT: 'no unique address and port were left to translate it to.',
  CONNTRACK_TABLE_FULL: 'the table of connections is full, and nothing in it could be dropped for this one.',
  CONNTRACK_CLASH: 'another packet began the same connection first.',
  IP_RPFILTER: 'its source would not be reached by the way it came (rp_filter).',
  IP_MARTIAN_SOURCE: 'its source address cannot be true here.',
  IP_MARTIAN_DESTINATION: 'an address of 127.0.0.0/8 has no business on a wire (route_localnet is off).',
  IP_NO_ROUTE: 'there is no route to its destination.',
  IP_BLACKHOLE: 'its route leads nowhere on purpose.',
  IP_FORWARDING_OFF: 'it is for somebody else, and ip_forward is 0.',
  IP_TTL_EXPIRED: 'its TTL has run out.',
  IP_NOT_FOR_US: 'its link address is somebody else’s.',
  IP_HEADER: 'its header is not sound.',
  PACKET_TOO_BIG: 'it is larger than the MTU and may not be cut up.',
  PROTOCOL_UNREACHABLE: 'nobody here speaks its protocol.',
  NO_SOCKET: 'nobody listens on that port.',
  SOCKET_BUFFER_FULL: 'the receiver’s buffer is full.',
  SOCKET_CLOSED: 'the socket is closed.',
  TCP_INVALID: 'TCP does not expect it: wrong state, window or flags.',
  TCP_BACKLOG_FULL: 'the queue of new connections is full.',
  NEIGHBOUR_FAILED: 'nobody answered the ARP question for the next hop.',
  NEIGHBOUR_QUEUE_FULL: 'too many packets wait for the same ARP answer.',
  ARP_IGNORED: 'the ARP question is for an address that is not here.',
  ARP_PROXY_CONSUMED: 'vxlan answers such questions itself and lets none out.',
  DEVICE_DOWN: 'the device is down.',
  DEVICE_NO_CARRIER: 'the device has no carrier: its other end is down or gone.',
  DEVICE_MTU: 'the frame is larger than the device takes.',
  DEVICE_UNKNOWN_PROTOCOL: 'nobody here handles that kind of frame.',
  BRIDGE_NO_PORT: 'the bridge has no port to send it to.',
  BRIDGE_PORT_STATE: 'the bridge port does not forward now.',
  BRIDGE_HAIRPIN: 'it would leave by the port it came in by.',
  BRIDGE_RESERVED_ADDRESS: 'bridges do not pass on that link address.',
  VXLAN_UNKNOWN_VNI: 'no vxlan device here has that network number.',
  VXLAN_NO_REMOTE: 'the vxlan device does not know which node has that MAC address.',
  VXLAN_LOOP: 'it would be wrapped inside itself.',
  IPVS_NO_DESTINATION: 'the service has no server that takes connections.',
  IPVS_DESTINATION_GONE: 'the server of this connection is gone.',
  IPVS_NO_SERVICE: 'no IPVS service matches it.',
  XFRM_NO_STATE: 'no IPsec state here fits it: its SPI is unknown, or a policy asks for a state that is not there.',
  XFRM_INTEGRITY: 'it is ESP that the key of this state does not open.',
  XFRM_POLICY: 'an IPsec policy blocks it, or lets it in only when it came encrypted.',
  TRANSPORT_CHECKSUM: 'its UDP or TCP checksum does not hold, as its addresses were changed inside ESP.',
  FRAGMENT_TIMEOUT: 'the other fragments did not come in time.',
  SWITCH_NO_PORT: 'no machine on the wire has that link address.',
  FAULT: 'the lesson’s fault drops it.',
};

function dropWords(reason: string): string {
  return DROP_WORDS[reason] ?? `${reason}.`;
}
