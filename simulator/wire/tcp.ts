/** TCP segments (RFC 9293) and their options (RFC 7323, RFC 2018), laid out as Linux does (tcp_options_write). */
import { get16, get32, put16, put32 } from './bytes.ts';
import { foldChecksum, pseudoHeaderSum, sumWords } from './checksum.ts';
import { type Packet, PROTO_TCP, tcpHeaderLength, type TcpOptions } from './packet.ts';

export const TCP_OPTION_EOL = 0;
export const TCP_OPTION_NOP = 1;
export const TCP_OPTION_MSS = 2;
export const TCP_OPTION_WINDOW_SCALE = 3;
export const TCP_OPTION_SACK_PERMITTED = 4;
export const TCP_OPTION_SACK = 5;
export const TCP_OPTION_TIMESTAMPS = 8;

export function writeTcp(bytes: Uint8Array, at: number, packet: Packet, length: number): void {
  const header = tcpHeaderLength(packet);
  put16(bytes, at, packet.sport);
  put16(bytes, at + 2, packet.dport);
  put32(bytes, at + 4, packet.seq);
  put32(bytes, at + 8, packet.ack);
  bytes[at + 12] = (header / 4) << 4;
  bytes[at + 13] = packet.flags;
  put16(bytes, at + 14, packet.window);
  if (packet.tcpOptions !== null) writeOptions(bytes, at + 20, packet.tcpOptions);
  bytes.set(packet.payload, at + header);
  const pseudo = pseudoHeaderSum(packet.src, packet.dst, PROTO_TCP, length);
  // What the hardware is to go on from is the sum itself, not its complement.
  const sum = packet.partial ? foldChecksum(pseudo) ^ 0xffff : foldChecksum(sumWords(bytes, at, at + length, pseudo));
  put16(bytes, at + 16, sum ^ (packet.malformed ? 0x5555 : 0));
}

function writeOptions(bytes: Uint8Array, from: number, options: TcpOptions): void {
  let at = from;
  const two = (a: number, b: number): void => {
    bytes[at++] = a;
    bytes[at++] = b;
  };
  if (options.mss !== undefined) {
    two(TCP_OPTION_MSS, 4);
    put16(bytes, at, options.mss);
    at += 2;
  }
  if (options.timestamps !== undefined) {
    if (options.sackPermitted) two(TCP_OPTION_SACK_PERMITTED, 2);
    else two(TCP_OPTION_NOP, TCP_OPTION_NOP);
    two(TCP_OPTION_TIMESTAMPS, 10);
    put32(bytes, at, options.timestamps.value);
    put32(bytes, at + 4, options.timestamps.echo);
    at += 8;
  } else if (options.sackPermitted) {
    two(TCP_OPTION_NOP, TCP_OPTION_NOP);
    two(TCP_OPTION_SACK_PERMITTED, 2);
  }
  if (options.windowScale !== undefined) {
    two(TCP_OPTION_NOP, TCP_OPTION_WINDOW_SCALE);
    two(3, options.windowScale);
  }
  if (options.sack !== undefined && options.sack.length > 0) {
    two(TCP_OPTION_NOP, TCP_OPTION_NOP);
    two(TCP_OPTION_SACK, 2 + 8 * options.sack.length);
    for (const [left, right] of options.sack) {
      put32(bytes, at, left);
      put32(bytes, at + 4, right);
      at += 8;
    }
  }
}

export function readTcp(bytes: Uint8Array, packet: Packet, whole: boolean): void {
  const header = Math.max(20, (bytes[12] >>> 4) * 4);
  packet.sport = get16(bytes, 0);
  packet.dport = get16(bytes, 2);
  packet.seq = get32(bytes, 4);
  packet.ack = get32(bytes, 8);
  packet.flags = bytes[13] ?? 0;
  packet.window = get16(bytes, 14);
  packet.tcpOptions = readOptions(bytes.subarray(20, header));
  packet.payload = bytes.slice(header);
  if (!whole) return;
  const sum = sumWords(bytes, 0, bytes.length, pseudoHeaderSum(packet.src, packet.dst, PROTO_TCP, bytes.length));
  if (bytes.length < header || foldChecksum(sum) !== 0) packet.malformed = true;
}

function readOptions(bytes: Uint8Array): TcpOptions | null {
  const options: { -readonly [K in keyof TcpOptions]: TcpOptions[K] } = {};
  let any = false;
  for (let at = 0; at < bytes.length;) {
    const kind = bytes[at];
    if (kind === TCP_OPTION_EOL) break;
    if (kind === TCP_OPTION_NOP) {
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    if (length < 2 || at + length > bytes.length) break;
    if (kind === TCP_OPTION_MSS) options.mss = get16(bytes, at + 2);
    else if (kind === TCP_OPTION_WINDOW_SCALE) options.windowScale = bytes[at + 2];
    else if (kind === TCP_OPTION_SACK_PERMITTED) options.sackPermitted = true;
    else if (kind === TCP_OPTION_TIMESTAMPS)
      options.timestamps = { value: get32(bytes, at + 2), echo: get32(bytes, at + 6) };
    else if (kind === TCP_OPTION_SACK) {
      const blocks: [number, number][] = [];
      for (let block = at + 2; block + 8 <= at + length; block += 8)
        blocks.push([get32(bytes, block), get32(bytes, block + 4)]);
      options.sack = blocks;
    } else {
      at += length;
      continue;
    }
    any = true;
    at += length;
  }
  return any ? options : null;
}
