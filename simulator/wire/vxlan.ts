/** VXLAN (RFC 7348): a frame inside a UDP packet. */
import { get24, put24 } from './bytes.ts';
import { decodeFrame, ETHERNET_HEADER, writeFrame } from './ethernet.ts';
import type { Packet } from './packet.ts';

/** The port Docker and IANA use; Linux's own default is 8472. */
export const VXLAN_PORT = 4789;
export const VXLAN_HEADER = 8;

/** The I flag: a VNI is given. */
const VNI_VALID = 0x08;

export function writeVxlan(bytes: Uint8Array, at: number, vni: number, frame: Packet): void {
  bytes[at] = VNI_VALID;
  put24(bytes, at + 4, vni);
  writeFrame(bytes, at + VXLAN_HEADER, frame);
}

/** Reads header and frame into `packet`; false, and nothing read, when it is no VXLAN. */
export function readVxlan(bytes: Uint8Array, packet: Packet): boolean {
  if (bytes.length < VXLAN_HEADER + ETHERNET_HEADER || bytes[0] !== VNI_VALID) return false;
  const inner = decodeFrame(bytes.subarray(VXLAN_HEADER));
  if (inner === undefined) return false;
  packet.vni = get24(bytes, 4);
  packet.inner = inner;
  return true;
}
