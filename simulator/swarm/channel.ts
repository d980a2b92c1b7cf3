/**
 * Connections between managers and agents: ordered messages of plain data. Over the wire each is one line of JSON on a TCP
 * connection (real swarmkit: gRPC over mutual TLS on port 2377); a manager's own agent uses a pair in memory, as the real
 * one uses a unix socket.
 */
import type { Scheduler } from '../base/scheduler.ts';

export interface Channel {
  /** Called for each message that arrives. */
  onMessage: (message: unknown) => void;
  /** Called once, when the other side is gone or the connection broke. */
  onClose: () => void;
  send(message: object): void;
  close(): void;
}

/** What the control plane needs of the network. */
export interface ControlNetwork {
  /** Accepts connections on a port of the host; false when the port is taken. */
  listen(port: number, accept: (channel: Channel, address: string) => void): boolean;
  unlisten(port: number): void;
  /** `failure` gets the words of Go's dialer: `connect: connection refused`, `i/o timeout`. */
  dial(address: string, port: number, connected: (channel: Channel, localAddress: string) => void, failure: (words: string) => void): void;
}

/**
 * What arrived, when a member of the swarm wrote it. What anybody else sends to these ports is no message: the real ones
 * cannot decrypt it.
 */
export function readMessage(text: string): object | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}

class PairedChannel implements Channel {
  onMessage: (message: unknown) => void = () => undefined;
  onClose: () => void = () => undefined;
  peer: PairedChannel | undefined;
  private readonly scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  send(message: object): void {
    const { peer } = this;
    // A copy, as across a wire: neither side may change what the other holds.
    if (peer !== undefined) this.scheduler.soon(deliver, peer, JSON.stringify(message));
  }

  close(): void {
    const { peer } = this;
    this.peer = undefined;
    if (peer === undefined) return;
    peer.peer = undefined;
    this.scheduler.soon(hangUp, peer, undefined);
  }
}

function deliver(channel: PairedChannel, text: string): void {
  channel.onMessage(JSON.parse(text));
}

function hangUp(channel: PairedChannel): void {
  channel.onClose();
}

/** Two ends of a connection inside one daemon. */
export function channelPair(scheduler: Scheduler): [Channel, Channel] {
  const one = new PairedChannel(scheduler);
  const other = new PairedChannel(scheduler);
  one.peer = other;
  other.peer = one;
  return [one, other];
}
