// tcpdump on living devices: start and end, -c, -w, -i any, filters, refusals.
import { describe, expect, test } from 'vitest';
import { SECOND } from '../../../simulator/base/scheduler.ts';
import { setUp } from '../../../simulator/kernel/devices.ts';
import type { NetDevice } from '../../../simulator/kernel/device.ts';
import { ipLocalOut } from '../../../simulator/kernel/ip-output.ts';
import type { NetworkNamespace } from '../../../simulator/kernel/netns.ts';
import { readPcap } from '../../../simulator/wire/pcap.ts';
import { echoRequest, makeBridge, makeKernel, makeUniverse, namespace, wire } from '../../kernel/network.ts';
import { Run } from './harness.ts';

const VERBOSE_OFF = 'tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n';

/** red 10.1.1.2 and blue 10.1.1.3, each on a port of bridge br0 (10.1.1.1) in the middle. */
class Wires {
  readonly universe = makeUniverse();
  readonly red: NetworkNamespace;
  readonly middle: NetworkNamespace;
  readonly files = new Map<string, Uint8Array>();

  constructor() {
    const kernel = makeKernel(this.universe);
    this.red = namespace(kernel, 'netns red');
    this.middle = namespace(kernel, 'netns middle');
    const blue = namespace(kernel, 'netns blue');
    const [, one] = wire(this.red, 'v-red', '10.1.1.2/24', this.middle, 'one', null);
    const [, two] = wire(blue, 'v-blue', '10.1.1.3/24', this.middle, 'two', null);
    makeBridge(this.middle, 'br0', [one, two], '10.1.1.1/24');
    this.universe.scheduler.run(SECOND);
  }

  tcpdump(line: string, ns = this.red): Run {
    return new Run(ns, line.split(' '), this.files);
  }

  ping(to: string): void {
    ipLocalOut(this.red, echoRequest(this.universe, to));
    this.universe.scheduler.run(this.universe.scheduler.now + SECOND);
  }
}

describe('on one device', () => {
  test('prints packets as they pass, and counts when it is interrupted', () => {
    const wires = new Wires();
    const run = wires.tcpdump('tcpdump -nn -l -i v-red arp or icmp');
    expect(run.stderr).toBe(
      `${VERBOSE_OFF}listening on v-red, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n`,
    );
    expect(wires.red.device('v-red')?.promiscuous).toBe(1);
    wires.ping('10.1.1.3');
    const lines = run.stdout
      .split('\n')
      .map((line) => line.replace(/^\S+ /, '').replace(/is-at [0-9a-f:]+/, 'is-at MAC'));
    expect(lines).toEqual([
      'ARP, Request who-has 10.1.1.3 tell 10.1.1.2, length 28',
      'ARP, Reply 10.1.1.3 is-at MAC, length 28',
      'IP 10.1.1.2 > 10.1.1.3: ICMP echo request, id 7, seq 1, length 64',
      'IP 10.1.1.3 > 10.1.1.2: ICMP echo reply, id 7, seq 1, length 64',
      '',
    ]);
    expect(run.exit).toBeUndefined();
    run.interrupt();
    expect(run.exit).toBe(0);
    expect(run.stderr.split('bytes\n')[1]).toBe(
      '4 packets captured\n4 packets received by filter\n0 packets dropped by kernel\n',
    );
    expect(wires.red.device('v-red')).toMatchObject({ promiscuous: 0, taps: [] });
  });

  test('time stamps rise along the way', () => {
    const wires = new Wires();
    const run = wires.tcpdump('tcpdump -ntt -i v-red icmp');
    wires.ping('10.1.1.3');
    const times = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => Number(line.split(' ')[0]));
    expect(times).toHaveLength(2);
    expect(times[1]).toBeGreaterThan(times[0]);
    expect(Math.floor(times[0])).toBe(1_700_000_001);
  });

  test('-c ends it, the filter decides what counts', () => {
    const wires = new Wires();
    const run = wires.tcpdump('tcpdump -nt -c 1 -i v-red icmp');
    wires.ping('10.1.1.3');
    expect(run.exit).toBe(0);
    expect(run.stdout).toBe('IP 10.1.1.2 > 10.1.1.3: ICMP echo request, id 7, seq 1, length 64\n');
    expect(run.stderr).toContain('\n1 packet captured\n1 packet received by filter\n0 packets dropped by kernel\n');
  });

  test('-Q in, -w and -r', () => {
    const wires = new Wires();
    const writer = wires.tcpdump('tcpdump -i v-red -Q in -U -w /tmp/in.pcap arp or icmp');
    expect(writer.stderr).toBe(
      'tcpdump: listening on v-red, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n',
    );
    wires.ping('10.1.1.3');
    writer.interrupt();
    const file = readPcap(wires.files.get('/tmp/in.pcap') ?? new Uint8Array(0));
    expect(file).toMatchObject({ ok: true, value: { linkType: 1, snaplen: 262144, truncated: false } });
    const reader = wires.tcpdump('tcpdump -nt -r /tmp/in.pcap icmp');
    expect(reader.stdout).toBe('IP 10.1.1.3 > 10.1.1.2: ICMP echo reply, id 7, seq 1, length 64\n');
    expect(reader.stderr).toBe('reading from file /tmp/in.pcap, link-type EN10MB (Ethernet), snapshot length 262144\n');
    expect(wires.tcpdump('tcpdump -r /tmp/in.pcap --count').stdout).toBe('2 packets\n');
  });

  test('-s cuts, but the length is still that on the wire', () => {
    const wires = new Wires();
    const run = wires.tcpdump('tcpdump -net -s 60 -i v-red icmp');
    wires.ping('10.1.1.3');
    expect(run.stderr).toContain('snapshot length 60 bytes');
    expect(run.stdout).toContain('length 98: 10.1.1.2 > 10.1.1.3: ICMP echo request, id 7, seq 1, length 64\n');
  });

  test('lo shows each packet once', () => {
    const wires = new Wires();
    const run = wires.tcpdump('tcpdump -nt -i lo icmp');
    wires.ping('127.0.0.1');
    expect(run.stdout.split('\n')).toHaveLength(3);
  });
});

describe('on any', () => {
  test('names the device and the direction', () => {
    const wires = new Wires();
    const run = wires.tcpdump('tcpdump -nnt -i any icmp', wires.middle);
    expect(run.stderr).toBe(
      'tcpdump: WARNING: any: That device doesn\'t support promiscuous mode\n(Promiscuous mode not supported on the "any" device)\n' +
        `${VERBOSE_OFF}listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes\n`,
    );
    wires.ping('10.1.1.3');
    expect(run.stdout.split('\n')).toEqual([
      'one   P   IP 10.1.1.2 > 10.1.1.3: ICMP echo request, id 7, seq 1, length 64',
      'two   Out IP 10.1.1.2 > 10.1.1.3: ICMP echo request, id 7, seq 1, length 64',
      'two   P   IP 10.1.1.3 > 10.1.1.2: ICMP echo reply, id 7, seq 1, length 64',
      'one   Out IP 10.1.1.3 > 10.1.1.2: ICMP echo reply, id 7, seq 1, length 64',
      '',
    ]);
  });

  test('-e shows the cooked header, -w keeps it', () => {
    const wires = new Wires();
    const run = wires.tcpdump('tcpdump -nnet -i any -w /tmp/any.pcap --print icmp');
    wires.ping('10.1.1.3');
    run.interrupt();
    const index = wires.red.device('v-red')?.ifindex;
    expect(run.stdout).toMatch(
      new RegExp(
        `^v-red Out ifindex ${index} [0-9a-f:]{17} ethertype IPv4 \\(0x0800\\), length 104: 10\\.1\\.1\\.2 > `,
      ),
    );
    const reader = wires.tcpdump('tcpdump -nnet -r /tmp/any.pcap');
    expect(reader.stdout).toBe(run.stdout);
    expect(reader.stderr).toContain('link-type LINUX_SLL2 (Linux cooked v2)');
  });
});

describe('refusals', () => {
  test.each([
    ['tcpdump -i nosuch', 'tcpdump: nosuch: No such device exists\n(No such device exists)\n'],
    ['tcpdump -i v-red port 99999', 'tcpdump: illegal port number 99999 > 65535\n'],
    ['tcpdump -i v-red tcp port', "tcpdump: can't parse filter expression: syntax error\n"],
    ['tcpdump -c x -i v-red', 'tcpdump: invalid packet count x\n'],
    ['tcpdump -r /tmp/nosuch', 'tcpdump: /tmp/nosuch: No such file or directory\n'],
    ['tcpdump -i v-red -w /nowhere/x', 'tcpdump: /nowhere/x: No such file or directory\n'],
    ['tcpdump -G 5', 'tcpdump: option -G is not emulated here\n'],
  ])('%s', (line, stderr) => {
    expect(new Wires().tcpdump(line)).toMatchObject({ stdout: '', exit: 1, stderr });
  });

  test('an unknown option shows how to use it', () => {
    const run = new Wires().tcpdump('tcpdump -nR');
    expect(run.exit).toBe(1);
    expect(run.stderr).toMatch(/^tcpdump: invalid option -- 'R'\ntcpdump version 4\.99\.5\n[^]*Usage: tcpdump \[-Abd/);
  });

  test('a device that is down', () => {
    const wires = new Wires();
    setUp(wires.red.device('v-red') as NetDevice, false);
    expect(wires.tcpdump('tcpdump -i v-red').stderr).toBe('tcpdump: v-red: That device is not up\n');
  });
});

test('-D lists devices, the best first, and that one is the default', () => {
  const wires = new Wires();
  expect(wires.tcpdump('tcpdump -D').stdout).toBe(
    '1.v-red [Up, Running, Connected]\n2.any (Pseudo-device that captures on all interfaces) [Up, Running]\n3.lo [Up, Running, Loopback]\n',
  );
  expect(wires.tcpdump('tcpdump -n').stderr).toContain('listening on v-red,');
});
