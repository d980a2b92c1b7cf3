/**
 * The studio: one draft in front, its texts in the editor, its world beside. Every change is kept; a world is made when the
 * lesson is saved and its lab can be read; checks and proofs run on the bench.
 */
import { checkWordsOf } from '../explain/checks.ts';
import { lessonName } from '../lesson/blank.ts';
import type { Bench } from './bench/bench.ts';
import { Stopped } from './bench/bench.ts';
import type { Place, ReadAnswer } from './bench/protocol.ts';
import { Drafts, type Draft, lastOpen, rememberOpen } from './drafts.ts';
import { EditorPane } from './editor/pane.ts';
import { find, Status, Tabs } from './page.ts';
import { Preview } from './preview.ts';
import { Rack } from './rack.ts';
import { listOf, marksOf, problemRow, provedRow, type Row, taskRows } from './rows.ts';
import { blankLesson } from './lessons.ts';
import { FILES, type FileName, type LessonSource, renamed, sameSource, textOf, withText } from './source.ts';
import type { StudioWords } from './words.ts';
import { LiveWorld, Superseded } from './world.ts';

export interface StudioParts {
  readonly root: HTMLElement;
  readonly dock: HTMLElement;
  readonly words: StudioWords;
  readonly bench: Bench;
}

type Output = 'problems' | 'results' | 'preview';

/** After the last key the texts are read, and kept. */
const READ_AFTER_MS = 250;
const FIRST = 'drafts/01-my-lesson';

export class Studio {
  readonly #root: HTMLElement;
  readonly #words: StudioWords;
  readonly #bench: Bench;
  readonly #world: LiveWorld;
  readonly #drafts = new Drafts(localStorage);
  readonly #status: Status;
  readonly #files: Tabs<FileName>;
  readonly #outputs: Tabs<Output>;
  readonly #editor: EditorPane;
  readonly #preview: Preview;
  readonly #rack: Rack;
  #draft!: Draft;
  #read: ReadAnswer = { problems: [] };
  /** Problems of the world rather than of the texts: what its building said. */
  #building: readonly Row[] = [];
  #results: readonly Row[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ root, dock, words, bench }: StudioParts) {
    this.#root = root;
    this.#words = words;
    this.#bench = bench;
    this.#world = new LiveWorld(dock);
    this.#status = new Status(find(root, 'status'));
    this.#editor = new EditorPane(find(root, 'editor'), words, {
      changed: (file, text) => this.#changed(file, text),
    });
    this.#preview = new Preview(bench);
    this.#files = new Tabs<FileName>(find(root, 'files'), (file) => this.#showFile(file));
    this.#outputs = new Tabs<Output>(find(root, 'outputs'), () => this.#drawOutput());
    this.#rack = new Rack({
      root,
      words,
      drafts: this.#drafts,
      status: this.#status,
      current: () => this.#draft,
      open: (draft) => this.#open(draft),
      renamed: (name) => this.#rename(name),
    });
  }

  /** Opens the last draft, or a first one, and what a link brought. */
  async start(): Promise<void> {
    const last = this.#drafts.open(lastOpen(sessionStorage) ?? '') ?? this.#drafts.list()[0];
    const draft = last ?? this.#drafts.add(blankLesson(FIRST));
    this.#listen();
    await this.#open(this.#drafts.open(draft.id) ?? draft);
    await this.#rack.openLink();
    this.#root.dataset.ready = '';
    if (!(await this.#editor.improve())) this.#status.say(this.#words.status.plainEditor, 'warning');
  }

  #listen(): void {
    const on = (name: string, act: () => Promise<unknown>): void => {
      find(this.#root, name).onclick = () => void act().catch((error: unknown) => this.#fail(error));
    };
    on('save', () => this.save());
    on('check', () => this.#check());
    on('prove', () => this.#prove());
    on('mutants', () => this.#mutants());
    find(this.#root, 'stop').onclick = () => this.#bench.stop();
    const saved = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 's' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      void this.save().catch((error: unknown) => this.#fail(error));
    };
    document.addEventListener('keydown', saved, { capture: true });
    addEventListener('pagehide', () => this.#keep());
  }

  /** Shows a draft, with its world when its lab can be read. */
  async #open(draft: Draft): Promise<void> {
    if (this.#draft !== undefined) this.#keep();
    this.#bench.stop();
    this.#draft = draft;
    rememberOpen(sessionStorage, draft.id);
    this.#building = [];
    this.#setResults([]);
    this.#editor.load(draft.name, textsOf(draft));
    this.#rack.draw();
    await this.#show();
  }

  #rename(name: string): void {
    if (name === this.#draft.name || lessonName(name) === undefined) return;
    this.#draft = { ...this.#draft, ...renamed(this.#draft, name) };
    this.#keep();
    this.#editor.load(name, textsOf(this.#draft));
    void this.#readTexts();
  }

  #changed(file: FileName, text: string): void {
    this.#draft = { ...this.#draft, ...withText(this.#draft, file, text) };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#keep();
      void this.#readTexts();
    }, READ_AFTER_MS);
  }

  /** Writes the draft to the storage, when it is not there yet. */
  #keep(): void {
    clearTimeout(this.#timer);
    const there = this.#drafts.list().find(({ id }) => id === this.#draft.id);
    if (there !== undefined && sameSource(there, this.#draft)) return;
    try {
      const { draft, split } = this.#drafts.keep(this.#draft);
      this.#draft = draft;
      rememberOpen(sessionStorage, draft.id);
      if (split) this.#status.say(this.#words.status.split, 'warning');
      this.#rack.draw();
    } catch {
      this.#status.say(this.#words.status.full, 'warning');
    }
  }

  /** Reads the texts; answers false when others came meanwhile. */
  async #readTexts(): Promise<boolean> {
    const { id } = this.#draft;
    const texts: LessonSource = this.#draft;
    const read = await this.#bench.read(texts);
    if (id !== this.#draft.id || !sameSource(texts, this.#draft)) return false;
    this.#read = read;
    this.#building = [];
    this.#drawProblems();
    this.#preview.take(read.lab);
    this.#drawOutput();
    return true;
  }

  /** Keeps the draft, reads it, and makes its world. */
  async save(): Promise<void> {
    this.#keep();
    await this.#show();
  }

  /** Makes the world of the draft in front; answers whether that is the one on show now. */
  async #show(): Promise<boolean> {
    const { status } = this.#words;
    if (!(await this.#readTexts())) return false;
    const { lab, scenario } = this.#read;
    if (lab === undefined || scenario === undefined) {
      this.#status.say(status.kept, 'warning');
      this.#outputs.choose('problems');
      return false;
    }
    this.#status.say(status.building);
    try {
      const { id } = this.#draft;
      const shown = await this.#world.show({ key: `studio:${id}`, scenario, terminals: lab.terminals });
      this.#status.say(shown === 'same' ? status.sameWorld : status.stands);
      return true;
    } catch (error) {
      if (error instanceof Superseded) return false;
      const about = error instanceof Error ? error.message : String(error);
      const line = placeOfSetup(this.#draft.lab, about);
      this.#building = [problemRow({ file: 'lab', ...line, key: '', message: { code: 'setup', about } }, this.#words)];
      this.#drawProblems();
      this.#status.say(status.notBuilt, 'warning');
      this.#outputs.choose('problems');
      return false;
    }
  }

  async #check(): Promise<void> {
    const { status } = this.#words;
    this.#keep();
    const shown = await this.#show();
    const session = shown ? await this.#world.session() : undefined;
    if (session === undefined) return this.#status.say(status.needsWorld, 'warning');
    const language = document.documentElement.lang.toLowerCase();
    await this.#errand(status.checking, async () => {
      const [tasks, sentences] = await Promise.all([this.#bench.check(this.#draft, session), checkWordsOf(language)]);
      this.#setResults(tasks.flatMap((task) => taskRows(task, this.#words, sentences, language)));
      return status.checked(tasks.filter(({ level }) => level === 'pass' || level === 'warn').length, tasks.length);
    });
  }

  async #prove(): Promise<void> {
    const { status } = this.#words;
    await this.#ready(status.proving, async () => {
      const rows: Row[] = [];
      await this.#bench.prove(this.#draft, (fact) => {
        rows.push(provedRow(fact, this.#words));
        this.#setResults(rows);
      });
      const good = rows.filter(({ level }) => level === 'good').length;
      return status.proved(good, rows.length - good);
    });
  }

  async #mutants(): Promise<void> {
    const { status } = this.#words;
    await this.#ready(status.mutating, async () => {
      const rows: Row[] = [];
      const { mutants, same, killed } = await this.#bench.mutants(this.#draft, (fact) => {
        rows.push(provedRow(fact, this.#words));
        this.#setResults(rows);
      });
      return status.mutated(killed, mutants - same, rows.length);
    });
  }

  /** An errand that needs a lab which can be read. */
  async #ready(says: string, run: () => Promise<string>): Promise<void> {
    this.#keep();
    if (await this.#readTexts()) {
      if (this.#read.lab !== undefined) return this.#errand(says, run);
      this.#status.say(this.#words.status.needsWorld, 'warning');
      this.#outputs.choose('problems');
    }
  }

  /** Something that takes long: results in front, and a way to stop it. */
  async #errand(says: string, run: () => Promise<string>): Promise<void> {
    const stop = find(this.#root, 'stop');
    const { id } = this.#draft;
    this.#setResults([]);
    this.#outputs.choose('results');
    this.#status.say(says);
    stop.hidden = false;
    this.#root.setAttribute('aria-busy', 'true');
    try {
      const told = await run();
      if (id === this.#draft.id) this.#status.say(told);
    } finally {
      stop.hidden = true;
      this.#root.removeAttribute('aria-busy');
    }
  }

  #fail(error: unknown): void {
    const { stopped, failed } = this.#words.status;
    if (error instanceof Stopped) return this.#status.say(stopped);
    this.#status.say(failed(error instanceof Error ? error.message : String(error)), 'warning');
  }

  #showFile(file: FileName): void {
    this.#editor.show(file);
    if (file !== 'lab' && this.#outputs.current === 'problems' && this.#read.problems.length === 0)
      this.#outputs.choose('preview');
    else this.#drawOutput();
  }

  get #problems(): Row[] {
    return [...this.#read.problems.map((problem) => problemRow(problem, this.#words)), ...this.#building];
  }

  #drawProblems(): void {
    const rows = this.#problems;
    for (const file of FILES) this.#editor.mark(file, 'problems', marksOf(rows.filter((row) => row.file === file)));
    this.#outputs.count('problems', rows.length);
    this.#drawOutput();
  }

  #setResults(rows: readonly Row[]): void {
    this.#results = rows;
    for (const file of FILES) this.#editor.mark(file, 'results', marksOf(rows.filter((row) => row.file === file)));
    this.#drawOutput();
  }

  /** What stands below the editor. */
  #drawOutput(): void {
    const out = find(this.#root, 'out');
    const go = (place: Place): void => {
      this.#files.choose(place.file);
      this.#editor.reveal(place.line, place.column);
    };
    switch (this.#outputs.current) {
      case 'problems':
        out.replaceChildren(
          this.#problems.length > 0 ? listOf(this.#problems, this.#words, go) : this.#words.noProblems,
        );
        break;
      case 'results':
        out.replaceChildren(this.#results.length > 0 ? listOf(this.#results, this.#words, go) : this.#words.noResults);
        break;
      case 'preview': {
        const file = this.#files.current === 'lab' ? 'en' : this.#files.current;
        this.#preview.draw(out, textOf(this.#draft, file), file);
      }
    }
  }
}

function textsOf(source: LessonSource): Record<FileName, string> {
  return { lab: source.lab, en: textOf(source, 'en'), 'zh-cn': textOf(source, 'zh-cn') };
}

/** Where the command stands that a world's building stumbled over, or else the world's description. */
function placeOfSetup(lab: string, message: string): { line: number; column: number } {
  const [, command] = /stopped at [\w-]+: (.+)/.exec(message) ?? [];
  const known = command === undefined ? -1 : lab.indexOf(command);
  const offset = known < 0 ? lab.search(/^scenario:/m) : known;
  const before = lab.slice(0, Math.max(0, offset)).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
}
