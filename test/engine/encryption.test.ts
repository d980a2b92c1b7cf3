// Encrypted overlays: SPIs, rules, states, what is on the wire, keys that change, and what a closed protocol 50 looks like
// (recordings overlay-encrypted.json and era-20.10/overlay-encrypted.json).
import { beforeAll, describe, expect, test } from 'vitest';
import { formatIpv4, ipv4 } from '../../simulator/base/address.ts';
import { SECOND } from '../../simulator/base/scheduler.ts';
import { buildSpi, encryptedMtu } from '../../simulator/engine/network/encryption.ts';
import { ipLocalOut } from '../../simulator/kernel/ip-output.ts';
import { iptables } from '../../simulator/netfilter/command.ts';
import type { XfrmState } from '../../simulator/kernel/xfrm.ts';
import { PROTO_ESP, PROTO_UDP, type Packet } from '../../simulator/wire/packet.ts';
import { Machines, value } from './machines.ts';

const NODE1 = ipv4('192.168.56.11');
const NODE2 = ipv4('192.168.56.12');

// From the recording; the tags were found by trying all 65 536.
test.each([
  [NODE1, NODE2, 63952, 0xcfab4099],
  [NODE2, NODE1, 63952, 0xe4d8e925],
  [NODE2, NODE1, 63951, 0xb8713a64],
  [NODE2, NODE1, 63953, 0x04cafe32],
  [NODE1, NODE2, 63951, 0x63d06a78],
  [NODE1, NODE2, 63953, 0x553b0666],
])('SPI from %i to %i, key %i', (src, dst, tag, spi) => {
  expect(buildSpi(src, dst, tag)).toBe(spi);
});

test.each([
  [1450, 1424],
  [1400, 1372],
  [8950, 8924],
])('of %i octets, %i are left', (plain, encrypted) => {
  expect(encryptedMtu(plain)).toBe(encrypted);
});

function encrypted(machines: Machines, name: string): string {
  const made = machines.api('node1').networkCreate({
    Name: name,
    Driver: 'overlay',
    IPAM: { Driver: 'default', Config: [] },
    Internal: false,
    Attachable: true,
    Ingress: false,
    ConfigOnly: false,
    Options: { encrypted: '' },
    Labels: {},
  });
  machines.settle(1);
  return value(made).Id;
}

const serve = (machines: Machines, network: string): string =>
  machines.service('sec', 2, { networks: [network], constraints: ['node.hostname!=node3'] });

/** `SRC DST key tag` in a dump's order; keys are told by where they stand in the manager's list. */
function states(machines: Machines, node: string): readonly XfrmState[] {
  return machines.ns(node).xfrm?.states ?? [];
}

const way = ({ src, dst }: XfrmState): string => `${formatIpv4(src).slice(-2)}>${formatIpv4(dst).slice(-2)}`;

/** Address of a task of `sec` that runs on the node, and the namespace it is in. */
function taskOn(machines: Machines, node: string): { address: string; key: string } {
  const found = value(machines.api(node).containers({ all: false, filters: {} })).find(({ Names }) =>
    Names[0]?.startsWith('/sec.'),
  );
  const { NetworkSettings } = value(machines.api(node).containerInspect(found?.Id ?? ''));
  return {
    address: Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? '',
    key: NetworkSettings.SandboxKey.split('/').at(-1) ?? '',
  };
}

const BPF = '-m bpf --bytecode "7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 4097,6 0 0 0,6 0 0 4294967295"';
const MARK_RULE = `-A OUTPUT -p udp -m udp --dport 4789 ${BPF} -j MARK --set-xmark 0xd0c4e3/0xffffffff`;
const DROP_RULE = `-A INPUT -p udp -m policy --dir in --pol none -m udp --dport 4789 ${BPF} -j DROP`;

describe('a service of two tasks on node1 and node2', () => {
  let machines: Machines;
  const wire: Packet[] = [];
  beforeAll(() => {
    machines = new Machines().swarm();
    const id = encrypted(machines, 'secret');
    serve(machines, id);
    machines
      .ns('node1')
      .device('eth0')
      ?.taps.push((packet, _dev, direction) => {
        if (direction === 'out' && (packet.protocol === PROTO_ESP || packet.dport === 4789)) wire.push(packet);
      });
  });

  test('rules on the two nodes, none on the third', () => {
    for (const node of ['node1', 'node2']) {
      expect(machines.rules(node, 'mangle')).toEqual([MARK_RULE]);
      expect(machines.rules(node, 'filter').filter((rule) => rule.startsWith('-A INPUT'))).toEqual([DROP_RULE]);
    }
    expect(machines.rules('node3', 'mangle')).toEqual([]);
    expect(machines.ns('node3').xfrm).toBeNull();
  });

  test('three states in, one out, one policy; the same on both ends', () => {
    const [one, two] = [states(machines, 'node1'), states(machines, 'node2')];
    expect(one.map(way)).toEqual(['12>11', '12>11', '11>12', '12>11']);
    expect(two.map(way)).toEqual(['11>12', '11>12', '12>11', '11>12']);
    for (const { key, spi } of [...one, ...two]) expect(key.slice(32)).toBe(spi.toString(16).padStart(8, '0'));
    expect(one.map(({ key }) => key.slice(0, 32))).toEqual(two.map(({ key }) => key.slice(0, 32)));
    expect(one[2]?.spi).toBe(two[3]?.spi);
    const [policy, ...others] = machines.ns('node1').xfrm?.policies ?? [];
    expect(others).toEqual([]);
    expect(policy).toMatchObject({
      direction: 'out',
      mark: { value: 0xd0c4e3 },
      selector: { src: NODE1, dst: NODE2, dport: 4789 },
      templates: [{ spi: one[2]?.spi }],
    });
  });

  test('only ESP leaves, and the other side answers', () => {
    expect(machines.get('node1', taskOn(machines, 'node2').address, 8000, taskOn(machines, 'node1').key)).toMatch(
      /^I'm /,
    );
    expect(wire.length).toBeGreaterThan(4);
    expect(new Set(wire.map(({ protocol }) => protocol))).toEqual(new Set([PROTO_ESP]));
    expect(wire.every(({ inner }) => inner?.protocol === PROTO_UDP && inner.vni === 4097)).toBe(true);
  });

  test('a VXLAN packet in clear is dropped by the rule', () => {
    const forged = machines.universe.packets.make();
    forged.dst = NODE2;
    forged.protocol = PROTO_UDP;
    forged.sport = 40000;
    forged.dport = 4789;
    forged.vni = 4097;
    forged.inner = machines.universe.packets.clone((wire[0]?.inner as Packet).inner as Packet);
    const before = machines.ns('node2').drops.get('NETFILTER_DROP') ?? 0;
    ipLocalOut(machines.ns('node3'), forged);
    machines.settle(1);
    expect(machines.ns('node2').drops.get('NETFILTER_DROP')).toBe(before + 1);
  });

  test('`-m policy` tells what came encrypted, and what is to leave so', () => {
    const rules = [
      '-A INPUT -p udp -m policy --dir in --pol ipsec --reqid 13681891 --proto esp --mode transport -m udp --dport 4789',
      '-A INPUT -p udp -m policy --dir in --pol ipsec ! --reqid 13681891 -m udp --dport 4789',
      '-A OUTPUT -p udp -m policy --dir out --pol ipsec -m udp --dport 4789',
      '-A OUTPUT -p udp -m policy --dir out --pol none -m udp --dport 4789',
      '-A OUTPUT -p esp -m policy --dir out --pol none',
    ];
    for (const rule of rules) machines.iptables('node1', rule);
    expect(machines.rules('node1', 'filter').filter((rule) => rules.includes(rule))).toEqual(rules);
    const { address } = taskOn(machines, 'node2');
    expect(machines.get('node1', address, 8000, taskOn(machines, 'node1').key)).toMatch(/^I'm /);
    const counted = iptables(machines.ns('node1'), ['-S', '-v'], {
      by: 'command',
      text: 'iptables -S -v',
    }).stdout.split('\n');
    expect(
      rules.map(
        (rule) =>
          Number(
            counted
              .find((line) => line.startsWith(`${rule} -c`))
              ?.split(' -c ')[1]
              ?.split(' ')[0],
          ) > 0,
      ),
    ).toEqual([true, false, true, false, true]);
    for (const rule of rules) machines.iptables('node1', rule.replace('-A', '-D'));
  });

  test('protocol 50 closed on the way in: the swarm sees nothing, connections find no end', () => {
    machines.iptables('node2', '-I INPUT 1 -p esp -j DROP');
    machines.settle(60);
    const nodes = value(machines.api('node1').nodes({})).map(({ Status }) => Status.State);
    expect(nodes).toEqual(['ready', 'ready', 'ready']);
    const tasks = value(machines.api('node1').tasks({ service: ['sec'], 'desired-state': ['running'] }));
    expect(tasks.map(({ Status }) => Status.State)).toEqual(['running', 'running']);
    expect(machines.get('node1', taskOn(machines, 'node2').address, 8000, taskOn(machines, 'node1').key)).not.toMatch(
      /^I'm /,
    );
    machines.iptables('node2', '-D INPUT -p esp -j DROP');
    expect(machines.get('node1', taskOn(machines, 'node2').address, 8000, taskOn(machines, 'node1').key)).toMatch(
      /^I'm /,
    );
  });

  test('after twelve hours another key is in use, and the traffic goes on', () => {
    const before = states(machines, 'node1');
    const outBefore = before.find((state) => way(state) === '11>12')?.spi;
    machines.universe.scheduler.run(machines.universe.scheduler.now + 12 * 3600 * SECOND);
    const after = states(machines, 'node1');
    expect(after.map(way).sort()).toEqual(['11>12', '12>11', '12>11', '12>11']);
    const out = after.find((state) => way(state) === '11>12');
    expect(out?.spi).not.toBe(outBefore);
    expect(machines.ns('node1').xfrm?.policies.map(({ templates }) => templates[0]?.spi)).toEqual([out?.spi]);
    // The newest of before is the one in use; one is gone, one has come.
    const keys = (list: readonly XfrmState[]): Set<string> =>
      new Set(list.filter((state) => way(state) === '12>11').map(({ key }) => key.slice(0, 32)));
    expect([...keys(after)].filter((key) => keys(before).has(key))).toHaveLength(2);
    expect([...keys(before)]).toContain(out?.key.slice(0, 32));
    expect(machines.get('node1', taskOn(machines, 'node2').address, 8000, taskOn(machines, 'node1').key)).toMatch(
      /^I'm /,
    );
  }, 120_000);

  test('with the network its rules go; states and policies stay', () => {
    const kept = states(machines, 'node1').length;
    value(machines.api('node1').serviceRemove('sec'));
    machines.settle(20);
    for (const node of ['node1', 'node2']) {
      expect(machines.rules(node, 'mangle')).toEqual([]);
      expect(machines.rules(node, 'filter').filter((rule) => rule.startsWith('-A INPUT'))).toEqual([]);
    }
    expect(states(machines, 'node1')).toHaveLength(kept);
    expect(kept).toBe(4);
  });
});
