/**
 * ethtool(8) 6.14: statistics (-S) of veth pairs, drivers (-i), and the settings of a device without options. Whatever else a real
 * one changes in hardware (-A -C -G -K -k -L -s …) is refused: there is none.
 */
import type { NetDevice } from '../kernel/device.ts';
import { fail, type Program, type ProgramContext, type Tool } from '../process/program.ts';

const DRIVERS: Readonly<Record<string, readonly [name: string, version: string]>> = {
  bridge: ['bridge', '2.3'],
  dummy: ['dummy', '1.0'],
  ethernet: ['virtio_net', '1.0.0'],
  veth: ['veth', '1.0'],
  vxlan: ['vxlan', '0.1'],
};

function statistics(dev: NetDevice): string | undefined {
  const { peer } = dev;
  if (dev.kind !== 'veth' || peer === null) return undefined;
  const names: [string, number][] = [['peer_ifindex', peer.ifindex]];
  for (let queue = 0; queue < dev.ns.kernel.cpus; queue++)
    for (const counter of ['xdp_packets', 'xdp_bytes', 'drops', 'xdp_redirect', 'xdp_drops', 'xdp_tx', 'xdp_tx_errors'])
      names.push([`rx_queue_${queue}_${counter}`, 0]);
  for (let queue = 0; queue < dev.ns.kernel.cpus; queue++)
    for (const counter of ['xdp_xmit', 'xdp_xmit_errors']) names.push([`tx_queue_${queue}_${counter}`, 0]);
  return `NIC statistics:\n${names.map(([name, value]) => `     ${name}: ${value}\n`).join('')}`;
}

function driver(dev: NetDevice): string | undefined {
  const known = DRIVERS[dev.kind];
  if (known === undefined) return undefined;
  const [name, version] = known;
  const bus = dev.parentDevice === '' ? '' : (dev.parentDevice.split('/').at(-1) ?? '');
  const yes = (value: boolean): string => (value ? 'yes' : 'no');
  return `driver: ${name}\nversion: ${version}\nfirmware-version: ${name === 'bridge' || name === 'vxlan' ? 'N/A' : ''}\nexpansion-rom-version: \nbus-info: ${bus}\nsupports-statistics: ${yes(dev.kind === 'veth' || dev.kind === 'ethernet')}\nsupports-test: no\nsupports-eeprom-access: no\nsupports-register-dump: no\nsupports-priv-flags: no\n`;
}

function settings(dev: NetDevice): string {
  const link = `\tLink detected: ${dev.up && dev.carrier ? 'yes' : 'no'}\n`;
  if (dev.kind !== 'veth' && dev.kind !== 'bridge') return `Settings for ${dev.name}:\n${link}`;
  const speed = dev.kind === 'veth' || (dev.up && dev.carrier) ? '10000Mb/s' : 'Unknown!';
  if (dev.kind === 'bridge')
    return `Settings for ${dev.name}:\n\tSupported ports: [  ]\n\tSupported link modes:   Not reported\n\tSupported pause frame use: No\n\tSupports auto-negotiation: No\n\tSupported FEC modes: Not reported\n\tAdvertised link modes:  Not reported\n\tAdvertised pause frame use: No\n\tAdvertised auto-negotiation: No\n\tAdvertised FEC modes: Not reported\n\tSpeed: ${speed}\n\tDuplex: Unknown! (255)\n\tAuto-negotiation: off\n\tPort: Other\n\tPHYAD: 0\n\tTransceiver: internal\n${link}`;
  return `Settings for ${dev.name}:\n\tSupported ports: [  ]\n\tSupported link modes:   Not reported\n\tSupported pause frame use: No\n\tSupports auto-negotiation: No\n\tSupported FEC modes: Not reported\n\tAdvertised link modes:  Not reported\n\tAdvertised pause frame use: No\n\tAdvertised auto-negotiation: No\n\tAdvertised FEC modes: Not reported\n\tSpeed: ${speed}\n\tDuplex: Full\n\tAuto-negotiation: off\n\tPort: Twisted Pair\n\tPHYAD: 0\n\tTransceiver: internal\n\tMDI-X: Unknown\n${link}`;
}

const SHORT: Readonly<Record<string, string>> = { '--statistics': '-S', '--driver': '-i' };

function* main(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  const first = words[0] ?? '';
  if (first === '--version') {
    yield* ctx.out('ethtool version 6.14\n');
    return 0;
  }
  const option = first.startsWith('-') ? (SHORT[first] ?? first) : '';
  const name = option === '' ? words[0] : words[1];
  if (words.length === 0 || (option !== '' && name === undefined && /^-[SiAaCcGgKkLlsPptdehmnuxXT]$/.test(option)))
    return yield* fail(ctx, 'ethtool: bad command line argument(s)\nFor more information run ethtool -h');
  if (option !== '' && option !== '-S' && option !== '-i') {
    const known = /^-[aAcCdeEfgGhkKlLmnNpPqrstTuUwWxX]$/.test(option) || /^--[a-z]/.test(option);
    return yield* fail(
      ctx,
      known
        ? `ethtool: option ${option} is not emulated here`
        : 'ethtool: bad command line argument(s)\nFor more information run ethtool -h',
    );
  }
  if (words.length > (option === '' ? 1 : 2))
    return yield* fail(ctx, 'ethtool: bad command line argument(s)\nFor more information run ethtool -h');
  const dev = ctx.netns.device(name ?? '');
  if (dev === undefined) {
    if (option === '-i') return yield* fail(ctx, 'Cannot get driver information: No such device', 71);
    if (option === '-S') return yield* fail(ctx, 'Cannot get stats strings information: No such device', 96);
    return yield* fail(
      ctx,
      'netlink error: no device matches name (offset 24)\nnetlink error: No such device\nNo data available',
      75,
    );
  }
  const text = option === '-S' ? statistics(dev) : option === '-i' ? driver(dev) : settings(dev);
  if (text === undefined)
    return yield* fail(
      ctx,
      option === '-S' ? 'no stats available' : 'Cannot get driver information: Operation not supported',
      option === '-S' ? 94 : 71,
    );
  yield* ctx.out(text);
  return 0;
}

export const ethtoolTool: Tool = {
  name: 'ethtool',
  directory: '/usr/sbin',
  summary: 'statistics and drivers of network devices',
  main,
  complete: (_, ctx) => [...ctx.netns.byName.keys()],
};
