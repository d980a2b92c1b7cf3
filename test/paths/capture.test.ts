// What the emulator's capture of one curl looks like to an independent dissector, beside captures of a real swarm's.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { SECOND } from '../../simulator/index.ts';
import { buildWorld, readGolden, run } from './golden.ts';

const FIELDS = [
  'frame.protocols',
  'eth.src',
  'eth.dst',
  'ip.src',
  'ip.dst',
  'ip.ttl',
  'ip.flags.df',
  'ip.len',
  'ip.proto',
  'udp.dstport',
  'vxlan.vni',
  'tcp.flags.str',
  'tcp.seq',
  'tcp.ack',
  'tcp.len',
  'tcp.window_size_value',
  'tcp.options.mss_val',
  'tcp.options.wscale.shift',
  'tcp.options.sack_perm',
  'http.request.line',
  'http.response.code',
];

function tshark(...args: string[]): string {
  return execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 64e6 });
}

/** Point of capture in the recording → interface of the emulator's capture file. br0 is left out: it was promiscuous while recorded. */
const POINTS: readonly (readonly [file: string, place: RegExp])[] = [
  ['a-client-eth0', /^client\/host\/eth0$/],
  ['b-node3-eth0', /^node3\/host\/eth0$/],
  ['b-node3-docker_gwbridge', /^node3\/host\/docker_gwbridge$/],
  ['c-node3-sbox-eth1', /^node3\/ingress_sbox\/eth1$/],
  ['c-node3-sbox-eth0', /^node3\/ingress_sbox\/eth0$/],
  ['d-node3-overlay-veth0', /^node3\/1-\w+\/veth0$/],
  ['d-node3-overlay-vxlan0', /^node3\/1-\w+\/vxlan0$/],
  ['e-node2-eth0', /^node2\/host\/eth0$/],
  ['f-node2-overlay-vxlan0', /^node2\/1-\w+\/vxlan0$/],
  ['f-node2-overlay-veth1', /^node2\/1-\w+\/veth1$/],
  ['g-task-eth0', /^node2\/task whoami\.1\/eth0$/],
];

/** TCP frames in order, random MAC addresses of bridges written as such. */
function decode(file: string): string[] {
  return tshark(
    '-r',
    file,
    '-Y',
    'tcp',
    '-T',
    'fields',
    '-E',
    'separator=|',
    ...FIELDS.flatMap((field) => ['-e', field]),
  )
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/02:42:(?!0a:00|ac:12)[0-9a-f:]{11}/g, 'random'));
}

/** Only where the dissector is installed; on CI it has to be. */
const dissects = spawnSync('tshark', ['--version']).status === 0 || process.env['CI'] === 'true';

test.runIf(dissects)(
  'every hop of one curl: well formed, right checksums, and the recorded fields',
  () => {
    const golden = readGolden('packet-path');
    const world = buildWorld(golden);
    run(world, golden.request.node, golden.request.command);
    world.run(world.now + SECOND);
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'meshwalk-'));
    const file = path.join(directory, 'story.pcapng');
    fs.writeFileSync(
      file,
      world.trace.pcapng(world.trace.stories().find((story) => story.title.startsWith('GET /'))!.id),
    );

    const frames = tshark('-r', file).trim().split('\n').length;
    expect(frames).toBeGreaterThan(100);
    const checked = ['-o', 'ip.check_checksum:TRUE', '-o', 'tcp.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE'];
    expect(
      tshark(
        '-r',
        file,
        ...checked,
        '-Y',
        '_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0',
      ),
    ).toBe('');

    const places = new Set(tshark('-r', file, '-T', 'fields', '-e', 'frame.interface_name').trim().split('\n'));
    for (const [name, pattern] of POINTS) {
      const place = [...places].find((candidate) => pattern.test(candidate));
      // One file a place, so that the dissector does not take the next hop's frame for a retransmission.
      const one = path.join(directory, `${name}.pcapng`);
      tshark('-r', file, '-Y', `frame.interface_name == "${place}"`, '-w', one);
      const recorded = decode(new URL(`captures/${name}.pcap`, import.meta.url).pathname);
      expect({ name, frames: decode(one) }).toEqual({ name, frames: recorded });
    }
    fs.rmSync(directory, { recursive: true });
  },
  180_000,
);
