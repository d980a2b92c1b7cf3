/** HTTP: the first line of a message, or all its lines with -v. Mirrors txtproto_print of print.c and print-http.c. */

const METHODS = new Set(
  'GET PUT COPY HEAD LOCK MOVE POLL POST BCOPY BMOVE MKCOL TRACE LABEL MERGE DELETE SEARCH UNLOCK REPORT UPDATE NOTIFY BDELETE CONNECT OPTIONS CHECKIN PROPFIND CHECKOUT CCM_POST SUBSCRIBE PROPPATCH BPROPFIND BPROPPATCH UNCHECKOUT MKACTIVITY MKWORKSPACE UNSUBSCRIBE RPC_CONNECT VERSION-CONTROL BASELINE-CONTROL'.split(
    ' ',
  ),
);

/** `HTTP`, and the line or lines of a message that starts here. */
export function printHttp(payload: Uint8Array, verbose: number): string {
  const [first, second] = latin1(payload.subarray(0, 128))
    .split(/[\r\n]/)[0]
    .split(/[ \t]+/);
  const message = METHODS.has(first) || /^\d{3}$/.test(second ?? '');
  const length = verbose > 0 ? `, length: ${payload.length}` : '';
  if (!message) return `HTTP${length}`;
  if (verbose === 0) return `HTTP${printLine(payload, 0, ': ').text}`;
  let text = `HTTP${length}`;
  for (let at = 0; at < payload.length;) {
    const line = printLine(payload, at, '\n\t');
    text += line.text;
    if (line.next === 0) break;
    at = line.next;
  }
  return text;
}

/** print_txt_line: one line with its prefix, and where the next starts; 0 when there is none. */
function printLine(
  payload: Uint8Array,
  from: number,
  prefix: string,
): { readonly text: string; readonly next: number } {
  for (let at = from; at < payload.length; at++) {
    const octet = payload[at];
    if (octet === 10) return { text: prefix + latin1(payload.subarray(from, at)), next: at + 1 };
    if (octet === 13) {
      if (payload[at + 1] === 10) return { text: prefix + latin1(payload.subarray(from, at)), next: at + 2 };
      return { text: prefix + latin1(payload.subarray(from, at)), next: at + 1 };
    }
    if (octet > 126 || (octet < 32 && octet !== 9)) return { text: `${prefix}[!http]`, next: 0 };
  }
  return { text: `${prefix}${latin1(payload.subarray(from))} [|http]`, next: 0 };
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const octet of bytes) text += String.fromCharCode(octet);
  return text;
}
