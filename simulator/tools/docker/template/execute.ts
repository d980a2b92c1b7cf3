/**
 * Executes a parsed template (src/text/template/exec.go). Maps are ranged in key order; a missing key of a map is nil and prints
 * `<no value>`, or is an error with `missingKey: 'error'`.
 */
import { TemplateError } from './error.ts';
import { CallError, FUNCTIONS, type FunctionTable } from './functions.ts';
import { nodeText, type Command, type Node, type Operand, type Pipe, type TemplateSet } from './nodes.ts';
import { parseTemplate } from './parser.ts';
import { byteOrder, format, GoFloat, GoNil, GoStruct, isList, isMap, truth, typeName, type Value } from './value.ts';

export interface TemplateOptions {
  readonly functions?: FunctionTable;
  readonly missingKey?: 'default' | 'error';
}

/** A template ready to be used many times. */
export class Template {
  private readonly set: TemplateSet;
  private readonly text: string;

  /** Throws {@link TemplateError} when `text` is malformed. */
  constructor(text: string, functions: FunctionTable = FUNCTIONS) {
    this.text = text;
    this.set = parseTemplate(text, '', new Set(functions.keys()));
  }

  /** The text that `data` gives; throws {@link TemplateError}. */
  execute(data: Value, options: TemplateOptions = {}): string {
    const run = new Run(this.set, this.text, options);
    run.template('', data);
    return run.out;
  }
}

type Flow = 'break' | 'continue' | undefined;

class Run {
  out = '';
  private variables: { name: string; value: Value }[] = [];
  private depth = 0;
  private readonly set: TemplateSet;
  private readonly text: string;
  private readonly functions: FunctionTable;
  private readonly strict: boolean;
  private current = '';

  constructor(set: TemplateSet, text: string, options: TemplateOptions) {
    this.set = set;
    this.text = text;
    this.functions = options.functions ?? FUNCTIONS;
    this.strict = options.missingKey === 'error';
  }

  template(name: string, dot: Value): void {
    const body = this.set.get(name) ?? [];
    const outer = { variables: this.variables, current: this.current };
    this.variables = [{ name: '$', value: dot }];
    this.current = name;
    this.walkAll(dot, body);
    this.variables = outer.variables;
    this.current = outer.current;
  }

  private walkAll(dot: Value, nodes: readonly Node[]): Flow {
    for (const node of nodes) {
      const flow = this.walk(dot, node);
      if (flow !== undefined) return flow;
    }
    return undefined;
  }

  private walk(dot: Value, node: Node): Flow {
    switch (node.kind) {
      case 'text':
        this.out += node.text;
        return undefined;
      case 'action': {
        const value = this.pipe(dot, node.pipe);
        if (node.pipe.declared.length === 0)
          this.out += value === undefined || value === null ? '<no value>' : format(value);
        return undefined;
      }
      case 'break':
      case 'continue':
        return node.kind;
      case 'template': {
        if (!this.set.has(node.name))
          this.fail(
            node.position,
            JSON.stringify(node.name),
            `template ${JSON.stringify(node.name)} not defined`,
            true,
          );
        if (++this.depth > 1000) this.fail(node.position, node.name, 'exceeded maximum template depth (1000)');
        this.template(node.name, node.pipe === undefined ? undefined : this.pipe(dot, node.pipe));
        this.depth--;
        return undefined;
      }
      case 'range':
        return this.range(dot, node);
      default: {
        const mark = this.variables.length;
        const value = this.pipe(dot, node.pipe);
        const flow = truth(value)
          ? this.walkAll(node.kind === 'with' ? value : dot, node.body)
          : node.otherwise === undefined
            ? undefined
            : this.walkAll(dot, node.otherwise);
        this.variables.length = mark;
        return flow;
      }
    }
  }

  private range(dot: Value, node: Extract<Node, { kind: 'if' | 'with' | 'range' }>): Flow {
    const mark = this.variables.length;
    const value = this.pipe(dot, node.pipe);
    const entries = this.entries(value, node.pipe);
    const inner = this.variables.length;
    for (const [key, item] of entries) {
      this.bindRange(node.pipe, key, item);
      const flow = this.walkAll(item, node.body);
      this.variables.length = inner;
      if (flow === 'break') break;
    }
    this.variables.length = mark;
    return entries.length === 0 && node.otherwise !== undefined ? this.walkAll(dot, node.otherwise) : undefined;
  }

  private bindRange(pipe: Pipe, key: Value, item: Value): void {
    const names = pipe.declared;
    if (names.length === 0) return;
    const values = names.length === 1 ? [item] : [key, item];
    names.forEach((name, i) => {
      if (pipe.assigns) this.assign(name, values[i]);
      else this.variables.push({ name, value: values[i] });
    });
  }

  private entries(value: Value, pipe: Pipe): (readonly [Value, Value])[] {
    if (value === undefined || value === null || value instanceof GoNil) return [];
    if (isList(value)) return value.map((item, i) => [i, item] as const);
    if (isMap(value))
      return Object.keys(value)
        .sort(byteOrder)
        .map((key) => [key, value[key]] as const);
    if (typeof value === 'number') return Array.from({ length: value }, (_, i) => [i, i] as const);
    return this.fail(pipe.position, nodeText(pipe), `range can't iterate over ${format(value)}`);
  }

  private pipe(dot: Value, pipe: Pipe): Value {
    let value: Value;
    pipe.commands.forEach((command, i) => {
      value = this.command(dot, command, i > 0 ? [value] : []);
    });
    // range binds its variables itself, item by item; the declaration of the whole is harmless there.
    for (const name of pipe.declared) {
      if (pipe.assigns) this.assign(name, value);
      else this.variables.push({ name, value });
    }
    return value;
  }

  private assign(name: string, value: Value): void {
    for (let i = this.variables.length - 1; i >= 0; i--) {
      const variable = this.variables[i];
      if (variable?.name === name) {
        variable.value = value;
        return;
      }
    }
  }

  private command(dot: Value, command: Command, piped: readonly Value[]): Value {
    const first = command.operands[0] as Operand;
    const rest = command.operands.slice(1);
    if (first.kind === 'identifier') return this.call(dot, first.name, first.position, rest, piped, nodeText(command));
    if (rest.length > 0 || piped.length > 0) {
      if (first.kind === 'field' || first.kind === 'variable' || first.kind === 'chain') {
        const name = first.path.at(-1) ?? nodeText(first);
        const method = first.kind === 'field' && first.path.length === 1 && dot instanceof GoStruct ? dot.methods.get(name) : undefined;
        if (method !== undefined) return method(String(piped[0] ?? this.operand(dot, rest[0] as Operand)));
        this.fail(first.position, nodeText(first), `${name} is not a method but has arguments`);
      }
      this.fail(first.position, nodeText(first), `can't give argument to non-function ${nodeText(first)}`);
    }
    if (first.kind === 'nil') this.fail(first.position, 'nil', 'nil is not a command');
    return this.operand(dot, first);
  }

  private operand(dot: Value, node: Operand): Value {
    switch (node.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'bool':
        return node.value;
      case 'number':
        return node.float ? new GoFloat(node.value) : node.value;
      case 'string':
        return node.value;
      case 'pipe':
        return this.pipe(dot, node);
      case 'identifier':
        return this.call(dot, node.name, node.position, [], [], node.name);
      case 'field':
        return this.fields(dot, node.path, node);
      case 'variable':
        return this.fields(this.variables.findLast((variable) => variable.name === node.name)?.value, node.path, node);
      case 'chain':
        return this.fields(this.operand(dot, node.of), node.path, node);
    }
  }

  private fields(start: Value, path: readonly string[], node: Operand): Value {
    let value = start;
    for (const name of path) value = this.field(value, name, node);
    return value;
  }

  private field(value: Value, name: string, node: Operand): Value {
    if (value instanceof GoStruct) {
      if (!value.has(name))
        this.fail(node.position, nodeText(node), `can't evaluate field ${name} in type ${value.typeName}`);
      return value.get(name);
    }
    if (value instanceof GoNil)
      this.fail(node.position, nodeText(node), `nil pointer evaluating ${value.typeName}.${name}`);
    if (value === undefined || value === null) {
      if (this.strict || value === null)
        this.fail(node.position, nodeText(node), `nil pointer evaluating interface {}.${name}`);
      return undefined;
    }
    if (isMap(value)) {
      if (Object.hasOwn(value, name)) return value[name];
      if (this.strict) this.fail(node.position, nodeText(node), `map has no entry for key ${JSON.stringify(name)}`);
      return undefined;
    }
    return this.fail(node.position, nodeText(node), `can't evaluate field ${name} in type ${typeName(value)}`);
  }

  private call(
    dot: Value,
    name: string,
    position: number,
    operands: readonly Operand[],
    piped: readonly Value[],
    where: string,
  ): Value {
    const entry = this.functions.get(name);
    if (entry === undefined) return this.fail(position, where, `${JSON.stringify(name)} is not a defined function`);
    const count = operands.length + piped.length;
    const [least, most] = entry.arity;
    if (count < least || count > most) {
      const want = most === Infinity ? `at least ${least}` : String(least);
      this.fail(position, name, `wrong number of args for ${name}: want ${want} got ${count}`);
    }
    if (name === 'and' || name === 'or') {
      let last: Value;
      for (const operand of operands) {
        last = this.operand(dot, operand);
        if (truth(last) === (name === 'or')) return last;
      }
      return piped.length > 0 ? piped[0] : last;
    }
    const values = [...operands.map((operand) => this.operand(dot, operand)), ...piped];
    try {
      return entry.call(...values);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      return this.fail(
        position,
        error.message.startsWith('wrong type') ? nodeText(operands[0] ?? { kind: 'dot', position }) : where,
        error.message,
      );
    }
  }

  /** Go's ErrorContext: line, column (0-based) and the node's text, cut at twenty characters. */
  private fail(position: number, node: string, message: string, bare = false): never {
    const before = this.text.slice(0, position);
    const line = before.split('\n').length;
    const column = position - (before.lastIndexOf('\n') + 1);
    const short = node.length > 20 ? `${node.slice(0, 20)}...` : node;
    const place = `template: :${line}:${column}: executing ${JSON.stringify(this.current)} at <${short}>`;
    throw new TemplateError(
      bare
        ? `template: :${line}:${column}: executing ${JSON.stringify(this.current)} at <{{template ${node}}}>: ${message}`
        : `${place}: ${message}`,
    );
  }
}
