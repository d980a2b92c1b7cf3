/**
 * The store as it travels between managers: changes of objects, or all of them. Mirrors swarmkit's StoreAction and StoreSnapshot
 * (api/raft.proto, manager/state/store). Everything goes as text, so that no manager holds another's objects.
 */
import type {
  ClusterObject,
  ConfigObject,
  NetworkObject,
  NodeObject,
  ObjectMeta,
  SecretObject,
  ServiceObject,
  TaskObject,
} from './objects.ts';
import type { Store, StoreEvent } from './store.ts';

type Kind = StoreEvent['kind'];

/** One object as it is now, or its end. */
export interface StoreChange {
  readonly kind: Kind;
  readonly id: string;
  /** The object; absent when it was removed. */
  readonly object?: ObjectMeta;
}

export interface StoreSnapshot {
  readonly index: number;
  readonly objects: readonly StoreChange[];
}

/** Events as changes: of an object that changed several times, the last. */
export function changesOf(events: readonly StoreEvent[]): StoreChange[] {
  const newest = new Map<string, StoreChange>();
  for (const { kind, action, object } of events) {
    newest.delete(object.ID);
    newest.set(
      object.ID,
      action === 'remove'
        ? { kind, id: object.ID }
        : { kind, id: object.ID, object: JSON.parse(JSON.stringify(object)) as ObjectMeta },
    );
  }
  return [...newest.values()];
}

/** Everything in a store. */
export function snapshotOf(store: Store): StoreSnapshot {
  const events: StoreEvent[] = [];
  const add = (kind: Kind, objects: Iterable<ObjectMeta>): void => {
    for (const object of objects) events.push({ kind, action: 'create', object } as StoreEvent);
  };
  if (store.cluster !== undefined) add('cluster', [store.cluster]);
  add('network', store.networks.values());
  add('node', store.nodes.values());
  add('secret', store.secrets.values());
  add('config', store.configs.values());
  add('service', store.services.values());
  add('task', store.tasks.values());
  return { index: store.index, objects: changesOf(events) };
}

/** Does changes of another manager to a copy; nobody is told of them. */
export function applyChanges(store: Store, changes: readonly StoreChange[]): void {
  for (const { kind, id, object } of changes) {
    if (object !== undefined) store.index = Math.max(store.index, object.Version);
    switch (kind) {
      case 'cluster':
        store.cluster = object as ClusterObject;
        break;
      case 'network':
        put(store.networks, id, object as NetworkObject | undefined);
        break;
      case 'node':
        put(store.nodes, id, object as NodeObject | undefined);
        break;
      case 'secret':
        put(store.secrets, id, object as SecretObject | undefined);
        break;
      case 'config':
        put(store.configs, id, object as ConfigObject | undefined);
        break;
      case 'service':
        put(store.services, id, object as ServiceObject | undefined);
        break;
      case 'task':
        store.putTask(id, object as TaskObject | undefined);
        break;
    }
  }
}

/** Fills an empty store. */
export function installSnapshot(store: Store, { index, objects }: StoreSnapshot): void {
  applyChanges(store, objects);
  store.index = index;
}

function put<T>(map: Map<string, T>, id: string, object: T | undefined): void {
  if (object === undefined) map.delete(id);
  else map.set(id, object);
}
