/**
 * `docker service logs`: what the containers of a service print, on whatever node. Mirrors swarmkit manager/logbroker: the
 * manager asks the agents, who send their lines over the session.
 */
import type { Manager } from '../swarm/manager.ts';
import type { TaskObject } from '../swarm/objects.ts';
import type { LogEntry, LogOptions, LogReader } from './api.ts';
import type { Containers } from './containers.ts';

/** Lines as they travel. */
export interface LogLines {
  readonly taskId: string;
  readonly entries: readonly Omit<LogEntry, 'task'>[];
  readonly ended: boolean;
}

class Subscription implements LogReader {
  private readonly waiting: LogEntry[] = [];
  private readonly open: Map<string, TaskObject>;
  private readonly stop: () => void;

  constructor(tasks: readonly TaskObject[], stop: () => void) {
    this.open = new Map(tasks.map((task) => [task.ID, task]));
    this.stop = stop;
  }

  take(lines: LogLines): void {
    const task = this.open.get(lines.taskId);
    if (task === undefined) return;
    for (const entry of lines.entries) this.waiting.push({ ...entry, task: { ID: task.ID, ServiceID: task.ServiceID, NodeID: task.NodeID } });
    if (lines.ended) this.open.delete(lines.taskId);
  }

  next(): readonly LogEntry[] {
    return this.waiting.splice(0).sort((a, b) => a.at - b.at);
  }

  get ended(): boolean {
    return this.open.size === 0 && this.waiting.length === 0;
  }

  close(): void {
    this.open.clear();
    this.stop();
  }
}

export class LogBroker {
  private readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  /** Asks the nodes of the given tasks for their lines. */
  subscribe(manager: Manager, tasks: readonly TaskObject[], options: LogOptions): LogReader {
    const reachable = tasks.filter((task) => task.NodeID !== '' && manager.dispatcher.connected(task.NodeID));
    const subscription = new Subscription(reachable, () => manager.dispatcher.stopLogs(number));
    const number = manager.dispatcher.requestLogs(
      reachable.map((task) => ({ nodeId: task.NodeID, taskId: task.ID })),
      options,
      (lines) => {
        subscription.take(lines as LogLines);
        this.changed();
      },
    );
    return subscription;
  }
}

/** The agent's side: follows the log of a task's container and sends what comes. */
function sendLogs(containers: Containers, taskId: string, options: LogOptions, send: (lines: LogLines) => void): { poll(): boolean; stop(): void } {
  const container = [...containers.all.values()].find((each) => each.task?.taskId === taskId);
  const reader = container?.log.read(options);
  return {
    poll: () => {
      if (reader === undefined) {
        send({ taskId, entries: [], ended: true });
        return false;
      }
      const entries = reader.next();
      const { ended } = reader;
      if (entries.length > 0 || ended) send({ taskId, entries, ended });
      return !ended;
    },
    stop: () => reader?.close(),
  };
}

/** All that a node sends to managers who asked. */
export class LogSenders {
  private readonly containers: Containers;
  private readonly readers = new Map<number, ReturnType<typeof sendLogs>[]>();

  constructor(containers: Containers) {
    this.containers = containers;
  }

  /** Begins to send the lines of tasks; without options, ends it. */
  serve(subscription: number, tasks: readonly string[], options: LogOptions | undefined, send: (lines: LogLines) => void): void {
    for (const reader of this.readers.get(subscription) ?? []) reader.stop();
    this.readers.delete(subscription);
    if (options === undefined) return;
    this.readers.set(subscription, tasks.map((taskId) => sendLogs(this.containers, taskId, options, send)));
    this.poll();
  }

  /** Sends what was printed since the last time. */
  poll(): void {
    for (const [subscription, readers] of this.readers) {
      const left = readers.filter((reader) => reader.poll());
      if (left.length === 0) this.readers.delete(subscription);
      else this.readers.set(subscription, left);
    }
  }
}
