/**
 * A firewall between the machines lets a protocol, or one port of it, not through, and says nothing. What a host firewall would
 * do is typed as a rule (`iptables -A INPUT …`); this one nobody on the machines can see. Later fragments have no port, and pass.
 */
import { z } from 'zod/mini';
import { ETH_IPV4, type Packet, PROTO_ESP, PROTO_ICMP, PROTO_TCP, PROTO_UDP } from '../../wire/packet.ts';
import { faultKind, hang, machinesOfWire, oneWire, uses, wire, type Wire, wireSays } from './fault.ts';

const PROTOCOLS = { tcp: PROTO_TCP, udp: PROTO_UDP, icmp: PROTO_ICMP, esp: PROTO_ESP } as const;

type Blocked = Wire & { protocol: keyof typeof PROTOCOLS; port?: number | undefined; from?: string | undefined };

export const blocked = faultKind<Blocked>({
  name: 'blocked',
  about:
    'A firewall between the machines drops a protocol, or one port of it (of either end); with `from`, only what that machine sends.',
  params: z
    .strictObject({
      ...wire,
      protocol: z.enum(['tcp', 'udp', 'icmp', 'esp']),
      port: z.optional(z.number().check(z.int(), z.minimum(1), z.maximum(65535))),
      from: z.optional(z.string()),
    })
    .check(oneWire)
    .check(
      z.refine(
        ({ protocol, port }) => port === undefined || protocol === 'tcp' || protocol === 'udp',
        'only tcp and udp have ports',
      ),
    ),
  lasts: () => true,
  machines: (at) => [...machinesOfWire(at), ...(at.from === undefined ? [] : [[['from'], at.from] as const])],
  says: (at) => `blocked ${at.protocol}${at.port === undefined ? '' : `/${at.port}`} ${wireSays(at)}`,
  begin: (at, field) =>
    hang(field, {
      meet(packet, from, to, fate) {
        if (!uses(at, from, to) || (at.from !== undefined && from.ns.kernel.host !== at.from)) return;
        if (isOf(packet, PROTOCOLS[at.protocol], at.port)) fate.lost = true;
      },
    }),
});

function isOf(packet: Packet, protocol: number, port: number | undefined): boolean {
  if (packet.etherType !== ETH_IPV4 || packet.protocol !== protocol) return false;
  return port === undefined || packet.dport === port || packet.sport === port;
}
