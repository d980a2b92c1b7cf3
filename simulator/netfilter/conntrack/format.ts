/** How conntrack(8) prints an entry: libnetfilter_conntrack's default output, and with `-o extended`, `id`, `xml`. */
import { formatIpv4 } from '../../base/address.ts';
import { SECOND } from '../../base/scheduler.ts';
import { PROTO_ICMP, PROTO_SCTP, PROTO_TCP, PROTO_UDP } from '../../wire/packet.ts';
import { IPS_ASSURED, IPS_SEEN_REPLY, type ConntrackEntry, type TupleHash } from './entry.ts';
import { TCP_STATE_NAMES } from './tcp-track.ts';

/** Names of the protocols that conntrack knows. */
export const CONNTRACK_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [PROTO_ICMP, 'icmp'],
  [PROTO_TCP, 'tcp'],
  [PROTO_UDP, 'udp'],
  [33, 'dccp'],
  [47, 'gre'],
  [PROTO_SCTP, 'sctp'],
  [136, 'udplite'],
]);

export interface EntryFormat {
  /** `ipv4     2` in front. */
  readonly extended?: boolean;
  /** `id=` at the end. */
  readonly id?: boolean;
  /** Events have neither mark=0 nor use=, nor a time-out that is over. */
  readonly event?: boolean;
  readonly use?: number;
}

/** Whole seconds until the entry's time is over. */
function secondsLeft(entry: ConntrackEntry, now: number): number {
  return Math.max(0, Math.floor((entry.expires - now) / SECOND));
}

/** One line, as `conntrack -L` prints it. */
export function formatEntry(entry: ConntrackEntry, now: number, format: EntryFormat = {}): string {
  const { original, reply } = entry;
  const protocol = original.protocol;
  const name = (CONNTRACK_PROTOCOLS.get(protocol) ?? 'unknown').padEnd(8);
  let text = `${format.extended ? `${'ipv4'.padEnd(8)} 2 ` : ''}${name} ${protocol} `;
  const left = secondsLeft(entry, now);
  if (!format.event || left > 0) text += `${left} `;
  if (entry.tcp !== null) text += `${TCP_STATE_NAMES[entry.tcp.state]} `;
  text += formatTuple(original);
  if (!(entry.status & IPS_SEEN_REPLY)) text += '[UNREPLIED] ';
  text += formatTuple(reply);
  if (entry.status & IPS_ASSURED) text += '[ASSURED] ';
  if (!format.event || entry.mark !== 0) text += `mark=${entry.mark} `;
  if (!format.event) text += `use=${format.use ?? 1} `;
  if (format.id) text += `id=${entry.id} `;
  return text.trimEnd();
}

function formatTuple(tuple: TupleHash): string {
  const text = `src=${formatIpv4(tuple.src)} dst=${formatIpv4(tuple.dst)} `;
  switch (tuple.protocol) {
    case PROTO_ICMP:
      return `${text}type=${tuple.dport >> 8} code=${tuple.dport & 255} id=${tuple.sport} `;
    case PROTO_TCP:
    case PROTO_UDP:
    case PROTO_SCTP:
      return `${text}sport=${tuple.sport} dport=${tuple.dport} `;
    default:
      return text;
  }
}

/** One `<flow>` element of `-o xml`. */
export function formatEntryXml(entry: ConntrackEntry, now: number, use = 1): string {
  const state = entry.tcp === null ? '' : `<state>${TCP_STATE_NAMES[entry.tcp.state]}</state>`;
  const flags =
    (entry.status & IPS_SEEN_REPLY ? '' : '<unreplied/>') + (entry.status & IPS_ASSURED ? '<assured/>' : '');
  return (
    `<flow>${xmlTuple('original', entry.original)}${xmlTuple('reply', entry.reply)}` +
    `<meta direction="independent">${state}<timeout>${secondsLeft(entry, now)}</timeout><mark>${entry.mark}</mark>` +
    `<use>${use}</use><id>${entry.id}</id>${flags}</meta></flow>`
  );
}

function xmlTuple(direction: string, tuple: TupleHash): string {
  const name = CONNTRACK_PROTOCOLS.get(tuple.protocol) ?? 'unknown';
  const ports =
    tuple.protocol === PROTO_TCP || tuple.protocol === PROTO_UDP
      ? `<sport>${tuple.sport}</sport><dport>${tuple.dport}</dport>`
      : '';
  return (
    `<meta direction="${direction}"><layer3 protonum="2" protoname="ipv4"><src>${formatIpv4(tuple.src)}</src>` +
    `<dst>${formatIpv4(tuple.dst)}</dst></layer3><layer4 protonum="${tuple.protocol}" protoname="${name}">${ports}</layer4></meta>`
  );
}
