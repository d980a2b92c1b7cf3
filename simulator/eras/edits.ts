/**
 * Objects of the API as another era shows them, told as edits of today's: fields that are not there, stand elsewhere, or read
 * otherwise. The edits are data of an era; {@link edited} carries them out.
 */
export interface Edit {
  /** Which answer: of `docker network inspect`, of `docker inspect`, … */
  readonly of: 'network' | 'container' | 'service' | 'node' | 'task';
  /** Names from the top, parted by dots; `*` is every entry of a map or list. */
  readonly at: string;
  /** Only of objects with this name. */
  readonly named?: string;
  /** Takes the field away. */
  readonly remove?: true;
  /** Only where there is none yet; only where it is empty. */
  readonly where?: 'missing' | 'empty';
  /** Gives it this value. */
  readonly set?: unknown;
  /** Puts it, or moves it, before or behind this neighbour; new fields without one stand last. */
  readonly before?: string;
  readonly after?: string;
  /** Adds to a list: value, and the one that it stands before. */
  readonly add?: readonly [value: string, before?: string];
  /** Takes out of a list. */
  readonly drop?: readonly string[];
}

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** A copy of `value` with all edits of its kind done, in their order. */
export function edited<T>(value: T, kind: Edit['of'], edits: readonly Edit[], name = ''): T {
  const own = edits.filter((edit) => edit.of === kind && (edit.named === undefined || edit.named === name));
  return own.reduce<unknown>((result, edit) => apply(result, edit.at.split('.'), edit), value) as T;
}

function apply(value: unknown, [first = '', ...rest]: readonly string[], edit: Edit): unknown {
  if (!isFields(value)) return value;
  if (first === '*') {
    if (Array.isArray(value)) return value.map((each) => apply(each, rest, edit));
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, apply(each, rest, edit)]));
  }
  if (rest.length > 0) return first in value ? { ...value, [first]: apply(value[first], rest, edit) } : value;
  return change(value, first, edit);
}

const isEmpty = (value: unknown): boolean => isFields(value) && Object.keys(value).length === 0;

function change(fields: Fields, name: string, edit: Edit): Fields {
  const { remove, set, before, after, add, drop, where } = edit;
  if (where === 'missing' && name in fields) return fields;
  if (where === 'empty' && !isEmpty(fields[name])) return fields;
  const entries = Object.entries(fields).filter(
    ([key]) => key !== name || (remove !== true && before === undefined && after === undefined),
  );
  if (remove === true) return Object.fromEntries(entries);
  const old = fields[name];
  let value = 'set' in edit ? set : old;
  if (Array.isArray(old) && add !== undefined) {
    const at = add[1] === undefined ? old.length : old.indexOf(add[1]);
    value = [...(old as unknown[]).slice(0, at), add[0], ...(old as unknown[]).slice(at)];
  }
  if (Array.isArray(old) && drop !== undefined) value = old.filter((each) => !drop.includes(String(each)));
  if (value === undefined) return fields;
  if (before === undefined && after === undefined) return { ...fields, [name]: value };
  const at = entries.findIndex(([key]) => key === (before ?? after)) + (before === undefined ? 1 : 0);
  return Object.fromEntries([...entries.slice(0, at), [name, value] as [string, unknown], ...entries.slice(at)]);
}
