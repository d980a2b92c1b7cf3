// One small network for cases that the differential test has found: a 10.7.1.2 — 10.7.1.1 r 10.7.2.1 — 10.7.2.2 b, r forwards.
// What the emulator shows of a case is compared with what the real kernel showed.
import type { Backend, Probe, RuleLine } from './case.ts';
import { observeEmulated } from './emulated.ts';
import type { Observation } from './observation.ts';

const NODES = [
  { name: 'a', addresses: ['10.7.1.2'], devices: ['a0'] },
  { name: 'r', addresses: ['10.7.1.1', '10.7.2.1'], devices: ['r0', 'r1'] },
  { name: 'b', addresses: ['10.7.2.2'], devices: ['b0'] },
];

const BUILD = [
  ...NODES.map(({ name }) => `ip netns add @${name}`),
  'ip netns exec @r sysctl -qw net.ipv4.ip_forward=1',
  'ip link add a0 address 02:00:00:00:00:01 netns @a type veth peer name r0 address 02:00:00:00:00:02 netns @r',
  'ip link add r1 address 02:00:00:00:00:03 netns @r type veth peer name b0 address 02:00:00:00:00:04 netns @b',
  ...NODES.flatMap(({ name, devices }) => ['lo', ...devices].map((device) => `ip -n @${name} link set ${device} up`)),
  'ip -n @a addr add 10.7.1.2/24 dev a0',
  'ip -n @r addr add 10.7.1.1/24 dev r0',
  'ip -n @r addr add 10.7.2.1/24 dev r1',
  'ip -n @b addr add 10.7.2.2/24 dev b0',
  'ip -n @a route add default via 10.7.1.1',
  'ip -n @b route add default via 10.7.2.1',
];

const PROBE: Probe = {
  node: 'a',
  how: 'raw',
  protocol: 'udp',
  src: '10.7.1.2',
  dst: '10.7.2.2',
  sport: 40000,
  dport: 53,
  ttl: 64,
  tos: 0,
  id: 7,
  dontFragment: false,
  length: 8,
  flags: 2,
  sequence: 1000,
  ack: 0,
  ending: 'open',
};

export interface Small {
  /** Command lines after those of the network. */
  readonly build?: readonly string[];
  /** `node table line` */
  readonly rules?: readonly string[];
  readonly backend?: Backend;
  readonly probes: readonly Partial<Probe>[];
}

/** What the emulator shows, with each packet given 10 ms. */
export function observe({ build = [], rules = [], backend = 'nft', probes }: Small): Observation {
  const lines = rules.map((text): RuleLine => {
    const [, node = '', table = '', line = ''] = /^(\S+) (\S+) (.*)$/.exec(text) ?? [];
    return { node, table, line };
  });
  const sent = probes.map((probe): Probe => ({ ...PROBE, ...probe }));
  return observeEmulated(
    {
      topology: { kind: 'line', nodes: NODES, build: [...BUILD, ...build] },
      rules: lines,
      backend,
      restore: false,
      probes: sent,
    },
    sent.map(() => [0.01, 0.01, 0.01]),
  );
}

/** The frames of the packet numbered `probe` at one device and direction, without their link layer. */
export function framesAt(seen: Observation, probe: number, place: string): string[] {
  return (seen.probes[probe]?.frames ?? [])
    .filter((frame) => frame.startsWith(`${place} `))
    .map((frame) => frame.slice(place.length + 1).replace(/^\S+ /, ''));
}
