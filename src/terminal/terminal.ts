/**
 * One xterm on the page: bytes in, bytes out. The shell, the echo and the line editor are in the worker;
 * this draws, and sends what is typed.
 */
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import type { Size, TerminalDown, TerminalUp } from '../lab/protocol.ts';
import { keyAction } from './keys.ts';
import { currentTheme, onThemeChange } from './theme.ts';

/** The terminal's typeface; the page loads it before the first terminal is measured. */
export const TERMINAL_FONT = '"IBM Plex Mono", ui-monospace, Menlo, Consolas, monospace';
const FONT_SIZE = 13;
const SCROLLBACK = 5000;
/** The name of the mark for the first prompt on the screen. */
const FIRST_PROMPT = 'meshwalk:prompt';
/** Esc waits this long for a Tab before the shell gets it. */
const ESCAPE_MS = 400;

/** Makes the screen as it was when the terminal was new; in one write with what follows, so that nothing flickers. */
const RESET = '\x1bc';
/** Characters kept of what a terminal shows. */
const TAIL = 12_000;
/** Stands in a terminal whose shell is not open at the instant on show. */
const ABSENT = '\x1b[90m[this shell is not open at this moment]\x1b[0m';

/** What a terminal asks of the panel around it. */
export interface TerminalHost {
  /** Moves the focus to the next or the previous panel. */
  cyclePane(step: 1 | -1): void;
  /** A key of the lab's clock was pressed. */
  timeKey(action: 'pause' | 'step'): void;
}

export class TerminalView {
  readonly element = document.createElement('div');
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #host: TerminalHost;
  #port: MessagePort | undefined;
  #typedEarly = '';
  #tail = '';
  /** What stands on the screen is not of the shell that comes next. */
  #stale = false;
  #escapeTimer: ReturnType<typeof setTimeout> | undefined;

  /** @param label what a screen reader calls it, for example "Terminal on node1" */
  constructor(label: string, host: TerminalHost) {
    this.#host = host;
    this.element.className = 'terminal';
    this.#terminal = new Terminal({
      fontFamily: TERMINAL_FONT,
      fontSize: FONT_SIZE,
      lineHeight: 1.25,
      fontWeightBold: 600,
      scrollback: SCROLLBACK,
      cursorBlink: false,
      cursorInactiveStyle: 'outline',
      minimumContrastRatio: 4.5,
      theme: currentTheme(),
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.attachCustomKeyEventHandler((event) => this.#onKey(event));
    this.#terminal.onData((data) => this.#send(data));
    this.#terminal.onResize(({ cols, rows }) => this.#post({ columns: cols, rows }));
    onThemeChange(() => (this.#terminal.options.theme = currentTheme()));
    this.#terminal.open(this.element);
    this.#terminal.textarea?.setAttribute('aria-label', label);
    new ResizeObserver(() => this.fit()).observe(this.element);
  }

  get size(): Size {
    return { columns: this.#terminal.cols, rows: this.#terminal.rows };
  }

  /** Takes the size of the element around it, when that can be seen. */
  fit(): void {
    if (this.element.offsetParent !== null) this.#fit.fit();
  }

  /** Joins the shell's port; what was typed before goes out first. */
  attach(port: MessagePort): void {
    this.#port?.close();
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<TerminalDown>) => {
      const fresh = this.#stale || typeof data !== 'string';
      this.#stale = false;
      delete this.element.dataset.stale;
      const text = typeof data === 'string' ? data : data.screen;
      this.#draw((fresh ? RESET : '') + (text ?? ABSENT), text?.length ?? 0);
    };
    if (this.#typedEarly !== '') port.postMessage(this.#typedEarly);
    this.#typedEarly = '';
  }

  /** Draws what the shell showed when the page was left, until its world has been brought back. */
  preview(text: string): void {
    this.#tail = text;
    this.#stale = true;
    this.element.dataset.stale = '';
    this.#terminal.write(text, markFirstPrompt);
  }

  /** The end of what is drawn, for the next page. */
  get tail(): string {
    if (this.#tail.length <= TAIL) return this.#tail;
    return this.#tail.slice(this.#tail.indexOf('\n', this.#tail.length - TAIL) + 1);
  }

  /** Writes to the screen and tells the worker when that is done. */
  #draw(text: string, count: number): void {
    const tail = text.startsWith(RESET) ? text.slice(RESET.length) : this.#tail + text;
    this.#tail = tail.length > 2 * TAIL ? tail.slice(-TAIL) : tail;
    this.#terminal.write(text, () => {
      if (text !== '' && text !== RESET) markFirstPrompt();
      this.#post({ drawn: count });
    });
  }

  /** Says that the shell is not open at the instant on show. */
  showAbsent(): void {
    this.#stale = true;
    this.#terminal.write(RESET + ABSENT);
  }

  /** Leaves the shell's port; what is typed from now on waits for the next one. */
  detach(): void {
    this.#port?.close();
    this.#port = undefined;
    this.#stale = true;
  }

  /** Types text as if the learner had, and shows the end of the screen. */
  type(text: string): void {
    this.#terminal.scrollToBottom();
    this.#send(text);
  }

  /** Writes a line of the page's own, in a quieter colour. */
  say(text: string): void {
    this.#terminal.write(`\r\n\x1b[90m${text}\x1b[0m\r\n`);
  }

  focus(): void {
    this.#terminal.focus();
  }

  dispose(): void {
    this.#port?.close();
    this.#terminal.dispose();
    this.element.remove();
  }

  #send(data: string): void {
    if (this.#port === undefined) this.#typedEarly += data;
    else this.#post(data);
  }

  #post(message: TerminalUp): void {
    this.#port?.postMessage(message);
  }

  /** Answers whether xterm may have the key. */
  #onKey(event: KeyboardEvent): boolean {
    if (event.type !== 'keydown' || event.key === 'Shift') return true; // Esc, then Shift and Tab, leaves backwards
    const action = keyAction(event, this.#escapeTimer !== undefined);
    if (action === 'leave') this.#dropEscape();
    else this.#flushEscape();
    if (action === 'shell') return true;
    if (action === 'leave') return false; // the browser moves the focus, as Tab does anywhere else
    event.preventDefault();
    if (action === 'hold-escape') this.#escapeTimer = setTimeout(() => this.#flushEscape(), ESCAPE_MS);
    else if (action === 'copy') void navigator.clipboard.writeText(this.#terminal.getSelection());
    else if (action === 'pause' || action === 'step') this.#host.timeKey(action);
    else this.#host.cyclePane(action === 'next-pane' ? 1 : -1);
    return false;
  }

  #flushEscape(): void {
    if (this.#escapeTimer === undefined) return;
    this.#dropEscape();
    this.#send('\x1b');
  }

  #dropEscape(): void {
    clearTimeout(this.#escapeTimer);
    this.#escapeTimer = undefined;
  }
}

/** Leaves a mark in the page's timeline when a terminal shows text for the first time; benchmarks read it. */
function markFirstPrompt(): void {
  if (performance.getEntriesByName(FIRST_PROMPT).length === 0) performance.mark(FIRST_PROMPT);
}
