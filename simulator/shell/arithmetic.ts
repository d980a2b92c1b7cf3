/** Arithmetic of `$(( ))`, `(( ))`, `let` and array indices: 64-bit integers with C's operators, as bash has them. */
import { parse, type ArithmeticExpression } from 'unbash';
import type { Blocking } from '../process/program.ts';
import { expandToString } from './expand.ts';
import { ExpansionError, type Shell } from './state.ts';

const MAX_DEPTH = 40;

/** The value of `$((text))`; errors begin with the text. */
export function* evaluateExpansion(
  sh: Shell,
  expression: ArithmeticExpression | undefined,
  text: string,
): Blocking<bigint> {
  try {
    return yield* evaluate(sh, expression);
  } catch (error) {
    if (!(error instanceof ExpansionError) || !/^(division|exponent)/.test(error.message)) throw error;
    throw new ExpansionError(`${text}: ${error.message}`);
  }
}

/** The value of an expression tree; an absent one is 0. */
export function* evaluate(sh: Shell, expression: ArithmeticExpression | undefined): Blocking<bigint> {
  if (expression === undefined) return 0n;
  switch (expression.type) {
    case 'ArithmeticGroup':
      return yield* evaluate(sh, expression.expression);
    case 'ArithmeticTernary':
      return (yield* evaluate(sh, expression.test)) !== 0n
        ? yield* evaluate(sh, expression.consequent)
        : yield* evaluate(sh, expression.alternate);
    case 'ArithmeticUnary':
      return yield* unary(sh, expression.operator, expression.operand, expression.prefix);
    case 'ArithmeticBinary':
      return yield* binary(sh, expression.operator, expression.left, expression.right);
    case 'ArithmeticCommandExpansion': {
      const text = yield* expandToString(sh, wordOf(expression.text));
      return yield* evaluateText(sh, text);
    }
    case 'ArithmeticWord': {
      const { value } = expression;
      if (/^(\w+|\d+#\w+)$/.test(value)) return yield* operand(sh, value, 0);
      const indexed = /^([A-Za-z_]\w*)\[(.+)\]$/.exec(value);
      if (indexed !== null) return yield* element(sh, indexed[1] as string, indexed[2] as string);
      const text = yield* expandToString(sh, wordOf(value));
      if (text === value)
        throw new ExpansionError(`${value}: syntax error: operand expected (error token is "${value}")`);
      return yield* evaluateText(sh, text);
    }
  }
}

/** The value of an expression given as text (the value of a variable, an argument of `let`). */
export function* evaluateText(sh: Shell, text: string, depth = 0): Blocking<bigint> {
  const trimmed = text.trim();
  if (trimmed === '') return 0n;
  if (/^(\w+|\d+#\w+)$/.test(trimmed)) return yield* operand(sh, trimmed, depth);
  const script = parse(`((${trimmed}))`);
  const command = script.commands[0]?.command;
  if (command?.type !== 'ArithmeticCommand' || script.errors !== undefined || command.expression === undefined) {
    throw new ExpansionError(
      `${trimmed}: syntax error: invalid arithmetic operator (error token is "${trimmed.replace(/^[\w\s]*/, '')}")`,
    );
  }
  return yield* evaluate(sh, command.expression);
}

/** `name[index]` */
function* element(sh: Shell, name: string, index: string): Blocking<bigint> {
  const at = Number(yield* evaluateText(sh, yield* expandToString(sh, wordOf(index))));
  const value = sh.vars.get(name)?.value;
  return yield* evaluateText(sh, (Array.isArray(value) ? value.at(at) : at === 0 ? value : undefined) ?? '');
}

function* operand(sh: Shell, text: string, depth: number): Blocking<bigint> {
  if (/^\d/.test(text)) return number(text);
  if (depth > MAX_DEPTH)
    throw new ExpansionError(`${text}: expression recursion level exceeded (error token is "${text}")`);
  const value = sh.get(text) ?? '';
  if (value === '' && sh.options.nounset && !sh.vars.has(text)) throw new ExpansionError(`${text}: unbound variable`);
  return yield* evaluateText(sh, value, depth + 1);
}

function number(text: string): bigint {
  const based = /^(\d+)#(\w+)$/.exec(text);
  if (based !== null) return BigInt(parseInt(based[2] as string, Number(based[1])));
  if (/^0[0-7]+$/.test(text)) return BigInt(`0o${text.slice(1)}`);
  if (/^(0|[1-9]\d*|0[xX][0-9a-fA-F]+)$/.test(text)) return wrap(BigInt(text));
  if (/^0\d/.test(text)) throw new ExpansionError(`${text}: value too great for base (error token is "${text}")`);
  throw new ExpansionError(
    `${text}: syntax error: invalid arithmetic operator (error token is "${text.replace(/^\d+/, '')}")`,
  );
}

function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function* unary(sh: Shell, operator: string, target: ArithmeticExpression, prefix: boolean): Blocking<bigint> {
  const value = yield* evaluate(sh, target);
  switch (operator) {
    case '-':
      return wrap(-value);
    case '+':
      return value;
    case '!':
      return value === 0n ? 1n : 0n;
    case '~':
      return ~value;
    default: {
      const changed = wrap(operator === '++' ? value + 1n : value - 1n);
      yield* assign(sh, target, changed);
      return prefix ? changed : value;
    }
  }
}

function* assign(sh: Shell, target: ArithmeticExpression, value: bigint): Blocking<void> {
  const name = target.type === 'ArithmeticWord' ? target.value : '';
  const indexed = /^(\w+)\[(.+)\]$/.exec(name);
  if (indexed !== null) {
    const [, array = '', index = ''] = indexed;
    const at = Number(yield* evaluateText(sh, yield* expandToString(sh, wordOf(index))));
    const before = sh.vars.get(array)?.value ?? [];
    const values = Array.isArray(before) ? [...before] : [before];
    values[at] = String(value);
    sh.set(array, values);
    return;
  }
  if (!/^[A-Za-z_]\w*$/.test(name))
    throw new ExpansionError(`${name}: attempted assignment to non-variable (error token is "${name}")`);
  if (!sh.set(name, String(value))) throw new ExpansionError(`${name}: readonly variable`);
}

function* binary(
  sh: Shell,
  operator: string,
  left: ArithmeticExpression,
  right: ArithmeticExpression,
): Blocking<bigint> {
  if (operator === '=') {
    const value = yield* evaluate(sh, right);
    yield* assign(sh, left, value);
    return value;
  }
  const a = yield* evaluate(sh, left);
  if (operator === '&&') return a !== 0n && (yield* evaluate(sh, right)) !== 0n ? 1n : 0n;
  if (operator === '||') return a !== 0n || (yield* evaluate(sh, right)) !== 0n ? 1n : 0n;
  const b = yield* evaluate(sh, right);
  const compound = operator.length > 1 && operator.endsWith('=') && !/^[<>!=]=$/.test(operator);
  const value = calculate(compound ? operator.slice(0, -1) : operator, a, b);
  if (compound) yield* assign(sh, left, value);
  return value;
}

function calculate(operator: string, a: bigint, b: bigint): bigint {
  const truth = (value: boolean): bigint => (value ? 1n : 0n);
  switch (operator) {
    case '+':
      return wrap(a + b);
    case '-':
      return wrap(a - b);
    case '*':
      return wrap(a * b);
    case '/':
    case '%':
      if (b === 0n) throw new ExpansionError('division by 0 (error token is "0")', 1);
      return operator === '/' ? wrap(a / b) : a % b;
    case '**':
      if (b < 0n) throw new ExpansionError('exponent less than 0 (error token is "")');
      return wrap(a ** b);
    case '<<':
      return wrap(a << (b & 63n));
    case '>>':
      return a >> (b & 63n);
    case '<':
      return truth(a < b);
    case '>':
      return truth(a > b);
    case '<=':
      return truth(a <= b);
    case '>=':
      return truth(a >= b);
    case '==':
      return truth(a === b);
    case '!=':
      return truth(a !== b);
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case ',':
      return b;
    default:
      throw new ExpansionError(`${operator}: arithmetic operator is not emulated here`);
  }
}

/** A piece of text as a word, to be expanded like the inside of double quotes. */
function wordOf(text: string): Parameters<typeof expandToString>[1] {
  const script = parse(`x "${text.replace(/"/g, '\\"')}"`);
  const command = script.commands[0]?.command;
  const word = command?.type === 'Command' ? command.suffix[0] : undefined;
  if (word?.type !== 'Word') throw new ExpansionError(`${text}: syntax error in expression (error token is "${text}")`);
  return word;
}
