// Whatever NAT rules stand: an answer comes back from where the question went, and so it does after the rules are gone.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lab } from './lab.ts';

interface Case {
  readonly rules: readonly string[];
  readonly to: string;
  readonly port: number;
  readonly answer: string;
}

/** Ways to reach the name server of s, or the router's own server. */
const destination = fc.constantFrom<Case>(
  { rules: [], to: '10.2.0.2', port: 53, answer: 'dns\n' },
  {
    rules: ['PREROUTING -p udp --dport 5353 -j DNAT --to-destination 10.2.0.2:53'],
    to: '10.1.0.1',
    port: 5353,
    answer: 'dns\n',
  },
  { rules: ['PREROUTING -d 10.9.0.9 -j DNAT --to-destination 10.2.0.2'], to: '10.9.0.9', port: 53, answer: 'dns\n' },
  { rules: ['PREROUTING -d 10.9.0.0/24 -j NETMAP --to 10.2.0.0/24'], to: '10.9.0.2', port: 5000, answer: 'udp\n' },
  { rules: ['PREROUTING -p udp --dport 7 -j REDIRECT --to-ports 9001'], to: '10.2.0.2', port: 7, answer: 'router\n' },
);
const source = fc.constantFrom(
  [],
  ['POSTROUTING -o rs -j MASQUERADE'],
  ['POSTROUTING -o rs -j MASQUERADE --random'],
  ['POSTROUTING -p udp -o rs -j SNAT --to-source 10.2.0.1:40000-40003'],
  ['POSTROUTING -o rs -j SNAT --to-source 10.2.0.1'],
);

test('an answer is un-NATed', () => {
  fc.assert(
    fc.property(
      destination,
      source,
      fc.uniqueArray(fc.integer({ min: 1024, max: 65535 }), { minLength: 1, maxLength: 4 }),
      (aim, back, ports) => {
        const lab = new Lab();
        // Keeps tracking on when the last NAT rule has gone.
        lab.r$('-A FORWARD -m conntrack --ctstate NEW');
        lab.r$('-A INPUT -m conntrack --ctstate NEW');
        for (const rule of [...aim.rules, ...back]) lab.r$(`-t nat -A ${rule}`);
        for (const port of ports) {
          // The socket is connected to nobody: it would take an answer from any address.
          const local = { address: '10.1.0.2', port };
          const events = lab.traced(() => {
            expect(lab.udp(lab.c, aim.to, aim.port, local)).toBe(aim.answer);
          });
          const arrived = events.filter((event) => event.kind === 'local' && event.netns === 'c').at(-1);
          expect(arrived?.packet).toMatchObject({ sport: aim.port, dport: port });
          if (arrived !== undefined) expect(addressOf(arrived.packet.src)).toBe(aim.to);
        }
        lab.r$('-t nat -F');
        const again = { address: '10.1.0.2', port: ports[0] as number };
        expect(lab.udp(lab.c, aim.to, aim.port, again)).toBe(aim.answer);
      },
    ),
    { numRuns: 60, seed: 3 },
  );
});

function addressOf(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}
