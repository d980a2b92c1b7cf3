/** Options after `type KIND`: iproute2 6.15, ip/iplink_vxlan.c, ip/iplink_bridge.c, ip/iplink_bridge_slave.c, ip/link_veth.c. */
import { isMulticast } from '../../base/address.ts';
import type { BridgePort, NetDevice } from '../../kernel/device.ts';
import type { VxlanOptions } from '../../kernel/devices.ts';
import { changeVxlan, setBridge, type BridgeSettings, type LinkKind } from '../../kernel/netlink/link.ts';
import { refuse } from '../../base/result.ts';
import type { Args } from './command.ts';
import { address, demand, Exit, garbage, matches, notEmulated, number, wrong, type Call } from './command.ts';
import { parseLink } from './link.ts';

/** The kernel's default port, from before IANA gave 4789. */
const VXLAN_DEFAULT_PORT = 8472;

/** Kinds that Linux has and this kernel does not. */
const OTHER_KINDS = [
  'amt',
  'bareudp',
  'bond',
  'can',
  'dsa',
  'erspan',
  'geneve',
  'gre',
  'gretap',
  'gtp',
  'hsr',
  'ifb',
  'ip6gre',
  'ip6tnl',
  'ipip',
  'ipvlan',
  'ipvtap',
  'macsec',
  'macvlan',
  'macvtap',
  'netdevsim',
  'nlmon',
  'rmnet',
  'sit',
  'team',
  'tun',
  'vcan',
  'virt_wifi',
  'vlan',
  'vrf',
  'vti',
  'vxcan',
  'wireguard',
  'wwan',
  'xfrm',
];

/** What `ip link add … type KIND …` makes. */
export function parseKind(call: Call, kind: string, args: Args): LinkKind {
  switch (kind) {
    case 'dummy':
      if (!args.done)
        throw new Exit(255, `Garbage instead of arguments "${args.rest().join(' ')}". Try "ip link help".`);
      return { kind };
    case 'bridge':
      return { kind, bridge: parseBridge(args) };
    case 'vxlan':
      return { kind, vxlan: parseVxlan(call, args) };
    case 'veth':
      return { kind, peer: parsePeer(call, args) };
    default:
      if (OTHER_KINDS.includes(kind)) throw notEmulated('ip', `link type ${kind}`);
      return demand(call, refuse('EOPNOTSUPP', 'Unknown device type'));
  }
}

/** `ip link set DEV type KIND …` */
export function changeKind(call: Call, dev: NetDevice, kind: string, args: Args): void {
  switch (kind) {
    case 'bridge':
      demand(call, setBridge(dev, parseBridge(args)));
      return;
    case 'bridge_slave':
      while (!args.done) setPort(call, dev, args.take(), args);
      return;
    case 'vxlan': {
      const { ...given } = parseVxlanWords(call, args);
      demand(call, changeVxlan(dev, given, call.ctx.origin));
      return;
    }
    default:
      throw notEmulated('ip', `link set type ${kind}`);
  }
}

function parsePeer(call: Call, args: Args): Extract<LinkKind, { kind: 'veth' }>['peer'] {
  if (args.done) return { name: undefined, ns: undefined };
  const word = args.take();
  if (word !== 'peer') {
    throw new Exit(
      1,
      `veth: unknown command "${word}"?\nUsage: ip link <options> type veth [peer <options>]\nTo get <options> type 'ip link add help'`,
    );
  }
  const peer = parseLink(call, args);
  if (peer.type !== undefined) throw garbage('type', peer.type);
  if (peer.index !== undefined) throw notEmulated('ip', 'index of a peer');
  if (peer.name !== undefined && peer.dev !== undefined) throw garbage('name', peer.dev);
  return { ...peer.settings, name: peer.name ?? peer.dev, ns: peer.ns };
}

function parseBridge(args: Args): BridgeSettings {
  const settings: { -readonly [K in keyof BridgeSettings]: BridgeSettings[K] } = {};
  while (!args.done) {
    const word = args.take();
    if (matches(word, 'forward_delay')) settings.forwardDelay = number(args.next(), 'invalid forward_delay');
    else if (matches(word, 'hello_time')) settings.helloTime = number(args.next(), 'invalid hello_time');
    else if (matches(word, 'max_age')) settings.maxAge = number(args.next(), 'invalid max_age');
    else if (matches(word, 'ageing_time')) settings.ageingTime = number(args.next(), 'invalid ageing_time');
    else if (matches(word, 'priority')) settings.priority = number(args.next(), 'invalid priority', 0xffff);
    else if (matches(word, 'mcast_snooping'))
      settings.multicastSnooping = number(args.next(), 'invalid mcast_snooping', 255) !== 0;
    else if (matches(word, 'stp_state') || matches(word, 'vlan_filtering')) {
      const name = matches(word, 'stp_state') ? 'stp_state' : 'vlan_filtering';
      if (number(args.next(), `invalid ${name}`) !== 0) throw notEmulated('ip', `bridge option ${name} 1`);
    } else if (/^(vlan|mcast|nf_call|group|no_linklocal|mst|fdb|stp)/.test(word))
      throw notEmulated('ip', `bridge option ${word}`);
    else throw new Exit(1, `bridge: unknown command "${word}"?`);
  }
  return settings;
}

const SWITCHES: Readonly<
  Record<
    string,
    | 'hairpin'
    | 'guard'
    | 'rootBlock'
    | 'fastLeave'
    | 'learning'
    | 'flood'
    | 'mcastFlood'
    | 'bcastFlood'
    | 'isolated'
    | 'neighSuppress'
  >
> = {
  hairpin: 'hairpin',
  learning: 'learning',
  flood: 'flood',
  mcast_flood: 'mcastFlood',
  bcast_flood: 'bcastFlood',
  isolated: 'isolated',
};

/** One setting of a bridge port, as `type bridge_slave` and `bridge link set` take it; `word` has been taken. */
export function setPort(call: Call, dev: NetDevice, word: string, args: Args): void {
  const port: BridgePort | null = dev.port;
  if (port === null) return demand(call, refuse('EOPNOTSUPP'));
  const field = SWITCHES[word];
  if (field !== undefined) {
    const value = args.next();
    if (value !== 'on' && value !== 'off' && value !== '1' && value !== '0') {
      throw new Exit(255, `Error: argument of "${word}" must be one of "on" or "off", not "${value}"`);
    }
    port[field] = value === 'on' || value === '1';
  } else if (word === 'cost') port.cost = number(args.next(), 'cost is invalid', 0xffff);
  else if (word === 'priority') port.priority = number(args.next(), 'priority is invalid', 63);
  else throw notEmulated(call.program, `bridge port option ${word}`);
}

type VxlanWords = { -readonly [K in keyof VxlanOptions]?: VxlanOptions[K] };

function parseVxlan(call: Call, args: Args): Extract<LinkKind, { kind: 'vxlan' }>['vxlan'] {
  // Without a single option the parser is not even called, and the kernel complains.
  if (args.done) return { vni: undefined, dstPort: VXLAN_DEFAULT_PORT };
  const words = parseVxlanWords(call, args);
  if (words.remote !== undefined && isMulticast(words.remote) && words.link === undefined) {
    throw new Exit(1, "vxlan: 'group' requires 'dev' to be specified");
  }
  if (words.dstPort === undefined) {
    call.err +=
      'vxlan: destination port not specified\n' +
      'Will use Linux kernel default (non-standard value)\n' +
      "Use 'dstport 4789' to get the IANA assigned value\n" +
      "Use 'dstport 0' to get default and quiet this message\n";
  }
  return { ...words, vni: words.vni, dstPort: words.dstPort || VXLAN_DEFAULT_PORT };
}

const VXLAN_SWITCHES: Readonly<Record<string, 'learning' | 'proxy' | 'rsc' | 'l2miss' | 'l3miss' | 'udpChecksum' | 'udp6ZeroChecksumTx' | 'udp6ZeroChecksumRx'>> = {
  learning: 'learning',
  proxy: 'proxy',
  rsc: 'rsc',
  l2miss: 'l2miss',
  l3miss: 'l3miss',
  udpcsum: 'udpChecksum',
  udp6zerocsumtx: 'udp6ZeroChecksumTx',
  udp6zerocsumrx: 'udp6ZeroChecksumRx',
};

const VXLAN_REFUSED = [
  'df',
  'label',
  'flowlabel',
  'maxaddress',
  'external',
  'noexternal',
  'gbp',
  'gpe',
  'vnifilter',
  'novnifilter',
  'localbypass',
  'nolocalbypass',
  'remcsumtx',
  'noremcsumtx',
  'remcsumrx',
  'noremcsumrx',
  'reserved_bits',
];

function parseVxlanWords(call: Call, args: Args): VxlanWords {
  const words: VxlanWords = {};
  while (!args.done) {
    const word = args.take();
    const negated = /^no/.test(word);
    const field = VXLAN_SWITCHES[word] ?? (negated ? VXLAN_SWITCHES[word.slice(2)] : undefined);
    if (word === 'id' || word === 'vni') words.vni = number(args.next(), 'invalid id', 0xffffff);
    else if (word === 'group') {
      const text = args.next();
      words.remote = address(text);
      if (!isMulticast(words.remote)) throw wrong('invalid group address', text);
    } else if (word === 'remote') {
      const text = args.next();
      words.remote = address(text);
      if (isMulticast(words.remote)) throw wrong('invalid remote address', text);
    } else if (word === 'local') words.local = address(args.next());
    else if (word === 'dev') {
      const name = args.next();
      const lower = call.ns.device(name);
      if (lower === undefined) throw new Exit(255, `Cannot find device "${name}"`);
      words.link = lower.ifindex;
    } else if (word === 'ttl' || word === 'hoplimit') {
      const text = args.next();
      if (text === 'inherit') throw notEmulated('ip', 'vxlan ttl inherit');
      words.ttl = text === 'auto' ? 0 : number(text, 'invalid TTL', 255);
    } else if (word === 'tos' || word === 'dsfield') {
      const text = args.next();
      words.tos = text === 'inherit' ? 1 : number(text, 'invalid TOS', 255);
    } else if (word === 'ageing') words.ageing = number(args.next(), 'ageing timer');
    else if (word === 'srcport' || word === 'port') {
      words.srcPortMin = number(args.next(), 'min port', 0xffff);
      words.srcPortMax = number(args.next(), 'max port', 0xffff);
    } else if (word === 'dstport') words.dstPort = number(args.next(), 'dst port', 0xffff);
    else if (field !== undefined) words[field] = !negated;
    else if (VXLAN_REFUSED.includes(word)) throw notEmulated('ip', `vxlan option ${word}`);
    else throw new Exit(1, `vxlan: unknown command "${word}"?\n${VXLAN_USAGE}`);
  }
  return words;
}

const VXLAN_USAGE = `Usage: ... vxlan id VNI
		[ { group | remote } IP_ADDRESS ]
		[ local ADDR ]
		[ ttl TTL ]
		[ tos TOS ]
		[ df DF ]
		[ flowlabel LABEL ]
		[ dev PHYS_DEV ]
		[ dstport PORT ]
		[ srcport MIN MAX ]
		[ reserved_bits VALUE ]
		[ [no]learning ]
		[ [no]proxy ]
		[ [no]rsc ]
		[ [no]l2miss ]
		[ [no]l3miss ]
		[ ageing SECONDS ]
		[ maxaddress NUMBER ]
		[ [no]udpcsum ]
		[ [no]udp6zerocsumtx ]
		[ [no]udp6zerocsumrx ]
		[ [no]remcsumtx ] [ [no]remcsumrx ]
		[ [no]localbypass ]
		[ [no]external ] [ gbp ] [ gpe ]
		[ [no]vnifilter ]

Where:	VNI	:= 0-16777215
	ADDR	:= { IP_ADDRESS | any }
	TOS	:= { NUMBER | inherit }
	TTL	:= { 1..255 | auto | inherit }
	DF	:= { unset | set | inherit }
	LABEL := 0-1048575
`;
