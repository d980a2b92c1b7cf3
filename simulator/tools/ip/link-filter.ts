/** Which devices `ip link show` and `ip addr show` list: the selectors both know. */
import type { NetDevice } from '../../kernel/device.ts';
import type { Args } from './command.ts';
import { Exit, garbage, notEmulated, wrong, type Call } from './command.ts';
import { linkKind } from './link-details.ts';

export interface LinkFilter {
  dev?: NetDevice;
  up?: boolean;
  master?: NetDevice;
  noMaster?: boolean;
  type?: string;
}

/** Reads one selector; `word` has been taken already. */
export function linkFilter(call: Call, filter: LinkFilter, word: string, args: Args): void {
  switch (word) {
    case 'up':
      filter.up = true;
      return;
    case 'master': {
      const name = args.next();
      const master = call.ns.device(name);
      if (master === undefined) throw wrong('Device does not exist\n', name);
      filter.master = master;
      return;
    }
    case 'nomaster':
      filter.noMaster = true;
      return;
    case 'type':
      filter.type = args.next();
      return;
    case 'group': {
      const group = args.next();
      if (group !== 'default' && group !== '0') throw wrong('Invalid "group" value\n', group);
      return;
    }
    case 'vrf':
    case 'novf':
      throw notEmulated('ip', `selector ${word}`);
    default: {
      const name = word === 'dev' ? args.next() : word;
      if (filter.dev !== undefined) throw garbage('dev', name);
      const dev = call.ns.device(name);
      if (dev === undefined) throw new Exit(1, `Device "${name}" does not exist.`);
      filter.dev = dev;
    }
  }
}

/** The devices that pass, by index. */
export function selectLinks(call: Call, filter: LinkFilter): NetDevice[] {
  return [...call.ns.devices.values()]
    .filter(
      (dev) =>
        (filter.dev === undefined || dev === filter.dev) &&
        (filter.up === undefined || dev.up) &&
        (filter.master === undefined || dev.master === filter.master) &&
        (filter.noMaster === undefined || dev.master === null) &&
        (filter.type === undefined || typeMatches(dev, filter.type)),
    )
    .sort((a, b) => a.ifindex - b.ifindex);
}

function typeMatches(dev: NetDevice, type: string): boolean {
  if (type.endsWith('_slave')) return dev.port !== null && type === 'bridge_slave';
  return linkKind(dev) === type;
}
