// Which rules packets meet, and what they count: the exact counters of the recording kernel-iptables.
import { describe, expect, test } from 'vitest';
import type { TraceEvent } from '../../simulator/trace/event.ts';
import { saveTableText } from '../../simulator/netfilter/index.ts';
import { Lab } from './lab.ts';

/** Rules and policies a trace tells of, as `namespace table:CHAIN:what`. */
function rulesOf(events: readonly TraceEvent[], netns: string): string[] {
  return events.flatMap((event) => {
    if (event.netns !== netns) return [];
    if (event.kind === 'rule')
      return [
        `${event.table}:${event.chain}:${event.number}:${event.verdict}${event.to === undefined ? '' : `:${event.to}`}`,
      ];
    return event.kind === 'policy' ? [`${event.table}:${event.chain}:policy:${event.verdict}`] : [];
  });
}

/** The saved rules of a table with their counters. */
function counted(lab: Lab, table: 'filter' | 'nat' | 'mangle' | 'raw'): string[] {
  return saveTableText(lab.r, table, true)
    .split('\n')
    .filter((line) => line.startsWith('[') || line.startsWith(':'));
}

describe('counters after known traffic', () => {
  test('interfaces: names, inversion, prefixes', () => {
    const lab = new Lab();
    for (const rule of ['-i rc', '-o rs', '-i rc -o rs', '-i rs -o rc', '! -i rc', '-i r+', '-i eth+'])
      lab.r$(`-A FORWARD ${rule}`);
    for (const rule of ['-A INPUT -i rc', '-A INPUT -i lo', '-A OUTPUT -o lo']) lab.r$(rule);
    lab.ping(lab.c, '10.2.0.2', 3);
    lab.ping(lab.r, '127.0.0.1', 2);
    lab.ping(lab.c, '10.1.0.1', 2);
    expect(counted(lab, 'filter')).toEqual([
      ':INPUT ACCEPT [6:504]',
      ':FORWARD ACCEPT [6:504]',
      ':OUTPUT ACCEPT [6:504]',
      '[2:168] -A INPUT -i rc',
      '[4:336] -A INPUT -i lo',
      '[3:252] -A FORWARD -i rc',
      '[3:252] -A FORWARD -o rs',
      '[3:252] -A FORWARD -i rc -o rs',
      '[3:252] -A FORWARD -i rs -o rc',
      '[3:252] -A FORWARD ! -i rc',
      '[6:504] -A FORWARD -i r+',
      '[0:0] -A FORWARD -i eth+',
      '[4:336] -A OUTPUT -o lo',
    ]);
  });

  test('user chains: jump, goto, RETURN and the policy', () => {
    const lab = new Lab();
    for (const line of [
      '-N web',
      '-N deep',
      '-A FORWARD -p icmp -j web',
      '-A FORWARD -p icmp -j ACCEPT',
      '-A web -s 10.1.0.0/24 -j deep',
      '-A web -j RETURN',
      '-A web -j DROP',
      '-A deep -p icmp --icmp-type echo-request -j RETURN',
      '-A deep -j DROP',
      '-A FORWARD -p udp -g web',
      '-A FORWARD -p udp -j DROP',
      '-P FORWARD DROP',
    ]) {
      lab.r$(line);
    }
    lab.ping(lab.c, '10.2.0.2', 3);
    expect(lab.udp(lab.c, '10.2.0.2', 53)).toBe('EAGAIN');
    expect(counted(lab, 'filter').slice(3)).toEqual([
      ':deep - [0:0]',
      ':web - [0:0]',
      '[6:504] -A FORWARD -p icmp -j web',
      '[6:504] -A FORWARD -p icmp -j ACCEPT',
      '[1:33] -A FORWARD -p udp -g web',
      '[0:0] -A FORWARD -p udp -j DROP',
      '[3:252] -A deep -p icmp -m icmp --icmp-type 8 -j RETURN',
      '[1:33] -A deep -j DROP',
      '[4:285] -A web -s 10.1.0.0/24 -j deep',
      '[6:504] -A web -j RETURN',
      '[0:0] -A web -j DROP',
    ]);
  });

  test('marks and connection marks, set, combined, saved and restored', () => {
    const lab = new Lab();
    for (const line of [
      '-A PREROUTING -p icmp -j MARK --set-mark 0x100',
      '-A PREROUTING -p udp -j MARK --set-xmark 0x5/0xf',
      '-A FORWARD -m mark --mark 0x1/0x1',
      '-A FORWARD -m mark ! --mark 0',
      '-A FORWARD -j MARK --or-mark 0x10',
      '-A FORWARD -m mark --mark 0x110',
      '-A FORWARD -j MARK --and-mark 0x10f',
      '-A FORWARD -j MARK --xor-mark 0x1',
      '-A POSTROUTING -m mark --mark 0x101',
      '-A POSTROUTING -j CONNMARK --save-mark',
      '-I PREROUTING 1 -j CONNMARK --restore-mark',
      '-A POSTROUTING -j CONNMARK --set-mark 0x7/0xff',
      '-A POSTROUTING -m connmark --mark 7/0xff',
    ]) {
      lab.r$(`-t mangle ${line}`);
    }
    lab.ping(lab.c, '10.2.0.2', 3);
    expect(lab.udp(lab.c, '10.2.0.2', 53)).toBe('dns\n');
    expect(counted(lab, 'mangle').filter((line) => line.startsWith('['))).toEqual([
      '[8:569] -A PREROUTING -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff',
      '[6:504] -A PREROUTING -p icmp -j MARK --set-xmark 0x100/0xffffffff',
      '[2:65] -A PREROUTING -p udp -j MARK --set-xmark 0x5/0xf',
      '[2:65] -A FORWARD -m mark --mark 0x1/0x1',
      '[8:569] -A FORWARD -m mark ! --mark 0x0',
      '[8:569] -A FORWARD -j MARK --set-xmark 0x10/0x10',
      '[6:504] -A FORWARD -m mark --mark 0x110',
      '[8:569] -A FORWARD -j MARK --set-xmark 0x0/0xfffffef0',
      '[8:569] -A FORWARD -j MARK --set-xmark 0x1/0x0',
      '[6:504] -A POSTROUTING -m mark --mark 0x101',
      '[8:569] -A POSTROUTING -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff',
      '[8:569] -A POSTROUTING -j CONNMARK --set-xmark 0x7/0xff',
      '[8:569] -A POSTROUTING -m connmark --mark 0x7/0xff',
    ]);
    expect(lab.conntrack(lab.r).map((line) => /mark=\d+/.exec(line)?.[0])).toEqual(['mark=263', 'mark=7']);
  });

  test('limit lets a burst through, statistic every other packet', () => {
    const lab = new Lab();
    lab.r$('-A FORWARD -p icmp --icmp-type 8 -m limit --limit 1/min --limit-burst 3 -j ACCEPT');
    lab.r$('-A FORWARD -p icmp --icmp-type 8 -j DROP');
    lab.r$('-A FORWARD -m statistic --mode nth --every 2 --packet 0');
    lab.ping(lab.c, '10.2.0.2', 6);
    expect(counted(lab, 'filter').slice(3)).toEqual([
      '[3:252] -A FORWARD -p icmp -m icmp --icmp-type 8 -m limit --limit 1/min --limit-burst 3 -j ACCEPT',
      '[3:252] -A FORWARD -p icmp -m icmp --icmp-type 8 -j DROP',
      '[2:168] -A FORWARD -m statistic --mode nth --every 2 --packet 0',
    ]);
  });

  test('REJECT answers and counts, in the words of each type', () => {
    for (const [type, errno] of [
      ['icmp-net-unreachable', 'ENETUNREACH'],
      ['icmp-host-unreachable', 'EHOSTUNREACH'],
      ['icmp-port-unreachable', 'ECONNREFUSED'],
      ['icmp-admin-prohibited', 'EHOSTUNREACH'],
    ] as const) {
      const lab = new Lab();
      lab.r$(`-A FORWARD -d 10.2.0.2 -j REJECT --reject-with ${type}`);
      expect(lab.tcp(lab.c, '10.2.0.2', 80)).toBe(errno);
      expect(counted(lab, 'filter').at(-1)).toBe(`[1:60] -A FORWARD -d 10.2.0.2/32 -j REJECT --reject-with ${type}`);
    }
    const lab = new Lab();
    lab.r$('-A FORWARD -p tcp -j REJECT --reject-with tcp-reset');
    expect(lab.tcp(lab.c, '10.2.0.2', 80)).toBe('ECONNREFUSED');
  });

  test('LOG writes the recorded line', () => {
    const lab = new Lab();
    lab.r$('-A FORWARD -p udp -j LOG --log-prefix "fw: "');
    lab.r$('-t mangle -A PREROUTING -p udp -j MARK --set-mark 0x100');
    lab.udp(lab.c, '10.2.0.2', 53);
    const line = lab.kernel.log[0]?.text.replace(/MAC=[0-9a-f:]+|ID=\d+|SPT=\d+/g, (word) => `${word.split('=')[0]}=?`);
    expect(line).toBe(
      'fw: IN=rc OUT=rs MAC=? SRC=10.1.0.2 DST=10.2.0.2 LEN=33 TOS=0x00 PREC=0x00 TTL=63 ID=? DF PROTO=UDP SPT=? DPT=53 LEN=13 MARK=0x100 ',
    );
  });
});

describe('the trace', () => {
  test('names every rule met in the kernel’s order of tables, each with its origin', () => {
    const lab = new Lab();
    for (const line of [
      '-t raw -A PREROUTING',
      '-t mangle -A PREROUTING',
      '-t nat -A PREROUTING -m conntrack --ctstate NEW',
      '-t mangle -A FORWARD',
      '-A FORWARD',
      '-t mangle -A POSTROUTING',
      '-t nat -A POSTROUTING',
    ]) {
      lab.r$(line);
    }
    const events = lab.traced(() => lab.ping(lab.c, '10.2.0.2', 1));
    expect(rulesOf(events, 'r')).toEqual([
      'raw:PREROUTING:1:CONTINUE',
      'raw:PREROUTING:policy:ACCEPT',
      'mangle:PREROUTING:1:CONTINUE',
      'mangle:PREROUTING:policy:ACCEPT',
      'nat:PREROUTING:1:CONTINUE',
      'nat:PREROUTING:policy:ACCEPT',
      'mangle:FORWARD:1:CONTINUE',
      'mangle:FORWARD:policy:ACCEPT',
      'filter:FORWARD:1:CONTINUE',
      'filter:FORWARD:policy:ACCEPT',
      'mangle:POSTROUTING:1:CONTINUE',
      'mangle:POSTROUTING:policy:ACCEPT',
      'nat:POSTROUTING:1:CONTINUE',
      'nat:POSTROUTING:policy:ACCEPT',
      // The answer: nat has decided.
      'raw:PREROUTING:1:CONTINUE',
      'raw:PREROUTING:policy:ACCEPT',
      'mangle:PREROUTING:1:CONTINUE',
      'mangle:PREROUTING:policy:ACCEPT',
      'mangle:FORWARD:1:CONTINUE',
      'mangle:FORWARD:policy:ACCEPT',
      'filter:FORWARD:1:CONTINUE',
      'filter:FORWARD:policy:ACCEPT',
      'mangle:POSTROUTING:1:CONTINUE',
      'mangle:POSTROUTING:policy:ACCEPT',
    ]);
    const rule = events.find((event) => event.kind === 'rule');
    expect(rule?.kind === 'rule' && rule.origin.text).toBe('iptables -t raw -A PREROUTING');
  });

  test('a chain nobody made is not met', () => {
    const lab = new Lab();
    lab.r$('-A FORWARD -p udp -j ACCEPT');
    const events = lab.traced(() => lab.ping(lab.c, '10.1.0.1', 1));
    expect(rulesOf(events, 'r')).toEqual([]);
  });
});
