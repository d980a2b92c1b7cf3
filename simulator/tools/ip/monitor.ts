/**
 * `ip monitor`: changes as they happen (ip-monitor(8), iproute2 6.15, ip/ipmonitor.c). Groups: link, address, route, neigh, rule,
 * nsid; the others (mroute, maddress, prefix, netconf, nexthop, stats) may be asked for and say nothing, as nothing of them changes
 * here. `file`, `all-nsid` and time stamps are not emulated.
 */
import { formatIpv4, formatMac } from '../../base/address.ts';
import { WaitQueue } from '../../base/wait.ts';
import type { FdbEntry, NetDevice } from '../../kernel/device.ts';
import { formatRoute, formatRule } from '../../kernel/netlink/format.ts';
import type { Notice } from '../../kernel/notify.ts';
import { listen } from '../../kernel/notify.ts';
import type { Blocking } from '../../process/program.ts';
import { addressNotice } from './address.ts';
import { device, Exit, matches, notEmulated, paint, type Call } from './command.ts';
import { printLink } from './link-show.ts';
import { neighbourNotice } from './neighbour.ts';
import { Printer } from './printer.ts';

/** Names in the order in which abbreviations find them, and the headline that `all` and `label` put before each. */
const GROUPS = {
  link: 'LINK',
  address: 'ADDR',
  route: 'ROUTE',
  mroute: 'MROUTE',
  maddress: 'MADDR',
  prefix: 'PREFIX',
  neigh: 'NEIGH',
  netconf: 'NETCONF',
  rule: 'RULE',
  nsid: 'NSID',
  nexthop: 'NEXTHOP',
  stats: 'STATS',
} as const;

type Group = keyof typeof GROUPS;

const USAGE = `Usage: ip monitor [ all | OBJECTS ] [ FILE ] [ label ] [ all-nsid ]
                  [ dev DEVICE ]
OBJECTS :=  address | link | mroute | maddress | neigh | netconf |
            nexthop | nsid | prefix | route | rule | stats
FILE := file FILENAME
`;

interface Selection {
  readonly groups: Set<Group>;
  labels: boolean;
  dev: NetDevice | undefined;
}

function selection(call: Call, words: readonly string[]): Selection {
  const chosen: Selection = { groups: new Set(), labels: false, dev: undefined };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    const group = (Object.keys(GROUPS) as Group[]).find((name) => matches(word, name));
    if (matches(word, 'file')) throw notEmulated('ip', 'monitor file');
    else if (matches(word, 'label')) chosen.labels = true;
    else if (group !== undefined) chosen.groups.add(group);
    else if (word === 'all') chosen.labels = true;
    else if (matches(word, 'all-nsid')) throw notEmulated('ip', 'monitor all-nsid');
    else if (matches(word, 'help')) throw new Exit(255, USAGE);
    else if (word === 'dev') chosen.dev = device(call, words[++at] ?? '');
    else throw new Exit(255, `Argument "${word}" is unknown, try "ip monitor help".`);
  }
  if (chosen.groups.size === 0) for (const name of Object.keys(GROUPS) as Group[]) chosen.groups.add(name);
  return chosen;
}

/** *blocking* Prints until a signal ends it. */
export function* ipMonitor(call: Call, words: readonly string[]): Blocking<number> {
  const chosen = selection(call, words);
  const waiting: string[] = [];
  const readable = new WaitQueue();
  const leave = listen(call.ns, (notice) => {
    const told = describe(call, notice);
    if (told === undefined || !chosen.groups.has(told.group)) return;
    if (chosen.dev !== undefined && told.dev !== chosen.dev) return;
    waiting.push((chosen.labels ? `[${GROUPS[told.group]}]` : '') + told.text);
    readable.wake();
  });
  try {
    for (;;) {
      for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) yield* call.ctx.out(text);
      yield* call.ctx.wait([readable]);
    }
  } finally {
    leave();
  }
}

interface Told {
  readonly group: Group;
  readonly text: string;
  readonly dev?: NetDevice | undefined;
}

/** What is printed for a notice; undefined for a family that was not asked for. */
function describe(call: Call, notice: Notice): Told | undefined {
  const { family } = call.options;
  const deleted = 'deleted' in notice && notice.deleted ? 'Deleted ' : '';
  const inet = family === 'any' || family === 'inet';
  switch (notice.kind) {
    case 'link': {
      const out = new Printer(false, false);
      printLink(call, out, notice.dev, 'monitor');
      return { group: 'link', text: `${deleted}${out.finish()}\n`, dev: notice.dev };
    }
    case 'address':
      return inet
        ? { group: 'address', text: deleted + addressNotice(call, notice.dev, notice.address), dev: notice.dev }
        : undefined;
    case 'route': {
      const { route } = notice;
      const style = {
        showTable: true,
        paint: (kind: 'inet' | 'ifname', text: string) => paint(call.options, kind, text),
      };
      return inet
        ? { group: 'route', text: `${deleted}${formatRoute(call.ns, route, style)}\n`, dev: route.dev ?? undefined }
        : undefined;
    }
    case 'rule':
      return inet ? { group: 'rule', text: `${deleted}${formatRule(notice.rule)} \n` } : undefined;
    case 'neighbour':
      return inet
        ? { group: 'neigh', text: deleted + neighbourNotice(call, notice.neighbour), dev: notice.neighbour.dev }
        : undefined;
    case 'fdb':
      return family === 'any' ? fdbNotice(notice.dev, notice.entry, notice.master, deleted) : undefined;
    case 'miss': {
      const who = notice.address === 0 ? '' : `${formatIpv4(notice.address)} `;
      const where = notice.mac === 0 ? '' : `lladdr ${formatMac(notice.mac)} `;
      return { group: 'neigh', text: `miss ${who}dev ${notice.dev.name} ${where}STALE \n`, dev: notice.dev };
    }
    case 'nsid': {
      const name = notice.name === '' ? '' : `(iproute2 netns name: ${notice.name})`;
      return { group: 'nsid', text: `${deleted}nsid ${notice.id} ${name}\n` };
    }
  }
}

/** A tunnel tells of an entry with its end points, and rtnetlink of a written one again without them. */
function fdbNotice(dev: NetDevice, entry: FdbEntry, master: NetDevice | null, deleted: string): Told {
  const state = fdbState(entry, master);
  const line = (who: string): string => `${deleted}${who}dev ${dev.name} lladdr ${formatMac(entry.mac)} ${state} \n`;
  if (master !== null || entry.remotes.length === 0) return { group: 'neigh', text: line(''), dev };
  const remote = entry.remotes.at(-1);
  const first = line(`${formatIpv4(remote?.address ?? 0)} `);
  return { group: 'neigh', text: entry.origin.by === 'kernel' ? first : first + line(''), dev };
}

function fdbState(entry: FdbEntry, master: NetDevice | null): string {
  if (entry.dynamic) return 'REACHABLE';
  if (entry.state === 'permanent')
    return master !== null && entry.origin.by === 'kernel' ? 'PERMANENT' : 'NOARP PERMANENT';
  return master !== null ? 'NOARP' : 'REACHABLE NOARP';
}
