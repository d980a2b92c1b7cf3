/**
 * What the daemon tells of what happens: `docker events`. Mirrors moby daemon/events (events.go: the last 256 are kept) and
 * daemon/cluster's watch of the store, which only managers have.
 */
import type { StoreEvent } from '../swarm/store.ts';
import type { ServiceObject } from '../swarm/objects.ts';
import { isGlobal, isJob } from '../swarm/objects.ts';
import type { EventMessage, EventReader, Filters } from './api.ts';
import type { Container } from './container.ts';
import { any } from './filters.ts';
import type { Network } from './network/model.ts';

const KEPT = 256;

export class Events {
  private readonly wallClock: () => number;
  private readonly changed: () => void;
  private readonly kept: EventMessage[] = [];
  private readonly readers = new Set<Reader>();
  /** What was told of objects of the swarm, by id. */
  private readonly seen = new Map<string, Old>();

  constructor(wallClock: () => number, changed: () => void) {
    this.wallClock = wallClock;
    this.changed = changed;
  }

  emit(
    Type: string,
    Action: string,
    ID: string,
    attributes: Record<string, string>,
    scope: 'local' | 'swarm' = 'local',
  ): void {
    const now = this.wallClock();
    const Attributes = Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
    const message: EventMessage = {
      Type,
      Action,
      Actor: { ID, Attributes },
      scope,
      time: Math.floor(now / 1e6),
      timeNano: now * 1000,
    };
    this.kept.push(message);
    if (this.kept.length > KEPT) this.kept.shift();
    if (this.readers.size === 0) return;
    for (const reader of this.readers) reader.take(message);
    this.changed();
  }

  /** About a container: with its labels, image and name. */
  container(container: Container, action: string, more: Record<string, string> = {}): void {
    this.emit('container', action, container.id, {
      ...container.config.Labels,
      image: container.config.Image,
      name: container.name,
      ...more,
    });
  }

  /** About a network of this machine, and the container that joins or leaves. */
  network({ id, name, driver }: Network, action: string, container?: Container): void {
    this.emit('network', action, id, {
      ...(container === undefined ? {} : { container: container.id }),
      name,
      type: driver,
    });
  }

  /** About objects of the swarm, as the leader's store tells of them. */
  store(event: StoreEvent): void {
    const old = this.seen.get(event.object.ID);
    if (event.kind === 'node' || event.kind === 'service') this.seen.set(event.object.ID, observed(event));
    if (event.action === 'remove') this.seen.delete(event.object.ID);
    if (event.kind === 'task' || event.kind === 'cluster') return;
    if (event.kind === 'network' && event.object.Spec.Scope !== 'swarm') return;
    const { object, action, kind } = event;
    const name =
      kind === 'node' ? event.object.Description.Hostname : (object as { Spec: { Name?: string } }).Spec.Name;
    const changes = action === 'update' ? changesOf(event, old) : {};
    // The allocator's and the orchestrators' own writes change nothing that is told.
    if (action === 'update' && (kind === 'node' || kind === 'network') && Object.keys(changes).length === 0) return;
    this.emit(kind, action, object.ID, { ...(name === undefined ? {} : { name }), ...changes }, 'swarm');
  }

  /** Those kept since `since`, and from now on all until `until`; microseconds of the wall clock. */
  read(query: { readonly since?: number; readonly until?: number; readonly filters: Filters }): EventReader {
    const reader = new Reader(query, this.wallClock, () => this.readers.delete(reader));
    if (query.since !== undefined)
      for (const message of this.kept) if (message.timeNano / 1000 >= query.since) reader.take(message);
    this.readers.add(reader);
    return reader;
  }
}

class Reader implements EventReader {
  private readonly query: { readonly until?: number; readonly filters: Filters };
  private readonly wallClock: () => number;
  private readonly leave: () => void;
  private readonly waiting: EventMessage[] = [];

  constructor(
    query: { readonly until?: number; readonly filters: Filters },
    wallClock: () => number,
    leave: () => void,
  ) {
    this.query = query;
    this.wallClock = wallClock;
    this.leave = leave;
  }

  take(message: EventMessage): void {
    const { until, filters } = this.query;
    if ((until === undefined || message.timeNano / 1000 <= until) && selected(message, filters))
      this.waiting.push(message);
  }

  next(): readonly EventMessage[] {
    return this.waiting.splice(0);
  }

  get ended(): boolean {
    return this.waiting.length === 0 && this.query.until !== undefined && this.wallClock() >= this.query.until;
  }

  close(): void {
    this.leave();
  }
}

/** The keys that daemon/events/filter.go knows. */
export const EVENT_FILTERS = [
  'config',
  'container',
  'daemon',
  'event',
  'image',
  'label',
  'network',
  'node',
  'plugin',
  'scope',
  'secret',
  'service',
  'type',
  'volume',
];

function selected({ Type, Action, Actor, scope }: EventMessage, filters: Filters): boolean {
  const about = (kind: string): boolean =>
    any(
      filters[kind],
      (value) =>
        Type === kind && (Actor.ID === value || Actor.ID.startsWith(value) || Actor.Attributes['name'] === value),
    );
  const label = (filters['label'] ?? []).every((wanted) => {
    const [key = '', text] = wanted.split('=', 2);
    return key in Actor.Attributes && (text === undefined || Actor.Attributes[key] === text);
  });
  const image = any(
    filters['image'],
    (value) =>
      (Type === 'image' ? Actor.ID : (Actor.Attributes['image'] ?? '')).replace(/:.*$/, '') ===
      value.replace(/:.*$/, ''),
  );
  return (
    any(filters['event'], (value) => Action === value || Action.split(':')[0] === value) &&
    any(filters['type'], (value) => Type === value) &&
    any(filters['scope'], (value) => scope === value) &&
    ['container', 'network', 'node', 'service', 'secret', 'config', 'daemon', 'plugin', 'volume'].every(about) &&
    label &&
    image
  );
}

/** What is compared between two states of an object. */
type Old = Readonly<Record<string, string>>;

/** The properties of an object that events tell when they change. */
function observed(event: StoreEvent): Old {
  if (event.kind === 'node') {
    const { Status, Spec } = event.object;
    return { state: Status.State, availability: Spec.Availability, role: Spec.Role };
  }
  if (event.kind !== 'service') return {};
  const replicas = replicasOf(event.object);
  return {
    ...(replicas === undefined ? {} : { replicas }),
    image: event.object.Spec.TaskTemplate.ContainerSpec?.Image ?? '',
    updatestate: event.object.UpdateStatus?.State ?? '',
  };
}

function replicasOf(service: ServiceObject): string | undefined {
  return isGlobal(service.Spec.Mode) || isJob(service.Spec.Mode)
    ? undefined
    : String(service.Spec.Mode.Replicated?.Replicas ?? 1);
}

function changesOf(event: StoreEvent, old: Old | undefined): Record<string, string> {
  const changes: Record<string, string> = {};
  if (old === undefined) return changes;
  for (const [key, now] of Object.entries(observed(event))) {
    const before = old[key] ?? '';
    if (before === now) continue;
    if (now !== '') changes[`${key}.new`] = now;
    if (before !== '') changes[`${key}.old`] = before;
  }
  return changes;
}
