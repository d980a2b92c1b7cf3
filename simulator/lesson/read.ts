/**
 * Reads a lab file. A fault is told with its line, column and key, and with the way out; all faults are told at once.
 */
import { isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod/mini';
import { type Scenario, ScenarioError, checkScenario } from '../lab/scenario.ts';
import { CHECK_KINDS } from './checks/index.ts';
import { hintOf } from './faultwords.ts';
import { type Lab, labSchema } from './schema.ts';
import { referencesOf } from './references.ts';
import { linesOf } from './solution.ts';

/** One fault of a lab file. */
export interface LabFault {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** `tasks.0.checks.1.route.dev`; empty for the whole file. */
  readonly key: string;
  /** What is wrong, and the way out. */
  readonly message: string;
}

/** A lab that cannot be used. */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly faults: readonly LabFault[];

  constructor(file: string, faults: readonly LabFault[]) {
    const sorted = [...faults].sort((a, b) => a.line - b.line || a.column - b.column);
    super(
      sorted
        .map((one) => `${file}:${one.line}:${one.column} ${one.key}${one.key === '' ? '' : ': '}${one.message}`)
        .join('\n'),
    );
    this.faults = sorted;
  }
}

/** A fault by its key, before its place in the file is known. */
export interface KeyFault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** The key itself is wrong, not its value. */
  readonly atKey?: string;
}

/** A lab and the scenario that its world is made from. */
export interface ReadLab {
  readonly lab: Lab;
  readonly scenario: Scenario;
}

/**
 * Reads a lab from YAML text. `named` answers the scenario of a name. Throws {@link LabError} with every fault.
 */
export function parseLab(text: string, named: (name: string) => Scenario | undefined, file = 'lab.yaml'): ReadLab {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0)
    throw new LabError(
      file,
      document.errors.map(({ pos, message }) => {
        const { line, col } = lines.linePos(pos[0]);
        return { line, column: col, key: '', message: `This is not YAML: ${message}` };
      }),
    );
  const place = (fault: KeyFault): LabFault => {
    const { line, col } = lines.linePos(offsetOf(document.contents, fault));
    return {
      line,
      column: col,
      key: [...fault.path, ...(fault.atKey === undefined ? [] : [fault.atKey])].map(String).join('.'),
      message: fault.message,
    };
  };
  const result = z.safeParse(labSchema, document.toJS());
  if (!result.success)
    throw new LabError(file, result.error.issues.flatMap((issue) => faultsOf(issue, document.toJS())).map(place));
  const lab = result.data;
  const scenario = scenarioOf(lab, named);
  if ('message' in scenario) throw new LabError(file, [place(scenario)]);
  const faults = referencesOf(lab, scenario);
  if (faults.length > 0) throw new LabError(file, faults.map(place));
  return { lab, scenario };
}

/** The scenario of a lab: the named or inline one, with what the lab adds. */
function scenarioOf(lab: Lab, named: (name: string) => Scenario | undefined): Scenario | KeyFault {
  const base = typeof lab.scenario === 'string' ? named(lab.scenario) : lab.scenario;
  if (base === undefined)
    return {
      path: ['scenario'],
      message: `there is no scenario ${String(lab.scenario)}; name a file of content/scenarios, or write the scenario here`,
    };
  const { equipment, setup, faults, bugs = [] } = lab;
  try {
    return checkScenario({
      ...base,
      ...(equipment === undefined ? {} : { equipment }),
      setup: [...base.setup, ...linesOf(setup)],
      faults: [...(base.faults ?? []), ...faults],
      ...(bugs.length === 0 ? {} : { bugs: [...(base.bugs ?? []), ...bugs] }),
    });
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    return { path: typeof lab.scenario === 'string' ? ['setup'] : ['scenario'], message: error.message };
  }
}

type Issue = z.core.$ZodIssue;

/** The faults that an issue stands for: of a union those of the shape that was meant. */
function faultsOf(issue: Issue, root: unknown, above: readonly PropertyKey[] = []): KeyFault[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(valueAt(root, path), path);
    return issue.keys.map((key) => ({ path, atKey: key, message: `there is no key ${key} here${hintOf(key, known)}` }));
  }
  if (issue.code !== 'invalid_union') return [{ path, message: wordsOf(issue, valueAt(root, path)) }];
  const value = valueAt(root, path);
  const meant = shapeMeant(issue.errors, value);
  if (meant !== undefined) return meant.flatMap((inner) => faultsOf(inner, root, path));
  if (isCheckPlace(path)) return [checkFault(path, value)];
  return [{ path, message: wordsOf(issue, value) }];
}

/** Of the shapes of a union the one that `value` was meant to have: the kind of check it names, or the one that is an object as it is. */
function shapeMeant(errors: readonly (readonly Issue[])[], value: unknown): readonly Issue[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (errors.length === CHECK_KINDS.length) {
    const index = CHECK_KINDS.findIndex(({ name }) => name in value);
    return index < 0 ? undefined : errors[index];
  }
  return errors.find((shape) => !shape.some(({ code, path }) => code === 'invalid_type' && path.length === 0));
}

function isCheckPlace(path: readonly PropertyKey[]): boolean {
  return path.some((key) => key === 'checks' || key === 'when' || key === 'then' || key === 'not');
}

function checkFault(path: readonly PropertyKey[], value: unknown): KeyFault {
  const names = CHECK_KINDS.map(({ name }) => name);
  const [word] = Object.keys((value ?? {}) as object).filter((key) => key !== 'id' && key !== 'needs');
  if (word === undefined) return { path, message: `a check is missing; write one of ${names.join(', ')}` };
  return { path, atKey: word, message: `there is no check ${word}${hintOf(word, names)}` };
}

/** What an editor would offer at a place, as far as it helps to say "did you mean". */
function knownKeys(value: unknown, path: readonly PropertyKey[]): string[] {
  const shape = schemaAt(path);
  return shape ?? Object.keys((value ?? {}) as object);
}

/** Keys that the schema has at a path of the file, where that can be told without the value. */
function schemaAt(path: readonly PropertyKey[]): string[] | undefined {
  let schema: unknown = labSchema;
  for (const key of path) schema = stepInto(schema, key);
  const shape = shapeOf(schema);
  return shape === undefined ? undefined : Object.keys(shape);
}

interface Inside {
  readonly _zod?: {
    readonly def: {
      readonly innerType?: unknown;
      readonly element?: unknown;
      readonly shape?: Record<string, unknown>;
      readonly getter?: () => unknown;
      readonly options?: readonly unknown[];
    };
  };
}

function unwrap(schema: unknown): Inside['_zod'] {
  const inside = (schema as Inside | undefined)?._zod;
  if (inside?.def.innerType !== undefined) return unwrap(inside.def.innerType);
  if (inside?.def.getter !== undefined) return unwrap(inside.def.getter());
  return inside;
}

function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  return unwrap(schema)?.def.shape;
}

function stepInto(schema: unknown, key: PropertyKey): unknown {
  const inside = unwrap(schema);
  if (typeof key === 'number') return inside?.def.element;
  if (inside?.def.shape !== undefined) return inside.def.shape[String(key)];
  return inside?.def.options?.map((option) => shapeOf(option)?.[String(key)]).find((one) => one !== undefined);
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return value;
}

/** What an issue says, in words of this file. */
function wordsOf(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined
        ? `is missing; write ${article(issue.expected)}`
        : `must be ${article(issue.expected)}, not ${JSON.stringify(value)}`;
    case 'invalid_value':
      return `must be ${issue.values.map(String).join(' or ')}, not ${JSON.stringify(value)}`;
    case 'invalid_format':
    case 'custom':
      return `must be ${issue.message}, not ${JSON.stringify(value)}`;
    case 'too_small':
      return issue.exact === true
        ? `must have ${String(issue.minimum)} of them`
        : `must be at least ${String(issue.minimum)}${typeof value === 'number' ? '' : ' long'}`;
    case 'too_big':
      return issue.exact === true
        ? `must have ${String(issue.maximum)} of them`
        : `must be at most ${String(issue.maximum)}${typeof value === 'number' ? '' : ' long'}`;
    case 'invalid_union':
      return value === undefined
        ? 'is missing'
        : `has none of the shapes that are allowed here: ${JSON.stringify(value)}`;
    default:
      return issue.message;
  }
}

function article(type: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'keys with values',
    record: 'keys with values',
    tuple: 'a list',
  };
  return names[type] ?? type;
}

/** Where in the text a fault is: at its key, its value, or at the nearest thing around it that is there. */
function offsetOf(contents: Node | null, { path, atKey }: KeyFault): number {
  let node: unknown = contents;
  let offset = contents?.range?.[0] ?? 0;
  for (const key of atKey === undefined ? path : [...path, atKey]) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key),
      );
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (typeof node === 'object' && node !== null && 'items' in node) {
      const item = (node.items as unknown[])[Number(key)];
      if (item === undefined) break;
      offset = (item as Node).range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return offset;
}
