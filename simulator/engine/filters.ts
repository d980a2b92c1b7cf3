/**
 * `filters` of list calls. Mirrors moby api/types/filters: an unknown key is refused; several values of a key are
 * alternatives, different keys must all hold; `label` values must all hold.
 */
import { refusal, type ApiRefusal, type Filters } from './api.ts';

/** The refusal for the first key that `accepted` does not know. */
export function checkFilters(filters: Filters, accepted: readonly string[]): ApiRefusal | undefined {
  const wrong = Object.keys(filters).find((key) => !accepted.includes(key));
  return wrong === undefined ? undefined : refusal(400, `invalid filter '${wrong}'`);
}

/** True when nothing was asked for, or one of the values satisfies `test`. */
export function any(values: readonly string[] | undefined, test: (value: string) => boolean): boolean {
  return values === undefined || values.length === 0 || values.some(test);
}

/** `key` or `key=value`. */
export function hasLabels(values: readonly string[] | undefined, labels: Readonly<Record<string, string>>): boolean {
  return (values ?? []).every((wanted) => {
    const equals = wanted.indexOf('=');
    const key = equals < 0 ? wanted : wanted.slice(0, equals);
    return key in labels && (equals < 0 || labels[key] === wanted.slice(equals + 1));
  });
}

/** A name contains the value; a regular expression of the value is tried as moby does. */
export function nameMatches(value: string, name: string): boolean {
  if (name.includes(value)) return true;
  try {
    return new RegExp(value).test(name);
  } catch {
    return false;
  }
}

/** Truth values as strconv.ParseBool takes them. */
export function isTrue(value: string): boolean {
  return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value);
}

/** Keys sorted, as encoding/json writes maps. */
export function sortedRecord<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
