/**
 * `meshwalk diff`: one command in two worlds of one scenario, each of its own engine; the ways of the packet beside each other, hop by
 * hop, and what moved. A hop is known by what happens and where, never by an address: eras give other addresses to the same things.
 */
import {
  checkScenario,
  parseScenario,
  type Hop,
  type Story,
  type StoryPacket,
  type World,
} from '../../simulator/index.ts';

/** One hop, said without addresses. */
export interface Step {
  /** Of which machine: the first the packet meets is `1`, the next `2`; `client` and others keep their name. */
  readonly host: string;
  /** `host`, `ingress_sbox`, `overlay`, `load balancer`, `task`. */
  readonly place: string;
  /** What is done: `MARK`, `IPVS schedules`, `source NAT` … */
  readonly deed: string;
  /** Where in the place: table and chain, device. */
  readonly where: string;
  /** The whole hop, as the machine told it. */
  readonly text: string;
}

type DiffLine = { readonly sign: ' ' | '-' | '+'; readonly step: Step };

/** A deed that both do, in different places. */
export interface Move {
  readonly deed: string;
  readonly from: string;
  readonly to: string;
}

export interface EraDiff {
  readonly lines: readonly DiffLine[];
  readonly moved: readonly Move[];
  readonly gone: readonly string[];
  readonly come: readonly string[];
}

/** The scenario's text for another engine. */
export function scenarioOf(text: string, engine: string): ReturnType<typeof checkScenario> {
  return checkScenario({ ...parseScenario(text), engine });
}

/** The conversation that `host` began since the trace was cleared, with most packets; a command's look-ups and ARP are not it. */
export function conversationOf(world: World, host: string): Story | undefined {
  const own = world.trace
    .stories()
    .filter(({ client, protocol }) => client.startsWith(`${host} `) && protocol !== 'ARP');
  const main = own.sort(
    (a, b) => Number(b.title.includes(' /')) - Number(a.title.includes(' /')) || b.packets - a.packets || a.id - b.id,
  )[0];
  return main === undefined ? undefined : world.trace.story(main.id);
}

/** The way there and back of the packet that opens a conversation. */
export function stepsOf(story: Story): Step[] {
  const opener = story.packets.find(({ direction, label }) => direction === 'request' && !label.startsWith('ARP'));
  const answer = story.packets.find(({ id }) => id === opener?.answer);
  const numbers = new Map<string, string>();
  return [opener, answer].flatMap((packet) => (packet === undefined ? [] : wayOf(packet, numbers)));
}

function wayOf(packet: StoryPacket, numbers: Map<string, string>): Step[] {
  return packet.hops.flatMap((hop) => {
    const said = deedOf(hop);
    return said === undefined
      ? []
      : [
          {
            host: numberOf(hop.host, numbers),
            place: placeOf(hop.netns),
            ...said,
            text: `${hop.host} ${hop.netns}: ${textOf(hop)}`,
          },
        ];
  });
}

/** Nodes are called by the order in which the packet comes to them. */
function numberOf(host: string, numbers: Map<string, string>): string {
  if (!/^node\d/.test(host)) return host;
  if (!numbers.has(host)) numbers.set(host, `node ${numbers.size + 1}`);
  return numbers.get(host) as string;
}

function placeOf(netns: string): string {
  if (netns === 'host' || netns === 'ingress_sbox') return netns;
  if (/^\d+-/.test(netns)) return 'overlay';
  if (netns.startsWith('lb_') || /^[0-9a-f]{12}$/.test(netns)) return 'load balancer';
  return netns.startsWith('task ') ? 'task' : netns;
}

/** Devices by their kind: their names are random, or count on. */
function deviceOf(name: string): string {
  return name.replace(/^veth[0-9a-f]{7}$/, 'veth').replace(/^((?:veth|br|vxlan))\d+$/, '$1');
}

function deedOf(hop: Hop): Pick<Step, 'deed' | 'where'> | undefined {
  switch (hop.kind) {
    case 'device':
      return { deed: hop.what, where: deviceOf(hop.where) };
    case 'rule': {
      const target = / -j (\S+)/.exec(hop.rule?.text ?? '')?.[1] ?? hop.rule?.verdict ?? '';
      return { deed: target, where: `${hop.table} ${hop.chain}` };
    }
    case 'nat':
      return { deed: `${hop.what.split(' ')[0]} rewritten by ${hop.what.split(' by ')[1]}`, where: hop.where };
    case 'ipvs':
      return { deed: `IPVS ${hop.what.split(' ')[0]}`, where: hop.where };
    case 'bridge':
      return { deed: `bridge ${hop.what.split(' ')[0]}`, where: deviceOf(hop.where) };
    case 'encap':
      return { deed: hop.what.startsWith('esp') ? 'wrapped in ESP' : 'wrapped in VXLAN', where: deviceOf(hop.where) };
    case 'decap':
      return { deed: hop.what.startsWith('esp') ? 'ESP taken off' : 'VXLAN taken off', where: deviceOf(hop.where) };
    case 'local':
      return { deed: 'delivered', where: 'socket' };
    case 'sent':
      return { deed: 'made', where: 'socket' };
    case 'drop':
      return { deed: `dropped: ${hop.what}`, where: hop.where };
    default:
      // Tracking, routes, neighbours and policies follow from the others.
      return undefined;
  }
}

function textOf(hop: Hop): string {
  if (hop.rule !== undefined) return `${hop.table} ${hop.rule.text}`;
  return `${hop.kind === 'device' ? '' : `${hop.kind} `}${hop.where} ${hop.what}`;
}

const keyOf = ({ host, place, deed, where }: Step): string => [host, place, deed, where].join('\n');

/** The two ways beside each other (longest common subsequence), and what differs by name. */
export function diffSteps(before: readonly Step[], after: readonly Step[]): EraDiff {
  const lines = align(before, after);
  const lost = lines.filter(({ sign }) => sign === '-').map(({ step }) => step);
  const gained = lines.filter(({ sign }) => sign === '+').map(({ step }) => step);
  const moved: Move[] = [];
  const come = [...gained];
  const gone = lost.filter((step) => {
    // Devices are passed, not moved.
    const at = step.deed === 'in' || step.deed === 'out' ? -1 : come.findIndex((other) => other.deed === step.deed);
    if (at < 0) return true;
    const [other] = come.splice(at, 1) as [Step];
    moved.push({ deed: step.deed, from: siteOf(step), to: siteOf(other) });
    return false;
  });
  return {
    lines,
    moved: once(moved, ({ deed, from, to }) => `${deed}|${from}|${to}`),
    gone: once(gone.map(summary)),
    come: once(come.map(summary)),
  };
}

/** What the way there and the way back have in common is said once. */
function once<T>(items: readonly T[], key: (item: T) => unknown = (item) => item): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

const siteOf = ({ host, place, where }: Step): string =>
  `${where} in ${place}${/^node /.test(host) ? ` on ${host}` : ''}`;
const summary = (step: Step): string => `${step.deed}: ${siteOf(step)}`;

function align(before: readonly Step[], after: readonly Step[]): DiffLine[] {
  const [a, b] = [before.map(keyOf), after.map(keyOf)];
  /** Length of the longest common rest from i and j on. */
  const rest = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  const at = (i: number, j: number): number => rest[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--)
      (rest[i] as number[])[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const lines: DiffLine[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: ' ', step: after[j] as Step });
      i++;
      j++;
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1)))
      lines.push({ sign: '-', step: before[i++] as Step });
    else lines.push({ sign: '+', step: after[j++] as Step });
  }
  return lines;
}

/** As a terminal shows it. */
export function diffText({ lines, moved, gone, come }: EraDiff, engines: readonly [string, string]): string {
  let text = `--- docker ${engines[0]}\n+++ docker ${engines[1]}\n`;
  for (const { sign, step } of lines) text += `${sign} ${step.text}\n`;
  if (moved.length + gone.length + come.length === 0) return `${text}\nNothing moved.\n`;
  const list = (title: string, entries: readonly string[]): string =>
    entries.length === 0 ? '' : `\n${title}\n${entries.map((entry) => `  ${entry}\n`).join('')}`;
  text += list(
    'Moved:',
    moved.map(({ deed, from, to }) => `${deed}: from ${from} to ${to}`),
  );
  text += list(`Only in ${engines[0]}:`, gone);
  return text + list(`Only in ${engines[1]}:`, come);
}
