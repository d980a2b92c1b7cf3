/** Big-endian numbers in octets. Reading past the end gives zeros, as a short frame has nothing there. */

export function get16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function get24(bytes: Uint8Array, at: number): number {
  return (get16(bytes, at) << 8) | (bytes[at + 2] ?? 0);
}

export function get32(bytes: Uint8Array, at: number): number {
  return get16(bytes, at) * 0x10000 + get16(bytes, at + 2);
}

export function get48(bytes: Uint8Array, at: number): number {
  return get16(bytes, at) * 0x100000000 + get32(bytes, at + 2);
}

export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = (value >>> 8) & 255;
  bytes[at + 1] = value & 255;
}

export function put24(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = (value >>> 16) & 255;
  put16(bytes, at + 1, value & 0xffff);
}

export function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value >>> 16);
  put16(bytes, at + 2, value & 0xffff);
}

export function put48(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, Math.floor(value / 0x100000000));
  put32(bytes, at + 2, value % 0x100000000);
}
