/**
 * docker-proxy: a process that holds a published port of the host and relays what reaches it without passing the DNAT rule
 * (connections of the host to its own loopback, hairpins). Mirrors moby cmd/docker-proxy; one process per address family.
 */
import type { Origin } from '../base/origin.ts';
import { parseIpv4 } from '../base/address.ts';
import type { Scheduler } from '../base/scheduler.ts';
import { MemoryDevice } from '../process/files.ts';
import type { Host } from '../process/host.ts';
import type { Process } from '../process/process.ts';
import type { Program, ProgramContext } from '../process/program.ts';
import { tcpConnect, tcpReceive, tcpSend, tcpShutdown, tcpSocket, udpConnect, udpReceive, udpSend, udpSocket, type TcpSocket, type UdpSocket } from '../transport/index.ts';
import type { ProxyStarter } from './network/bridge.ts';
import { DaemonSockets, watch } from './sockets.ts';

function* sleepForever(ctx: ProgramContext): Program {
  for (;;) yield* ctx.wait([]);
}

/** Copies one way until the end of the stream. */
class Pump {
  private rest: Uint8Array | undefined;
  private readonly from: TcpSocket;
  private readonly to: TcpSocket;
  private readonly done: () => void;
  private ended = false;

  constructor(from: TcpSocket, to: TcpSocket, done: () => void) {
    this.from = from;
    this.to = to;
    this.done = done;
  }

  move(): void {
    while (!this.ended) {
      if (this.rest === undefined) {
        const bytes = tcpReceive(this.from, 65536);
        if (!bytes.ok && bytes.errno === 'EAGAIN') return;
        if (!bytes.ok || bytes.value.length === 0) return this.end();
        this.rest = bytes.value;
      }
      const sent = tcpSend(this.to, this.rest);
      if (!sent.ok) {
        if (sent.errno !== 'EAGAIN') this.end();
        return;
      }
      this.rest = sent.value < this.rest.length ? this.rest.subarray(sent.value) : undefined;
    }
  }

  private end(): void {
    this.ended = true;
    tcpShutdown(this.to, 'write');
    this.done();
  }
}

export class Proxies implements ProxyStarter {
  private readonly host: Host;
  private readonly scheduler: Scheduler;

  constructor(host: Host) {
    this.host = host;
    this.scheduler = host.kernel.universe.scheduler;
  }

  start(protocol: string, hostIp: string, hostPort: number, containerIp: string, containerPort: number, origin: Origin): { stop(): void } | undefined {
    const families = hostIp === '0.0.0.0' ? ['0.0.0.0', '::'] : [hostIp];
    const started: Process[] = [];
    const stop = (): void => {
      for (const process of started) process.post('SIGKILL');
    };
    for (const address of families) {
      const process = this.launch(protocol, address, hostPort, containerIp, containerPort, origin);
      if (process === undefined) {
        stop();
        return undefined;
      }
      started.push(process);
    }
    return { stop };
  }

  private launch(protocol: string, hostIp: string, hostPort: number, containerIp: string, containerPort: number, cause: Origin): Process | undefined {
    const argv = ['/usr/sbin/docker-proxy', '-proto', protocol, '-host-ip', hostIp, '-host-port', String(hostPort), '-container-ip', containerIp, '-container-port', String(containerPort)];
    const process = this.host.daemon(argv, sleepForever, { cause });
    process.install(new MemoryDevice('pipe:[0]'), 3); // The pipe on which it tells dockerd that it listens.
    const sockets = new DaemonSockets(process, this.scheduler);
    const ns = this.host.kernel.initNs;
    const inet6 = hostIp.includes(':');
    const address = inet6 ? 0 : (parseIpv4(hostIp) ?? 0);
    const target = parseIpv4(containerIp) ?? 0;
    const bound =
      protocol === 'tcp'
        ? sockets.listen(ns, address, hostPort, inet6, (client) => this.relay(sockets, client, target, containerPort), inet6)
        : sockets.bindUdp(ns, address, hostPort, inet6, (datagram, socket) => this.relayUdp(sockets, socket, datagram, target, containerPort), inet6);
    if (bound.ok) return process;
    process.post('SIGKILL');
    return undefined;
  }

  private relay(sockets: DaemonSockets, client: TcpSocket, address: number, port: number): void {
    const server = tcpSocket(this.host.kernel.initNs);
    sockets.adopt(client);
    sockets.adopt(server);
    let open = 2;
    const done = (): void => {
      if (--open > 0) return;
      for (const writer of writers) writer.stop();
      sockets.close(client);
      sockets.close(server);
    };
    const there = new Pump(client, server, done);
    const back = new Pump(server, client, done);
    const started = tcpConnect(server, address, port);
    const writers = [watch(this.scheduler, server.writable, () => (server.state === 'CLOSE' ? giveUp() : there.move())), watch(this.scheduler, client.writable, () => back.move())];
    const giveUp = (): void => {
      open = 1;
      done();
    };
    if (!started.ok && started.errno !== 'EINPROGRESS') return giveUp();
    sockets.on(client, () => {
      if (server.state !== 'SYN_SENT') there.move();
    });
    sockets.on(server, () => back.move());
  }

  private readonly peers = new Map<string, UdpSocket>();

  private relayUdp(sockets: DaemonSockets, socket: UdpSocket, datagram: { address: number; port: number; payload: Uint8Array }, address: number, port: number): void {
    const key = `${socket.localPort}/${datagram.address}/${datagram.port}`;
    let server = this.peers.get(key);
    if (server === undefined) {
      const fresh = udpSocket(this.host.kernel.initNs);
      sockets.adopt(fresh);
      udpConnect(fresh, address, port);
      sockets.on(fresh, () => {
        for (let reply = udpReceive(fresh); reply.ok; reply = udpReceive(fresh)) udpSend(socket, reply.value.payload, datagram.address, datagram.port);
      });
      this.peers.set(key, (server = fresh));
    }
    udpSend(server, datagram.payload);
  }
}
