// UDP, ping sockets and raw sockets: who gets what, and which errors come back.
import { describe, expect, test } from 'vitest';
import { decodeUtf8 } from '../../simulator/base/utf8.ts';
import { createDevice, setUp } from '../../simulator/kernel/devices.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import {
  icmpReceive,
  icmpSendEcho,
  icmpSocket,
  rawReceive,
  rawSocket,
  tcpDiag,
  udpBind,
  udpConnect,
  udpDiag,
  udpReceive,
  udpSend,
  type UdpSocket,
  udpSocket,
} from '../../simulator/transport/index.ts';
import { A, B, bytes, type Lab, makeLab } from './lab.ts';

function server(lab: Lab, port: number, address = 0): UdpSocket {
  const socket = udpSocket(lab.b);
  expect(udpBind(socket, address, port).ok).toBe(true);
  return socket;
}

function text(socket: UdpSocket): string {
  const datagram = udpReceive(socket);
  return datagram.ok ? decodeUtf8(datagram.value.payload) : datagram.errno;
}

describe('udp', () => {
  test('a question and its answer are one conversation', () => {
    const lab = makeLab();
    const flows = new Set<number>();
    lab.devA.taps.push((packet) => {
      if (packet.protocol === 17) flows.add(packet.flow);
    });
    const listener = server(lab, 53);
    const client = udpSocket(lab.a);
    expect(udpSend(client, bytes('who?'), B, 53)).toEqual({ ok: true, value: 4 });
    lab.run(0.1);
    const question = udpReceive(listener);
    if (!question.ok) throw new Error(question.errno);
    expect(question.value).toMatchObject({ address: A, to: B, ttl: 64 });
    udpSend(listener, bytes('me'), question.value.address, question.value.port);
    lab.run(0.1);
    expect(text(client)).toBe('me');
    expect(flows.size).toBe(1);
  });

  test('nobody there: ICMP reaches a connected socket as ECONNREFUSED, an unconnected one not at all', () => {
    const lab = makeLab();
    const connected = udpSocket(lab.a);
    udpConnect(connected, B, 9);
    const loose = udpSocket(lab.a);
    udpSend(connected, bytes('x'));
    udpSend(loose, bytes('x'), B, 9);
    lab.run(0.1);
    expect(udpReceive(connected)).toMatchObject({ errno: 'ECONNREFUSED' });
    expect(udpReceive(loose)).toMatchObject({ errno: 'EAGAIN' });
  });

  test('the most specific socket gets the datagram', () => {
    const lab = makeLab();
    const wildcard = udpSocket(lab.b);
    wildcard.setOptions({ reuseAddress: true });
    const exact = udpSocket(lab.b);
    exact.setOptions({ reuseAddress: true });
    udpBind(wildcard, 0, 53);
    udpBind(exact, B, 53);
    udpSend(udpSocket(lab.a), bytes('hello'), B, 53);
    lab.run(0.1);
    expect([text(exact), text(wildcard)]).toEqual(['hello', 'EAGAIN']);
  });

  test('a port is taken once, and a tunnel of the kernel takes one without a process', () => {
    const lab = makeLab();
    server(lab, 53);
    expect(udpBind(udpSocket(lab.b), B, 53)).toMatchObject({ errno: 'EADDRINUSE' });
    const vxlan = createDevice(lab.b, { kind: 'vxlan', name: 'vx0', origin: KERNEL_DEFAULT, vxlan: { vni: 42, dstPort: 4789 } });
    if (!vxlan.ok) throw new Error(vxlan.errno);
    setUp(vxlan.value, true);
    expect(udpBind(udpSocket(lab.b), 0, 4789)).toMatchObject({ errno: 'EADDRINUSE' });
    expect(udpDiag(lab.b).map(({ localPort, inode }) => [localPort, inode !== 0])).toContainEqual([4789, false]);
    expect(tcpDiag(lab.b)).toEqual([]);
  });

  test('a datagram larger than the MTU arrives whole', () => {
    const lab = makeLab();
    const listener = server(lab, 53);
    udpSend(udpSocket(lab.a), new Uint8Array(4000), B, 53);
    lab.run(0.1);
    const got = udpReceive(listener);
    expect(got.ok && got.value.payload.length).toBe(4000);
  });

  test('a full receive buffer drops', () => {
    const lab = makeLab();
    const listener = server(lab, 53);
    const client = udpSocket(lab.a);
    // The first finds the neighbour; a hundred at once is all that would wait for it.
    udpSend(client, new Uint8Array(1000), B, 53);
    lab.run(0.1);
    for (let i = 0; i < 399; i++) udpSend(client, new Uint8Array(1000), B, 53);
    lab.run(1);
    expect(listener.drops).toBeGreaterThan(100);
    expect(listener.queue.length + listener.drops).toBe(400);
  });
});

describe('icmp', () => {
  test('replies come to the socket with their identifier only', () => {
    const lab = makeLab();
    const mine = icmpSocket(lab.a, 7);
    const other = icmpSocket(lab.a, 8);
    icmpSendEcho(mine, B, 1, bytes('data'));
    lab.run(0.1);
    expect(icmpReceive(mine)).toMatchObject({ ok: true, value: { from: B, sequence: 1, ttl: 64 } });
    expect(icmpReceive(other)).toMatchObject({ errno: 'EAGAIN' });
  });

  test('errors stand in the error queue with their sender', () => {
    const lab = makeLab();
    const socket = icmpSocket(lab.a, 7);
    icmpSendEcho(socket, A + 76, 3, bytes('data'));
    lab.run(4);
    expect(socket.errors.take()).toMatchObject({ errno: 'EHOSTUNREACH', offender: A, type: 3, code: 1, icmpSeq: 3 });
  });

  test('what must not be cut is refused when it does not fit', () => {
    const lab = makeLab();
    const socket = icmpSocket(lab.a, 7);
    socket.setOptions({ pmtuDiscovery: 'do' });
    expect(icmpSendEcho(socket, B, 1, new Uint8Array(1473))).toMatchObject({ errno: 'EMSGSIZE' });
    expect(icmpSendEcho(socket, B, 1, new Uint8Array(1472)).ok).toBe(true);
  });
});

test('a raw socket gets copies of its protocol', () => {
  const lab = makeLab();
  const raw = rawSocket(lab.b, 17);
  const listener = server(lab, 53);
  udpSend(udpSocket(lab.a), bytes('seen twice'), B, 53);
  lab.run(0.1);
  expect(text(listener)).toBe('seen twice');
  expect(rawReceive(raw)).toMatchObject({ ok: true, value: { dport: 53 } });
});
