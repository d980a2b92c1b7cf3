// What the live differential test has found about routing, ARP, ICMP and bridges, as the real kernel showed it.
import { describe, expect, test } from 'vitest';
import { framesAt, observe, type Small } from '../differential/small.ts';

/** ICMP errors and answers that leave r towards the sender, by type and code. */
function answers(small: Small): string[] {
  return framesAt(observe(small), 0, 'r r0 out').flatMap((frame) => /icmp (\d+\/\d+)/.exec(frame)?.[1] ?? []);
}

const ANSWERS: readonly (readonly [what: string, small: Small, answers: readonly string[]])[] = [
  [
    'where there is no way nobody asks whether the source is true',
    { build: ['ip netns exec @r sysctl -qw net.ipv4.conf.all.rp_filter=1'], probes: [{ dst: '10.7.66.6' }] },
    ['3/0'],
  ],
  [
    'a rule `unreachable` means the network',
    { build: ['ip -n @r rule add priority 9 iif r0 unreachable'], probes: [{}] },
    ['3/0'],
  ],
  [
    'a route `unreachable` means the host',
    { build: ['ip -n @r route add unreachable 10.7.2.2/32'], probes: [{}] },
    ['3/1'],
  ],
  [
    'who does not forward is silent about routes that refuse',
    {
      build: ['ip netns exec @r sysctl -qw net.ipv4.ip_forward=0', 'ip -n @r route add unreachable 10.7.2.2/32'],
      probes: [{}],
    },
    [],
  ],
  [
    'forwarding is a matter of the device',
    { build: ['ip netns exec @r sysctl -qw net.ipv4.conf.r0.forwarding=0'], probes: [{ protocol: 'icmp', ttl: 1 }] },
    [],
  ],
  ['an echo request to all is not answered', { probes: [{ protocol: 'icmp', dst: '10.7.1.255' }] }, []],
];

test.each(ANSWERS)('%s', (_, small, expected) => {
  expect(answers(small)).toEqual(expected);
});

const ERRORS: readonly (readonly [what: string, small: Small, error: string])[] = [
  [
    'a rule `unreachable` is ENETUNREACH to the sender',
    { build: ['ip -n @a rule add priority 9 iif lo unreachable'], probes: [{}] },
    'ENETUNREACH',
  ],
  [
    'without a route and without a source there is no way to all',
    { build: ['ip -n @a route del default'], probes: [{ dst: '255.255.255.255' }] },
    'ENETUNREACH',
  ],
];

test.each(ERRORS)('%s', (_, small, error) => {
  expect(observe(small).probes[0]?.errors).toEqual([error]);
});

describe('next hops', () => {
  test('what refuses, or needs a next hop itself, does not stand in the way of one on the link', () => {
    const { failed } = observe({
      build: [
        'ip -n @a route add blackhole 10.7.1.9/32',
        'ip -n @a route add default via 10.7.1.9 table 100',
        'ip -n @r route add 10.7.2.7/32 via 10.7.1.2',
        'ip -n @r route add 10.7.66.0/24 via 10.7.2.7',
      ],
      probes: [],
    });
    expect(failed).toEqual([]);
  });
});

describe('ARP', () => {
  const arps = (small: Small, place: string): string[] =>
    framesAt(observe(small), 0, place).flatMap((frame) => /^arp 2 (\S+)/.exec(frame)?.[1] ?? []);

  test('nobody is answered who could not stand there (rp_filter)', () => {
    const small: Small = {
      build: ['ip -n @b route del default', 'ip -n @b addr add 10.7.9.9/32 dev lo'],
      probes: [{ node: 'r', src: '10.7.1.1', dst: '10.7.2.2' }],
    };
    const strict = [...(small.build ?? []), 'ip netns exec @b sysctl -qw net.ipv4.conf.all.rp_filter=1'];
    expect([arps(small, 'b b0 out'), arps({ ...small, build: strict }, 'b b0 out')]).toEqual([['10.7.2.2'], []]);
  });

  test('arp_ignore 2: any network of the device may hold both', () => {
    const build = [
      'ip -n @r addr add 10.7.1.100/32 dev r0',
      'ip netns exec @r sysctl -qw net.ipv4.conf.r0.arp_ignore=2',
    ];
    expect(arps({ build, probes: [{ dst: '10.7.1.100' }] }, 'r r0 out')).toContain('10.7.1.100');
  });

  test('without proxy_delay another is answered for at once', () => {
    const build = [
      'ip -n @a addr add 10.7.1.3/16 dev a0',
      'ip netns exec @r sysctl -qw net.ipv4.neigh.r0.proxy_delay=0',
      'ip netns exec @r sysctl -qw net.ipv4.conf.r0.proxy_arp=1',
    ];
    expect(arps({ build, probes: [{}] }, 'r r0 out')).toEqual(['10.7.2.2']);
  });
});

test('who speaks to all hears itself', () => {
  const seen = observe({ rules: ['a filter -A INPUT -i a0 -s 10.7.1.2'], probes: [{ dst: '10.7.1.255' }] });
  expect(seen.rules.filter((line) => line.includes('-A INPUT'))).toEqual([
    'a filter [1:36] -A INPUT -s 10.7.1.2/32 -i a0',
  ]);
});

test('what came in pieces leaves in pieces no larger', () => {
  const seen = observe({
    build: ['ip -n @r link set r1 mtu 1000', 'ip -n @b link set b0 mtu 1000'],
    rules: ['r filter -A FORWARD -m conntrack --ctstate NEW'],
    probes: [{ node: 'b', how: 'socket', src: '10.7.2.2', dst: '10.7.1.2', dport: 81, length: 1400 }],
  });
  const lengths = framesAt(seen, 0, 'r r0 out').flatMap((frame) => /length (\d+) protocol 17/.exec(frame)?.[1] ?? []);
  expect(lengths).toEqual(['452', '996']);
});

test('a bridge says to all ports what it says itself', () => {
  const build = [
    'ip -n @r link add br0 address 02:00:00:00:00:09 type bridge',
    'ip -n @r link set r1 master br0',
    'ip -n @r link set br0 up',
    'bridge -n @r link set dev r1 bcast_flood off',
    'ip -n @r addr flush dev r1',
    'ip -n @r addr add 10.7.2.1/24 dev br0',
  ];
  const seen = observe({ build, probes: [{ node: 'r', src: '10.7.2.1', dst: '10.7.2.2' }] });
  expect(framesAt(seen, 0, 'r r1 out')[0]).toMatch(/^10.7.2.1 > 10.7.2.2|^arp 1 10.7.2.1/);
});
