/**
 * The words that the page itself says, in every language of the site: they are set when a page is built, so that none
 * of this comes to the browser. A language in which a word is missing does not compile. What the packet story and the
 * time bar say while they run is in src/explain and src/views/time/words.ts; the words of code blocks, which a build
 * step without types puts in, are in code-words.mjs.
 */
import { chinese } from './zh-cn.ts';
import { english } from './en.ts';
import type { PageWords } from './page-words.ts';

/** What the dock says while it runs; `{}` stands for a host, or a host and a command. See src/views/dock-words.ts. */
export interface DockWords {
  readonly terminal: string;
  readonly terminals: string;
  readonly width: string;
  readonly split: string;
  readonly close: string;
  readonly open: string;
  readonly openOn: string;
  readonly typed: string;
  /** The lab stopped, because: */
  readonly silent: string;
}

/** Words with the name `…Html` may hold elements of text: `code`, `b`. */
export interface Words {
  readonly site: { readonly label: string };
  readonly darkTheme: string;
  /** Said when a newer build of the site has been kept in the browser. */
  readonly newVersion: { readonly text: string; readonly now: string; readonly later: string };
  readonly home: {
    readonly promiseHtml: string;
    readonly start: (title: string) => string;
    readonly effort: (minutes: number) => string;
    readonly answers: string;
    readonly answersText: string;
    readonly howClose: string;
    readonly answersEnd: string;
    readonly breakIt: string;
    readonly breakItText: string;
    readonly ways: string;
    readonly wayTo: Readonly<Record<'course' | 'playground' | 'studio' | 'commands', string>>;
    readonly lessons: string;
  };
  readonly figure: { readonly title: string; readonly host: string };
  /** Where a lesson stands, part by part. */
  readonly kicker: (unit: string, number: number, minutes: number) => readonly string[];
  /** Stands right before the question. */
  readonly predict: string;
  readonly answer: string;
  readonly views: {
    readonly label: string;
    readonly read: string;
    /** Of the studio, instead of `read`. */
    readonly write: string;
    readonly terminal: string;
    readonly story: string;
  };
  readonly lab: {
    readonly label: string;
    readonly lessonWidth: string;
    readonly storyHeight: string;
    readonly stopped: string;
    readonly startOver: string;
    readonly enlarge: string;
    readonly story: string;
    /** With a command that sends something here, as HTML, and the machine on which to type it. */
    readonly storyEmptyHtml: (command?: string, host?: string) => string;
    readonly terminals: string;
    readonly nextPanel: string;
    readonly leaveTerminal: string;
    readonly keys: string;
    readonly up: string;
    readonly down: string;
    readonly time: string;
  };
  readonly restart: {
    readonly title: string;
    readonly text: string;
    readonly keep: string;
    readonly step: string;
    readonly lesson: string;
    readonly everything: string;
    readonly undo: string;
  };
  readonly dock: DockWords;
  /** Of the pages beside the lessons. */
  readonly pages: PageWords;
  readonly report: {
    readonly none: string;
    readonly noneEnd: string;
    /** Around the number of equal steps, the number of all, and the share. */
    readonly total: readonly [string, string, string, string];
    readonly byRecording: string;
    readonly byTool: string;
    readonly remaining: string;
    readonly recording: string;
    readonly tool: string;
    readonly cause: string;
    readonly steps: string;
    readonly equal: string;
    readonly share: string;
    readonly where: string;
    readonly example: string;
  };
}

interface Locale {
  /** The first part of a page's path. */
  readonly path: string;
  /** As in `<html lang>`. */
  readonly lang: string;
  /** The language in itself. */
  readonly label: string;
  readonly words: Words;
}

/** The languages of the site; the first is the one that everything is written in. */
export const LOCALES: readonly [Locale, ...Locale[]] = [
  { path: 'en', lang: 'en', label: 'English', words: english },
  { path: 'zh-cn', lang: 'zh-CN', label: '简体中文', words: chinese },
];

/** The words of a language, as `<html lang>` names it; English for any other. */
export function wordsOf(lang: string | undefined): Words {
  return (LOCALES.find((locale) => locale.lang === lang) ?? LOCALES[0]).words;
}

/** The address of the page `pathname` in another language; the home page where `pathname` is in none. */
export function inLocale(pathname: string, locale: Pick<Locale, 'path'>): string {
  const [, first = '', ...rest] = pathname.split('/');
  const known = LOCALES.some(({ path }) => path === first);
  return `/${[locale.path, ...(known ? rest.filter((part) => part !== '') : [])].join('/')}/`;
}
