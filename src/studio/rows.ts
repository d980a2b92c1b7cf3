/** The lists below the editor: one row for each problem or result, which leads to its line. */
import type { CheckResult } from '../../simulator/lesson/index.ts';
import { checkText, type CheckWords } from '../explain/checks.ts';
import { h } from '../views/dom.ts';
import type { CheckedTask, Place, Problem, Proved } from './bench/protocol.ts';
import type { Mark } from './editor/editor.ts';
import type { StudioWords } from './words.ts';

export interface Row extends Place {
  readonly level: 'error' | 'warning' | 'good' | 'wait';
  readonly title: string;
  readonly detail?: string;
  /** Part of the row before it. */
  readonly inner?: boolean;
}

const LEVELS = { pass: 'good', fail: 'error', warn: 'warning', wait: 'wait' } as const;
const SIGNS = { good: '✓', error: '✗', warning: '!', wait: '…' } as const;

export function problemRow({ key, message, ...place }: Problem, words: StudioWords): Row {
  const text = typeof message === 'string' ? message : words.faults[message.code](message.about);
  return { ...place, level: 'error', title: key === '' ? text : `${key}: ${text}` };
}

/** A task and its checks. */
export function taskRows(checked: CheckedTask, words: StudioWords, sentences: CheckWords, language: string): Row[] {
  const { task, level, checks, ...place } = checked;
  const head: Row = { ...place, level: LEVELS[level], title: `${task}: ${words.levels[level]}` };
  return [head, ...checks.map((result) => checkRow(result, words, sentences, language))];
}

function checkRow(result: CheckResult & Place, words: StudioWords, sentences: CheckWords, language: string): Row {
  const { file, line, column, check, level } = result;
  const title = `${check} ${words.levels[level]}. ${checkText(result, sentences, language)}`;
  return { file, line, column, level: LEVELS[level], title, inner: true };
}

export function provedRow({ what, name, ok, message, ...place }: Proved, words: StudioWords): Row {
  const detail = message === '' ? {} : { detail: message };
  return { ...place, level: ok ? 'good' : 'error', title: words.what[what](name), ...detail };
}

/** Rows as remarks beside the lines. */
export function marksOf(rows: readonly Row[]): Mark[] {
  return rows.flatMap(({ line, column, level, title, detail }) =>
    level === 'wait' ? [] : [{ line, column, level, text: detail === undefined ? title : `${title}\n${detail}` }],
  );
}

/** The list itself. */
export function listOf(rows: readonly Row[], words: StudioWords, go: (place: Place) => void): HTMLElement {
  const items = rows.map((row) => {
    const where = `${words.file[row.file]}, ${words.line(row.line)}`;
    return h(
      'li',
      { className: `is-${row.level}${row.inner === true ? ' inner' : ''}` },
      h(
        'button',
        { type: 'button', onclick: () => go(row) },
        h('span', { className: 'sign', 'aria-hidden': 'true' }, SIGNS[row.level]),
        h('span', { className: 'where' }, where),
        h('span', { className: 'title' }, row.title),
      ),
      row.detail === undefined ? undefined : h('pre', {}, row.detail),
    );
  });
  return h('ul', { className: 'rows' }, ...items);
}
