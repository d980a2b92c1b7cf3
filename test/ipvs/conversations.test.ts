// What happens to packets: rewriting, states and time-outs, refusals, ICMP, conntrack, and what the trace tells.
import { describe, expect, test } from 'vitest';
import { formatIpv4, ipv4 } from '../../simulator/base/address.ts';
import { SECOND } from '../../simulator/base/scheduler.ts';
import { encodeUtf8 } from '../../simulator/base/utf8.ts';
import { ipvsControl, writeIpvsSysctl } from '../../simulator/ipvs/index.ts';
import { ipLocalOut } from '../../simulator/kernel/ip-output.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { iptables } from '../../simulator/netfilter/index.ts';
import type { TraceEvent } from '../../simulator/trace/event.ts';
import { type Packet, PROTO_ICMP, PROTO_TCP, PROTO_UDP, TCP_SYN } from '../../simulator/wire/packet.ts';
import { DirectorLab } from './director.ts';

/** Events of one kind, in the director. */
function inDirector<K extends TraceEvent['kind']>(lab: DirectorLab, kind: K): Extract<TraceEvent, { kind: K }>[] {
  return lab.universe.events.filter(
    (event): event is Extract<TraceEvent, { kind: K }> => event.kind === kind && event.netns === 'netns d',
  );
}

/** Rows of `ipvsadm -lnc`: state, virtual, real. */
function rows(lab: DirectorLab): string[] {
  const connections = ipvsControl(lab.d, { op: 'connections' }, KERNEL_DEFAULT);
  if (!connections.ok) return [];
  return connections.value.map(
    (each) =>
      `${each.state} ${formatIpv4(each.virtualAddress)}:${each.virtualPort} ${formatIpv4(each.realAddress)}:${each.realPort}`,
  );
}

/** Counts of one server. */
function countsOf(lab: DirectorLab, address: string): { active: number; inactive: number } {
  const services = ipvsControl(lab.d, { op: 'list' }, KERNEL_DEFAULT);
  const server = services.ok
    ? services.value[0].destinations.find((each) => each.address === ipv4(address))
    : undefined;
  return { active: server?.activeConnections ?? -1, inactive: server?.inactiveConnections ?? -1 };
}

function sendFromClient(lab: DirectorLab, fields: Partial<Packet>): Packet {
  const packet = lab.universe.packets.make();
  Object.assign(packet, { src: ipv4('10.1.0.2'), dst: ipv4('10.1.0.100'), ttl: 64 }, fields);
  ipLocalOut(lab.c, packet);
  lab.run(20_000);
  return packet;
}

describe('masquerading', () => {
  test('the destination is rewritten, TTL goes down by one, and the reply comes back as the service', () => {
    const lab = new DirectorLab();
    lab.service('rr', [1]);
    expect(lab.seq(1)).toEqual(['s1']);
    const [first] = inDirector(lab, 'nat');
    expect(first).toMatchObject({ by: 'ipvs', manip: 'destination', hook: 'INPUT' });
    expect(formatIpv4(first.before.dst)).toBe('10.1.0.100');
    expect(formatIpv4(first.after.dst)).toBe('10.2.0.11');
    const told = inDirector(lab, 'ipvs').map(
      (event) => `${event.what} ${event.hook} ${event.service} ${event.scheduler} ${event.server}`,
    );
    expect(told.slice(0, 3)).toEqual([
      'scheduled INPUT TCP  10.1.0.100:80 rr 10.2.0.11:80',
      'reply FORWARD TCP  10.1.0.100:80 rr 10.2.0.11:80',
      'found INPUT TCP  10.1.0.100:80 rr 10.2.0.11:80',
    ]);
    const syn = lab.universe.events.find(
      (event) => event.kind === 'rx' && event.netns === 'netns s1' && event.packet.flags === TCP_SYN,
    );
    expect(syn?.packet.ttl).toBe(63);
    expect(formatIpv4(syn?.packet.src ?? 0)).toBe('10.1.0.2');
  });

  test('a service by mark keeps the port and counts for every address', () => {
    const lab = new DirectorLab();
    lab.setUp('-A -f 256 -s rr', '-a -f 256 -r 10.2.0.11 -m', '-a -f 256 -r 10.2.0.12 -m');
    // No rule marks packets here, so nothing belongs to the service.
    expect(lab.seq(1)).toEqual(['ECONNREFUSED']);
    expect(rows(lab)).toEqual([]);
  });

  test('with a TTL of one the client hears that it has run out', () => {
    const lab = new DirectorLab();
    lab.service('rr', [1]);
    sendFromClient(lab, { protocol: PROTO_UDP, sport: 9, dport: 80, ttl: 1 });
    lab.setUp('-A -u 10.1.0.100:80 -s rr', '-a -u 10.1.0.100:80 -r 10.2.0.11:80 -m');
    sendFromClient(lab, { protocol: PROTO_UDP, sport: 10, dport: 80, ttl: 1 });
    expect(inDirector(lab, 'drop').at(-1)).toMatchObject({ reason: 'IP_TTL_EXPIRED' });
    expect(
      lab.universe.events.some(
        (event) => event.kind === 'rx' && event.netns === 'netns c' && event.packet.icmpType === 11,
      ),
    ).toBe(true);
  });
});

describe('states', () => {
  test('a half-open connection is active, a closed one is not, and each has its time', () => {
    const lab = new DirectorLab();
    lab.service('rr', [1]);
    lab.setUp('-a -t 10.1.0.100:80 -r 10.2.0.77:80 -m');
    expect(lab.hold(1)).toEqual(['EAGAIN']);
    expect(rows(lab)).toEqual(['SYN_RECV 10.1.0.100:80 10.2.0.77:80']);
    expect(countsOf(lab, '10.2.0.77')).toEqual({ active: 1, inactive: 0 });
    expect(lab.hold(1)).toEqual(['s1']);
    expect(rows(lab)).toContain('ESTABLISHED 10.1.0.100:80 10.2.0.11:80');
    lab.setUp('-d -t 10.1.0.100:80 -r 10.2.0.77:80');
    lab.release();
    expect(countsOf(lab, '10.2.0.11')).toEqual({ active: 0, inactive: 1 });
    lab.run(121 * SECOND);
    expect(rows(lab)).toEqual([]);
    expect(countsOf(lab, '10.2.0.11')).toEqual({ active: 0, inactive: 0 });
  });

  test('connections outlive service and server, and count again when these come back', () => {
    const lab = new DirectorLab();
    lab.service('rr', [1]);
    lab.seq(3);
    lab.setUp('-C');
    expect(rows(lab)).toHaveLength(3);
    lab.service('rr', [1]);
    expect(countsOf(lab, '10.2.0.11')).toEqual({ active: 0, inactive: 3 });
  });

  test('UDP is inactive at once; the same source comes to the same server, with --ops to the next', () => {
    const lab = new DirectorLab();
    lab.setUp('-A -u 10.1.0.100:53 -s rr', ...[1, 2, 3].map((i) => `-a -u 10.1.0.100:53 -r 10.2.0.1${i}:53 -m`));
    expect([lab.ask('10.1.0.100'), lab.ask('10.1.0.100')]).toEqual(['s3', 's2']);
    expect([lab.ask('10.1.0.100', 4000), lab.ask('10.1.0.100', 4000)]).toEqual(['s1', 's1']);
    expect(rows(lab)).toHaveLength(3);
    expect(countsOf(lab, '10.2.0.11')).toEqual({ active: 0, inactive: 1 });
    lab.setUp('-E -u 10.1.0.100:53 -s rr --ops');
    expect([lab.ask('10.1.0.100', 4001)]).toEqual(['s3']);
    expect(rows(lab)).toHaveLength(3);
  });

  test('a persistent service keeps a client at its server', () => {
    const lab = new DirectorLab();
    lab.service('rr', [1, 1, 1], ' -p 300');
    expect(lab.seq(3)).toEqual(['s3', 's3', 's3']);
    expect(lab.seq(2, '10.1.0.100', ['10.1.0.20', '10.1.0.21'])).toEqual(['s2', 's1']);
    expect(rows(lab)).toContain('ASSURED 10.1.0.100:80 10.2.0.13:80');
    expect(lab.ipvsadm('-ln --persistent-conn').stdout).toContain(
      '  -> 10.2.0.13:80                 1         1           0          3         \n',
    );
    lab.run(301 * SECOND);
    // The template is looked at again a minute after its connections have gone.
    lab.run(120 * SECOND);
    expect(rows(lab)).toEqual([]);
  });
});

describe('with conntrack, as a swarm has it', () => {
  function rule(lab: DirectorLab, line: string): void {
    expect(iptables(lab.d, line.split(' '), KERNEL_DEFAULT)).toMatchObject({ status: 0, stderr: '' });
  }

  /** A mark, a service by it, and source NAT of what IPVS sends on. */
  function swarmLike(conntrack: string): DirectorLab {
    const lab = new DirectorLab();
    writeIpvsSysctl(lab.d, 'conntrack', conntrack);
    rule(lab, '-t mangle -A PREROUTING -p tcp -d 10.1.0.100/30 --dport 80 -j MARK --set-mark 256');
    rule(lab, '-t nat -A POSTROUTING -d 10.2.0.0/24 -m ipvs --ipvs -j SNAT --to-source 10.2.0.1');
    lab.setUp('-A -f 256 -s rr', ...[1, 2, 3].map((i) => `-a -f 256 -r 10.2.0.1${i} -m`));
    return lab;
  }

  function sourcesSeen(lab: DirectorLab): string[] {
    const rx = lab.universe.events.filter(
      (event) => event.kind === 'rx' && /netns s\d/.test(event.netns) && event.packet.flags === TCP_SYN,
    );
    return [...new Set(rx.map((event) => formatIpv4(event.packet.src)))];
  }

  test('a marked request to any address of the range is spread, and its source is rewritten', () => {
    const lab = swarmLike('1');
    expect(lab.seq(3)).toEqual(['s3', 's2', 's1']);
    expect(lab.seq(3, '10.1.0.101')).toEqual(['s3', 's2', 's1']);
    expect(sourcesSeen(lab)).toEqual(['10.2.0.1']);
    expect(rows(lab).filter((row) => row.startsWith('TIME_WAIT 10.1.0.101:80'))).toHaveLength(3);
    lab.run(2_000_000);
    expect(lab.ipvsadm('-ln --stats').stdout).toContain('FWM  256                                 6 ');
  });

  test('without conntrack the rule for source NAT does nothing', () => {
    const lab = swarmLike('0');
    expect(lab.seq(3)).toEqual(['s3', 's2', 's1']);
    expect(sourcesSeen(lab)).toEqual(['10.1.0.2']);
  });

  test('filter FORWARD sees the replies only, OUTPUT the requests', () => {
    const lab = swarmLike('1');
    for (const chain of ['INPUT', 'FORWARD', 'OUTPUT'])
      for (const end of ['--dport', '--sport']) rule(lab, `-A ${chain} -p tcp ${end} 80`);
    lab.seq(1);
    const counts = iptables(lab.d, ['-nvxL'], KERNEL_DEFAULT)
      .stdout.split('\n')
      .flatMap((line) => /^ +(\d+) +\d+ +tcp .*tcp ([sd]pt)/.exec(line)?.slice(1).join(' ') ?? []);
    expect(counts).toEqual(['5 dpt', '0 spt', '0 dpt', '3 spt', '5 dpt', '0 spt']);
  });
});

describe('no server', () => {
  test.each([
    ['all have weight 0', ['-e -t 10.1.0.100:80 -r 10.2.0.11:80 -m -w 0']],
    ['the service is empty', ['-d -t 10.1.0.100:80 -r 10.2.0.11:80']],
  ])('the client is refused when %s', (_, lines) => {
    const lab = new DirectorLab();
    lab.service('rr', [1]);
    lab.setUp(...lines);
    expect(lab.seq(1)).toEqual(['ECONNREFUSED']);
    expect(inDirector(lab, 'ipvs').at(-1)).toMatchObject({ what: 'refused', service: 'TCP  10.1.0.100:80' });
    expect(inDirector(lab, 'drop').at(-1)).toMatchObject({ reason: 'IPVS_NO_DESTINATION' });
  });

  test('an open connection to a removed server hangs; with expire_nodest_conn it is refused', () => {
    for (const [knob, rest] of [
      ['0', 1],
      ['1', 0],
    ] as const) {
      const lab = new DirectorLab();
      writeIpvsSysctl(lab.d, 'expire_nodest_conn', knob);
      lab.service('rr', [1]);
      lab.hold(1);
      lab.setUp('-d -t 10.1.0.100:80 -r 10.2.0.11:80');
      lab.run(1000);
      expect(rows(lab)).toHaveLength(rest);
      lab.release();
      expect(inDirector(lab, 'drop').some((event) => event.reason === 'IPVS_DESTINATION_GONE')).toBe(rest === 1);
    }
  });

  test('thresholds close a server until it is emptier', () => {
    const lab = new DirectorLab();
    lab.setUp('-A -t 10.1.0.100:80 -s rr', '-a -t 10.1.0.100:80 -r 10.2.0.11:80 -m -x 2');
    expect(lab.hold(3)).toEqual(['s1', 's1', 'ECONNREFUSED']);
  });
});

describe('ICMP', () => {
  test('an error of a real server comes to the client as one of the service', () => {
    const lab = new DirectorLab();
    lab.setUp('-A -u 10.1.0.100:9 -s rr', '-a -u 10.1.0.100:9 -r 10.2.0.11:99 -m');
    sendFromClient(lab, { protocol: PROTO_UDP, sport: 5000, dport: 9, payload: encodeUtf8('x') });
    const error = lab.universe.events.findLast(
      (event) => event.kind === 'rx' && event.netns === 'netns c' && event.packet.protocol === PROTO_ICMP,
    )?.packet;
    expect(error).toMatchObject({ icmpType: 3, icmpCode: 3, src: ipv4('10.1.0.100') });
    expect(error?.quoted).toMatchObject({ dst: ipv4('10.1.0.100'), dport: 9, src: ipv4('10.1.0.2'), sport: 5000 });
  });

  test('an error about a reply goes to the real server', () => {
    const lab = new DirectorLab();
    lab.service('rr', [1]);
    lab.hold(1);
    const reply = lab.universe.events.findLast(
      (event) => event.kind === 'rx' && event.netns === 'netns c' && event.packet.protocol === PROTO_TCP,
    )?.packet as Packet;
    sendFromClient(lab, { protocol: PROTO_ICMP, icmpType: 3, icmpCode: 4, icmpMtu: 1400, quoted: reply });
    const seen = lab.universe.events.findLast(
      (event) => event.kind === 'rx' && event.netns === 'netns s1' && event.packet.protocol === PROTO_ICMP,
    )?.packet;
    expect(seen).toMatchObject({ dst: ipv4('10.2.0.11'), icmpMtu: 1400 });
    expect(seen?.quoted).toMatchObject({ src: ipv4('10.2.0.11'), sport: 80, dst: ipv4('10.1.0.2') });
  });
});

test('direct routing leaves the packet as it is and chooses only the way', () => {
  const lab = new DirectorLab();
  lab.setUp('-A -t 10.1.0.100:80 -s rr', '-a -t 10.1.0.100:80 -r 10.2.0.12 -g');
  sendFromClient(lab, { protocol: PROTO_TCP, sport: 7000, dport: 80, flags: TCP_SYN });
  const seen = lab.universe.events.find(
    (event) => event.kind === 'rx' && event.netns === 'netns s2' && event.packet.protocol === PROTO_TCP,
  )?.packet;
  expect(seen).toMatchObject({ dst: ipv4('10.1.0.100'), dport: 80, ttl: 63 });
});
