/**
 * The filter language. Mirrors pcap-filter(7) and libpcap's grammar.y and gencode.c: `and` and `or` bind equally and to
 * the left, a bare id takes the qualifiers of the one before it.
 *
 * Deviations: evaluated as it stands rather than as BPF; IPv6 addresses, vlan, mpls, pppoe, geneve and gateway are refused.
 */
import { parseIpv4, parseMac, maskOf } from '../../base/address.ts';
import { servicePort } from '../../wire/services.ts';
import { FilterError, SYNTAX_ERROR, type Token, tokenize, TokenStream } from './lexer.ts';
import {
  LINK_LAYER,
  type LinkTest,
  PROTOCOLS,
  type Qualifiers,
  type Test,
  testAddress,
  testPort,
  testProtocol,
  testProtocolNumber,
} from './primitives.ts';
import { parseRelation } from './relation.ts';
import { ETH_ARP, ETH_IPV4, ETH_IPV6 } from '../../wire/packet.ts';

export interface FilterContext {
  /** The address of a host name. */
  readonly resolve: (name: string) => number | undefined;
  readonly linkType: number;
}

/** What a parser's stack holds; bison's words for more. */
const DEPTH_LIMIT = 200;
const TOKEN_LIMIT = 2000;
const TOO_MUCH = "can't parse filter expression: memory exhausted";

function nesting(tokens: readonly Token[]): number {
  let depth = 0;
  let deepest = 0;
  for (const { text } of tokens) {
    if (text === '(' || text === '[') deepest = Math.max(deepest, ++depth);
    else if (text === ')' || text === ']') depth--;
  }
  return deepest;
}

/** The test of an expression, or libpcap's words about what is wrong with it. */
export function compileFilter(text: string, context: FilterContext): Test | string {
  const tokens = tokenize(text);
  if (tokens === undefined) return SYNTAX_ERROR;
  if (tokens.length === 0) return () => true;
  if (tokens.length > TOKEN_LIMIT || nesting(tokens) > DEPTH_LIMIT) return TOO_MUCH;
  const parser = new Parser(new TokenStream(tokens), context);
  try {
    return parser.parse();
  } catch (error) {
    if (error instanceof FilterError) return error.message;
    throw error;
  }
}

const TYPES = ['host', 'net', 'port', 'portrange', 'proto', 'protochain'];
const NOT_EMULATED = [
  'vlan',
  'mpls',
  'pppoed',
  'pppoes',
  'geneve',
  'gateway',
  'lane',
  'llc',
  'wlan',
  'ifname',
  'on',
  'rnr',
  'rset',
  'protochain',
];
const RESERVED = ['and', 'or', 'not'];
const NO_QUALIFIERS: Qualifiers = { protocol: '', direction: '', type: '' };

class Parser {
  private readonly tokens: TokenStream;
  private readonly context: FilterContext;
  private last: Qualifiers = NO_QUALIFIERS;

  constructor(tokens: TokenStream, context: FilterContext) {
    this.tokens = tokens;
    this.context = context;
  }

  parse(): Test {
    const test = this.expression();
    if (this.tokens.peek() !== undefined) throw new FilterError(SYNTAX_ERROR);
    return test;
  }

  private expression(): Test {
    let left = this.term();
    for (;;) {
      const operator = this.tokens.accept('and', 'or', '&&', '||');
      if (operator === undefined) return left;
      const first = left;
      const second = this.term();
      left =
        operator === 'and' || operator === '&&'
          ? (view) => first(view) && second(view)
          : (view) => first(view) || second(view);
    }
  }

  private term(): Test {
    if (this.tokens.accept('not', '!') !== undefined) {
      const test = this.term();
      return (view) => !test(view);
    }
    const relation = parseRelation(this.tokens);
    if (relation !== undefined) return relation;
    if (this.tokens.accept('(') !== undefined) {
      const test = this.expression();
      this.tokens.expect(')');
      return test;
    }
    return this.primitive();
  }

  private primitive(): Test {
    const token = this.tokens.peek();
    if (token === undefined || token.kind === 'symbol' || RESERVED.includes(token.text))
      throw new FilterError(SYNTAX_ERROR);
    if (token.kind === 'word') {
      if (NOT_EMULATED.includes(token.text)) throw new FilterError(`filter ${token.text} is not emulated here`);
      const special = this.special(token.text);
      if (special !== undefined) return special;
      if (
        Object.hasOwn(PROTOCOLS, token.text) ||
        TYPES.includes(token.text) ||
        token.text === 'src' ||
        token.text === 'dst'
      )
        return this.qualified();
    }
    // A bare id: the qualifiers of the one before hold on.
    this.tokens.next();
    return this.identified(token, this.last);
  }

  /** Primitives without an id, or with a number. */
  private special(word: string): Test | undefined {
    switch (word) {
      case 'less':
      case 'greater': {
        this.tokens.next();
        const limit = Number(this.tokens.next().text);
        if (Number.isNaN(limit)) throw new FilterError(SYNTAX_ERROR);
        return word === 'less' ? (view) => view.length <= limit : (view) => view.length >= limit;
      }
      case 'inbound':
      case 'outbound':
        this.tokens.next();
        return (view) => view.outgoing === (word === 'outbound');
      case 'broadcast':
      case 'multicast':
        this.tokens.next();
        return LINK_LAYER[word];
      default:
        return undefined;
    }
  }

  private qualified(): Test {
    let qualifiers = NO_QUALIFIERS;
    const protocol = this.tokens.peek()?.text ?? '';
    if (Object.hasOwn(PROTOCOLS, protocol)) {
      this.tokens.next();
      qualifiers = { ...qualifiers, protocol };
      const cast = this.tokens.accept('broadcast', 'multicast');
      if (cast !== undefined) return this.cast(protocol, cast as LinkTest);
    }
    const direction = this.direction();
    const type = this.tokens.accept(...TYPES) ?? '';
    if (type === 'protochain') throw new FilterError('filter protochain is not emulated here');
    if (direction === '' && type === '') return testProtocol(protocol);
    qualifiers = { ...qualifiers, direction, type };
    this.last = qualifiers;
    if (this.tokens.accept('(') !== undefined) {
      // `port (80 or 443)`
      const test = this.expression();
      this.tokens.expect(')');
      return test;
    }
    return this.identified(this.tokens.next(), qualifiers);
  }

  private direction(): Qualifiers['direction'] {
    const first = this.tokens.accept('src', 'dst');
    if (first === undefined) return '';
    const joined = this.tokens.peek()?.text ?? '';
    const second = this.tokens.peek(1)?.text;
    if ((joined === 'or' || joined === 'and') && second !== first && (second === 'src' || second === 'dst')) {
      this.tokens.next();
      this.tokens.next();
      return joined === 'or' ? 'src or dst' : 'src and dst';
    }
    return first as 'src' | 'dst';
  }

  private cast(protocol: string, cast: LinkTest): Test {
    if (protocol === 'ether') return LINK_LAYER[cast];
    if (protocol !== 'ip') throw new FilterError(SYNTAX_ERROR);
    if (cast === 'multicast')
      return (view) => view.etherType === ETH_IPV4 && view.bytes[view.network + 16] >>> 4 === 14;
    return (view) =>
      view.etherType === ETH_IPV4 &&
      view.bytes.subarray(view.network + 16, view.network + 20).every((octet) => octet === 255);
  }

  /** A primitive whose id is `token`. */
  private identified(token: Token, qualifiers: Qualifiers): Test {
    const { protocol, type } = qualifiers;
    this.last = qualifiers;
    switch (type) {
      case 'port':
        return testPort(qualifiers, this.portOf(token, protocol), this.portOf(token, protocol));
      case 'portrange': {
        const [low, high] = token.text.split('-');
        const from = this.portOf({ ...token, text: low }, protocol);
        const to = high === undefined ? from : this.portOf({ ...token, text: high }, protocol);
        return testPort(qualifiers, Math.min(from, to), Math.max(from, to));
      }
      case 'proto':
        return this.protocolTest(token, protocol);
      case 'net':
        return this.netTest(token, qualifiers);
      default:
        return this.hostTest(token, qualifiers);
    }
  }

  private hostTest(token: Token, qualifiers: Qualifiers): Test {
    if (token.kind === 'mac') {
      if (qualifiers.protocol !== 'ether') throw new FilterError('ethernet address used in non-ether expression');
      return LINK_LAYER.address(parseMac(token.text.replaceAll('-', ':')) as number, qualifiers.direction);
    }
    if (qualifiers.protocol === 'ether') throw new FilterError(`unknown ether host '${token.text}'`);
    if (qualifiers.protocol !== '' && !['ip', 'arp', 'rarp'].includes(qualifiers.protocol)) {
      throw new FilterError(`'${qualifiers.protocol}' modifier applied to host`);
    }
    if (token.kind === 'address' && this.tokens.peek()?.text === '/') return this.netTest(token, qualifiers);
    const address = parseIpv4(token.text) ?? (token.kind === 'word' ? this.context.resolve(token.text) : undefined);
    if (address === undefined) {
      if (token.kind === 'number' || token.kind === 'address') throw new FilterError(`invalid host '${token.text}'`);
      throw new FilterError(`unknown host '${token.text}'`);
    }
    return testAddress(qualifiers, address, 0xffffffff);
  }

  /** `10.1/16`, `10.1`, `10.0.0.0 mask 255.0.0.0`. */
  private netTest(token: Token, qualifiers: Qualifiers): Test {
    if (token.kind === 'word') throw new FilterError(`unknown network '${token.text}'`);
    const octets = token.text.split('.').map(Number);
    if (octets.length > 4 || octets.some((octet) => octet > 255))
      throw new FilterError(`invalid IPv4 address '${token.text}'`);
    const address = octets
      .concat(new Array<number>(4 - octets.length).fill(0))
      .reduce((value, octet) => value * 256 + octet, 0);
    let mask = maskOf(octets.length * 8);
    if (this.tokens.accept('/') !== undefined) {
      const prefix = Number(this.tokens.next().text);
      if (!(prefix <= 32)) throw new FilterError('mask length must be <= 32');
      mask = maskOf(prefix);
    } else if (this.tokens.accept('mask') !== undefined) {
      mask = parseIpv4(this.tokens.next().text) ?? 0;
    }
    if ((address & ~mask) !== 0) {
      throw new FilterError(`non-network bits set in "${token.text}${`/${prefixOf(mask)}`}"`);
    }
    return testAddress(qualifiers, address, mask);
  }

  private protocolTest(token: Token, protocol: string): Test {
    if (protocol === 'ether') {
      const named = new Map([
        ['ip', ETH_IPV4],
        ['arp', ETH_ARP],
        ['ip6', ETH_IPV6],
      ]);
      const etherType = named.get(token.text) ?? Number(token.text);
      if (Number.isNaN(etherType)) throw new FilterError(`unknown ether proto '${token.text}'`);
      return (view) => view.etherType === etherType;
    }
    const number =
      (Object.hasOwn(PROTOCOLS, token.text) ? PROTOCOLS[token.text].number : undefined) ?? Number(token.text);
    if (Number.isNaN(number) || number < 0) throw new FilterError(`unknown ip proto '${token.text}'`);
    return testProtocolNumber(protocol, number);
  }

  private portOf(token: Token, protocol: string): number {
    if (/^\d+$/.test(token.text)) {
      const port = Number(token.text);
      if (port > 65535) throw new FilterError(`illegal port number ${port} > 65535`);
      return port;
    }
    const port =
      (protocol === 'udp' ? undefined : servicePort(token.text, 'tcp')) ??
      (protocol === 'tcp' ? undefined : servicePort(token.text, 'udp'));
    if (port === undefined) throw new FilterError(`unknown port '${token.text}'`);
    return port;
  }
}

function prefixOf(mask: number): number {
  return 32 - Math.round(Math.log2(2 ** 32 - mask));
}
