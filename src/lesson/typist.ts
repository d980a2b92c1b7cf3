/** Types commands into the terminals of a world as a learner does, and reads what they print. */
import { SECOND, type TerminalPort, type World } from '../../simulator/index.ts';
import { type Line } from '../../simulator/lesson/index.ts';
import { advance } from './drive.ts';

/** Virtual seconds that a command may take before its prompt is missed. */
const PATIENCE = 120;
const STEP = SECOND / 20;
const PROMPT = /(?:^|\n)[^\n]*[#$] $/;
const ESCAPES = /\x1b(?:\[[0-9;?]*[a-zA-Z]|\][^\x07]*\x07|[=>])/g;

/** What one line printed. */
export interface Typed extends Line {
  readonly printed: string;
}

export class Typist {
  readonly #world: World;
  readonly #terminals = new Map<string, { port: TerminalPort; text: string }>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Types lines one after the other, waiting for each prompt. */
  async typeAll(lines: readonly Line[]): Promise<Typed[]> {
    const typed: Typed[] = [];
    for (const { on, run } of lines) typed.push({ on, run, printed: await this.type(on, run) });
    return typed;
  }

  /** Types a line on a host, waits for the prompt, and answers what was printed between. */
  async type(host: string, line: string): Promise<string> {
    const terminal = this.#terminals.get(host) ?? (await this.#open(host));
    terminal.text = '';
    terminal.port.input(`${line}\r`);
    await this.#untilPrompt(host, line);
    const plain = plainText(terminal.text);
    return plain
      .slice(plain.indexOf('\n') + 1)
      .replace(PROMPT, '')
      .trimEnd();
  }

  async #open(host: string): Promise<{ port: TerminalPort; text: string }> {
    const terminal = { port: this.#world.openTerminal(host, { columns: 400, rows: 50 }), text: '' };
    terminal.port.onOutput = (data) => (terminal.text += data);
    this.#terminals.set(host, terminal);
    await this.#untilPrompt(host, undefined);
    return terminal;
  }

  /** The prompt is back, and it is not the one before the echo of the command. */
  async #untilPrompt(host: string, line: string | undefined): Promise<void> {
    const terminal = this.#terminals.get(host)!;
    const limit = this.#world.now + PATIENCE * SECOND;
    const over = (): boolean => {
      const plain = plainText(terminal.text);
      return PROMPT.test(plain) && (line === undefined || plain.includes('\n'));
    };
    while (!over()) {
      if (this.#world.now > limit)
        throw new NoPrompt(`no prompt on ${host} after ${line ?? 'opening it'}:\n${terminal.text}`);
      await advance(this.#world, this.#world.now + STEP, over);
    }
  }
}

/** A command did not come to its end. */
export class NoPrompt extends Error {
  override readonly name = 'NoPrompt';
}

function plainText(text: string): string {
  return text.replace(ESCAPES, '').replaceAll('\r', '');
}
