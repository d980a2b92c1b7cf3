/** For each kind of check: in which world it is judged, and what has to come out. */
import type { CheckSpec } from '../../simulator/lesson/index';

type Case = readonly [world: 'bare' | 'mesh', check: CheckSpec, level: string, code: string, found?: RegExp];

const PROBE = { from: 'node1', ping: '10.1.1.2' };
const OUT = { from: 'client', http: '192.168.56.11:8080' };
const SBOX = 'node1/docker/ingress_sbox';

export const CASES: readonly Case[] = [
  ['bare', { reachable: PROBE }, 'pass', 'reachable.answered', /0% packet loss/],
  ['bare', { reachable: { from: 'node1', tcp: '10.1.1.2:80' } }, 'pass', 'reachable.answered'],
  ['bare', { reachable: { from: 'node1', tcp: '10.1.1.2:81' } }, 'fail', 'reachable.silent', /refused/],
  [
    'bare',
    { reachable: { from: 'node1', ping: '10.1.1.9', seconds: 4 } },
    'fail',
    'reachable.silent',
    /Destination Host Unreachable/,
  ],
  ['bare', { reachable: { from: 'node1/nowhere', ping: '10.1.1.2' } }, 'fail', 'place.missing'],
  ['bare', { reachable: { from: 'node1', ping: '10.1.1.2', size: 1472 } }, 'pass', 'reachable.answered'],
  ['bare', { reachable: { from: 'node1', ping: '10.1.1.2', size: 1473 } }, 'fail', 'reachable.silent', /too long/],
  // An option that is not emulated gets no answer either; that is no reason to pass.
  [
    'bare',
    { unreachable: { from: 'node1', run: 'ping -c1 -f 10.1.1.2' } },
    'wait',
    'check.not-judged',
    /not emulated here/,
  ],
  ['bare', { unreachable: PROBE }, 'fail', 'unreachable.answered'],
  ['bare', { unreachable: { from: 'node1/red', ping: '10.9.9.9' } }, 'pass', 'unreachable.silent', /unreachable/i],
  ['bare', { http: { from: 'client', url: '192.168.56.11:8080', says: 'red' } }, 'pass', 'http.answered', /red/],
  ['bare', { http: { from: 'client', url: '192.168.56.11:8080', says: 'blue' } }, 'fail', 'http.body', /red/],
  ['bare', { http: { from: 'client', url: '192.168.56.11:8081' } }, 'fail', 'http.silent', /Could not connect/],
  ['bare', { http: { from: 'client', url: '192.168.56.11:8080', status: 404 } }, 'fail', 'http.status', /200/],
  ['mesh', { balanced: { from: 'client', url: '192.168.56.12:8000', over: 3 } }, 'pass', 'balanced.even', /3: 2\/2\/2/],
  ['mesh', { balanced: { from: 'client', url: '192.168.56.12:8000', over: 2 } }, 'fail', 'balanced.servers'],
  ['mesh', { balanced: { from: 'client', url: '192.168.56.12:8001', over: 2 } }, 'fail', 'balanced.silent'],
  [
    'mesh',
    { balanced: { from: 'client', url: '192.168.56.12:8000', over: 3, requests: 5 } },
    'pass',
    'balanced.even',
    /3: /,
  ],
  ['mesh', { resolves: { from: 'node1/container/one', name: 'two' } }, 'pass', 'resolves.found'],
  ['mesh', { resolves: { from: 'node1/container/one', name: 'two', to: ['10.9.9.9'] } }, 'fail', 'resolves.other'],
  ['mesh', { resolves: { from: 'node1/container/one', name: 'three' } }, 'fail', 'resolves.unknown'],
  ['mesh', { resolves: { from: 'node1/container/one', name: 'three', never: true } }, 'pass', 'resolves.nothing'],
  ['mesh', { resolves: { from: 'node1/container/one', name: 'two', never: true } }, 'fail', 'resolves.unwanted'],
  [
    'bare',
    { rule: { at: 'node1', table: 'nat', chain: 'PREROUTING', has: ['--dport 8080', '-j DNAT'] } },
    'pass',
    'rule.there',
  ],
  [
    'bare',
    { rule: { at: 'node1', table: 'nat', chain: 'PREROUTING', has: ['--dport 808'] } },
    'fail',
    'rule.missing',
    /8080/,
  ],
  ['bare', { rule: { at: 'node1', chain: 'NOSUCH', has: ['-j ACCEPT'] } }, 'fail', 'rule.no-chain', /No chain/],
  [
    'bare',
    { rule: { at: 'node1', table: 'nat', chain: 'PREROUTING', has: ['-j DNAT'], never: true } },
    'fail',
    'rule.unwanted',
  ],
  ['bare', { rule: { at: 'node1', chain: 'INPUT', has: ['-j DROP'], never: true } }, 'pass', 'rule.absent'],
  [
    'bare',
    { 'rule-matched': { probe: OUT, at: 'node1', table: 'nat', chain: 'PREROUTING', has: ['-j DNAT'], times: 1 } },
    'pass',
    'rule-matched.matched',
  ],
  [
    'bare',
    { 'rule-matched': { probe: OUT, at: 'node1', table: 'mangle', chain: 'FORWARD', has: ['-p tcp'], times: 1 } },
    'fail',
    'rule-matched.times',
  ],
  [
    'bare',
    { 'rule-matched': { probe: PROBE, at: 'node1', table: 'nat', chain: 'PREROUTING', has: ['-j DNAT'] } },
    'fail',
    'rule-matched.never',
    /0/,
  ],
  [
    'mesh',
    { mark: { probe: { from: 'client', http: '192.168.56.11:8000' }, at: SBOX, is: 0x100 } },
    'pass',
    'mark.seen',
  ],
  [
    'mesh',
    { mark: { probe: { from: 'client', http: '192.168.56.11:8000' }, at: SBOX, is: 0x101 } },
    'fail',
    'mark.other',
    /0x100/,
  ],
  [
    'mesh',
    { mark: { probe: { from: 'client', http: '192.168.56.11:8000' }, at: 'node1', is: 0 } },
    'pass',
    'mark.seen',
  ],
  [
    'mesh',
    { mark: { probe: { from: 'client', http: '192.168.56.12:8000' }, at: SBOX, is: 0x100, about: { dport: 9 } } },
    'fail',
    'mark.unseen',
  ],
  ['bare', { nat: { probe: OUT, at: 'node1', changes: 'destination', to: '10.1.1.2:80' } }, 'pass', 'nat.changed'],
  [
    'bare',
    { nat: { probe: OUT, at: 'node1', changes: 'destination', to: '10.1.1.3:80' } },
    'fail',
    'nat.other',
    /10.1.1.2:80/,
  ],
  ['bare', { nat: { probe: OUT, at: 'node1', changes: 'source', to: '10.1.1.1' } }, 'fail', 'nat.never'],
  [
    'bare',
    { nat: { probe: OUT, at: 'node1', changes: 'source', to: '10.1.1.1', never: true } },
    'pass',
    'nat.untouched',
  ],
  [
    'bare',
    { nat: { probe: OUT, at: 'node1', changes: 'destination', to: '10.1.1.2', never: true } },
    'fail',
    'nat.unwanted',
  ],
  [
    'bare',
    { nat: { probe: OUT, at: 'node1', changes: 'destination', never: true } },
    'fail',
    'nat.unwanted',
    /10.1.1.2/,
  ],
  ['bare', { nat: { probe: OUT, at: 'node1', changes: 'destination' } }, 'pass', 'nat.changed'],
  [
    'mesh',
    { nat: { probe: { from: 'client', http: '192.168.56.11:8000' }, at: SBOX, changes: 'destination', by: 'ipvs' } },
    'pass',
    'nat.changed',
    /10\.0\.0\./,
  ],
  ['bare', { route: { at: 'node1/red', to: '192.168.56.1', via: '10.1.1.1', dev: 'v-red' } }, 'pass', 'route.right'],
  ['bare', { route: { at: 'node1/red', to: '192.168.56.1', via: '10.1.1.7' } }, 'fail', 'route.other', /via 10.1.1.1/],
  ['bare', { route: { at: 'node1', to: '8.8.8.8' } }, 'fail', 'route.none', /unreachable/],
  [
    'bare',
    { neighbour: { at: 'node1', address: '10.1.1.77', lladdr: '02:42:0a:01:01:4d', permanent: true } },
    'pass',
    'neighbour.there',
  ],
  [
    'bare',
    { neighbour: { at: 'node1', address: '10.1.1.77', lladdr: '02:42:0a:01:01:4e' } },
    'fail',
    'neighbour.other',
  ],
  ['bare', { neighbour: { at: 'node1', address: '10.1.1.78' } }, 'fail', 'neighbour.missing'],
  ['bare', { neighbour: { at: 'node1', address: '10.1.1.2', permanent: true } }, 'fail', 'neighbour.temporary'],
  ['bare', { neighbour: { at: 'node1', address: '10.1.1.77', never: true } }, 'fail', 'neighbour.unwanted'],
  ['bare', { neighbour: { at: 'node1', address: '10.1.1.78', never: true } }, 'pass', 'neighbour.absent'],
  [
    'bare',
    { fdb: { at: 'node1', dev: 'vx', mac: '02:42:0a:09:00:03', dst: '192.168.56.12', permanent: true } },
    'pass',
    'fdb.there',
  ],
  [
    'bare',
    { fdb: { at: 'node1', dev: 'vx', mac: '02:42:0a:09:00:03', dst: '192.168.56.13' } },
    'fail',
    'fdb.other',
    /192.168.56.12/,
  ],
  ['bare', { fdb: { at: 'node1', dev: 'vx', mac: '02:42:0a:09:00:04' } }, 'fail', 'fdb.missing'],
  ['bare', { fdb: { at: 'node1', dev: 'vx', mac: '02:42:0a:09:00:03', never: true } }, 'fail', 'fdb.unwanted'],
  ['bare', { fdb: { at: 'node1', dev: 'vx', mac: '02:42:0a:09:00:04', never: true } }, 'pass', 'fdb.absent'],
  [
    'bare',
    {
      ipvs: {
        at: 'node1/red',
        service: 'tcp 10.1.1.100:80',
        scheduler: 'rr',
        servers: [{ server: '10.1.1.2:80', weight: 1, method: 'masquerade' }],
      },
    },
    'pass',
    'ipvs.right',
  ],
  ['bare', { ipvs: { at: 'node1/red', service: 'fwmark 5' } }, 'fail', 'ipvs.no-service', /10.1.1.100/],
  [
    'bare',
    { ipvs: { at: 'node1/red', service: 'tcp 10.1.1.100:80', scheduler: 'wlc' } },
    'fail',
    'ipvs.scheduler',
    /rr/,
  ],
  [
    'bare',
    { ipvs: { at: 'node1/red', service: 'tcp 10.1.1.100:80', servers: [{ server: '10.1.1.3:80' }] } },
    'fail',
    'ipvs.no-server',
  ],
  ['bare', { ipvs: { at: 'node1/red', service: 'tcp 10.1.1.100:80', servers: [] } }, 'fail', 'ipvs.extra'],
  [
    'bare',
    { ipvs: { at: 'node1/red', service: 'tcp 10.1.1.100:80', servers: [{ server: '10.1.1.2:80', weight: 0 }] } },
    'fail',
    'ipvs.weight',
    /1/,
  ],
  [
    'bare',
    { ipvs: { at: 'node1/red', service: 'tcp 10.1.1.100:80', servers: [{ server: '10.1.1.2:80', method: 'route' }] } },
    'fail',
    'ipvs.method',
    /masquerade/,
  ],
  ['bare', { conntrack: { at: 'node1', has: ['src=192.168.56.1', 'dport=8080'] } }, 'pass', 'conntrack.there'],
  ['bare', { conntrack: { at: 'node1', has: ['dport=9999'] } }, 'fail', 'conntrack.missing'],
  ['bare', { conntrack: { at: 'node1', has: ['dport=8080'], never: true } }, 'fail', 'conntrack.unwanted'],
  ['bare', { conntrack: { at: 'node1', has: ['dport=9999'], never: true } }, 'pass', 'conntrack.absent'],
  ['bare', { namespace: { at: 'node1/red' } }, 'pass', 'namespace.there'],
  ['bare', { namespace: { at: 'node1/blue' } }, 'fail', 'namespace.missing', /red/],
  ['bare', { namespace: { at: 'node1/red', never: true } }, 'fail', 'namespace.unwanted'],
  ['bare', { namespace: { at: 'node2/red', never: true } }, 'pass', 'namespace.absent'],
  [
    'bare',
    { link: { at: 'node1/red', name: 'v-red', kind: 'veth', up: true, addresses: ['10.1.1.2/24'], mtu: 1500 } },
    'pass',
    'link.right',
  ],
  ['bare', { link: { at: 'node1', name: 'v-red-br', master: 'br9' } }, 'fail', 'link.other', /br0/],
  ['bare', { link: { at: 'node1', name: 'vx', kind: 'vxlan', vni: 42, up: false } }, 'pass', 'link.right'],
  ['bare', { link: { at: 'node1', name: 'v-red' } }, 'fail', 'link.missing'],
  ['mesh', { link: { at: 'node1/docker/1-*', name: 'vxlan0', kind: 'vxlan', vni: 4096 } }, 'pass', 'link.right'],
  ['bare', { link: { at: 'node1', name: 'br0', never: true } }, 'fail', 'link.unwanted'],
  ['bare', { link: { at: 'node1', name: 'br7', never: true } }, 'pass', 'link.absent'],
  [
    'mesh',
    {
      'service-state': {
        on: 'node1',
        service: 'whoami',
        running: 3,
        ports: '*:8000->8000/tcp',
        image: 'jwilder/whoami',
      },
    },
    'pass',
    'service-state.right',
  ],
  [
    'mesh',
    { 'service-state': { on: 'node1', service: 'whoami', running: 2 } },
    'fail',
    'service-state.replicas',
    /3\/3/,
  ],
  [
    'mesh',
    { 'service-state': { on: 'node1', service: 'never-up', running: 1 } },
    'wait',
    'service-state.starting',
    /0\/1/,
  ],
  [
    'mesh',
    { 'service-state': { on: 'node1', service: 'whoami', nodes: ['node1'] } },
    'fail',
    'service-state.other',
    /node1 node2 node3/,
  ],
  ['mesh', { 'service-state': { on: 'node1', service: 'web' } }, 'fail', 'service-state.missing'],
  ['mesh', { 'service-state': { on: 'node1', service: 'whoami', never: true } }, 'fail', 'service-state.unwanted'],
  ['mesh', { 'service-state': { on: 'node1', service: 'web', never: true } }, 'pass', 'service-state.absent'],
  [
    'bare',
    {
      'passes-through': {
        probe: OUT,
        stops: [
          { at: 'node1', dev: 'eth0' },
          { at: 'node1', event: 'nat' },
          { at: 'node1/red', dev: 'v-red', packet: { dport: 80 } },
        ],
      },
    },
    'pass',
    'passes-through.whole',
  ],
  [
    'bare',
    {
      'passes-through': {
        probe: OUT,
        stops: [
          { at: 'node1', dev: 'eth0' },
          { at: 'node1', event: 'ipvs' },
        ],
      },
    },
    'fail',
    'passes-through.lost',
    /node1 eth0/,
  ],
  [
    'mesh',
    { 'never-on-wire': { probe: { from: 'client', http: '192.168.56.11:8000' }, packet: { vni: 4097 } } },
    'pass',
    'never-on-wire.unseen',
  ],
  [
    'mesh',
    {
      'never-on-wire': {
        probe: { from: 'client', run: 'for i in 1 2 3; do curl -s 192.168.56.11:8000; done' },
        packet: { protocol: 'udp', dport: 4789, vni: 4096 },
      },
    },
    'fail',
    'never-on-wire.seen',
    /vni 4096: tcp/,
  ],
  ['bare', { survives: { event: { seconds: 60 }, then: { reachable: PROBE } } }, 'pass', 'reachable.answered'],
  [
    'bare',
    { survives: { event: { seconds: 600 }, then: { conntrack: { at: 'node1', has: ['dport=8080'] } } } },
    'fail',
    'survives.lost',
  ],
  [
    'bare',
    { survives: { event: { seconds: 60 }, then: { reachable: { from: 'node1', tcp: '10.1.1.2:81' } } } },
    'fail',
    'reachable.silent',
  ],
  [
    'mesh',
    {
      survives: { event: { 'restart-docker': 'node2' }, then: { http: { from: 'client', url: '192.168.56.11:8000' } } },
    },
    'pass',
    'http.answered',
  ],
  [
    'mesh',
    {
      survives: {
        event: { 'replace-tasks': { on: 'node1', service: 'whoami' } },
        then: { balanced: { from: 'client', url: '192.168.56.11:8000', over: 3 } },
      },
    },
    'pass',
    'balanced.even',
  ],
  [
    'bare',
    {
      after: {
        run: [{ on: 'node1', run: 'sysctl -w net.ipv4.ip_forward=0' }],
        then: { http: { from: 'client', url: '192.168.56.11:8080' } },
      },
    },
    'fail',
    'http.silent',
  ],
  [
    'bare',
    { after: { run: [{ on: 'node1', run: 'ip link set br0 down' }], then: { unreachable: PROBE } } },
    'pass',
    'unreachable.silent',
  ],
  [
    'bare',
    { after: { run: [{ on: 'node1', run: 'ip link del nosuch' }], then: { reachable: PROBE } } },
    'fail',
    'after.command',
    /nosuch/,
  ],
  ['bare', { answer: { id: 'open' } }, 'wait', 'answer.open'],
  ['bare', { answer: { id: 'right' } }, 'pass', 'answer.right'],
  ['bare', { answer: { id: 'wrong' } }, 'fail', 'answer.wrong'],
  ['bare', { answer: { id: 'silent' } }, 'wait', 'answer.no-key'],
  ['bare', { answer: { id: 'wrong', given: '7' } }, 'pass', 'answer.right'],
  ['bare', { all: [{ reachable: PROBE }, { namespace: { at: 'node1/red' } }] }, 'pass', 'namespace.there'],
  ['bare', { all: [{ reachable: PROBE }, { namespace: { at: 'node1/blue' } }] }, 'fail', 'namespace.missing'],
  ['bare', { any: [{ namespace: { at: 'node1/blue' } }, { reachable: PROBE }] }, 'pass', 'reachable.answered'],
  ['bare', { any: [{ namespace: { at: 'node1/blue' } }, { unreachable: PROBE }] }, 'fail', 'namespace.missing'],
  ['bare', { not: { namespace: { at: 'node1/blue' } } }, 'pass', 'not.failed'],
  ['bare', { not: { namespace: { at: 'node1/red' } } }, 'fail', 'not.passed'],
  ['bare', { not: { answer: { id: 'open' } } }, 'wait', 'answer.open'],
];

/** What makes the world of the cases `bare`, on node1. */
export const BARE = `ip netns add red
ip link add br0 type bridge
ip link set br0 up
ip addr add 10.1.1.1/24 dev br0
ip link add v-red type veth peer name v-red-br
ip link set v-red netns red
ip link set v-red-br master br0 up
ip netns exec red ip addr add 10.1.1.2/24 dev v-red
ip netns exec red ip link set v-red up
ip netns exec red ip route add default via 10.1.1.1
sysctl -w net.ipv4.ip_forward=1
setsid ip netns exec red python3 /tmp/web.py 80 red >/dev/null 2>&1 </dev/null &
iptables -t nat -A PREROUTING -d 192.168.56.11 -p tcp --dport 8080 -j DNAT --to-destination 10.1.1.2:80
iptables -t mangle -A FORWARD -p tcp
ip netns exec red ipvsadm -A -t 10.1.1.100:80 -s rr
ip netns exec red ipvsadm -a -t 10.1.1.100:80 -r 10.1.1.2:80 -m
ip link add vx type vxlan id 42 dstport 4789
bridge fdb add 02:42:0a:09:00:03 dev vx dst 192.168.56.12 self permanent
ip neigh add 10.1.1.77 lladdr 02:42:0a:01:01:4d dev br0 nud permanent`;

/** What makes the world of the cases `mesh`, on node1. */
export const MESH = `docker network create app
docker run -d --name one --network app alpine sleep 100000
docker run -d --name two --network app alpine sleep 100000
docker service create -d --name never-up --constraint node.hostname==nobody alpine sleep 100000`;
