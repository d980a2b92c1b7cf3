// Numbers that are given by the lowest free one, and what a bridge takes from its ports, as ports come and go.
import { expect, test } from 'vitest';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import type { NetDevice } from '../../simulator/kernel/device.ts';
import {
  createDevice,
  createVethPair,
  deleteDevice,
  setMac,
  setMaster,
  setMtu,
} from '../../simulator/kernel/devices.ts';
import { createNamespace, destroyNamespace } from '../../simulator/kernel/namespaces.ts';
import { allocateNamespaceId, setNamespaceId } from '../../simulator/kernel/netlink/nsid.ts';
import { makeKernel, makeUniverse } from './network.ts';

function must<T>(result: { ok: true; value: T } | { ok: false }): T {
  if (!result.ok) throw new Error('refused');
  return result.value;
}

/** A bridge with `count` ports; port i has the MAC 0x020000000100 - i and an MTU of 1500 - i. */
function bridgeWith(count: number): { bridge: NetDevice; ports: NetDevice[] } {
  const ns = makeKernel(makeUniverse(), 'node').initNs;
  const bridge = must(createDevice(ns, { kind: 'bridge', name: 'br0', origin: KERNEL_DEFAULT }));
  const ports = Array.from({ length: count }, (_, i) => {
    const [dev] = must(
      createVethPair(ns, {
        name: `v${i}`,
        mac: 0x020000000100 - i,
        mtu: 1500 - i,
        peer: { name: `p${i}` },
        origin: KERNEL_DEFAULT,
      }),
    );
    must(setMaster(dev, bridge));
    return dev;
  });
  return { bridge, ports };
}

test('a new port gets the lowest free number', () => {
  const { bridge, ports } = bridgeWith(4);
  const number = (port: NetDevice | undefined) => port?.port?.number;
  expect(ports.map(number)).toEqual([1, 2, 3, 4]);
  setMaster(ports[1]!, null);
  setMaster(ports[3]!, null);
  for (const port of [ports[3]!, ports[1]!]) setMaster(port, bridge);
  expect(ports.map(number)).toEqual([1, 4, 3, 2]);
});

test('a bridge takes the lowest MAC and the least MTU of its ports', () => {
  const { bridge, ports } = bridgeWith(3);
  expect([bridge.mac, bridge.mtu]).toEqual([0x0200000000fe, 1498]);
  deleteDevice(ports[2]!);
  expect([bridge.mac, bridge.mtu]).toEqual([0x0200000000ff, 1499]);
  setMac(ports[1]!, 0x020000000200);
  setMtu(ports[1]!, 1600);
  expect([bridge.mac, bridge.mtu]).toEqual([0x020000000100, 1500]);
});

test('a namespace gets the lowest free id', () => {
  const kernel = makeKernel(makeUniverse(), 'node');
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => createNamespace(kernel, name));
  const seen = kernel.initNs;
  expect([a!, b!].map((peer) => allocateNamespaceId(seen, peer))).toEqual([0, 1]);
  destroyNamespace(a!);
  setNamespaceId(seen, c!, 7);
  expect(allocateNamespaceId(seen, d!)).toBe(0);
  expect(allocateNamespaceId(seen, createNamespace(kernel, 'e'))).toBe(2);
});
