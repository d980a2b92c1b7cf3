// What the random command lines and the check of options know of a tool: lines that mean something, and where its words stand.

export interface ToolLines {
  readonly tool: string;
  /** Files and folders below simulator/ where the tool's words stand: each is tried as an option. */
  readonly source: readonly string[];
  /** Command lines that succeed. `%` is where options may stand; without it, behind the first word. */
  readonly lines: readonly string[];
  /** How options look: `-x`, `--word`, `-word`, `+word`, `word`. Default the first two. */
  readonly styles?: readonly Style[];
  /** Values by option; those of '' are tried for all. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
  /** A shell line whose output belongs to what an option may change. */
  readonly state?: string;
  /** Options (several with blanks between) that are accepted and change nothing that can be seen here, and why that is right. */
  readonly invisible?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Virtual seconds that a line may run, for tools that never end; default 20. */
  readonly patience?: number;
  readonly docker?: true;
  /** Somebody connects to port 9000 every second. */
  readonly calls?: true;
  /** A shell line that prepares the machine. */
  readonly setup?: string;
  /** May fail without a word, as grep and test do. */
  readonly silent?: true;
  /** Words for random lines that its source does not hold. */
  readonly words?: string;
}

export type Style = 'letter' | 'long' | 'dash' | 'plus' | 'word';

/** Words of a line; quotes keep blanks. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

const FILES = 'ls -laR /tmp; stat -c "%n %Y %f %i" /tmp/*; cat /tmp/text /tmp/out /tmp/dir/sub/deep 2>&1';
const UNBUFFERED = 'output is never held back';

export { FILES, UNBUFFERED };
