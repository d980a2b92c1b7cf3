// One TCP connection through r as Docker programs ingress_sbox: mark, IPVS by mark, SNAT. The rules met are those of the
// recording packet-path (xtables-monitor --trace in ingress_sbox).
import { expect, test } from 'vitest';
import { ipv4 } from '../../simulator/base/address.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { ipvsControl } from '../../simulator/ipvs/index.ts';
import { writeSysctl } from '../../simulator/kernel/sysctl.ts';
import { TCP_ACK, TCP_SYN } from '../../simulator/wire/packet.ts';
import { Lab } from './lab.ts';

test('SYN and SYN-ACK meet the recorded tables, chains and verdicts', () => {
  const lab = new Lab();
  for (const line of [
    '-t mangle -A PREROUTING -p tcp -m tcp --dport 8000 -j MARK --set-xmark 0x100/0xffffffff',
    '-t mangle -A INPUT -d 10.0.0.5/32 -j MARK --set-xmark 0x100/0xffffffff',
    '-t nat -N DOCKER_OUTPUT',
    '-t nat -A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT',
    '-t nat -A POSTROUTING -d 10.2.0.0/24 -m ipvs --ipvs -j SNAT --to-source 10.2.0.1',
    '-t raw -A PREROUTING -p tcp -m multiport --ports 80,8000 -j TRACE',
    '-t raw -A OUTPUT -p tcp -m multiport --ports 80,8000 -j TRACE',
  ]) {
    lab.r$(line);
  }
  writeSysctl(lab.r, 'net/ipv4/vs/conntrack', '1');
  const service = { protocol: 0, address: 0, port: 0, fwmark: 256 };
  const added = ipvsControl(
    lab.r,
    {
      op: 'addService',
      service: {
        ...service,
        scheduler: 'rr',
        persistence: 0,
        netmask: 0xffffffff,
        onePacket: false,
        schedulerFlags: [],
      },
    },
    KERNEL_DEFAULT,
  );
  expect(added.ok).toBe(true);
  const server = {
    address: ipv4('10.2.0.2'),
    port: 0,
    forward: 'masq' as const,
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
  };
  expect(ipvsControl(lab.r, { op: 'addServer', service, server }, KERNEL_DEFAULT).ok).toBe(true);
  // Services by mark keep the port of the request: answer there.
  lab.iptables(lab.s, '-t nat -A PREROUTING -p tcp --dport 8000 -j REDIRECT --to-ports 80');

  const events = lab.traced(() => expect(lab.tcp(lab.c, '10.1.0.1', 8000)).toBe('web\n'));
  const met = (flags: number): string[] =>
    events.flatMap((event) => {
      if (event.netns !== 'r' || event.packet.flags !== flags) return [];
      if (event.kind === 'rule') return [`${event.table} ${event.chain} ${event.verdict} mark ${event.packet.mark}`];
      if (event.kind === 'policy') return [`${event.table} ${event.chain} policy ${event.verdict}`];
      return event.kind === 'nat' ? [`${event.hook} ${event.manip} nat by ${event.by}`] : [];
    });
  expect(met(TCP_SYN).filter((line) => !line.includes('ipvs'))).toEqual([
    'raw PREROUTING CONTINUE mark 0',
    'raw PREROUTING policy ACCEPT',
    'mangle PREROUTING CONTINUE mark 256',
    'mangle PREROUTING policy ACCEPT',
    'mangle INPUT policy ACCEPT',
    'raw OUTPUT CONTINUE mark 256',
    'raw OUTPUT policy ACCEPT',
    // Destination NAT was decided on the way in, so nat OUTPUT is not met.
    'nat POSTROUTING ACCEPT mark 256',
    'POSTROUTING source nat by rule',
  ]);
  expect(met(TCP_SYN | TCP_ACK).filter((line) => !line.includes('ipvs'))).toEqual([
    'raw PREROUTING CONTINUE mark 0',
    'raw PREROUTING policy ACCEPT',
    'mangle PREROUTING policy ACCEPT',
    'PREROUTING destination nat by conntrack',
  ]);
  expect(lab.conntrack(lab.r)[0]).toMatch(
    /^tcp {6}6 \d+ TIME_WAIT src=10\.1\.0\.2 dst=10\.1\.0\.1 sport=\d+ dport=8000 src=10\.2\.0\.2 dst=10\.2\.0\.1 sport=8000 dport=\d+ \[ASSURED\] mark=0 use=1$/,
  );
});
