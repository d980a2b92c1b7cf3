// The comparison behind `meshwalk replay`: what may differ from a recording, and what may not.
import { describe, expect, test } from 'vitest';
import { compareText, diffLines, inOwnWords } from '../../src/cli/compare.ts';
import { causes } from '../../src/cli/causes.ts';
import { Symbols } from '../../src/cli/symbols.ts';
import { toolOf } from '../../src/cli/tools.ts';

const ID = 'khhptykn4yuq4avryj8f39ofi';
const OWN = 'zq81m5n0c7w2x3v4b6a9s8d7f';
const compare = (recorded: string, own: string, command: string, symbols = new Symbols()): boolean =>
  compareText(recorded, own, command, 'node1', symbols, new Map()).equal;

describe('ids', () => {
  test('may differ, but one to one', () => {
    const symbols = new Symbols();
    expect(compare(`${ID}\n`, `${OWN}\n`, 'docker network create x', symbols)).toBe(true);
    expect(compare(`${ID.slice(0, 12)}   x\n`, `${OWN.slice(0, 12)}   x\n`, 'docker network ls', symbols)).toBe(true);
    expect(compare(`${ID}\n`, 'a0b1c2d3e4f5g6h7i8j9k0l1m\n', 'docker network inspect x', symbols)).toBe(false);
    expect(compare('a0b1c2d3e4f5g6h7i8j9k0l1m\n', `${OWN}\n`, 'docker network inspect x', symbols)).toBe(false);
  });

  test('are replaced in later commands, at the length they have there', () => {
    const symbols = new Symbols();
    compare(`${ID}\n`, `${OWN}\n`, 'docker network create x', symbols);
    expect(inOwnWords(`nsenter --net=/var/run/docker/netns/1-${ID.slice(0, 10)} ip a`, 'node1', symbols)).toBe(
      `nsenter --net=/var/run/docker/netns/1-${OWN.slice(0, 10)} ip a`,
    );
    expect(inOwnWords('docker ps', 'node1', symbols)).toBe('docker ps');
  });

  test('are learnt from lines that agree in outputs that do not', () => {
    const symbols = new Symbols();
    expect(compare('veth1a2b3c4: up\nlo: up\n', 'veth9f8e7d6: up\nlo: down\n', 'ip a', symbols)).toBe(false);
    expect(inOwnWords('ip link show veth1a2b3c4', 'node1', symbols)).toBe('ip link show veth9f8e7d6');
  });
});

const SAME: readonly (readonly [command: string, recorded: string, own: string])[] = [
  [
    'ping -c 1 x',
    '64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.421 ms\n',
    '64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=12 ms\n',
  ],
  [
    'docker ps',
    'c   "x"   About a minute ago   Up 59 seconds   80/tcp\n',
    'c   "x"   2 minutes ago   Up About a minute   80/tcp\n',
  ],
  [
    'docker service scale web=1',
    'overall progress: 0 out of 1 tasks\noverall progress: 0 out of 1 tasks\nend\n',
    'overall progress: 0 out of 1 tasks\nend\n',
  ],
  [
    'iptables -nvL',
    '   12   720 ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0\n',
    '    1    60 ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0\n',
  ],
  ['iptables-save -c', '[12:720] -A INPUT -j ACCEPT\n', '[1:60] -A INPUT -j ACCEPT\n'],
  [
    'conntrack -L',
    'tcp      6 117 TIME_WAIT src=10.0.0.1 sport=44444 dport=80\nudp      17 3 src=10.0.0.1\n',
    'udp      17 29 src=10.0.0.1\ntcp      6 99 TIME_WAIT src=10.0.0.1 sport=50505 dport=80\n',
  ],
  [
    'tcpdump -l',
    '11:51:11.874436 IP 10.0.0.1.44444 > 10.0.0.2.80: Flags [S], seq 123456789, win 64240\n',
    '09:00:00.000001 IP 10.0.0.1.55555 > 10.0.0.2.80: Flags [S], seq 987654321, win 64240\n',
  ],
  [
    'ip a',
    '7: veth1a2b3c4@if6: <UP>\n    link/ether 9e:c4:91:ae:d6:c6 brd ff:ff:ff:ff:ff:ff\n',
    '5: veth0000001@if4: <UP>\n    link/ether 7a:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n',
  ],
];

test('peers come in any order', () => {
  const peers = (...ips: string[]): string =>
    `[\n    {\n        "Peers": [\n${ips.map((ip) => `            {\n                "Name": "n${ip}",\n                "IP": "${ip}"\n            }`).join(',\n')}\n        ]\n    }\n]\n`;
  expect(
    compare(
      peers('10.0.0.1', '10.0.0.2', '10.0.0.3'),
      peers('10.0.0.3', '10.0.0.1', '10.0.0.2'),
      'docker network inspect x',
    ),
  ).toBe(true);
  expect(compare(peers('10.0.0.1', '10.0.0.2'), peers('10.0.0.1'), 'docker network inspect x')).toBe(false);
});

test.each(SAME)('%s: alike', (command, recorded, own) => {
  expect(compare(recorded, own, command)).toBe(true);
});

const OTHER: readonly (readonly [command: string, recorded: string, own: string])[] = [
  [
    'ping -c 1 x',
    '64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.4 ms\n',
    '64 bytes from 10.0.0.1: icmp_seq=1 ttl=63 time=0.4 ms\n',
  ],
  [
    'iptables -nvL',
    '   12   720 ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0\n',
    '    0     0 ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0\n',
  ],
  ['iptables-save -c', '[12:720] -A INPUT -j ACCEPT\n', '[0:0] -A INPUT -j ACCEPT\n'],
  [
    'ip a',
    '    link/ether 02:42:0a:00:00:05 brd ff:ff:ff:ff:ff:ff\n',
    '    link/ether 02:42:0a:00:00:06 brd ff:ff:ff:ff:ff:ff\n',
  ],
  [
    'ip route',
    'default via 172.18.0.1 dev eth1\n10.0.0.0/24 dev eth0\n',
    '10.0.0.0/24 dev eth0\ndefault via 172.18.0.1 dev eth1\n',
  ],
  [
    'conntrack -L',
    'tcp 6 9 CLOSE sport=44444 dport=80 sport=80 dport=44444\n',
    'tcp 6 9 CLOSE sport=50505 dport=80 sport=80 dport=50506\n',
  ],
  ['docker service ls', 'web   replicated   3/3\n', 'web   replicated   2/3\n'],
];

test.each(OTHER)('%s: not alike', (command, recorded, own) => {
  expect(compare(recorded, own, command)).toBe(false);
});

test('a difference shows the differing lines', () => {
  expect(diffLines('a\nb\nc\n', 'a\nx\nc\n')).toBe('-b\n+x');
  expect(diffLines('a\n', 'a\nb\n')).toBe('+b');
});

test('the tool is the one that prints', () => {
  const lines = [
    'docker ps',
    'nsenter --net=/var/run/docker/netns/x iptables -nvL',
    'nsenter -t 12 -n ss -l',
    'ip netns exec a ping -c 1 b',
    'for i in 1 2; do curl x; done',
    'LC_ALL=C ls',
    'ip netns',
  ];
  expect(lines.map(toolOf)).toEqual(['docker', 'iptables', 'ss', 'ping', 'sh', 'ls', 'ip']);
});

test('what remains is told by cause', () => {
  const step = (cmd: string, diff: string): { index: number; cmd: string; equal: boolean; diff: string } => ({
    index: 0,
    cmd,
    equal: false,
    diff,
  });
  const steps = [
    step('frobnicate', '+/bin/bash: line 1: frobnicate: command not found'),
    step('ip a', '-x\n+y'),
    step('ip r', '-x\n+y'),
  ];
  expect(causes([{ recording: 'r', total: 3, equal: 0, byTool: {}, rules: {}, steps }])).toEqual([
    { cause: 'Unknown: ip prints otherwise', count: 2, example: 'ip a', recordings: { r: 2 } },
    { cause: 'frobnicate is not emulated here', count: 1, example: 'frobnicate', recordings: { r: 1 } },
  ]);
});
