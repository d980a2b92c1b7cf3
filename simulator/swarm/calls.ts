/** What one manager asks another to do for a client, and how that can fail. */
import type { Origin } from '../base/origin.ts';
import { SECOND } from '../base/scheduler.ts';

/** What is asked of the leader on behalf of a client, by name; all of it plain data. */
export interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly origin: Origin;
}

/** The leader's answer: a value, or HTTP status and words. */
export type CallResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly status: number; readonly message: string };

export const NO_LEADER =
  "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online. Make sure more than half of the managers are online.";

const failure = (message: string): CallResult => ({ ok: false, status: 500, message });
export const LEADERLESS = failure(NO_LEADER);
export const DEADLINE = failure('rpc error: code = DeadlineExceeded desc = context deadline exceeded');
export const LOST = failure('rpc error: code = Unknown desc = node lost leader status');
/** swarmRequestTimeout */
export const REQUEST_TIMEOUT = 20 * SECOND;
