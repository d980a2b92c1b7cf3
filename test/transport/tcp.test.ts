// TCP between two namespaces: the segments of an exchange as the recorded captures have them, losses, ends, queues.
import { describe, expect, test } from 'vitest';
import { SECOND } from '../../simulator/base/scheduler.ts';
import { strerror } from '../../simulator/base/errno.ts';
import { tcpAccept, tcpBind, tcpConnect, tcpDiag, tcpListen, tcpReceive, tcpSend, tcpShutdown, tcpSocket, type TcpSocket, transportOf } from '../../simulator/transport/index.ts';
import { TCP_ACK, TCP_FIN, TCP_SYN } from '../../simulator/wire/packet.ts';
import { A, B, bytes, type Lab, makeLab, read } from './lab.ts';

function listen(lab: Lab, port = 8000, backlog = 128): TcpSocket {
  const listener = tcpSocket(lab.b, true);
  expect(tcpBind(listener, 0, port).ok).toBe(true);
  expect(tcpListen(listener, backlog).ok).toBe(true);
  return listener;
}

function connect(lab: Lab, port = 8000, seconds = 0.1): TcpSocket {
  const client = tcpSocket(lab.a);
  expect(tcpConnect(client, B, port)).toMatchObject({ errno: 'EINPROGRESS' });
  lab.run(seconds);
  return client;
}

function accepted(listener: TcpSocket): TcpSocket {
  const child = tcpAccept(listener);
  if (!child.ok) throw new Error(strerror(child.errno));
  return child.value;
}

describe('one request', () => {
  test('is the recorded sequence of segments, windows included', () => {
    const lab = makeLab();
    const listener = listen(lab);
    const client = connect(lab);
    const server = accepted(listener);
    tcpSend(client, bytes('G'.repeat(82)));
    lab.run(0.01);
    expect(read(server)).toBe('G'.repeat(82));
    tcpSend(server, bytes('A'.repeat(134)));
    lab.run(0.01);
    expect(read(client)).toBe('A'.repeat(134));
    client.close();
    lab.run(0.001);
    expect(read(server)).toBe('');
    server.close();
    lab.run(1);
    expect(lab.seen).toEqual([
      '> [S] seq 0 len 0 win 64240',
      '< [S.] seq 0 ack 1 len 0 win 65160',
      '> [.] seq 1 ack 1 len 0 win 502',
      '> [P.] seq 1 ack 1 len 82 win 502',
      '< [.] seq 1 ack 83 len 0 win 509',
      '< [P.] seq 1 ack 83 len 134 win 509',
      '> [.] seq 83 ack 135 len 0 win 501',
      '> [F.] seq 83 ack 135 len 0 win 501',
      '< [F.] seq 135 ack 84 len 0 win 509',
      '> [.] seq 84 ack 136 len 0 win 501',
    ]);
    expect(client.state).toBe('TIME_WAIT');
    expect(server.state).toBe('CLOSE');
    lab.run(60);
    expect(client.state).toBe('CLOSE');
    expect(transportOf(lab.a).tcpAll.size).toBe(0);
  });

  test('over a narrower link offers the windows of the ingress network', () => {
    // packet-path-vip: MSS 1410, SYN 64860, then 64896 and 64768; the answering side 64308 and 64256.
    const lab = makeLab();
    lab.devA.mtu = lab.devB.mtu = 1450;
    const listener = listen(lab);
    const client = connect(lab);
    const server = accepted(listener);
    tcpSend(client, bytes('G'.repeat(82)));
    lab.run(0.01);
    read(server);
    tcpSend(server, bytes('A'.repeat(134)));
    lab.run(0.01);
    const windows = lab.seen.map((line) => Number(line.split(' win ')[1]) * (line.includes('[S') ? 1 : 128));
    expect(windows).toEqual([64860, 64308, 64896, 64896, 64256, 64256, 64768]);
    expect(client.mss).toBe(1398);
  });

  test('leaves the conversation of the SYN on every packet', () => {
    const lab = makeLab();
    const listener = listen(lab);
    const flows = new Set<number>();
    lab.devA.taps.push((packet) => {
      if (packet.protocol === 6) flows.add(packet.flow);
    });
    const client = connect(lab);
    const server = accepted(listener);
    tcpSend(server, bytes('hello'));
    lab.run(0.1);
    expect([...flows]).toEqual([client.flow]);
    expect(server.flow).toBe(client.flow);
  });
});

describe('loss', () => {
  test('SYNs go out each second, then ever more rarely, and the caller hears ETIMEDOUT', () => {
    const lab = makeLab();
    lab.lose('b', () => true);
    const sent: number[] = [];
    const start = lab.universe.scheduler.now;
    lab.devA.taps.push((packet) => {
      if (packet.protocol === 6) sent.push(Math.round((lab.universe.scheduler.now - start) / SECOND));
    });
    const client = connect(lab, 8000, 140);
    expect(sent).toEqual([0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67]);
    expect(client.error).toBe('ETIMEDOUT');
    expect(client.state).toBe('CLOSE');
  });

  test('a lost SYN-ACK is repeated', () => {
    const lab = makeLab();
    let left = 1;
    lab.lose('a', (packet) => packet.protocol === 6 && (packet.flags & TCP_SYN) !== 0 && left-- > 0);
    const listener = listen(lab);
    const client = connect(lab, 8000, 2.5);
    expect(client.state).toBe('ESTABLISHED');
    expect(accepted(listener).state).toBe('ESTABLISHED');
    expect(tcpAccept(listener)).toMatchObject({ errno: 'EAGAIN' });
  });

  test('a lost segment comes again after the retransmission timeout', () => {
    const lab = makeLab();
    let left = 1;
    lab.lose('b', (packet) => packet.payload.length > 0 && left-- > 0);
    const listener = listen(lab);
    const client = connect(lab);
    const server = accepted(listener);
    tcpSend(client, bytes('once'));
    lab.run(0.15);
    expect(read(server)).toBe('EAGAIN');
    lab.run(0.2);
    expect(read(server)).toBe('once');
    expect(client.totalRetransmits).toBe(1);
  });

  test('100 kB arrive whole and in order although every seventh segment is lost', () => {
    const lab = makeLab();
    let count = 0;
    lab.lose('b', (packet) => packet.payload.length > 0 && ++count % 7 === 0);
    const listener = listen(lab);
    const client = connect(lab);
    const server = accepted(listener);
    const text = Array.from({ length: 20_000 }, (_, i) => String(i).padStart(5, '0')).join('');
    expect(tcpSend(client, bytes(text))).toEqual({ ok: true, value: 100_000 });
    tcpShutdown(client, 'write');
    let got = '';
    for (let i = 0; i < 600 && !server.receiveShutdown; i++) {
      lab.run(0.1);
      const part = read(server);
      if (part !== 'EAGAIN') got += part;
    }
    expect(got).toBe(text);
    expect(server.state).toBe('CLOSE_WAIT');
    expect(client.totalRetransmits).toBeGreaterThan(5);
  });
});

describe('window', () => {
  test('closes when nobody reads, and the sender goes on once there is room', () => {
    const lab = makeLab();
    const listener = listen(lab);
    const client = connect(lab);
    const server = accepted(listener);
    tcpSend(client, new Uint8Array(200_000));
    lab.run(5);
    expect(server.receiveQueue.length).toBeLessThanOrEqual(70_000);
    expect(server.receiveQueue.length).toBeGreaterThan(50_000);
    const waiting = server.receiveQueue.length;
    lab.run(2);
    expect(server.receiveQueue.length).toBe(waiting);
    let total = 0;
    for (let i = 0; i < 40; i++) {
      const part = tcpReceive(server, 65536);
      if (part.ok) total += part.value.length;
      lab.run(0.5);
    }
    expect(total).toBe(200_000);
  });
});

describe('ends', () => {
  test('nobody listens: RST, and the caller hears ECONNREFUSED', () => {
    const lab = makeLab();
    const client = connect(lab, 9);
    expect(client.error).toBe('ECONNREFUSED');
    expect(lab.seen).toEqual(['> [S] seq 0 len 0 win 64240', `< [R.] seq 0 ack 1 len 0 win 0`]);
  });

  test('closing with unread data resets', () => {
    const lab = makeLab();
    const listener = listen(lab);
    const client = connect(lab);
    const server = accepted(listener);
    tcpSend(client, bytes('unread'));
    lab.run(0.01);
    server.close();
    lab.run(0.01);
    expect(lab.seen.at(-1)).toContain('[R.]');
    expect(tcpReceive(client, 10)).toMatchObject({ errno: 'ECONNRESET' });
  });

  test('the half that is closed still takes data from the other', () => {
    const lab = makeLab();
    const listener = listen(lab);
    const client = connect(lab);
    const server = accepted(listener);
    tcpShutdown(client, 'write');
    lab.run(0.1);
    expect(read(server)).toBe('');
    expect([client.state, server.state]).toEqual(['FIN_WAIT2', 'CLOSE_WAIT']);
    tcpSend(server, bytes('late'));
    lab.run(0.1);
    expect(read(client)).toBe('late');
    expect(tcpSend(client, bytes('x'))).toMatchObject({ errno: 'EPIPE' });
  });

  test('a repeated FIN is acknowledged from TIME_WAIT', () => {
    const lab = makeLab();
    const listener = listen(lab);
    const client = connect(lab);
    const server = accepted(listener);
    client.close();
    lab.run(0.01);
    let left = 1;
    lab.lose('b', (packet) => (packet.flags & (TCP_ACK | TCP_FIN)) === TCP_ACK && left-- > 0);
    server.close();
    lab.run(0.05);
    expect(server.state).toBe('LAST_ACK');
    lab.run(1);
    expect(server.state).toBe('CLOSE');
    expect(client.state).toBe('TIME_WAIT');
  });

  test('an unroutable destination is refused at once', () => {
    const lab = makeLab();
    expect(tcpConnect(tcpSocket(lab.a), 0x08080808, 80)).toMatchObject({ errno: 'ENETUNREACH' });
  });

  test('nobody answers ARP: EHOSTUNREACH after three seconds', () => {
    const lab = makeLab();
    const client = tcpSocket(lab.a);
    tcpConnect(client, A + 76, 80);
    lab.run(2.5);
    expect(client.error).toBeUndefined();
    lab.run(1.5);
    expect(client.error).toBe('EHOSTUNREACH');
  });
});

describe('queues of a listener', () => {
  test('what nobody accepts is still a connection, up to the backlog', () => {
    const lab = makeLab();
    const listener = listen(lab, 8000, 1);
    const clients = [connect(lab), connect(lab), connect(lab)];
    expect(clients.map((client) => client.state)).toEqual(['ESTABLISHED', 'ESTABLISHED', 'SYN_SENT']);
    const [row] = tcpDiag(lab.b);
    expect(row).toMatchObject({ state: 'LISTEN', receiveQueue: 2, sendQueue: 1, inet6: true, inode: listener.inode });
    expect(tcpAccept(listener).ok).toBe(true);
    lab.run(2);
    expect(clients[2]?.state).toBe('ESTABLISHED');
  });

  test('two listeners cannot share a port, an address and the wildcard neither', () => {
    const lab = makeLab();
    listen(lab);
    expect(tcpBind(tcpSocket(lab.b), B, 8000)).toMatchObject({ errno: 'EADDRINUSE' });
    expect(tcpBind(tcpSocket(lab.b), A, 8001)).toMatchObject({ errno: 'EADDRNOTAVAIL' });
  });

  test('closing a listener resets those who wait', () => {
    const lab = makeLab();
    const listener = listen(lab);
    const client = connect(lab);
    listener.close();
    lab.run(0.1);
    expect(client.error).toBe('ECONNRESET');
    expect(connect(lab).error).toBe('ECONNREFUSED');
  });
});

describe('loopback', () => {
  test('offers the windows of the loopback device', () => {
    const lab = makeLab();
    const windows: number[] = [];
    lab.b.device('lo')?.taps.push((packet, _dev, direction) => {
      if (direction === 'out') windows.push(packet.window);
    });
    const listener = listen(lab);
    const client = tcpSocket(lab.b);
    tcpConnect(client, 0x7f000001, 8000);
    lab.run(0.1);
    expect(accepted(listener).local).toBe(0x7f000001);
    expect(windows).toEqual([65495, 65483, 512]);
  });

  test('::1 reaches IPv6 listeners only', () => {
    const lab = makeLab();
    const listener = listen(lab);
    const v4 = tcpSocket(lab.b);
    tcpBind(v4, 0, 80);
    tcpListen(v4, 5);
    const client = tcpSocket(lab.b, true);
    tcpConnect(client, 1, 8000, true);
    const refused = tcpSocket(lab.b, true);
    tcpConnect(refused, 1, 80, true);
    lab.run(0.1);
    expect(client.state).toBe('ESTABLISHED');
    expect(accepted(listener).loopback6).toBe(true);
    expect(refused.error).toBe('ECONNREFUSED');
  });
});
