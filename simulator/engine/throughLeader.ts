/**
 * Changes of the swarm on whatever manager they are asked: the leader does them and waits for its quorum, others ask it over the wire.
 * Mirrors the raft proxies before swarmkit's control API.
 */
import {
  answer,
  finished,
  refusal,
  type ApiResult,
  type ControlApi,
  type ControlCause,
  type EngineApi,
  type NetworkCreateRequest,
  type Operation,
} from './api.ts';
import type { Origin } from '../base/origin.ts';
import type { Call, CallResult } from '../swarm/calls.ts';
import type { Cluster } from './cluster.ts';
import { Pending } from './containerApi.ts';
import { ELSEWHERE } from './refusals.ts';

type Method = keyof ControlApi;
type Plain = (...args: readonly unknown[]) => ApiResult<unknown>;

/** Does a call at once, as the leader. */
export function serve(control: ControlApi, { method, args, origin }: Call): CallResult {
  const cause: ControlCause = { origin };
  switch (method as Method) {
    case 'networkCreate':
      return control.networkCreate(args[0] as NetworkCreateRequest, cause);
    case 'serviceCreate':
    case 'serviceUpdate': {
      const options = args[args.length - 1] as object;
      return (control[method as Method] as Plain)(...args.slice(0, -1), { ...options, cause });
    }
    default:
      return (control[method as Method] as Plain)(...args);
  }
}

/** The calls of {@link ControlApi} as a client makes them. */
export function throughLeader(
  control: ControlApi,
  cluster: Cluster,
  here: Origin,
  changed: () => void,
): Pick<EngineApi, Method> {
  function ask<T>(method: Method, args: readonly unknown[], origin: Origin, local: () => ApiResult<T>): Operation<T> {
    const { managing } = cluster;
    // Alone, or none of the managers: the answer is here. Names and options are refused here too.
    if (managing === undefined || managing.memberCount < 2) return finished(local());
    const operation = new Pending<T>(changed);
    managing.call({ method, args, origin }, (result) =>
      operation.settle(result.ok ? answer(result.value as T) : refusal(result.status, result.message)),
    );
    return operation;
  }
  const plain = <K extends Method>(method: K): EngineApi[K] =>
    ((...args: readonly unknown[]) =>
      ask(method, args, here, () => (control[method] as Plain)(...args))) as unknown as EngineApi[K];

  return {
    networkCreate(request, cause) {
      const local = (): ReturnType<ControlApi['networkCreate']> => control.networkCreate(request, cause);
      const swarm = request.Driver === 'overlay' || request.Ingress;
      return swarm ? ask('networkCreate', [request], cause?.origin ?? here, local) : finished(local());
    },
    networkRemove(id) {
      // Networks of this machine alone are nobody else's.
      const local = control.networkRemove(id);
      return local.ok || local.message !== ELSEWHERE ? finished(local) : ask('networkRemove', [id], here, () => local);
    },
    serviceCreate: (spec, { queryRegistry, cause }) =>
      ask('serviceCreate', [spec, { queryRegistry }], cause.origin, () =>
        control.serviceCreate(spec, { queryRegistry, cause }),
      ),
    serviceUpdate: (id, version, spec, { queryRegistry, rollback, cause }) =>
      ask('serviceUpdate', [id, version, spec, { queryRegistry, rollback }], cause.origin, () =>
        control.serviceUpdate(id, version, spec, { queryRegistry, rollback, cause }),
      ),
    swarmUpdate: plain('swarmUpdate'),
    nodeUpdate: plain('nodeUpdate'),
    nodeRemove: plain('nodeRemove'),
    serviceRemove: plain('serviceRemove'),
    secretCreate: plain('secretCreate'),
    secretUpdate: plain('secretUpdate'),
    secretRemove: plain('secretRemove'),
    configCreate: plain('configCreate'),
    configUpdate: plain('configUpdate'),
    configRemove: plain('configRemove'),
  };
}
