// ip(8) and bridge(8): one entry for each command, as a keyword of one may be nothing to the next, and one for each object
// with the options before it.
import type { ToolLines } from './lines.ts';

const STATE =
  'ip -d link; ip -d addr; ip -d route show table all; ip rule; ip neigh; ip neigh show nud all; ip neigh show proxy; ip netns; ip -s xfrm state; ip xfrm policy; bridge fdb; bridge -d link; ip -n n0 -d link; ip -n n0 addr; sysctl net.ipv4.conf.e0';
const SETUP =
  'ip netns add n0; ip link add d7 type dummy; ip addr add 10.7.0.1/24 dev d7; ip addr add 10.7.0.2/24 dev d7 label d7:x; ip addr add 169.254.7.7/16 dev d7 scope link; ip addr add fd00::7/64 dev d7; ip link add e7 type dummy; ip link set e7 up; ip addr add 10.8.0.1/24 dev e7; ping -c 1 10.1.0.2 >/tmp/x; ip route add default via 10.1.0.2 metric 9; ip route add 10.77.0.0/16 via 10.1.0.2 src 10.1.0.1 proto static mtu 1400; ip route add blackhole 10.78.0.0/16 table 7; ip rule add fwmark 7 lookup 7; ip neigh add 10.1.0.9 lladdr 02:00:00:00:00:09 dev e0; ip neigh add 10.2.0.9 lladdr 02:00:00:00:00:0a dev e7 nud stale; ip neigh add proxy 10.1.0.8 dev e0; bridge fdb append 33:33:00:00:00:0b dev vx0 dst 10.1.0.2; bridge fdb add 02:00:00:00:00:0c dev v0 master static; ip link set e0 alias wire; ip netns set n0 3; ip addr add 10.9.0.1/24 dev e7 valid_lft 900 preferred_lft 800; ip addr add 10.6.0.1 peer 10.6.0.2 dev d7; ip route prepend 10.77.0.0/16 dev e7; bridge fdb append 33:33:00:00:00:0b dev vx0 dst 10.1.0.3 port 4790 vni 43 via e0; ip rule add pref 300 from 10.66.0.0/16 fwmark 8 lookup 9; ip rule add pref 301 from 10.66.0.0/16 iif v0 fwmark 7 lookup 7';
const ESP = `ip xfrm state add src 10.1.0.1 dst 10.1.0.2 proto esp spi 0x10 reqid 13 mode transport aead 'rfc4106(gcm(aes))' 0x${'ab'.repeat(20)} 64 mark 3; ip xfrm policy add src 10.1.0.1 dst 10.1.0.2 proto udp dport 4789 dir out mark 3 tmpl proto esp reqid 13; ip xfrm state add src 10.1.0.2 dst 10.1.0.1 proto esp spi 0x11 reqid 14 mode transport aead 'rfc4106(gcm(aes))' 0x${'cd'.repeat(20)} 64`;
const VALUES = [
  'e0',
  'd7',
  'br0',
  'v0',
  '7',
  '1400',
  'on',
  'off',
  '10.1.0.2',
  '10.1.0.0/24',
  '10.7.0.0/24',
  '02:00:00:00:00:77',
  'link',
  'static',
  'blackhole',
  'stale',
  'n0',
  'bridge',
];
const DEFAULT = 'is the default';
const ALL = { '-a -all': 'is for netns exec and delete' };
const NO_COUNTERS = { '-s -stats -statistics': 'there are no counters to add' };
const NO_DETAILS = { '-d -details': 'there are no details to add' };
const ONE_LINE = { '-o -oneline': 'each stands on one line in any case' };
const NOT_BRIEF = { '-brief': 'has no brief form' };
const NO_COLORS = { '-c -color': 'nothing of it has a colour' };
const NO_FAMILY = { '-0 -4 -6': 'is of no family' };
const PRETTY = { '-p -pretty': 'lays out JSON only' };
const ONLY_ONE = 'the kernel finds it without';

/** A command of `ip` or `bridge`: `lines` without the program, `source` below tools/. */
function command(tool: string, source: string, lines: readonly string[], more: Partial<ToolLines> = {}): ToolLines {
  const [program = ''] = tool.split(' ');
  return {
    tool,
    source: source.split(' ').map((file) => `tools/${file}.ts`),
    lines: lines.map((line) => `${program} ${line}`),
    styles: ['word'],
    state: STATE,
    setup: `${SETUP}; ${ESP}`,
    values: { '': VALUES },
    ...more,
  };
}

/** The options before an object. */
function options(tool: string, lines: readonly string[], more: Partial<ToolLines> = {}): ToolLines {
  const source = tool.startsWith('ip') ? 'ip/index' : 'bridge';
  return command(tool, source, lines, { styles: ['letter', 'dash'], values: { '': ['n0', 'inet6', 'link'] }, ...more });
}

export const IPROUTE: readonly ToolLines[] = [
  options('ip -OPTIONS link', ['% link', '% link show e0', '-j % link', '-d % link show br0', '-s % link show e0'], {
    invisible: { ...ALL, ...NO_FAMILY },
  }),
  options('ip -OPTIONS address', ['% address', '% addr show d7', '-j % addr show d7'], { invisible: { ...ALL } }),
  options(
    'ip -OPTIONS route',
    ['% route', '-j % route', '% route show table all', '% route get 10.1.0.2', '% route flush 10.77.0.0/16'],
    { invisible: { ...ALL, ...NOT_BRIEF } },
  ),
  options('ip -OPTIONS rule', ['% rule', '-j % rule'], {
    invisible: { ...ALL, ...ONE_LINE, ...NO_COUNTERS, ...NOT_BRIEF, '-4': DEFAULT },
  }),
  options('ip -OPTIONS neigh', ['% neigh', '-j % neigh', '% neigh get 10.1.0.2 dev e0', '% neigh flush 10.1.0.2'], {
    invisible: { ...ALL, ...NO_DETAILS, ...ONE_LINE, '-4': 'IPv6 neighbours are not kept' },
  }),
  options('ip -OPTIONS netns', ['% netns', '-j % netns', '% netns list-id', '% netns exec n0 true'], {
    invisible: { ...NO_COLORS, ...NO_DETAILS, ...ONE_LINE, ...NO_COUNTERS, ...NO_FAMILY, ...NOT_BRIEF },
  }),
  options('ip -OPTIONS xfrm', ['% xfrm state', '% xfrm policy'], {
    invisible: {
      ...ALL,
      ...NO_COLORS,
      ...NO_DETAILS,
      ...NOT_BRIEF,
      ...PRETTY,
      '-4': 'there is no other way than IPv4',
    },
  }),
  options('ip -OPTIONS maddress', ['% maddress', '% maddress show dev e0'], {
    invisible: { ...ALL, ...NO_DETAILS, ...NO_COUNTERS, ...NOT_BRIEF, ...PRETTY },
  }),
  options('ip -OPTIONS tunnel', ['% tunnel']),
  options('ip -OPTIONS monitor', ['% monitor'], {
    invisible: { ...ALL, ...PRETTY },
    setup: `${SETUP}; while sleep 1; do ip neigh replace 10.1.0.66 lladdr 02:00:00:00:00:66 dev e0; bridge fdb replace 02:00:00:00:00:66 dev vx0 dst 10.1.0.2; ip link set d7 up; ip addr add 10.99.0.1/24 dev d7; ip addr del 10.99.0.1/24 dev d7; ip link set d7 down; done & true`,
    patience: 3,
  }),
  command('ip link show', 'ip/link ip/link-filter', ['link show dev d7 %', '-d link show dev v0 %', 'link show %']),
  command('ip link add', 'ip/link ip/link-kinds', ['link add x0 % type dummy', 'link add x0 % type veth'], {
    invisible: { down: DEFAULT, nomaster: DEFAULT },
  }),
  command(
    'ip link add veth',
    'ip/link ip/link-kinds',
    ['link add x0 type veth % peer name x1', 'link add x0 type veth peer x1 %'],
    { invisible: { down: DEFAULT, nomaster: DEFAULT } },
  ),
  command(
    'ip link add vxlan',
    'ip/link-kinds',
    ['link add x0 type vxlan id 9 dstport 4789 %', 'link add x0 type vxlan id 9 dev e0 dstport 4789 %'],
    {
      values: { 'srcport port': ['1000 2000'], group: ['239.0.0.1'], '': VALUES },
      invisible: { 'learning udpcsum': DEFAULT },
    },
  ),
  command('ip link add bridge', 'ip/link-kinds', ['link add x0 type bridge %'], {
    values: { mcast_snooping: ['0'], '': VALUES },
  }),
  command('ip link set', 'ip/link ip/link-kinds', ['link set d7 %', 'link set dev v0 %', 'link set dev e7 %']),
  command('ip link set type bridge', 'ip/link-kinds', ['link set br0 type bridge %'], {
    values: { mcast_snooping: ['0'], '': VALUES },
  }),
  command('ip link set type bridge_slave', 'ip/link-kinds', ['link set v0 type bridge_slave %']),
  command('ip link set type vxlan', 'ip/link-kinds', ['link set vx0 type vxlan %'], {
    values: { 'srcport port': ['1000 2000'], 'id vni': ['43'], dstport: ['4790'], group: ['239.0.0.1'], '': VALUES },
    invisible: { learning: DEFAULT },
  }),
  command('ip link delete', 'ip/link', ['link delete d7 %'], {
    invisible: { type: 'a device goes whatever its kind is called' },
  }),
  command(
    'ip address show',
    'ip/address ip/link-filter',
    ['address show dev d7 %', 'addr show dev e7 %', 'addr show dev v0 %', 'addr show dev lo %'],
    { values: { scope: ['link'], label: ['d7:x'], '': VALUES } },
  ),
  command('ip address add', 'ip/address', ['address add 10.66.0.1/24 dev d7 %', 'addr add fd66::1/64 dev d7 %'], {
    values: { label: ['d7:y'], '': VALUES },
  }),
  command(
    'ip address delete',
    'ip/address',
    ['address delete 10.7.0.1/24 dev d7 %', 'address delete 10.6.0.1 dev d7 %'],
    { values: { dev: ['e0'], '': ['10.6.0.2', ...VALUES] } },
  ),
  command('ip address flush', 'ip/address ip/link-filter', [
    'address flush dev d7 %',
    'address flush dev e7 %',
    'address flush to 10.2.0.0/24 %',
  ]),
  command('ip route show', 'ip/route-show', ['route show %', 'route show table all %']),
  command('ip -6 route show', 'ip/route-show', ['-6 route show %'], { values: { scope: ['host'], '': VALUES } }),
  command('ip route get', 'ip/route-get', ['route get 10.1.0.2 %', 'route get 10.9.9.9 %']),
  command(
    'ip route add',
    'ip/route ip/route-words',
    ['route add 10.66.0.0/16 dev e0 %', 'route add 10.66.0.0/16 via 10.1.0.2 %', 'route add % 10.66.0.0/16'],
    { values: { scope: ['host'], '': VALUES } },
  ),
  command('ip route replace', 'ip/route ip/route-words', ['route replace 10.77.0.0/16 dev e0 %'], {
    values: { scope: ['host'], '': VALUES },
  }),
  command('ip route delete', 'ip/route ip/route-words', ['route delete 10.77.0.0/16 %'], {
    values: { scope: ['global'], '': VALUES },
    invisible: { onlink: 'is not compared by the kernel' },
  }),
  command('ip route flush', 'ip/route-show', ['route flush table main %']),
  command('ip rule show', 'ip/rule', ['rule show %']),
  command('ip rule add', 'ip/rule', ['rule add from 10.66.0.0/16 %', 'rule add pref 100 %']),
  command('ip rule delete', 'ip/rule', ['rule delete from 10.66.0.0/16 %', 'rule delete pref 300 %']),
  command('ip rule flush', 'ip/rule', ['rule flush %']),
  command('ip neigh show', 'ip/neighbour', ['neigh show %', 'neigh show nud all %']),
  command('ip neigh add', 'ip/neighbour', [
    'neigh add 10.1.0.66 lladdr 02:00:00:00:00:66 dev e0 %',
    'neigh replace 10.1.0.9 dev e0 %',
    'neigh add proxy 10.1.0.66 dev e0 %',
  ]),
  command('ip neigh get', 'ip/neighbour', ['neigh get 10.1.0.9 dev e0 %'], { values: { dev: ['br0'], '': VALUES } }),
  command('ip neigh delete', 'ip/neighbour', ['neigh delete 10.1.0.9 dev e0 %'], {
    values: { dev: ['br0'], '': VALUES },
    invisible: { 'lladdr nud': ONLY_ONE },
  }),
  command('ip neigh flush', 'ip/neighbour', ['neigh flush dev e0 %', 'neigh flush all %']),
  command('ip netns', 'ip/netns', ['netns %', 'netns % n0', 'netns identify %', 'netns pids %', 'netns set n0 %']),
  command('ip xfrm state', 'ip/xfrm ip/xfrm-words', ['xfrm state list %'], {
    values: { dst: ['10.1.0.1'], '': VALUES },
  }),
  command('ip xfrm policy', 'ip/xfrm ip/xfrm-words', ['xfrm policy list %']),
  command('ip xfrm state deleteall', 'ip/xfrm ip/xfrm-words', ['xfrm state deleteall %'], {
    values: { dst: ['10.1.0.1'], '': VALUES },
    invisible: { nokeys: 'no key is printed' },
  }),
  command('ip xfrm policy deleteall', 'ip/xfrm ip/xfrm-words', ['xfrm policy deleteall %']),
  command('ip xfrm flush', 'ip/xfrm ip/xfrm-words', [
    'xfrm state flush %',
    'xfrm policy flush %',
    'xfrm state count %',
    'xfrm policy count %',
  ]),
  command('ip maddress', 'ip/maddress', ['maddress show %']),
  options('bridge -OPTIONS link', ['% link', '-j % link', '-d % link']),
  options('bridge -OPTIONS fdb', ['% fdb', '-j % fdb'], {
    invisible: { ...NO_DETAILS, '-o -on -oneline': ONE_LINE['-o -oneline'] },
  }),
  options('bridge -OPTIONS mdb', ['% mdb'], { invisible: { ...PRETTY, '-o -on -oneline': ONE_LINE['-o -oneline'] } }),
  options('bridge -OPTIONS vlan', ['% vlan'], { invisible: { ...PRETTY, '-o -on -oneline': ONE_LINE['-o -oneline'] } }),
  command('bridge link show', 'bridge', ['link show %']),
  command('bridge link set', 'bridge ip/link-kinds', ['link set dev v0 cost 9 %'], {
    values: { dev: ['e0'], '': VALUES },
  }),
  command('bridge fdb show', 'bridge', ['fdb show %']),
  command('bridge fdb add', 'bridge', [
    'fdb add 02:00:00:00:00:66 dev v0 %',
    'fdb add 02:00:00:00:00:66 dev v0 master %',
    'fdb append 02:00:00:00:00:66 dev vx0 dst 10.1.0.2 %',
  ]),
  command('bridge fdb get', 'bridge', ['fdb get 02:00:00:00:00:0c dev v0 %', 'fdb get 02:00:00:00:00:0c br br0 %'], {
    values: { 'dev brport': ['e0'], br: ['e0'], '': VALUES },
  }),
  command(
    'bridge fdb delete',
    'bridge',
    [
      'fdb delete 02:00:00:00:00:0c dev v0 %',
      'fdb delete 33:33:00:00:00:0b dev vx0 dst 10.1.0.3 vni 43 via e0 %',
      'fdb delete 33:33:00:00:00:0b dev vx0 dst 10.1.0.3 port 4790 via e0 %',
      'fdb delete 33:33:00:00:00:0b dev vx0 dst 10.1.0.3 port 4790 vni 43 %',
      'fdb delete 33:33:00:00:00:0b dev vx0 %',
    ],
    {
      values: { dev: ['e0'], dst: ['10.1.0.3'], port: ['4790'], vni: ['43'], '': VALUES },
      invisible: { 'dynamic local permanent static temp': 'an entry goes whatever its state is', self: DEFAULT },
    },
  ),
  command('bridge fdb flush', 'bridge', ['fdb flush dev v0 %', 'fdb flush dev vx0 %', 'fdb flush dev br0 %'], {
    invisible: { self: DEFAULT },
  }),
  command('bridge mdb', 'bridge', ['mdb show %']),
  command('bridge vlan', 'bridge', ['vlan show %']),
];
