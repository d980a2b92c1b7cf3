// What a replay reads from a recording about time and chance, and what it may not explain away.
import { describe, expect, test } from 'vitest';
import { acknowledgements, settle } from '../../src/cli/acks.ts';
import { causeOf } from '../../src/cli/causes.ts';
import { Chances, countersIn } from '../../src/cli/chances.ts';
import { byKind, countdownsIn, type Countdown } from '../../src/cli/countdowns.ts';
import { pairPorts } from '../../src/cli/ports.ts';
import type { Step } from '../../src/cli/recording.ts';
import { dateIn, entriesIn, shift, spread } from '../../src/cli/tempo.ts';

const entry = (port: number, left: number, server = '10.2.0.11:80'): Countdown => ({
  state: 'TIME_WAIT',
  client: '10.1.0.2',
  port,
  service: '10.1.0.100:80',
  server,
  left,
  timeout: 120,
});

describe('countdowns', () => {
  test.each([
    ['ipvsadm -lnc', 'TCP 01:43  TIME_WAIT   10.1.0.2:48478     10.1.0.100:80      10.2.0.12:80\n', 48478, 103, 120],
    ['ipvsadm -lnc', 'UDP 04:37  UDP         10.1.0.2:4000      10.1.0.100:53      10.2.0.12:53\n', 4000, 277, 300],
    ['cat /proc/net/ip_vs_conn', 'TCP 0A010002 BD5E 0A010064 0050 0A02000C 0050 TIME_WAIT        44\n', 48478, 44, 120],
    [
      'conntrack -L',
      'udp      17 29 src=172.18.0.2 dst=192.168.56.1 sport=49937 dport=53 [UNREPLIED] src=192.168.56.1 dst=172.18.0.2 sport=53 dport=49937 mark=0 use=1\n',
      49937,
      29,
      30,
    ],
  ])('of %s', (cmd, text, port, left, timeout) => {
    expect(countdownsIn(cmd, text)).toMatchObject([{ port, left, timeout }]);
  });

  test('are told apart by state, client and service, not by port or server', () => {
    expect(
      byKind([entry(40000, 3), entry(40002, 5, '10.2.0.12:80'), { ...entry(40004, 5), state: 'FIN_WAIT' }]).size,
    ).toBe(2);
  });
});

describe('time', () => {
  test('what is lacking is spread over the steps between, to the second', () => {
    const learnt = spread([0.1, 0.1, 0.1, 0.1, 0.1], [{ after: 0, to: 4, more: 4.5 }]);
    expect(learnt[0]).toBe(0.1);
    expect(learnt.slice(1).reduce((sum, each) => sum + each, 0)).toBeCloseTo(4.4);
    expect(spread([0.1, 0.1], [{ after: 0, to: 1, more: 0.9 }])).toEqual([0.1, 0.1]);
  });

  test('a step that comes earlier leaves the others where they were', () => {
    const moved = shift([0.5, 0.5, 0.5, 0.5], new Map([[2, 0.7]]));
    expect(moved[3]).toBeCloseTo(1.2);
    expect(moved.reduce((sum, each) => sum + each, 0)).toBeCloseTo(2);
    const later = shift([0.5, 0.5, 0.5, 0.5], new Map([[1, -0.3]]));
    expect(later[1]).toBeCloseTo(0.8);
    expect(later[2]).toBeCloseTo(0.2);
  });

  test('dates and entries are read', () => {
    const text = (second: number): string => `# Completed on Fri Nov 20 11:32:${second} 2026\n`;
    expect((dateIn(text(29)) as number) - (dateIn(text(23)) as number)).toBe(6);
    expect(dateIn('no date')).toBeUndefined();
    expect(entriesIn('  -> 10.2.0.11:80                 Masq    1      0          258       \n')).toBe(258);
    expect(entriesIn('TCP 01:43  TIME_WAIT   a b c\nTCP 01:43  TIME_WAIT   a b c\n')).toBe(2);
  });
});

describe('acknowledgements', () => {
  test.each([
    ['two more', [12, 60, 38, 3216, 2108], [12, 60, 36, 3216, 2004], 2],
    ['none', [1, 5, 3, 268, 167], [1, 5, 3, 268, 167], 0],
    ['another size', [1, 5, 4, 268, 227], [1, 5, 3, 268, 167], undefined],
    ['another connection', [2, 5, 3, 268, 167], [1, 5, 3, 268, 167], undefined],
    ['another packet came in', [1, 6, 4, 320, 219], [1, 5, 3, 268, 167], undefined],
    ['more than there were conversations', [1, 5, 7, 268, 375], [1, 5, 3, 268, 167], undefined],
  ])('%s', (_, recorded, own, more) => {
    expect(acknowledgements(recorded, own)).toBe(more);
  });

  test('only rows of the same name are settled', () => {
    const row = (name: string, out: string): string => `TCP  ${name.padEnd(28)}        1        5 ${out}\n`;
    const [three, four] = ['       3      268      167', '       4      268      219'];
    const cmd = 'ipvsadm -ln --stats';
    expect(settle(cmd, row('10.1.0.100:80', four), row('10.1.0.100:80', three), new Map())).toBe(
      row('10.1.0.100:80', four),
    );
    expect(settle(cmd, row('10.1.0.101:80', four), row('10.1.0.100:80', three), new Map())).toBe(
      row('10.1.0.100:80', three),
    );
  });
});

describe('samples', () => {
  const step = (counters: string): Step => ({
    node: 'node1',
    cmd: 'ipvsadm -ln --stats',
    stdout: `TCP  10.1.0.100:80                  ${counters}\n`,
    stderr: '',
    exit: 0,
  });
  const states = [
    [0, 0, 0, 0, 0],
    [1, 1, 0, 60, 0],
    [1, 5, 3, 268, 167],
  ];
  const sampled = (counters: string): unknown => {
    const chances = new Chances(new Map());
    chances.begin(0, step(counters));
    return chances.sampled('TCP  10.1.0.100:80', [[0, 0, 0, 0, 0]], states);
  };

  test('are taken where the emulator was', () => {
    expect(countersIn(step('1 1 0 60 0').stdout)).toEqual([['TCP  10.1.0.100:80', [1, 1, 0, 60, 0]]]);
    expect(sampled('1 1 0 60 0')).toEqual({ base: 0, state: 1 });
  });

  test('are not taken where it never was', () => {
    expect(sampled('1 5 0 60 0')).toBeUndefined();
    expect(sampled('1 1 0 64 0')).toBeUndefined();
  });
});

describe('the first address of a name', () => {
  const id = 'aa86c42bbd4e';
  const inspected = `{"${id.padEnd(64, '0')}":{"Name":"rr.3","EndpointID":"0","MacAddress":"02:42:0a:00:01:13","IPv4Address":"10.0.1.19/24"}}`;
  const shown = {
    node: 'node1',
    ns: 'host',
    cmd: 'docker network inspect demonet',
    stdout: inspected,
    stderr: '',
    exit: 0,
  };
  const addresses = ['10.0.1.17', '10.0.1.18', '10.0.1.19'];

  test.each([
    ['dig +short rr', '10.0.1.18\n10.0.1.17\n10.0.1.19\n', 1],
    ['ping -c 1 rr', 'PING rr (10.0.1.19): 56 data bytes\n', 2],
    ['curl -sS http://rr:8000/', `I'm ${id}\n`, 2],
    ['curl -sS http://rr:8000/', "I'm somebody\n", 0],
  ])('%s', (cmd, stdout, place) => {
    const chances = new Chances(new Map(), undefined, false, [shown]);
    chances.begin(0, { ...shown, cmd, stdout });
    expect(chances.drawn(addresses, 0)).toBe(place);
  });
});

describe('ports', () => {
  test('connections get the ports of the recorded ones in their order', () => {
    const own = [entry(50000, 30), entry(40000, 30), entry(45000, 31)];
    const recorded = [entry(37540, 31), entry(37522, 30), entry(37532, 30)];
    expect(pairPorts(own, recorded).map(({ recorded: port }) => port)).toEqual([37522, 37532, 37540]);
  });

  test('one that is missing had the port of a younger one in its place', () => {
    const own = ['a', 'b', 'a', 'c', 'b', 'a'].map((server, i) => entry(i + 1, 30, server));
    const ports: [number, string][] = [
      [37500, 'a'],
      [37510, 'b'],
      [37522, 'a'],
      [37540, 'b'],
      [37550, 'a'],
    ];
    const recorded = ports.map(([port, server]) => entry(port, 30, server));
    const pairs = pairPorts([...own, entry(7, 92)], [...recorded, entry(37534, 92)]);
    expect(pairs.find((pair) => pair.own === 4)?.recorded).toBe(37534);
    expect(pairs.find((pair) => pair.own === 5)?.recorded).toBe(37540);
  });
});

describe('causes', () => {
  test.each([
    [
      '52 octets are an acknowledgement',
      'iptables-save -c',
      '-:FORWARD ACCEPT [29:1623]\n+:FORWARD ACCEPT [28:1571]',
      /acknowledges FIN/,
    ],
    ['61 octets are not', 'iptables-save -c', '-:OUTPUT ACCEPT [5:461]\n+:OUTPUT ACCEPT [4:400]', /^Counters/],
    [
      'another rule is no counter',
      'iptables-save',
      '--A INPUT -j DROP\n+-A INPUT -j ACCEPT',
      /^Unknown: iptables-save/,
    ],
    ['the same rules elsewhere', 'iptables-save', '--A A\n--A B\n+-A B\n+-A A', /another order/],
    ['what nobody knows stays unknown', 'frobnicate', '-a\n+b', /^Unknown: frobnicate prints/],
  ])('%s', (_, cmd, diff, cause) => {
    expect(causeOf('kernel-x', cmd, diff)).toMatch(cause);
  });
});
