// What iptables sees of bridged packets (br_netfilter), with the counters of the recording kernel-iptables, steps 602 to 631.
import { expect, test } from 'vitest';
import { saveTableText } from '../../simulator/netfilter/index.ts';
import { writeSysctl } from '../../simulator/kernel/sysctl.ts';
import { makeBridge, namespace, wire } from '../kernel/network.ts';
import { Lab } from './lab.ts';

test('physdev matches the ports, -i and -o the bridge', () => {
  const lab = new Lab();
  const [b, h1, h2] = ['b', 'h1', 'h2'].map((name) => namespace(lab.kernel, name)) as [Lab['r'], Lab['r'], Lab['r']];
  const [, p1] = wire(h1, 'e0', '10.3.0.1/24', b, 'p1', null);
  const [, p2] = wire(h2, 'e0', '10.3.0.2/24', b, 'p2', null);
  makeBridge(b, 'br0', [p1, p2]);
  for (const rule of [
    '-m physdev --physdev-in p1',
    '-m physdev --physdev-out p2',
    '-m physdev --physdev-is-bridged',
    '-i br0 -o br0',
    '-i p1',
  ]) {
    lab.iptables(b, `-A FORWARD ${rule}`);
  }
  const counts = (): string[] =>
    [...saveTableText(b, 'filter', true).matchAll(/^(?:\[|:FORWARD \w+ \[)\d+:\d+\]/gm)].map((match) => match[0]);
  lab.ping(h1, '10.3.0.2', 3);
  const after = [':FORWARD ACCEPT [6:504]', '[3:252]', '[3:252]', '[6:504]', '[6:504]', '[0:0]'];
  expect(counts()).toEqual(after);
  writeSysctl(b, 'net/bridge/bridge-nf-call-iptables', '0');
  lab.ping(h1, '10.3.0.2', 3);
  expect(counts()).toEqual(after);
  writeSysctl(b, 'net/bridge/bridge-nf-call-iptables', '1');
  lab.iptables(b, '-P FORWARD DROP');
  lab.ping(h1, '10.3.0.2', 2);
  // The recorded policy counter starts anew with the policy.
  expect(counts()).toEqual([':FORWARD DROP [2:168]', '[5:420]', '[5:420]', '[8:672]', '[8:672]', '[0:0]']);
});
