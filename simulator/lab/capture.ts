/**
 * A capture file out of the trace: every frame at every device as one packet block, an interface block a device, all on
 * one clock; the rules and verdicts met since the frame before stand as comments with the packet they happened to.
 */
import { formatIpv4 } from '../base/address.ts';
import type { TraceEvent } from '../trace/event.ts';
import { encodeFrame } from '../wire/ethernet.ts';
import { PcapngWriter } from '../wire/pcapng.ts';

/** `epoch` is the wall clock, in microseconds, of virtual time 0. */
export function captureFile(events: readonly TraceEvent[], epoch: number): Uint8Array {
  const file = new PcapngWriter();
  const interfaces = new Map<string, number>();
  const notes = new Map<number, string[]>();
  // Interface blocks stand first, so that every tool knows them before the first packet.
  for (const event of events) {
    if (event.kind !== 'rx' && event.kind !== 'tx') continue;
    const name = placeOf(event);
    if (!interfaces.has(name)) interfaces.set(name, file.addInterface({ name, description: `${event.dev} in ${event.netns} of ${event.host}` }));
  }
  for (const event of events) {
    const id = event.packet.inner?.id ?? event.packet.id;
    if (event.kind === 'rx' || event.kind === 'tx') {
      file.addPacket({
        interface: interfaces.get(placeOf(event)) as number,
        time: epoch + event.at,
        bytes: encodeFrame(event.packet),
        direction: event.kind === 'rx' ? 'in' : 'out',
        ...(notes.has(id) ? { comments: notes.get(id) as string[] } : {}),
      });
      notes.delete(id);
      continue;
    }
    const note = noteOf(event);
    if (note === undefined) continue;
    const list = notes.get(id);
    if (list === undefined) notes.set(id, [note]);
    else list.push(note);
  }
  return file.bytes();
}

function placeOf(event: TraceEvent & { readonly dev?: string }): string {
  return `${event.host}/${event.netns}/${event.dev ?? ''}`;
}

/** What a comment says; undefined for events that the frames themselves show. */
function noteOf(event: TraceEvent): string | undefined {
  switch (event.kind) {
    case 'rule':
      return `${event.netns} ${event.table} ${event.chain} rule ${event.number}: ${event.text} → ${event.verdict}`;
    case 'policy':
      return `${event.netns} ${event.table} ${event.chain} policy ${event.verdict}`;
    case 'ipvs':
      return `${event.netns} IPVS ${event.what} ${event.service} → ${event.server}`;
    case 'drop':
      return `${event.netns} dropped: ${event.reason} at ${event.where}`;
    case 'encap':
      return `${event.netns} ${event.dev} wraps for ${formatIpv4(event.remote)}, vni ${event.vni}`;
    default:
      return undefined;
  }
}
