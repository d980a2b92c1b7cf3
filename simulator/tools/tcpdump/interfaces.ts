/** The devices of a namespace as libpcap offers them (pcap_findalldevs). Mirrors pcap.c, get_figure_of_merit. */
import type { NetDevice } from '../../kernel/device.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';

interface Offer {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly string[];
  readonly merit: number;
}

const NOT_RUNNING = 0x80000000;
const NOT_UP = 0x40000000;
const DISCONNECTED = 0x20000000;
const LOOPBACK = 0x10000000;
const ANY = 0x08000000;

function offerOf(dev: NetDevice): Offer {
  const running = dev.up && dev.carrier;
  const loopback = dev.kind === 'loopback';
  const flags: string[] = [];
  if (dev.up) flags.push('Up');
  if (running) flags.push('Running');
  if (loopback) flags.push('Loopback');
  else flags.push(running ? 'Connected' : 'Disconnected');
  let merit = Number(/\d+$/.exec(dev.name)?.[0] ?? 0);
  if (!running) merit += NOT_RUNNING;
  if (!dev.up) merit += NOT_UP;
  if (!running && !loopback) merit += DISCONNECTED;
  if (loopback) merit += LOOPBACK;
  return { name: dev.name, description: '', flags, merit };
}

function offers(ns: NetworkNamespace): Offer[] {
  const any: Offer = {
    name: 'any',
    description: ' (Pseudo-device that captures on all interfaces)',
    flags: ['Up', 'Running'],
    merit: ANY,
  };
  return [...[...ns.devices.values()].map(offerOf), any].sort((a, b) => a.merit - b.merit);
}

/** What `tcpdump -D` prints. */
export function interfaceList(ns: NetworkNamespace): string {
  return offers(ns)
    .map(({ name, description, flags }, index) => `${index + 1}.${name}${description} [${flags.join(', ')}]\n`)
    .join('');
}

/** The interface that is taken when none is named. */
export function defaultInterface(ns: NetworkNamespace): string {
  return offers(ns)[0].name;
}

/** The interface of a number of `-D`. */
export function interfaceByNumber(ns: NetworkNamespace, number: number): string | undefined {
  return offers(ns)[number - 1]?.name;
}
