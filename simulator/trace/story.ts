/**
 * Stories: the events of one conversation, ordered as the ways its packets went. Machine words only; sentences are made
 * in src/explain. A story reads the trace and nothing else.
 */
import { formatIpv4, formatMac } from '../base/address.ts';
import {
  ETH_ARP,
  ICMP_ECHO,
  ICMP_ECHO_REPLY,
  PROTO_ICMP,
  PROTO_TCP,
  PROTO_UDP,
  TCP_ACK,
  TCP_FIN,
  TCP_PSH,
  TCP_RST,
  TCP_SYN,
  type Packet,
} from '../wire/packet.ts';
import type { Origin } from '../base/origin.ts';
import type { DropReason, EspMark, TraceEvent } from './event.ts';
import { answersAmong } from './answers.ts';
import { originOf } from './why.ts';

/** One line of the list of conversations. */
export interface StorySummary {
  /** Conversation id (Packet.flow). */
  readonly id: number;
  /** Virtual microseconds. */
  readonly startedAt: number;
  /** `GET / 127.0.0.1:8000`, `ping 10.0.0.6`, `TCP 192.168.56.1 → 192.168.56.13:8000`. */
  readonly title: string;
  readonly protocol: 'TCP' | 'UDP' | 'ICMP' | 'ARP' | 'other';
  /** Host and namespace of who began. */
  readonly client: string;
  readonly packets: number;
  readonly outcome: 'answered' | 'open' | 'refused' | 'dropped' | 'unanswered';
  readonly dropReason?: DropReason;
  /** Where its packets were, each as `host namespace`. */
  readonly places: readonly string[];
  /** Addresses and ports that its packets had anywhere, wrappings included. */
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
}

export interface Story {
  readonly id: number;
  readonly packets: readonly StoryPacket[];
}

/** One packet's way. What wraps it (VXLAN) is part of it. */
export interface StoryPacket {
  readonly id: number;
  readonly direction: 'request' | 'reply';
  /** `SYN`, `SYN,ACK`, `PSH,ACK GET /`, `echo request`, `ARP who-has 10.0.0.6`. */
  readonly label: string;
  readonly hops: readonly Hop[];
  /** How its way ended: delivered to a protocol, dropped with a reason, or still under way. */
  readonly end: 'delivered' | 'dropped' | 'consumed' | 'open';
  readonly reason?: DropReason;
  /** The packet of this story that answers it: the two are one journey. */
  readonly answer?: number;
}

/** What of a packet a hop can change, formatted. Missing transport fields are 0. */
export interface HopFields {
  readonly src: string;
  readonly dst: string;
  readonly sport: number;
  readonly dport: number;
  readonly srcMac: string;
  readonly dstMac: string;
  readonly ttl: number;
  readonly mark: number;
  /** The fields of the packet carried inside, for a wrapped packet. */
  readonly inner?: HopFields;
}

export interface Hop {
  /** Position in the whole trace: names the hop for further questions. */
  readonly sequence: number;
  /** Virtual microseconds. */
  readonly at: number;
  readonly host: string;
  readonly netns: string;
  readonly kind:
    | 'device'
    | 'hook'
    | 'rule'
    | 'route'
    | 'neighbour'
    | 'bridge'
    | 'conntrack'
    | 'nat'
    | 'ipvs'
    | 'encap'
    | 'decap'
    | 'local'
    | 'sent'
    | 'drop';
  /** Device or hook. */
  readonly where: string;
  /** What happened, in machine words (see the event of the same kind). */
  readonly what: string;
  readonly table?: string;
  readonly chain?: string;
  readonly rule?: { readonly number: number; readonly text: string; readonly verdict: string; readonly origin: Origin };
  /** Who is behind what decided here; see {@link originOf}. */
  readonly origin: Origin;
  readonly before: HopFields;
  readonly after: HopFields;
  /** Names of the fields that differ. */
  readonly changed: readonly string[];
}

/** The list of conversations, kept as events come in: a page asks for it several times a second. */
export class StoryList {
  private readonly conversations = new Map<number, Conversation>();

  /** Events looked at so far, counted from the first one ever seen. */
  private taken = 0;

  /** The conversations, newest last, of `events` and of the `forgotten` ones before them; those with no event left are gone. */
  upTo(events: readonly TraceEvent[], forgotten: number): StorySummary[] {
    for (let i = Math.max(0, this.taken - forgotten); i < events.length; i++) this.add(events[i] as TraceEvent);
    this.taken = forgotten + events.length;
    const oldest = events[0]?.sequence ?? Infinity;
    for (const [flow, { last }] of this.conversations) if (last < oldest) this.conversations.delete(flow);
    return [...this.conversations.values()].map((conversation) => conversation.summary());
  }

  private add(event: TraceEvent): void {
    const { flow } = event.packet;
    if (flow === 0) return;
    let conversation = this.conversations.get(flow);
    if (conversation === undefined) {
      conversation = new Conversation(flow, event);
      this.conversations.set(flow, conversation);
    }
    conversation.add(event);
  }
}

class Conversation {
  private readonly id: number;
  private readonly first: TraceEvent;
  /** Sequence of the newest event. */
  last = 0;
  /** The first packet that is neither ARP nor a wrapping, once there was one. */
  private opener: Packet | null = null;
  private readonly ids = new Set<number>();
  private replied = false;
  private reset = false;
  private lastDrop: DropReason | undefined;
  private request = '';
  private readonly places = new Map<string, Set<string>>();
  private readonly addresses = new Set<number>();
  private readonly ports = new Set<number>();

  constructor(id: number, first: TraceEvent) {
    this.id = id;
    this.first = first;
  }

  add(event: TraceEvent): void {
    const { packet } = event;
    this.last = event.sequence;
    this.note(event);
    if (event.kind === 'drop') this.lastDrop = event.reason;
    if (packet.inner !== null || packet.etherType === ETH_ARP) return;
    this.opener ??= packet;
    this.ids.add(packet.id);
    if (isReply(this.opener, packet)) {
      if (packet.protocol === PROTO_TCP && (packet.flags & TCP_RST) !== 0) this.reset = true;
      this.replied = true;
    }
    if (this.request === '') this.request = requestLine(packet);
  }

  /** Where the packet is, and under which addresses. */
  private note({ host, netns, packet }: TraceEvent): void {
    const here = this.places.get(host);
    if (here === undefined) this.places.set(host, new Set([netns]));
    else here.add(netns);
    for (let each: Packet | null = packet; each !== null; each = each.inner) {
      const arp = each.etherType === ETH_ARP;
      this.addresses.add(arp ? each.arpSenderIp : each.src).add(arp ? each.arpTargetIp : each.dst);
      if (each.sport !== 0) this.ports.add(each.sport).add(each.dport);
    }
  }

  summary(): StorySummary {
    const { first, reset, replied, lastDrop } = this;
    const opener = this.opener ?? first.packet;
    const outcome = reset ? 'refused' : replied ? 'answered' : lastDrop !== undefined ? 'dropped' : 'unanswered';
    return {
      id: this.id,
      startedAt: first.at,
      title: titleOf(opener, this.request),
      protocol:
        opener.etherType === ETH_ARP
          ? 'ARP'
          : opener.protocol === PROTO_TCP
            ? 'TCP'
            : opener.protocol === PROTO_UDP
              ? 'UDP'
              : opener.protocol === PROTO_ICMP
                ? 'ICMP'
                : 'other',
      client: `${first.host} ${first.netns}`,
      packets: this.ids.size,
      outcome,
      places: [...this.places].flatMap(([host, names]) => [...names].map((netns) => `${host} ${netns}`)),
      addresses: [...this.addresses].map(formatIpv4),
      ports: [...this.ports],
      ...(outcome === 'dropped' && lastDrop !== undefined ? { dropReason: lastDrop } : {}),
    };
  }
}

function titleOf(packet: Packet, request: string): string {
  const to = formatIpv4(packet.dst);
  if (packet.protocol === PROTO_ICMP) return packet.icmpType === ICMP_ECHO ? `ping ${to}` : `ICMP ${to}`;
  const name =
    packet.protocol === PROTO_TCP ? 'TCP' : packet.protocol === PROTO_UDP ? 'UDP' : `protocol ${packet.protocol}`;
  return `${request === '' ? name : request} ${to}:${packet.dport}`;
}

/** `GET /` of an HTTP request, else nothing. */
function requestLine(packet: Packet): string {
  if (packet.protocol !== PROTO_TCP || packet.payload.length < 5) return '';
  let text = '';
  for (const byte of packet.payload.subarray(0, 80)) {
    if (byte === 13 || byte === 10) break;
    text += String.fromCharCode(byte);
  }
  return /^([A-Z]+ \S+) HTTP\//.exec(text)?.[1] ?? '';
}

/** Source and destination port of the opener turned round; of ICMP the echo reply and every error. */
function isReply(opener: Packet, packet: Packet): boolean {
  if (packet.protocol === PROTO_ICMP) return packet.icmpType !== ICMP_ECHO;
  return packet.sport !== opener.sport && packet.dport === opener.sport;
}

/** The way of every packet of one conversation, in order of first appearance. */
export function storyOf(events: readonly TraceEvent[], id: number): Story {
  const own = events.filter((event) => event.packet.flow === id);
  const byPacket = new Map<number, TraceEvent[]>();
  for (const event of own) {
    const key = innermost(event.packet).id;
    const list = byPacket.get(key);
    if (list === undefined) byPacket.set(key, [event]);
    else list.push(event);
  }
  const opener =
    own.find((event) => event.packet.etherType !== ETH_ARP && event.packet.inner === null)?.packet ?? own[0]?.packet;
  if (opener === undefined) return { id, packets: [] };
  const answers = answersAmong([...byPacket].map(([packetId, list]) => ({ id: packetId, packet: bare(list) })));
  return {
    id,
    packets: [...byPacket].map(([packetId, list]) => storyPacket(packetId, opener, list, answers.get(packetId))),
  };
}

function storyPacket(
  id: number,
  opener: Packet,
  events: readonly TraceEvent[],
  answer: number | undefined,
): StoryPacket {
  const hops: Hop[] = [];
  for (let at = 0; at < events.length; at++) hops.push(hopOf(events, at));
  const first = (events[0] as TraceEvent).packet;
  const last = events[events.length - 1] as TraceEvent;
  const dropped = events.find((event) => event.kind === 'drop');
  const answeredArp = first.etherType === ETH_ARP;
  const answeredEcho = innermost(first).protocol === PROTO_ICMP && answer !== undefined; // the kernel answers it, no socket
  return {
    id,
    direction: answeredArp
      ? first.arpOperation === 1
        ? 'request'
        : 'reply'
      : isReply(opener, innermost(first))
        ? 'reply'
        : 'request',
    label: labelOf(innermost(first)),
    hops,
    end: endOf(dropped !== undefined, last.kind === 'local', answeredArp || answeredEcho),
    ...(dropped?.kind === 'drop' ? { reason: dropped.reason } : {}),
    ...(answer === undefined ? {} : { answer }),
  };
}

function endOf(dropped: boolean, delivered: boolean, answered: boolean): StoryPacket['end'] {
  return dropped ? 'dropped' : delivered ? 'delivered' : answered ? 'consumed' : 'open';
}

/** The packet itself as it was first seen, without what carries it. */
function bare(events: readonly TraceEvent[]): Packet {
  return innermost((events[0] as TraceEvent).packet);
}

/** What a packet carries: under VXLAN the frame, under ESP what that carries in turn. */
function innermost(packet: Packet): Packet {
  let within = packet;
  while (within.inner !== null) within = within.inner;
  return within;
}

function labelOf(packet: Packet): string {
  if (packet.etherType === ETH_ARP) {
    return packet.arpOperation === 1
      ? `ARP who-has ${formatIpv4(packet.arpTargetIp)}`
      : `ARP ${formatIpv4(packet.arpSenderIp)} is-at ${formatMac(packet.arpSenderMac)}`;
  }
  switch (packet.protocol) {
    case PROTO_TCP: {
      const names: readonly [number, string][] = [
        [TCP_SYN, 'SYN'],
        [TCP_FIN, 'FIN'],
        [TCP_RST, 'RST'],
        [TCP_PSH, 'PSH'],
        [TCP_ACK, 'ACK'],
      ];
      const flags = names
        .filter(([bit]) => (packet.flags & bit) !== 0)
        .map(([, name]) => name)
        .join(',');
      const request = requestLine(packet);
      return request !== ''
        ? `${flags} ${request}`
        : packet.payload.length > 0
          ? `${flags} ${packet.payload.length} bytes`
          : flags;
    }
    case PROTO_ICMP:
      return packet.icmpType === ICMP_ECHO
        ? 'echo request'
        : packet.icmpType === ICMP_ECHO_REPLY
          ? 'echo reply'
          : `ICMP ${packet.icmpType}/${packet.icmpCode}`;
    case PROTO_UDP:
      return `UDP ${packet.payload.length} bytes`;
    default:
      return `protocol ${packet.protocol}`;
  }
}

function fieldsOf(packet: Packet): HopFields {
  const arp = packet.etherType === ETH_ARP;
  return {
    src: formatIpv4(arp ? packet.arpSenderIp : packet.src),
    dst: formatIpv4(arp ? packet.arpTargetIp : packet.dst),
    sport: packet.sport,
    dport: packet.dport,
    srcMac: formatMac(packet.srcMac),
    dstMac: formatMac(packet.dstMac),
    ttl: arp ? 0 : packet.ttl,
    mark: packet.mark,
    ...(packet.inner !== null ? { inner: fieldsOf(packet.inner) } : {}),
  };
}

const COMPARED = ['src', 'dst', 'sport', 'dport', 'srcMac', 'dstMac', 'ttl', 'mark'] as const;

function hopOf(way: readonly TraceEvent[], at: number): Hop {
  const event = way[at] as TraceEvent;
  const previous = way[at - 1];
  const after = fieldsOf(event.packet);
  const before = previous === undefined ? after : fieldsOf(previous.packet);
  const changed = COMPARED.filter((field) => before[field] !== after[field]);
  return {
    sequence: event.sequence,
    at: event.at,
    host: event.host,
    netns: event.netns,
    ...describe(event),
    origin: originOf(way, at),
    before,
    after,
    changed,
  };
}

/** The VXLAN network, or the IPsec state and the packet's place in its sequence. */
function carriedBy({ vni, esp }: { readonly vni: number; readonly esp?: EspMark }): string {
  return esp === undefined ? `vni ${vni}` : `esp spi 0x${esp.spi.toString(16).padStart(8, '0')} seq ${esp.sequence}`;
}

type Description = Pick<Hop, 'kind' | 'where' | 'what' | 'table' | 'chain' | 'rule'>;

function describe(event: TraceEvent): Description {
  switch (event.kind) {
    case 'rx':
      return { kind: 'device', where: event.dev, what: 'in' };
    case 'tx':
      return { kind: 'device', where: event.dev, what: 'out' };
    case 'rule':
      return {
        kind: 'rule',
        where: event.hook,
        what: event.to === undefined ? event.verdict : `${event.verdict} ${event.to}`,
        table: event.table,
        chain: event.chain,
        rule: { number: event.number, text: event.text, verdict: event.verdict, origin: event.origin },
      };
    case 'policy':
      return {
        kind: 'hook',
        where: event.hook,
        what: `policy ${event.verdict}`,
        table: event.table,
        chain: event.chain,
      };
    case 'conntrack':
      return {
        kind: 'conntrack',
        where: event.hook,
        what: `${event.what} ${event.state}${event.entry === '' ? '' : ` ${event.entry}`}`,
      };
    case 'nat': {
      const { before, after } = event;
      const text =
        event.manip === 'source'
          ? `${formatIpv4(before.src)}:${before.sport} → ${formatIpv4(after.src)}:${after.sport}`
          : `${formatIpv4(before.dst)}:${before.dport} → ${formatIpv4(after.dst)}:${after.dport}`;
      return { kind: 'nat', where: event.hook, what: `${event.manip} ${text} by ${event.by}` };
    }
    case 'ipvs':
      return {
        kind: 'ipvs',
        where: event.hook,
        what: `${event.what} ${event.service} → ${event.server} ${event.scheduler}`,
      };
    case 'route':
      return { kind: 'route', where: event.dev, what: event.type === 'none' ? 'no route' : event.route };
    case 'neighbour':
      return {
        kind: 'neighbour',
        where: event.dev,
        what: event.waits
          ? `${formatIpv4(event.address)} ${event.state}`
          : `${formatIpv4(event.address)} ${formatMac(event.mac)} ${event.state}`,
      };
    case 'bridge':
      return {
        kind: 'bridge',
        where: event.bridge,
        what: `${event.decision}${event.ports.length > 0 ? ` ${event.ports.join(' ')}` : ''} from ${event.from}`,
      };
    case 'arp-proxy':
      return {
        kind: 'neighbour',
        where: event.dev,
        what: `proxy answers ${formatIpv4(event.address)} ${formatMac(event.mac)}`,
      };
    case 'encap':
      return { kind: 'encap', where: event.dev, what: `${carriedBy(event)} to ${formatIpv4(event.remote)}` };
    case 'decap':
      return { kind: 'decap', where: event.dev, what: carriedBy(event) };
    case 'local':
      return { kind: 'local', where: event.socket, what: `delivered to ${event.socket}` };
    case 'sent':
      return { kind: 'sent', where: event.by, what: `made by ${event.by}` };
    case 'drop':
      return { kind: 'drop', where: event.where, what: event.reason };
  }
}
