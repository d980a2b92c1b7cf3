/**
 * ifconfig(8) of net-tools 2.10 and of busybox 1.37: shows devices; sets `up`, `down`, an address with `netmask` and `broadcast`, `mtu`,
 * `hw ether`, `promisc`, `arp`. Everything else is refused.
 */
import { broadcastOf, maskOf, parseIpv4, parseMac } from '../base/address.ts';
import { strerror } from '../base/errno.ts';
import type { NetDevice } from '../kernel/device.ts';
import { deleteAddress, newAddress } from '../kernel/netlink/address.ts';
import { setLink, type LinkSettings } from '../kernel/netlink/link.ts';
import { fail, type Blocking, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import { describeBusybox, describeGnu, devicesByName } from './nettools/interfaces.ts';

function program(busybox: boolean): (ctx: ProgramContext) => Program {
  const describe = busybox ? describeBusybox : describeGnu;
  return function* main(ctx) {
    const words = ctx.argv.slice(1);
    let all = false;
    while (words[0]?.startsWith('-') === true) {
      const word = words.shift() as string;
      if (word === '-a') all = true;
      else if (word === '-s' || word === '-v') return yield* fail(ctx, `ifconfig: option ${word} is not emulated here`);
      else if (word === '-V' || word === '--version') {
        yield* ctx.out('net-tools 2.10\n');
        return 0;
      } else
        return yield* fail(
          ctx,
          `ifconfig: option \`${word}' not recognised.\nifconfig: \`--help' gives usage information.`,
        );
    }
    const [name, ...settings] = words;
    if (name === undefined) {
      yield* ctx.out(devicesByName(ctx.netns, all).map(describe).join(''));
      return 0;
    }
    const dev = ctx.netns.device(name);
    if (dev === undefined) {
      const text =
        settings.length === 0 ? 'error fetching interface information' : 'ERROR while getting interface flags';
      return yield* fail(
        ctx,
        busybox
          ? `ifconfig: ${name}: error fetching interface information: Device not found`
          : `${name}: ${text}: ${settings.length === 0 ? 'Device not found' : 'No such device'}`,
        settings.length === 0 ? 1 : 255,
      );
    }
    if (settings.length > 0) return yield* change(ctx, dev, settings);
    yield* ctx.out(describe(dev));
    return 0;
  };
}

function* change(ctx: ProgramContext, dev: NetDevice, words: string[]): Blocking<number> {
  let address: number | undefined;
  let [prefix, broadcast] = [-1, -1];
  const apply = (settings: LinkSettings): string | undefined => {
    const set = setLink(dev, { ...settings, origin: ctx.origin });
    return set.ok ? undefined : strerror(set.errno);
  };
  while (words.length > 0) {
    const word = words.shift() as string;
    let trouble: string | undefined;
    if (word === 'up' || word === 'down') trouble = apply({ up: word === 'up' });
    else if (word === 'promisc' || word === '-promisc') trouble = apply({ promiscuous: word === 'promisc' });
    else if (word === 'arp' || word === '-arp') trouble = apply({ noArp: word === '-arp' });
    else if (word === 'mtu') {
      const mtu = Number(words.shift());
      trouble = Number.isInteger(mtu) ? apply({ mtu }) : 'Invalid argument';
      if (trouble !== undefined) trouble = `SIOCSIFMTU: ${trouble}`;
    } else if (word === 'hw') {
      const kind = words.shift();
      const mac = parseMac(words.shift() ?? '');
      if (kind !== 'ether' || mac === undefined) return yield* fail(ctx, `ifconfig: invalid hardware address`);
      trouble = apply({ mac });
    } else if (word === 'netmask') {
      const mask = parseIpv4(words.shift() ?? '');
      prefix = mask === undefined ? -1 : [...new Array(33).keys()].findIndex((bits) => maskOf(bits) === mask);
      if (prefix < 0) return yield* fail(ctx, 'ifconfig: bad netmask');
    } else if (word === 'broadcast') {
      const given = parseIpv4(words.shift() ?? '');
      if (given === undefined) return yield* fail(ctx, 'ifconfig: bad broadcast address');
      broadcast = given;
    } else {
      const [text = '', bits] = word.split('/', 2);
      const found = parseIpv4(text);
      if (found === undefined)
        return yield* fail(
          ctx,
          /^[a-z-]+$/.test(word)
            ? `ifconfig: setting ${word} is not emulated here`
            : `${word}: Unknown host\nifconfig: \`--help' gives usage information.`,
        );
      if (bits !== undefined && (!/^\d+$/.test(bits) || Number(bits) > 32))
        return yield* fail(ctx, `ifconfig: bad prefix length ${bits}`);
      address = found;
      if (bits !== undefined) prefix = Number(bits);
    }
    if (trouble !== undefined) return yield* fail(ctx, trouble, 255);
  }
  if (address === undefined && prefix < 0 && broadcast < 0) return 0;
  return yield* setAddress(ctx, dev, address, prefix, broadcast);
}

/** SIOCSIFADDR and what belongs to it: the device's first address is replaced, and the device goes UP. */
function* setAddress(
  ctx: ProgramContext,
  dev: NetDevice,
  wanted: number | undefined,
  bits: number,
  cast: number,
): Blocking<number> {
  const old = dev.addresses.find((entry) => !entry.secondary);
  const address = wanted ?? old?.address;
  if (address === undefined) return yield* fail(ctx, 'SIOCSIFNETMASK: Cannot assign requested address', 255);
  if (old !== undefined) deleteAddress(dev, old.address, old.prefix);
  if (address === 0) return 0;
  const first = address >>> 24;
  const prefix =
    bits >= 0 ? bits : wanted === undefined && old !== undefined ? old.prefix : first < 128 ? 8 : first < 192 ? 16 : 24;
  const broadcast = cast >= 0 ? cast : prefix < 31 && dev.kind !== 'loopback' ? broadcastOf(address, prefix) : 0;
  const set = newAddress(dev, {
    address,
    prefix,
    broadcast,
    scope: first === 127 ? 'host' : 'global',
    label: dev.name,
    origin: ctx.origin,
  });
  if (!set.ok) return yield* fail(ctx, `SIOCSIFADDR: ${strerror(set.errno)}`, 255);
  setLink(dev, { up: true, origin: ctx.origin });
  return 0;
}

const complete = (words: readonly string[], ctx: ProgramContext): readonly string[] =>
  words.length === 2 ? [...ctx.netns.byName.keys()] : [];

export const ifconfigTool: Tool = {
  name: 'ifconfig',
  directory: '/usr/sbin',
  summary: 'show and set up network devices',
  main: program(false),
  complete,
};
export const busyboxIfconfigTool: Tool = {
  name: 'ifconfig',
  directory: '/sbin',
  summary: 'show and set up network devices',
  main: program(true),
  complete,
};
