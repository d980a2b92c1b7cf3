// Does an option do anything? A command line is run on a machine fresh from the box, with the option and without: what it
// prints, how it ends, how long it takes, what it sends, and what it leaves behind are compared.
import { FuzzMachine, type Ending } from './machine.ts';
import { type Style, type ToolLines, wordsOf } from './lines/lines.ts';

/** How options are said to be wrong, missing something, or not here. */
const REFUSAL =
  /invalid|illegal|unknown|unrecogni[sz]ed|not emulated|not supported|not understood|bad |usage|try ['`]|garbage|is wrong|requires|needs? an|must |expect|ambiguous|duplicate|no such|not found|cannot find|can't|cannot|missing|only one|not a |incomplete|not complete|extra operand|too many|argument|option|conflict|syntax/i;
/** The same of flags, and of lines that fail anyway: what is wrong with a value is no matter there. */
const REFUSED_FLAG =
  /invalid|illegal|unknown|unrecogni[sz]ed|not emulated|bad |usage|try ['`]|garbage|requires|option|argument/i;
const WANTS_VALUE =
  /requires? (an |a |one )?(argument|parameter|value)|needs an argument|not complete|requires parameter|missing argument|expects? an? |argument expected|option requires/i;

const STYLES: Readonly<Record<Style, (word: string) => string | undefined>> = {
  letter: (word) => (word.length === 1 ? `-${word}` : undefined),
  long: (word) => (word.length > 1 ? `--${word}` : undefined),
  dash: (word) => (word.length > 1 ? `-${word}` : undefined),
  plus: (word) => `+${word}`,
  word: (word) => word,
};
const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#?'];
const SOME_VALUES = ['1', '2', 'x', '/tmp/text'];

interface Outcome extends Ending {
  readonly wire: string;
  readonly state: string;
}

/** A line in front of and behind the place of options. */
interface Line {
  readonly head: readonly string[];
  readonly tail: readonly string[];
}

function lineOf(text: string): Line {
  const words = wordsOf(text);
  const at = words.indexOf('%');
  return at < 0
    ? { head: words.slice(0, 1), tail: words.slice(1) }
    : { head: words.slice(0, at), tail: words.slice(at + 1) };
}

const same = (one: Outcome, other: Outcome): boolean =>
  one.status === other.status &&
  one.stdout === other.stdout &&
  one.stderr === other.stderr &&
  one.elapsed === other.elapsed &&
  one.wire === other.wire &&
  one.state === other.state;

/**
 * What became of an option: never taken; taken and felt somewhere; taken everywhere without a trace; or taken with none of the
 * values tried, which is a refusal in words as well.
 */
export interface Judgement {
  readonly option: string;
  readonly verdict: 'refused' | 'felt' | 'ignored' | 'unproven';
  /** A line in which it was taken. */
  readonly line: string;
}

export class Examiner {
  readonly judgements: Judgement[] = [];
  private readonly about: ToolLines;
  private scratch: FuzzMachine | undefined;
  private readonly outcomes = new Map<string, Outcome>();

  constructor(about: ToolLines) {
    this.about = about;
  }

  /** Judges every option that may be one: all letters, and all of `words`. */
  async examine(words: readonly string[]): Promise<readonly Judgement[]> {
    const styles = this.about.styles ?? ['letter', 'long'];
    const options = new Set<string>();
    for (const style of styles)
      for (const word of style === 'letter' ? LETTERS : words) {
        const option = STYLES[style](word);
        if (option !== undefined) options.add(option);
      }
    for (const option of options) this.judgements.push(await this.judge(option));
    return this.judgements;
  }

  private async judge(option: string): Promise<Judgement> {
    const [first] = this.about.lines as [string];
    const { head, tail } = lineOf(first);
    let taken: string | undefined;
    const refusedAtOnce = await this.glance([...head, option, ...tail]);
    const alone = await this.glance([...head, ...tail, option]);
    const wants = [refusedAtOnce, alone].some((ending) => WANTS_VALUE.test(ending.stderr));
    for (const text of this.about.lines) {
      const line = lineOf(text);
      const before = await this.outcome([...line.head, ...line.tail]);
      const refusing = before.status !== 0 && REFUSAL.test(before.stderr);
      for (const form of this.forms(option, wants)) {
        const argv = [...line.head, ...form, ...line.tail];
        const glanced = await this.glance(argv);
        if (glanced.status !== 0 && glanced.stderr !== before.stderr && REFUSED_FLAG.test(glanced.stderr)) continue;
        const after = await this.outcome(argv);
        if (same(before, after)) {
          if (!refusing) taken ??= argv.join(' ');
        } else if (!(wants && !refusing ? REFUSAL : REFUSED_FLAG).test(after.stderr.replace(before.stderr, '')))
          return { option, verdict: 'felt', line: argv.join(' ') };
      }
    }
    if (taken !== undefined) return { option, verdict: 'ignored', line: taken };
    const notHere = /not emulated/.test(refusedAtOnce.stderr + alone.stderr);
    if (!wants || notHere) return { option, verdict: 'refused', line: '' };
    const withValue = await this.glance([...head, option, ...wordsOf(this.values(option)[0] as string), ...tail]);
    return {
      option,
      verdict: /not emulated/.test(withValue.stderr) ? 'refused' : 'unproven',
      line: withValue.stderr.split('\n')[0] as string,
    };
  }

  /** How the option may be written. */
  private forms(option: string, wants: boolean): string[][] {
    const valued = this.values(option).map((value) => [option, ...wordsOf(value)]);
    if (wants) return valued;
    if (this.about.styles?.includes('word') === true) return [[option], ...valued];
    return option.startsWith('--')
      ? [[option], ...this.values(option).map((value) => [`${option}=${value}`])]
      : [[option]];
  }

  private values(option: string): readonly string[] {
    const { values = {} } = this.about;
    for (const [names, list] of Object.entries(values)) if (names.split(' ').includes(option)) return list;
    return values[''] ?? SOME_VALUES;
  }

  /** Runs on a machine that may have seen refusals before: they leave no trace. */
  private async glance(argv: readonly string[]): Promise<Ending> {
    const machine = (this.scratch ??= await this.machine());
    const ending = await machine.run(argv, this.input());
    if (ending.status === 0 || ending.stderr === '') this.scratch = undefined;
    return ending;
  }

  private async outcome(argv: readonly string[]): Promise<Outcome> {
    const key = argv.join('\0');
    const known = this.outcomes.get(key);
    if (known !== undefined) return known;
    const machine = await this.machine();
    const sent = machine.wire.length;
    const ending = await machine.run(argv, this.input());
    const wire = machine.wire
      .slice(sent)
      .map((bytes) => bytes.join())
      .join('\n');
    const { state } = this.about;
    const left = state === undefined ? '' : (await machine.run(['bash', '-c', state])).stdout;
    const outcome = { ...ending, wire, state: left };
    this.outcomes.set(key, outcome);
    return outcome;
  }

  private input(): { stdin?: string; patience?: number } {
    const { stdin, patience } = this.about;
    return { ...(stdin === undefined ? {} : { stdin }), ...(patience === undefined ? {} : { patience }) };
  }

  private async machine(): Promise<FuzzMachine> {
    const { docker, calls, setup } = this.about;
    const machine = new FuzzMachine({ docker: docker === true, calls: calls === true });
    if (setup !== undefined) await machine.setUp(setup);
    return machine;
  }
}
