/**
 * A terminal with the line discipline of n_tty.c: echo, erase (^H ^? ^U ^W), ^C ^\ ^Z as signals to the foreground
 * group, ^D as end of file, CR → NL on input and NL → CR NL on output; raw mode for line editors.
 *
 * Deviations: output is taken at once whatever its size (whoever draws it slows the world instead); ^S/^Q, ^V and ^R
 * are ordinary characters; columns of wide characters are counted one each when they are erased.
 */
import type { Origin } from '../base/origin.ts';
import { ok, refuse, type Result } from '../base/result.ts';
import { Utf8Decoder, decodeUtf8, encodeUtf8 } from '../base/utf8.ts';
import { FileBase, NOTHING } from './files.ts';
import type { Signal, TerminalCalls } from './program.ts';

/** What a terminal asks of the process table. */
export interface GroupSignals {
  signalGroup(pgid: number, signal: Signal): void;
}

const SIGNAL_KEYS: Readonly<Record<string, { readonly signal: Signal; readonly echo: string }>> = {
  '\x03': { signal: 'SIGINT', echo: '^C' },
  '\x1c': { signal: 'SIGQUIT', echo: '^\\' },
  '\x1a': { signal: 'SIGTSTP', echo: '^Z' },
};

export class Tty extends FileBase implements TerminalCalls {
  readonly name: string;
  /** `pts/0` */
  readonly shortName: string;
  /** What learners call it, for origins: the terminal's title. */
  readonly title: string;
  override readonly isTty = true;
  columns: number;
  rows: number;
  /** Foreground process group, 0 when none. */
  foreground = 0;
  /** Session that owns it, 0 when none. */
  session = 0;
  hungUp = false;
  /** Commands typed so far. */
  private commands = 0;
  onOutput: (text: string) => void = () => undefined;
  private raw = false;
  private silent = false;
  private line = '';
  private ready: Uint8Array[] = [];
  private endOfFile = false;
  private readonly decoder = new Utf8Decoder();
  private readonly groups: GroupSignals;

  constructor(number: number, title: string, columns: number, rows: number, groups: GroupSignals) {
    super();
    this.name = `/dev/pts/${number}`;
    this.shortName = `pts/${number}`;
    this.title = title;
    this.columns = columns;
    this.rows = rows;
    this.groups = groups;
  }

  setMode(mode: 'cooked' | 'raw'): void {
    const raw = mode === 'raw';
    if (raw === this.raw) return;
    this.raw = raw;
    if (raw && this.line !== '') {
      this.ready.push(encodeUtf8(this.line));
      this.line = '';
    }
    if (!raw && this.ready.length > 0) {
      // Keys typed ahead of the line editor are now the discipline's; whoever reads them shows them.
      const ahead = this.ready.map(decodeUtf8).join('');
      this.ready = [];
      this.silent = true;
      this.input(ahead);
      this.silent = false;
    }
  }

  /** Remembers a command that was typed here; the answer names it. */
  note(text: string): Origin {
    this.commands++;
    return { by: 'command', text, terminal: this.title, line: this.commands };
  }

  setForeground(pgid: number): void {
    this.foreground = pgid;
  }

  resize(columns: number, rows: number): void {
    if (columns === this.columns && rows === this.rows) return;
    this.columns = columns;
    this.rows = rows;
    if (this.foreground !== 0) this.groups.signalGroup(this.foreground, 'SIGWINCH');
  }

  /** Keys from the terminal. */
  input(data: string): void {
    if (this.hungUp) return;
    if (this.raw) {
      this.ready.push(encodeUtf8(data));
      this.readable.wake();
      return;
    }
    for (const key of data) this.cooked(key);
  }

  private cooked(key: string): void {
    const signal = SIGNAL_KEYS[key];
    if (signal !== undefined) {
      this.echo(signal.echo);
      this.line = '';
      if (this.foreground !== 0) this.groups.signalGroup(this.foreground, signal.signal);
      return;
    }
    switch (key) {
      case '\r':
      case '\n':
        this.echo('\r\n');
        this.commit(`${this.line}\n`);
        return;
      case '\x04':
        if (this.line !== '') this.commit(this.line);
        else {
          this.endOfFile = true;
          this.readable.wake();
        }
        return;
      case '\x7f':
      case '\b':
        this.erase(1);
        return;
      case '\x15':
        this.erase([...this.line].length);
        return;
      case '\x17': {
        const kept = this.line.replace(/\S+\s*$/, '');
        this.erase([...this.line].length - [...kept].length);
        return;
      }
      default:
        this.line += key;
        this.echo(key < ' ' && key !== '\t' ? `^${String.fromCharCode(key.charCodeAt(0) + 64)}` : key);
    }
  }

  private commit(text: string): void {
    this.line = '';
    this.ready.push(encodeUtf8(text));
    this.readable.wake();
  }

  private erase(count: number): void {
    const characters = [...this.line];
    const erased = Math.min(count, characters.length);
    this.line = characters.slice(0, characters.length - erased).join('');
    this.echo('\b \b'.repeat(erased));
  }

  private echo(text: string): void {
    if (!this.silent) this.onOutput(text);
  }

  read(max: number): Result<Uint8Array> {
    const first = this.ready[0];
    if (first === undefined) {
      if (this.hungUp) return ok(NOTHING);
      if (!this.endOfFile) return refuse('EAGAIN');
      this.endOfFile = false;
      return ok(NOTHING);
    }
    if (first.length > max) {
      this.ready[0] = first.subarray(max);
      return ok(first.subarray(0, max));
    }
    this.ready.shift();
    return ok(first);
  }

  write(bytes: Uint8Array): Result<number> {
    if (this.hungUp) return refuse('EIO');
    this.onOutput(this.decoder.decode(bytes).replace(/\r?\n/g, '\r\n'));
    return ok(bytes.length);
  }

  /** The terminal was closed: readers see end of file, the foreground group and the session get SIGHUP. */
  hangUp(): void {
    this.hungUp = true;
    this.readable.wake();
    this.writable.wake();
  }
}
