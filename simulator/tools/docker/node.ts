/** `docker node …`: cli/command/node. */
import type { Filters, SwarmNode } from '../../engine/api.ts';
import { bytesSize } from '../../engine/duration.ts';
import type { Blocking } from '../../process/program.ts';
import { eraOf, each, filtersOf, finish, value } from './client.ts';
import { atLeast, exactly, NO_ARGUMENTS, type Call, type CommandSpec } from './command.ts';
import { Failure } from './failure.ts';
import { FORMAT_LIST, FORMAT_ONE, formatList, naturalOrder, type ListStyle, type Row } from './format.ts';
import { NODE } from './goTypes.ts';
import { inspectAll } from './inspect.ts';
import { option } from './options.ts';
import { checkLabel, keyValues } from './optionValues.ts';
import { printTasks, TASK_OPTIONS } from './tasks.ts';
import { goTimeText } from './template/value.ts';

const STYLE: ListStyle = {
  typeName: '*node.nodeContext',
  columns:
    '{{.ID}} {{if .Self}}*{{else}} {{end}}\\t{{.Hostname}}\\t{{.Status}}\\t{{.Availability}}\\t{{.ManagerStatus}}\\t{{.EngineVersion}}',
  quiet: '{{.ID}}',
  titles: {
    ID: 'ID',
    Self: '',
    Hostname: 'HOSTNAME',
    Status: 'STATUS',
    Availability: 'AVAILABILITY',
    ManagerStatus: 'MANAGER STATUS',
    EngineVersion: 'ENGINE VERSION',
    TLSStatus: 'TLS STATUS',
  },
};

function title(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function managerStatus(node: SwarmNode): string {
  const status = node.ManagerStatus;
  if (status === undefined) return '';
  return status.Leader === true ? 'Leader' : title(status.Reachability ?? '');
}

function* ls(call: Call): Blocking<number> {
  const { api, options, ctx } = call;
  const nodes = value(api.nodes(filtersOf(options)));
  const self = nodes.length === 0 ? '' : value(api.info()).Swarm.NodeID;
  const root = nodes.length === 0 ? undefined : api.swarmInspect();
  const rows = [...nodes]
    .sort((a, b) => naturalOrder(a.Description.Hostname ?? '', b.Description.Hostname ?? ''))
    .map((node): Row => ({
      ID: () => node.ID,
      Self: () => node.ID === self,
      Hostname: () => node.Description.Hostname ?? '',
      Status: () => title(node.Status.State),
      Availability: () => title(node.Spec.Availability),
      ManagerStatus: () => managerStatus(node),
      TLSStatus: () =>
        root?.ok === true && root.value.TLSInfo.TrustRoot !== node.Description.TLSInfo.TrustRoot
          ? 'Needs Rotation'
          : 'Ready',
      EngineVersion: () => node.Description.Engine.EngineVersion ?? '',
    }));
  yield* ctx.out(formatList(STYLE, rows, options.text('format'), options.flag('quiet'), eraOf(ctx)));
  return 0;
}

/** `self` as the id of this node. */
function reference(call: Call, word: string): string {
  if (word !== 'self') return word;
  const info = value(call.api.info());
  if (info.Swarm.NodeID === '') {
    // A node of no swarm says so in the words of any other call.
    value(call.api.nodes({}));
    throw new Failure('node ID not found in /info');
  }
  return info.Swarm.NodeID;
}

function* inspect(call: Call): Blocking<number> {
  const { api, options, words } = call;
  const format = options.text('format');
  if (options.flag('pretty') && format !== '') throw new Failure('--format is incompatible with human friendly format');
  const fetch = (word: string): ReturnType<typeof api.nodeInspect> => {
    if (word !== 'self') return api.nodeInspect(word);
    const info = api.info();
    if (!info.ok) return info;
    const manager = api.nodes({});
    return manager.ok ? api.nodeInspect(info.value.Swarm.NodeID) : manager;
  };
  if (!options.flag('pretty') && format !== 'pretty')
    return yield* inspectAll(call, words, format, { fetch, type: NODE, wrapped: true });
  for (const word of words) {
    const node = fetch(word);
    if (!node.ok) throw new Failure(`Status: Error response from daemon: ${node.message}, Code: 1`);
    yield* call.ctx.out(pretty(node.value));
  }
  return 0;
}

/** The template nodeInspectPrettyTemplate, irregular tabs and all. */
function pretty(node: SwarmNode): string {
  const labels = Object.entries(node.Spec.Labels ?? {});
  const plugins = new Map<string, string[]>();
  for (const { Type, Name } of node.Description.Engine.Plugins ?? [])
    plugins.set(Type, [...(plugins.get(Type) ?? []), Name]);
  const { Platform: platform, Resources: resources, Engine: engine, TLSInfo: tls } = node.Description;
  const lines = [`ID:\t\t\t${node.ID}`];
  if ((node.Spec.Name ?? '') !== '') lines.push(`Name:\t\t\t${node.Spec.Name}`);
  if (labels.length > 0)
    lines.push('Labels:', ...labels.map(([key, text]) => ` - ${key}${text === '' ? '' : `=${text}`}`));
  lines.push(`Hostname:              \t${node.Description.Hostname ?? ''}`);
  lines.push(`Joined at:             \t${goTimeText(node.CreatedAt).toLowerCase()}`);
  lines.push('Status:', ` State:\t\t\t${title(node.Status.State)}`);
  if ((node.Status.Message ?? '') !== '') lines.push(` Message:              \t${title(node.Status.Message ?? '')}`);
  lines.push(` Availability:         \t${title(node.Spec.Availability)}`);
  if ((node.Status.Addr ?? '') !== '') lines.push(` Address:\t\t${node.Status.Addr}`);
  if (node.ManagerStatus !== undefined) {
    lines.push(
      'Manager Status:',
      ` Address:\t\t${node.ManagerStatus.Addr ?? ''}`,
      ` Raft Status:\t\t${title(node.ManagerStatus.Reachability ?? '')}`,
    );
    lines.push(` Leader:\t\t${node.ManagerStatus.Leader === true ? 'Yes' : 'No'}`);
  }
  lines.push(
    'Platform:',
    ` Operating System:\t${platform.OS ?? ''}`,
    ` Architecture:\t\t${platform.Architecture ?? ''}`,
  );
  lines.push(
    'Resources:',
    ` CPUs:\t\t\t${Math.trunc((resources.NanoCPUs ?? 0) / 1e9)}`,
    ` Memory:\t\t${bytesSize(resources.MemoryBytes ?? 0)}`,
  );
  if (plugins.size > 0)
    lines.push('Plugins:', ...[...plugins].map(([type, names]) => ` ${type}:\t\t${names.join(', ')}`));
  lines.push(`Engine Version:\t\t${engine.EngineVersion ?? ''}`);
  const engineLabels = Object.entries(engine.Labels ?? {});
  if (engineLabels.length > 0)
    lines.push('Engine Labels:', ...engineLabels.map(([key, text]) => ` - ${key}${text === '' ? '' : `=${text}`}`));
  if ((tls.TrustRoot ?? '') !== '') {
    lines.push(
      'TLS Info:',
      ' TrustRoot:',
      tls.TrustRoot ?? '',
      ` Issuer Subject:\t${tls.CertIssuerSubject ?? ''}`,
      ` Issuer Public Key:\t${tls.CertIssuerPublicKey ?? ''}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function* ps(call: Call): Blocking<number> {
  const { api, options } = call;
  const nodes = call.words.length === 0 ? ['self'] : call.words;
  const errors: string[] = [];
  // The filter grows from node to node, so tasks of the first come again with the second: so it is in the real client.
  const ids: string[] = [];
  const tasks = nodes.flatMap((word) => {
    const node = api.nodeInspect(reference(call, word));
    if (!node.ok) {
      errors.push(`Error response from daemon: ${node.message}`);
      return [];
    }
    const filters: Filters = { ...filtersOf(options), node: [...ids, node.value.ID] };
    ids.push(node.value.ID);
    return value(api.tasks(filters));
  });
  if (errors.length < nodes.length) yield* printTasks(call, tasks);
  if (errors.length > 0) throw new Failure(errors.join('\n'));
  return 0;
}

function* update(call: Call): Blocking<number> {
  const { options, words } = call;
  yield* change(call, words[0] as string, (spec) => {
    if (options.has('role')) spec.Role = options.text('role').toLowerCase() as SwarmNode['Spec']['Role'];
    if (options.has('availability'))
      spec.Availability = options.text('availability').toLowerCase() as SwarmNode['Spec']['Availability'];
    const labels = { ...spec.Labels };
    Object.assign(labels, keyValues(options.texts('label-add')));
    for (const key of options.texts('label-rm')) {
      if (!Object.hasOwn(labels, key)) throw new Failure(`key ${key} doesn't exist in node's labels`);
      delete labels[key];
    }
    spec.Labels = Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    return true;
  });
  yield* call.ctx.out(`${words[0]}\n`);
  return 0;
}

function* change(call: Call, word: string, edit: (spec: SwarmNode['Spec']) => boolean): Blocking<boolean> {
  const node = value(call.api.nodeInspect(reference(call, word)));
  const spec = { ...node.Spec };
  if (!edit(spec)) return false;
  yield* finish(call, call.api.nodeUpdate(node.ID, node.Version.Index, spec));
  return true;
}

function* setRole(call: Call, role: 'manager' | 'worker'): Blocking<number> {
  for (const word of call.words) {
    const changed = yield* change(call, word, (spec) => {
      if (spec.Role === role) return false;
      spec.Role = role;
      return true;
    });
    if (!changed) {
      const id = value(call.api.nodeInspect(reference(call, word))).ID;
      yield* call.ctx.out(`Node ${id} is already a ${role}.\n`);
    } else
      yield* call.ctx.out(
        role === 'manager'
          ? `Node ${word} promoted to a manager in the swarm.\n`
          : `Manager ${word} demoted in the swarm.\n`,
      );
  }
  return 0;
}

function* rm(call: Call): Blocking<number> {
  return yield* each(call, function* (word) {
    yield* finish(call, call.api.nodeRemove(word, call.options.flag('force')));
    return word;
  });
}

export const nodeCommand: CommandSpec = {
  name: 'node',
  usage: 'COMMAND',
  short: 'Manage Swarm nodes',
  shownOn: 'manager',
  children: [
    {
      name: 'demote',
      usage: 'NODE [NODE...]',
      short: 'Demote one or more nodes from manager in the swarm',
      arity: atLeast(1),
      completes: ['node'],
      run: (call) => setRole(call, 'worker'),
    },
    {
      name: 'inspect',
      usage: '[OPTIONS] self|NODE [NODE...]',
      short: 'Display detailed information on one or more nodes',
      arity: atLeast(1),
      completes: ['node'],
      run: inspect,
      options: [
        option('format', 'f', 'string', FORMAT_ONE),
        option('pretty', '', 'bool', 'Print the information in a human friendly format'),
      ],
    },
    {
      name: 'ls',
      aliases: ['list'],
      aliasLine: 'docker node ls, docker node list',
      usage: '[OPTIONS]',
      short: 'List nodes in the swarm',
      arity: NO_ARGUMENTS,
      run: ls,
      options: [
        option('filter', 'f', 'filter', 'Filter output based on conditions provided'),
        option('format', '', 'string', FORMAT_LIST),
        option('quiet', 'q', 'bool', 'Only display IDs'),
      ],
    },
    {
      name: 'promote',
      usage: 'NODE [NODE...]',
      short: 'Promote one or more nodes to manager in the swarm',
      arity: atLeast(1),
      completes: ['node'],
      run: (call) => setRole(call, 'manager'),
    },
    {
      name: 'ps',
      usage: '[OPTIONS] [NODE...]',
      short: 'List tasks running on one or more nodes, defaults to current node',
      completes: ['node'],
      run: ps,
      options: TASK_OPTIONS,
    },
    {
      name: 'rm',
      aliases: ['remove'],
      aliasLine: 'docker node rm, docker node remove',
      usage: '[OPTIONS] NODE [NODE...]',
      short: 'Remove one or more nodes from the swarm',
      arity: atLeast(1),
      completes: ['node'],
      run: rm,
      options: [option('force', 'f', 'bool', 'Force remove a node from the swarm')],
    },
    {
      name: 'update',
      usage: '[OPTIONS] NODE',
      short: 'Update a node',
      arity: exactly(1),
      completes: ['node'],
      run: update,
      options: [
        option('availability', '', 'string', 'Availability of the node ("active", "pause", "drain")'),
        option('label-add', '', 'list', 'Add or update a node label ("key=value")', checkLabel),
        option('label-rm', '', 'list', 'Remove a node label if exists'),
        option('role', '', 'string', 'Role of the node ("worker", "manager")'),
      ],
    },
  ],
};
