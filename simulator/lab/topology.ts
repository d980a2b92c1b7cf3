/**
 * What a map of a world shows: machines, their namespaces, the devices in them and how they hang together, and the chains
 * that packets meet there. Plain data, made when somebody asks; looking changes nothing.
 */
import { formatIpv4 } from '../base/address.ts';
import type { NetDevice } from '../kernel/device.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import type { IpvsState } from '../ipvs/state.ts';
import { netfilterOf } from '../netfilter/state.ts';
import { HOOK_NAMES, type HookName } from '../trace/event.ts';

export interface MapHost {
  readonly name: string;
  /** `host` first, then in order of birth. */
  readonly namespaces: readonly MapNamespace[];
}

export interface MapNamespace {
  readonly name: string;
  readonly devices: readonly MapDevice[];
  /** The base chains that hold rules or a policy of DROP, in the order in which a packet can meet them. */
  readonly chains: readonly MapChain[];
  /** How many IPVS services there are. */
  readonly services: number;
}

export interface MapChain {
  readonly hook: HookName;
  readonly table: string;
  readonly rules: number;
  readonly policy: 'ACCEPT' | 'DROP';
}

export interface MapDevice {
  readonly name: string;
  readonly kind: string;
  readonly up: boolean;
  /** With prefix, as `ip addr` shows them. */
  readonly addresses: readonly string[];
  /** The bridge of this namespace that it is a port of. */
  readonly master?: string;
  /** The other end of a veth pair. */
  readonly peer?: { readonly netns: string; readonly device: string };
  /** Network number of a vxlan device. */
  readonly vni?: number;
}

/** The tables at one hook in the order of their priorities. */
const AT_HOOK = ['raw', 'mangle', 'nat', 'filter', 'security'] as const;
/** The hooks in the order in which a packet that is passed on, or taken in, or made here, meets them. */
const HOOK_ORDER = [0, 1, 2, 3, 4] as const;

/** The machines of a world, in their order. */
export function topologyOf(kernels: readonly Kernel[]): MapHost[] {
  return kernels.map((kernel) => ({
    name: kernel.host,
    namespaces: [...kernel.namespaces].filter((ns) => !ns.dead).map(namespaceOf),
  }));
}

function namespaceOf(ns: NetworkNamespace): MapNamespace {
  return {
    name: ns.name,
    devices: [...ns.devices.values()].map(deviceOf),
    chains: chainsOf(ns),
    services: (ns.rooms.ipvs as IpvsState | null)?.services.length ?? 0,
  };
}

function deviceOf(dev: NetDevice): MapDevice {
  return {
    name: dev.name,
    kind: dev.kind,
    up: dev.up,
    addresses: dev.addresses.map(({ address, prefix }) => `${formatIpv4(address)}/${prefix}`),
    ...(dev.master === null ? {} : { master: dev.master.name }),
    ...(dev.peer === null ? {} : { peer: { netns: dev.peer.ns.name, device: dev.peer.name } }),
    ...(dev.vxlan === null ? {} : { vni: dev.vxlan.vni }),
  };
}

function chainsOf(ns: NetworkNamespace): MapChain[] {
  if (ns.rooms.netfilter === null) return [];
  const netfilter = netfilterOf(ns);
  const found: MapChain[] = [];
  for (const hook of HOOK_ORDER) {
    for (const name of AT_HOOK) {
      const chain = netfilter[name].base[hook] ?? null;
      if (chain === null || (chain.rules.length === 0 && chain.policy === 'ACCEPT')) continue;
      found.push({ hook: HOOK_NAMES[hook], table: name, rules: chain.rules.length, policy: chain.policy });
    }
  }
  return found;
}
