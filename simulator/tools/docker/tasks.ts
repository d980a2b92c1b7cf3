/** Tables of tasks (`service ps`, `node ps`): cli/command/task/print.go and formatter.go. */
import type { EngineApi, PortConfig, SwarmTask } from '../../engine/api.ts';
import { parseRfc3339 } from '../../engine/api.ts';
import { humanDuration } from '../../engine/duration.ts';
import type { Blocking } from '../../process/program.ts';
import type { Call } from './command.ts';
import { ellipsis, formatList, naturalOrder, type ListStyle, type Row } from './format.ts';
import { option } from './options.ts';
import { eraOf } from './client.ts';

export const TASK_OPTIONS = [
  option('filter', 'f', 'filter', 'Filter output based on conditions provided'),
  option('format', '', 'string', 'Pretty-print tasks using a Go template'),
  option('no-resolve', '', 'bool', 'Do not map IDs to Names'),
  option('no-trunc', '', 'bool', 'Do not truncate output'),
  option('quiet', 'q', 'bool', 'Only display task IDs'),
];

const STYLE: ListStyle = {
  typeName: '*task.taskContext',
  columns:
    '{{.ID}}\\t{{.Name}}\\t{{.Image}}\\t{{.Node}}\\t{{.DesiredState}}\\t{{.CurrentState}}\\t{{.Error}}\\t{{.Ports}}',
  quiet: '{{.ID}}',
  titles: {
    ID: 'ID',
    Name: 'NAME',
    Image: 'IMAGE',
    Node: 'NODE',
    DesiredState: 'DESIRED STATE',
    CurrentState: 'CURRENT STATE',
    Error: 'ERROR',
    Ports: 'PORTS',
  },
};

/** *blocking* Prints tasks: by name, newest first; older ones of a slot are indented in the default table. */
export function* printTasks(call: Call, tasks: readonly SwarmTask[]): Blocking<void> {
  const { options, api, ctx } = call;
  const resolve = !options.flag('no-resolve');
  const trunc = !options.flag('no-trunc');
  const format = options.text('format');
  const table = format === '' || format.startsWith('table');
  const quiet = options.flag('quiet');
  const named = tasks
    .map((task) => ({
      task,
      name: taskName(api, task, resolve),
      node: resolve ? nodeName(api, task.NodeID ?? '') : (task.NodeID ?? ''),
    }))
    .sort(
      (a, b) =>
        naturalOrder(a.name, b.name) ||
        (a.task.CreatedAt < b.task.CreatedAt ? 1 : a.task.CreatedAt > b.task.CreatedAt ? -1 : 0),
    );
  // Names are kept by task, so that one that is listed twice is indented both times, as the real client has it.
  const names = new Map<string, string>();
  let previous: string | undefined;
  for (const { task, name } of named) {
    names.set(task.ID, table && name === previous ? ` \\_ ${name}` : name);
    previous = name;
  }
  const rows = named.map(({ task, name, node }): Row =>
    taskRow(task, names.get(task.ID) ?? name, node, trunc, ctx.wallClock),
  );
  yield* ctx.out(formatList(STYLE, rows, format, quiet, eraOf(ctx)));
}

function taskRow(task: SwarmTask, name: string, node: string, trunc: boolean, now: number): Row {
  return {
    ID: () => (trunc ? task.ID.slice(0, 12) : task.ID),
    Name: () => name,
    Image: () => imageName(task.Spec.ContainerSpec?.Image ?? '', trunc),
    Node: () => node,
    DesiredState: () => title(task.DesiredState),
    CurrentState: () =>
      `${title(task.Status.State)} ${humanDuration(now - (parseRfc3339(task.Status.Timestamp) ?? now)).toLowerCase()} ago`,
    Error: () => {
      const error = task.Status.Err ?? '';
      if (error === '') return '';
      return `"${trunc ? ellipsis(error.replaceAll('\n', ' '), 30) : error}"`;
    },
    Ports: () => (task.Status.PortStatus.Ports ?? []).map(portText).join(','),
  };
}

/** `*:8080->80/tcp` */
function portText(port: PortConfig): string {
  return `*:${port.PublishedPort ?? 0}->${port.TargetPort}/${port.Protocol}`;
}

/** Without its digest unless it is wanted whole. */
function imageName(image: string, trunc: boolean): string {
  return trunc ? image.replace(/@sha256:.*$/, '') : image;
}

function title(state: string): string {
  return state.charAt(0).toUpperCase() + state.slice(1);
}

/** `whoami.1`, `g.NODEID` of a global service; the ids with --no-resolve or when the service is gone. */
export function taskName(api: EngineApi, task: SwarmTask, resolve: boolean): string {
  const service = resolve ? api.serviceInspect(task.ServiceID, { insertDefaults: false }) : undefined;
  const owner = service?.ok === true ? service.value.Spec.Name : task.ServiceID;
  if (owner === '') return task.ID;
  return `${owner}.${task.Slot !== undefined && task.Slot !== 0 ? task.Slot : (task.NodeID ?? '')}`;
}

/** The hostname of a node; its id when it is gone. */
export function nodeName(api: EngineApi, id: string): string {
  if (id === '') return '';
  const node = api.nodeInspect(id);
  if (!node.ok) return id;
  return (node.value.Spec.Name ?? '') || (node.value.Description.Hostname ?? '') || id;
}
