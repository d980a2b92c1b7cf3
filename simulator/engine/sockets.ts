/**
 * The sockets that dockerd holds: each is a descriptor of its process, so that `ss -p` and /proc name it. An event loop as
 * Go's runtime poller would be: whoever waits is called from the backlog, never from inside a packet's delivery.
 */
import type { Scheduler } from '../base/scheduler.ts';
import type { WaitQueue } from '../base/wait.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import type { Process } from '../process/process.ts';
import type { Result } from '../base/result.ts';
import { ok } from '../base/result.ts';
import { SocketFile, tcpAccept, tcpBind, tcpClose, tcpListen, tcpSocket, udpBind, udpReceive, udpSocket, type Datagram, type TcpSocket, type UdpSocket } from '../transport/index.ts';

/** Somebody who waits for a queue, again and again, until it is stopped. */
interface Watch {
  stop(): void;
}

function run(work: () => void): void {
  work();
}

/** Calls `ready` from the backlog after each wake of `queue`. */
export function watch(scheduler: Scheduler, queue: WaitQueue, ready: () => void): Watch {
  let stopped = false;
  let leave: () => void = () => undefined;
  const arm = (): void => {
    leave = queue.add(() => scheduler.soon(run, again, undefined));
  };
  const again = (): void => {
    if (stopped) return;
    arm();
    ready();
  };
  arm();
  return {
    stop: () => {
      stopped = true;
      leave();
    },
  };
}

/** The somaxconn that Go's net.Listen asks for. */
const BACKLOG = 4096;

export class DaemonSockets {
  readonly process: Process;
  private readonly scheduler: Scheduler;
  private readonly watches = new Map<TcpSocket | UdpSocket, Watch>();

  constructor(process: Process, scheduler: Scheduler) {
    this.process = process;
    this.scheduler = scheduler;
  }

  /** Gives a socket a descriptor. */
  adopt(socket: TcpSocket | UdpSocket): void {
    this.process.install(new SocketFile(socket));
  }

  /** Closes a socket and its descriptor. */
  close(socket: TcpSocket | UdpSocket): void {
    this.watches.get(socket)?.stop();
    this.watches.delete(socket);
    for (const [fd, file] of this.process.descriptors) {
      if (file instanceof SocketFile && file.socket === socket) {
        this.process.close(fd);
        return;
      }
    }
    if ('state' in socket) tcpClose(socket);
    else socket.close();
  }

  /** A listener; `address` 0 with `inet6` is the dual-stack wildcard (`*:8000`). Without `accepted` nobody ever accepts. */
  listen(ns: NetworkNamespace, address: number, port: number, inet6: boolean, accepted?: (socket: TcpSocket) => void, v6Only = false): Result<TcpSocket> {
    const socket = tcpSocket(ns, inet6);
    socket.setOptions({ reuseAddress: true, v6Only });
    const bound = tcpBind(socket, address, port);
    const listening = bound.ok ? tcpListen(socket, BACKLOG) : bound;
    if (!listening.ok) {
      tcpClose(socket);
      return listening;
    }
    this.adopt(socket);
    if (accepted !== undefined) {
      this.on(socket, () => {
        for (let child = tcpAccept(socket); child.ok; child = tcpAccept(socket)) accepted(child.value);
      });
    }
    return ok(socket);
  }

  /** A UDP socket; without `received` nobody ever reads. */
  bindUdp(ns: NetworkNamespace, address: number, port: number, inet6: boolean, received?: (datagram: Datagram, socket: UdpSocket) => void, v6Only = false): Result<UdpSocket> {
    const socket = udpSocket(ns, inet6);
    socket.setOptions({ v6Only });
    const bound = udpBind(socket, address, port);
    if (!bound.ok) {
      socket.close();
      return bound;
    }
    this.adopt(socket);
    if (received !== undefined) {
      this.on(socket, () => {
        for (let datagram = udpReceive(socket); datagram.ok && !socket.closed; datagram = udpReceive(socket)) received(datagram.value, socket);
      });
    }
    return ok(socket);
  }

  /** Calls `ready` whenever the socket becomes readable, until it is closed. */
  on(socket: TcpSocket | UdpSocket, ready: () => void): void {
    this.watches.get(socket)?.stop();
    this.watches.set(socket, watch(this.scheduler, socket.readable, ready));
  }
}
