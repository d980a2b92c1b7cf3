/** What the studio asks of an editor. There are two: Monaco on a wide screen, and a plain text field. */
import type { FileName } from '../source.ts';

/** A remark in a text. */
export interface Mark {
  readonly line: number;
  readonly column: number;
  readonly level: 'error' | 'warning' | 'good';
  readonly text: string;
}

export interface EditorEvents {
  /** Somebody typed. */
  changed(file: FileName, text: string): void;
}

export interface StudioEditor {
  /** Shows other texts, as when another draft is opened. `name` is that of the lesson. */
  load(name: string, texts: Readonly<Record<FileName, string>>): void;
  /** Brings a file to the front. */
  show(file: FileName): void;
  /** Puts remarks of one kind beside the lines of a file, instead of the earlier ones of that kind. */
  mark(file: FileName, kind: 'problems' | 'results', marks: readonly Mark[]): void;
  /** Goes to a place of the file in front. */
  reveal(line: number, column: number): void;
  focus(): void;
  /** Takes the editor off the page. */
  end(): void;
}

/** Words that editors need. */
export interface EditorWords {
  readonly fileLabel: Readonly<Record<FileName, string>>;
  readonly leave: string;
}
