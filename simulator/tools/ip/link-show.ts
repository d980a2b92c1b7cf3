/**
 * One device as `ip link` and `ip addr` print it: iproute2 6.15, ip/ipaddress.c (print_linkinfo, print_linkinfo_brief,
 * print_link_stats).
 */
import { BROADCAST_MAC, formatMac } from '../../base/address.ts';
import type { NetDevice } from '../../kernel/device.ts';
import { deviceFlags, operState } from '../../kernel/devices.ts';
import { linkReference, namespaceId, type LinkReference } from '../../kernel/netlink/nsid.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { paint, type Call } from './command.ts';
import { printDetails } from './link-details.ts';
import { namedNamespaces } from './netns-names.ts';
import type { Printer } from './printer.ts';

/** What is shown of devices: by `ip link`, by `ip addr`, by `ip -6 addr` (whose messages say less), or by `ip monitor`. */
export type LinkView = 'link' | 'address' | 'address6' | 'monitor';

/** The other end as the name shows it (`@if5`, `@eth0`), and whether that is a device here that is down (M-DOWN). */
function linkSuffix(ns: NetworkNamespace, reference: LinkReference): { readonly text: string; readonly down: boolean } {
  if (reference.ifindex === 0) return { text: '', down: false };
  if (reference.netnsid !== undefined) return { text: `@if${reference.ifindex}`, down: false };
  const other = ns.devices.get(reference.ifindex);
  return other === undefined
    ? { text: `@if${reference.ifindex}`, down: false }
    : { text: `@${other.name}`, down: !other.up };
}

/** What a message about `dev` says of its other end; IPv6 and bridge messages leave the namespace out. */
export function referenceOf(dev: NetDevice, withNamespace: boolean): LinkReference {
  const reference = linkReference(dev);
  if (withNamespace) return reference;
  return { ifindex: reference.ifindex === dev.ifindex ? 0 : reference.ifindex, netnsid: undefined };
}

/** `name` or `name@link`, with the JSON members that stand before `ifname`. */
export function nameWithLink(
  out: Printer,
  ns: NetworkNamespace,
  dev: NetDevice,
  reference: LinkReference,
): { readonly name: string; readonly down: boolean } {
  const suffix = linkSuffix(ns, reference);
  if (reference.ifindex !== 0) {
    if (reference.netnsid !== undefined) out.member('link_index', reference.ifindex);
    else out.member('link', suffix.text.slice(1));
  }
  return { name: `${dev.name}${suffix.text}`, down: suffix.down };
}

/** `<BROADCAST,UP>`; a down link adds M-DOWN. */
function printFlags(out: Printer, dev: NetDevice, linkDown: boolean): void {
  const flags = deviceFlags(dev);
  if (linkDown) flags.push('M-DOWN');
  out.openArray('flags');
  for (const flag of flags) out.element(flag);
  out.closeArray();
  out.text(`<${flags.join(',')}> `);
}

function stateColor(state: string): 'up' | 'down' | undefined {
  return state === 'UP' ? 'up' : state === 'DOWN' ? 'down' : undefined;
}

/** A device on one line (`-br`): name, state, then for links MAC and flags. The caller ends the line. */
export function printBrief(call: Call, out: Printer, dev: NetDevice, view: LinkView): void {
  const { name, down } = nameWithLink(out, call.ns, dev, referenceOf(dev, view !== 'address6'));
  out.any('ifname', dev.name, paint(call.options, 'ifname', `${name.padEnd(16)} `));
  const state = operState(dev);
  out.any('operstate', state, paint(call.options, stateColor(state), `${state.padEnd(14)} `));
  if (view !== 'link') return;
  out.any('address', formatMac(dev.mac), paint(call.options, 'mac', `${formatMac(dev.mac)} `));
  printFlags(out, dev, down);
}

/** A device in full, without the newline at its end. */
export function printLink(call: Call, out: Printer, dev: NetDevice, view: LinkView): void {
  const { options, ns } = call;
  const lineBreak = options.oneline ? '\\' : '\n';
  const reference = referenceOf(dev, view !== 'address6');
  out.any('ifindex', dev.ifindex, `${dev.ifindex}: `);
  const { name, down } = nameWithLink(out, ns, dev, reference);
  out.any('ifname', dev.name, paint(options, 'ifname', `${name}: `));
  printFlags(out, dev, down);
  out.any('mtu', dev.mtu, `mtu ${dev.mtu} `);
  if (view !== 'address6') out.any('qdisc', dev.qdisc, `qdisc ${dev.qdisc} `);
  if (dev.master !== null && view !== 'address6') out.any('master', dev.master.name, `master ${dev.master.name} `);
  const state = operState(dev);
  out.any('operstate', state, `state ${paint(options, stateColor(state), `${state} `)}`);
  if (view === 'link') out.any('linkmode', 'DEFAULT', 'mode DEFAULT ');
  if (view !== 'address6') out.any('group', 'default', 'group default ');
  const shownQueue = dev.txQueueLength !== 0 || dev.ns.kernel.platform.iproute.zeroQueue;
  if (shownQueue && view !== 'monitor') out.any('txqlen', dev.txQueueLength, `qlen ${dev.txQueueLength}`);
  // Asked for addresses of one family, the device is a headline only.
  if (
    view === 'address6' ||
    (view === 'address' && options.family !== 'any' && options.family !== 'link' && !options.details)
  )
    return;
  printHardware(call, out, dev, reference, lineBreak);
  if (options.details) printDetails(out, dev, lineBreak);
  if (dev.alias !== '' && (view === 'link' || options.details))
    out.any('ifalias', dev.alias, `${lineBreak}    alias ${dev.alias}`);
  if (options.stats > 0 && view === 'link') {
    out.text(lineBreak);
    printStats(out, dev, options.stats > 1, lineBreak);
  }
}

function printHardware(call: Call, out: Printer, dev: NetDevice, reference: LinkReference, lineBreak: string): void {
  const { options } = call;
  const loopback = dev.kind === 'loopback';
  const tunnel = dev.kind === 'ipip';
  const type = loopback ? 'loopback' : tunnel ? 'ipip' : 'ether';
  const broadcast = tunnel ? '0.0.0.0' : formatMac(loopback ? 0 : BROADCAST_MAC);
  out.any('link_type', type, `${lineBreak}    link/${type} `);
  const address = tunnel ? '0.0.0.0' : formatMac(dev.mac);
  out.any('address', address, paint(options, 'mac', address));
  out.any('broadcast', broadcast, ` brd ${paint(options, 'mac', broadcast)}`);
  if (dev.permanentMac !== 0 && dev.permanentMac !== dev.mac) {
    out.any('permaddr', formatMac(dev.permanentMac), ` permaddr ${paint(options, 'mac', formatMac(dev.permanentMac))}`);
  }
  if (reference.netnsid === undefined) return;
  out.any('link_netnsid', reference.netnsid, ` ${namespaceText(call, reference.netnsid)}`);
}

/** `link-netns NAME` when one of /run/netns has this id here, else `link-netnsid N`. */
function namespaceText(call: Call, id: number): string {
  for (const { name, ns } of namedNamespaces(call.ctx)) {
    if (namespaceId(call.ns, ns) === id) return `link-netns ${name}`;
  }
  return `link-netnsid ${id}`;
}

const WIDTHS = [10, 7, 6, 7, 7, 7, 10];

/** print_stats64: columns as wide as the widest number. */
export function printStats(out: Printer, dev: NetDevice, errors: boolean, lineBreak: string): void {
  const s = dev.stats;
  const rx = [s.rxBytes, s.rxPackets, s.rxErrors, s.rxDropped, s.rxMissed, s.multicast];
  const tx = [s.txBytes, s.txPackets, s.txErrors, s.txDropped, s.txCarrier, s.collisions];
  if (out.json) {
    statsMembers(out, rx, tx);
    return;
  }
  if (dev.ns.kernel.platform.iproute.details === '2020') {
    out.text(narrowStats(rx, tx, errors, lineBreak));
    return;
  }
  const widths = WIDTHS.map((width, i) => Math.max(width, String(rx[i] ?? '').length, String(tx[i] ?? '').length));
  const row = (values: readonly (string | number)[], from = 0): string =>
    values.map((value, i) => `${String(value).padStart(widths[i + from] as number)} `).join('');
  const header = (title: string, names: readonly string[]): string => {
    const cells = names.map((name, i) => name.padStart((widths[i] as number) - (i === 0 ? 4 : 0)));
    return `    ${title}: ${cells.join(' ')} ${' '.repeat(widths[6] as number)}${lineBreak}`;
  };
  const errorRows = (title: string, names: readonly string[]): string => {
    const cells = names.map((name, i) => name.padStart(widths[i + 1] as number));
    return `${lineBreak}    ${title} errors:${' '.repeat((widths[0] as number) - 10)} ${cells.join(' ')}${lineBreak}${' '.repeat((widths[0] as number) + 5)}${row([0, 0, 0, 0, 0], 1)}`;
  };
  let text = `${header('RX', ['bytes', 'packets', 'errors', 'dropped', 'missed', 'mcast'])}    ${row(rx)}`;
  if (errors) text += errorRows('RX', ['length', 'crc', 'frame', 'fifo', 'overrun']);
  text += `${lineBreak}${header('TX', ['bytes', 'packets', 'errors', 'dropped', 'carrier', 'collsns'])}    ${row(tx)}`;
  if (errors) text += errorRows('TX', ['aborted', 'fifo', 'window', 'heartbt', 'transns']);
  out.text(text);
}

/** The same before iproute2 5.11: columns of their own widths, numbers at their left. */
function narrowStats(rx: readonly number[], tx: readonly number[], errors: boolean, lineBreak: string): string {
  const row = (values: readonly number[]): string =>
    values.map((value, i) => `${String(value).padEnd(i === 0 ? 10 : i === 1 ? 8 : 7)} `).join('');
  const block = (title: string, last: string, values: readonly number[], more: string): string => {
    const details = `${lineBreak}    ${title} errors: ${more}${lineBreak}               ${row([0, 0, 0, 0, 0]).slice(3)}`;
    return `    ${title}: bytes  packets  errors  dropped ${last}   ${lineBreak}    ${row(values)}${errors ? details : ''}`;
  };
  return `${block('RX', 'missed  mcast', rx, 'length   crc     frame   fifo    overrun')}${lineBreak}${block('TX', 'carrier collsns'.trimEnd(), tx, 'aborted  fifo   window heartbeat')}`;
}

function statsMembers(out: Printer, rx: readonly number[], tx: readonly number[]): void {
  const write = (name: string, names: readonly string[], values: readonly number[]): void => {
    out.openObject(name);
    names.forEach((one, i) => out.member(one, values[i] as number));
    out.closeObject();
  };
  out.openObject('stats64');
  write('rx', ['bytes', 'packets', 'errors', 'dropped', 'over_errors', 'multicast'], rx);
  write('tx', ['bytes', 'packets', 'errors', 'dropped', 'carrier_errors', 'collisions'], tx);
  out.closeObject();
}
