/**
 * Text and JSON from the same calls, as iproute2's lib/json_print.c and lib/json_writer.c do: what is printed as text is
 * written as a member when `-j` is given.
 */

/** JSON in the layout of json_writer.c, compact or (`-p`) indented. */
class JsonWriter {
  private text = '';
  private depth = 0;
  private separator = '';
  private readonly pretty: boolean;

  constructor(pretty: boolean) {
    this.pretty = pretty;
  }

  open(bracket: '{' | '['): void {
    this.text += this.separator + bracket;
    this.depth++;
    this.separator = '';
    if (bracket === '[' && this.pretty) this.text += ' ';
  }

  close(bracket: '}' | ']'): void {
    if (bracket === ']') {
      if (this.pretty && this.separator !== '') this.text += ' ';
      this.separator = '';
    }
    this.depth--;
    if (this.separator !== '') this.newline();
    this.text += bracket;
    this.separator = ',';
  }

  name(name: string): void {
    this.text += this.separator;
    this.newline();
    this.separator = '';
    this.text += `${JSON.stringify(name)}:${this.pretty ? ' ' : ''}`;
  }

  value(value: string | number | boolean | null): void {
    this.text += this.separator + JSON.stringify(value);
    this.separator = ',';
  }

  finish(): string {
    return this.text === '' ? '' : `${this.text}\n`;
  }

  private newline(): void {
    if (this.pretty) this.text += `\n${'    '.repeat(this.depth)}`;
  }
}

/** Collects one command's output. */
export class Printer {
  readonly json: boolean;
  private readonly writer: JsonWriter;
  private lines = '';

  constructor(json: boolean, pretty: boolean) {
    this.json = json;
    this.writer = new JsonWriter(pretty);
  }

  /** Text only. */
  text(text: string): void {
    if (!this.json) this.lines += text;
  }

  /** A member in JSON, `text` otherwise (default: the value and a space). */
  any(name: string, value: string | number | boolean | null, text = `${value} `): void {
    if (this.json) this.member(name, value);
    else this.lines += text;
  }

  /** A member in JSON, nothing in text. */
  member(name: string, value: string | number | boolean | null): void {
    if (!this.json) return;
    this.writer.name(name);
    this.writer.value(value);
  }

  /** An element of an open array. */
  element(value: string | number): void {
    if (this.json) this.writer.value(value);
  }

  openArray(name?: string): void {
    if (!this.json) return;
    if (name !== undefined) this.writer.name(name);
    this.writer.open('[');
  }

  closeArray(): void {
    if (this.json) this.writer.close(']');
  }

  openObject(name?: string): void {
    if (!this.json) return;
    if (name !== undefined) this.writer.name(name);
    this.writer.open('{');
  }

  closeObject(): void {
    if (this.json) this.writer.close('}');
  }

  finish(): string {
    return this.json ? this.writer.finish() : this.lines;
  }
}
