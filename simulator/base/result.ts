/** The answer of a request that may be refused: a value, or an errno with an optional kernel message (netlink extack). */
import type { Errno } from './errno.ts';

export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Refused {
  readonly ok: false;
  readonly errno: Errno;
  /** The extended acknowledgement a netlink family may add, e.g. `Nexthop has invalid gateway`. */
  readonly message?: string;
}

export type Result<T> = Ok<T> | Refused;

/** A successful answer. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

/** The successful answer of a request that returns nothing. */
export const done: Ok<undefined> = { ok: true, value: undefined };

/** A refusal with an errno and, where the kernel adds one, its message. */
export function refuse(errno: Errno, message?: string): Refused {
  return message === undefined ? { ok: false, errno } : { ok: false, errno, message };
}
