// Random command lines of a tool: its own lines with words put in, left out, doubled, changed and exchanged, words that its
// source holds, and octets of no sense.
import type { RandomStream } from '../../simulator/base/random.ts';
import { type ToolLines, wordsOf } from './lines/lines.ts';

const VALUES =
  '0 1 2 -1 10 255 256 65535 65536 4294967295 4294967296 1.5 .5 1e9 0x10 99999999999999999999 NULL nan abc /tmp/text /tmp/nosuch /tmp/dir /tmp /dev/null - -- e0 v0 br0 lo eth0 10.1.0.1 10.1.0.2 10.1.0.0/24 10.1.0.256 0.0.0.0 255.255.255.255 ::1 fe80::1 02:00:00:00:00:01 b b.lab nosuch localhost http://b/ http://b:81/ https://b/ a b c a=b = : , ; | & < > ( ) { } [ ] * ? ! ~ $ % ^ @ # \\ " \' é 日本 \u0001 \u0000 constructor __proto__ toString hasOwnProperty one two web nginx lan root SIGKILL tcp udp 80 53 http'.split(
    ' ',
  );

export class LineMaker {
  private readonly random: RandomStream;
  private readonly about: ToolLines;
  private readonly words: readonly string[];
  private readonly lines: readonly (readonly string[])[];

  constructor(random: RandomStream, about: ToolLines, words: readonly string[]) {
    this.random = random;
    this.about = about;
    this.lines = about.lines.map((line) => wordsOf(line).filter((word) => word !== '%'));
    const known = Object.values(about.values ?? {}).flat();
    this.words = [...words, ...wordsOf(about.words ?? ''), ...known];
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)] as T;
  }

  private soup(): string {
    const { random } = this;
    return Array.from({ length: random.below(12) }, () =>
      String.fromCharCode(random.below(6) === 0 ? random.between(1, 0x2fff) : random.between(32, 126)),
    ).join('');
  }

  private word(): string {
    const { random } = this;
    switch (random.below(10)) {
      case 0:
        return this.soup();
      case 1:
      case 2:
        return `-${String.fromCharCode(random.between(35, 122))}${random.below(4) === 0 ? this.pick(VALUES) : ''}`;
      case 3:
      case 4: {
        const dashes = this.pick(['--', '--', '-', '+', '']);
        const value = random.below(3) === 0 ? `=${this.pick(VALUES)}` : '';
        return `${dashes}${this.words.length === 0 ? this.soup() : this.pick(this.words)}${value}`;
      }
      case 5:
      case 6:
        return this.words.length === 0 ? this.soup() : this.pick(this.words);
      case 7:
        return this.pick(this.pick(this.lines));
      default:
        return this.pick(VALUES);
    }
  }

  /** The words of one command line, the tool's name first. */
  next(): string[] {
    const { random } = this;
    const { tool } = this.about;
    if (random.below(8) === 0) return [tool, ...Array.from({ length: random.below(7) }, () => this.word())];
    const words = [...this.pick(this.lines)];
    for (let changes = random.below(5); changes > 0; changes--) {
      const at = 1 + random.below(words.length);
      switch (random.below(6)) {
        case 0:
          words.splice(at, 1);
          break;
        case 1:
          words.splice(at, 0, this.word(), this.pick(VALUES));
          break;
        case 2:
          if (at < words.length) words[at] = this.word();
          break;
        case 3:
          if (at < words.length) words.splice(at, 0, words[at] as string);
          break;
        case 4:
          if (at < words.length) words[at] = this.mangled(words[at] as string);
          break;
        default:
          words.splice(at, 0, this.word());
      }
    }
    return [tool, ...words.slice(1)];
  }

  private mangled(word: string): string {
    const at = this.random.below(word.length + 1);
    const end = Math.min(word.length, at + this.random.below(4));
    return word.slice(0, at) + (this.random.below(2) === 0 ? this.soup() : '') + word.slice(end);
  }
}
