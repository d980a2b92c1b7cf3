/**
 * A world in a link: `#world=` and what was typed, compressed, so that nothing has to be sent to a server. Keys typed in
 * one go are merged into lines that arrive with their last key; times are kept to three digits. So a link is played by its
 * times alone, and by whatever build opens it.
 *
 * Form: base64url of deflate-raw of UTF-8 lines: a head in JSON; a letter for each input, naming its terminal; the times
 * between them; and what was typed, one after the other.
 */
import type { FaultSpec, InputEvent } from '../../simulator/index.ts';
import { deflate, fromBase64Url, inflate, toBase64Url } from './packing.ts';
import type { Foreign } from './time-protocol.ts';

/** The form above; a later one is not read. */
const VERSION = 1;
const PREFIX = '#world=';
/** Keys that follow each other more slowly than this are not one line; microseconds. */
const PAUSE = 2_000_000;
/** A link is not unpacked beyond this many bytes. */
const MOST = 4_000_000;
/** Around an input that is no line; neither is ever typed. */
const MARK = '\x1f';
const END = '\x1e';

/** Where a link is made or opened. */
export interface Place {
  readonly lab: string;
  readonly build: string;
}

export interface LinkWorld extends Foreign {
  readonly place: Place;
}

interface Head {
  readonly v: number;
  readonly lab: string;
  /** Names the build in short. */
  readonly by: string;
  readonly seed?: number;
  /** Milliseconds at which the log begins, and at which the world stands. */
  readonly from: number;
  readonly now: number;
  /** Terminals, in the order of their letters. */
  readonly t: readonly string[];
}

/** The part of a link after the address. */
export async function makeLink({ log, now, seed, place }: LinkWorld): Promise<string> {
  const merged = mergeKeys(log);
  const names = [...new Set(merged.map(({ terminal }) => terminal))];
  const from = Math.floor((merged[0]?.at ?? now) / 1000);
  const [times, end] = coarse(merged, from);
  const head: Head = {
    v: VERSION,
    lab: place.lab,
    by: shortBuild(place.build),
    ...(seed === undefined ? {} : { seed }),
    from,
    now: Math.max(Math.ceil(now / 1000), end),
    t: names,
  };
  const who = merged.map(({ terminal }) => String.fromCharCode(FIRST + names.indexOf(terminal))).join('');
  const what = merged.map(wordOf).join('');
  const bytes = new TextEncoder().encode([JSON.stringify(head), who, times.join(' '), what].join('\n'));
  return PREFIX + toBase64Url(await deflate(bytes));
}

/** What opening a link comes to: a log to play, and what has to be said about it. */
export interface Opened {
  readonly foreign?: Foreign;
  readonly says: readonly ('link-broken' | 'link-newer' | 'link-other-build' | 'link-other-lab' | 'link-opened')[];
}

export async function openLink(hash: string, place: Place): Promise<Opened> {
  let head: Head;
  let parts: string[];
  try {
    const bytes = fromBase64Url(hash.slice(PREFIX.length));
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await inflate(bytes, MOST));
    const [first = '', ...rest] = text.split('\n');
    head = JSON.parse(first) as Head;
    parts = rest;
    if (typeof head.v !== 'number') return { says: ['link-broken'] };
  } catch {
    return { says: ['link-broken'] };
  }
  if (head.v > VERSION) return { says: ['link-newer'] };
  if (head.lab !== place.lab) return { says: ['link-other-lab'] };
  const log = readLog(head, parts);
  if (log === undefined) return { says: ['link-broken'] };
  const foreign = { log, now: head.now * 1000, ...(head.seed === undefined ? {} : { seed: head.seed }) };
  return { foreign, says: [head.by === shortBuild(place.build) ? 'link-opened' : 'link-other-build'] };
}

/** Letters of terminals begin here. */
const FIRST = 48;

function readLog({ from, t }: Head, [who = '', times = '', ...rest]: readonly string[]): InputEvent[] | undefined {
  const words = splitWords(rest.join('\n'));
  const gaps = times === '' ? [] : times.split(' ').map(Number);
  if (gaps.length !== who.length || words.length !== who.length || gaps.some((gap) => !(gap >= 0))) return undefined;
  let at = from;
  const log: InputEvent[] = [];
  for (const [index, word] of words.entries()) {
    at += gaps[index]!;
    const terminal = t[who.charCodeAt(index) - FIRST];
    const event = terminal === undefined ? undefined : eventOf({ at: at * 1000, executed: 0, terminal }, word);
    if (event === undefined) return undefined;
    log.push(event);
  }
  return log;
}

type Linked = Extract<InputEvent, { kind: 'data' | 'open' | 'resize' | 'close' | 'fault' | 'mend' }>;

/**
 * Keys of one line as one input, with the moment of the last; several lines that came at once as one each; several new
 * sizes in a row as the last.
 */
export function mergeKeys(log: readonly InputEvent[]): Linked[] {
  const merged: Linked[] = [];
  for (const event of log.flatMap(partsOf)) {
    const last = merged.at(-1);
    const same = last?.terminal === event.terminal;
    if (same && last.kind === 'data' && event.kind === 'data' && event.at - last.at < PAUSE && !isComplete(last.data)) {
      merged[merged.length - 1] = { ...event, data: last.data + event.data };
    } else if (same && last.kind === 'resize' && event.kind === 'resize') merged[merged.length - 1] = event;
    else merged.push(event);
  }
  return merged;
}

function partsOf(event: InputEvent): Linked[] {
  if (event.kind === 'exec' || event.kind === 'kill') return [];
  if (event.kind !== 'data') return [event];
  const lines = event.data.replaceAll(/[\x1e\x1f]/g, '').match(/[^\r]*\r|[^\r]+$/g) ?? [];
  return lines.map((data) => ({ ...event, data }));
}

/** Whether a line is ended: by Enter, or by a key that the terminal acts on at once. */
function isComplete(data: string): boolean {
  return /[\r\x03\x04\x1a\x1c]$/.test(data);
}

/** Gaps between inputs in milliseconds, each with three digits, never shorter than they were; and where they end. */
function coarse(log: readonly Linked[], from: number): [number[], number] {
  let at = from;
  const gaps = log.map((event) => {
    const gap = Math.max(0, Math.ceil(event.at / 1000) - at);
    const unit = 10 ** Math.max(0, Math.floor(Math.log10(gap || 1)) - 2);
    const rounded = Math.ceil(gap / unit) * unit;
    at += rounded;
    return rounded;
  });
  return [gaps, at];
}

/** An input as text: a line with its Enter as it is, anything else between MARK and END. */
function wordOf(event: Linked): string {
  switch (event.kind) {
    case 'data':
      return event.data.indexOf('\r') === event.data.length - 1 ? event.data : `${MARK}d${event.data}${END}`;
    case 'open':
      return `${MARK}o${event.columns}x${event.rows}${END}`;
    case 'resize':
      return `${MARK}r${event.columns}x${event.rows}${END}`;
    case 'close':
      return `${MARK}c${END}`;
    case 'fault':
      return `${MARK}f${JSON.stringify(event.fault)}${END}`;
    case 'mend':
      return `${MARK}m${END}`;
  }
}

function splitWords(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf(text[at] === MARK ? END : '\r', at);
    if (end < 0) return words;
    words.push(text.slice(at, text[at] === MARK ? end : end + 1));
    at = end + 1;
  }
  return words;
}

/** The input that a word stands for. A link can type, open and close terminals, let something go wrong, and nothing else. */
function eventOf(head: Pick<InputEvent, 'at' | 'executed' | 'terminal'>, word: string): Linked | undefined {
  if (!word.startsWith(MARK)) return { ...head, kind: 'data', data: word };
  const rest = word.slice(2);
  const [columns = 0, rows = 0] = rest.split('x').map(Number);
  const host = head.terminal.split('/')[0]!;
  const sized = columns >= 1 && columns <= 1000 && rows >= 1 && rows <= 1000;
  if (word[1] === 'd') return { ...head, kind: 'data', data: rest };
  if (word[1] === 'o' && sized) return { ...head, kind: 'open', host, columns, rows };
  if (word[1] === 'r' && sized) return { ...head, kind: 'resize', columns, rows };
  if (word[1] === 'm') return { ...head, kind: 'mend' };
  if (word[1] === 'f') return faultEvent(head, rest);
  return word[1] === 'c' ? { ...head, kind: 'close' } : undefined;
}

/** A fault of a link, in form only: the world refuses one that it does not know. */
function faultEvent(head: Pick<InputEvent, 'at' | 'executed' | 'terminal'>, text: string): Linked | undefined {
  try {
    const fault: unknown = JSON.parse(text);
    return typeof fault === 'object' && fault !== null
      ? { ...head, kind: 'fault', fault: fault as FaultSpec }
      : undefined;
  } catch {
    return undefined;
  }
}

/** The build by its last part: the name of the worker's file and of the scenario's text. */
function shortBuild(build: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < build.length; i++) hash = Math.imul(hash ^ build.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}
