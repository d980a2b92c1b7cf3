/** `docker run`, `create`, `start`, `exec`: cli/command/container/{run,create,start,exec,opts}.go. */
import type { ApiRefusal, ContainerCreateRequest, PortMap, StandardFiles } from '../../engine/api.ts';
import type { Blocking } from '../../process/program.ts';
import { daemonError, settled, value } from './client.ts';
import type { Call } from './command.ts';
import { Failure } from './failure.ts';
import { healthOf } from './health.ts';
import { keyValues } from './optionValues.ts';
import { option, refusedOption } from './options.ts';
import { parsePortSpec } from './ports.ts';
import { shellWords, taggedImage } from './serviceSpec.ts';

export const EXEC_OPTIONS = [
  option('detach', 'd', 'bool', 'Detached mode: run command in the background'),
  refusedOption('detach-keys', '', 'string', 'Override the key sequence for detaching a container'),
  option('env', 'e', 'list', 'Set environment variables'),
  refusedOption('env-file', '', 'list', 'Read in a file of environment variables'),
  option('interactive', 'i', 'bool', 'Keep STDIN open even if not attached'),
  option('privileged', '', 'bool', 'Give extended privileges to the command'),
  option('tty', 't', 'bool', 'Allocate a pseudo-TTY'),
  refusedOption('user', 'u', 'string', 'Username or UID (format: "<name|uid>[:<group|gid>]")'),
  option('workdir', 'w', 'string', 'Working directory inside the container'),
];

/** The caller's files, handed to the container's process. */
function standardFiles(call: Call, interactive: boolean, tty: boolean): StandardFiles {
  const { ctx } = call;
  const [stdin, stdout, stderr] = [ctx.file(0), ctx.file(1), tty ? ctx.file(1) : ctx.file(2)];
  return {
    caller: ctx,
    tty,
    ...(interactive && stdin !== undefined ? { stdin } : {}),
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
  };
}

function checkTty(call: Call, interactive: boolean, tty: boolean): void {
  if (interactive && tty && call.ctx.file(0)?.isTty !== true) throw new Failure('the input device is not a TTY');
}

/** *blocking* `docker exec` */
export function* exec(call: Call): Blocking<number> {
  const { api, options, ctx, words } = call;
  const [container = '', ...command] = words;
  const [tty, interactive, detach] = [options.flag('tty'), options.flag('interactive'), options.flag('detach')];
  value(api.containerInspect(container));
  if (!detach) checkTty(call, interactive, tty);
  const id = value(
    api.execCreate(container, {
      Cmd: command,
      Tty: tty,
      AttachStdin: interactive,
      Detach: detach,
      Env: options.texts('env'),
      Privileged: options.flag('privileged'),
      ...(options.has('workdir') ? { WorkingDir: options.text('workdir') } : {}),
    }),
  ).Id;
  if (detach) {
    value(api.execStart(id, undefined, ctx));
    return 0;
  }
  try {
    value(api.execStart(id, standardFiles(call, interactive, tty), ctx));
    for (;;) {
      const state = value(api.execInspect(id));
      if (!state.Running && state.ExitCode !== null) return state.ExitCode;
      yield* ctx.wait([api.changed]);
    }
  } finally {
    api.execDetach(id);
  }
}

/** What is wrong with the command line or with the request of `docker run`: with the hint at the help. */
function refusedRun(name: string, text: string, status = 125, help = true): Failure {
  return new Failure(`docker: ${text.replace(/\.$/, '')}.${help ? `\nSee 'docker ${name} --help'.` : ''}`, status);
}

function portBindings(call: Call): { bindings: PortMap; exposed: string[] } {
  const bindings: PortMap = {};
  const exposed: string[] = [];
  for (const spec of call.options.texts('publish')) {
    const ports = parsePortSpec(spec);
    if (typeof ports === 'string') throw refusedRun(call.command.name, ports);
    for (const port of ports) {
      const key = `${port.container}/${port.protocol}`;
      exposed.push(key);
      const HostPort =
        port.host === undefined ? '' : port.hostEnd === undefined ? String(port.host) : `${port.host}-${port.hostEnd}`;
      bindings[key] = [...(bindings[key] ?? []), { HostIp: port.address, HostPort }];
    }
  }
  for (const text of call.options.texts('expose')) exposed.push(text.includes('/') ? text : `${text}/tcp`);
  return { bindings, exposed };
}

function restartPolicy(call: Call): { Name: string; MaximumRetryCount: number } | undefined {
  if (!call.options.has('restart')) return undefined;
  const [name = '', count] = call.options.text('restart').split(':');
  if (!['no', 'always', 'unless-stopped', 'on-failure'].includes(name))
    throw refusedRun(
      call.command.name,
      `Error response from daemon: invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  return { Name: name, MaximumRetryCount: Number(count ?? 0) };
}

/** A source that begins with a dot is a path from here; the daemon hears whole paths only. */
function bindSpec(call: Call, text: string): string {
  return text.replace(/^\.[^:]*(?=:)/, (source) => call.ctx.fs.absolute(source));
}

/** opts.EffectiveCapAddCapDrop: upper case, with CAP_. */
function capabilityNames(names: readonly string[]): string[] {
  return names
    .map((name) => name.toUpperCase())
    .map((name) => (name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`));
}

function createRequest(
  call: Call,
  attach: { tty: boolean; interactive: boolean; detach: boolean },
): ContainerCreateRequest {
  const { options, words } = call;
  const { bindings, exposed } = portBindings(call);
  const network = options.text('network', 'default');
  const restart = restartPolicy(call);
  const aliases = options.texts('network-alias');
  const endpoint = {
    ...(options.has('ip') ? { IPv4Address: options.text('ip') } : {}),
    ...(aliases.length > 0 ? { Aliases: aliases } : {}),
  };
  if (restart !== undefined && restart.Name !== 'no' && options.flag('rm'))
    throw refusedRun(call.command.name, 'conflicting options: --restart and --rm');
  const health = healthOf(options);
  return {
    ...(options.has('name') ? { name: options.text('name') } : {}),
    Image: words[0] as string,
    ...(options.has('hostname') ? { Hostname: options.text('hostname') } : {}),
    Tty: attach.tty,
    OpenStdin: attach.interactive,
    AttachStdin: attach.interactive && !attach.detach,
    AttachStdout: !attach.detach,
    AttachStderr: !attach.detach,
    Env: options.texts('env'),
    ...(words.length > 1 ? { Cmd: words.slice(1) } : {}),
    ...(options.has('entrypoint')
      ? { Entrypoint: options.text('entrypoint') === '' ? [''] : shellWords(options.text('entrypoint')) }
      : {}),
    ...(options.has('workdir') ? { WorkingDir: options.text('workdir') } : {}),
    Labels: keyValues(options.texts('label')),
    ExposedPorts: exposed,
    Volumes: options.texts('volume').filter((text) => !text.includes(':')),
    ...(options.has('stop-signal') ? { StopSignal: options.text('stop-signal') } : {}),
    ...(health === undefined ? {} : { Healthcheck: health }),
    ...(options.has('stop-timeout') ? { StopTimeout: options.number('stop-timeout') } : {}),
    HostConfig: {
      NetworkMode: network,
      Binds: options
        .texts('volume')
        .filter((text) => text.includes(':'))
        .map((text) => bindSpec(call, text)),
      CapAdd: capabilityNames(options.texts('cap-add')),
      CapDrop: capabilityNames(options.texts('cap-drop')),
      Sysctls: keyValues(options.texts('sysctl')),
      PortBindings: bindings,
      PublishAllPorts: options.flag('publish-all'),
      Privileged: options.flag('privileged'),
      AutoRemove: options.flag('rm'),
      ...(restart === undefined ? {} : { RestartPolicy: restart }),
      Dns: options.texts('dns'),
      DnsSearch: options.texts('dns-search'),
      DnsOptions: options.texts('dns-option'),
      ExtraHosts: options.texts('add-host'),
    },
    ...(Object.keys(endpoint).length > 0 ? { NetworkingConfig: { EndpointsConfig: { [network]: endpoint } } } : {}),
  };
}

/** *blocking* Creates the container, after pulling the image where it is missing. */
function* createContainer(call: Call, request: ContainerCreateRequest): Blocking<string> {
  const { api, ctx, options } = call;
  const pull = options.text('pull', 'missing');
  const image = taggedImage(request.Image);
  if (pull === 'always') {
    const pulled = yield* settled(call, api.imagePull(image));
    if (!pulled.ok) throw refusedRun(call.command.name, daemonError(pulled));
  }
  let created = api.containerCreate(request, ctx);
  if (!created.ok && created.status === 404 && created.message.startsWith('No such image') && pull === 'missing') {
    if (!options.flag('quiet')) yield* ctx.err(`Unable to find image '${image}' locally\n`);
    const pulled = yield* settled(call, api.imagePull(image));
    if (!pulled.ok) throw refusedRun(call.command.name, daemonError(pulled));
    created = api.containerCreate(request, ctx);
  }
  if (!created.ok) throw refusedRun(call.command.name, daemonError(created));
  for (const warning of created.value.Warnings) yield* ctx.err(`WARNING: ${warning}\n`);
  return created.value.Id;
}

/** *blocking* `docker create` */
export function* create(call: Call): Blocking<number> {
  const { options, ctx } = call;
  const id = yield* createContainer(
    call,
    createRequest(call, { tty: options.flag('tty'), interactive: options.flag('interactive'), detach: false }),
  );
  yield* ctx.out(`${id}\n`);
  return 0;
}

/** runStartContainerErr: 127 not found, 126 not executable, 125 the rest. */
function startStatus(refusal: ApiRefusal): number {
  if (/executable file not found|no such file or directory|system cannot find the file specified/.test(refusal.message))
    return 127;
  return /permission denied|is a directory/.test(refusal.message) ? 126 : 125;
}

/** *blocking* `docker run` */
export function* run(call: Call): Blocking<number> {
  const { api, options, ctx } = call;
  const [tty, interactive, detach] = [options.flag('tty'), options.flag('interactive'), options.flag('detach')];
  if (!detach) checkTty(call, interactive, tty);
  const id = yield* createContainer(call, createRequest(call, { tty, interactive, detach }));
  if (detach) {
    yield* ctx.out(`${id}\n`);
    const started = yield* settled(call, api.containerStart(id, ctx));
    if (!started.ok) throw refusedRun('run', daemonError(started), startStatus(started), false);
    return 0;
  }
  const attached = value(api.containerAttach(id, standardFiles(call, interactive, tty)));
  try {
    const ended = api.containerWait(id, options.flag('rm') ? 'removed' : 'next-exit');
    const started = yield* settled(call, api.containerStart(id, ctx));
    if (!started.ok) throw refusedRun('run', daemonError(started), startStatus(started), false);
    if (!tty && options.flag('sig-proxy', true))
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const) ctx.catchSignal(signal);
    return yield* followed(call, id, ended);
  } finally {
    attached.detach();
  }
}

/** *blocking* `docker attach` */
export function* attach(call: Call): Blocking<number> {
  const { api, options, ctx, words } = call;
  const [word = ''] = words;
  const { State, Config } = value(api.containerInspect(word));
  if (!State.Running) throw new Failure('You cannot attach to a stopped container, start it first');
  if (Config.OpenStdin && !options.flag('no-stdin'))
    throw new Failure('docker attach: the standard input of a running container is not emulated here; use --no-stdin');
  const attached = value(api.containerAttach(word, standardFiles(call, false, Config.Tty)));
  try {
    const ended = api.containerWait(word, 'next-exit');
    if (options.flag('sig-proxy', true))
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const) ctx.catchSignal(signal);
    return yield* followed(call, word, ended);
  } finally {
    attached.detach();
  }
}

/** *blocking* Passes signals on until the container has ended; its exit code. */
function* followed({ api, ctx }: Call, id: string, ended: ReturnType<Call['api']['containerWait']>): Blocking<number> {
  while (ended.result === undefined) {
    yield* ctx.wait([api.changed]);
    for (let signal = ctx.takeSignal(); signal !== undefined; signal = ctx.takeSignal()) api.containerKill(id, signal);
  }
  return value(ended.result).StatusCode;
}

/** *blocking* `docker start` */
export function* start(call: Call): Blocking<number> {
  const { api, options, ctx, words } = call;
  if (options.flag('attach') || options.flag('interactive')) {
    if (words.length > 1) throw new Failure('you cannot start and attach multiple containers at once');
    const id = words[0] as string;
    const container = value(api.containerInspect(id));
    const tty = container.Config.Tty;
    const attached = value(
      api.containerAttach(id, standardFiles(call, options.flag('interactive') && container.Config.OpenStdin, tty)),
    );
    try {
      const ended = api.containerWait(id, 'next-exit');
      const started = yield* settled(call, api.containerStart(id, ctx));
      if (!started.ok) throw new Failure(daemonError(started));
      return value(yield* settled(call, ended)).StatusCode;
    } finally {
      attached.detach();
    }
  }
  const failed: string[] = [];
  for (const word of words) {
    const started = yield* settled(call, api.containerStart(word, ctx));
    if (started.ok) yield* ctx.out(`${word}\n`);
    else {
      failed.push(word);
      yield* ctx.err(`${daemonError(started)}\n`);
    }
  }
  if (failed.length > 0) throw new Failure(`Error: failed to start containers: ${failed.join(', ')}`);
  return 0;
}
