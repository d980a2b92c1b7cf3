// Three published walks through Swarm's networks, each in the era it was written in: every command as it stands there, and what it
// printed. Random ids and MACs, interface numbers, ports, ages, counters, times and marks are told apart only as such.
import { beforeAll, describe, expect, test } from 'vitest';
import { checkScenario, createWorld, type World } from '../../simulator/index';
import { execute, pass } from '../../src/cli/machines';
import { externals } from '../../src/lab/externals';

interface Shown {
  readonly on: string;
  readonly run: string;
  /** What the walk shows of its output. */
  readonly shows: string;
  /** Lines stand in it, in this order, among others. */
  readonly among?: true;
}

interface Walk {
  readonly name: string;
  readonly engine: string;
  readonly machines: readonly string[];
  /** Of the world around. */
  readonly setup?: readonly { readonly on: string; readonly run: string }[];
  readonly before: readonly string[];
  readonly steps: readonly Shown[];
  /** Words that the tools of its year wrote otherwise. */
  readonly years?: readonly (readonly [RegExp, string])[];
}

const sbox = '/var/run/docker/netns/ingress_sbox';

const WALKS: readonly Walk[] = [
  {
    name: 'the routing mesh (2019)',
    engine: '18.09',
    machines: ['swarm-manager', 'swarm-node1', 'swarm-node2'],
    before: ['docker service create -d --name whoami -p 8000:8000 --replicas 3 jwilder/whoami'],
    steps: [
      ...['555789d8dfe0', 'de13ecfd1dea', 'eca456228707', '555789d8dfe0', 'de13ecfd1dea'].map((id) => ({
        on: 'swarm-manager',
        run: 'curl 127.0.0.1:8000',
        shows: `I'm ${id}\n`,
      })),
      {
        on: 'swarm-manager',
        run: 'sudo iptables -nL -t nat',
        shows: 'DNAT       tcp  --  0.0.0.0/0            0.0.0.0/0            tcp dpt:8000 to:172.18.0.2:8000\n',
        among: true,
      },
      {
        on: 'swarm-manager',
        run: 'ip a',
        shows: `5: docker_gwbridge: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 02:42:5b:3a:f8:e4 brd ff:ff:ff:ff:ff:ff
    inet 172.18.0.1/16 brd 172.18.255.255 scope global docker_gwbridge
       valid_lft forever preferred_lft forever
    inet6 fe80::42:5bff:fe3a:f8e4/64 scope link
`,
        among: true,
      },
      {
        on: 'swarm-manager',
        run: 'docker network inspect docker_gwbridge',
        shows: `            "ingress-sbox": {
                "Name": "gateway_ingress-sbox",
                "EndpointID": "4070dd250c633b887f3152e3063741c7e4b71fc93424589edb221a1d5720a00b",
                "MacAddress": "02:42:ac:12:00:02",
                "IPv4Address": "172.18.0.2/16",
                "IPv6Address": ""
            }
`,
        among: true,
      },
      {
        on: 'swarm-manager',
        run: `echo 'ip a' | sudo nsenter --net=${sbox}`,
        shows: `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
21: eth0@if22: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP group default
    link/ether 02:42:0a:ff:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 0
    inet 10.255.0.2/16 brd 10.255.255.255 scope global eth0
       valid_lft forever preferred_lft forever
    inet 10.255.0.5/32 brd 10.255.0.5 scope global eth0
       valid_lft forever preferred_lft forever
24: eth1@if25: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 02:42:ac:12:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 1
    inet 172.18.0.2/16 brd 172.18.255.255 scope global eth1
       valid_lft forever preferred_lft forever
`,
      },
      {
        on: 'swarm-manager',
        run: `echo 'iptables -nvL -t mangle; ipvsadm' | sudo nsenter --net=${sbox}`,
        shows: `Chain PREROUTING (policy ACCEPT 113 packets, 8666 bytes)
 pkts bytes target     prot opt in     out     source               destination
   66  4378 MARK       tcp  --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:8000 MARK set 0x101

Chain INPUT (policy ACCEPT 69 packets, 4816 bytes)
 pkts bytes target     prot opt in     out     source               destination
    0     0 MARK       all  --  *      *       0.0.0.0/0            10.255.0.5           MARK set 0x101

Chain FORWARD (policy ACCEPT 44 packets, 3850 bytes)
 pkts bytes target     prot opt in     out     source               destination

Chain OUTPUT (policy ACCEPT 69 packets, 4585 bytes)
 pkts bytes target     prot opt in     out     source               destination

Chain POSTROUTING (policy ACCEPT 113 packets, 8435 bytes)
 pkts bytes target     prot opt in     out     source               destination
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
FWM  257 rr
  -> 10.255.0.6:0                 Masq    1      0          0
  -> 10.255.0.7:0                 Masq    1      0          0
  -> 10.255.0.8:0                 Masq    1      0          0
`,
      },
    ],
  },
  {
    name: 'overlay networks (2017), with its own slip of a digit',
    engine: '17.03',
    machines: ['docker0', 'docker1', 'docker2'],
    // What lies beyond the machines' gateway: a host far away, with its replies' TTL as they began there.
    setup: [
      { on: 'internet', run: 'ip addr add 192.169.200.3/32 dev lo' },
      { on: 'internet', run: 'sysctl -qw net.ipv4.ip_default_ttl=53' },
      { on: 'docker0', run: 'ip route add default via 192.168.56.1' },
      { on: 'docker1', run: 'ip route add default via 192.168.56.1' },
    ],
    before: [
      'docker network create --driver overlay --subnet 192.168.200.0/24 demonet',
      'docker service create --name demoservice --network demonet --replicas 2 --constraint node.hostname!=docker2 alpine sleep 50000',
    ],
    // Its machines had IPv6 switched off, a kernel and an iproute2 that named no groups, and a first node that was asked once.
    years: [
      [/^ +inet6 .*\n +valid_lft.*\n/gm, ''],
      [/ group default/g, ''],
      [/ qlen \d+/g, ''],
      [/(?<=vxlan1)@if\d+/g, ''],
      [/02:42:0a:ff:00:0[23]/g, '02:42:0a:ff:00:0‹n›'],
      [/10\.255\.0\.[23]\b/g, '10.255.0.‹n›'],
    ],
    steps: [
      {
        on: 'docker0',
        run: 'sudo ls -l /var/run/docker/netns',
        shows: `total 0
-r--r--r--. 1 root root 0 Sep  5 10:31 1-t7zfankbs8
-r--r--r--. 1 root root 0 Sep  5 10:29 1-wi6xp5jnpk
-r--r--r--. 1 root root 0 Sep  5 10:31 f9f4ceb4012b
-r--r--r--. 1 root root 0 Sep  5 10:29 ingress_sbox
`,
      },
      {
        on: 'docker0',
        run: 'docker network ls --filter name=ingress',
        shows: `NETWORK ID          NAME                DRIVER              SCOPE
wi6xp5jnpkzp        ingress             overlay             swarm
`,
      },
      {
        on: 'docker0',
        run: "docker network inspect ingress --format '{{json .Containers}}' | jq",
        shows: `{
  "ingress-sbox": {
    "Name": "ingress-endpoint",
    "EndpointID": "6dff81405a5e045b62ab98a4a394a5d90885629aad8dc397de17401d88d6314a",
    "MacAddress": "02:42:0a:ff:00:02",
    "IPv4Address": "10.255.0.2/16",
    "IPv6Address": ""
  }
}
`,
      },
      {
        on: 'docker0',
        run: `sudo nsenter --net=${sbox} ip a`,
        shows: `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN qlen 1
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
13: eth0@if14: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP
    link/ether 02:42:0a:ff:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 0
    inet 10.255.0.2/16 scope global eth0
       valid_lft forever preferred_lft forever
15: eth1@if16: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    link/ether 02:42:ac:12:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 1
    inet 172.18.0.2/16 scope global eth1
       valid_lft forever preferred_lft forever
`,
      },
      {
        on: 'with 192.168.200.3',
        run: 'docker ps',
        shows: `CONTAINER ID        IMAGE               COMMAND             CREATED             STATUS              PORTS               NAMES
0252f5d8ee9a        alpine:latest       "sleep 50000"       3 hours ago         Up 3 hours                              demoservice.1.dxug6j2lijsr88d9hvugkm8bl
`,
      },
      {
        on: 'with 192.168.200.3',
        run: 'docker exec $(docker ps -q) ip a | grep 192.168.200',
        shows: '    inet 192.168.200.3/24 scope global eth0\n    inet 192.168.200.2/32 scope global eth0\n',
      },
      {
        on: 'with 192.168.200.4',
        run: 'docker exec $(docker ps -q) ip a | grep 192.168.200',
        shows: '    inet 192.168.200.4/24 scope global eth0\n    inet 192.168.200.2/32 scope global eth0\n',
      },
      {
        on: 'with 192.168.200.4',
        run: 'docker exec $(docker ps -q) ping -c 4 192.169.200.3',
        shows: `PING 192.169.200.3 (192.169.200.3): 56 data bytes
64 bytes from 192.169.200.3: seq=0 ttl=52 time=210.701 ms
64 bytes from 192.169.200.3: seq=1 ttl=52 time=224.387 ms
64 bytes from 192.169.200.3: seq=2 ttl=52 time=137.545 ms
64 bytes from 192.169.200.3: seq=3 ttl=52 time=225.336 ms

--- 192.169.200.3 ping statistics ---
4 packets transmitted, 4 packets received, 0% packet loss
round-trip min/avg/max = 137.545/199.492/225.336 ms
`,
      },
      {
        on: 'with 192.168.200.3',
        run: 'docker exec $(docker ps -q) ping -c 4 192.168.200.4',
        shows: `PING 192.168.200.4 (192.168.200.4): 56 data bytes
64 bytes from 192.168.200.4: seq=0 ttl=64 time=1.493 ms
64 bytes from 192.168.200.4: seq=1 ttl=64 time=2.531 ms
64 bytes from 192.168.200.4: seq=2 ttl=64 time=1.873 ms
64 bytes from 192.168.200.4: seq=3 ttl=64 time=2.314 ms

--- 192.168.200.4 ping statistics ---
4 packets transmitted, 4 packets received, 0% packet loss
round-trip min/avg/max = 1.493/2.052/2.531 ms
`,
      },
      { on: 'docker0', run: 'docker inspect demonet -f {{.Id}}', shows: '43hjz9oqpmltxr3tiqb1cvlj9\n' },
      {
        on: 'docker0',
        run: 'nsenter --net=/var/run/docker/netns/1-$(docker inspect demonet -f {{.Id}} | cut -c1-10) ip link show',
        shows: `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT qlen 1
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
2: br0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP mode DEFAULT
    link/ether 46:68:08:dc:64:6c brd ff:ff:ff:ff:ff:ff
18: vxlan1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue master br0 state UNKNOWN mode DEFAULT
    link/ether 46:68:08:dc:64:6c brd ff:ff:ff:ff:ff:ff link-netnsid 0
20: veth2@if19: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue master br0 state UP mode DEFAULT
    link/ether 9a:64:65:68:cb:6a brd ff:ff:ff:ff:ff:ff link-netnsid 1
`,
      },
    ],
  },
  {
    name: 'a request on its way in (2020)',
    engine: '20.10',
    machines: ['node1', 'node2', 'node3'],
    // Another service was there before, so that addresses and marks have gone on.
    before: [
      'docker service create -d --name old -p 9000:80 nginx',
      'sleep 15; docker service rm old; sleep 15',
      'docker service create -d --name web --replicas 2 -p 8080:80 --constraint node.hostname!=node3 nginx',
    ],
    steps: [
      {
        on: 'node1',
        run: 'iptables -nvL -t nat',
        shows: `Chain DOCKER-INGRESS (2 references)
 pkts bytes target   prot opt in  out   source        destination
   98  4716 DNAT     tcp  --  *   *     0.0.0.0/0     0.0.0.0/0     tcp dpt:8080 to:172.18.0.2:8080
31249 1279K RETURN   all  --  *   *     0.0.0.0/0     0.0.0.0/0
`,
        among: true,
      },
      {
        on: 'node2',
        run: 'ip a',
        shows: `4: docker_gwbridge: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 02:42:29:2e:e9:5a brd ff:ff:ff:ff:ff:ff
    inet 172.18.0.1/16 brd 172.18.255.255 scope global docker_gwbridge
       valid_lft forever preferred_lft forever
    inet6 fe80::42:29ff:fe2e:e95a/64 scope link
       valid_lft forever preferred_lft forever
`,
        among: true,
      },
      {
        on: 'node1',
        run: 'docker network inspect docker_gwbridge',
        shows: `        "Containers": {
            "93ba26bad926cf4e6bb48dbc35c31ded6c83762cad6c3263540c67dd5fd6d8e5": {
                "Name": "gateway_7ac67fd81e4c",
                "EndpointID": "518ee78253b4315365443405ec4e4e9b8c97d525953caf6eb52b2b68be9a27a9",
                "MacAddress": "02:42:ac:12:00:03",
                "IPv4Address": "172.18.0.3/16",
                "IPv6Address": ""
            },
            "ingress-sbox": {
                "Name": "gateway_ingress-sbox",
                "EndpointID": "58b43201e1da59fcf219e3f6ebb05c74bc6af78a89212866d7d0db439f8d63c4",
                "MacAddress": "02:42:ac:12:00:02",
                "IPv4Address": "172.18.0.2/16",
                "IPv6Address": ""
            }
        },
`,
        among: true,
      },
      { on: 'node1', run: 'docker container ls -a | grep -c ingress', shows: '0\n' },
      {
        on: 'node1',
        run: `echo 'ip a; ipvsadm; ip route; iptables -nvL -t mangle' | docker run -i --rm -v /var/run/docker/netns:/netns --privileged=true nicolaka/netshoot nsenter --net=/netns/ingress_sbox sh`,
        shows: `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
    valid_lft forever preferred_lft forever
8: eth0@if9: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP group default
    link/ether 02:42:0a:00:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 0
    inet 10.0.0.2/24 brd 10.0.0.255 scope global eth0
    valid_lft forever preferred_lft forever
    inet 10.0.0.7/32 scope global eth0
    valid_lft forever preferred_lft forever
12: eth1@if13: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 02:42:ac:12:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 1
    inet 172.18.0.2/16 brd 172.18.255.255 scope global eth1
    valid_lft forever preferred_lft forever
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
-> RemoteAddress:Port           Forward Weight ActiveConn InActConn
FWM  258 rr
-> 10.0.0.8:0                   Masq    1      1          3
-> 10.0.0.9:0                   Masq    1      0          3
default via 172.18.0.1 dev eth1
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.2
172.18.0.0/16 dev eth1 proto kernel scope link src 172.18.0.2
Chain PREROUTING (policy ACCEPT 254 packets, 19206 bytes)
pkts bytes target     prot opt in     out     source               destination
168 10208 MARK       tcp  --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:8080 MARK set 0x102
`,
        among: true,
      },
    ],
  },
];

/** Without what is random, counted or timed, and with one blank for many. */
function plain(text: string, years: Walk['years'] = []): string {
  const rules: readonly (readonly [RegExp, string])[] = [
    ...years,
    [/\b(?:[0-9a-f]{64}|[0-9a-z]{25}|(?=[0-9a-z]*\d)[0-9a-z]{12})\b|(?<=\b1-)[0-9a-z]{10}\b/g, '‹id›'],
    [/(?<=gateway_)‹id›|(?<=gateway_)[0-9a-f]{12}/g, '‹id›'],
    [/\b(?!02:42:(?:0a|ac)|00:00:00|ff:ff:ff)[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/g, '‹mac›'],
    [/\bfe80::[0-9a-f:]+/g, '‹fe80›'],
    [/^\d+(?=: \w)|(?<=@if)\d+/gm, '‹n›'],
    [/(?<=policy ACCEPT )\d+ packets, \d+ bytes/g, '‹n›'],
    [/^ *\d+[KM]? +\d+[KM]? +(?=MARK|DNAT|RETURN)/gm, '‹n› '],
    [/0x10\d|(?<=FWM +)25\d/g, '‹mark›'],
    [/(?<=Masq +1 +)\d+ +\d+/g, '‹n›'],
    [/\btime=[\d.]+ ms|(?<=max = )[\d.\/]+/g, '‹ms›'],
    [/\b(?:\d+|an?|about an?) (?:second|minute|hour)s?( ago)?/gi, '‹age›$1'],
    [/\b[A-Z][a-z]{2} +\d+ \d\d:\d\d\b/g, '‹date›'],
    [/^(-r--r--r--)\./gm, '$1'],
    [/[ \t]+/g, ' '],
    [/ +$|^ +/gm, ''],
  ];
  return rules.reduce((result, [pattern, words]) => result.replace(pattern, words), text);
}

describe.each(WALKS)('$name', ({ engine, machines, setup = [], before, steps, years }) => {
  let world: World;
  const holders = new Map<string, string>();

  beforeAll(async () => {
    world = createWorld(
      checkScenario({
        name: 'walk',
        title: 'A walk',
        engine,
        machines: [
          ...machines.map((name, i) => ({ name, address: `192.168.56.1${i + 1}/24`, docker: true })),
          { name: 'internet', address: '192.168.56.1/24' },
        ],
        swarm: { managers: machines.slice(0, 1), workers: machines.slice(1) },
        setup,
        faults: [{ delay: { on: 'internet', ms: 70 } }],
      }),
      { externals, trace: false },
    );
    for (const line of before) expect((await execute(world, machines[0] as string, line, 120)).exit, line).toBe(0);
    await pass(world, 30);
    for (const name of machines) {
      const inside = 'for c in $(docker ps -q); do docker exec $c ip a; done';
      const { stdout } = await execute(world, name, inside, 20);
      for (const [address] of stdout.matchAll(/192\.168\.200\.\d+(?=\/24)/g)) holders.set(`with ${address}`, name);
    }
  });

  const outputs: string[] = [];

  test.each(steps)('$on: $run', async ({ on, run, shows, among }) => {
    const host = holders.get(on) ?? on;
    const { stdout } = await execute(world, host, run, 120);
    outputs.push(stdout);
    const [own, wanted] = [plain(stdout, years), plain(shows, years)];
    // In a list of one's own choice each of its lines stands behind the one before.
    if (among !== true) expect(own).toBe(wanted);
    else expect(wanted.split('\n').filter((line) => !follows(own, line))).toEqual([]);
  });

  test('round trips and turns are those of the walk', () => {
    const answers = (texts: readonly string[]): number[] => {
      const said = texts.filter((text) => text.startsWith("I'm "));
      return said.map((text) => said.indexOf(text));
    };
    expect(answers(outputs)).toEqual(answers(steps.map(({ shows }) => shows)));
    // The slip of a digit leaves the cluster: every answer takes far longer than the neighbour's slowest.
    const times = (text: string): number[] => [...text.matchAll(/time=([\d.]+)/g)].map(([, ms]) => Number(ms));
    const [far = [], near = []] = outputs.map(times).filter((list) => list.length > 0);
    if (far.length > 0) expect(Math.min(...far)).toBeGreaterThan(100 * Math.max(...near));
  });
});

const follows = (text: string, line: string): boolean => text.split('\n').includes(line);
