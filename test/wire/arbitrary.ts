// Packets out of nothing, for properties: every field that is on the wire, nothing that is not.
import fc from 'fast-check';
import {
  ETH_ARP,
  ETH_IPV4,
  Packet,
  PROTO_ICMP,
  PROTO_TCP,
  PROTO_UDP,
  type TcpOptions,
} from '../../simulator/wire/packet.ts';

const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const byte = fc.integer({ min: 0, max: 255 });
const mac = fc.integer({ min: 0, max: 0xffffffffffff });
const payload = fc.uint8Array({ maxLength: 80 });

function packetOf(fields: Partial<Packet>): Packet {
  return Object.assign(new Packet(), fields);
}

const arp = fc
  .record({
    arpOperation: fc.constantFrom(1, 2),
    arpSenderMac: mac,
    arpSenderIp: uint32,
    arpTargetMac: mac,
    arpTargetIp: uint32,
  })
  .map((fields) => ({ ...fields, etherType: ETH_ARP }));

const ipHeader = fc.record({
  src: uint32,
  dst: uint32,
  ttl: byte,
  tos: byte,
  ipId: uint16,
  dontFragment: fc.boolean(),
});

const tcpOptions: fc.Arbitrary<TcpOptions | null> = fc
  .record(
    {
      mss: uint16,
      windowScale: fc.integer({ min: 0, max: 14 }),
      sackPermitted: fc.constant(true),
      timestamps: fc.record({ value: uint32, echo: uint32 }),
      sack: fc.array(fc.tuple(uint32, uint32), { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: [] },
  )
  .map((options) => (Object.keys(options).length === 0 ? null : options));

const tcp = fc
  .record({ sport: uint16, dport: uint16, seq: uint32, ack: uint32, flags: byte, window: uint16, tcpOptions, payload })
  .map((fields) => ({ ...fields, protocol: PROTO_TCP }));

const udp = fc
  .record({ sport: uint16, dport: uint16.filter((port) => port !== 4789), payload })
  .map((fields) => ({ ...fields, protocol: PROTO_UDP }));

const echo = fc
  .record({ icmpType: fc.constantFrom(0, 8), icmpCode: fc.constant(0), icmpId: uint16, icmpSeq: uint16, payload })
  .map((fields) => ({ ...fields, protocol: PROTO_ICMP }));

const plainIpv4 = fc
  .tuple(ipHeader, fc.oneof(tcp, udp, echo))
  .map(([header, body]) => packetOf({ ...header, ...body, etherType: ETH_IPV4 }));

const icmpError = fc
  .record({ icmpType: fc.constantFrom(3, 11), icmpCode: byte, icmpMtu: uint16, quoted: plainIpv4 })
  .map((fields) => ({ ...fields, protocol: PROTO_ICMP }));

const ethernet = fc.record({ srcMac: mac, dstMac: mac });

const simple = fc
  .tuple(
    ethernet,
    fc.oneof(
      arp,
      fc.tuple(ipHeader, fc.oneof(tcp, udp, echo, icmpError)).map(([header, body]) => ({ ...header, ...body })),
    ),
  )
  .map(([frame, body]) => packetOf({ ...frame, ...body }));

const vxlan = fc
  .tuple(ethernet, ipHeader, fc.record({ sport: uint16, vni: fc.integer({ min: 0, max: 0xffffff }), inner: simple }))
  .map(([frame, header, body]) =>
    packetOf({ ...frame, ...header, ...body, dport: 4789, protocol: PROTO_UDP, etherType: ETH_IPV4 }),
  );

/** Any frame the codecs know. */
export const anyFrame: fc.Arbitrary<Packet> = fc.oneof(simple, vxlan);
