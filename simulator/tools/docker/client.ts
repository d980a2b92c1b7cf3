/** What commands share: calls to the engine, waiting for it, filters, printing several results with their errors. */
import {
  DOCKER_SOCKET,
  type ApiRefusal,
  type ApiResult,
  type EngineApi,
  type Filters,
  type Operation,
} from '../../engine/api.ts';
import { ERA_26_1, type Era } from '../../eras/index.ts';
import { daemonOf } from '../../engine/dockerd.ts';
import type { Blocking, ProgramContext } from '../../process/program.ts';
import type { Call } from './command.ts';
import { Failure } from './failure.ts';
import type { Options } from './options.ts';

const DEFAULT_HOST = `unix://${DOCKER_SOCKET}`;

/** The engine that `-H`, DOCKER_HOST or the default socket names; throws {@link Failure} when nobody listens there. */
export function connect(ctx: ProgramContext, host: string): EngineApi {
  const address = host !== '' ? host : (ctx.env.get('DOCKER_HOST') ?? '') || DEFAULT_HOST;
  const path = /^unix:\/\/(.*)$/.exec(address)?.[1];
  const api = path === undefined ? undefined : ctx.host.unixSockets.get(path.replace(/^\/run\//, '/var/run/'));
  if (api === undefined)
    throw new Failure(`Cannot connect to the Docker daemon at ${address}. Is the docker daemon running?`);
  return api as EngineApi;
}

/** Of the docker that is installed on the machine. */
export function eraOf(ctx: ProgramContext): Era {
  return daemonOf(ctx.host)?.era ?? ERA_26_1;
}

/** The client's words for a refusal. */
export function daemonError(refusal: ApiRefusal): string {
  return `Error response from daemon: ${refusal.message}`;
}

/** The value, or a {@link Failure} in the daemon's words. */
export function value<T>(result: ApiResult<T>): T {
  if (!result.ok) throw new Failure(daemonError(result));
  return result.value;
}

/** *blocking* Waits for an operation of the engine. A signal that kills the client cancels it. */
export function* settled<T>(call: Pick<Call, 'api' | 'ctx'>, operation: Operation<T>): Blocking<ApiResult<T>> {
  try {
    while (operation.result === undefined) yield* call.ctx.wait([call.api.changed]);
    return operation.result;
  } finally {
    if (operation.result === undefined) operation.cancel();
  }
}

/** *blocking* Its value, or a {@link Failure}. */
export function* finish<T>(call: Pick<Call, 'api' | 'ctx'>, operation: Operation<T>): Blocking<T> {
  return value(yield* settled(call, operation));
}

/** `--filter` values by key; several values of a key are alternatives. */
export function filtersOf(options: Options, name = 'filter'): Filters {
  const filters: Record<string, string[]> = {};
  for (const text of options.texts(name)) {
    const equals = text.indexOf('=');
    if (equals < 0) continue;
    const key = text.slice(0, equals).trim().toLowerCase();
    (filters[key] ??= []).push(text.slice(equals + 1).trim());
  }
  return filters;
}

/** *blocking* Does `one` for every word, prints the word (or what `one` answers) after each; errors come at the end. */
export function* each(
  call: Call,
  one: (word: string) => Blocking<string | undefined>,
  separator = '\n',
): Blocking<number> {
  const errors: string[] = [];
  for (const word of call.words) {
    try {
      const says = yield* one(word);
      if (says !== undefined) yield* call.ctx.out(`${says}\n`);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      errors.push(error.message);
    }
  }
  if (errors.length > 0) throw new Failure(errors.join(separator));
  return 0;
}
