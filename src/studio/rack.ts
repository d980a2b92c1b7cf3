/** The rack of drafts: choose, make, rename, throw away and take back; and what comes in and goes out. */
import { lessonName } from '../lesson/blank.ts';
import { h } from '../views/dom.ts';
import type { Draft, Drafts } from './drafts.ts';
import { fromUpload, ImportError, MOST_BYTES, toZip } from './folder.ts';
import { blankLesson, siteLesson, siteLessons } from './lessons.ts';
import { download, find, type Status } from './page.ts';
import { isLessonLink, makeLessonLink, openLessonLink } from './share.ts';
import { type LessonSource, renamed } from './source.ts';
import type { StudioWords } from './words.ts';

export interface RackParts {
  readonly root: HTMLElement;
  readonly words: StudioWords;
  readonly drafts: Drafts;
  readonly status: Status;
  current(): Draft;
  /** Brings a draft to the front. */
  open(draft: Draft): Promise<void>;
  renamed(name: string): void;
}

export class Rack {
  readonly #parts: RackParts;
  readonly #select: HTMLSelectElement;
  readonly #name: HTMLInputElement;

  constructor(parts: RackParts) {
    this.#parts = parts;
    const { root } = parts;
    this.#select = find(root, 'drafts');
    this.#name = find(root, 'name');
    const upload = find<HTMLInputElement>(root, 'upload');
    const on = (name: string, act: () => unknown): void => void (find(root, name).onclick = act);
    this.#select.onchange = () => void this.#choose(this.#select.value);
    this.#name.onchange = () => this.#rename();
    on('create', () => this.#askForNew());
    on('import', () => upload.click());
    upload.onchange = () => void this.#import(upload);
    on('export', () => this.#export());
    on('link', () => this.#share());
    on('remove', () => this.#remove());
    addEventListener('hashchange', () => void this.openLink());
    this.#prepareNew();
  }

  /** Shows the list and the name of the draft in front. */
  draw(): void {
    const { drafts, current } = this.#parts;
    const draft = current();
    const options = drafts.list().map(({ id, name, changed }) => {
      const when = new Date(changed).toLocaleString(document.documentElement.lang);
      return h('option', { value: id, selected: id === draft.id }, `${name} · ${when}`);
    });
    this.#select.replaceChildren(...options);
    if (document.activeElement !== this.#name) this.#name.value = draft.name;
  }

  /** Opens the lesson of a link as a new draft. */
  async openLink(): Promise<void> {
    const { words, status } = this.#parts;
    const { hash } = location;
    if (!isLessonLink(hash)) return;
    history.replaceState(history.state, '', location.pathname + location.search); // a reload opens the draft
    const found = await openLessonLink(hash);
    if (found === 'broken') return status.say(words.status.linkBroken, 'warning');
    if (found === 'newer') return status.say(words.status.linkNewer, 'warning');
    await this.#add(found, words.status.opened(found.name));
  }

  async #choose(id: string): Promise<void> {
    const draft = this.#parts.drafts.open(id);
    if (draft !== undefined) await this.#parts.open(draft);
  }

  /** A new draft of a lesson, in front. */
  async #add(source: LessonSource, told?: string): Promise<void> {
    const { drafts, open, status, words } = this.#parts;
    try {
      await open(drafts.add(source));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return status.say(words.status.full, 'warning');
    }
    if (told !== undefined) status.say(told);
  }

  #rename(): void {
    const { words, status, current } = this.#parts;
    const name = this.#name.value.trim();
    if (lessonName(name) !== undefined) return this.#parts.renamed(name);
    status.say(words.newDialog.badName, 'warning');
    this.#name.value = current().name;
  }

  #prepareNew(): void {
    const { root } = this.#parts;
    const dialog = find<HTMLDialogElement>(root, 'new');
    const from = find<HTMLSelectElement>(root, 'from');
    const name = find<HTMLInputElement>(root, 'new-name');
    from.append(...siteLessons().map((lesson) => h('option', { value: lesson }, lesson)));
    from.onchange = () => (name.value = from.value === '' ? 'drafts/01-my-lesson' : from.value);
    dialog.onclose = () => {
      if (dialog.returnValue === 'make') void this.#make(from.value, name.value);
    };
  }

  #askForNew(): void {
    const { root } = this.#parts;
    const dialog = find<HTMLDialogElement>(root, 'new');
    dialog.returnValue = '';
    const name = find<HTMLInputElement>(root, 'new-name');
    if (name.value === '') name.value = 'drafts/01-my-lesson';
    dialog.showModal();
  }

  async #make(from: string, name: string): Promise<void> {
    await this.#add(from === '' ? blankLesson(name) : renamed(await siteLesson(from), name));
  }

  async #import(upload: HTMLInputElement): Promise<void> {
    const { words, status } = this.#parts;
    const names: string[] = [];
    const ignored: string[] = [];
    try {
      for (const file of upload.files ?? []) {
        if (file.size > 20 * MOST_BYTES) throw new ImportError('too-large', file.name);
        const imported = fromUpload(file.name, new Uint8Array(await file.arrayBuffer()));
        ignored.push(...imported.ignored);
        for (const source of imported.sources) {
          await this.#add(source);
          names.push(source.name);
        }
      }
      const left = ignored.length > 0 ? ` ${words.status.ignored(ignored.slice(0, 5).join(', '))}` : '';
      if (names.length > 0) status.say(words.status.imported(names.join(', ')) + left);
    } catch (error) {
      if (!(error instanceof ImportError)) throw error;
      status.say(words.importFaults[error.fault](error.file), 'warning');
    } finally {
      upload.value = '';
    }
  }

  #export(): void {
    const { words, status, current } = this.#parts;
    const draft = current();
    const file = `${draft.name.replace('/', '-')}.zip`;
    download(file, toZip(draft));
    status.say(words.status.exported(file));
  }

  async #share(): Promise<void> {
    const { words, status, current } = this.#parts;
    const hash = await makeLessonLink(current());
    if (hash === undefined) return status.say(words.status.linkLong, 'warning');
    const link = `${location.origin}${location.pathname}${hash}`;
    try {
      await navigator.clipboard.writeText(link);
      status.say(words.status.linked(link.length));
    } catch {
      status.say(words.status.linkShown(link.length));
    }
    const field = h('input', { className: 'link', readOnly: true, value: link, 'aria-label': words.linkField });
    field.onfocus = () => field.select();
    find(this.#parts.root, 'status').append(field);
  }

  async #remove(): Promise<void> {
    const { words, status, drafts, current, open } = this.#parts;
    const { id, name } = current();
    const [next] = drafts.list().filter((draft) => draft.id !== id);
    await open(next === undefined ? drafts.add(blankLesson('drafts/01-my-lesson')) : (drafts.open(next.id) ?? next));
    drafts.remove(id);
    this.draw();
    const undo = async (): Promise<void> => {
      const draft = drafts.restore();
      if (draft === undefined) return;
      await open(draft);
      status.say(words.status.undone);
    };
    status.say(words.status.removed(name), 'note', { name: words.status.undo, go: () => void undo() });
  }
}
