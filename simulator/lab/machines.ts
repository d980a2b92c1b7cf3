/**
 * The machines of a world: from a line of the scenario to a booted host with its daemon, and what a reboot keeps of one. A boot
 * makes a new kernel and a new process table on the disk of the last; nothing of the old ones hears of it.
 */
import { parseCidr, parseMac } from '../base/address.ts';
import { SimulatorBug } from '../base/assert.ts';
import type { Origin } from '../base/origin.ts';
import { SECOND } from '../base/scheduler.ts';
import { Dockerd, dockerdTool, rigDockerdTool } from '../engine/dockerd.ts';
import { ERAS } from '../eras/index.ts';
import { addAddress } from '../kernel/addresses.ts';
import { createDevice, setUp } from '../kernel/devices.ts';
import { Kernel, type Universe } from '../kernel/kernel.ts';
import { destroyNamespace } from '../kernel/namespaces.ts';
import type { EthernetSwitch } from '../kernel/switch.ts';
import type { ExternalDoor } from '../process/external.ts';
import { Host } from '../process/host.ts';
import { shellTool } from '../shell/index.ts';
import { bootKernel, PROC_NET_FILES, sysctlRegistry } from '../stack.ts';
import type { Dice } from '../swarm/dice.ts';
import { allTools } from '../tools/index.ts';
import { systemctlTool } from '../tools/systemctl.ts';
import { IMAGES } from './images.ts';
import { pythonTool } from './rig.ts';
import type { Scenario } from './scenario.ts';

/** 2026-11-20 09:00:00 UTC in microseconds: the wall clock of every world at its virtual time 0. */
export const EPOCH = 1_795_165_200 * SECOND;

export interface MachineParts {
  readonly scenario: Scenario;
  readonly universe: Universe;
  readonly underlay: EthernetSwitch;
  readonly externals: ExternalDoor;
  readonly dice: Dice | undefined;
}

export class Machines {
  /** Those that have power, by name. */
  readonly on = new Map<string, Host>();
  readonly daemons = new Map<string, Dockerd>();
  private readonly parts: MachineParts;
  /** The last boot of a machine that has no power. */
  private readonly off = new Map<string, Host>();

  constructor(parts: MachineParts) {
    this.parts = parts;
    for (const [index, { name }] of parts.scenario.machines.entries())
      this.boot(name, { by: 'scenario', text: `machines[${index}] ${name}` });
  }

  /** Switches a machine on. */
  private boot(name: string, origin: Origin): void {
    const { scenario, universe, underlay, externals, dice } = this.parts;
    const machine = scenario.machines.find((one) => one.name === name);
    if (machine === undefined) throw new SimulatorBug(`no machine ${name}`);
    const before = this.off.get(name);
    const engine = machine.engine ?? scenario.engine;
    const kernel = new Kernel(name, universe, ERAS[engine]?.platform);
    bootKernel(kernel);
    const ns = kernel.initNs;
    const lo = ns.device('lo');
    if (lo !== undefined) setUp(lo, true);
    const mac =
      before?.kernel.initNs.device('eth0')?.mac ?? (machine.mac === undefined ? undefined : parseMac(machine.mac));
    const eth0 = createDevice(ns, {
      kind: 'ethernet',
      name: 'eth0',
      origin,
      ...(mac === undefined ? {} : { mac }),
      ...(machine.ifindex === undefined ? {} : { ifindex: machine.ifindex }),
    });
    const address = parseCidr(machine.address);
    if (!eth0.ok || address === undefined) throw new SimulatorBug(`eth0 of ${name}`);
    eth0.value.parentDevice = machine.bus ?? '';
    underlay.attach(eth0.value);
    const broadcast = (address.address | (0xffffffff >>> address.prefix)) >>> 0;
    addAddress(eth0.value, { ...address, broadcast, origin });
    setUp(eth0.value, true);
    const rig = scenario.equipment === 'rig';
    const extra = [
      ...(machine.docker ? [dockerdTool, systemctlTool] : []),
      ...(rig ? [pythonTool] : []),
      ...(rig && machine.docker ? [rigDockerdTool] : []),
    ];
    const host = new Host(name, kernel, [...allTools, shellTool, ...extra], {
      epoch: EPOCH,
      externals,
      sysctl: sysctlRegistry,
      procNet: PROC_NET_FILES,
      resolvConf: 'nameserver 192.168.56.1\n',
      origin,
      ...(before === undefined ? {} : { before }),
    });
    host.boot();
    this.off.delete(name);
    this.on.set(name, host);
    if (!machine.docker) return;
    const daemon =
      this.daemons.get(name) ?? new Dockerd(host, { engine, images: IMAGES, ...(dice === undefined ? {} : { dice }) });
    this.daemons.set(name, daemon);
    if (before !== undefined) daemon.moveTo(host);
    daemon.start();
  }

  /** Takes the power away, and gives it back after so many microseconds; `booted` is called then. */
  reboot(name: string, after: number, origin: Origin, booted: () => void): void {
    const host = this.on.get(name);
    if (host === undefined) return;
    const { universe, underlay } = this.parts;
    const { trace } = universe;
    // The dying say nothing that reaches anybody: nobody observes it either.
    universe.trace = null;
    const eth0 = host.kernel.initNs.device('eth0');
    if (eth0 !== undefined) underlay.detach(eth0);
    host.powerOff();
    for (const ns of [...host.kernel.namespaces]) {
      for (const dev of ns.devices.values()) dev.up = false;
      if (ns !== host.kernel.initNs) destroyNamespace(ns);
    }
    universe.trace = trace;
    this.on.delete(name);
    this.off.set(name, host);
    universe.scheduler.after(after, () => {
      this.boot(name, origin);
      booted();
    });
  }
}
