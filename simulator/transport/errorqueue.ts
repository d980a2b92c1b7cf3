/** The error queue of a socket with IP_RECVERR (struct sock_extended_err): which packet, who complained, about what. */
import type { Errno } from '../base/errno.ts';
import type { Packet } from '../wire/packet.ts';

export interface QueuedError {
  readonly errno: Errno;
  /** Who sent the ICMP error. */
  readonly offender: number;
  readonly type: number;
  readonly code: number;
  /** Next-hop MTU of "fragmentation needed", else 0. */
  readonly mtu: number;
  /** TTL the error arrived with. */
  readonly ttl: number;
  /** Of the packet it is about. */
  readonly destination: number;
  readonly destinationPort: number;
  readonly icmpId: number;
  readonly icmpSeq: number;
}

export class ErrorQueue {
  private errors: QueuedError[] = [];

  push(icmp: Packet, errno: Errno): void {
    const about = icmp.quoted;
    this.errors.push({
      errno,
      offender: icmp.src,
      type: icmp.icmpType,
      code: icmp.icmpCode,
      mtu: icmp.icmpMtu,
      ttl: icmp.ttl,
      destination: about?.dst ?? 0,
      destinationPort: about?.dport ?? 0,
      icmpId: about?.icmpId ?? 0,
      icmpSeq: about?.icmpSeq ?? 0,
    });
  }

  /** recvmsg(MSG_ERRQUEUE); undefined when empty. */
  take(): QueuedError | undefined {
    return this.errors.shift();
  }

  get length(): number {
    return this.errors.length;
  }
}
