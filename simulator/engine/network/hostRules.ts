/**
 * The iptables rules by which Docker keeps bridges apart, in the ways of the eras: which chains there are, what stands in
 * FORWARD, and what a new bridge adds. Mirrors libnetwork iptables/iptables.go, firewall_linux.go and drivers/bridge
 * setup_ip_tables.go of 17.03, 18.09 to 26.1, and 28. A way is data: chains, jumps that stand on top, rules by bridge.
 */
import type { Origin } from '../../base/origin.ts';
import type { DataPlane } from '../../eras/era.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import * as dataplane from '../dataplane.ts';

/** A bridge, as its rules need it. */
export interface BridgeFacts {
  /** Of the device. */
  readonly name: string;
  readonly subnet: string;
  readonly internal: boolean;
  /** Containers may talk to each other. */
  readonly icc: boolean;
  readonly masquerade: boolean;
  /** Devices of the bridges that were there before. */
  readonly others: readonly string[];
}

export interface RuleLine {
  readonly how: 'insert' | 'append';
  readonly table: dataplane.TableName;
  readonly chain: string;
  readonly rule: string;
}

interface HostRules {
  /** Chains of filter, which are emptied when a daemon starts. */
  readonly chains: readonly string[];
  /** Chains that belong to the administrator: made, never emptied. */
  readonly kept: readonly string[];
  /** Those that end with `-j RETURN`. */
  readonly returning: readonly string[];
  /** Jumps that a new bridge puts on top of their chains, the last one first. */
  readonly bridgeJumps: readonly (readonly [chain: string, to: string])[];
  /** Jumps that every new network puts on top after that, to stand above all others. */
  readonly networkJumps: readonly (readonly [chain: string, to: string])[];
  /** Whether a jump that is there is taken out and put on top again; it then has a new handle. */
  readonly again: boolean;
  /** Jumps written once, in this order, before those of the administrator. */
  readonly fixed: readonly (readonly [chain: string, to: string])[];
  /** When nat's jumps to DOCKER are written: with the chains, or by the first bridge (ProgramChain). */
  readonly natJumps: 'with chains' | 'with bridge';
  bridge(facts: BridgeFacts): RuleLine[];
  /** For an end point on a bridge. */
  endpoint(bridge: string, address: string): RuleLine[];
}

const INGRESS = 'DOCKER-INGRESS';
const USER = 'DOCKER-USER';
const STAGE_1 = 'DOCKER-ISOLATION-STAGE-1';
const STAGE_2 = 'DOCKER-ISOLATION-STAGE-2';
const PAIRS = 'DOCKER-ISOLATION';
const FORWARD = 'DOCKER-FORWARD';
const CT = 'DOCKER-CT';
const BRIDGE = 'DOCKER-BRIDGE';

const filter = (how: RuleLine['how'], chain: string, rule: string): RuleLine => ({ how, table: 'filter', chain, rule });

/** Within one bridge. */
function within({ name, icc }: BridgeFacts): RuleLine {
  return filter(icc ? 'insert' : 'append', 'FORWARD', `-i ${name} -o ${name} -j ${icc ? 'ACCEPT' : 'DROP'}`);
}

function enclosed({ name, subnet }: BridgeFacts, how: RuleLine['how'], chain: string): RuleLine[] {
  return [
    filter(how, chain, `! -s ${subnet} -o ${name} -j DROP`),
    filter(how, chain, `! -d ${subnet} -i ${name} -j DROP`),
  ];
}

function nat({ name, subnet, masquerade }: BridgeFacts): RuleLine[] {
  const out: RuleLine = {
    how: 'insert',
    table: 'nat',
    chain: 'POSTROUTING',
    rule: `-s ${subnet} ! -o ${name} -j MASQUERADE`,
  };
  return [...(masquerade ? [out] : []), { how: 'insert', table: 'nat', chain: 'DOCKER', rule: `-i ${name} -j RETURN` }];
}

const WAYS: Readonly<Record<DataPlane['hostRules'], HostRules>> = {
  pairs: {
    chains: ['DOCKER', PAIRS],
    kept: [],
    returning: [PAIRS],
    bridgeJumps: [['FORWARD', PAIRS]],
    networkJumps: [['FORWARD', INGRESS]],
    again: true,
    fixed: [],
    natJumps: 'with bridge',
    bridge: (facts) => {
      const { name, others } = facts;
      if (facts.internal) return [...enclosed(facts, 'insert', PAIRS), within(facts)];
      return [
        ...nat(facts),
        within(facts),
        filter('insert', 'FORWARD', `-i ${name} ! -o ${name} -j ACCEPT`),
        filter('insert', 'FORWARD', `-o ${name} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`),
        filter('insert', 'FORWARD', `-o ${name} -j DOCKER`),
        ...others.flatMap((other) => [
          filter('insert', PAIRS, `-i ${name} -o ${other} -j DROP`),
          filter('insert', PAIRS, `-i ${other} -o ${name} -j DROP`),
        ]),
      ];
    },
    endpoint: () => [],
  },
  stages: {
    chains: ['DOCKER', STAGE_1, STAGE_2],
    kept: [USER],
    returning: [STAGE_1, STAGE_2, USER],
    bridgeJumps: [['FORWARD', STAGE_1]],
    networkJumps: [
      ['FORWARD', INGRESS],
      ['FORWARD', USER],
    ],
    again: true,
    fixed: [],
    natJumps: 'with bridge',
    bridge: (facts) => {
      const { name } = facts;
      if (facts.internal) return [...enclosed(facts, 'insert', STAGE_1), within(facts)];
      return [
        ...nat(facts),
        within(facts),
        filter('insert', 'FORWARD', `-i ${name} ! -o ${name} -j ACCEPT`),
        filter('insert', 'FORWARD', `-o ${name} -j DOCKER`),
        filter('insert', 'FORWARD', `-o ${name} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`),
        filter('insert', STAGE_1, `-i ${name} ! -o ${name} -j ${STAGE_2}`),
        filter('insert', STAGE_2, `-o ${name} -j DROP`),
      ];
    },
    endpoint: () => [],
  },
  'forward chain': {
    chains: ['DOCKER', STAGE_1, STAGE_2, FORWARD, BRIDGE, CT],
    kept: [USER],
    returning: [],
    bridgeJumps: [],
    networkJumps: [
      [FORWARD, INGRESS],
      ['FORWARD', USER],
    ],
    again: false,
    fixed: [
      ['FORWARD', FORWARD],
      [FORWARD, CT],
      [FORWARD, STAGE_1],
      [FORWARD, BRIDGE],
    ],
    natJumps: 'with chains',
    bridge: (facts) => {
      const { name, icc } = facts;
      if (facts.internal) {
        const inside = filter('append', FORWARD, `-i ${name} -o ${name} -j ${icc ? 'ACCEPT' : 'DROP'}`);
        return [...enclosed(facts, 'append', STAGE_1), inside];
      }
      const out = icc
        ? [filter('append', FORWARD, `-i ${name} -j ACCEPT`)]
        : [
            filter('append', FORWARD, `-i ${name} -o ${name} -j DROP`),
            filter('append', FORWARD, `-i ${name} ! -o ${name} -j ACCEPT`),
          ];
      return [
        ...nat(facts),
        filter('append', 'DOCKER', `! -i ${name} -o ${name} -j DROP`),
        filter('append', BRIDGE, `-o ${name} -j DOCKER`),
        filter('append', CT, `-o ${name} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`),
        ...out,
        filter('append', STAGE_1, `-i ${name} ! -o ${name} -j ${STAGE_2}`),
        filter('insert', STAGE_2, `-o ${name} -j DROP`),
      ];
    },
    // Nobody reaches a container from outside by its own address.
    endpoint: (bridge, address) => [
      { how: 'append', table: 'raw', chain: 'PREROUTING', rule: `-d ${address} ! -i ${bridge} -j DROP` },
    ],
  },
};

/** The chains every engine begins with (setupIPChains, arrangeUserFilterRule); and forwarding, with its policy. */
export function setUpHostChains(ns: NetworkNamespace, way: DataPlane['hostRules'], origin: Origin): void {
  const { chains, kept, returning, fixed, natJumps } = WAYS[way];
  dataplane.writeSysctl(ns, 'net/bridge/bridge-nf-call-iptables', '1');
  // It is asked whether iptables can wait for others (`--wait -L -n`): the first table is filter.
  dataplane.openTable(ns, 'filter');
  // What an earlier run has left in its own chains is forgotten.
  if (!dataplane.newChain(ns, 'nat', 'DOCKER', origin)) dataplane.flushChain(ns, 'nat', 'DOCKER', origin);
  if (natJumps === 'with chains') jumpToDocker(ns, origin);
  for (const chain of chains)
    if (!dataplane.newChain(ns, 'filter', chain, origin)) dataplane.flushChain(ns, 'filter', chain, origin);
  const ends = (chain: string): void => {
    if (returning.includes(chain)) append(ns, 'filter', chain, '-j RETURN', origin);
  };
  chains.forEach(ends);
  for (const [chain, to] of fixed) append(ns, 'filter', chain, `-j ${to}`, origin);
  if (dataplane.readSysctl(ns, 'net/ipv4/ip_forward') !== '1') {
    dataplane.writeSysctl(ns, 'net/ipv4/ip_forward', '1');
    dataplane.setPolicy(ns, 'filter', 'FORWARD', 'DROP', origin);
  }
  for (const chain of kept) dataplane.newChain(ns, 'filter', chain, origin);
  kept.forEach(ends);
}

/** What is for this machine may be for a published port. */
function jumpToDocker(ns: NetworkNamespace, origin: Origin): void {
  append(ns, 'nat', 'PREROUTING', '-m addrtype --dst-type LOCAL -j DOCKER', origin);
  append(ns, 'nat', 'OUTPUT', '-m addrtype --dst-type LOCAL -j DOCKER ! --dst 127.0.0.0/8', origin);
}

function append(ns: NetworkNamespace, table: dataplane.TableName, chain: string, rule: string, origin: Origin): void {
  if (!dataplane.has(ns, table, chain, rule)) dataplane.append(ns, table, chain, rule, origin);
}

/** After a network was made: the jumps that must stand above all others. */
export function arrangeJumps(ns: NetworkNamespace, way: DataPlane['hostRules'], origin: Origin): void {
  const { networkJumps, again } = WAYS[way];
  putOnTop(ns, networkJumps, again, origin);
}

/** What a bridge brings: its rules, the jumps to the chains that keep bridges apart, and those that stand above all. */
export function writeBridgeRules(ns: NetworkNamespace, way: DataPlane['hostRules'], rules: readonly RuleLine[], origin: Origin): void {
  const { bridgeJumps, again, natJumps } = WAYS[way];
  writeRules(ns, rules, origin);
  if (natJumps === 'with bridge') jumpToDocker(ns, origin);
  putOnTop(ns, bridgeJumps, again, origin);
  arrangeJumps(ns, way, origin);
}

function putOnTop(ns: NetworkNamespace, jumps: HostRules['networkJumps'], again: boolean, origin: Origin): void {
  for (const [chain, to] of jumps) {
    if (!dataplane.hasChain(ns, 'filter', to)) continue;
    if (!again && dataplane.has(ns, 'filter', chain, `-j ${to}`)) continue;
    dataplane.remove(ns, 'filter', chain, `-j ${to}`, origin);
    dataplane.insert(ns, 'filter', chain, `-j ${to}`, origin);
  }
}

/** Rules of an end point on a bridge. */
export function rulesOfEndpoint(way: DataPlane['hostRules'], bridge: string, address: string): RuleLine[] {
  return WAYS[way].endpoint(bridge, address);
}

/** Writes rules that are not there. */
export function writeRules(ns: NetworkNamespace, rules: readonly RuleLine[], origin: Origin): void {
  for (const { how, table, chain, rule } of rules) {
    if (dataplane.has(ns, table, chain, rule)) continue;
    const add = how === 'insert' ? dataplane.insert : dataplane.append;
    add(ns, table, chain, rule, origin);
  }
}

export function eraseRules(ns: NetworkNamespace, rules: readonly RuleLine[], origin: Origin): void {
  for (const { table, chain, rule } of rules) dataplane.remove(ns, table, chain, rule, origin);
}

/** Rules of a bridge, in the order in which they are written. */
export function rulesOfBridge(way: DataPlane['hostRules'], facts: BridgeFacts): RuleLine[] {
  return WAYS[way].bridge(facts);
}
