/**
 * One connection to each other manager, over which raft's messages and calls to the leader go. Mirrors swarmkit
 * manager/state/raft/transport (peer.go): what cannot be sent is dropped; raft says it again.
 */
import { SECOND, type Scheduler } from '../base/scheduler.ts';
import type { Channel, ControlNetwork } from './channel.ts';

/** A connection that has taken messages for so long and brought nothing is given up for a new one. */
const SILENCE = 4 * SECOND;

interface Line {
  channel: Channel | undefined;
  dialing: boolean;
  /** Since when nothing came although something was said. */
  waitingSince: number | undefined;
  /** Said while the connection was being made. */
  readonly queue: object[];
}

export class Peers {
  private readonly network: ControlNetwork;
  private readonly scheduler: Scheduler;
  private readonly received: (message: unknown) => void;
  private readonly lost: (target: string) => void;
  private readonly lines = new Map<string, Line>();
  private closed = false;

  /** `lost` is called when a connection broke, or could not be made. */
  constructor(
    network: ControlNetwork,
    scheduler: Scheduler,
    received: (message: unknown) => void,
    lost: (target: string) => void,
  ) {
    this.network = network;
    this.scheduler = scheduler;
    this.received = received;
    this.lost = lost;
  }

  /** Says something to the manager at `target` (address:port). */
  send(target: string, message: object): void {
    if (this.closed) return;
    const line = this.line(target);
    if (
      line.channel !== undefined &&
      line.waitingSince !== undefined &&
      this.scheduler.now - line.waitingSince > SILENCE
    )
      this.drop(target, line);
    line.waitingSince ??= this.scheduler.now;
    if (line.channel !== undefined) line.channel.send(message);
    else {
      line.queue.push(message);
      if (line.queue.length > 4) line.queue.shift();
      if (!line.dialing) this.dial(target, line);
    }
  }

  private line(target: string): Line {
    let line = this.lines.get(target);
    if (line === undefined) {
      line = { channel: undefined, dialing: false, waitingSince: undefined, queue: [] };
      this.lines.set(target, line);
    }
    return line;
  }

  private dial(target: string, line: Line): void {
    const [address = '', port = ''] = target.split(':');
    line.dialing = true;
    this.network.dial(
      address,
      Number(port),
      (channel) => {
        line.dialing = false;
        if (this.closed) return channel.close();
        line.channel = channel;
        line.waitingSince = this.scheduler.now;
        channel.onMessage = (message) => {
          line.waitingSince = undefined;
          this.received(message);
        };
        channel.onClose = () => this.drop(target, line);
        for (const message of line.queue.splice(0)) channel.send(message);
      },
      () => {
        line.dialing = false;
        line.queue.length = 0;
        this.lost(target);
      },
    );
  }

  private drop(target: string, line: Line): void {
    const { channel } = line;
    line.channel = undefined;
    line.waitingSince = undefined;
    if (channel === undefined) return;
    channel.onClose = () => undefined;
    channel.close();
    if (!this.closed) this.lost(target);
  }

  close(): void {
    this.closed = true;
    for (const [target, line] of this.lines) this.drop(target, line);
  }
}
