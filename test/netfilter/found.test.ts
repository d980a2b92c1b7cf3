// What the live differential test has found about netfilter, as the real kernel showed it.
import { describe, expect, test } from 'vitest';
import { framesAt, observe, type Small } from '../differential/small.ts';

const TCP = { protocol: 'tcp', dport: 80 } as const;

/** Small cases with the lines of counters (`node table [packets:octets] rule`) that the real kernel showed. */
const COUNTERS: readonly (readonly [what: string, small: Small, counters: readonly string[]])[] = [
  [
    'what mangle and nat of OUTPUT cannot route never gets to filter',
    {
      build: ['ip -n @a route del default'],
      rules: ['a nat -A OUTPUT -j DNAT --to-destination 172.31.7.1', 'a filter -A OUTPUT -p icmp -j ACCEPT'],
      probes: [{ protocol: 'icmp', dst: '10.7.1.1' }],
    },
    ['a filter [0:0] -A OUTPUT -p icmp -j ACCEPT'],
  ],
  [
    'ctstatus NONE is no bit, and no entry has it',
    { rules: ['r mangle -A PREROUTING -m conntrack --ctstatus NONE'], probes: [{}] },
    ['r mangle [0:0] -A PREROUTING -m conntrack --ctstatus NONE'],
  ],
  [
    'before it is confirmed an entry has no time left',
    {
      rules: ['r mangle -A PREROUTING -p udp -i r0 -m conntrack --ctexpire 1:10000'],
      probes: [{ dport: 81 }, { dport: 81 }],
    },
    ['r mangle [1:36] -A PREROUTING -i r0 -p udp -m conntrack --ctexpire 1:10000'],
  ],
  [
    'flags that never stand together are invalid',
    { rules: ['r mangle -A PREROUTING -m conntrack --ctstate INVALID'], probes: [{ ...TCP, flags: 3, length: 0 }] },
    ['r mangle [1:40] -A PREROUTING -m conntrack --ctstate INVALID'],
  ],
  [
    'security of nf_tables comes after the nat of INPUT',
    {
      rules: ['r nat -A INPUT -p udp -m conntrack --ctproto udp', 'r security -A INPUT -j DROP'],
      probes: [{ dst: '10.7.1.1' }],
    },
    ['r nat [1:36] -A INPUT -p udp -m conntrack --ctproto 17', 'r security [1:36] -A INPUT -j DROP'],
  ],
  [
    'security of ip_tables before it',
    {
      backend: 'legacy',
      rules: ['r nat -A INPUT -p udp -m conntrack --ctproto udp', 'r security -A INPUT -j DROP'],
      probes: [{ dst: '10.7.1.1' }],
    },
    ['r nat [0:0] -A INPUT -p udp -m conntrack --ctproto 17', 'r security [1:36] -A INPUT -j DROP'],
  ],
  [
    'a whole name is meant before an abbreviation',
    { rules: ['r filter -A FORWARD -p udp --sport 40000 -m multiport --dports 53,54 --dport 53'], probes: [{}] },
    ['r filter [1:36] -A FORWARD -p udp -m udp --sport 40000 --dport 53 -m multiport --dports 53,54'],
  ],
  [
    'fragments are whole only where connections are tracked',
    { rules: ['r raw -A PREROUTING -i r0 -p udp'], probes: [{ how: 'socket', length: 2000 }] },
    ['r raw [2:2048] -A PREROUTING -i r0 -p udp'],
  ],
  [
    'a broadcast that comes back to its sender has no Ethernet address',
    {
      rules: [
        'a filter -A INPUT -i a0 -s 10.7.1.2 -m mac ! --mac-source 02:00:00:00:00:09',
        'a filter -A INPUT -i a0 -s 10.7.1.2',
      ],
      probes: [{ dst: '10.7.1.255' }],
    },
    [
      'a filter [0:0] -A INPUT -s 10.7.1.2/32 -i a0 -m mac ! --mac-source 02:00:00:00:00:09',
      'a filter [1:36] -A INPUT -s 10.7.1.2/32 -i a0',
    ],
  ],
];

describe('counters', () => {
  test.each(COUNTERS)('%s', (_, small, counters) => {
    const seen = observe(small);
    expect(seen.failed).toEqual([]);
    expect(
      seen.rules.filter((line) =>
        counters.some((one) => one.slice(one.indexOf('] ')) === line.slice(line.indexOf('] '))),
      ),
    ).toEqual(counters);
  });
});

describe('connections', () => {
  test('a reset of REJECT closes the entry', () => {
    const { connections } = observe({
      rules: ['r filter -A OUTPUT -p tcp -m conntrack --ctstatus CONFIRMED -j REJECT --reject-with tcp-reset'],
      probes: [{ ...TCP, dst: '10.7.1.1' }],
    });
    expect(connections).toEqual([
      'r tcp CLOSE src=10.7.1.2 dst=10.7.1.1 sport=40000 dport=80 src=10.7.1.1 dst=10.7.1.2 sport=80 dport=40000',
    ]);
  });

  test('a SYN after a refused one gets the entry in step again', () => {
    const { connections } = observe({
      rules: ['r filter -A FORWARD -m conntrack --ctstate NEW', 'a filter -A INPUT -p tcp -j DROP'],
      probes: [
        { ...TCP, dst: '10.7.1.1', sequence: 1000 },
        { ...TCP, dst: '10.7.1.1', sequence: 1002 },
        { ...TCP, dst: '10.7.1.1', sequence: 1004 },
      ],
    });
    expect(connections.filter((line) => line.startsWith('r '))).toEqual([
      'r tcp SYN_RECV src=10.7.1.2 dst=10.7.1.1 sport=40000 dport=80 src=10.7.1.1 dst=10.7.1.2 sport=80 dport=40000',
    ]);
  });
});

describe('packets', () => {
  test('TCPMSS writes 536 where a SYN offers nothing', () => {
    const seen = observe({
      rules: ['r mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1000'],
      probes: [{ ...TCP, length: 0 }],
    });
    expect(framesAt(seen, 0, 'r r1 out').filter((frame) => frame.includes('tcp 40000 > 80 flags 2'))).toEqual([
      '10.7.1.2 > 10.7.2.2 ttl 63 tos 0 id * length 44 tcp 40000 > 80 flags 2 seq 1000 window 64240 mss 536',
    ]);
  });

  test('REJECT says nothing about octets above IP that do not add up', () => {
    const seen = observe({
      rules: ['r filter -A INPUT -j REJECT'],
      probes: [{ protocol: 'other', dst: '10.7.1.1', length: 9 }],
    });
    expect(framesAt(seen, 0, 'r r0 out').filter((frame) => frame.includes('icmp'))).toEqual([]);
  });

  test('a redirect about a connection whose NAT is not decided is dropped', () => {
    const small: Small = {
      build: ['ip -n @r route add 10.7.66.0/24 via 10.7.1.2'],
      probes: [{ protocol: 'icmp', dst: '10.7.66.6', ttl: 2 }],
    };
    const redirects = (one: Small): number =>
      framesAt(observe(one), 0, 'r r0 out').filter((frame) => frame.includes('icmp 5/1')).length;
    expect([redirects(small), redirects({ ...small, rules: ['r nat -A POSTROUTING -p sctp -j MASQUERADE'] })]).toEqual([
      1, 0,
    ]);
  });
});

test('of two echo requests that would be one, DNAT gives the second the first free identifier', () => {
  const seen = observe({
    rules: ['r nat -A PREROUTING -p icmp -j DNAT --to-destination 10.7.2.2'],
    probes: [
      { protocol: 'icmp', dst: '10.7.2.2' },
      { protocol: 'icmp', dst: '10.7.1.1' },
    ],
  });
  expect(framesAt(seen, 1, 'r r1 out').map((frame) => frame.replace(/.* icmp/, 'icmp'))).toContain(
    'icmp 8/0 id 0 seq 1000',
  );
});
