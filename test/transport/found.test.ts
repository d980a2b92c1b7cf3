// What the live differential test has found about TCP, as the real kernel showed it.
import { expect, test } from 'vitest';
import type { Probe } from '../differential/case.ts';
import { framesAt, observe, type Small } from '../differential/small.ts';

const SYN: Partial<Probe> = { protocol: 'tcp', dport: 80, dst: '10.7.1.1', length: 0 };
/** Raw packets have no socket at a: answers to them are kept from it, which would reset them. */
const QUIET = ['a filter -A INPUT -p tcp -j DROP'];

/** Flags of what leaves r for a after each probe. */
function flags(small: Small): string[] {
  const seen = observe(small);
  return small.probes.map((_, i) =>
    framesAt(seen, i, 'r r0 out')
      .flatMap((frame) => /tcp .* flags (\d+)/.exec(frame)?.[1] ?? [])
      .join(),
  );
}

const FLAGS: readonly (readonly [what: string, small: Small, flags: readonly string[]])[] = [
  [
    'a SYN within the window of a half-open connection resets it',
    { rules: QUIET, probes: [SYN, { ...SYN, sequence: 1002 }, { ...SYN, sequence: 1002 }] },
    ['18', '20', '18'],
  ],
  [
    'one outside it is answered with an ACK',
    { rules: QUIET, probes: [SYN, { ...SYN, sequence: 9_000_000 }] },
    ['18', '16'],
  ],
  [
    'that the protocol is unreachable does not end a half-open connection',
    {
      rules: ['a filter -A INPUT -p tcp -j REJECT --reject-with icmp-proto-unreachable'],
      probes: [SYN, SYN, SYN],
    },
    // The second SYN is answered, the third within half a second is not.
    ['18', '18', ''],
  ],
  [
    'that the host is unreachable does',
    {
      rules: ['a filter -A INPUT -p tcp -j REJECT --reject-with icmp-host-unreachable'],
      probes: [SYN, SYN, SYN],
    },
    ['18', '18', '18'],
  ],
  ['nobody resets what was sent to all', { probes: [{ ...SYN, dport: 81, dst: '10.7.1.255' }] }, ['']],
  ['nobody answers a SYN to all', { probes: [{ ...SYN, dst: '10.7.1.255' }] }, ['']],
];

test.each(FLAGS)('%s', (_, small, expected) => {
  expect(flags(small)).toEqual(expected);
});

test('a reset on close has a window and an identification', () => {
  const seen = observe({ probes: [{ ...SYN, how: 'socket', ending: 'reset' }] });
  expect(framesAt(seen, 0, 'a a0 out').filter((frame) => frame.includes('flags 20'))).toEqual([
    '10.7.1.2 > 10.7.1.1 ttl 64 tos 0 id * DF length 52 tcp 40000 > 80 flags 20 seq *+1 ack *+1 window 502 stamps',
  ]);
});

test('a FIN before any data is acknowledged with the next tick', () => {
  const seen = observe({ probes: [{ ...SYN, how: 'socket', ending: 'fin' }] });
  expect(framesAt(seen, 0, 'r r0 out').filter((frame) => frame.includes('ack *+2'))).toHaveLength(1);
});

test('a connection that nobody has accepted has no owner', () => {
  const seen = observe({
    rules: ['r filter -A OUTPUT -p tcp -m owner --uid-owner 0'],
    probes: [{ ...SYN, how: 'socket', length: 5 }],
  });
  expect(seen.rules.filter((line) => line.includes('uid-owner'))).toEqual([
    'r filter [1:60] -A OUTPUT -p tcp -m owner --uid-owner 0',
  ]);
});
