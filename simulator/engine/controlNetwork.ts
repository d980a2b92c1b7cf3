/**
 * The swarm's control plane and gossip over real sockets of the host: lines of JSON on TCP, datagrams on UDP. Stands for
 * gRPC over TLS (2377/tcp) and memberlist (7946/tcp and udp).
 */
import { formatIpv4, parseIpv4 } from '../base/address.ts';
import type { Scheduler, Timer } from '../base/scheduler.ts';
import { SECOND } from '../base/scheduler.ts';
import { decodeUtf8, encodeUtf8, Utf8Decoder } from '../base/utf8.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { type Channel, readMessage } from '../swarm/channel.ts';
import type { GossipNetwork } from '../swarm/memberlist.ts';
import { tcpConnect, tcpReceive, tcpSend, tcpSocket, udpSend, type TcpSocket, type UdpSocket } from '../transport/index.ts';
import { watch, type DaemonSockets } from './sockets.ts';

/** How long Go's dialer is given. */
const DIAL_TIMEOUT = 10 * SECOND;

class TcpChannel implements Channel {
  onMessage: (message: unknown) => void = () => undefined;
  onClose: () => void = () => undefined;
  private readonly socket: TcpSocket;
  private readonly sockets: DaemonSockets;
  private readonly decoder = new Utf8Decoder();
  private text = '';
  private backlog: Uint8Array[] = [];
  private readonly writer: { stop(): void };
  private closed = false;

  constructor(socket: TcpSocket, sockets: DaemonSockets, scheduler: Scheduler) {
    this.socket = socket;
    this.sockets = sockets;
    socket.setOptions({ noDelay: true });
    sockets.on(socket, () => this.read());
    this.writer = watch(scheduler, socket.writable, () => this.flush());
  }

  private read(): void {
    for (;;) {
      if (this.closed) return;
      const bytes = tcpReceive(this.socket, 65536);
      if (!bytes.ok) {
        if (bytes.errno !== 'EAGAIN') this.end();
        return;
      }
      if (bytes.value.length === 0) return this.end();
      this.text += this.decoder.decode(bytes.value);
      for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n')) {
        const line = this.text.slice(0, at);
        this.text = this.text.slice(at + 1);
        const message = readMessage(line);
        if (message === undefined) return this.end(); // as a failed TLS handshake
        this.onMessage(message);
        if (this.closed) return;
      }
    }
  }

  private end(): void {
    if (this.closed) return;
    this.close();
    this.onClose();
  }

  send(message: object): void {
    if (this.closed) return;
    this.backlog.push(encodeUtf8(`${JSON.stringify(message)}\n`));
    this.flush();
  }

  private flush(): void {
    while (!this.closed && this.backlog.length > 0) {
      const bytes = this.backlog[0] as Uint8Array;
      const sent = tcpSend(this.socket, bytes);
      if (!sent.ok) return;
      if (sent.value < bytes.length) this.backlog[0] = bytes.subarray(sent.value);
      else this.backlog.shift();
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.writer.stop();
    this.sockets.close(this.socket);
  }
}

export class ControlNetworkOverSockets implements GossipNetwork {
  private readonly ns: NetworkNamespace;
  private readonly sockets: DaemonSockets;
  private readonly scheduler: Scheduler;
  private readonly listeners = new Map<number, TcpSocket>();
  private readonly udp = new Map<number, UdpSocket>();

  constructor(ns: NetworkNamespace, sockets: DaemonSockets) {
    this.ns = ns;
    this.sockets = sockets;
    this.scheduler = ns.kernel.universe.scheduler;
  }

  listen(port: number, accept: (channel: Channel, address: string) => void): boolean {
    const listener = this.sockets.listen(this.ns, 0, port, true, (socket) => {
      this.sockets.adopt(socket);
      accept(new TcpChannel(socket, this.sockets, this.scheduler), formatIpv4(socket.remote));
    });
    if (listener.ok) this.listeners.set(port, listener.value);
    return listener.ok;
  }

  unlisten(port: number): void {
    const listener = this.listeners.get(port);
    if (listener !== undefined) this.sockets.close(listener);
    this.listeners.delete(port);
  }

  dial(address: string, port: number, connected: (channel: Channel, localAddress: string) => void, failure: (words: string) => void): void {
    const socket = tcpSocket(this.ns);
    let timer: Timer | undefined = undefined;
    let writer: { stop(): void } | undefined = undefined;
    const settle = (): void => {
      timer?.cancel();
      writer?.stop();
    };
    const fail = (words: string): void => {
      settle();
      this.sockets.close(socket);
      failure(words);
    };
    const look = (): void => {
      if (socket.state === 'SYN_SENT') return;
      const error = socket.takeError();
      if (error !== undefined || socket.state === 'CLOSE') return fail(`connect: ${DIAL_ERRORS[error ?? 'ECONNREFUSED'] ?? 'connection refused'}`);
      settle();
      connected(new TcpChannel(socket, this.sockets, this.scheduler), formatIpv4(socket.local));
    };
    this.sockets.adopt(socket);
    const started = tcpConnect(socket, parseIpv4(address) ?? 0, port);
    if (!started.ok && started.errno !== 'EINPROGRESS') return fail(`connect: ${DIAL_ERRORS[started.errno] ?? 'network is unreachable'}`);
    writer = watch(this.scheduler, socket.writable, look);
    timer = this.scheduler.after(DIAL_TIMEOUT, () => fail('i/o timeout'));
  }

  bindUdp(port: number, receive: (text: string, address: string) => void): boolean {
    const socket = this.sockets.bindUdp(this.ns, 0, port, true, (datagram) => receive(decodeUtf8(datagram.payload), formatIpv4(datagram.address)));
    if (socket.ok) this.udp.set(port, socket.value);
    return socket.ok;
  }

  unbindUdp(port: number): void {
    const socket = this.udp.get(port);
    if (socket !== undefined) this.sockets.close(socket);
    this.udp.delete(port);
  }

  sendUdp(address: string, port: number, text: string): void {
    const socket = this.udp.get(port);
    if (socket !== undefined) udpSend(socket, encodeUtf8(text), parseIpv4(address) ?? 0, port);
  }
}

/** Go's words for errors of connect(2). */
const DIAL_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
  EPERM: 'operation not permitted',
  ECONNRESET: 'connection reset by peer',
};
