/** What the checks of a task found, as a list: the first cause on top, each with what to look at. */
import type { CheckResult, TaskResult } from '../../../simulator/lesson/index.ts';
import { checkText, type CheckWords } from '../../explain/checks.ts';
import type { PartWords } from '../../i18n/part-words.ts';
import { askToRun } from '../../lab/run-event.ts';
import { piecesOf } from '../../lesson/inline.ts';
import { h } from '../dom.ts';

export interface Speech {
  readonly words: PartWords;
  readonly sentences: CheckWords;
  readonly language: string;
}

/** The findings of a task: what is to be mended, first causes first; then how many wait for that, and what passes. */
export function findingList({ checks, first }: TaskResult, speech: Speech): HTMLElement[] {
  const { words } = speech;
  const open = checks.filter(({ level, waitsFor }) => level !== 'pass' && waitsFor === undefined);
  open.sort((one, other) => Number(other.check === first?.check) - Number(one.check === first?.check));
  const waiting = checks.filter(({ waitsFor }) => waitsFor !== undefined).length;
  const passing = checks.filter(({ level }) => level === 'pass');
  return [
    ...open.map((check) => finding(check, speech)),
    ...(waiting === 0
      ? []
      : [h('li', { className: 'finding', 'data-level': 'wait' }, level('wait', words), words.waiting(waiting))]),
    ...(passing.length === 0 ? [] : [passed(passing, speech)]),
  ];
}

/** What passes, folded: it is there for whoever wants to know what was looked at. */
function passed(checks: readonly CheckResult[], speech: Speech): HTMLElement {
  const list = h('ul', {}, ...checks.map((check) => h('li', { 'data-check': check.check }, ...told(check, speech))));
  const summary = h('summary', {}, level('pass', speech.words), speech.words.passing(checks.length));
  return h('li', { className: 'finding', 'data-level': 'pass' }, h('details', {}, summary, list));
}

function level(name: CheckResult['level'], words: PartWords): HTMLElement {
  return h('span', { className: 'level' }, words.levels[name]);
}

function told(check: CheckResult, { sentences, language }: Speech): Node[] {
  return inline(checkText(check, sentences, language));
}

function finding(check: CheckResult, speech: Speech): HTMLElement {
  const { words } = speech;
  const { expected, found, look } = check;
  const bad = check.level === 'fail' || check.level === 'warn';
  const facts = bad && expected !== '' && found !== '';
  return h(
    'li',
    { className: 'finding', 'data-level': check.level, 'data-check': check.check },
    level(check.level, words),
    h('span', { className: 'told' }, ...told(check, speech)),
    facts &&
      h('dl', {}, h('dt', {}, words.expected), h('dd', {}, expected), h('dt', {}, words.found), h('dd', {}, found)),
    bad && look !== undefined && lookAt(look, words),
  );
}

/** A command that shows it, and a button that types it. */
function lookAt({ on, command }: NonNullable<CheckResult['look']>, words: PartWords): HTMLElement {
  const run = h(
    'button',
    { type: 'button', 'aria-label': `${words.run}: ${command}`, onclick: () => askToRun({ host: on, command }) },
    words.run,
  );
  return h('div', { className: 'look' }, words.look(on), ' ', h('code', {}, command), ' ', run);
}

/** Words with code in them, as nodes. */
export function inline(text: string): Node[] {
  return piecesOf(text).map(({ code, text: part }) => (code ? h('code', {}, part) : document.createTextNode(part)));
}
