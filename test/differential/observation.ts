// What is seen of a case, on either side, in words that can be compared: verdicts and captures of each packet sent, counters
// of rules and chains, connections.
import { formatIpv4 } from '../../simulator/base/address.ts';
import {
  ETH_ARP,
  ETH_IPV4,
  ipLength,
  type Packet,
  PROTO_ICMP,
  PROTO_TCP,
  PROTO_UDP,
  TCP_ACK,
  TCP_SYN,
} from '../../simulator/wire/packet.ts';

export interface ProbeObservation {
  /** The error of sendto, '' when it went. */
  readonly error: string;
  /** `namespace device direction packet`, sorted. */
  readonly frames: readonly string[];
}

export interface Observation {
  /** Lines of the building script that failed. */
  readonly failed: readonly string[];
  readonly probes: readonly ProbeObservation[];
  /** `namespace table chain counters rule`, in order. */
  readonly rules: readonly string[];
  /** `namespace connection`, sorted. */
  readonly connections: readonly string[];
}

/** A frame in words; undefined for what is not compared (IPv6, anything but ARP and IPv4). Random numbers are left out. */
export function frameText(packet: Packet): string | undefined {
  if (packet.etherType === ETH_ARP)
    return `arp ${packet.arpOperation} ${formatIpv4(packet.arpSenderIp)} ${formatIpv4(packet.arpTargetIp)}`;
  return packet.etherType === ETH_IPV4 ? ipText(packet, false) : undefined;
}

function ipText(packet: Packet, quoted: boolean): string {
  const { src, dst, ttl, tos, dontFragment } = packet;
  const head = `${formatIpv4(src)} > ${formatIpv4(dst)} ttl ${ttl} tos ${tos}${dontFragment ? ' DF' : ''} length ${ipLength(packet)}`;
  if (packet.whole !== null || packet.moreFragments || packet.fragmentOffset !== 0)
    return `${head} protocol ${packet.protocol} fragment ${packet.fragmentOffset}${packet.moreFragments ? '+' : ''}`;
  switch (packet.protocol) {
    case PROTO_TCP: {
      const ports = `tcp ${packet.sport} > ${packet.dport}`;
      if (quoted) return `${head} ${ports}`;
      // The sequence number of who answers a SYN is random.
      const answers = (packet.flags & (TCP_SYN | TCP_ACK)) === (TCP_SYN | TCP_ACK);
      const options = packet.tcpOptions?.mss === undefined ? '' : ` mss ${packet.tcpOptions.mss}`;
      return `${head} ${ports} flags ${packet.flags} seq ${answers ? '*' : packet.seq}${options}`;
    }
    case PROTO_UDP:
      if (packet.inner !== null && !quoted)
        return `${formatIpv4(src)} > ${formatIpv4(dst)} ttl ${ttl} vxlan ${packet.vni} ${frameText(packet.inner) ?? '-'}`;
      return `${head} udp ${packet.dport === 4789 ? '*' : packet.sport} > ${packet.dport}`;
    case PROTO_ICMP: {
      const type = `icmp ${packet.icmpType}/${packet.icmpCode}`;
      if (quoted) return `${head} ${type}`;
      if (packet.quoted !== null)
        return `${head} ${type}${packet.icmpMtu !== 0 ? ` mtu ${packet.icmpMtu}` : ''} about [${ipText(packet.quoted, true)}]`;
      return `${head} ${type} id ${packet.icmpId} seq ${packet.icmpSeq}`;
    }
    default:
      return `${head} protocol ${packet.protocol}`;
  }
}

/** iptables before 1.8.10 does not ask nf_tables to count what a policy decides. */
export function withoutPolicies(observation: Observation): Observation {
  return {
    ...observation,
    rules: observation.rules.map((line) => line.replace(/^(\S+ \S+ :\S+ \S+) \[\d+:\d+\]$/, '$1')),
  };
}

/** Reads what the script of observeScript printed. */
export function readObservation(text: string): Pick<Observation, 'rules' | 'connections'> {
  const rules: string[] = [];
  const connections: string[] = [];
  let node = '';
  let part = '';
  const tables = new Map<string, string[]>();
  let table = '';
  const flush = (): void => {
    for (const [name, lines] of [...tables].sort(([a], [b]) => (a < b ? -1 : 1)))
      for (const line of lines) rules.push(`${node} ${name} ${line}`);
    tables.clear();
  };
  for (const line of text.split('\n')) {
    const head = /^== (\S+) (\S+)$/.exec(line);
    if (head !== null) {
      flush();
      [, node = '', part = ''] = head;
    } else if (part === 'rules') {
      if (line.startsWith('*')) table = line.slice(1);
      else if (/^[:[]/.test(line)) tables.set(table, [...(tables.get(table) ?? []), line.trimEnd()]);
    } else if (line !== '') connections.push(`${node} ${connectionText(line)}`);
  }
  flush();
  return { rules, connections: connections.sort() };
}

/** A line of `conntrack -L` without what runs or differs between versions: time left, use counts, names of protocols. */
function connectionText(line: string): string {
  const words = line.trim().split(/\s+/);
  const [protocol = ''] = words;
  return [
    protocol,
    ...words.slice(3).filter((word) => !/^(?:use|mark|id|zone)=|^\d+$/.test(word) || /^mark=[1-9]/.test(word)),
  ].join(' ');
}

/** Tunnels may have had something to say, and so to resolve, before the first packet is sent. */
const UNDERLAY_ARP = /^[rq] u\d (?:in|out) arp /;

/** The first differences of two observations, as lines with `-` for the real kernel and `+` for the emulator. */
export function differences(real: Observation, own: Observation): string[] {
  const found: string[] = [];
  const compare = (what: string, a: readonly string[], b: readonly string[]): void => {
    const rest = b.filter((line) => !UNDERLAY_ARP.test(line));
    const missing = a.filter((line) => {
      if (UNDERLAY_ARP.test(line)) return false;
      const at = rest.indexOf(line);
      if (at >= 0) rest.splice(at, 1);
      return at < 0;
    });
    if (missing.length + rest.length > 0)
      found.push(`${what}:`, ...missing.map((line) => `-${line}`), ...rest.map((line) => `+${line}`));
  };
  compare('failed commands', real.failed, own.failed);
  real.probes.forEach((probe, i) => {
    const other = own.probes[i];
    if (other === undefined) return;
    if (probe.error !== other.error) found.push(`packet ${i}: sendto`, `-${probe.error}`, `+${other.error}`);
    compare(`packet ${i}: captures`, probe.frames, other.frames);
  });
  compare('counters', real.rules, own.rules);
  compare('connections', real.connections, own.connections);
  return found;
}
