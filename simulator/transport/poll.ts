/**
 * Many sockets, one sleeper: after epoll(7), level of detail of an edge-triggered set. A server adds its sockets,
 * waits for {@link PollSet.queue} and takes those that something happened to, in the order in which it happened.
 */
import { WaitQueue } from '../base/wait.ts';
import type { Socket } from './socket.ts';

export class PollSet {
  /** Woken when a socket becomes ready. */
  readonly queue = new WaitQueue();
  private ready: Socket[] = [];

  /** From now on events of `socket` are noted here. What is ready already counts as an event. */
  add(socket: Socket): void {
    socket.poll = this;
    this.mark(socket);
  }

  remove(socket: Socket): void {
    if (socket.poll === this) socket.poll = null;
    socket.polled = false;
    const at = this.ready.indexOf(socket);
    if (at >= 0) this.ready.splice(at, 1);
  }

  /** For sockets: something happened to `socket`. */
  mark(socket: Socket): void {
    if (socket.polled) return;
    socket.polled = true;
    this.ready.push(socket);
    this.queue.wake();
  }

  /** The sockets noted since the last call. */
  take(): readonly Socket[] {
    const ready = this.ready;
    if (ready.length === 0) return ready;
    this.ready = [];
    for (const socket of ready) socket.polled = false;
    return ready;
  }

  get busy(): boolean {
    return this.ready.length > 0;
  }
}
