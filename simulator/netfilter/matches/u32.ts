/**
 * `-m u32`: numbers anywhere in the packet. Mirrors libxt_u32.c and net/netfilter/xt_u32.c. A location is a sum of loads,
 * masks and shifts; `@` moves the base. A load past the end of the packet is no match.
 */
import { INVERTIBLE, parameterProblem, type Complaint, type MatchExtension } from '../extension.ts';
import { hex, parseUnsigned } from '../names.ts';
import { packetBytes } from '../octets.ts';

interface Step {
  /** '' for the first number, a load. */
  readonly operation: '' | '&' | '<<' | '>>' | '@';
  readonly number: number;
}
interface Test {
  readonly location: readonly Step[];
  readonly ranges: readonly (readonly [number, number])[];
}
interface U32Match {
  tests: readonly Test[];
  invert: boolean;
}

/** XT_U32_MAXSIZE */
const MOST = 10;

export const u32Match: MatchExtension<U32Match> = {
  name: 'u32',
  options: { u32: INVERTIBLE },
  init: () => ({ tests: [], invert: false }),
  parse(data, _option, value, invert) {
    const tests = parseTests(value);
    if ('status' in tests) return tests;
    data.tests = tests;
    data.invert = invert;
    return undefined;
  },
  check: (data) => (data.tests.length === 0 ? parameterProblem('u32: option "--u32" must be specified\n') : undefined),
  save: (data) => `${data.invert ? ' !' : ''} --u32 "${testsText(data.tests)}"`,
  list: (data) => ` u32 ${data.invert ? '! ' : ''}"${testsText(data.tests)}"`,
  matches(data, _ns, packet) {
    const bytes = packetBytes(packet);
    return data.tests.every((test) => holds(test, bytes)) !== data.invert;
  },
};

function holds({ location, ranges }: Test, bytes: Uint8Array): boolean {
  let base = 0;
  let value = 0;
  for (const { operation, number } of location) {
    switch (operation) {
      case '&':
        value = (value & number) >>> 0;
        continue;
      case '<<':
        value = number > 31 ? 0 : (value << number) >>> 0;
        continue;
      case '>>':
        value = number > 31 ? 0 : value >>> number;
        continue;
      case '@':
        base += value;
        break;
      case '':
        break;
    }
    const at = base + number;
    if (at + 4 > bytes.length) return false;
    value =
      ((bytes[at] as number) * 0x1000000 +
        (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))) >>>
      0;
  }
  return ranges.some(([min, max]) => value >= min && value <= max);
}

const NUMBER = /^\s*(0[xX][0-9a-fA-F]+|\d+)\s*/;

function parseTests(text: string): readonly Test[] | Complaint {
  const tests: Test[] = [];
  for (const part of text.split('&&')) {
    const [left = '', right] = part.split('=');
    if (right === undefined) return parameterProblem('u32: no = in test');
    const location: Step[] = [];
    let rest = left;
    let operation: Step['operation'] = '';
    for (;;) {
      const number = NUMBER.exec(rest);
      const value = number === null ? undefined : parseUnsigned(number[1] as string);
      if (number === null || value === undefined)
        return parameterProblem(`u32: at char ${text.length - rest.length}: abort`);
      location.push({ operation, number: value });
      rest = rest.slice(number[0].length);
      if (rest === '') break;
      const sign = /^(?:&|<<|>>|@)/.exec(rest)?.[0];
      if (sign === undefined) return parameterProblem(`u32: at char ${text.length - rest.length}: operator expected`);
      operation = sign as Step['operation'];
      rest = rest.slice(sign.length);
    }
    const ranges: [number, number][] = [];
    for (const word of right.split(',')) {
      const [first = '', last = first] = word.split(':').map((one) => one.trim());
      const [min, max] = [parseUnsigned(first), parseUnsigned(last)];
      if (min === undefined || max === undefined) return parameterProblem(`u32: bad value in "${word.trim()}"`);
      ranges.push([min, max]);
    }
    if (location.length > MOST + 1 || ranges.length > MOST)
      return parameterProblem('u32: too many operators or ranges');
    tests.push({ location, ranges });
  }
  return tests.length > MOST ? parameterProblem('u32: too many tests') : tests;
}

function testsText(tests: readonly Test[]): string {
  return tests
    .map(({ location, ranges }) => {
      const left = location.map(({ operation, number }) => operation + hex(number)).join('');
      return `${left}=${ranges.map(([min, max]) => (min === max ? hex(min) : `${hex(min)}:${hex(max)}`)).join(',')}`;
    })
    .join('&&');
}
