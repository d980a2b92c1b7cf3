/**
 * What the subcommands of `ip` and `bridge` share: options, the argument cursor, and the ways iproute2 (6.15, lib/utils.c) gives
 * up. A command ends by throwing {@link Exit}, as the C code calls exit(3); the tool turns it into stderr and a status.
 */
import { parseCidr, parseIpv4, parseMac } from '../../base/address.ts';
import { strerror } from '../../base/errno.ts';
import type { Refused, Result } from '../../base/result.ts';
import type { NetDevice } from '../../kernel/device.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import type { ProgramContext } from '../../process/program.ts';

/** The end of a command: what goes to stderr, and the exit status. */
export class Exit {
  readonly status: number;
  readonly message: string;

  constructor(status: number, message = '') {
    this.status = status;
    this.message = message === '' || message.endsWith('\n') ? message : `${message}\n`;
  }
}

export interface Options {
  family: 'any' | 'inet' | 'inet6' | 'bridge' | 'link';
  details: boolean;
  stats: number;
  brief: boolean;
  oneline: boolean;
  json: boolean;
  pretty: boolean;
  color: boolean;
  all: boolean;
  compressVlans: boolean;
}

export function defaultOptions(): Options {
  return {
    family: 'any',
    details: false,
    stats: 0,
    brief: false,
    oneline: false,
    json: false,
    pretty: false,
    color: false,
    all: false,
    compressVlans: false,
  };
}

/** What a subcommand works with. `ns` is the namespace it acts on, `out` what it prints. */
export interface Call {
  readonly ctx: ProgramContext;
  readonly ns: NetworkNamespace;
  readonly options: Options;
  /** `ip`, `bridge`: for "try …". */
  readonly program: string;
  /** Exit status when the kernel refuses: 2 for ip, 255 for bridge. */
  readonly refusedStatus: number;
  /** Exit status of plain failures: 1 for ip, 255 for bridge. */
  readonly failedStatus: number;
  out: string;
  err: string;
}

/** True when `word` is a prefix of `full` (iproute2's matches()). */
export function matches(word: string, full: string): boolean {
  return word !== '' && full.startsWith(word);
}

/** The first of `names` that `word` abbreviates, in the tool's order. */
export function pick<T extends string>(word: string, names: readonly T[]): T | undefined {
  return names.find((name) => matches(word, name));
}

/** Words of a command line, read from left to right. */
export class Args {
  private at = 0;
  private readonly words: readonly string[];

  constructor(words: readonly string[]) {
    this.words = words;
  }

  get done(): boolean {
    return this.at >= this.words.length;
  }

  /** The present word; '' at the end. */
  peek(): string {
    return this.words[this.at] ?? '';
  }

  take(): string {
    return this.words[this.at++] ?? '';
  }

  /** NEXT_ARG: the word after an option. */
  next(): string {
    if (this.done) throw incomplete();
    return this.take();
  }

  rest(): string[] {
    const rest = this.words.slice(this.at);
    this.at = this.words.length;
    return rest;
  }
}

/** incomplete_command() */
function incomplete(): Exit {
  return new Exit(255, 'Command line is not complete. Try option "help"');
}

/** invarg(); many of its callers end their message with a newline of their own. */
export function wrong(message: string, word: string): Exit {
  return new Exit(255, `Error: argument "${word}" is wrong: ${message}\n`);
}

/** duparg2() */
export function garbage(key: string, word: string): Exit {
  return new Exit(255, `Error: either "${key}" is duplicate, or "${word}" is garbage.`);
}

/** A known thing that is not here: said in one line. */
export function notEmulated(program: string, what: string): Exit {
  return new Exit(1, `${program}: ${what} is not emulated here`);
}

/** Ends the command when an option is on that `what` is felt with in the original and not here. */
export function refuseOptions(
  program: string,
  options: Options,
  what: string,
  names: readonly (keyof Options)[],
): void {
  for (const name of names)
    if (options[name] !== false && options[name] !== 0) throw notEmulated(program, `option -${name} of ${what}`);
}

/** What iproute2 prints when the kernel refuses: its message when it gave one, else the error's text. */
export function refusalText(refused: Refused): string {
  if (refused.message === undefined) return `RTNETLINK answers: ${strerror(refused.errno)}\n`;
  return `Error: ${refused.message}${refused.message.endsWith('.') ? '' : '.'}\n`;
}

/** The value, or the end of the command with the kernel's words. */
export function demand<T>(call: Call, result: Result<T>): T {
  if (!result.ok) throw new Exit(call.refusedStatus, refusalText(result));
  return result.value;
}

/** A device by name. */
export function device(call: Call, name: string): NetDevice {
  const dev = call.ns.device(name) ?? byNumber(call.ns, name);
  if (dev === undefined) throw new Exit(call.failedStatus, `Cannot find device "${name}"`);
  return dev;
}

/** ll_name_to_index also takes `if5`. */
function byNumber(ns: NetworkNamespace, name: string): NetDevice | undefined {
  const match = /^if(\d+)$/.exec(name);
  return match === null ? undefined : ns.devices.get(Number(match[1]));
}

/** An IPv4 prefix; `default`, `any` and `all` are 0/0. Short forms (`10/8`) are taken as inet_addr does. */
export function prefix(word: string): {
  readonly address: number;
  readonly prefix: number;
  readonly explicit: boolean;
} {
  if (word === 'default' || word === 'any' || word === 'all') return { address: 0, prefix: 0, explicit: false };
  const [head = '', bits] = word.split('/', 2);
  const parts = head.split('.');
  const full =
    parts.length < 4 && parts.every((part) => /^\d+$/.test(part)) && bits !== undefined
      ? [...parts, ...new Array<string>(4 - parts.length).fill('0')].join('.')
      : head;
  const parsed = parseCidr(bits === undefined ? full : `${full}/${bits}`);
  if (parsed === undefined) throw new Exit(1, `Error: any valid prefix is expected rather than "${word}".`);
  return { ...parsed, explicit: bits !== undefined };
}

/** An IPv4 address. */
export function address(word: string): number {
  const parsed = parseIpv4(word);
  if (parsed === undefined) throw new Exit(1, `Error: any valid address is expected rather than "${word}".`);
  return parsed;
}

/** True for the text of an IPv6 address or prefix. */
export function isIpv6(word: string): boolean {
  return word.includes(':') && /^[0-9a-fA-F:.]+(\/\d+)?$/.test(word);
}

/** A link layer address. */
export function lladdr(word: string): number {
  const mac = parseMac(word);
  if (mac === undefined) throw new Exit(1, `"${word}" is invalid lladdr.`);
  return mac;
}

/** ANSI colours of lib/color.c for a dark-on-light terminal, as `-c=always` prints them. */
const COLORS = { ifname: 36, mac: 33, inet: 35, inet6: 34, up: 32, down: 31 } as const;

/** `text` in a colour when colours are on. */
export function paint(options: Options, color: keyof typeof COLORS | undefined, text: string): string {
  return options.color && color !== undefined ? `\u001b[${COLORS[color]}m${text}\u001b[0m` : text;
}

/** An unsigned integer (decimal, 0x, 0…) up to `max`, or undefined. */
export function unsigned(word: string, max = 0xffffffff): number | undefined {
  if (!/^(0[xX][0-9a-fA-F]+|\d+)$/.test(word)) return undefined;
  const value = /^0[0-7]+$/.test(word) ? parseInt(word, 8) : Number(word);
  return Number.isNaN(value) || value > max ? undefined : value;
}

/** The same, or the end of the command with `message`. */
export function number(word: string, message: string, max = 0xffffffff): number {
  const value = unsigned(word, max);
  if (value === undefined) throw wrong(message, word);
  return value;
}
