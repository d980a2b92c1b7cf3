/**
 * Rule "expired": a list of IPVS servers that shows fewer ended connections than there are yet tells that more time had passed: they
 * are forgotten two minutes after their end. It is waited until as many are gone.
 */

const LISTS = /\bipvsadm(?: -\w*[ln]\w*)*$/;
const SERVER = /^ {2}-> (\S+):\S+ +\w+ +\d+ +\d+ +(\d+) *$/gm;

/** The same list without names, as looking them up sends packets; undefined for a command that lists nothing of the kind. */
export function listing(cmd: string): string | undefined {
  return LISTS.test(cmd) && !/[|;&]/.test(cmd) ? cmd.replace(/\bipvsadm.*$/, 'ipvsadm -ln') : undefined;
}

function ended(text: string): number[] {
  return [...text.matchAll(SERVER)].map(([, , count = '']) => Number(count));
}

/** True when `own` shows connections that `recorded` has forgotten, and the same number of servers. */
export function remembers(recorded: string, own: string): boolean {
  const [theirs, ours] = [ended(recorded), ended(own)];
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  return theirs.length === ours.length && sum(theirs) < sum(ours);
}
