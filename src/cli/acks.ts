/**
 * Rule "acknowledgement": a server that hears FIN acknowledges it at once, or together with its own FIN when its program is quick
 * enough: on the rig's slow machine, now this, now that. So a counter may differ by packets of 52 octets (an IP and a TCP header
 * with time stamps, and nothing else), at most as many as there were conversations; the rest must be equal.
 */
import type { Uses } from './normalise.ts';

const OCTETS = 52;

/** How many acknowledgements more `recorded` counted than `own`, of IPVS's five counters; undefined when that does not explain it. */
export function acknowledgements(recorded: readonly number[], own: readonly number[]): number | undefined {
  const [connections, packetsIn, packetsOut, octetsIn, octetsOut] = recorded.map(
    (count, i) => count - (own[i] as number),
  );
  if (connections !== 0 || packetsIn !== 0 || octetsIn !== 0 || octetsOut !== OCTETS * (packetsOut as number))
    return undefined;
  // Each conversation ends with two packets of its client: FIN, and the acknowledgement of the server's.
  return Math.abs(packetsOut as number) * 2 <= (own[1] as number) ? packetsOut : undefined;
}

const ROW = /^((?:TCP|UDP|FWM) +\S+|  -> \S+)((?: +\d+){5})$/;

/** `own` with as many acknowledgements as were recorded, in the tables of `ipvsadm --stats`. */
export function settle(cmd: string, recorded: string, own: string, uses: Uses): string {
  if (!/\bipvsadm\b.*--stats/.test(cmd)) return own;
  const lines = recorded.split('\n');
  return own
    .split('\n')
    .map((line, i) => {
      const [mine, theirs] = [ROW.exec(line), ROW.exec(lines[i] ?? '')];
      if (mine === null || theirs === null || mine[1] !== theirs[1]) return line;
      const numbers = (text: string): number[] => text.trim().split(/ +/).map(Number);
      const more = acknowledgements(numbers(theirs[2] as string), numbers(mine[2] as string));
      if (more === undefined || more === 0) return line;
      uses.set('acknowledgement', (uses.get('acknowledgement') ?? 0) + 1);
      return lines[i] as string;
    })
    .join('\n');
}
