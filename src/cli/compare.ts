/** Whether an output is the recorded one, but for what the rules of normalise.ts allow; learns which ids stand for which. */
import { settle } from './acks.ts';
import { mask, PADDING, squeeze, SYMBOLS, UNORDERED, type Uses } from './normalise.ts';
import { Symbols } from './symbols.ts';

interface Found {
  readonly rule: string;
  readonly scope: 'recording' | 'step';
  readonly text: string;
}

/** A text cut at its symbols: the texts between them (with the rules' names), and the symbols. */
interface Cut {
  readonly skeleton: string;
  readonly symbols: readonly Found[];
}

/** Tasks of a global service are listed by the ids of their nodes, which are random. */
const BY_NODE = /^[0-9a-z]{12,25} +[\w-]+\.[0-9a-z]{25} .*\n[0-9a-z]{12,25} +[\w-]+\.[0-9a-z]{25} /m;

/** Kinds share one table where they name the same things. */
const KIND: Readonly<Record<string, string>> = { 'task name': 'task' };

/** The table a symbol is looked up in; process ids are per machine. */
export function kindOf(rule: string, node: string): string {
  return rule === 'process' ? `process ${node}` : (KIND[rule] ?? rule);
}

function cut(text: string): Cut {
  const spans: { start: number; end: number; found: Found }[] = [];
  const covered = new Uint8Array(text.length);
  for (const { name, pattern, scope } of SYMBOLS) {
    for (const match of text.matchAll(pattern)) {
      const start = match.index;
      const end = start + match[0].length;
      if (covered[start] === 1 || covered[end - 1] === 1) continue;
      covered.fill(1, start, end);
      spans.push({ start, end, found: { rule: name, scope, text: match[0] } });
    }
  }
  spans.sort((a, b) => a.start - b.start);
  let skeleton = '';
  let at = 0;
  for (const { start, end, found } of spans) {
    skeleton += `${text.slice(at, start)}‹${found.rule} ${found.rule === 'id' ? found.text.length : ''}›`;
    at = end;
  }
  return { skeleton: skeleton + text.slice(at), symbols: spans.map((span) => span.found) };
}

/** Pairs the symbols of two equal skeletons; false at the first that does not fit. */
function pairAll(
  recorded: readonly Found[],
  own: readonly Found[],
  node: string,
  symbols: Symbols,
  step: Symbols,
  uses: Uses,
): boolean {
  return recorded.every((found, i) => {
    const other = own[i] as Found;
    const table = found.scope === 'recording' ? symbols : step;
    if (!table.pair(kindOf(found.rule, node), found.text, other.text)) return false;
    if (found.text !== other.text) uses.set(found.rule, (uses.get(found.rule) ?? 0) + 1);
    return true;
  });
}

/** One output: equal, or the lines of both that differ. `host`: the command looked at a host of a cluster. */
export function compareText(
  recorded: string,
  own: string,
  command: string,
  node: string,
  symbols: Symbols,
  uses: Uses,
  host = true,
): { equal: boolean; want: string; have: string } {
  if (recorded === own) return { equal: true, want: recorded, have: own };
  const trial: Uses = new Map();
  let want = mask(recorded, command, trial, host);
  let have = mask(settle(command, recorded, own, trial), command, trial, host);
  if ((UNORDERED.commands.test(command) || BY_NODE.test(want)) && want !== have) {
    [want, have] = [sortLines(want, (line) => line), sortLines(have, (line) => inRecordedWords(line, node, symbols))];
    trial.set(UNORDERED.name, 1);
  }
  const step = new Symbols();
  let [left, right] = [cut(want), cut(have)];
  if (left.skeleton !== right.skeleton) {
    const [a, b] = [cut(squeeze(want)), cut(squeeze(have))];
    if (a.skeleton === b.skeleton) {
      [left, right] = [a, b];
      trial.set(PADDING.name, 1);
    }
  }
  const equal = left.skeleton === right.skeleton && pairAll(left.symbols, right.symbols, node, symbols, step, trial);
  if (equal) for (const [name, times] of trial) uses.set(name, (uses.get(name) ?? 0) + times);
  else learnLines(want, have, node, symbols);
  return { equal, want, have: inRecordedWords(have, node, symbols) };
}

/** From outputs that differ, the lines that are alike still tell ids. */
function learnLines(want: string, have: string, node: string, symbols: Symbols): void {
  const rest = new Map<string, Cut[]>();
  for (const line of squeeze(have).split('\n')) {
    const piece = cut(line);
    const list = rest.get(piece.skeleton);
    if (list === undefined) rest.set(piece.skeleton, [piece]);
    else list.push(piece);
  }
  for (const line of squeeze(want).split('\n')) {
    const piece = cut(line);
    const [candidate, ...others] = rest.get(piece.skeleton) ?? [];
    // Only where there is no choice.
    if (candidate === undefined || others.length > 0 || piece.symbols.length === 0) continue;
    const known = piece.symbols.filter((found) => found.scope === 'recording');
    const fits = piece.symbols.every(
      (found, i) =>
        found.scope === 'step' ||
        symbols.fits(kindOf(found.rule, node), found.text, (candidate.symbols[i] as Found).text),
    );
    if (fits && known.length > 0) pairAll(piece.symbols, candidate.symbols, node, symbols, new Symbols(), new Map());
  }
}

/** Own ids replaced by the recorded ones they stand for, so that a difference shows only what is different. */
function inRecordedWords(text: string, node: string, symbols: Symbols): string {
  let words = text;
  for (const { name, pattern, scope } of SYMBOLS) {
    if (scope === 'recording')
      words = words.replace(pattern, (found) => symbols.recordedOf(kindOf(name, node), found) ?? found);
  }
  return words;
}

/** Recorded ids of a command line replaced by own ones; those not known stay. */
export function inOwnWords(command: string, node: string, symbols: Symbols): string {
  let words = command;
  for (const { name, pattern, scope } of SYMBOLS) {
    if (scope === 'recording')
      words = words.replace(pattern, (found) => symbols.ownOf(kindOf(name, node), found) ?? found);
  }
  return words.replace(
    /(?<=nsenter (?:-\w+ )*(?:-t |--target[= ]))\d+/g,
    (pid) => symbols.ownOf(kindOf('process', node), pid) ?? pid,
  );
}

/** By what the lines say in recorded words; what is only known within the step does not count. */
function sortLines(text: string, words: (line: string) => string): string {
  const keyed = text.split('\n').map((line) => {
    const { skeleton, symbols } = cut(squeeze(words(line)));
    return [skeleton + symbols.map((found) => (found.scope === 'step' ? '' : found.text)).join(' '), line] as const;
  });
  return keyed
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, line]) => line)
    .join('\n');
}

/** The differing lines, as `diff` marks them; at most `limit`. */
export function diffLines(want: string, have: string, limit = 40): string {
  const a = want.split('\n');
  const b = have.split('\n');
  // Longest common subsequence; long outputs are compared from their first difference on.
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  const left = a.slice(start, start + 400);
  const right = b.slice(start, start + 400);
  const lengths = left.map(() => new Uint16Array(right.length + 1));
  lengths.push(new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      const row = lengths[i] as Uint16Array;
      const next = lengths[i + 1] as Uint16Array;
      row[j] = left[i] === right[j] ? (next[j + 1] as number) + 1 : Math.max(next[j] as number, row[j + 1] as number);
    }
  }
  const out: string[] = [];
  let [i, j] = [0, 0];
  while ((i < left.length || j < right.length) && out.length < limit) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      i++;
      j++;
    } else if (
      j >= right.length ||
      (i < left.length &&
        ((lengths[i + 1] as Uint16Array)[j] as number) >= ((lengths[i] as Uint16Array)[j + 1] as number))
    )
      out.push(`-${left[i++]}`);
    else out.push(`+${right[j++]}`);
  }
  return out.join('\n');
}
