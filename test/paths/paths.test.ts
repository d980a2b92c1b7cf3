// One packet, one expected story: the rules that a SYN and its SYN+ACK meet in every namespace, as a real swarm traced them.
import { describe, expect, test } from 'vitest';
import { formatIpv4 } from '../../simulator/base/address.ts';
import type { TraceEvent } from '../../simulator/index.ts';
import { buildWorld, readGolden, run } from './golden.ts';

/** The trace in the words of the golden files. Tunnel packets are those that carry the SYN or the SYN+ACK. */
function sectionsOf(events: readonly TraceEvent[]): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  for (const event of events) {
    if (event.kind !== 'rule' && event.kind !== 'policy') continue;
    const { packet } = event;
    const tcp = packet.inner ?? packet;
    const flags = tcp.flags & 0x12;
    if (tcp.protocol !== 6 || (tcp.flags & 2) === 0) continue;
    const label = packet.inner !== null ? `VXLAN ${formatIpv4(packet.src)} > ${formatIpv4(packet.dst)} len 110` : flags === 2 ? 'SYN' : 'SYN+ACK';
    const title = `[${event.host} ${event.netns.replace(/^lb_\w{9}$/, 'lb')}] ${label}`;
    const port = (number: number): string => (number >= 32768 ? 'C' : String(number));
    const source = packet.inner !== null ? 'V' : port(packet.sport);
    const state = `${formatIpv4(packet.src)}:${source} > ${formatIpv4(packet.dst)}:${port(packet.dport)} ttl ${packet.ttl} mark 0x${packet.mark.toString(16)}`;
    const verdict = event.kind === 'rule' && event.to !== undefined ? `${event.verdict} ${event.to}` : event.verdict;
    const line = `${event.table} ${event.chain} ${event.kind} ${verdict} | ${event.kind === 'rule' ? event.text : '-'} | ${state}`;
    const list = sections.get(title);
    if (list === undefined) sections.set(title, [line]);
    else list.push(line);
  }
  return sections;
}

describe.each(['packet-path', 'packet-path-local', 'packet-path-loopback', 'packet-path-vip'])('%s', (name) => {
  test('meets the recorded rules in the recorded namespaces', () => {
    const golden = readGolden(name);
    const world = buildWorld(golden);
    run(world, golden.request.node, golden.request.command);
    const seen = sectionsOf(world.trace.events);
    for (const [title, lines] of golden.sections) expect({ title, lines: seen.get(title) ?? [] }).toEqual({ title, lines });
    expect([...seen.keys()].sort()).toEqual([...golden.sections.keys()].sort());
  });
});
