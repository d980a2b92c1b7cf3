// A machine with namespaces a (10.1.0.2) - r (10.1.0.1, 10.2.0.1, forwards) - b (10.2.0.2), as in the recording kernel-ip,
// and every tool of this room. The whole stack is plugged in.
import { ipv4 } from '../../simulator/base/address.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { RandomStreams } from '../../simulator/base/random.ts';
import { Scheduler, SECOND } from '../../simulator/base/scheduler.ts';
import { addAddress } from '../../simulator/kernel/addresses.ts';
import { createVethPair, setUp } from '../../simulator/kernel/devices.ts';
import { insertRoute, RT_TABLE_MAIN } from '../../simulator/kernel/fib.ts';
import { Kernel, type Universe } from '../../simulator/kernel/kernel.ts';
import { createNamespace } from '../../simulator/kernel/namespaces.ts';
import type { NetDevice } from '../../simulator/kernel/device.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { writeSysctl } from '../../simulator/kernel/sysctl.ts';
import { ExternalDoor } from '../../simulator/process/external.ts';
import { Host } from '../../simulator/process/host.ts';
import type { Program, ProgramContext, Tool } from '../../simulator/process/program.ts';
import { shellTool } from '../../simulator/shell/index.ts';
import { bootKernel, sysctlRegistry } from '../../simulator/stack.ts';
import { everydayTools } from '../../simulator/tools/everyday.ts';
import { curlTool } from '../../simulator/tools/curl.ts';
import { digTool } from '../../simulator/tools/dig.ts';
import { getentTool } from '../../simulator/tools/getent.ts';
import { hostTool } from '../../simulator/tools/host.ts';
import { ncTool } from '../../simulator/tools/nc.ts';
import { busyboxNetstatTool, netstatTool } from '../../simulator/tools/netstat.ts';
import { busyboxNslookupTool, nslookupTool } from '../../simulator/tools/nslookup.ts';
import { busyboxPingTool, pingTool } from '../../simulator/tools/ping.ts';
import { ssTool } from '../../simulator/tools/ss.ts';
import { wgetTool } from '../../simulator/tools/wget.ts';
import { arpTool } from '../../simulator/tools/arp.ts';
import { arpingTool } from '../../simulator/tools/arping.ts';
import { brctlTool } from '../../simulator/tools/brctl.ts';
import { ethtoolTool } from '../../simulator/tools/ethtool.ts';
import { ifconfigTool } from '../../simulator/tools/ifconfig.ts';
import { ipTool } from '../../simulator/tools/ip/index.ts';
import { ipvsadmTool } from '../../simulator/tools/ipvsadm.ts';
import { lsnsTool } from '../../simulator/tools/lsns.ts';
import { nstatTool } from '../../simulator/tools/nstat.ts';
import { routeTool } from '../../simulator/tools/route.ts';
import { tcTool } from '../../simulator/tools/tc.ts';
import { tracepathTool } from '../../simulator/tools/tracepath.ts';
import { tracerouteTool } from '../../simulator/tools/traceroute.ts';
import { PacketFactory } from '../../simulator/wire/packet.ts';

const TOOLS: readonly Tool[] = [...everydayTools, shellTool, curlTool, digTool, getentTool, hostTool, ncTool, nslookupTool, pingTool, ssTool, wgetTool, arpTool, arpingTool, brctlTool, ethtoolTool, ifconfigTool, ipTool, ipvsadmTool, lsnsTool, nstatTool, routeTool, tcTool, tracepathTool, tracerouteTool, { ...netstatTool, name: 'gnunetstat' }, busyboxNetstatTool, { ...busyboxPingTool, name: 'bbping', directory: '/usr/bin' }, { ...busyboxNslookupTool, name: 'bbnslookup' }];

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

export class NetLab {
  readonly scheduler = new Scheduler();
  readonly universe: Universe;
  readonly host: Host;
  readonly a: NetworkNamespace;
  readonly r: NetworkNamespace;
  readonly b: NetworkNamespace;

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.universe = { scheduler: this.scheduler, random: new RandomStreams(3), packets: new PacketFactory(), trace: null, traceSequence: 0, nextInode: 4026531840, nextFlow: 1 };
    const kernel = new Kernel('node1', this.universe);
    bootKernel(kernel);
    this.host = new Host('node1', kernel, TOOLS, {
      epoch: 1_795_173_900 * SECOND,
      externals: new ExternalDoor(this.scheduler),
      sysctl: sysctlRegistry,
      resolvConf: 'nameserver 10.2.0.2\n',
      hosts: '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n10.2.0.2\tb b.lab\n',
      files,
    });
    this.host.boot();
    this.a = createNamespace(kernel, 'netns a');
    this.r = createNamespace(kernel, 'netns r');
    this.b = createNamespace(kernel, 'netns b');
    writeSysctl(this.r, 'net.ipv4.ip_forward', '1');
    this.wire(this.a, 'e0', '10.1.0.2', this.r, 'ra', '10.1.0.1');
    this.wire(this.b, 'e0', '10.2.0.2', this.r, 'rb', '10.2.0.1');
    this.defaultRoute(this.a, '10.1.0.1');
    this.defaultRoute(this.b, '10.2.0.1');
    for (const ns of [this.a, this.r, this.b]) setUp(ns.device('lo') as NetDevice, true);
    this.scheduler.run(SECOND);
  }

  private wire(one: NetworkNamespace, name: string, address: string, two: NetworkNamespace, otherName: string, otherAddress: string): void {
    const pair = createVethPair(one, { name, peer: { ns: two, name: otherName }, origin: KERNEL_DEFAULT });
    if (!pair.ok) throw new Error(pair.errno);
    addAddress(pair.value[0], { address: ipv4(address), prefix: 24, origin: KERNEL_DEFAULT });
    addAddress(pair.value[1], { address: ipv4(otherAddress), prefix: 24, origin: KERNEL_DEFAULT });
    setUp(pair.value[0], true);
    setUp(pair.value[1], true);
  }

  private defaultRoute(ns: NetworkNamespace, gateway: string): void {
    insertRoute(ns.fib, {
      type: 'unicast',
      destination: 0,
      prefix: 0,
      table: RT_TABLE_MAIN,
      gateway: ipv4(gateway),
      dev: ns.device('e0') as NetDevice,
      source: 0,
      scope: 'universe',
      protocol: 'boot',
      metric: 0,
      mtu: 0,
      tos: 0,
      onlink: false,
      origin: KERNEL_DEFAULT,
    });
  }

  /** Starts a program in a namespace and leaves it running. */
  serve(ns: NetworkNamespace, name: string, main: (ctx: ProgramContext) => Program): void {
    this.host.daemon([name], main, { netns: ns, hostname: 'c0ffee' });
    this.scheduler.run(this.scheduler.now + SECOND);
  }

  /** Runs a command line in a namespace to its end; `seconds` of virtual time at most, then it is killed (status -1). */
  run(ns: NetworkNamespace, line: string, seconds = 300): Outcome {
    const state = { stdout: '', stderr: '', status: undefined as number | undefined };
    this.host.exec(line, {
      netns: ns,
      onStdout: (text) => (state.stdout += text),
      onStderr: (text) => (state.stderr += text),
      onExit: (status) => (state.status = status),
    });
    const limit = this.scheduler.now + seconds * SECOND;
    for (let events = 0; state.status === undefined && events < 2_000_000; events += 100) {
      const due = this.scheduler.nextDue();
      if (due === undefined || due > limit) break;
      this.scheduler.run(due, 100);
    }
    return { stdout: state.stdout, stderr: state.stderr, status: state.status ?? -1 };
  }
}

/** Times, ports and rates as words, so that the rest can be compared. */
export function plain(text: string): string {
  return text
    .replace(/time=[\d.]+ ms/g, 'time=T ms')
    .replace(/time \d+ms/g, 'time Tms')
    .replace(/= [\d.]+\/[\d.]+\/[\d.]+(\/[\d.]+)? ms/g, '= R ms')
    .replace(/after \d+ ms/g, 'after T ms')
    .replace(/after \d+ milliseconds/g, 'after T milliseconds')
    .replace(/Date: [^\r\n]+/g, 'Date: D');
}
