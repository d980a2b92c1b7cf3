/** `docker ps`: cli/command/container/list.go and formatter/container.go. */
import type { ContainerSummary, PortSummary } from '../../engine/api.ts';
import { humanDuration, humanSize } from '../../engine/duration.ts';
import type { Blocking } from '../../process/program.ts';
import { eraOf, filtersOf, value } from './client.ts';
import type { Call } from './command.ts';
import {
  ellipsis,
  FORMAT_LIST,
  formatList,
  guardTemplate,
  rowOf,
  shortId,
  type ListStyle,
  type Row,
} from './format.ts';
import { option, refusedOption } from './options.ts';
import { Template } from './template/execute.ts';
import { quote } from './template/strconv.ts';

export const PS_OPTIONS = [
  option('all', 'a', 'bool', 'Show all containers (default shows just running)'),
  option('filter', 'f', 'filter', 'Filter output based on conditions provided'),
  option('format', '', 'string', FORMAT_LIST),
  option('last', 'n', 'int', 'Show n last created containers (includes all states) (default -1)'),
  option('latest', 'l', 'bool', 'Show the latest created container (includes all states)'),
  option('no-trunc', '', 'bool', "Don't truncate output"),
  option('quiet', 'q', 'bool', 'Only display container IDs'),
  refusedOption('size', 's', 'bool', 'Display total file sizes'),
];

const STYLE: ListStyle = {
  typeName: '*formatter.ContainerContext',
  columns: '{{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Ports}}\\t{{.Names}}',
  quiet: '{{.ID}}',
  titles: {
    ID: 'CONTAINER ID',
    Names: 'NAMES',
    Image: 'IMAGE',
    Command: 'COMMAND',
    CreatedAt: 'CREATED AT',
    RunningFor: 'CREATED',
    Ports: 'PORTS',
    State: 'STATE',
    Status: 'STATUS',
    Size: 'SIZE',
    Labels: 'LABELS',
    Mounts: 'MOUNTS',
    LocalVolumes: 'LOCAL VOLUMES',
    Networks: 'NETWORKS',
  },
};

/** Unix seconds as Go's time.Unix(…).String() in UTC. */
export function unixTimeText(seconds: number): string {
  const days = Math.floor(seconds / 86400);
  const clock = seconds - days * 86400;
  const part = (number: number): string => String(number).padStart(2, '0');
  return `${dateText(days)} ${part(Math.floor(clock / 3600))}:${part(Math.floor(clock / 60) % 60)}:${part(clock % 60)} +0000 UTC`;
}

function dateText(days: number): string {
  let year = 1970;
  let left = days;
  const length = (y: number): number => ((y % 4 === 0 && y % 100 !== 0) || y % 400 === 0 ? 366 : 365);
  while (left >= length(year)) left -= length(year++);
  const months = [31, length(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  let month = 0;
  while (left >= (months[month] as number)) left -= months[month++] as number;
  return `${year}-${String(month + 1).padStart(2, '0')}-${String(left + 1).padStart(2, '0')}`;
}

/** One row. */
function containerRow(container: ContainerSummary, trunc: boolean, now: number): Row {
  const labels = Object.entries(container.Labels).map(([key, text]) => `${key}=${text}`);
  return {
    ID: () => (trunc ? shortId(container.Id) : container.Id),
    Names: () => {
      const names = container.Names.map((name) => name.replace(/^\//, ''));
      return (trunc ? names.filter((name) => !name.includes('/')) : names).join(',');
    },
    Image: () => {
      if (container.Image === '') return '<no image>';
      if (!trunc) return container.Image;
      return shortId(container.ImageID) === shortId(container.Image)
        ? shortId(container.Image)
        : container.Image.replace(/@sha256:.*$/, '');
    },
    Command: () => quote(trunc ? ellipsis(container.Command, 20) : container.Command),
    CreatedAt: () => unixTimeText(container.Created),
    RunningFor: () => `${humanDuration(now - container.Created * 1e6)} ago`,
    Ports: () => portsText(container.Ports),
    State: () => container.State,
    Status: () => container.Status,
    Size: () => humanSize(container.SizeRw ?? 0, 3),
    Labels: () => labels.join(','),
    Mounts: () => container.Mounts.map((mount) => (trunc ? ellipsis(mount.Source, 15) : mount.Source)).join(','),
    LocalVolumes: () => String(container.Mounts.filter((mount) => mount.Type === 'volume').length),
    Networks: () => Object.keys(container.NetworkSettings.Networks).join(','),
    Label: (key) => container.Labels[key] ?? '',
  };
}

/** formatter.DisplayablePorts: neighbouring ports as ranges, addresses before the arrow. */
function portsText(ports: readonly PortSummary[]): string {
  const groups = new Map<string, { first: number; last: number }>();
  const done: string[] = [];
  const mapped: string[] = [];
  const sorted = [...ports].sort(
    (a, b) =>
      a.PrivatePort - b.PrivatePort ||
      compare(a.IP ?? '', b.IP ?? '') ||
      (a.PublicPort ?? 0) - (b.PublicPort ?? 0) ||
      compare(a.Type, b.Type),
  );
  for (const port of sorted) {
    let key: string = port.Type;
    if (port.IP !== undefined && port.IP !== '') {
      if (port.PublicPort !== port.PrivatePort) {
        mapped.push(`${port.IP}:${port.PublicPort ?? 0}->${port.PrivatePort}/${port.Type}`);
        continue;
      }
      key = `${port.IP}/${port.Type}`;
    }
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: port.PrivatePort, last: port.PrivatePort });
    else if (port.PrivatePort === group.last + 1) group.last = port.PrivatePort;
    else {
      done.push(groupText(key, group.first, group.last));
      groups.set(key, { first: port.PrivatePort, last: port.PrivatePort });
    }
  }
  const rest = [...groups].map(([key, group]) => groupText(key, group.first, group.last));
  return [...done, ...rest, ...mapped].join(', ');
}

function groupText(key: string, first: number, last: number): string {
  const slash = key.indexOf('/');
  const range = first === last ? String(first) : `${first}-${last}`;
  return slash < 0 ? `${range}/${key}` : `${key.slice(0, slash)}:${range}->${range}/${key.slice(slash + 1)}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** *blocking* `docker ps` */
export function* ps(call: Call): Blocking<number> {
  const { api, options, ctx } = call;
  const format = options.text('format');
  // The client tries the template first on an empty row, to see whether it asks for sizes.
  if (format !== '' && !/^(table|json|raw)\b/.test(format)) {
    const blank: Row = {
      ...Object.fromEntries(Object.keys(STYLE.titles).map((name) => [name, () => ''])),
      Label: (key) => key && '',
    };
    const tried = guardTemplate('failed to parse template', () => new Template(format));
    guardTemplate('failed to execute template', () => tried.execute(rowOf(STYLE.typeName, blank)));
  }
  const last = options.flag('latest') ? 1 : options.number('last', -1);
  const containers = value(
    api.containers({
      all: options.flag('all') || last > 0 || options.flag('latest'),
      ...(last > 0 ? { limit: last } : {}),
      filters: filtersOf(options),
    }),
  );
  const rows = containers.map((container) => containerRow(container, !options.flag('no-trunc'), ctx.wallClock));
  yield* ctx.out(formatList(STYLE, rows, format === 'raw' ? RAW : format, options.flag('quiet'), eraOf(ctx)));
  return 0;
}

const RAW =
  'container_id: {{.ID}}\\nimage: {{.Image}}\\ncommand: {{.Command}}\\ncreated_at: {{.CreatedAt}}\\nstate: {{- pad .State 1 0}}\\nstatus: {{- pad .Status 1 0}}\\nnames: {{.Names}}\\nlabels: {{- pad .Labels 1 0}}\\nports: {{- pad .Ports 1 0}}\\n';
