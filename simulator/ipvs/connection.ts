/**
 * IPVS connections and their table. Mirrors net/netfilter/ipvs/ip_vs_conn.c: one hash by protocol and client, in which
 * a packet of either direction finds its connection.
 *
 * Deviation: time-outs are checked against virtual time when a connection's timer comes up, not moved with each packet;
 * the effect is the same. The table grows with use, though listings name the kernel's fixed size.
 */
import type { Timer } from '../base/scheduler.ts';
import type { IpvsService, RealServer } from './service.ts';

/** What a template's protocol is in a service by mark (IPPROTO_IP). */
export const PROTO_TEMPLATE = 0;

/** struct ip_vs_conn */
export class IpvsConnection {
  readonly protocol: number;
  readonly clientAddress: number;
  readonly clientPort: number;
  /** As the client wrote it; of templates by mark the mark itself. */
  readonly virtualAddress: number;
  readonly virtualPort: number;
  readonly realAddress: number;
  readonly realPort: number;
  /** The server stays the same object even when it has left its service. */
  readonly server: RealServer;
  readonly service: IpvsService;
  readonly scheduler: string;
  /** A persistence template: no packets of its own, it holds the choice for others. */
  readonly template: boolean;
  readonly onePacket: boolean;
  /** vs.conntrack was on when it was made (IP_VS_CONN_F_NFCT). */
  conntrack: boolean;
  /** Replies do not come through here (IP_VS_CONN_F_NOOUTPUT): direct routing. */
  noOutput: boolean;
  /** Protocol state; see states.ts. */
  state = 0;
  /** Counted as inactive (IP_VS_CONN_F_INACTIVE). */
  inactive = true;
  /** Microseconds after the last packet. */
  timeout: number;
  /** Virtual microseconds. */
  expires = 0;
  timer: Timer | null = null;
  /** The template it obeys, and for a template how many obey it. */
  control: IpvsConnection | null = null;
  controlled = 0;
  /** Next in the bucket. */
  next: IpvsConnection | null = null;
  dead = false;

  constructor(init: {
    readonly protocol: number;
    readonly clientAddress: number;
    readonly clientPort: number;
    readonly virtualAddress: number;
    readonly virtualPort: number;
    readonly realPort: number;
    readonly server: RealServer;
    readonly template: boolean;
    readonly onePacket: boolean;
    readonly conntrack: boolean;
    readonly timeout: number;
  }) {
    this.protocol = init.protocol;
    this.clientAddress = init.clientAddress;
    this.clientPort = init.clientPort;
    this.virtualAddress = init.virtualAddress;
    this.virtualPort = init.virtualPort;
    this.realAddress = init.server.address;
    this.realPort = init.realPort;
    this.server = init.server;
    this.service = init.server.service;
    this.scheduler = init.server.service.scheduler.name;
    this.template = init.template;
    this.onePacket = init.onePacket;
    this.conntrack = init.conntrack;
    this.noOutput = init.server.forward !== 'masq';
    this.timeout = init.timeout;
  }
}

/** The connections of one namespace. */
export class ConnectionTable {
  private buckets: (IpvsConnection | null)[] = new Array<IpvsConnection | null>(16).fill(null);
  size = 0;

  /** The connection a packet from client to virtual service belongs to. */
  findIn(
    protocol: number,
    clientAddress: number,
    clientPort: number,
    virtualAddress: number,
    virtualPort: number,
  ): IpvsConnection | null {
    let connection = this.buckets[this.bucket(protocol, clientAddress, clientPort)];
    while (connection !== null) {
      if (
        connection.clientPort === clientPort &&
        connection.virtualPort === virtualPort &&
        connection.clientAddress === clientAddress &&
        connection.virtualAddress === virtualAddress &&
        connection.protocol === protocol &&
        !connection.template
      ) {
        return connection;
      }
      connection = connection.next;
    }
    return null;
  }

  /** The connection a packet from real server to client belongs to. */
  findOut(
    protocol: number,
    realAddress: number,
    realPort: number,
    clientAddress: number,
    clientPort: number,
  ): IpvsConnection | null {
    let connection = this.buckets[this.bucket(protocol, clientAddress, clientPort)];
    while (connection !== null) {
      if (
        connection.clientPort === clientPort &&
        connection.realPort === realPort &&
        connection.clientAddress === clientAddress &&
        connection.realAddress === realAddress &&
        connection.protocol === protocol &&
        !connection.template
      ) {
        return connection;
      }
      connection = connection.next;
    }
    return null;
  }

  /** The template for a client of a persistent service. */
  findTemplate(
    protocol: number,
    clientAddress: number,
    virtualAddress: number,
    virtualPort: number,
  ): IpvsConnection | null {
    let connection = this.buckets[this.bucket(protocol, clientAddress, 0)];
    while (connection !== null) {
      if (
        connection.template &&
        connection.clientAddress === clientAddress &&
        connection.virtualAddress === virtualAddress &&
        connection.virtualPort === virtualPort &&
        connection.protocol === protocol
      ) {
        return connection;
      }
      connection = connection.next;
    }
    return null;
  }

  add(connection: IpvsConnection): void {
    if (this.size >= this.buckets.length * 2) this.grow();
    const at = this.bucket(connection.protocol, connection.clientAddress, connection.clientPort);
    connection.next = this.buckets[at];
    this.buckets[at] = connection;
    this.size++;
  }

  remove(connection: IpvsConnection): void {
    const at = this.bucket(connection.protocol, connection.clientAddress, connection.clientPort);
    let previous: IpvsConnection | null = null;
    for (let each = this.buckets[at]; each !== null; each = each.next) {
      if (each === connection) {
        if (previous === null) this.buckets[at] = each.next;
        else previous.next = each.next;
        each.next = null;
        this.size--;
        return;
      }
      previous = each;
    }
  }

  /** All connections in the order of the hash. */
  list(): IpvsConnection[] {
    const all: IpvsConnection[] = [];
    for (let each of this.buckets) for (; each !== null; each = each.next) all.push(each);
    return all;
  }

  private bucket(protocol: number, address: number, port: number): number {
    let hash = Math.imul(address ^ protocol, 0x9e3779b1) ^ Math.imul(port, 0x85ebca6b);
    hash ^= hash >>> 15;
    return hash & (this.buckets.length - 1);
  }

  private grow(): void {
    const all = this.list();
    this.buckets = new Array<IpvsConnection | null>(this.buckets.length * 4).fill(null);
    // From the back, so that the youngest stands first in its bucket again.
    for (const connection of all.reverse()) {
      const at = this.bucket(connection.protocol, connection.clientAddress, connection.clientPort);
      connection.next = this.buckets[at];
      this.buckets[at] = connection;
    }
  }
}
