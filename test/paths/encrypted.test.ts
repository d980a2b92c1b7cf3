// One ping over an encrypted overlay: the story tells of both wrappings, and the capture of it all is sound.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { isExplained } from '../../simulator/base/origin.ts';
import { createWorld, parseScenario, SECOND, type Hop, type Story, type World } from '../../simulator/index.ts';
import { english } from '../../src/explain/en.ts';
import { chinese } from '../../src/explain/zh-cn.ts';
import { run } from './golden.ts';

const MESH = fs.readFileSync(new URL('../../content/scenarios/routing-mesh.yaml', import.meta.url), 'utf8');

describe('ping from a task on node1 to one on node2', () => {
  let world: World;
  let story: Story;
  let hops: readonly Hop[];
  beforeAll(() => {
    world = createWorld(parseScenario(MESH));
    const out = (command: string): string => run(world, 'node1', command).trim();
    out('docker network create -d overlay --opt encrypted --attachable secret');
    out(
      'docker service create --detach --name sec --network secret --replicas 2 --constraint node.hostname!=node3 alpine sleep 5000',
    );
    world.run(world.now + 10 * SECOND);
    const own = out('docker ps -qf name=sec.');
    const address = out(`docker inspect -f '{{.NetworkSettings.Networks.secret.IPAddress}}' ${own}`);
    const other = address.endsWith('.3') ? '10.0.1.4' : '10.0.1.3';
    world.trace.enabled = true;
    expect(out(`docker exec ${own} ping -c 1 ${other}`)).toContain('1 packets received');
    world.trace.enabled = false;
    const summary = world.trace.stories().find(({ title }) => title === `ping ${other}`);
    story = world.trace.story(summary?.id ?? 0);
    hops =
      story.packets.find(({ direction, label }) => direction === 'request' && label.startsWith('echo'))?.hops ?? [];
  });

  test('wrapped twice, opened twice, and through the hooks each time', () => {
    const told = hops
      .filter(({ kind }) => ['encap', 'decap', 'sent', 'local'].includes(kind))
      .map(
        ({ host, netns, kind, where, what }) =>
          `${host} ${netns.replace(/^\d-\w+/, 'overlay').replace(/^task.*/, 'task')} ${kind} ${where}: ${what.replace(/0x\w+/, 'SPI').replace(/task.*/, 'task')}`,
      );
    expect(told.slice(1, 6)).toEqual([
      'node1 overlay encap vxlan0: vni 4097 to 192.168.56.12',
      'node1 host sent udp: made by udp',
      'node1 host encap xfrm: esp spi SPI seq 1 to 192.168.56.12',
      'node1 host sent esp: made by esp',
      'node2 host decap xfrm: esp spi SPI seq 1',
    ]);
    const marked = hops.findIndex(({ rule }) => rule?.text.includes('MARK --set-xmark 0xd0c4e3') === true);
    const wrapped = hops.findIndex(({ where, kind }) => where === 'xfrm' && kind === 'encap');
    expect(marked).toBeGreaterThan(0);
    expect(wrapped).toBeGreaterThan(marked);
    // What is on the wire between the hosts is ESP with all else inside.
    const wire = hops.find(
      ({ netns, kind, where, what }) => netns === 'host' && kind === 'device' && where === 'eth0' && what === 'out',
    );
    expect([wire?.after.dst, wire?.after.inner?.dport, wire?.after.inner?.inner?.dst]).toEqual([
      '192.168.56.12',
      4789,
      expect.stringMatching(/^10\.0\.1\./),
    ]);
    expect(hops.filter(({ origin }) => !isExplained(origin))).toEqual([]);
  });

  test('in words', () => {
    const esp = hops.filter(({ where, kind }) => where === 'xfrm' && kind !== 'drop');
    expect(esp.map((hop) => english.hop(hop).replace(/0x\w+/, 'SPI'))).toEqual([
      'IPsec wraps it in ESP for 192.168.56.12, SPI SPI, number 1: what is inside cannot be read on the way.',
      'IPsec opens it with the key of SPI SPI; it goes through the hooks once more.',
    ]);
    expect(esp.map((hop) => chinese.hop(hop)).every((words) => /ESP|IPsec/.test(words))).toBe(true);
  });

  test.runIf(spawnSync('tshark', ['--version']).status === 0)(
    'tshark finds nothing malformed in the capture, and only ESP on the wire',
    () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'encrypted-'));
      try {
        const file = path.join(folder, 'all.pcapng');
        fs.writeFileSync(file, world.trace.pcapng());
        const dissect = (...args: string[]): string[] =>
          execFileSync('tshark', ['-n', '-r', file, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
            .split('\n')
            .filter(Boolean);
        expect(dissect('-Y', '_ws.malformed')).toEqual([]);
        expect(dissect('-Y', 'udp.port == 4789')).toEqual([]);
        const seen = dissect(
          '-Y',
          'esp',
          '-T',
          'fields',
          '-e',
          'frame.interface_name',
          '-e',
          'frame.len',
          '-e',
          'esp.sequence',
        );
        // Each way at two interfaces, as recorded: 174 octets for a ping of 56.
        expect(new Set(seen)).toEqual(new Set(['node1/host/eth0\t174\t1', 'node2/host/eth0\t174\t1']));
        expect(seen).toHaveLength(4);
      } finally {
        fs.rmSync(folder, { recursive: true });
      }
    },
  );
});
