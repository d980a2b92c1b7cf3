// Connection tracking and NAT: what `conntrack -L` shows after known traffic, as in the recordings kernel-conntrack and kernel-iptables.
import { describe, expect, test } from 'vitest';
import { SECOND } from '../../simulator/base/scheduler.ts';
import { ipv4 } from '../../simulator/base/address.ts';
import { deleteConntrack, listConntrack } from '../../simulator/netfilter/index.ts';
import { alterReply, dropConntrack } from '../../simulator/netfilter/forIpvs.ts';
import { TCP_ACK } from '../../simulator/wire/packet.ts';
import { ipLocalOut } from '../../simulator/kernel/ip-output.ts';
import { Lab } from './lab.ts';

/** Entries without what differs from run to run: seconds, client ports, ICMP identifiers. */
function shown(lab: Lab): string[] {
  return lab.conntrack(lab.r).map((line) =>
    line
      .replace(/^(\S+ +\d+) \d+ /, '$1 T ')
      .replace(/sport=(3|4|5|6)\d{4}/g, 'sport=C')
      .replace(/dport=(3|4|5|6)\d{4}/g, 'dport=C')
      .replace(/ id=\d+/g, ' id=I'),
  );
}

describe('conntrack', () => {
  test('is off until a rule asks for it, and off again after the last', () => {
    const lab = new Lab();
    lab.r$('-t nat -A POSTROUTING -m addrtype --src-type LOCAL');
    lab.ping(lab.c, '10.2.0.2', 1);
    expect(shown(lab)).toEqual([]);
    // Its chain has counted nothing, either: nat sees tracked packets only.
    expect(lab.r$('-t nat -S -v')).toContain('-A POSTROUTING -m addrtype --src-type LOCAL -c 0 0');
    lab.r$('-A FORWARD -m conntrack --ctstate NEW');
    lab.ping(lab.c, '10.2.0.2', 1);
    expect(shown(lab)).toEqual([
      'icmp     1 T src=10.1.0.2 dst=10.2.0.2 type=8 code=0 id=I src=10.2.0.2 dst=10.1.0.2 type=0 code=0 id=I mark=0 use=1',
    ]);
    lab.r$('-F FORWARD');
    lab.ping(lab.c, '10.2.0.2', 1);
    expect(shown(lab)).toHaveLength(1);
  });

  test('states and time-outs of ICMP, UDP and TCP', () => {
    const lab = new Lab();
    lab.r$('-A FORWARD -m conntrack --ctstate NEW');
    lab.ping(lab.c, '10.2.0.2', 2);
    expect(lab.udp(lab.c, '10.2.0.2', 53, { address: '10.1.0.2', port: 5000 })).toBe('dns\n');
    lab.udp(lab.c, '10.2.0.2', 99, { address: '10.1.0.2', port: 5001 });
    expect(lab.tcp(lab.c, '10.2.0.2', 80)).toBe('web\n');
    // Refused: the reset takes the entry away.
    expect(lab.tcp(lab.c, '10.2.0.2', 81)).toBe('ECONNREFUSED');
    expect(shown(lab)).toEqual([
      'icmp     1 T src=10.1.0.2 dst=10.2.0.2 type=8 code=0 id=I src=10.2.0.2 dst=10.1.0.2 type=0 code=0 id=I mark=0 use=1',
      'udp      17 T src=10.1.0.2 dst=10.2.0.2 sport=5000 dport=53 src=10.2.0.2 dst=10.1.0.2 sport=53 dport=5000 mark=0 use=1',
      'udp      17 T src=10.1.0.2 dst=10.2.0.2 sport=5001 dport=99 [UNREPLIED] src=10.2.0.2 dst=10.1.0.2 sport=99 dport=5001 mark=0 use=1',
      'tcp      6 T TIME_WAIT src=10.1.0.2 dst=10.2.0.2 sport=C dport=80 src=10.2.0.2 dst=10.1.0.2 sport=80 dport=C [ASSURED] mark=0 use=1',
    ]);
    lab.run(31 * SECOND);
    expect(shown(lab)).toHaveLength(1);
    lab.run(90 * SECOND);
    expect(shown(lab)).toEqual([]);
  });

  test('picks up a connection in the middle, with the short time-out', () => {
    const lab = new Lab();
    lab.r$('-A FORWARD -m conntrack --ctstate NEW');
    const packet = lab.universe.packets.make();
    Object.assign(packet, {
      protocol: 6,
      dst: ipv4('10.2.0.2'),
      sport: 40122,
      dport: 80,
      flags: TCP_ACK,
      seq: 5,
      ack: 7,
      window: 500,
    });
    // Silence the answer, which would be a reset.
    lab.iptables(lab.s, '-A INPUT -p tcp -j DROP');
    ipLocalOut(lab.c, packet);
    lab.run(SECOND);
    expect(lab.conntrack(lab.r)).toEqual([
      'tcp      6 299 ESTABLISHED src=10.1.0.2 dst=10.2.0.2 sport=40122 dport=80 [UNREPLIED] src=10.2.0.2 dst=10.1.0.2 sport=80 dport=40122 mark=0 use=1',
    ]);
  });

  test('an ICMP error is RELATED to what it quotes', () => {
    const lab = new Lab();
    for (const state of ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID'])
      lab.r$(`-A FORWARD -m conntrack --ctstate ${state}`);
    lab.udp(lab.c, '10.2.0.2', 9);
    const counts = lab.r$('-S FORWARD -v').match(/-c \d+/g);
    // The policy's own counter comes first.
    expect(counts?.slice(1)).toEqual(['-c 1', '-c 0', '-c 1', '-c 0']);
  });

  test('NOTRACK leaves packets alone', () => {
    const lab = new Lab();
    lab.r$('-t raw -A PREROUTING -p icmp -j NOTRACK');
    lab.r$('-A FORWARD -m conntrack --ctstate UNTRACKED');
    lab.r$('-A FORWARD -m conntrack --ctstate NEW');
    lab.ping(lab.c, '10.2.0.2', 3);
    expect(
      lab
        .r$('-S FORWARD -v')
        .match(/-c \d+/g)
        ?.slice(1),
    ).toEqual(['-c 6', '-c 0']);
    expect(shown(lab)).toEqual([]);
  });
});

describe('nat', () => {
  test('DNAT both ways, seen once by the rule and by every packet after', () => {
    const lab = new Lab();
    lab.r$('-t nat -A PREROUTING -d 10.1.0.1 -p tcp --dport 8000 -j DNAT --to-destination 10.2.0.2:80');
    lab.r$('-A FORWARD -m conntrack --ctstate DNAT');
    const events = lab.traced(() => expect(lab.tcp(lab.c, '10.1.0.1', 8000)).toBe('web\n'));
    expect(shown(lab)).toEqual([
      'tcp      6 T TIME_WAIT src=10.1.0.2 dst=10.1.0.1 sport=C dport=8000 src=10.2.0.2 dst=10.1.0.2 sport=80 dport=C [ASSURED] mark=0 use=1',
    ]);
    expect(lab.r$('-t nat -S PREROUTING -v')).toContain('-c 1 60 -j DNAT');
    const nats = events.filter((event) => event.kind === 'nat').slice(0, 2);
    expect(nats.map((event) => event.kind === 'nat' && [event.hook, event.manip, event.by])).toEqual([
      ['PREROUTING', 'destination', 'rule'],
      ['POSTROUTING', 'source', 'conntrack'],
    ]);
    // conntrack is off in the server's own namespace.
    expect(lab.conntrack(lab.s)).toEqual([]);
  });

  test('MASQUERADE takes the outgoing device’s address, and another port on a clash', () => {
    const lab = new Lab();
    lab.r$('-t nat -A POSTROUTING -o rs -j MASQUERADE');
    expect(lab.udp(lab.c, '10.2.0.2', 53, { address: '10.1.0.2', port: 6000 })).toBe('dns\n');
    // The same port from the router itself.
    expect(lab.udp(lab.r, '10.2.0.2', 53, { address: '10.2.0.1', port: 6000 })).toBe('dns\n');
    const [first, second] = lab.conntrack(lab.r) as [string, string];
    expect(first).toContain('src=10.2.0.2 dst=10.2.0.1 sport=53 dport=6000');
    expect(second).toContain('src=10.2.0.1 dst=10.2.0.2 sport=6000');
    expect(second).not.toContain('dport=6000');
  });

  test('SNAT to a range of ports stays in it; a source nobody answers for stays UNREPLIED', () => {
    const lab = new Lab();
    lab.r$('-t nat -A POSTROUTING -p tcp -d 10.2.0.2 -j SNAT --to-source 10.2.0.1:40000-40010');
    lab.r$('-t nat -A POSTROUTING -p icmp -j SNAT --to-source 10.2.0.99');
    expect(lab.tcp(lab.c, '10.2.0.2', 80)).toBe('web\n');
    lab.ping(lab.c, '10.2.0.2', 1);
    const [tcp, icmp] = lab.conntrack(lab.r) as [string, string];
    expect(tcp).toMatch(/src=10\.2\.0\.2 dst=10\.2\.0\.1 sport=80 dport=400(0\d|10) /);
    expect(icmp).toContain('[UNREPLIED] src=10.2.0.2 dst=10.2.0.99 type=0');
  });

  test('REDIRECT: to the device’s address from outside, to the loopback from here', () => {
    const lab = new Lab();
    lab.r$('-t nat -P INPUT ACCEPT');
    lab.r$('-t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 9000');
    lab.r$('-t nat -A OUTPUT -p tcp --dport 7 -j REDIRECT --to-ports 9000');
    expect(lab.tcp(lab.c, '10.2.0.2', 80)).toBe('router\n');
    expect(lab.tcp(lab.r, '10.2.0.2', 7)).toBe('router\n');
    expect(shown(lab).map((line) => line.slice(line.indexOf('src=')))).toEqual([
      'src=10.1.0.2 dst=10.2.0.2 sport=C dport=80 src=10.1.0.1 dst=10.1.0.2 sport=9000 dport=C [ASSURED] mark=0 use=1',
      'src=10.2.0.1 dst=10.2.0.2 sport=C dport=7 src=127.0.0.1 dst=10.2.0.1 sport=9000 dport=C [ASSURED] mark=0 use=1',
    ]);
    expect(lab.r$('-t nat -S -v')).toContain('-P INPUT ACCEPT -c 1 60');
  });

  test('an ICMP error about a translated packet is translated, outside and inside', () => {
    const lab = new Lab();
    lab.r$('-t nat -A PREROUTING -p udp --dport 8002 -j DNAT --to-destination 10.2.0.2:9');
    const events = lab.traced(() => lab.udp(lab.c, '10.1.0.1', 8002));
    const error = events.find((event) => event.netns === 'c' && event.kind === 'rx' && event.packet.icmpType === 3);
    expect(error?.packet.src).toBe(ipv4('10.1.0.1'));
    expect(error?.packet.quoted).toMatchObject({ dst: ipv4('10.1.0.1'), dport: 8002 });
  });

  test('an entry outlives its rule', () => {
    const lab = new Lab();
    const ask = (): string => lab.udp(lab.c, '10.1.0.1', 5353, { address: '10.1.0.2', port: 5000 });
    lab.r$('-A FORWARD -m conntrack --ctstate NEW');
    lab.r$('-t nat -A PREROUTING -p udp --dport 5353 -j DNAT --to-destination 10.2.0.2:53');
    expect(ask()).toBe('dns\n');
    lab.r$('-t nat -F');
    expect(ask()).toBe('dns\n');
    deleteConntrack(lab.r, {});
    expect(ask()).not.toBe('dns\n');
  });
});

describe('for IPVS', () => {
  test('alters the reply of an unconfirmed entry only, and drops by original tuple', () => {
    const lab = new Lab();
    lab.r$('-A FORWARD -m conntrack --ctstate NEW');
    lab.udp(lab.c, '10.2.0.2', 53, { address: '10.1.0.2', port: 5000 });
    const entry = listConntrack(lab.r)[0];
    const packet = lab.universe.packets.make();
    packet.ct = entry ?? null;
    packet.ctInfo = 1;
    alterReply(lab.r, packet, 'source', ipv4('10.9.9.9'), 77);
    expect(entry?.reply.src).toBe(ipv4('10.2.0.2'));
    dropConntrack(lab.r, 17, ipv4('10.1.0.2'), 5000, ipv4('10.2.0.2'), 53);
    expect(listConntrack(lab.r)).toEqual([]);
  });
});
