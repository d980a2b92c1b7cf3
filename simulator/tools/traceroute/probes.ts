/**
 * Probes with a small time to live, and who answers them: what both traceroutes and tracepath are made of. Answers and errors come
 * by one raw ICMP socket; of TCP probes also by a raw TCP socket, of UDP probes by their own.
 */
import type { Errno } from '../../base/errno.ts';
import { done, type Result } from '../../base/result.ts';
import type { WaitQueue } from '../../base/wait.ts';
import type { ProgramContext } from '../../process/program.ts';
import {
  icmpSendEcho,
  icmpSocket,
  type IcmpSocket,
  rawPacket,
  rawReceive,
  rawSend,
  rawSocket,
  type RawSocket,
  udpBind,
  udpConnect,
  udpReceive,
  udpSend,
  udpSocket,
  type UdpSocket,
} from '../../transport/index.ts';
import { ipRouteOutput, sourceFor } from '../../kernel/route.ts';
import {
  ICMP_ECHO_REPLY,
  ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE,
  PROTO_ICMP,
  PROTO_TCP,
  PROTO_UDP,
  TCP_ACK,
  TCP_RST,
  TCP_SYN,
  type Packet,
} from '../../wire/packet.ts';

export type Method = 'udp' | 'icmp' | 'tcp';

export interface Probe {
  readonly ttl: number;
  /** Virtual microseconds; 0 while not sent. */
  sentAt: number;
  receivedAt: number;
  /** 0 while nobody has answered. */
  from: number;
  /** TTL the answer came with. */
  answerTtl: number;
  /** `!H` and the like. */
  mark: string;
  /** Next-hop MTU of "fragmentation needed". */
  mtu: number;
  /** There is nothing to find behind who answered. */
  final: boolean;
  done: boolean;
  /** What tells it from the others: destination port, sequence number, or source port. */
  key: number;
}

/** A probe not yet sent. */
export function newProbe(ttl: number): Probe {
  return { ttl, sentAt: 0, receivedAt: 0, from: 0, answerTtl: 0, mark: '', mtu: 0, final: false, done: false, key: -1 };
}

export interface ProberOptions {
  readonly method: Method;
  readonly address: number;
  /** UDP: of the first probe; TCP: of all. */
  readonly port: number;
  /** Length of the IP packet. */
  readonly length: number;
  readonly source: number;
  /** ifindex, 0 for any. */
  readonly device: number;
  readonly tos: number;
  readonly dontFragment: boolean;
}

const UNREACHABLE_MARKS: Readonly<Record<number, string>> = {
  0: '!N',
  1: '!H',
  2: '!P',
  3: '',
  5: '!S',
  6: '!N',
  7: '!H',
  8: '!N',
  9: '!X',
  10: '!X',
  11: '!N',
  12: '!H',
  13: '!X',
  14: '!V',
  15: '!C',
};

export class Prober {
  readonly readable: WaitQueue[] = [];
  private readonly ctx: ProgramContext;
  private readonly options: ProberOptions;
  private readonly listener: RawSocket;
  private readonly echo: IcmpSocket | undefined;
  private readonly segments: RawSocket | undefined;
  private readonly datagrams = new Map<Probe, UdpSocket>();
  private readonly pending: Probe[] = [];
  private sequence = 0;

  constructor(ctx: ProgramContext, options: ProberOptions) {
    this.ctx = ctx;
    this.options = options;
    this.listener = rawSocket(ctx.netns, PROTO_ICMP).ownedBy(ctx.origin);
    this.readable.push(this.listener.readable);
    if (options.method === 'icmp') this.echo = icmpSocket(ctx.netns, ctx.random('traceroute').between(1, 0xffff)).ownedBy(ctx.origin);
    if (options.method === 'tcp') {
      this.segments = rawSocket(ctx.netns, PROTO_TCP).ownedBy(ctx.origin);
      this.readable.push(this.segments.readable);
    }
  }

  /** Sends a probe; the errors of the calls that do it. */
  send(probe: Probe): Result<undefined> {
    const { method } = this.options;
    const index = this.sequence++;
    const sent =
      method === 'udp'
        ? this.sendUdp(probe, index)
        : method === 'icmp'
          ? this.sendEcho(probe, index)
          : this.sendSyn(probe);
    if (!sent.ok) return sent;
    probe.sentAt = this.ctx.now;
    this.pending.push(probe);
    return done;
  }

  private sendUdp(probe: Probe, index: number): Result<undefined> {
    const { address, port, length, source, device, tos, dontFragment } = this.options;
    const socket = udpSocket(this.ctx.netns).ownedBy(this.ctx.origin);
    socket.setOptions({ ttl: probe.ttl, tos, pmtuDiscovery: dontFragment ? 'probe' : 'dont', receiveErrors: true });
    if (device !== 0) socket.boundDevice = device;
    if (source !== 0) {
      const bound = udpBind(socket, source, 0);
      if (!bound.ok) return bound;
    }
    probe.key = (port + index) & 0xffff;
    const connected = udpConnect(socket, address, probe.key);
    if (!connected.ok) return connected;
    this.datagrams.set(probe, socket);
    this.readable.push(socket.readable);
    const sent = udpSend(socket, filler(length - 28));
    return sent.ok ? done : sent;
  }

  private sendEcho(probe: Probe, index: number): Result<undefined> {
    const { address, length, source, device, tos, dontFragment } = this.options;
    const socket = this.echo as IcmpSocket;
    socket.setOptions({ ttl: probe.ttl, tos, pmtuDiscovery: dontFragment ? 'probe' : 'dont' });
    if (device !== 0) socket.boundDevice = device;
    if (source !== 0) socket.local = source;
    probe.key = (index + 1) & 0xffff;
    const sent = icmpSendEcho(socket, address, probe.key, filler(length - 28));
    return sent.ok ? done : sent;
  }

  private sendSyn(probe: Probe): Result<undefined> {
    const { address, port, source, device, tos, dontFragment } = this.options;
    const { netns } = this.ctx;
    const route = ipRouteOutput(netns, address, { src: source, oif: device, tos });
    if (!route.ok) return route;
    const packet = rawPacket(this.segments as RawSocket);
    probe.key = this.ctx.random('traceroute').between(32768, 60999);
    packet.src = source !== 0 ? source : sourceFor(netns, route.value, address);
    packet.dst = address;
    packet.ttl = probe.ttl;
    packet.tos = tos;
    packet.dontFragment = dontFragment;
    packet.sport = probe.key;
    packet.dport = port;
    packet.seq = this.ctx.random('traceroute').uint32();
    packet.flags = TCP_SYN;
    packet.window = 5840;
    packet.tcpOptions = {
      mss: 1460,
      sackPermitted: true,
      timestamps: { value: Math.floor(this.ctx.now / 1000), echo: 0 },
      windowScale: 2,
    };
    return rawSend(this.segments as RawSocket, packet);
  }

  /** Takes in what has come; true when something did. */
  collect(): boolean {
    let any = false;
    for (let got = rawReceive(this.listener); got.ok; got = rawReceive(this.listener))
      any = this.fromIcmp(got.value) || any;
    if (this.segments !== undefined)
      for (let got = rawReceive(this.segments); got.ok; got = rawReceive(this.segments))
        any = this.fromTcp(got.value) || any;
    for (const [probe, socket] of this.datagrams) {
      const answer = udpReceive(socket);
      if (answer.ok) any = this.answered(probe, answer.value.address, answer.value.ttl, '', true) || any;
    }
    return any;
  }

  private fromIcmp(packet: Packet): boolean {
    if (packet.icmpType === ICMP_ECHO_REPLY) {
      if (this.echo === undefined || packet.icmpId !== this.echo.identifier) return false;
      const probe = this.pending.find((one) => one.key === packet.icmpSeq);
      return probe !== undefined && this.answered(probe, packet.src, packet.ttl, '', true);
    }
    const about = packet.quoted;
    if (about === null || about.dst !== this.options.address) return false;
    const probe = this.pending.find((one) => this.isAbout(one, about));
    if (probe === undefined) return false;
    if (packet.icmpType === ICMP_TIME_EXCEEDED) return this.answered(probe, packet.src, packet.ttl, '', false);
    if (packet.icmpType !== ICMP_UNREACHABLE) return false;
    if (packet.icmpCode === 4) probe.mtu = packet.icmpMtu;
    const mark =
      packet.icmpCode === 4 ? `!F-${packet.icmpMtu}` : (UNREACHABLE_MARKS[packet.icmpCode] ?? `!<${packet.icmpCode}>`);
    return this.answered(probe, packet.src, packet.ttl, mark, true);
  }

  private isAbout(probe: Probe, about: Packet): boolean {
    if (this.options.method === 'udp') return about.protocol === PROTO_UDP && about.dport === probe.key;
    if (this.options.method === 'tcp') return about.protocol === PROTO_TCP && about.sport === probe.key;
    return about.protocol === PROTO_ICMP && about.icmpId === this.echo?.identifier && about.icmpSeq === probe.key;
  }

  private fromTcp(packet: Packet): boolean {
    if (packet.src !== this.options.address || packet.sport !== this.options.port) return false;
    if ((packet.flags & TCP_RST) === 0 && (packet.flags & (TCP_SYN | TCP_ACK)) !== (TCP_SYN | TCP_ACK)) return false;
    const probe = this.pending.find((one) => one.key === packet.dport);
    return probe !== undefined && this.answered(probe, packet.src, packet.ttl, '', true);
  }

  private answered(probe: Probe, from: number, ttl: number, mark: string, final: boolean): boolean {
    if (probe.done) return false;
    probe.from = from;
    probe.answerTtl = ttl;
    probe.receivedAt = this.ctx.now;
    probe.mark = mark;
    probe.final = final;
    this.give(probe);
    return true;
  }

  /** Nobody waits for it any more. */
  give(probe: Probe): void {
    probe.done = true;
    const at = this.pending.indexOf(probe);
    if (at >= 0) this.pending.splice(at, 1);
    const socket = this.datagrams.get(probe);
    if (socket === undefined) return;
    this.datagrams.delete(probe);
    const place = this.readable.indexOf(socket.readable);
    if (place >= 0) this.readable.splice(place, 1);
    socket.close();
  }

  close(): void {
    for (const socket of this.datagrams.values()) socket.close();
    this.datagrams.clear();
    this.listener.close();
    this.echo?.close();
    this.segments?.close();
  }
}

/** `@ABC…`, as traceroute fills its packets. */
function filler(length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, length));
  for (let i = 0; i < bytes.length; i++) bytes[i] = 0x40 + (i & 0x3f);
  return bytes;
}

/** What the call was that failed, as perror names it. */
export function callThatFailed(method: Method, errno: Errno): string {
  return method === 'udp' && errno !== 'EPERM' && errno !== 'EMSGSIZE' ? 'connect' : 'send';
}
