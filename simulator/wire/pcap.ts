/** Capture files, classic format (draft-ietf-opsawg-pcap): written little-endian with microseconds, read in both orders. */
import { refuse, ok, type Result } from '../base/result.ts';

/** Link types (LINKTYPE_*). */
export const LINK_ETHERNET = 1;
export const LINK_LINUX_SLL2 = 276;

export const DEFAULT_SNAPLEN = 262144;

const MAGIC = 0xa1b2c3d4;
const MAGIC_NANO = 0xa1b23c4d;

/** A frame as a capture has it. */
export interface CapturedFrame {
  /** Microseconds since 1970. */
  readonly time: number;
  /** Octets on the wire; `bytes` may hold fewer. */
  readonly length: number;
  readonly bytes: Uint8Array;
}

export interface CaptureFile {
  readonly linkType: number;
  readonly snaplen: number;
  readonly frames: readonly CapturedFrame[];
  /** The file ends within a record. */
  readonly truncated: boolean;
}

/** The file header. */
export function pcapHeader(linkType: number, snaplen: number): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, snaplen, true);
  view.setUint32(20, linkType, true);
  return bytes;
}

/** One record: header and octets. */
export function pcapRecord(frame: CapturedFrame): Uint8Array {
  const bytes = new Uint8Array(16 + frame.bytes.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(frame.time / 1_000_000), true);
  view.setUint32(4, frame.time % 1_000_000, true);
  view.setUint32(8, frame.bytes.length, true);
  view.setUint32(12, frame.length, true);
  bytes.set(frame.bytes, 16);
  return bytes;
}

/** Reads a capture file; EINVAL when it is none. */
export function readPcap(bytes: Uint8Array): Result<CaptureFile> {
  if (bytes.length < 24) return refuse('EINVAL');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = view.getUint32(0, true) === MAGIC || view.getUint32(0, true) === MAGIC_NANO;
  const magic = view.getUint32(0, little);
  if (magic !== MAGIC && magic !== MAGIC_NANO) return refuse('EINVAL');
  const frames: CapturedFrame[] = [];
  let at = 24;
  while (at + 16 <= bytes.length) {
    const captured = view.getUint32(at + 8, little);
    if (at + 16 + captured > bytes.length) break;
    const fraction = view.getUint32(at + 4, little);
    frames.push({
      time: view.getUint32(at, little) * 1_000_000 + (magic === MAGIC_NANO ? Math.floor(fraction / 1000) : fraction),
      length: view.getUint32(at + 12, little),
      bytes: bytes.slice(at + 16, at + 16 + captured),
    });
    at += 16 + captured;
  }
  return ok({
    linkType: view.getUint32(20, little) & 0x0fffffff,
    snaplen: view.getUint32(16, little),
    frames,
    truncated: at !== bytes.length,
  });
}
