// Random command lines for the network tools, from their grammars and from byte soup: nothing may crash, hang or run away.
// FUZZ_LINES says how many lines each tool gets (2,000 in CI, 100,000 for a long night); FUZZ_SEED which ones.
import { expect, test } from 'vitest';
import { RandomStream, RandomStreams } from '../../simulator/base/random.ts';
import { Scheduler, SECOND } from '../../simulator/base/scheduler.ts';
import { Kernel, type Universe } from '../../simulator/kernel/kernel.ts';
import { createNamespace } from '../../simulator/kernel/namespaces.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { ExternalDoor } from '../../simulator/process/external.ts';
import { Host } from '../../simulator/process/host.ts';
import type { Tool } from '../../simulator/process/program.ts';
import { bootKernel, sysctlRegistry } from '../../simulator/stack.ts';
import { arpTool } from '../../simulator/tools/arp.ts';
import { arpingTool } from '../../simulator/tools/arping.ts';
import { brctlTool } from '../../simulator/tools/brctl.ts';
import { bridgeTool } from '../../simulator/tools/bridge.ts';
import { busyboxNetTools } from '../../simulator/tools/busyboxnet.ts';
import { ethtoolTool } from '../../simulator/tools/ethtool.ts';
import { ifconfigTool } from '../../simulator/tools/ifconfig.ts';
import { busyboxIpTool } from '../../simulator/tools/ip/busybox.ts';
import { ipTool } from '../../simulator/tools/ip/index.ts';
import { lsnsTool } from '../../simulator/tools/lsns.ts';
import { netstatTool } from '../../simulator/tools/netstat.ts';
import { nstatTool } from '../../simulator/tools/nstat.ts';
import { pingTool } from '../../simulator/tools/ping.ts';
import { routeTool } from '../../simulator/tools/route.ts';
import { sysctlTool } from '../../simulator/tools/sysctl.ts';
import { tracepathTool } from '../../simulator/tools/tracepath.ts';
import { tracerouteTool } from '../../simulator/tools/traceroute.ts';
import { PacketFactory } from '../../simulator/wire/packet.ts';
import { connect } from './network.ts';

const LINES = Number(process.env['FUZZ_LINES'] ?? 2000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
/** Command lines one machine sees before the next takes over. */
const PER_MACHINE = 250;
/** What a program may run for: virtual seconds before it is interrupted, and events before it counts as a runaway. */
const PATIENCE = 20;
const EVENTS = 400_000;

interface Machine {
  readonly scheduler: Scheduler;
  readonly host: Host;
  readonly ns: NetworkNamespace;
}

function newMachine(): Machine {
  const scheduler = new Scheduler();
  const universe: Universe = {
    scheduler,
    random: new RandomStreams(SEED),
    packets: new PacketFactory(),
    trace: null,
    traceSequence: 0,
    nextInode: 4026531840,
    nextFlow: 1,
  };
  const kernel = new Kernel('node1', universe);
  bootKernel(kernel);
  const host = new Host('node1', kernel, [], {
    epoch: 1_795_173_900 * SECOND,
    externals: new ExternalDoor(scheduler),
    sysctl: sysctlRegistry,
    resolvConf: '',
    hosts: '127.0.0.1\tlocalhost\n10.1.0.2\tb\n',
  });
  host.boot();
  const [ns, other] = [createNamespace(kernel, 'a'), createNamespace(kernel, 'b')];
  connect(ns, other);
  scheduler.run(3 * SECOND);
  return { scheduler, host, ns };
}

/** Runs one command line; why it is at fault, or undefined. */
function fault(machine: Machine, tool: Tool, argv: readonly string[]): string | undefined {
  const { scheduler, host, ns } = machine;
  let status: number | undefined;
  const before = scheduler.executed;
  const process = host.daemon(argv, (ctx) => tool.main(ctx), { netns: ns });
  process.onExit = (code) => (status = code);
  const advance = (until: number): void => {
    while (status === undefined && scheduler.executed - before < EVENTS) {
      const due = scheduler.nextDue();
      if (due === undefined || due > until) break;
      scheduler.run(due, 5_000);
    }
    if (status === undefined) scheduler.advanceTo(until);
  };
  advance(scheduler.now + PATIENCE * SECOND);
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    if (status !== undefined) break;
    process.post(signal);
    advance(scheduler.now + 2 * SECOND);
  }
  if (scheduler.executed - before >= EVENTS) return 'runs away';
  if (status === undefined) return 'cannot be ended';
  return status < -64 || status > 255 || !Number.isInteger(status) ? `ends with ${status}` : undefined;
}

const WORDS: Readonly<Record<string, readonly string[]>> = {
  DEV: ['e0', 'v0', 'br0', 'vx0', 'lo', 'nosuch', 'e0p', 'x', '', 'averyverylongname', 'e/0'],
  ADDR: [
    '10.1.0.1',
    '10.1.0.2',
    '10.2.0.9',
    '0.0.0.0',
    '255.255.255.255',
    '224.0.0.1',
    '127.0.0.1',
    '1.2.3',
    '10.1.0.256',
    'fe80::1',
    '::1',
    'b',
    'nosuchhost',
    'default',
    '',
  ],
  NET: [
    '10.1.0.0/24',
    '10.9.0.0/16',
    '0.0.0.0/0',
    '10.1.0.1/33',
    '10.1.0.3/24',
    '10/8',
    'default',
    '/',
    '1.2.3.4/-1',
    'fd00::/64',
  ],
  MAC: [
    '02:00:00:00:00:01',
    'ff:ff:ff:ff:ff:ff',
    '00:00:00:00:00:00',
    '33:33:00:00:00:01',
    'zz',
    '1:2:3:4:5:6',
    '02:00',
  ],
  NUM: [
    '0',
    '1',
    '2',
    '10',
    '42',
    '255',
    '256',
    '1500',
    '65535',
    '65536',
    '4294967295',
    '4294967296',
    '-1',
    '1.5',
    '0x10',
    'abc',
    '',
    '99999999999999999999',
  ],
  NAME: ['n0', 'n1', 'd0', 'v1', 'all', '..', 'a b', 'é'],
  NS: ['a', 'b', 'nosuch', '1', '-1'],
};

const OBJECT_WORDS = {
  link: 'show set add del dev DEV up down mtu NUM address MAC name NAME master nomaster DEV type veth bridge vxlan dummy vlan id NUM peer local ADDR remote ADDR dstport NUM ageing NUM learning nolearning proxy l2miss l3miss rsc ttl NUM promisc on off arp multicast alias NAME txqueuelen NUM netns NS group help',
  addr: 'show add del replace change flush dev DEV NET ADDR local peer ADDR broadcast brd + - scope link host global label NAME valid_lft NUM preferred_lft NUM to NET up secondary help',
  route:
    'show add del replace change append flush get NET ADDR via ADDR dev DEV src ADDR table main local all NUM metric NUM scope link host global proto static kernel boot type unicast blackhole unreachable prohibit throw local onlink mtu NUM tos NUM from iif oif mark NUM root match exact cache default help',
  rule: 'show add del flush from NET to NET fwmark NUM table NUM main local lookup priority NUM pref NUM iif DEV oif DEV tos NUM not prohibit blackhole unreachable help',
  neigh:
    'show add del replace change flush get ADDR lladdr MAC dev DEV nud permanent reachable stale failed none noarp all proxy to unused help',
  netns: 'list add del exec identify pids set attach monitor list-id NAME NS auto NUM help',
  monitor: 'all link addr route neigh rule nsid label dev DEV nosuch help',
  maddr: 'show add del dev DEV MAC help',
  xfrm: 'state policy list show count flush add monitor help',
};

/** Lines that mean something, so that machines change and programs really run: `ip` and `bridge`. */
const IP_TEMPLATES = [
  'link add NAME type veth peer name NAME',
  'link add NAME type bridge',
  'link add NAME type vxlan id NUM dstport NUM dev DEV',
  'link set DEV master DEV',
  'link set DEV nomaster',
  'link set DEV up',
  'link set DEV down',
  'link set DEV mtu NUM',
  'link set DEV address MAC',
  'link set DEV name NAME',
  'link del DEV',
  'addr add NET dev DEV',
  'addr add NET dev DEV valid_lft NUM preferred_lft NUM',
  'addr del NET dev DEV',
  'addr flush dev DEV',
  'route add NET via ADDR',
  'route add NET dev DEV metric NUM',
  'route add blackhole NET',
  'route replace default via ADDR dev DEV onlink',
  'route del NET',
  'route get ADDR from ADDR iif DEV',
  'route flush table main',
  'neigh add ADDR lladdr MAC dev DEV nud permanent',
  'neigh replace ADDR lladdr MAC dev DEV',
  'neigh flush all',
  'neigh del ADDR dev DEV',
  'rule add from NET table NUM',
  'rule add fwmark NUM lookup main',
  'rule del pref NUM',
  'netns add NAME',
  'netns del NAME',
  'link set DEV netns NAME',
  '-d link',
  '-j -p -d addr',
  '-s -s link show DEV',
  '-br addr',
  'route show table all',
  '-s neigh',
];
const BRIDGE_TEMPLATES = [
  'fdb append MAC dev vx0 dst ADDR',
  'fdb add MAC dev DEV master static',
  'fdb del MAC dev vx0 dst ADDR',
  'fdb show br br0',
  '-s fdb show dev DEV',
  'link set dev DEV hairpin on',
  '-d link',
  'fdb flush dev DEV',
  'mdb show',
];

/** Per tool: what may follow the name; with bars parts of a grammar, without them words in this order. Words in capitals are drawn from {@link WORDS}. */
const GRAMMARS: readonly (readonly [tool: Tool, words: readonly string[]])[] = [
  [
    ipTool,
    Object.entries(OBJECT_WORDS)
      .map(([object, words]) => `-4 -6 -s -d -br -j -p -o -c=never -n NS -all -V -nosuch | ${object} | ${words}`)
      .concat(IP_TEMPLATES),
  ],
  [
    bridgeTool,
    [
      '-s -d -j -o -n NS | fdb | show add append replace del get flush dev DEV MAC dst ADDR port NUM vni NUM via DEV self master permanent static dynamic br brport help',
      '-d -s | link | show set dev DEV master DEV hairpin on off learning flood cost NUM priority NUM state isolated guard neigh_suppress',
      '-s | mdb | show add dev DEV',
      '| vlan | show add dev DEV vid NUM',
      '| monitor | all',
      ...BRIDGE_TEMPLATES,
    ],
  ],
  [
    sysctlTool,
    [
      '-a -n -w -e -q -p -r -N | | net.ipv4.ip_forward net.ipv4.conf.all.rp_filter=NUM net.ipv4.conf.e0.rp_filter=1 net.ipv4.ip_forward=NUM net/ipv4/conf/e0/proxy_arp kernel.hostname nosuch.name = a=b net.ipv4.ip_local_port_range=NUM',
    ],
  ],
  [
    pingTool,
    [
      '-c -i -W -w -s -M -I -t -n -q -f -R -D -O -Q -m -b -4 -6 | | 1 2 3 0.2 1 do want dont probe e0 NUM ADDR ADDR',
      '-c 2 -W 1 -s NUM ADDR',
      '-c 1 -W 1 -I DEV ADDR',
      '-c 2 -i 0.2 -M do -s NUM ADDR',
      '-c 3 -w 1 ADDR',
    ],
  ],
  [
    tracerouteTool,
    [
      '-n -I -T -U -q -m -w -f -p -N -F -i -s -t -z -4 --icmp --max-hops=3 -Y | | 1 2 3 e0 NUM ADDR ADDR',
      '-n -m 3 -q 1 -w 1 ADDR',
      '-I -m 3 -w 1 ADDR',
      '-T -n -m 3 -p NUM ADDR',
      '-n -F -m 2 ADDR NUM',
    ],
  ],
  [tracepathTool, ['-n -b -l -m -p -4 -6 -V | | 1 2 NUM ADDR', '-n -m 2 ADDR', '-n -l NUM ADDR']],
  [
    arpingTool,
    [
      '-c -w -I -D -U -A -f -b -q -i -s -V | | 1 2 e0 v0 lo nosuch NUM ADDR ADDR',
      '-c 1 -I DEV ADDR',
      '-D -c 1 -I DEV ADDR',
      '-U -c 1 -I DEV ADDR',
      '-A -c 1 -I DEV ADDR',
      '-c 1 -w 1 -I e0 -s ADDR ADDR',
    ],
  ],
  [arpTool, ['-a -n -e -i -s -d -v -D | | ADDR MAC DEV']],
  [
    routeTool,
    [
      '-n -v -e -A | add del flush | -net -host NET ADDR default gw ADDR netmask 255.255.255.0 255.0.255.0 metric NUM dev DEV reject',
    ],
  ],
  [
    ifconfigTool,
    ['-a -s | | DEV up down ADDR NET netmask 255.255.0.0 broadcast ADDR mtu NUM hw ether MAC promisc -arp'],
  ],
  [netstatTool, ['-r -n -i -a -l -t -u -w -p -s -x -e --tcp | | ']],
  [
    brctlTool,
    ['| show showmacs addbr delbr addif delif stp setageing setfd hairpin showstp | DEV DEV NAME on off NUM'],
  ],
  [ethtoolTool, ['-S -i -k -a --statistics | | DEV DEV']],
  [lsnsTool, ['-t -n -l -p -J | | net mnt NUM']],
  [nstatTool, ['-a -z -s -n | | UdpNoPorts Udp* Ip? * nosuch']],
  [
    busyboxIpTool,
    ['-4 -6 -o -f | a addr link route neigh rule tunnel | show list add del dev DEV NET ADDR up table NUM via ADDR'],
  ],
  ...busyboxNetTools
    .filter((tool) => ['arp', 'arping', 'ifconfig', 'ping', 'route', 'traceroute', 'netstat'].includes(tool.name))
    .map(
      (tool) =>
        [
          tool,
          [
            '-c 1 -W 1 -w 1 ADDR',
            '-n -m 2 -w 1 ADDR',
            '-c 1 -w 1 -I e0 ADDR',
            'DEV',
            '-n',
            '-c -n -I -a -q -w -m -i -r -t -u -l -D -U | | 1 2 e0 NUM ADDR ADDR DEV MAC',
          ],
        ] as const,
    ),
];

function pick<T>(stream: RandomStream, list: readonly T[]): T {
  return list[stream.below(list.length)] as T;
}

function word(stream: RandomStream, name: string): string {
  return name.replace(/\b(DEV|ADDR|NET|MAC|NUM|NAME|NS)\b/g, (kind) => pick(stream, WORDS[kind] as readonly string[]));
}

/** A line that a grammar allows, more or less: parts in order, words of a part in any. */
function grammatical(stream: RandomStream, grammar: readonly string[]): string[] {
  const chosen = pick(stream, grammar);
  if (!chosen.includes('|')) return chosen.split(' ').map((one) => word(stream, one));
  const parts = chosen.split('|').map((part) =>
    part
      .trim()
      .split(/\s+/)
      .filter((one) => one !== ''),
  );
  const words: string[] = [];
  parts.forEach((part, i) => {
    if (part.length === 0) return;
    const count = i === parts.length - 1 ? stream.between(0, 8) : i === 0 ? Math.max(0, stream.between(-3, 2)) : 1;
    let at = stream.below(part.length);
    for (let n = 0; n < count; n++) {
      words.push(word(stream, part[at] as string));
      // Often the next word, as options and their values stand side by side.
      at = stream.below(3) > 0 ? (at + 1) % part.length : stream.below(part.length);
    }
  });
  return words;
}

/** Words of any characters, some of them of the tool's. */
function soup(stream: RandomStream, grammar: readonly string[]): string[] {
  return Array.from({ length: stream.below(7) }, () => {
    if (stream.below(4) === 0) return pick(stream, grammatical(stream, grammar).concat(''));
    return Array.from({ length: stream.below(12) }, () =>
      String.fromCharCode(stream.below(3) === 0 ? stream.between(1, 0x2fff) : stream.between(33, 126)),
    ).join('');
  });
}

test.each(GRAMMARS.map(([tool, grammar], index) => [`${tool.name} ${index}`, tool, grammar] as const))(
  '%s',
  { timeout: 3_600_000 },
  (name, tool, grammar) => {
    const stream = new RandomStream(SEED, `fuzz/${name}`);
    const share = Math.max(1, Math.ceil(LINES / (LINES > 2000 ? 1 : GRAMMARS.length)));
    let machine = newMachine();
    for (let line = 0; line < share; line++) {
      if (line % PER_MACHINE === 0) machine = newMachine();
      const argv = [tool.name, ...(stream.below(4) === 0 ? soup(stream, grammar) : grammatical(stream, grammar))];
      let wrong: string | undefined;
      try {
        wrong = fault(machine, tool, argv);
      } catch (thrown) {
        wrong = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      }
      expect({ argv, wrong }).toEqual({ argv, wrong: undefined });
    }
  },
);
