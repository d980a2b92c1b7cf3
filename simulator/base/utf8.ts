/** UTF-8 to and from text. Written here because the simulator is compiled without the DOM's and Node's TextEncoder. */

/** The UTF-8 octets of `text`; lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const ascii = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return encodeFrom(text, i, ascii);
    ascii[i] = code;
  }
  return ascii;
}

/** How many octets `text` takes in UTF-8. */
export function utf8Length(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return encodeUtf8(text).length;
  return text.length;
}

/** Goes on at `start`, the first character beyond ASCII. */
function encodeFrom(text: string, start: number, ascii: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  bytes.set(ascii.subarray(0, start));
  let length = start;
  for (let i = start; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      bytes[length++] = code;
      continue;
    }
    if (code >= 0xd800 && code < 0xe000) {
      const low = text.charCodeAt(i + 1);
      if (code < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        i++;
      } else code = 0xfffd;
    }
    if (code < 0x800) bytes[length++] = 0xc0 | (code >> 6);
    else {
      if (code < 0x10000) bytes[length++] = 0xe0 | (code >> 12);
      else {
        bytes[length++] = 0xf0 | (code >> 18);
        bytes[length++] = 0x80 | ((code >> 12) & 63);
      }
      bytes[length++] = 0x80 | ((code >> 6) & 63);
    }
    bytes[length++] = 0x80 | (code & 63);
  }
  return bytes.slice(0, length);
}

/** Up to so many bytes, mostly one typed key, are quicker one by one. */
const SHORT = 8;

/** Decodes UTF-8 piecewise: an incomplete sequence at the end of a chunk is kept for the next one. */
export class Utf8Decoder {
  private pending: number[] = [];

  /** The text of `bytes`, malformed sequences as U+FFFD. */
  decode(bytes: Uint8Array): string {
    let text = '';
    const input = this.pending.length > 0 ? Uint8Array.from([...this.pending, ...bytes]) : bytes;
    this.pending = [];
    let i = 0;
    let run = 0;
    const flush = (end: number): void => {
      if (end - run <= SHORT) {
        while (run < end) text += String.fromCharCode(input[run++] as number);
        return;
      }
      for (let at = run; at < end; at += 8192) {
        text += String.fromCharCode.apply(null, input.subarray(at, Math.min(end, at + 8192)) as unknown as number[]);
      }
    };
    while (i < input.length) {
      const lead = input[i] as number;
      if (lead < 0x80) {
        i++;
        continue;
      }
      flush(i);
      const need = lead >= 0xf0 && lead < 0xf8 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc2 ? 1 : 0;
      if (need === 0 || lead >= 0xf8) {
        text += '\ufffd';
        run = ++i;
        continue;
      }
      if (i + need >= input.length && continues(input, i + 1)) {
        this.pending = [...input.subarray(i)];
        return text;
      }
      let code = lead & (0x3f >> need);
      let good = 0;
      while (good < need && ((input[i + 1 + good] ?? 0) & 0xc0) === 0x80) code = (code << 6) | ((input[i + 1 + good++] as number) & 63);
      text += good === need ? String.fromCodePoint(code > 0x10ffff ? 0xfffd : code) : '\ufffd';
      run = i += 1 + good;
    }
    flush(i);
    return text;
  }
}

/** The text of a whole array of UTF-8 octets. */
export function decodeUtf8(bytes: Uint8Array): string {
  return new Utf8Decoder().decode(bytes);
}

function continues(bytes: Uint8Array, from: number): boolean {
  for (let i = from; i < bytes.length; i++) if (((bytes[i] as number) & 0xc0) !== 0x80) return false;
  return true;
}
