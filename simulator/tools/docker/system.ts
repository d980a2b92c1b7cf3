/** `docker info`, `version`, `inspect`: cli/command/system. The client's own version is the era's. */
import type { ApiResult, EngineInfo, EngineVersion } from '../../engine/api.ts';
import { parseRfc3339 } from '../../engine/api.ts';
import { bytesSize, humanDuration } from '../../engine/duration.ts';
import type { Blocking } from '../../process/program.ts';
import type { Era } from '../../eras/era.ts';
import { connect, daemonError, eraOf, value } from './client.ts';
import { atLeast, NO_ARGUMENTS, type Call, type CommandSpec } from './command.ts';
import { eventsCommand } from './events.ts';
import { Failure } from './failure.ts';
import { FORMAT_ONE, guardTemplate } from './format.ts';
import { goValue, INFO } from './goTypes.ts';
import { inspectAll } from './inspect.ts';
import { option, refusedOption } from './options.ts';
import { systemPruneCommand } from './prune.ts';
import { alignTabs } from './table.ts';
import { Template } from './template/execute.ts';
import { toJson, type Value } from './template/value.ts';

interface ClientVersion {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly DefaultAPIVersion: string;
  readonly GitCommit: string;
  readonly GoVersion: string;
  readonly Os: string;
  readonly Arch: string;
  readonly BuildTime: string;
  readonly Context: string;
}

/** What the client says of itself. */
export function clientVersion({ version, apiVersion, goVersion, client }: Era): ClientVersion {
  return {
    Version: version,
    ApiVersion: apiVersion,
    DefaultAPIVersion: apiVersion,
    GitCommit: client.gitCommit,
    GoVersion: goVersion,
    Os: 'linux',
    Arch: 'amd64',
    BuildTime: client.buildTime,
    Context: 'default',
  };
}

const PLUGIN = {
  name: 'compose',
  vendor: 'Docker Inc.',
  short: 'Docker Compose',
  path: '/usr/libexec/docker/cli-plugins/docker-compose',
};

// ---------------------------------------------------------------- version

function serverText(server: EngineVersion, era: Era): string {
  const engine = server.Components.find((component) => component.Name === 'Engine')?.Details ?? {};
  const detail = (name: string, otherwise: string): string => engine[name] ?? otherwise;
  const oldest = era.client.wording === '2017';
  const head = oldest ? '\nServer:\n' : '\nServer:\n Engine:\n';
  let text = `${head}  Version:\t${server.Version}\n  API version:\t${detail('ApiVersion', server.ApiVersion)} (minimum version ${detail('MinAPIVersion', server.MinAPIVersion)})\n`;
  text += `  Go version:\t${detail('GoVersion', server.GoVersion)}\n  Git commit:\t${detail('GitCommit', server.GitCommit)}\n  Built:\t${buildTime(detail('BuildTime', server.BuildTime))}\n`;
  text += `  OS/Arch:\t${detail('Os', server.Os)}/${detail('Arch', server.Arch)}\n  Experimental:\t${detail('Experimental', 'false')}\n`;
  for (const component of server.Components) {
    if (component.Name === 'Engine') continue;
    text += ` ${component.Name}:\n  Version:\t${component.Version}\n${Object.keys(component.Details)
      .sort()
      .map((name) => `  ${name}:\t${component.Details[name] ?? ''}\n`)
      .join('')}`;
  }
  return oldest ? text.replace(/^ {2}/gm, ' ') : text;
}

/** reformatDate: RFC 3339 as `Mon Jan _2 15:04:05 2006`; anything else stays. */
function buildTime(text: string): string {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)$/.exec(text);
  if (match === null) return text;
  const [, year, month, day, clock] = match;
  const at = parseRfc3339(`${year}-${month}-${day}T00:00:00Z`) ?? 0;
  const weekday = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'][Math.floor(at / 86_400_000_000) % 7];
  const name = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][Number(month) - 1];
  return `${weekday} ${name} ${String(Number(day)).padStart(2, ' ')} ${clock} ${year}`;
}

function* version(call: Call): Blocking<number> {
  const { ctx, options } = call;
  const server = tryConnect(call, (api) => api.version());
  const era = eraOf(ctx);
  const own = clientVersion(era);
  const format = options.text('format');
  if (format !== '') {
    const data: Value = { Client: { ...own }, Server: server.ok ? (server.value as unknown as Value) : null };
    const text =
      format === 'json'
        ? toJson(data)
        : guardTemplate('template parsing error', () => new Template(format).execute(data));
    yield* ctx.out(`${text}\n`);
  } else {
    const client = `Client:\n Version:\t${own.Version}\n API version:\t${own.ApiVersion}\n Go version:\t${own.GoVersion}\n Git commit:\t${own.GitCommit}\n Built:\t${own.BuildTime}\n OS/Arch:\t${own.Os}/${own.Arch}\n`;
    const { context, experimental, wording } = era.client;
    const rest = `${context ? ` Context:\t${own.Context}\n` : ''}${experimental === undefined ? '' : ` Experimental:\t${experimental}\n`}`;
    yield* ctx.out(
      alignTabs(client + rest + (server.ok ? serverText(server.value, era) : ''), wording === '2017' ? 15 : 20, 1),
    );
  }
  if (!server.ok) throw new Failure(server.message);
  return 0;
}

/** The answer of the engine, or why there is none, in whole words. */
function tryConnect<T>(call: Call, ask: (api: Call['api']) => ApiResult<T>): ApiResult<T> {
  try {
    const result = ask(connect(call.ctx, ''));
    return result.ok ? result : { ...result, message: daemonError(result) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ok: false, status: 0, message: error.message };
  }
}

// ---------------------------------------------------------------- info

function clientInfo(era: Era): string {
  const { compose, context } = era.client;
  const version = compose === undefined ? '' : ` Version:    ${era.version}\n`;
  const plugins =
    compose === undefined
      ? ''
      : ` Plugins:\n  ${PLUGIN.name}: ${PLUGIN.short} (${PLUGIN.vendor})\n    Version:  ${compose}\n    Path:     ${PLUGIN.path}\n`;
  return `Client:\n${version}${context ? ' Context:    default\n' : ''} Debug Mode: false\n${plugins}\n`;
}

function swarmInfo(info: EngineInfo): string[] {
  const swarm = info.Swarm;
  const lines = [` Swarm: ${swarm.LocalNodeState}`];
  if (swarm.LocalNodeState === 'inactive' || swarm.LocalNodeState === 'locked') return lines;
  lines.push(`  NodeID: ${swarm.NodeID}`);
  if (swarm.Error !== '') lines.push(`  Error: ${swarm.Error}`);
  lines.push(`  Is Manager: ${swarm.ControlAvailable}`);
  const cluster = swarm.Cluster;
  if (cluster !== undefined && swarm.ControlAvailable && swarm.Error === '') {
    const spec = cluster.Spec;
    lines.push(`  ClusterID: ${cluster.ID}`, `  Managers: ${swarm.Managers ?? 0}`, `  Nodes: ${swarm.Nodes ?? 0}`);
    if (cluster.DefaultAddrPool.length > 0)
      lines.push(
        `  Default Address Pool: ${cluster.DefaultAddrPool.join('  ')}  `,
        `  SubnetSize: ${cluster.SubnetSize}`,
      );
    if (cluster.DataPathPort > 0) lines.push(`  Data Path Port: ${cluster.DataPathPort}`);
    lines.push('  Orchestration:', `   Task History Retention Limit: ${spec.Orchestration.TaskHistoryRetentionLimit}`);
    lines.push(
      '  Raft:',
      `   Snapshot Interval: ${spec.Raft.SnapshotInterval}`,
      `   Number of Old Snapshots to Retain: ${spec.Raft.KeepOldSnapshots}`,
    );
    lines.push(`   Heartbeat Tick: ${spec.Raft.HeartbeatTick}`, `   Election Tick: ${spec.Raft.ElectionTick}`);
    lines.push('  Dispatcher:', `   Heartbeat Period: ${humanDuration(spec.Dispatcher.HeartbeatPeriod / 1000)}`);
    lines.push(
      '  CA Configuration:',
      `   Expiry Duration: ${humanDuration(spec.CAConfig.NodeCertExpiry / 1000)}`,
      '   Force Rotate: 0',
    );
    lines.push(
      `  Autolock Managers: ${spec.EncryptionConfig.AutoLockManagers}`,
      `  Root Rotation In Progress: ${cluster.RootRotationInProgress}`,
    );
  }
  lines.push(`  Node Address: ${swarm.NodeAddr}`);
  const managers = (swarm.RemoteManagers ?? []).map((manager) => manager.Addr).sort();
  if (managers.length > 0) lines.push('  Manager Addresses:', ...managers.map((address) => `   ${address}`));
  return lines;
}

function serverInfo(info: EngineInfo, era: Era): string {
  const { wording } = era.client;
  const lines = [
    'Server:',
    ` Containers: ${info.Containers}`,
    `  Running: ${info.ContainersRunning}`,
    `  Paused: ${info.ContainersPaused}`,
    `  Stopped: ${info.ContainersStopped}`,
  ];
  lines.push(` Images: ${info.Images}`, ` Server Version: ${info.ServerVersion}`, ` Storage Driver: ${info.Driver}`);
  lines.push(...info.DriverStatus.map(([name, text]) => `  ${name}: ${text}`));
  lines.push(
    ` Logging Driver: ${info.LoggingDriver}`,
    ` Cgroup Driver: ${info.CgroupDriver}`,
    ` Cgroup Version: ${info.CgroupVersion}`,
  );
  lines.push(
    ' Plugins:',
    `  Volume: ${info.Plugins.Volume.join(' ')}`,
    `  Network: ${info.Plugins.Network.join(' ')}`,
    `  Log: ${info.Plugins.Log.join(' ')}`,
  );
  if (wording === '2025') lines.push(' CDI spec directories:', '  /etc/cdi', '  /var/run/cdi');
  lines.push(...swarmInfo(info));
  lines.push(
    ` Runtimes: ${info.Runtimes.join(' ')}`,
    ` Default Runtime: ${info.DefaultRuntime}`,
    ` Init Binary: ${info.InitBinary}`,
  );
  lines.push(
    ` containerd version: ${info.ContainerdCommit}`,
    ` runc version: ${info.RuncCommit}`,
    ` init version: ${info.InitCommit}`,
  );
  if (info.SecurityOptions.length > 0) {
    lines.push(' Security Options:');
    for (const text of info.SecurityOptions) {
      const fields = text.split(',').map((field) => field.split('=') as [string, string]);
      lines.push(
        ...fields.map(([key, item]) =>
          key === 'name' ? `  ${item}` : `   ${key.charAt(0).toUpperCase()}${key.slice(1)}: ${item}`,
        ),
      );
    }
  }
  lines.push(
    ` Kernel Version: ${info.KernelVersion}`,
    ` Operating System: ${info.OperatingSystem}`,
    ` OSType: ${info.OSType}`,
    ` Architecture: ${info.Architecture}`,
  );
  lines.push(
    ` CPUs: ${info.NCPU}`,
    ` Total Memory: ${bytesSize(info.MemTotal)}`,
    ` Name: ${info.Name}`,
    ` ID: ${info.ID}`,
  );
  lines.push(` Docker Root Dir: ${info.DockerRootDir}`, ` Debug Mode: ${info.Debug}`);
  if (info.Labels.length > 0 || wording === '2018' || wording === '2020')
    lines.push(' Labels:', ...info.Labels.map((label) => `  ${label}`));
  lines.push(
    ` Experimental: ${info.ExperimentalBuild}`,
    ' Insecure Registries:',
    ...info.InsecureRegistries.map((registry) => `  ${registry}`),
  );
  lines.push(` Live Restore Enabled: ${info.LiveRestoreEnabled}`, '');
  return `${lines.join('\n')}\n`;
}

/** The same until 18.09: nothing of the client before it, so one blank less in front; fewer lines, and the registry's name. */
function earlyInfo(text: string, era: Era): string {
  const first = era.client.wording === '2017';
  const unknown = first
    ? /^(?: {2}Force Rotate| Autolock Managers| Root Rotation| Data Path Port|Cgroup Version|Labels:)/
    : /^(?:Cgroup Version| Data Path Port)/;
  const lines = text
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/^ /, ''));
  return lines
    .filter((line) => !unknown.test(line) && !(first && /^ Log: *$/.test(line)))
    .map((line) => {
      if (line.startsWith('Debug Mode: '))
        return `Debug Mode (client): false\nDebug Mode (server): ${line.slice(12)}\nRegistry: https://index.docker.io/v1/`;
      if (first && line === 'Plugins:') return 'Plugins: ';
      return first ? line.replace(/^(Total Memory: [\d.]+)/, (found) => `${found.replace(/\.?0+$/, '')} `) : line;
    })
    .join('\n');
}

function* info(call: Call): Blocking<number> {
  const { ctx, options } = call;
  const server = tryConnect(call, (api) => api.info());
  const format = options.text('format');
  if (format !== '') {
    const data = server.ok ? server.value : { ServerErrors: [server.message] };
    const text =
      format === 'json'
        ? JSON.stringify(data)
        : guardTemplate('template parsing error', () => new Template(format).execute(goValue(INFO, data)));
    yield* ctx.out(`${text}\n`);
    if (!server.ok) throw new Failure(server.message);
    return 0;
  }
  const era = eraOf(ctx);
  const early = era.client.wording === '2017' || era.client.wording === '2018';
  if (!early) yield* ctx.out(clientInfo(era));
  if (!server.ok) {
    if (early) throw new Failure(server.message);
    yield* ctx.out('Server:\n');
    throw new Failure(`ERROR: ${server.message}\nerrors pretty printing info`);
  }
  yield* ctx.out(early ? earlyInfo(serverInfo(server.value, era), era) : serverInfo(server.value, era));
  for (const warning of server.value.Warnings ?? []) yield* ctx.err(`${warning}\n`);
  return 0;
}

// ---------------------------------------------------------------- inspect

type Kind = readonly [name: string, swarm: boolean, fetch: (api: Call['api'], word: string) => ApiResult<object>];

/** Where an object is looked for, in this order. */
const KINDS: readonly Kind[] = [
  ['container', false, (api, word) => api.containerInspect(word)],
  ['image', false, (api, word) => api.imageInspect(word)],
  ['network', false, (api, word) => api.networkInspect(word, { verbose: false })],
  ['volume', false, (api, word) => api.volumeInspect(word)],
  ['service', true, (api, word) => api.serviceInspect(word, { insertDefaults: true })],
  ['task', true, (api, word) => api.taskInspect(word)],
  ['node', true, (api, word) => api.nodeInspect(word)],
  ['secret', true, (api, word) => api.secretInspect(word)],
  ['config', true, (api, word) => api.configInspect(word)],
];
const UNEMULATED_KINDS = ['plugin'];

function* inspect(call: Call): Blocking<number> {
  const { api, options, words } = call;
  const type = options.text('type');
  if (type !== '' && ![...KINDS.map(([name]) => name), ...UNEMULATED_KINDS].includes(type))
    throw new Failure(`${JSON.stringify(type)} is not a valid value for --type`);
  if (UNEMULATED_KINDS.includes(type))
    throw new Failure(`docker inspect: objects of type ${type} are not emulated here`);
  const manager = type === '' && value(api.info()).Swarm.ControlAvailable;
  const fetch = (word: string): ApiResult<object> => {
    for (const [name, swarm, ask] of KINDS) {
      if (type !== '' ? name !== type : swarm && !manager) continue;
      const found = ask(api, word);
      if (found.ok || type !== '' || (found.status !== 404 && found.status !== 503)) return found;
    }
    return { ok: false, status: 404, message: '' };
  };
  return yield* inspectAll(
    call,
    words,
    options.text('format'),
    type === '' ? { fetch, notFound: (word) => `Error: No such object: ${word}` } : { fetch },
  );
}

export const infoCommand: CommandSpec = {
  name: 'info',
  aliasLine: 'docker system info, docker info',
  usage: '[OPTIONS]',
  short: 'Display system-wide information',
  arity: NO_ARGUMENTS,
  local: true,
  run: info,
  options: [option('format', 'f', 'string', FORMAT_ONE)],
};
export const versionCommand: CommandSpec = {
  name: 'version',
  usage: '[OPTIONS]',
  short: 'Show the Docker version information',
  arity: NO_ARGUMENTS,
  local: true,
  run: version,
  options: [option('format', 'f', 'string', FORMAT_ONE)],
};
export const inspectCommand: CommandSpec = {
  name: 'inspect',
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  short: 'Return low-level information on Docker objects',
  arity: atLeast(1),
  completes: ['container'],
  run: inspect,
  options: [
    option('format', 'f', 'string', FORMAT_ONE),
    refusedOption('size', 's', 'bool', 'Display total file sizes if the type is container'),
    option('type', '', 'string', 'Return JSON for specified type'),
  ],
};
export const systemCommand: CommandSpec = {
  name: 'system',
  usage: 'COMMAND',
  short: 'Manage Docker',
  children: [
    { name: 'df', usage: '[OPTIONS]', short: 'Show docker disk usage' },
    {
      name: 'dial-stdio',
      usage: '',
      short: 'Proxy the stdio stream to the daemon connection. Should not be invoked manually.',
      hidden: true,
    },
    eventsCommand,
    infoCommand,
    systemPruneCommand,
  ],
};
