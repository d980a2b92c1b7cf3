/** What ifconfig of net-tools 2.10 and of busybox 1.37 say of a device. */
import { formatIpv4, formatMac, maskOf } from '../../base/address.ts';
import type { InterfaceAddress, NetDevice } from '../../kernel/device.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';

/** Flags of net_device_flags that can be set here, in the order ifconfig names them. */
const FLAGS: readonly (readonly [name: string, bit: number, set: (dev: NetDevice) => boolean])[] = [
  ['UP', 1, (dev) => dev.up],
  ['BROADCAST', 2, (dev) => dev.kind !== 'loopback'],
  ['LOOPBACK', 8, (dev) => dev.kind === 'loopback'],
  ['RUNNING', 64, (dev) => dev.up && dev.carrier],
  ['NOARP', 128, (dev) => dev.noArp],
  ['PROMISC', 256, (dev) => dev.promiscuousByHand],
  ['MULTICAST', 4096, (dev) => dev.multicast && dev.kind !== 'loopback'],
];

/** The devices to show, by name: those that are UP, or all. */
export function devicesByName(ns: NetworkNamespace, all: boolean): NetDevice[] {
  return [...ns.devices.values()].filter((dev) => all || dev.up).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** SIOCGIFADDR: the first primary address. */
function primary(dev: NetDevice): InterfaceAddress | undefined {
  return dev.addresses.find((entry) => !entry.secondary);
}

function flagNames(dev: NetDevice): string[] {
  return FLAGS.filter(([, , set]) => set(dev)).map(([name]) => name);
}

/** 12456 → `12.1 KiB`; busybox names octets, net-tools too. */
function readable(octets: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = octets;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${(Math.floor(value * 10) / 10).toFixed(1)} ${units[unit]}`;
}

/** One device as net-tools prints it, with the empty line behind. */
export function describeGnu(dev: NetDevice): string {
  const bits = FLAGS.reduce((sum, [, bit, set]) => sum + (set(dev) ? bit : 0), 0);
  const { stats: s } = dev;
  let text = `${dev.name}: flags=${bits}<${flagNames(dev).join(',')}>  mtu ${dev.mtu}\n`;
  const address = primary(dev);
  if (address !== undefined) {
    text += `        inet ${formatIpv4(address.address)}  netmask ${formatIpv4(maskOf(address.prefix))}`;
    text += dev.kind === 'loopback' ? '\n' : `  broadcast ${formatIpv4(address.broadcast)}\n`;
  }
  for (const { address: six, prefix, scope } of dev.addresses6) {
    const where = { host: '0x10<host>', link: '0x20<link>', global: '0x0<global>' }[scope];
    text += `        inet6 ${six}  prefixlen ${prefix}  scopeid ${where}\n`;
  }
  text +=
    dev.kind === 'loopback'
      ? `        loop  txqueuelen ${dev.txQueueLength}  (Local Loopback)\n`
      : `        ether ${formatMac(dev.mac)}  txqueuelen ${dev.txQueueLength}  (Ethernet)\n`;
  text += `        RX packets ${s.rxPackets}  bytes ${s.rxBytes} (${readable(s.rxBytes)})\n`;
  text += `        RX errors ${s.rxErrors}  dropped ${s.rxDropped}  overruns 0  frame 0\n`;
  text += `        TX packets ${s.txPackets}  bytes ${s.txBytes} (${readable(s.txBytes)})\n`;
  return `${text}        TX errors ${s.txErrors}  dropped ${s.txDropped} overruns 0  carrier ${s.txCarrier}  collisions ${s.collisions}\n\n`;
}

/** One device as busybox prints it, with the empty line behind. */
export function describeBusybox(dev: NetDevice): string {
  const { stats: s } = dev;
  const loopback = dev.kind === 'loopback';
  const indent = ' '.repeat(10);
  let text = `${dev.name.padEnd(9)} Link encap:${loopback ? 'Local Loopback  ' : `Ethernet  HWaddr ${formatMac(dev.mac).toUpperCase()}  `}\n`;
  const address = primary(dev);
  if (address !== undefined) {
    const broadcast = loopback ? '' : `  Bcast:${formatIpv4(address.broadcast)}`;
    text += `${indent}inet addr:${formatIpv4(address.address)}${broadcast}  Mask:${formatIpv4(maskOf(address.prefix))}\n`;
  }
  for (const { address: six, prefix, scope } of dev.addresses6)
    text += `${indent}inet6 addr: ${six}/${prefix} Scope:${{ host: 'Host', link: 'Link', global: 'Global' }[scope]}\n`;
  const names = flagNames(dev);
  text += `${indent}${names.length === 0 ? '[NO FLAGS]' : names.join(' ')}  MTU:${dev.mtu}  Metric:1\n`;
  text += `${indent}RX packets:${s.rxPackets} errors:${s.rxErrors} dropped:${s.rxDropped} overruns:0 frame:0\n`;
  text += `${indent}TX packets:${s.txPackets} errors:${s.txErrors} dropped:${s.txDropped} overruns:0 carrier:${s.txCarrier}\n`;
  text += `${indent}collisions:${s.collisions} txqueuelen:${dev.txQueueLength} \n`;
  return `${text}${indent}RX bytes:${s.rxBytes} (${readable(s.rxBytes)})  TX bytes:${s.txBytes} (${readable(s.txBytes)})\n\n`;
}

/** One line of `netstat -i`. */
export function interfaceLine(dev: NetDevice): string {
  const { stats: s } = dev;
  const cell = (value: number, width: number): string => String(value).padStart(width);
  const letters = { BROADCAST: 'B', LOOPBACK: 'L', MULTICAST: 'M', NOARP: 'O', PROMISC: 'P', RUNNING: 'R', UP: 'U' };
  const names = flagNames(dev);
  const flags = Object.entries(letters)
    .filter(([name]) => names.includes(name))
    .map(([, letter]) => letter)
    .join('');
  return `${dev.name.padEnd(15)} ${cell(dev.mtu, 5)} ${cell(s.rxPackets, 8)} ${cell(s.rxErrors, 6)} ${cell(s.rxDropped, 6)} 0      ${cell(s.txPackets, 8)} ${cell(s.txErrors, 6)} ${cell(s.txDropped, 6)} ${cell(0, 6)} ${flags}\n`;
}
