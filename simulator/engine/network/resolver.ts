/**
 * The embedded DNS server: real sockets on 127.0.0.11 inside a sandbox, held by dockerd, found through the DNAT rules of
 * DOCKER_OUTPUT. Mirrors libnetwork resolver.go and resolver_unix.go of 26.1: names of the sandbox's networks are answered
 * from their tables, everything else is asked of the host's servers: from the sandbox, by its own way out, or (28) from the host.
 */
import { formatIpv4, ipv4, parseIpv4 } from '../../base/address.ts';
import { SECOND, type Timer } from '../../base/scheduler.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { tcpReceive, tcpSend, udpConnect, udpReceive, udpSend, udpSocket, type TcpSocket, type UdpSocket } from '../../transport/index.ts';
import { decodeDns, DNS_A, DNS_AAAA, DNS_IN, DNS_PTR, DNS_SERVFAIL, dnsReply, encodeDns, type DnsMessage, type DnsRecord } from '../../wire/dns.ts';
import type { DaemonSockets } from '../sockets.ts';
import * as dataplane from '../dataplane.ts';
import type { Sandbox } from './model.ts';
import type { NameTable } from './names.ts';

const RESOLVER_ADDRESS = ipv4('127.0.0.11');
/** Seconds. */
const TTL = 600;
const UPSTREAM_TIMEOUT = 4 * SECOND;
const MAX_UPSTREAMS = 3;

/** What the server needs to know from outside. */
export interface ResolverContext {
  readonly sockets: DaemonSockets;
  readonly hostNs: NetworkNamespace;
  /** Names of a network by its id. */
  names(networkId: string): NameTable | undefined;
  /** The host's name servers, in order. */
  upstreams(): readonly string[];
  /** Uniform in [0, bound): the order of several answers. */
  below(bound: number): number;
  /** Nothing is said when no server has answered. */
  readonly silent: boolean;
  /** Whence the host's servers are asked. */
  readonly asksFrom: 'sandbox' | 'host';
}

export class Resolver {
  private readonly context: ResolverContext;
  private readonly sandbox: Sandbox;
  private readonly ns: NetworkNamespace;
  private udp: UdpSocket | undefined;
  private tcp: TcpSocket | undefined;

  constructor(context: ResolverContext, sandbox: Sandbox, ns: NetworkNamespace) {
    this.context = context;
    this.sandbox = sandbox;
    this.ns = ns;
  }

  /** Opens the sockets and writes the rules that lead to them. */
  start(): void {
    const { sockets } = this.context;
    const udp = sockets.bindUdp(this.ns, RESOLVER_ADDRESS, 0, false, (datagram, socket) => {
      this.serve(datagram.payload, 'udp', (reply) => void udpSend(socket, reply, datagram.address, datagram.port));
    });
    const tcp = sockets.listen(this.ns, RESOLVER_ADDRESS, 0, false, (socket) => this.serveTcp(socket));
    if (!udp.ok || !tcp.ok) return;
    this.udp = udp.value;
    this.tcp = tcp.value;
    writeRules(this.ns, this.tcp.localPort, this.udp.localPort, this.sandbox);
  }

  stop(): void {
    if (this.udp !== undefined) this.context.sockets.close(this.udp);
    if (this.tcp !== undefined) this.context.sockets.close(this.tcp);
    this.udp = undefined;
    this.tcp = undefined;
  }

  private serveTcp(socket: TcpSocket): void {
    const { sockets } = this.context;
    sockets.adopt(socket);
    let pending = new Uint8Array(0);
    sockets.on(socket, () => {
      const bytes = tcpReceive(socket, 65536);
      if (!bytes.ok && bytes.errno === 'EAGAIN') return;
      if (!bytes.ok || bytes.value.length === 0) return sockets.close(socket);
      pending = Uint8Array.from([...pending, ...bytes.value]);
      while (pending.length >= 2) {
        const length = (pending[0] as number) * 256 + (pending[1] as number);
        if (pending.length < 2 + length) return;
        const query = pending.slice(2, 2 + length);
        pending = pending.slice(2 + length);
        this.serve(query, 'tcp', (reply) => void tcpSend(socket, Uint8Array.from([reply.length >>> 8, reply.length & 255, ...reply])));
      }
    });
  }

  private serve(bytes: Uint8Array, transport: 'udp' | 'tcp', send: (reply: Uint8Array) => void): void {
    const query = decodeDns(bytes);
    const question = query?.questions[0];
    if (query === undefined || question === undefined || query.response) return;
    const answers = this.answer(question.name, question.type);
    if (answers !== undefined) {
      const reply = encodeDns({ ...dnsReply(query, answers), additionals: [] }, false);
      send(transport === 'udp' && reply.length > 512 ? encodeDns({ ...dnsReply(query, []), truncated: true }, false) : reply);
      return;
    }
    this.forward(bytes, query, this.context.upstreams().slice(0, MAX_UPSTREAMS), send);
  }

  /** What is known here; undefined when the question must be asked elsewhere. */
  private answer(name: string, type: number): DnsRecord[] | undefined {
    if (type === DNS_PTR) {
      const address = fromReverse(name);
      const target = address === undefined ? undefined : this.reverse(address);
      return target === undefined ? undefined : [{ name, type: DNS_PTR, class: DNS_IN, ttl: TTL, data: { target } }];
    }
    // Other records (MX) are not looked up here, even of known names.
    if (type !== DNS_A && type !== DNS_AAAA) return undefined;
    const addresses = this.addressesOf(name);
    if (addresses === undefined) return undefined;
    if (type === DNS_AAAA) return []; // Known, and without an IPv6 address.
    return this.shuffled(addresses).map((address) => ({ name, type: DNS_A, class: DNS_IN, ttl: TTL, data: { address } }));
  }

  /** The whole name on every network, then each part before a dot with the rest as the network's name. */
  private addressesOf(name: string): number[] | undefined {
    const candidates: { host: string; network: string | undefined }[] = [{ host: name, network: undefined }];
    for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) candidates.push({ host: name.slice(0, dot), network: name.slice(dot + 1) });
    for (const { host, network } of candidates) {
      for (const endpoint of this.sandbox.sorted()) {
        if (endpoint.network.ingress || (network !== undefined && endpoint.network.name !== network)) continue;
        const found = this.context.names(endpoint.network.id)?.lookup(host);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  private reverse(address: number): string | undefined {
    for (const endpoint of this.sandbox.sorted()) {
      const name = this.context.names(endpoint.network.id)?.reverse(address);
      if (name !== undefined) return `${name}.${endpoint.network.name}`;
    }
    return undefined;
  }

  private shuffled(addresses: number[]): number[] {
    for (let i = addresses.length - 1; i > 0; i--) {
      const j = this.context.below(i + 1);
      [addresses[i], addresses[j]] = [addresses[j] as number, addresses[i] as number];
    }
    const first = addresses.length > 1 ? (this.ns.kernel.universe.chance?.drawn(addresses.map(formatIpv4), 0) ?? 0) : 0;
    return [...addresses.slice(first), ...addresses.slice(0, first)];
  }

  /** Asks one server after the other; without an answer the client hears SERVFAIL. */
  private forward(bytes: Uint8Array, query: DnsMessage, servers: readonly string[], send: (reply: Uint8Array) => void): void {
    const [server, ...others] = servers;
    const address = server === undefined ? undefined : parseIpv4(server);
    const onlyInternal = this.sandbox.endpoints.every(({ network }) => network.internal);
    if (address === undefined || onlyInternal) {
      if (this.context.silent) return;
      send(encodeDns({ ...dnsReply(query, [], DNS_SERVFAIL), recursionAvailable: false }, false));
      return;
    }
    const { sockets, hostNs, asksFrom } = this.context;
    // A server on the host's loopback is heard there only.
    const socket = udpSocket(asksFrom === 'host' || address >>> 24 === 127 ? hostNs : this.ns);
    sockets.adopt(socket);
    let timer: Timer | undefined = undefined;
    const next = (): void => {
      timer?.cancel();
      sockets.close(socket);
      this.forward(bytes, query, others, send);
    };
    if (!udpConnect(socket, address, 53).ok || !udpSend(socket, bytes).ok) return next();
    timer = hostNs.kernel.universe.scheduler.after(UPSTREAM_TIMEOUT, next);
    sockets.on(socket, () => {
      const reply = udpReceive(socket);
      if (!reply.ok) return reply.errno === 'EAGAIN' ? undefined : next();
      const message = decodeDns(reply.value.payload);
      if (message === undefined || message.rcode === DNS_SERVFAIL || message.rcode === 5) return next();
      timer?.cancel();
      sockets.close(socket);
      send(reply.value.payload);
    });
  }
}

/** `4.3.2.1.in-addr.arpa` → 1.2.3.4 */
function fromReverse(name: string): number | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/i.exec(name);
  return match === null ? undefined : parseIpv4(`${match[4]}.${match[3]}.${match[2]}.${match[1]}`);
}

/** setupIPTable: port 53 of 127.0.0.11 leads to the server's own ports, and its answers back. */
function writeRules(ns: NetworkNamespace, tcpPort: number, udpPort: number, sandbox: Sandbox): void {
  const { origin } = sandbox;
  const at = 'DOCKER_OUTPUT';
  const back = 'DOCKER_POSTROUTING';
  dataplane.openTable(ns, 'filter');
  // Each chain with the jump to it, so that they stand in this order.
  dataplane.newChain(ns, 'nat', at, origin);
  dataplane.insert(ns, 'nat', 'OUTPUT', `-d 127.0.0.11 -j ${at}`, origin);
  dataplane.newChain(ns, 'nat', back, origin);
  dataplane.insert(ns, 'nat', 'POSTROUTING', `-d 127.0.0.11 -j ${back}`, origin);
  const rules: [string, string][] = [
    [at, `-d 127.0.0.11 -p udp --dport 53 -j DNAT --to-destination 127.0.0.11:${udpPort}`],
    [back, `-s 127.0.0.11 -p udp --sport ${udpPort} -j SNAT --to-source :53`],
    [at, `-d 127.0.0.11 -p tcp --dport 53 -j DNAT --to-destination 127.0.0.11:${tcpPort}`],
    [back, `-s 127.0.0.11 -p tcp --sport ${tcpPort} -j SNAT --to-source :53`],
  ];
  // As the engine writes them: inserted at the head, so that the last comes first.
  for (const [chain, rule] of rules) dataplane.insert(ns, 'nat', chain, rule, origin);
}
