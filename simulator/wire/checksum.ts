/** The Internet checksum (RFC 1071), over octets as they stand on the wire. */

/** Adds the 16-bit words of `bytes[from, to)` to a running sum; an odd last octet counts as the upper half of a word. */
export function sumWords(bytes: Uint8Array, from: number, to: number, sum = 0): number {
  let total = sum;
  let at = from;
  for (; at + 1 < to; at += 2) total += (bytes[at] << 8) | bytes[at + 1];
  if (at < to) total += bytes[at] << 8;
  return total;
}

/** The checksum of a running sum: folded to 16 bits and complemented. */
export function foldChecksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** The sum over the pseudo header of TCP and UDP: addresses, protocol, length of header and data. */
export function pseudoHeaderSum(src: number, dst: number, protocol: number, length: number): number {
  return (src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff) + protocol + length;
}
