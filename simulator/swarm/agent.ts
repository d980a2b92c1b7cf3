/**
 * The worker's side: keeps a session with the manager, runs the tasks assigned to this node through an executor, and reports
 * how they do. Mirrors swarmkit agent (agent.go, session.go, worker.go, task.go) and agent/exec/controller.go.
 */
import type { RandomStream } from '../base/random.ts';
import { MILLISECOND, SECOND, type Scheduler, type Timer } from '../base/scheduler.ts';
import type { Channel } from './channel.ts';
import type { AssignedTask, ToAgent, ToManager } from './messages.ts';
import { rank, type EncryptionKey, type NetworkObject, type NodeDescription, type NodeObject, type TaskObject, type TaskState, type TaskStatus } from './objects.ts';

/** How a step of a controller ended; `error` is what the ERROR column shows. */
export interface StepResult {
  readonly error?: string;
  /** Of `wait`: the exit code of the container. */
  readonly exitCode?: number;
}

/** Runs one task. Every step calls `done` once, later or at once. */
export interface Controller {
  /** Makes the networks and the container. */
  prepare(done: (result: StepResult) => void): void;
  start(done: (result: StepResult) => void): void;
  /** Until the container ends. */
  wait(done: (result: StepResult) => void): void;
  /** Takes it out of the load balancers, stops it. */
  shutdown(done: (result: StepResult) => void): void;
  /** Removes what is left. */
  remove(done: (result: StepResult) => void): void;
  /** Of the container, once there is one. */
  status(): Pick<TaskStatus, 'ContainerStatus' | 'PortStatus'>;
}

/** What the agent needs of the engine. */
export interface Executor {
  describe(): NodeDescription;
  /** The node's own attachments: ingress first of all. */
  configure(node: NodeObject, networks: readonly NetworkObject[]): void;
  /** SetNetworkBootstrapKeys: the keys of the cluster's networks, whenever the manager has told of them. */
  takeKeys?(keys: readonly EncryptionKey[]): void;
  controller(assigned: AssignedTask): Controller;
  /** Sends the lines of tasks' containers; without options no more. */
  logs?(subscription: number, tasks: readonly string[], options: unknown, send: (lines: unknown) => void): void;
  /** True once the node's own address on each network of the task is known here. */
  ready(assigned: AssignedTask): boolean;
}

/** A task on its way through the states. */
class TaskManager {
  task: TaskObject;
  readonly controller: Controller;
  busy = false;
  /** Assignment is gone: remove everything once stopped. */
  closing = false;
  closed = false;
  private stopping = false;
  private readonly agent: Agent;
  private readonly assigned: AssignedTask;

  constructor(agent: Agent, assigned: AssignedTask) {
    this.agent = agent;
    this.assigned = assigned;
    this.task = assigned.task;
    this.controller = agent.executor.controller(assigned);
  }

  /** Takes the next step, if there is one (exec.Do). */
  next(): void {
    if (this.closed) return;
    const state = rank(this.task.Status.State);
    if (rank(this.task.DesiredState) > rank('complete') || this.closing) {
      if (state > rank('running')) {
        if (this.closing && !this.busy) this.clean();
        return;
      }
      if (!this.stopping) this.stop();
      return;
    }
    if (this.busy || state > rank('running') || state > rank(this.task.DesiredState)) return;
    switch (this.task.Status.State) {
      case 'new':
      case 'pending':
      case 'assigned':
        this.move('accepted', 'accepted');
        break;
      case 'accepted':
        this.move('preparing', 'preparing');
        break;
      case 'preparing':
        if (!this.agent.executor.ready(this.assigned)) return;
        this.step((done) => this.controller.prepare(done), ({ error }) => (error === undefined ? this.move('ready', 'prepared') : this.move('rejected', 'preparing', error)));
        break;
      case 'ready':
        if (rank(this.task.DesiredState) >= rank('running')) this.move('starting', 'starting');
        break;
      case 'starting':
        this.step((done) => this.controller.start(done), ({ error }) => (error === undefined ? this.move('running', 'started') : this.move('failed', 'starting', error)));
        break;
      case 'running':
        this.step((done) => this.controller.wait(done), (result) => this.finish(result));
        break;
      default:
        break;
    }
  }

  private finish({ exitCode = 0, error }: StepResult): void {
    if (this.stopping) return; // The end was asked for: `stop` reports it.
    if (error === undefined && exitCode === 0) this.move('complete', 'finished');
    else this.move('failed', 'started', error ?? `task: non-zero exit (${exitCode})`);
  }

  private step(run: (done: (result: StepResult) => void) => void, then: (result: StepResult) => void): void {
    this.busy = true;
    run((result) => {
      this.busy = false;
      if (!this.closed) then(result);
    });
  }

  private stop(): void {
    this.stopping = true;
    this.controller.shutdown(() => {
      this.busy = false;
      this.move('shutdown', 'shutdown');
    });
  }

  private clean(): void {
    this.closed = true;
    this.controller.remove(() => undefined);
    this.agent.forget(this);
  }

  private move(state: TaskState, message: string, error?: string): void {
    if (rank(state) < rank(this.task.Status.State)) return;
    this.task.Status = {
      State: state,
      Timestamp: this.agent.wallClock(),
      Message: message,
      ...(error === undefined ? {} : { Err: error }),
      ...this.controller.status(),
    };
    this.agent.report(this.task);
    this.agent.scheduler.soon(proceed, this, undefined);
  }
}

function proceed(manager: TaskManager): void {
  manager.next();
}

/** Statuses that change within this time travel together. */
const REPORT_DEBOUNCE = 20 * MILLISECOND;

export class Agent {
  readonly scheduler: Scheduler;
  readonly executor: Executor;
  readonly wallClock: () => number;
  nodeId: string;
  node: NodeObject | undefined;
  managers: readonly { readonly NodeID: string; readonly Addr: string }[] = [];
  private readonly random: RandomStream;
  private channel: Channel | undefined;
  private readonly tasks = new Map<string, TaskManager>();
  private readonly reports = new Map<string, TaskStatus>();
  private reportTimer: Timer | undefined;
  stopped = false;
  private heartbeatTimer: Timer | undefined;
  private heartbeatPeriod = 5;
  /** The last heartbeat was not answered yet. */
  private unanswered = false;
  private nextRequest = 1;
  private readonly requests = new Map<number, (message: ToAgent) => void>();
  /** Called when the manager hung up. */
  onLost: () => void = () => undefined;
  onRemoved: () => void = () => undefined;

  constructor(scheduler: Scheduler, executor: Executor, random: RandomStream, wallClock: () => number, nodeId: string) {
    this.scheduler = scheduler;
    this.executor = executor;
    this.random = random;
    this.wallClock = wallClock;
    this.nodeId = nodeId;
  }

  /** Opens a session over `channel`; `address` is where other nodes reach this one. */
  connect(channel: Channel, address: string): void {
    this.channel = channel;
    this.unanswered = false;
    channel.onMessage = (message) => this.receive(message as ToAgent);
    channel.onClose = () => {
      if (this.channel !== channel) return;
      this.channel = undefined;
      this.onLost();
    };
    this.send({ kind: 'session', nodeId: this.nodeId, description: this.executor.describe(), address });
    for (const { task } of this.tasks.values()) this.report(task);
    this.beat();
  }

  /** Gives up the session for another one. */
  reconnect(open: () => void): void {
    const { channel } = this;
    this.channel = undefined;
    if (channel !== undefined) {
      channel.onClose = () => undefined;
      channel.close();
    }
    open();
  }

  /** Ends the session; the manager notices that no heartbeats come. */
  stop(): void {
    this.stopped = true;
    this.heartbeatTimer?.cancel();
    this.reportTimer?.cancel();
    const { channel } = this;
    this.channel = undefined;
    channel?.close();
  }

  get connected(): boolean {
    return this.channel !== undefined;
  }

  /** The manager does not answer, and there are others. */
  private lose(): void {
    const { channel } = this;
    this.unanswered = false;
    if (channel === undefined) return;
    this.channel = undefined;
    channel.onClose = () => undefined;
    channel.close();
    this.onLost();
  }

  private send(message: ToManager): void {
    this.channel?.send(message);
  }

  private beat(): void {
    this.heartbeatTimer?.cancel();
    // 5 s ± 0.5 s, so that a thousand nodes do not speak at once.
    const jitter = this.random.between(-SECOND / 2, SECOND / 2);
    this.heartbeatTimer = this.scheduler.after(this.heartbeatPeriod * SECOND + jitter, () => {
      const alone = this.managers.length < 2;
      if (this.unanswered && !alone) return this.lose();
      this.unanswered = !alone;
      this.send(alone ? { kind: 'heartbeat' } : { kind: 'heartbeat', ask: true });
      this.beat();
    });
  }

  private receive(message: ToAgent): void {
    this.unanswered = false;
    switch (message.kind) {
      case 'node':
        this.node = message.node;
        this.managers = message.managers;
        this.heartbeatPeriod = message.heartbeat;
        this.executor.takeKeys?.(message.keys);
        this.executor.configure(message.node, message.networks);
        for (const manager of [...this.tasks.values()]) manager.next();
        break;
      case 'tasks':
        this.assign(message);
        break;
      case 'attached':
      case 'network':
        this.requests.get(message.request)?.(message);
        this.requests.delete(message.request);
        break;
      case 'logs':
        this.executor.logs?.(message.subscription, message.tasks, message.options, (lines) => this.send({ kind: 'log-lines', subscription: message.subscription, lines }));
        break;
      case 'removed':
        this.onRemoved();
        break;
      case 'refused':
        // A node that was removed is not asked for again; any other manager may know who leads.
        if (message.reason !== 'node not found') this.lose();
        break;
      case 'joined':
      case 'enlisted':
      case 'beat':
        break;
    }
  }

  private assign({ full, update, remove }: Extract<ToAgent, { kind: 'tasks' }>): void {
    const known = new Set(update.map(({ task }) => task.ID));
    for (const assigned of update) {
      const manager = this.tasks.get(assigned.task.ID);
      if (manager !== undefined) manager.task.DesiredState = assigned.task.DesiredState;
      else if (rank(assigned.task.Status.State) <= rank('running') || rank(assigned.task.DesiredState) <= rank('complete')) {
        if (rank(assigned.task.Status.State) <= rank('running')) this.tasks.set(assigned.task.ID, new TaskManager(this, assigned));
      }
    }
    const gone = full ? [...this.tasks.keys()].filter((id) => !known.has(id)) : remove;
    for (const id of gone) {
      const manager = this.tasks.get(id);
      if (manager !== undefined) manager.closing = true;
    }
    for (const manager of [...this.tasks.values()]) manager.next();
  }

  /** The container of a task has ended, its health changed, or it may go on. */
  poke(taskId: string): void {
    this.tasks.get(taskId)?.next();
  }

  forget(manager: TaskManager): void {
    this.tasks.delete(manager.task.ID);
  }

  report(task: TaskObject): void {
    this.reports.set(task.ID, task.Status);
    this.reportTimer ??= this.scheduler.after(REPORT_DEBOUNCE, () => {
      this.reportTimer = undefined;
      if (this.channel === undefined) return;
      const updates = [...this.reports].map(([taskId, status]) => ({ taskId, status }));
      this.reports.clear();
      this.send({ kind: 'status', updates });
    });
  }

  /** Asks the manager; `answer` gets undefined when there is no session. */
  request(build: (request: number) => ToManager, answer: (message: ToAgent | undefined) => void): void {
    if (this.channel === undefined) {
      answer(undefined);
      return;
    }
    const request = this.nextRequest++;
    this.requests.set(request, answer);
    this.send(build(request));
  }

  tell(message: ToManager): void {
    this.send(message);
  }
}
