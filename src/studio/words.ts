/** The words of the studio, in the languages of the site; a language in which one is missing does not compile. */
import type { Level } from '../../simulator/lesson/index.ts';
import type { ProseFault, Proved } from './bench/protocol.ts';
import { chinese } from './zh-cn.ts';
import { english } from './en.ts';
import type { ImportFault } from './folder.ts';
import type { FileName } from './source.ts';

/** Words with the name `…Html` may hold elements of text. */
export interface StudioWords {
  readonly intro: string;
  readonly draft: string;
  readonly name: string;
  readonly nameHint: string;
  readonly create: string;
  readonly importFile: string;
  readonly exportZip: string;
  readonly link: string;
  readonly remove: string;
  readonly files: string;
  readonly file: Readonly<Record<FileName, string>>;
  readonly fileLabel: Readonly<Record<FileName, string>>;
  readonly save: string;
  readonly saveHint: string;
  readonly check: string;
  readonly prove: string;
  readonly mutants: string;
  readonly stop: string;
  /** For who hears the editor, and for who sees the keys before it. */
  readonly leave: string;
  readonly leaves: string;
  readonly nextPanel: string;
  readonly editor: string;
  readonly output: string;
  readonly outputHeight: string;
  readonly problems: string;
  readonly results: string;
  readonly preview: string;
  readonly tools: string;
  readonly noProblems: string;
  readonly noResults: string;
  readonly newDialog: {
    readonly title: string;
    readonly from: string;
    readonly blank: string;
    readonly cancel: string;
    readonly make: string;
    readonly badName: string;
  };
  readonly linkField: string;
  readonly status: {
    readonly building: string;
    readonly stands: string;
    readonly sameWorld: string;
    readonly kept: string;
    readonly notBuilt: string;
    readonly saved: string;
    readonly full: string;
    readonly split: string;
    readonly removed: (name: string) => string;
    readonly undo: string;
    readonly undone: string;
    readonly opened: (name: string) => string;
    readonly imported: (names: string) => string;
    readonly ignored: (files: string) => string;
    readonly exported: (file: string) => string;
    readonly linked: (letters: number) => string;
    readonly linkShown: (letters: number) => string;
    readonly linkLong: string;
    readonly linkBroken: string;
    readonly linkNewer: string;
    readonly checking: string;
    readonly checked: (passed: number, all: number) => string;
    readonly proving: string;
    readonly proved: (good: number, bad: number) => string;
    readonly mutating: string;
    readonly mutated: (killed: number, real: number, survivors: number) => string;
    readonly stopped: string;
    readonly failed: (message: string) => string;
    readonly needsWorld: string;
    readonly plainEditor: string;
  };
  readonly line: (line: number) => string;
  readonly found: (count: number) => string;
  readonly faults: Readonly<Record<ProseFault, (about: string) => string>>;
  readonly importFaults: Readonly<Record<ImportFault, (file: string) => string>>;
  readonly levels: Readonly<Record<Level, string>>;
  readonly what: Readonly<Record<Proved['what'], (name: string) => string>>;
  readonly part: Readonly<Record<string, string>>;
}

/** The words of a language, as `<html lang>` names it; English for any other. */
export function studioWords(lang: string | undefined): StudioWords {
  return lang === 'zh-CN' ? chinese : english;
}
