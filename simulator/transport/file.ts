/** A TCP or UDP socket as an open file description, for descriptors: `ls -l /proc/PID/fd`, `ss -p`, read and write. */
import type { Origin } from '../base/origin.ts';
import { ok, refuse, type Result } from '../base/result.ts';
import type { WaitQueue } from '../base/wait.ts';
import type { Socket } from './socket.ts';
import { tcpReceive, tcpSend } from './tcp/calls.ts';
import { TcpSocket } from './tcp/socket.ts';
import { udpReceive, udpSend, UdpSocket } from './udp.ts';

/** Has the shape of process/'s OpenFile. The last release closes the socket. */
export class SocketFile {
  readonly isTty = false;
  readonly name: string;
  readonly readable: WaitQueue;
  readonly writable: WaitQueue;
  readonly socket: Socket;
  private references = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    this.name = `socket:[${socket.inode}]`;
    this.readable = socket.readable;
    this.writable = socket.writable;
  }

  /** A process has it from now on; the first one is whose it is. */
  openedBy(origin: Origin): void {
    this.socket.ownedBy(origin);
  }

  read(max: number): Result<Uint8Array> {
    if (this.socket instanceof TcpSocket) return tcpReceive(this.socket, max);
    if (this.socket instanceof UdpSocket) {
      const datagram = udpReceive(this.socket);
      return datagram.ok ? ok(datagram.value.payload.subarray(0, max)) : datagram;
    }
    return refuse('EOPNOTSUPP');
  }

  write(bytes: Uint8Array): Result<number> {
    if (this.socket instanceof TcpSocket) return tcpSend(this.socket, bytes);
    if (this.socket instanceof UdpSocket) return udpSend(this.socket, bytes);
    return refuse('EOPNOTSUPP');
  }

  retain(): void {
    this.references++;
  }

  release(): void {
    if (--this.references <= 0) this.socket.close();
  }
}
