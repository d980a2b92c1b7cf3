/**
 * One run of iptables-restore: tables line by line, each put in place as a whole at its COMMIT.
 * Mirrors iptables/xtables-restore.c. Deviation: what a table's lines change is undone when one of them fails, which the
 * kernel's transaction does as well; tables committed before stay.
 */
import type { Origin } from '../base/origin.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { complain, refusalOutcome, requestsOf, versionOf, type CommandOutcome } from './command.ts';
import { isComplaint } from './draft.ts';
import { parseCommandLine } from './parse.ts';
import { TABLE_NAMES, type Backend, type TableName } from './state.ts';
import { dropTable, saveTable, xtables, type Counters, type XtablesRequest } from './xtables.ts';

export interface RestoreOptions {
  /** `-n`: leave what is there. */
  readonly noFlush: boolean;
  /** `-c`: take the counters as well. */
  readonly counters: boolean;
  /** `-t`: only this table is put in place; '' for all. */
  readonly onlyTable: string;
  /** `-t` of --test: nothing is put in place. */
  readonly test: boolean;
  readonly backend: Backend;
}

const PROGRAM = 'iptables-restore';

/** Restores from the text of iptables-save. */
export function iptablesRestore(
  ns: NetworkNamespace,
  input: string,
  options: RestoreOptions,
  origin: Origin,
): CommandOutcome {
  const run = new Restore(ns, options, origin);
  const lines = input.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (let i = 0; i < lines.length; i++) {
    const failure = run.line(lines[i] as string, i + 1);
    if (failure !== undefined) {
      run.undo();
      return failure;
    }
  }
  if (!run.inTable) return { status: 0, stdout: '', stderr: '' };
  run.undo();
  return { status: 1, stdout: '', stderr: `${PROGRAM}: COMMIT expected at line ${lines.length + 1}\n` };
}

class Restore {
  private readonly ns: NetworkNamespace;
  private readonly options: RestoreOptions;
  private readonly origin: Origin;
  private table: TableName | undefined;
  private putBack: (() => void) | undefined;
  /** ip_tables gets a table as a whole: what the kernel refuses comes to light at its COMMIT. */
  private refused = false;

  constructor(ns: NetworkNamespace, options: RestoreOptions, origin: Origin) {
    this.ns = ns;
    this.options = options;
    this.origin = origin;
  }

  get inTable(): boolean {
    return this.table !== undefined;
  }

  undo(): void {
    this.putBack?.();
    this.putBack = undefined;
  }

  line(text: string, number: number): CommandOutcome | undefined {
    const line = text.trimEnd();
    if (line === '' || line.startsWith('#')) return undefined;
    if (line === 'COMMIT' && this.inTable) {
      if (this.refused) return failed(number);
      if (this.options.test) this.undo();
      this.table = this.putBack = undefined;
      return undefined;
    }
    if (line.startsWith('*') && !this.inTable) return this.begin(line.slice(1), number);
    if (this.table === undefined) return failed(number);
    const skipped = this.options.onlyTable !== '' && this.options.onlyTable !== this.table;
    if (skipped) return undefined;
    return line.startsWith(':') ? this.chain(this.table, line.slice(1), number) : this.rule(this.table, line, number);
  }

  private begin(name: string, number: number): CommandOutcome | undefined {
    if (!(TABLE_NAMES as readonly string[]).includes(name)) {
      return complain(
        PROGRAM,
        { status: 3, text: `${PROGRAM}: table '${name}' does not exist\nError occurred at line: ${number}` },
        this.options.backend,
        this.ns.kernel.platform,
      );
    }
    this.table = name as TableName;
    this.putBack = saveTable(this.ns, this.table, this.options.backend);
    const skipped = this.options.onlyTable !== '' && this.options.onlyTable !== name;
    if (!this.options.noFlush && !skipped) dropTable(this.ns, this.table, this.options.backend);
    return undefined;
  }

  private chain(table: TableName, text: string, number: number): CommandOutcome | undefined {
    const [chain = '', policy = '', counts = ''] = text.split(/\s+/);
    if (policy === '') return this.complain(`${PROGRAM}: line ${number} policy invalid`);
    if (policy === '-') {
      const made = xtables(this.ns, { op: 'new-chain', table, chain }, this.origin, this.options.backend);
      // With --noflush a chain that is there is emptied instead.
      if (made.ok || made.errno !== 'EEXIST') return undefined;
      return this.request({ op: 'flush', table, chain }, number);
    }
    const counters = this.options.counters ? parseCounters(counts) : undefined;
    return this.request(
      { op: 'policy', table, chain, policy, ...(counters === undefined ? {} : { counters }) },
      number,
    );
  }

  private rule(table: TableName, text: string, number: number): CommandOutcome | undefined {
    const counted = /^(\[\d+:\d+\])\s*(.*)$/.exec(text);
    const words = splitWords(counted?.[2] ?? text);
    const line = parseCommandLine(words, table);
    if (isComplaint(line))
      return complain(
        PROGRAM,
        { ...line, text: `${line.text}\nError occurred at line: ${number}` },
        this.options.backend,
        this.ns.kernel.platform,
      );
    const counters = this.options.counters && counted !== null ? parseCounters(counted[1] as string) : undefined;
    for (const request of requestsOf(counters === undefined ? line : { ...line, counters })) {
      const failure = this.request(request, number);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  private request(request: XtablesRequest, number: number): CommandOutcome | undefined {
    const { backend } = this.options;
    const answer = xtables(this.ns, request, this.origin, backend);
    if (answer.ok) return undefined;
    const outcome = refusalOutcome(PROGRAM, answer, backend, this.ns.kernel.platform);
    if (backend === 'legacy' && outcome.status === 1) {
      if (answer.errno !== 'EINVAL' && answer.errno !== 'ELOOP') return failed(number);
      this.refused = true;
      return undefined;
    }
    if (outcome.status === 1) return failed(number, answer.message ?? answer.errno);
    return outcome.status === 4
      ? {
          ...outcome,
          stderr: `${PROGRAM} ${versionOf(backend, this.ns.kernel.platform)}: \nline ${number}: ${answer.message}\n`,
        }
      : outcome;
  }

  private complain(text: string): CommandOutcome {
    return complain(PROGRAM, { status: 2, text }, this.options.backend, this.ns.kernel.platform);
  }
}

function failed(line: number, why?: string): CommandOutcome {
  return { status: 1, stdout: '', stderr: `${PROGRAM}: line ${line} failed${why === undefined ? '' : `: ${why}.`}\n` };
}

function parseCounters(text: string): Counters | undefined {
  const match = /^\[(\d+):(\d+)\]$/.exec(text);
  return match === null ? undefined : { packets: Number(match[1]), bytes: Number(match[2]) };
}

/** add_param_to_argv: blanks part words, double quotes keep them together, a backslash takes the next character as it is. */
function splitWords(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let open = false;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (quoted && c === '\\') {
      word += text[++i] ?? '';
    } else if (c === '"') {
      quoted = !quoted;
      open = true;
    } else if (!quoted && (c === ' ' || c === '\t')) {
      if (open) words.push(word);
      word = '';
      open = false;
    } else {
      word += c;
      open = true;
    }
  }
  if (open) words.push(word);
  return words;
}
