/** Types commands into the terminals of a world as a learner does, and reads what they print. */
import { SECOND, type TerminalPort, type World } from '../../simulator/index';

const PATIENCE = 120 * SECOND;
const STEP = SECOND / 100;
const PROMPT = /(?:^|\n)[^\n]*[#$] $/;
const ESCAPES = /\x1b(?:\[[0-9;?]*[a-zA-Z]|\][^\x07]*\x07|[=>])/g;

export class Typist {
  readonly #world: World;
  readonly #terminals = new Map<string, { port: TerminalPort; text: string }>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Types a line on a host, waits for the prompt, and answers what was printed between. */
  async type(host: string, line: string): Promise<string> {
    const terminal = this.#terminals.get(host) ?? (await this.#open(host));
    terminal.text = '';
    terminal.port.input(`${line}\r`);
    await this.#untilPrompt(host, line);
    const plain = terminal.text.replace(ESCAPES, '').replaceAll('\r', '');
    return plain
      .slice(plain.indexOf('\n') + 1)
      .replace(PROMPT, '')
      .trimEnd();
  }

  async #open(host: string): Promise<{ port: TerminalPort; text: string }> {
    const terminal = { port: this.#world.openTerminal(host, { columns: 400, rows: 50 }), text: '' };
    terminal.port.onOutput = (data) => (terminal.text += data);
    this.#terminals.set(host, terminal);
    await this.#untilPrompt(host, 'the first prompt');
    return terminal;
  }

  async #untilPrompt(host: string, what: string): Promise<void> {
    const terminal = this.#terminals.get(host)!;
    const limit = this.#world.now + PATIENCE;
    while (!isDone(terminal.text, what)) {
      if (this.#world.now > limit) throw new Error(`no prompt on ${host} after ${what}:\n${terminal.text}`);
      await this.#world.pendingExternal();
      this.#world.run(this.#world.now + STEP);
    }
  }
}

/** The prompt is back, and it is not the one before the echo of the command. */
function isDone(text: string, what: string): boolean {
  const plain = text.replace(ESCAPES, '').replaceAll('\r', '');
  return PROMPT.test(plain) && (what === 'the first prompt' || plain.includes('\n'));
}
