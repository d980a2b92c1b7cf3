// Words for what happens to packets: every reason to die has some, and the sentences say what the data says.
import { describe, expect, test } from 'vitest';
import type { Hop } from '../../simulator/index';
import { DROP_REASONS } from '../../simulator/trace/event';
import { explainEnd, explainHop, kindOfNamespace, packetLabel } from '../../src/explain/index';
import { DROP_WORDS } from '../../src/explain/en';
import { isLandmark, shorten } from '../../src/explain/shorten';

const fields = { src: '10.0.0.2', dst: '10.0.0.6', sport: 1, dport: 2, srcMac: '', dstMac: '', ttl: 64, mark: 0 };
const hop = (kind: Hop['kind'], where: string, what: string, more: Partial<Hop> = {}): Hop => ({
  sequence: 0,
  at: 0,
  host: 'node1',
  netns: 'host',
  kind,
  where,
  what,
  before: fields,
  after: fields,
  origin: { by: 'scenario', text: '' },
  changed: [],
  ...more,
});
const rule = (text: string): Partial<Hop> => ({
  table: 'mangle',
  chain: 'PREROUTING',
  rule: { number: 2, text, verdict: '', origin: { by: 'scenario', text: '' } },
});

test('every reason to drop a packet has words, and no words are left over', () => {
  expect(Object.keys(DROP_WORDS).sort()).toEqual([...DROP_REASONS].sort());
});

describe('sentences', () => {
  const cases: [Hop, string][] = [
    [hop('device', 'eth0', 'in'), 'Comes in by eth0.'],
    [hop('device', 'eth0', 'out'), 'Goes out by eth0.'],
    [
      hop('rule', 'PREROUTING', 'CONTINUE', rule('-A PREROUTING -p tcp -j MARK --set-xmark 0x100/0xffffffff')),
      'Rule 2 of PREROUTING (mangle) marks it.',
    ],
    [
      hop('rule', 'PREROUTING', 'JUMP DOCKER-INGRESS', rule('-A PREROUTING -j DOCKER-INGRESS')),
      'PREROUTING (mangle) sends it on to DOCKER-INGRESS.',
    ],
    [
      hop('nat', 'PREROUTING', 'destination 192.168.56.11:8000 → 172.18.0.2:8000 by rule'),
      'Its destination becomes 172.18.0.2:8000; conntrack notes it.',
    ],
    [
      hop('nat', 'POSTROUTING', 'source 172.18.0.2:8000 → 192.168.56.11:8000 by conntrack'),
      'As conntrack noted for this connection, its source becomes 192.168.56.11:8000.',
    ],
    [
      hop('ipvs', 'INPUT', 'scheduled FWM  256 → 10.0.0.6:0 rr'),
      'IPVS takes it for service FWM 256 and chooses 10.0.0.6 (rr).',
    ],
    [hop('bridge', 'br0', 'forward vxlan0 from veth0'), 'Bridge br0 passes it from veth0 to vxlan0.'],
    [hop('encap', 'vxlan0', 'vni 4096 to 192.168.56.12'), 'vxlan0 wraps it in UDP for 192.168.56.12, network 4096.'],
    [hop('drop', 'INPUT', 'NETFILTER_DROP'), 'Dropped at INPUT: a rule or a policy says DROP.'],
    [hop('route', 'eth1', 'default via 172.18.0.1 dev eth1'), 'Routed to eth1, by 172.18.0.1.'],
  ];
  test.each(cases)('%#', (given, sentence) => expect(explainHop(given)).toBe(sentence));

  test('how a way ends', () => {
    expect(explainEnd({ id: 1, direction: 'request', label: '', hops: [], end: 'delivered' })).toBe('Delivered.');
    expect(
      explainEnd({ id: 1, direction: 'request', label: '', hops: [], end: 'dropped', reason: 'IP_TTL_EXPIRED' }),
    ).toBe('Its way ends here: its TTL has run out.');
  });
});

test('packets have short names', () => {
  const label = (text: string) => packetLabel({ id: 1, direction: 'request', label: text, hops: [], end: 'open' });
  expect(['SYN', 'SYN,ACK', 'ACK', 'PSH,ACK GET /', 'PSH,ACK 134 bytes', 'FIN,ACK', 'echo request'].map(label)).toEqual(
    ['SYN', 'SYN-ACK', 'ACK', 'GET /', '134 bytes', 'FIN', 'echo request'],
  );
});

describe('the short list', () => {
  test('keeps changes and decisions, and leaves out the passing by', () => {
    expect(isLandmark(hop('conntrack', 'PREROUTING', 'found ESTABLISHED'))).toBe(false);
    expect(isLandmark(hop('hook', 'PREROUTING', 'policy ACCEPT'))).toBe(false);
    expect(isLandmark(hop('rule', 'FORWARD', 'JUMP DOCKER-USER'))).toBe(false);
    expect(isLandmark(hop('rule', 'FORWARD', 'ACCEPT'))).toBe(true);
    expect(isLandmark(hop('hook', 'FORWARD', 'policy DROP'))).toBe(true);
    expect(isLandmark(hop('neighbour', 'eth0', 'reachable'))).toBe(false);
  });

  test('joins a rule and its translation, and shows a change that was left out at the next hop', () => {
    const translated = { ...fields, dst: '172.18.0.2' };
    const forwarded = { ...translated, ttl: 63 };
    const short = shorten([
      hop('device', 'eth0', 'in'),
      hop('rule', 'PREROUTING', 'ACCEPT', rule('-A DOCKER-INGRESS -j DNAT --to-destination 172.18.0.2:8000')),
      hop('nat', 'PREROUTING', 'destination a → b by rule', { after: translated, changed: ['dst'] }),
      hop('rule', 'FORWARD', 'JUMP DOCKER-USER', { before: translated, after: forwarded, changed: ['ttl'] }),
      hop('device', 'eth1', 'out', { before: forwarded, after: forwarded }),
    ]);
    expect(short.map(({ kind, before, after }) => [kind, before.dst, after.dst, before.ttl, after.ttl])).toEqual([
      ['device', '10.0.0.6', '10.0.0.6', 64, 64],
      ['rule', '10.0.0.6', '172.18.0.2', 64, 64],
      ['device', '172.18.0.2', '172.18.0.2', 64, 63],
    ]);
  });
});

test('namespaces are told apart by their names', () => {
  expect(
    ['host', 'ingress_sbox', '1-vof90f3rnb', 'lb_vof90f3rn', 'task web.1', 'container web', 'red'].map(
      (name) => kindOfNamespace(name).kind,
    ),
  ).toEqual(['host', 'ingress', 'overlay', 'lb', 'task', 'task', 'made']);
});
