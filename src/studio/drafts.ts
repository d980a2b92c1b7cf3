/**
 * The instructor's drafts, in the browser's own storage: several side by side, each with the lesson's texts. Nothing is ever
 * written over another: what another tab changed meanwhile stays, and what was thrown away can be taken back once.
 */
import { LANGUAGES, type LessonSource } from './source.ts';

export interface Draft extends LessonSource {
  readonly id: string;
  /** Milliseconds; the newest draft is opened first. */
  readonly changed: number;
}

/** The part of the browser's storage that drafts need. */
export type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

const PREFIX = 'meshwalk:draft:';
const BIN = 'meshwalk:draft-bin';
/** The draft that this tab edits. */
const OPEN = 'meshwalk:draft-open';

export class Drafts {
  readonly #storage: DraftStorage;
  readonly #now: () => number;
  /** What this tab wrote or read last, by id; something else in the storage is another tab's work. */
  readonly #known = new Map<string, string>();

  constructor(storage: DraftStorage, now: () => number = Date.now) {
    this.#storage = storage;
    this.#now = now;
  }

  /** All drafts, the newest first. */
  list(): Draft[] {
    const keys = Array.from({ length: this.#storage.length }, (_, index) => this.#storage.key(index) ?? '');
    return keys
      .filter((key) => key.startsWith(PREFIX))
      .flatMap((key) => this.#read(key) ?? [])
      .sort((a, b) => b.changed - a.changed);
  }

  /** Opens a draft: from now on this tab edits it. */
  open(id: string): Draft | undefined {
    const draft = this.#read(PREFIX + id);
    const text = this.#storage.getItem(PREFIX + id);
    if (draft !== undefined && text !== null) this.#known.set(id, text);
    return draft;
  }

  /** A new draft of a lesson. */
  add(source: LessonSource): Draft {
    const ids = new Set(this.list().map(({ id }) => id));
    let id: string;
    do id = crypto.randomUUID().slice(0, 8);
    while (ids.has(id));
    return this.#write({ ...bare(source), id, changed: this.#now() });
  }

  /**
   * Keeps a draft; answers it as it was kept. When another tab has changed it meanwhile, that version stays and this one
   * gets a place of its own. Throws what the storage throws when it is full.
   */
  keep(draft: Draft): { readonly draft: Draft; readonly split: boolean } {
    const there = this.#storage.getItem(PREFIX + draft.id);
    const known = this.#known.get(draft.id);
    if (there !== null && known !== undefined && there !== known) return { draft: this.add(draft), split: true };
    return { draft: this.#write({ ...draft, changed: this.#now() }), split: false };
  }

  /** Throws a draft away; it waits in the bin until the next one comes. */
  remove(id: string): void {
    const text = this.#storage.getItem(PREFIX + id);
    if (text === null) return;
    this.#storage.setItem(BIN, text);
    this.#storage.removeItem(PREFIX + id);
    this.#known.delete(id);
  }

  /** Takes the last draft out of the bin. */
  restore(): Draft | undefined {
    const draft = readDraft(this.#storage.getItem(BIN));
    if (draft === undefined) return undefined;
    this.#storage.removeItem(BIN);
    return this.#write(draft);
  }

  #read(key: string): Draft | undefined {
    return readDraft(this.#storage.getItem(key));
  }

  #write(draft: Draft): Draft {
    const text = JSON.stringify(draft);
    this.#storage.setItem(PREFIX + draft.id, text);
    this.#known.set(draft.id, text);
    return draft;
  }
}

/** Which draft this tab had open. */
export function lastOpen(storage: Pick<Storage, 'getItem'>): string | undefined {
  return storage.getItem(OPEN) ?? undefined;
}

export function rememberOpen(storage: Pick<Storage, 'setItem'>, id: string): void {
  storage.setItem(OPEN, id);
}

function readDraft(text: string | null): Draft | undefined {
  try {
    const { id, changed, name, lab, prose } = JSON.parse(text ?? 'null') as Draft;
    const whole = [id, name, lab].every((one) => typeof one === 'string') && typeof changed === 'number';
    return whole && typeof prose === 'object' ? { id, changed, ...bare({ name, lab, prose }) } : undefined;
  } catch {
    return undefined; // something else stands there
  }
}

/** A lesson's texts and nothing else. */
function bare({ name, lab, prose }: LessonSource): LessonSource {
  const texts = LANGUAGES.flatMap((language) => {
    const text = prose[language];
    return typeof text === 'string' ? [[language, text] as const] : [];
  });
  return { name, lab, prose: Object.fromEntries(texts) };
}
