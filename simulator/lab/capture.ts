/**
 * A capture file out of the trace: every frame at every device as one packet block, an interface block a device, all on
 * one clock. Rules, translations and verdicts stand as comments with the next frame of the packet they happened to; those
 * that no frame follows (what INPUT said, why it was dropped) with its last one.
 */
import { formatIpv4 } from '../base/address.ts';
import { type Origin, causesOf } from '../base/origin.ts';
import type { TraceEvent } from '../trace/event.ts';
import { encodeFrame } from '../wire/ethernet.ts';
import { asOnTheWire } from '../wire/packet.ts';
import { PcapngWriter } from '../wire/pcapng.ts';

/** One interface. */
export interface CapturePlace {
  readonly host: string;
  readonly netns: string;
  readonly device: string;
}

type Frame = Extract<TraceEvent, { kind: 'rx' | 'tx' }>;

/** `epoch` is the wall clock, in microseconds, of virtual time 0; with `only`, the frames of one interface. */
export function captureFile(events: readonly TraceEvent[], epoch: number, only?: CapturePlace): Uint8Array {
  const frames: { readonly frame: Frame; readonly comments: string[] }[] = [];
  const pending = new Map<number, string[]>();
  const last = new Map<number, string[]>();
  for (const event of events) {
    const id = event.packet.inner?.id ?? event.packet.id;
    if (event.kind === 'rx' || event.kind === 'tx') {
      if (only !== undefined && (event.host !== only.host || event.netns !== only.netns || event.dev !== only.device))
        continue;
      const comments = pending.get(id) ?? [];
      pending.delete(id);
      last.set(id, comments);
      frames.push({ frame: event, comments });
      continue;
    }
    const note = noteOf(event);
    if (note === undefined) continue;
    const list = pending.get(id);
    if (list === undefined) pending.set(id, [note]);
    else list.push(note);
  }
  for (const [id, notes] of pending) last.get(id)?.push(...notes);
  return fileOf(frames, epoch);
}

function fileOf(
  frames: readonly { readonly frame: Frame; readonly comments: readonly string[] }[],
  epoch: number,
): Uint8Array {
  const file = new PcapngWriter();
  const interfaces = new Map<string, number>();
  // Interface blocks stand first, so that every tool knows them before the first packet.
  for (const { frame } of frames) {
    const name = placeOf(frame);
    if (!interfaces.has(name))
      interfaces.set(name, file.addInterface({ name, description: `${frame.dev} in ${frame.netns} of ${frame.host}` }));
  }
  for (const { frame, comments } of frames) {
    file.addPacket({
      interface: interfaces.get(placeOf(frame)) as number,
      time: epoch + frame.at,
      bytes: encodeFrame(asOnTheWire(frame.packet)),
      direction: frame.kind === 'rx' ? 'in' : 'out',
      ...(comments.length > 0 ? { comments } : {}),
    });
  }
  return file.bytes();
}

function placeOf({ host, netns, dev }: Frame): string {
  return `${host}/${netns}/${dev}`;
}

/** What a comment says; undefined for events that the frames themselves show. */
function noteOf(event: TraceEvent): string | undefined {
  switch (event.kind) {
    case 'rule':
      return `${event.netns} ${event.table} ${event.chain} rule ${event.number}: ${event.text} → ${event.verdict}${because(event.origin)}`;
    case 'policy':
      return `${event.netns} ${event.table} ${event.chain} policy ${event.verdict}${because(event.origin)}`;
    case 'nat': {
      const { before, after } = event;
      const change =
        event.manip === 'source'
          ? `${formatIpv4(before.src)}:${before.sport} → ${formatIpv4(after.src)}:${after.sport}`
          : `${formatIpv4(before.dst)}:${before.dport} → ${formatIpv4(after.dst)}:${after.dport}`;
      return `${event.netns} ${event.manip} ${change} by ${event.by}`;
    }
    case 'ipvs':
      return `${event.netns} IPVS ${event.what} ${event.service} → ${event.server}`;
    case 'route':
      return `${event.netns} route ${event.route === '' ? 'none' : event.route}`;
    case 'drop':
      return `${event.netns} dropped: ${event.reason} at ${event.where}`;
    case 'encap':
      if (event.esp !== undefined)
        return `${event.netns} IPsec wraps for ${formatIpv4(event.remote)}, spi 0x${event.esp.spi.toString(16)}`;
      return `${event.netns} ${event.dev} wraps for ${formatIpv4(event.remote)}, vni ${event.vni}`;
    case 'local':
      return `${event.netns} delivered to ${event.socket}`;
    default:
      return undefined;
  }
}

/** The chain of causes, the nearest first. */
function because(origin: Origin): string {
  return ` (${[...causesOf(origin)].map(({ text, terminal, line }) => (terminal === undefined ? text : `${text} [${terminal}:${line ?? ''}]`)).join(' ← ')})`;
}
