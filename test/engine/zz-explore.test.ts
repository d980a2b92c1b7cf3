import { test } from 'vitest';
import { Machines, value } from './machines.ts';
import { formatIpv4, formatMac } from '../../simulator/base/address.ts';
import { ipvsControl } from '../../simulator/ipvs/index.ts';
import { udpSocket, udpConnect, udpSend, receiveFrom } from '../../simulator/transport/index.ts';
import { dnsQuery, encodeDns, decodeDns } from '../../simulator/wire/dns.ts';
import { iptables } from '../../simulator/netfilter/command.ts';
function devs(ns: any) { return [...ns.devices.values()].map((d: any) => `${d.ifindex} ${d.name}@${d.linkIndex} mtu ${d.mtu} ${formatMac(d.mac)} master=${d.master?.name} ${d.addresses.map((a: any) => formatIpv4(a.address) + '/' + a.prefix).join(' ')}`); }
const ipvs = (ns: any) => (ipvsControl(ns, { op: 'list' }, { by: 'docker', text: '' }) as any).value.map((s: any) => [s.fwmark, s.destinations.map((d: any) => formatIpv4(d.address) + ' w' + d.weight).join(' ')]);
function dns(m: Machines, h: string, key: string, name: string, type = 1) {
  let out = '?';
  const ns = m.ns(h, key);
  m.host(h).daemon(['dig'], function* (ctx: any) {
    const s = udpSocket(ns); udpConnect(s, 0x7f00000b, 53);
    udpSend(s, encodeDns(dnsQuery(7, name, type)));
    const d = yield* receiveFrom(ctx, s, ctx.now + 20e6);
    if (d.ok) { const r = decodeDns(d.value.payload)!; out = `rcode ${r.rcode} ra=${r.recursionAvailable} ${r.answers.map((a: any) => a.data.target ?? formatIpv4(a.data.address)).join(',')} len ${d.value.payload.length}`; } else out = d.errno;
    return 0;
  });
  m.settle(21);
  return out;
}
test('overlay', () => {
  const m = new Machines().swarm();
  const id = value(m.api('node1').networkCreate({ Name: 'demonet', Driver: 'overlay', IPAM: { Driver: 'default', Config: [{ Subnet: '192.168.200.0/24' }] }, Internal: false, Attachable: true, Ingress: false, ConfigOnly: false, Options: {}, Labels: {} })).Id;
  m.service('demoservice', 2, { image: 'alpine', args: ['sleep', '50000'], networks: ['demonet'], constraints: ['node.hostname!=node3'] });
  console.log(m.files('node1'), devs(m.ns('node1', `1-${id.slice(0, 10)}`)), devs(m.ns('node1', `lb_${id.slice(0, 9)}`)), m.rules('node1', 'mangle', `lb_${id.slice(0, 9)}`), m.rules('node1', 'nat', `lb_${id.slice(0, 9)}`), ipvs(m.ns('node1', `lb_${id.slice(0, 9)}`)), m.files('node3'));
  const task = m.files('node1').find((f) => /^[0-9a-f]{12}$/.test(f))!;
  console.log(devs(m.ns('node1', task)), devs(m.ns('node1')));
  for (const [n, t] of [['demoservice', 1], ['tasks.demoservice', 1], ['demoservice.demonet', 1], ['nosuch', 1], ['3.200.168.192.in-addr.arpa', 12], ['2.200.168.192.in-addr.arpa', 12], ['demoservice', 28]] as const) console.log(n, dns(m, 'node1', task, n, t));
  m.service('web', 3, { networks: ['demonet'] });
  console.log('web', dns(m, 'node1', task, 'web'), m.get('node1', '192.168.200.7', 8000, task), m.get('node1', '192.168.200.7', 8000, task), m.get('node1', '192.168.200.7', 8000, task));
  // docker run on an attachable overlay
  const api3 = m.api('node3');
  const c = value(api3.containerCreate({ name: 'shoot', Image: 'alpine', Cmd: ['sleep', '1d'], HostConfig: { NetworkMode: 'demonet' } })).Id;
  m.finish(api3.containerStart(c, m.caller('node3')));
  m.settle(2);
  console.log(JSON.stringify(value(api3.containerInspect('shoot')).NetworkSettings.Networks), value(api3.networkInspect('demonet', { verbose: false })).Containers);
  console.log('shoot', dns(m, 'node1', task, 'shoot'), m.files('node3'));
  console.log(m.host('node3').filesOf(m.daemons.get('node3')!.parts!.containers.find('shoot')!.mounts!).readText('/etc/resolv.conf'), m.host('node3').filesOf(m.daemons.get('node3')!.parts!.containers.find('shoot')!.mounts!).readText('/etc/hosts'));
  m.finish(api3.containerRemove('shoot', { force: true, volumes: false }));
  value(m.api('node1').serviceRemove('web'));
  m.settle(20);
  console.log('after', m.files('node3'), dns(m, 'node1', task, 'web'), value(m.api('node3').networks({})).map((n) => n.Name), value(m.api('node1').tasks({})).length);
  value(m.api('node1').serviceRemove('demoservice'));
  m.settle(20);
  console.log(m.api('node1').networkRemove('demonet'), m.files('node1'), value(m.api('node1').networks({})).map((n) => n.Name));
});
test('host mode and bridge', () => {
  const m = new Machines().swarm();
  m.service('h', 1, { Mode: { Global: {} }, EndpointSpec: { Mode: 'vip', Ports: [{ Protocol: 'tcp', TargetPort: 8000, PublishedPort: 8000, PublishMode: 'host' }] } });
  console.log(m.rules('node1', 'nat'), m.rules('node1', 'filter').filter((r) => r.includes('172.17')), m.get('node2', '192.168.56.11', 8000), m.get('node1', '127.0.0.1', 8000), JSON.stringify(value(m.api('node1').containers({ all: false, filters: {} }))[0]!.Ports), JSON.stringify(value(m.api('node1').tasks({}))[0]!.Status));
  console.log(m.host('node1').processes().map((p) => p.argv.join(' ')));
});
test('node down, gossip blocked', () => {
  const m = new Machines().swarm();
  m.publish('whoami', 8000, 3);
  iptables(m.ns('node3'), ['-I', 'INPUT', '-p', 'udp', '--dport', '7946', '-j', 'DROP'], { by: 'command', text: 'x' });
  iptables(m.ns('node3'), ['-I', 'INPUT', '-p', 'tcp', '--dport', '7946', '-j', 'DROP'], { by: 'command', text: 'x' });
  m.settle(20);
  console.log('blocked', ipvs(m.ns('node1', 'ingress_sbox')), ipvs(m.ns('node3', 'ingress_sbox')), m.ns('node1', m.files('node1').find((f) => f.startsWith('1-'))!).neighbours.list().map((n: any) => formatIpv4(n.address)));
  iptables(m.ns('node3'), ['-F', 'INPUT'], { by: 'command', text: 'x' });
  m.settle(30);
  console.log('healed', ipvs(m.ns('node1', 'ingress_sbox')), ipvs(m.ns('node3', 'ingress_sbox')), m.ns('node1', m.files('node1').find((f) => f.startsWith('1-'))!).neighbours.list().map((n: any) => formatIpv4(n.address)));
  // leave
  m.finish(m.api('node3').swarmLeave(false));
  m.settle(20);
  console.log(value(m.api('node1').nodes({})).map((n) => [n.Description.Hostname, n.Status.State]), value(m.api('node1').tasks({})).map((t) => [t.Slot, t.DesiredState, t.Status.State]), m.files('node3'), ipvs(m.ns('node1', 'ingress_sbox')));
});
