/** `ip maddress`: multicast groups of devices (iproute2 6.15, ip/ipmaddr.c). Shown as they follow from device state. */
import { formatMac } from '../../base/address.ts';
import { groups6, multicastMacs } from '../../kernel/netlink/inet6.ts';
import { Args, device, Exit, notEmulated, pick, type Call } from './command.ts';

/** `ip maddress …` */
export function ipMaddress(call: Call, words: readonly string[]): number {
  const [first = 'show', ...rest] = words;
  const command = pick(first, ['add', 'delete', 'show', 'lst', 'list', 'help']);
  if (command === undefined) throw new Exit(255, `Command "${first}" is unknown, try "ip maddr help".`);
  if (command !== 'show' && command !== 'lst' && command !== 'list') throw notEmulated('ip', `maddress ${command}`);
  const { family } = call.options;
  const asked = (one: typeof family): boolean => family === 'any' || family === one;
  const args = new Args(rest);
  const only = args.done ? undefined : device(call, args.peek() === 'dev' ? (args.take(), args.next()) : args.take());
  for (const dev of [...call.ns.devices.values()].sort((a, b) => a.ifindex - b.ifindex)) {
    if (only !== undefined && only !== dev) continue;
    call.out += `${dev.ifindex}:\t${dev.name}\n`;
    if (asked('link')) for (const mac of multicastMacs(dev)) call.out += `\tlink  ${formatMac(mac)}\n`;
    if (dev.up && asked('inet')) call.out += '\tinet  224.0.0.1\n';
    if (asked('inet6')) for (const group of groups6(dev)) call.out += `\tinet6 ${group}\n`;
  }
  return 0;
}
