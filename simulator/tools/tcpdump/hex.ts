/** Octets as tcpdump dumps them: -x, -X and -A. Mirrors print-ascii.c. */

/** `-x`: a line of sixteen octets each, without a final newline. */
export function hexDump(bytes: Uint8Array, indent = '\n\t'): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 16) text += `${indent}0x${hex(at, 4)}: ${hexWords(bytes, at)}`;
  return text;
}

/** `-X`: the same with the letters beside. */
export function hexAsciiDump(bytes: Uint8Array, indent = '\n\t'): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 16) {
    let letters = '';
    for (const octet of bytes.subarray(at, at + 16))
      letters += octet > 32 && octet < 127 ? String.fromCharCode(octet) : '.';
    text += `${indent}0x${hex(at, 4)}: ${hexWords(bytes, at).padEnd(40)}  ${letters}`;
  }
  return text;
}

/** `-A`: letters as they are, other octets as dots, lines where the packet has them. */
export function asciiDump(bytes: Uint8Array): string {
  let text = '\n';
  for (let at = 0; at < bytes.length; at++) {
    const octet = bytes[at];
    if (octet === 13 && bytes[at + 1] === 10) continue;
    text += (octet >= 32 && octet < 127) || octet === 9 || octet === 10 ? String.fromCharCode(octet) : '.';
  }
  return text;
}

function hexWords(bytes: Uint8Array, at: number): string {
  let text = '';
  for (let i = at; i < Math.min(at + 16, bytes.length); i += 2) {
    text += ` ${hex(bytes[i], 2)}${i + 1 < bytes.length ? hex(bytes[i + 1], 2) : ''}`;
  }
  return text;
}

/** At least `digits` lower-case hexadecimal digits. */
export function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
