/** From the name of a task, a check, an answer or a command to its place in the lab's text. */
import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Fact } from '../../lesson/prove.ts';
import type { FileName } from '../source.ts';
import type { Place } from './protocol.ts';

type Path = readonly (string | number)[];

/** Finds places in a lab that can be read. */
export class LabPlaces {
  readonly #contents: Node | null;
  readonly #lines = new LineCounter();
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.#contents = parseDocument(text, { lineCounter: this.#lines }).contents;
  }

  task(id: string): Place {
    return this.#at(this.#taskPath(id));
  }

  check(task: string, check: string): Place {
    const path = this.#taskPath(task);
    const checks = this.#node([...path, 'checks']);
    const found = isSeq(checks) ? checks.items.findIndex((item) => nameOfCheck(item) === check) : -1;
    return this.#at(found < 0 ? path : [...path, 'checks', found]);
  }

  /** The place of what a proof tells of. */
  fact({ what, name }: Pick<Fact, 'what' | 'name'>): Place {
    switch (what) {
      case 'fresh':
        return this.#at(this.#known([...this.#taskPath(name), 'checks']));
      case 'solution':
        return this.#at(this.#known([...this.#taskPath(name), 'solution']));
      case 'wrong answer': {
        const [task = '', wrong = ''] = name.split('/');
        const path = this.#taskPath(task);
        return this.#at(wrong === '' ? path : this.#withId([...path, 'wrong'], wrong));
      }
      case 'question': {
        const path = this.#withId(['predicts'], name);
        return this.#at(path.length > 1 ? path : this.#withId(['quiz'], name));
      }
      case 'story':
        return this.#at(this.#known(['try']));
      case 'prose': {
        const [, language = 'en', line = '1'] = /docs\/([^/]+)\/[^:]*(?::(\d+))?$/.exec(name) ?? [];
        return { file: language as FileName, line: Number(line), column: 1 };
      }
      case 'mutants': {
        const [, command = ''] = /^\w+ [\w-]+: (.*?)(?: \| .*)?$/.exec(name) ?? [];
        const at = command === '' ? -1 : this.#text.indexOf(command);
        return at < 0 ? this.#at(this.#known(['survivors'])) : this.#offset(at);
      }
      case 'read':
        return this.#offset(0);
    }
  }

  #taskPath(id: string): Path {
    return this.#withId(['tasks'], id);
  }

  /** The path of the item with an id in a list; of the list when there is none. */
  #withId(path: Path, id: string): Path {
    const list = this.#node(path);
    const found = isSeq(list) ? list.items.findIndex((item) => isMap(item) && item.get('id') === id) : -1;
    return found < 0 ? path : [...path, found];
  }

  /** The longest part of a path that is there. */
  #known(path: Path): Path {
    return path.length === 0 || this.#node(path) !== undefined ? path : this.#known(path.slice(0, -1));
  }

  #node(path: Path): unknown {
    let node: unknown = this.#contents;
    for (const key of path) {
      if (isMap(node)) node = node.get(String(key), true);
      else if (isSeq(node)) node = node.items[Number(key)];
      else return undefined;
    }
    return node;
  }

  /** Where a path begins: at its key when it has one. */
  #at(path: Path): Place {
    const last = path.at(-1);
    const around = this.#node(path.slice(0, -1));
    const pair = isMap(around)
      ? around.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === last)
      : undefined;
    const node = (pair?.key ?? this.#node(path)) as Node | undefined;
    return this.#offset(node?.range?.[0] ?? 0);
  }

  #offset(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { file: 'lab', line: Math.max(1, line), column: Math.max(1, col) };
  }
}

/** The id of a check, or its kind when it has none. */
function nameOfCheck(item: unknown): string | undefined {
  if (!isMap(item)) return undefined;
  const id = item.get('id');
  if (typeof id === 'string') return id;
  const kind = item.items.map(({ key }) => (isScalar(key) ? String(key.value) : '')).find((key) => key !== 'needs');
  return kind;
}
