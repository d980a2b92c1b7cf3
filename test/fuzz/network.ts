/** The network of the fuzzers: two namespaces, a cable between them, and a bridge with a cable and a VXLAN tunnel at its ports. */
import { ipv4 } from '../../simulator/base/address.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { addAddress } from '../../simulator/kernel/addresses.ts';
import type { NetDevice } from '../../simulator/kernel/device.ts';
import { createDevice, createVethPair, setMaster, setUp } from '../../simulator/kernel/devices.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { writeSysctl } from '../../simulator/kernel/sysctl.ts';

/** Joins `a`, a router, to `b`; answers e0, the end of the first cable in `a`. */
export function connect(a: NetworkNamespace, b: NetworkNamespace): NetDevice {
  for (const one of [a, b]) setUp(one.device('lo') as NetDevice, true);
  const link = (name: string, address: string, far: string): NetDevice => {
    const pair = createVethPair(a, { name, peer: { ns: b, name: `${name}p` }, origin: KERNEL_DEFAULT });
    if (!pair.ok) throw new Error(pair.errno);
    addAddress(pair.value[0], { address: ipv4(address), prefix: 24, origin: KERNEL_DEFAULT });
    addAddress(pair.value[1], { address: ipv4(far), prefix: 24, origin: KERNEL_DEFAULT });
    for (const dev of pair.value) setUp(dev, true);
    return pair.value[0];
  };
  const e0 = link('e0', '10.1.0.1', '10.1.0.2');
  const port = link('v0', '10.2.0.1', '10.2.0.2');
  const bridge = createDevice(a, { kind: 'bridge', name: 'br0', origin: KERNEL_DEFAULT });
  const tunnel = createDevice(a, {
    kind: 'vxlan',
    name: 'vx0',
    origin: KERNEL_DEFAULT,
    vxlan: { vni: 42, dstPort: 4789, local: ipv4('10.1.0.1') },
  });
  if (!bridge.ok || !tunnel.ok) throw new Error('no devices');
  for (const dev of [port, tunnel.value]) setMaster(dev, bridge.value);
  for (const dev of [bridge.value, tunnel.value]) setUp(dev, true);
  writeSysctl(a, 'net/ipv4/ip_forward', '1');
  return e0;
}
