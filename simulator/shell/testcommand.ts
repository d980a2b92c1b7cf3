/** `[[ … ]]`: like test(1), but its words are not split, `==` matches patterns and `=~` regular expressions. */
import type { TestBinaryExpression, TestExpression } from 'unbash';
import { binaryTest, unaryTest } from '../process/builtin/test.ts';
import type { Blocking } from '../process/program.ts';
import { evaluateText } from './arithmetic.ts';
import { expandPieces, expandToPattern, expandToString } from './expand.ts';
import { escapeRegExp, matches } from './pattern.ts';
import { ExpansionError, type Shell } from './state.ts';

/** The truth of a test expression. */
export function* evaluateTest(sh: Shell, expression: TestExpression): Blocking<boolean> {
  switch (expression.type) {
    case 'TestGroup':
      return yield* evaluateTest(sh, expression.expression);
    case 'TestNot':
      return (yield* evaluateTest(sh, expression.operand)) !== (expression.negations.length % 2 === 1);
    case 'TestLogical': {
      const and = expression.operator === '&&';
      for (const operand of expression.operands) if ((yield* evaluateTest(sh, operand)) !== and) return !and;
      return and;
    }
    case 'TestUnary': {
      const operand = yield* expandToString(sh, expression.operand);
      if (expression.operator === '-v') return sh.vars.has(operand);
      return unaryTest(sh.ctx, expression.operator, operand) ?? false;
    }
    case 'TestBinary':
      return yield* binary(sh, expression);
  }
}

function* binary(sh: Shell, { operator, left, right }: TestBinaryExpression): Blocking<boolean> {
  const value = yield* expandToString(sh, left);
  switch (operator) {
    case '=':
    case '==':
      return matches(yield* expandToPattern(sh, right), value);
    case '!=':
      return !matches(yield* expandToPattern(sh, right), value);
    case '=~':
      return yield* regularExpression(sh, value, right);
    case '-eq':
    case '-ne':
    case '-lt':
    case '-le':
    case '-gt':
    case '-ge': {
      const a = yield* evaluateText(sh, value);
      const b = yield* evaluateText(sh, yield* expandToString(sh, right));
      return binaryTest(sh.ctx, String(a), operator, String(b)) ?? false;
    }
    default:
      return binaryTest(sh.ctx, value, operator, yield* expandToString(sh, right)) ?? false;
  }
}

function* regularExpression(sh: Shell, value: string, right: TestBinaryExpression['right']): Blocking<boolean> {
  const pieces = yield* expandPieces(sh, right);
  const source = pieces
    .map(({ text, quoted }) =>
      quoted ? escapeRegExp(text) : text.replace(/\[\[:(\w+):\]\]/g, (_, name: string) => posixClass(name)),
    )
    .join('');
  try {
    const match = new RegExp(source).exec(value);
    sh.set('BASH_REMATCH', match === null ? [] : match.map((group) => group ?? ''));
    return match !== null;
  } catch {
    throw new ExpansionError(`[[: invalid regular expression \`${source}'`, 2, false);
  }
}

function posixClass(name: string): string {
  const classes: Readonly<Record<string, string>> = {
    digit: '\\d',
    alpha: '[A-Za-z]',
    alnum: '[A-Za-z0-9]',
    space: '\\s',
    upper: '[A-Z]',
    lower: '[a-z]',
  };
  return classes[name] ?? `[[:${name}:]]`;
}
