/**
 * Monaco as the studio's editor, with monaco-yaml for completion and help. Fetched by the studio alone. monaco-yaml is
 * written for an older Monaco: its worker is started here, and an alias in astro.config.mjs leads its imports to their place.
 * It does not validate: the bench does, with the schema that the JSON Schema is made from, in words that show the way out.
 */
import * as monaco from 'monaco-editor/editor';
import 'monaco-editor/features/register.all';
import 'monaco-editor/languages/definitions/markdown/register';
import 'monaco-editor/languages/definitions/yaml/register';
import EditorWorker from 'monaco-editor/editor/editor.worker?worker';
import { configureMonacoYaml, type JSONSchema } from 'monaco-yaml';
import { FILES, type FileName, pathOf } from '../source.ts';
import type { EditorEvents, EditorWords, Mark, StudioEditor } from './editor.ts';
import { followTheme } from './theme.ts';
import YamlWorker from './yaml.worker.ts?worker';

/** Where the first line of a lab says that its schema is, seen from content/labs/UNIT/. */
const SCHEMA = 'file:///public/schema/lab.json';
/** monaco-yaml's worker waits for any message, and then for its settings. */
const WAKE = 'wake';

let prepared = false;

/** Once for the page: workers, YAML, colours. */
async function prepare(): Promise<void> {
  if (prepared) return;
  prepared = true;
  self.MonacoEnvironment = { getWorker: () => new EditorWorker() };
  const schema = (await (await fetch('/schema/lab.json')).json()) as JSONSchema;
  const createWebWorker = ({ createData }: { createData: unknown }): unknown => {
    const worker = new YamlWorker();
    worker.postMessage(WAKE);
    worker.postMessage(createData);
    return monaco.editor.createWebWorker({ worker });
  };
  const older = { ...monaco, editor: { ...monaco.editor, createWebWorker } };
  configureMonacoYaml(older as unknown as Parameters<typeof configureMonacoYaml>[0], {
    enableSchemaRequest: false,
    validate: false,
    schemas: [{ uri: SCHEMA, fileMatch: ['**/content/labs/**'], schema }],
  });
  followTheme(monaco);
}

export class MonacoEditor implements StudioEditor {
  readonly #editor: monaco.editor.IStandaloneCodeEditor;
  readonly #words: EditorWords;
  readonly #events: EditorEvents;
  readonly #models = new Map<FileName, monaco.editor.ITextModel>();
  readonly #views = new Map<FileName, monaco.editor.ICodeEditorViewState>();
  readonly #glyphs = new Map<FileName, string[]>();
  readonly #element: HTMLElement;
  #file: FileName = 'lab';

  static async make(parent: HTMLElement, words: EditorWords, events: EditorEvents): Promise<MonacoEditor> {
    await prepare();
    return new MonacoEditor(parent, words, events);
  }

  private constructor(parent: HTMLElement, words: EditorWords, events: EditorEvents) {
    this.#words = words;
    this.#events = events;
    this.#element = document.createElement('div');
    this.#element.className = 'monaco';
    parent.replaceChildren(this.#element);
    this.#editor = monaco.editor.create(this.#element, {
      model: null,
      accessibilitySupport: 'auto',
      automaticLayout: true,
      fixedOverflowWidgets: true,
      fontFamily: "'IBM Plex Mono', ui-monospace, Menlo, Consolas, monospace",
      fontSize: 13,
      glyphMargin: true,
      lineDecorationsWidth: 6,
      lineNumbersMinChars: 3,
      minimap: { enabled: false },
      padding: { top: 8, bottom: 8 },
      quickSuggestions: { other: true, comments: false, strings: true },
      scrollBeyondLastLine: false,
      stickyScroll: { enabled: false },
      tabSize: 2,
      unicodeHighlight: { ambiguousCharacters: false },
      wordBasedSuggestions: 'off',
    });
    this.#leaveByEscape();
  }

  /** Escape and then Tab leaves, as in a terminal; Tab alone indents. */
  #leaveByEscape(): void {
    this.#editor.onKeyDown(({ keyCode }) => {
      if (keyCode === monaco.KeyCode.Shift || keyCode === monaco.KeyCode.Tab) return;
      this.#editor.updateOptions({ tabFocusMode: keyCode === monaco.KeyCode.Escape });
    });
    this.#editor.onDidBlurEditorText(() => this.#editor.updateOptions({ tabFocusMode: false }));
  }

  load(name: string, texts: Readonly<Record<FileName, string>>): void {
    this.#editor.setModel(null);
    for (const model of this.#models.values()) model.dispose();
    this.#models.clear();
    this.#views.clear();
    this.#glyphs.clear();
    for (const file of FILES) {
      const uri = monaco.Uri.parse(`file:///${pathOf(name, file)}`);
      const model = monaco.editor.createModel(texts[file], file === 'lab' ? 'yaml' : 'markdown', uri);
      model.updateOptions({ tabSize: 2, insertSpaces: true });
      model.onDidChangeContent(() => this.#events.changed(file, model.getValue(monaco.editor.EndOfLinePreference.LF)));
      this.#models.set(file, model);
    }
    this.show(this.#file);
  }

  show(file: FileName): void {
    const view = this.#editor.saveViewState();
    if (view !== null && this.#editor.getModel() === this.#models.get(this.#file)) this.#views.set(this.#file, view);
    this.#file = file;
    this.#editor.setModel(this.#models.get(file) ?? null);
    const known = this.#views.get(file);
    if (known !== undefined) this.#editor.restoreViewState(known);
    const ariaLabel = `${this.#words.fileLabel[file]}. ${this.#words.leave}`;
    this.#editor.updateOptions({ ariaLabel, wordWrap: file === 'lab' ? 'off' : 'on' });
  }

  mark(file: FileName, kind: 'problems' | 'results', marks: readonly Mark[]): void {
    const model = this.#models.get(file);
    if (model === undefined) return;
    const severity = { error: monaco.MarkerSeverity.Error, warning: monaco.MarkerSeverity.Warning };
    const markers = marks.flatMap(({ line, column, level, text }) => {
      if (level === 'good') return [];
      const at = model.validatePosition({ lineNumber: line, column });
      const word = model.getWordAtPosition(at);
      const endColumn = word?.endColumn ?? model.getLineMaxColumn(at.lineNumber);
      return {
        severity: severity[level],
        message: text,
        startLineNumber: at.lineNumber,
        startColumn: at.column,
        endLineNumber: at.lineNumber,
        endColumn: Math.max(endColumn, at.column + 1),
      };
    });
    monaco.editor.setModelMarkers(model, kind, markers);
    if (kind === 'results') this.#drawGlyphs(file, model, marks);
  }

  /** Signs in the margin for what was checked and proved. */
  #drawGlyphs(file: FileName, model: monaco.editor.ITextModel, marks: readonly Mark[]): void {
    const decorations = marks.map(({ line, level, text }) => ({
      range: new monaco.Range(line, 1, line, 1),
      options: { glyphMarginClassName: `result-glyph is-${level}`, glyphMarginHoverMessage: { value: text } },
    }));
    this.#glyphs.set(file, model.deltaDecorations(this.#glyphs.get(file) ?? [], decorations));
  }

  reveal(line: number, column: number): void {
    const position = { lineNumber: line, column };
    this.#editor.setPosition(position);
    this.#editor.revealPositionInCenterIfOutsideViewport(position);
    this.#editor.focus();
  }

  focus(): void {
    this.#editor.focus();
  }

  end(): void {
    for (const model of this.#models.values()) model.dispose();
    this.#editor.dispose();
    this.#element.remove();
  }
}
