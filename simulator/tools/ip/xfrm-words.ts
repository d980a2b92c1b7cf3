/** The words of `ip xfrm` commands: identities, selectors, marks, keys, templates (iproute2 6.15, ip/ipxfrm.c). */
import type { XfrmDirection, XfrmMark, XfrmSelector, XfrmTemplate } from '../../kernel/xfrm.ts';
import { address, Exit, garbage, notEmulated, number, prefix, wrong, type Args } from './command.ts';

export interface StateWords {
  src: number | undefined;
  dst: number | undefined;
  spi: number | undefined;
  reqid: number | undefined;
  mark: XfrmMark | null;
  selector: XfrmSelector;
  /** Hexadecimal. */
  key: string | undefined;
  icvBits: number;
  nokeys: boolean;
}

export interface PolicyWords {
  direction: XfrmDirection | undefined;
  selector: XfrmSelector;
  mark: XfrmMark | null;
  priority: number;
  action: 'allow' | 'block';
  templates: XfrmTemplate[];
}

const EVERYTHING: XfrmSelector = { src: 0, srcPrefix: 0, dst: 0, dstPrefix: 0, protocol: 0, sport: 0, dport: 0 };
const PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, esp: 50 };

export function protocolWord(protocol: number): string {
  return Object.keys(PROTOCOLS).find((name) => PROTOCOLS[name] === protocol) ?? String(protocol);
}

const SELECTOR_WORDS = ['src', 'dst', 'proto', 'sport', 'dport'];

/** Takes a word of a selector and its value; false when it is none. */
function selectorWord(selector: Writable<XfrmSelector>, word: string, args: Args): boolean {
  switch (word) {
    case 'src':
    case 'dst': {
      const { address: network, prefix: bits } = prefix(args.next());
      selector[word] = network;
      selector[word === 'src' ? 'srcPrefix' : 'dstPrefix'] = bits;
      return true;
    }
    case 'proto': {
      const name = args.next();
      selector.protocol = name === 'any' ? 0 : (PROTOCOLS[name] ?? number(name, 'value after "proto" is invalid', 255));
      return true;
    }
    case 'sport':
    case 'dport':
      selector[word] = number(args.next(), `value after "${word}" is invalid`, 65535);
      return true;
    default:
      return false;
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function takeEsp(args: Args): void {
  const name = args.next();
  if (name !== 'esp') throw notEmulated('ip', `xfrm proto ${name}`);
}

function takeMode(args: Args): void {
  const name = args.next();
  if (name !== 'transport') throw notEmulated('ip', `xfrm mode ${name}`);
}

function takeMark(args: Args): XfrmMark {
  const [value = '', joined] = args.next().split('/', 2);
  let mask = joined;
  if (mask === undefined && args.peek() === 'mask') {
    args.take();
    mask = args.next();
  }
  return {
    value: number(value, 'MARK value is invalid'),
    mask: mask === undefined ? 0xffffffff : number(mask, 'MASK value is invalid'),
  };
}

/** `0x…`, or letters as they are. */
function keyOf(word: string): string {
  if (!word.startsWith('0x'))
    return [...word].map((letter) => letter.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  const digits = word.slice(2).toLowerCase();
  if (!/^(?:[0-9a-f]{2})+$/.test(digits)) throw wrong('ALGO-KEYMAT is invalid\n', word);
  return digits;
}

export function parseState(args: Args): StateWords {
  const words: StateWords = {
    src: undefined,
    dst: undefined,
    spi: undefined,
    reqid: undefined,
    mark: null,
    selector: EVERYTHING,
    key: undefined,
    icvBits: 0,
    nokeys: false,
  };
  while (!args.done) {
    const word = args.take();
    switch (word) {
      case 'src':
      case 'dst':
        words[word] = address(args.next());
        break;
      case 'proto':
        takeEsp(args);
        break;
      case 'spi':
        words.spi = number(args.next(), 'SPI value is invalid');
        break;
      case 'reqid':
        words.reqid = number(args.next(), 'REQID value is invalid');
        break;
      case 'mode':
        takeMode(args);
        break;
      case 'mark':
        words.mark = takeMark(args);
        break;
      case 'nokeys':
        words.nokeys = true;
        break;
      case 'sel': {
        const selector = { ...EVERYTHING };
        while (SELECTOR_WORDS.includes(args.peek())) selectorWord(selector, args.take(), args);
        words.selector = selector;
        break;
      }
      case 'aead': {
        const name = args.next();
        if (name !== 'rfc4106(gcm(aes))') throw notEmulated('ip', `xfrm aead ${name}`);
        words.key = keyOf(args.next());
        words.icvBits = number(args.next(), 'ALGO-ICV-LEN value is invalid');
        break;
      }
      case 'replay-window':
        if (number(args.next(), 'value after "replay-window" is invalid') !== 0)
          throw notEmulated('ip', 'xfrm replay-window');
        break;
      default:
        if (KNOWN.includes(word)) throw notEmulated('ip', `xfrm state ${word}`);
        throw garbage('ID', word);
    }
  }
  return words;
}

/** The cursor, one word further. */
function rest(args: Args): Args {
  args.take();
  return args;
}

const KNOWN = [
  'enc',
  'auth',
  'auth-trunc',
  'comp',
  'replay-seq',
  'replay-oseq',
  'replay-seq-hi',
  'replay-oseq-hi',
  'flag',
  'extra-flag',
  'limit',
  'encap',
  'coa',
  'ctx',
  'offload',
  'output-mark',
  'if_id',
  'tfcpad',
  'seq',
  'dir',
  'index',
  'ptype',
  'level',
];

const DIRECTIONS: readonly string[] = ['in', 'out', 'fwd'];

export function parsePolicy(args: Args): PolicyWords {
  const selector = { ...EVERYTHING };
  const words: PolicyWords = {
    direction: undefined,
    selector,
    mark: null,
    priority: 0,
    action: 'allow',
    templates: [],
  };
  while (!args.done) {
    const word = args.take();
    if (selectorWord(selector, word, args)) continue;
    switch (word) {
      case 'dir': {
        const direction = args.next();
        if (!DIRECTIONS.includes(direction)) throw wrong('DIR value is invalid', direction);
        words.direction = direction as XfrmDirection;
        break;
      }
      case 'mark':
        words.mark = takeMark(args);
        break;
      case 'priority':
        words.priority = number(args.next(), 'PRIORITY value is invalid');
        break;
      case 'action': {
        const action = args.next();
        if (action !== 'allow' && action !== 'block') throw wrong('ACTION value is invalid\n', action);
        words.action = action;
        break;
      }
      case 'ptype':
        if (args.next() !== 'main') throw notEmulated('ip', 'xfrm ptype sub');
        break;
      case 'tmpl':
        words.templates.push(template(args));
        break;
      default:
        if (KNOWN.includes(word)) throw notEmulated('ip', `xfrm policy ${word}`);
        throw garbage('SELECTOR', word);
    }
  }
  return words;
}

function template(args: Args): XfrmTemplate {
  const made: Writable<XfrmTemplate> = { src: 0, dst: 0, spi: 0, reqid: 0, mode: 'transport', optional: false };
  let known = true;
  while (known && !args.done) {
    switch (args.peek()) {
      case 'src':
      case 'dst':
        made[args.take() as 'src' | 'dst'] = address(args.next());
        break;
      case 'proto':
        takeEsp(rest(args));
        break;
      case 'spi':
        made.spi = number(rest(args).next(), 'SPI value is invalid');
        break;
      case 'reqid':
        made.reqid = number(rest(args).next(), 'REQID value is invalid');
        break;
      case 'mode':
        takeMode(rest(args));
        break;
      case 'level': {
        const level = rest(args).next();
        if (level !== 'required' && level !== 'use')
          throw new Exit(255, `Error: argument "${level}" is wrong: LEVEL value is invalid\n`);
        made.optional = level === 'use';
        break;
      }
      default:
        known = false;
    }
  }
  return made;
}
