/** The container and image part of the API. Mirrors moby api/server/router/{container,image} over the daemon. */
import { SECOND } from '../base/scheduler.ts';
import type { Host } from '../process/host.ts';
import { parseSignal } from '../process/signals.ts';
import { answer, finished, refusal, type ApiRefusal, type ApiResult, type EngineApi, type Operation } from './api.ts';
import type { Container } from './container.ts';
import type { Containers, Exec } from './containers.ts';
import { inspectContainer, summaryOf } from './containerViews.ts';
import { containerFilter } from './containerFilters.ts';
import { checkFilters } from './filters.ts';
import type { Images } from './images.ts';
import { mountRoot } from './mounts.ts';

type ContainerPart = Pick<
  EngineApi,
  | 'containers'
  | 'containerInspect'
  | 'containerCreate'
  | 'containerAttach'
  | 'containerStart'
  | 'containerStop'
  | 'containerRestart'
  | 'containerKill'
  | 'containerRemove'
  | 'containerRename'
  | 'containerWait'
  | 'containerTop'
  | 'containerLogs'
  | 'containerFiles'
  | 'execCreate'
  | 'execStart'
  | 'execInspect'
  | 'execDetach'
  | 'images'
  | 'imageInspect'
  | 'imageRemove'
  | 'imagePull'
  | 'imageTag'
>;

/** An operation that is settled later. */
export class Pending<T> implements Operation<T> {
  result: ApiResult<T> | undefined;
  private readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  settle(result: ApiResult<T>): void {
    this.result ??= result;
    this.changed();
  }

  cancel(): void {
    // What was begun goes on without the client.
  }
}

export function containerApi(host: Host, containers: Containers, images: Images, changed: () => void): ContainerPart {
  const missing = (id: string): ApiRefusal => refusal(404, `No such container: ${id}`);
  const newId = host.kernel.universe.random.stream(`docker-exec/${host.name}`);

  return {
    containers({ all, limit, filters }) {
      const wrong = checkFilters(filters, ['ancestor', 'before', 'exited', 'expose', 'health', 'id', 'is-task', 'isolation', 'label', 'name', 'network', 'publish', 'since', 'status', 'volume']);
      const selected = containerFilter(containers, images, filters);
      if (wrong !== undefined) return wrong;
      if (!selected.ok) return selected;
      const everything = all || limit !== undefined || (filters['status']?.length ?? 0) > 0 || (filters['exited']?.length ?? 0) > 0;
      const found = [...containers.all.values()].filter((container) => (everything || container.running) && selected.value(container));
      const newest = found.sort((a, b) => b.created - a.created);
      return answer(newest.slice(0, limit ?? newest.length).map((container) => summaryOf(containers, container, host.wallClock)));
    },

    containerInspect(id) {
      const container = containers.find(id);
      return container === undefined ? missing(id) : answer(inspectContainer(container));
    },

    containerCreate(request, cause) {
      const { NetworkMode: mode } = request.HostConfig;
      const endpoint = Object.values(request.NetworkingConfig?.EndpointsConfig ?? {})[0];
      if (endpoint?.IPv4Address !== undefined && (mode === 'default' || mode === 'bridge')) {
        return refusal(
          400,
          'invalid config for network bridge: invalid endpoint settings:\n* user specified IP address is supported on user defined networks only\n* user specified IP address is supported only when connecting to networks with user configured subnets',
        );
      }
      const made = containers.create(request, { by: 'docker', text: `container ${request.name ?? request.Image}`, cause: cause?.origin ?? host.origin });
      return made.ok ? answer({ Id: made.value.id, Warnings: [] }) : made;
    },

    containerAttach(id, files) {
      const container = containers.find(id);
      if (container === undefined) return missing(id);
      if (container.status === 'created' || container.status === 'exited') {
        container.files = files;
        return answer({ detach: () => (container.files === files ? (container.files = undefined) : undefined) });
      }
      const { stdout, stderr } = container;
      if (files.stdout !== undefined) stdout?.attach(files.stdout);
      if (files.stderr !== undefined && stderr !== stdout) stderr?.attach(files.stderr);
      return answer({
        detach: () => {
          if (files.stdout !== undefined) stdout?.detach(files.stdout);
          if (files.stderr !== undefined) stderr?.detach(files.stderr);
        },
      });
    },

    containerStart(id, cause) {
      const container = containers.find(id);
      if (container === undefined) return finished(missing(id));
      const operation = new Pending<undefined>(changed);
      container.origin = { by: 'docker', text: `container ${container.name}`, cause: cause.origin };
      containers.start(container, (failure) => operation.settle(failure === undefined ? answer(undefined) : refusal(failure.status, failure.message)));
      return operation;
    },

    containerStop(id, options) {
      const container = containers.find(id);
      return container === undefined ? finished(missing(id)) : stop(container, options);
    },

    containerRestart(id, options) {
      const container = containers.find(id);
      if (container === undefined) return finished(missing(id));
      const operation = new Pending<undefined>(changed);
      const { signal, micros } = patience(container, options);
      containers.stop(container, micros, signal, () => {
        container.log.ended = false;
        containers.start(container, (failure) => operation.settle(failure === undefined ? answer(undefined) : refusal(failure.status, failure.message)));
      });
      return operation;
    },

    containerKill(id, text) {
      const signal = parseSignal(text === '' ? 'KILL' : text);
      const container = containers.find(id);
      if (container === undefined) return refusal(404, `cannot kill container: ${id}: No such container: ${id}`);
      if (signal === undefined) return refusal(400, `Invalid signal: ${text}`);
      if (!container.running) return refusal(409, `cannot kill container: ${id}: container ${container.id} is not running`);
      container.process?.post(signal);
      return answer(undefined);
    },

    containerRemove(id, { force, volumes }) {
      const container = containers.find(id);
      if (container === undefined) return finished(missing(id));
      if (container.running && !force) return finished(refusal(409, `cannot remove container "/${container.name}": container is running: stop the container before removing or force remove`));
      const operation = new Pending<undefined>(changed);
      container.removing = true;
      containers.stop(container, 0, 'SIGKILL', () => {
        containers.forget(container, volumes || container.hostConfig.AutoRemove);
        operation.settle(answer(undefined));
      });
      return operation;
    },

    containerRename(id, name) {
      const container = containers.find(id);
      if (container === undefined) return missing(id);
      if (container.name === name) return refusal(400, 'Renaming a container with the same name as its current name');
      if (!/^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return refusal(400, `Error when allocating new name: Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
      const holder = containers.find(name);
      if (holder !== undefined && holder.name === name) {
        return refusal(409, `Error when allocating new name: Conflict. The container name "/${name}" is already in use by container "${holder.id}". You have to remove (or rename) that container to be able to reuse that name.`);
      }
      for (const { dnsNames } of container.sandbox?.endpoints ?? []) {
        const at = dnsNames.indexOf(container.name);
        if (at >= 0) dnsNames[at] = name;
      }
      const oldName = `/${container.name}`;
      container.name = name;
      containers.events.container(container, 'rename', { oldName });
      changed();
      return answer(undefined);
    },

    containerWait(id, condition) {
      const container = containers.find(id);
      if (container === undefined) return finished(missing(id));
      const operation = new Pending<{ StatusCode: number }>(changed);
      const settle = (): void => operation.settle(answer({ StatusCode: container.exitCode }));
      if (condition === 'not-running' && !container.running) settle();
      else if (condition === 'removed') container.onRemoved.push(settle);
      else container.onEnd.push(settle);
      return operation;
    },

    containerTop(id, words) {
      const container = containers.find(id);
      if (container === undefined) return missing(id);
      if (!container.running) return refusal(409, `container ${container.id} is not running`);
      const form = words.join(' ');
      if (form !== '' && form !== '-ef' && form !== 'aux') return refusal(501, `ps options are not emulated here, but -ef and aux: ${form}`);
      const lines = host.processes().filter((process) => process.container === container.id);
      const clock = (micros: number): string => rows(Math.floor(micros / SECOND));
      if (form === 'aux') {
        return answer({
          Titles: ['USER', 'PID', '%CPU', '%MEM', 'VSZ', 'RSS', 'TTY', 'STAT', 'START', 'TIME', 'COMMAND'],
          Processes: lines.map((line) => ['root', String(line.pid), '0.0', '0.0', '0', '0', line.tty, 'S', wallTime(host, line.startedAt), clock(line.cpu ?? 0).replace(/^00:0?/, ''), line.argv.join(' ')]),
        });
      }
      return answer({
        Titles: ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'],
        Processes: lines.map((line) => ['root', String(line.pid), String(line.ppid), '0', wallTime(host, line.startedAt), line.tty, clock(line.cpu ?? 0), line.argv.join(' ')]),
      });
    },

    containerFiles(id) {
      const container = containers.find(id);
      return container === undefined ? missing(id) : answer(host.filesOf(mountRoot(containers, container)));
    },

    containerLogs(id, options) {
      const container = containers.find(id);
      return container === undefined ? missing(id) : answer(container.log.read(options));
    },

    execCreate(id, request) {
      const container = containers.find(id);
      if (container === undefined) return missing(id);
      if (!container.running) return refusal(409, `container ${container.id} is not running`);
      const exec: Exec = {
        id: newId.hex(64),
        container,
        argv: request.Cmd,
        tty: request.Tty,
        env: request.Env ?? [],
        cwd: request.WorkingDir ?? '',
        privileged: request.Privileged ?? false,
        running: false,
        exitCode: null,
        process: undefined,
      };
      containers.execs.set(exec.id, exec);
      container.execs.add(exec.id);
      return answer({ Id: exec.id });
    },

    execStart(id, files, cause) {
      const exec = containers.execs.get(id);
      if (exec === undefined) return refusal(404, `No such exec instance: ${id}`);
      if (!exec.container.running) return refusal(409, `container ${exec.container.id} is not running`);
      containers.startExec(exec, files, cause.origin);
      return answer(undefined);
    },

    execInspect(id) {
      const exec = containers.execs.get(id);
      if (exec === undefined) return refusal(404, `No such exec instance: ${id}`);
      return answer({ ID: exec.id, Running: exec.running, ExitCode: exec.exitCode, Pid: exec.process?.hostPid ?? 0, ContainerID: exec.container.id });
    },

    execDetach(id) {
      const process = containers.execs.get(id)?.process;
      // Its client is gone: it reads the end of file, and writes into nothing.
      if (process !== undefined) for (const fd of [0, 1, 2]) process.close(fd);
    },

    images({ filters }) {
      const wrong = checkFilters(filters, ['before', 'dangling', 'label', 'reference', 'since', 'until']);
      return wrong ?? images.list(filters);
    },
    imageInspect: (name) => images.inspect(name),
    imageRemove: (name, { force }) =>
      images.remove(name, force, (image) => {
        const user = [...containers.all.values()].find((container) => container.image === image);
        return user === undefined ? undefined : { id: user.id, running: user.running };
      }),
    imagePull(reference) {
      const operation = new Pending<undefined>(changed);
      const repository = reference.replace(/:[^/]*$/, '');
      const where = repository.includes('.') ? `https://${repository.split('/')[0]}/v2/` : 'https://registry-1.docker.io/v2/';
      const name = (repository.includes('.') ? repository.split('/')[0] : 'registry-1.docker.io') as string;
      host.kernel.universe.scheduler.after(2 * SECOND, () => {
        const image = images.pull(reference, host.wallClock);
        if (typeof image === 'object') return operation.settle(answer(undefined));
        operation.settle(typeof image === 'string' ? refusal(501, image) : refusal(500, `Get "${where}": dial tcp: lookup ${name}: no such host`));
      });
      return operation;
    },
    imageTag: (source, target) => images.tag(source, target),
  };

  function patience(container: Container, options: { readonly seconds?: number; readonly signal?: string }): ReturnType<Containers['stopDefaults']> {
    const defaults = containers.stopDefaults(container);
    const signal = options.signal === undefined ? undefined : parseSignal(options.signal);
    return { signal: signal ?? defaults.signal, micros: options.seconds === undefined ? defaults.micros : options.seconds * SECOND };
  }

  function stop(container: Container, options: { readonly seconds?: number; readonly signal?: string }): Operation<undefined> {
    const operation = new Pending<undefined>(changed);
    const { signal, micros } = patience(container, options);
    containers.stop(container, micros, signal, () => operation.settle(answer(undefined)));
    return operation;
  }
}

function rows(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** HH:MM of the wall clock at a virtual time. */
function wallTime(host: Host, at: number): string {
  return rows(Math.floor(((host.wallClock - host.now + at) / SECOND) % 86400)).slice(0, 5);
}
