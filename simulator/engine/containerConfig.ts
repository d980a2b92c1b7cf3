/** What was asked of `docker create`, as the daemon keeps it. Mirrors moby daemon/create.go and runconfig. */
import type { ContainerConfig, ContainerCreateRequest, HealthConfig, HostConfig, MountPoint, PortMap } from './api.ts';
import type { Container, NetworkWish } from './container.ts';
import { hostConfigOf } from './hostConfig.ts';
import type { ImageDefinition } from './images.ts';
import type { PortBindingRequest } from './network/model.ts';

/** The configuration of a container from what was asked and what its image says. */
export function configOf(request: ContainerCreateRequest, id: string, definition: ImageDefinition, hostname: string): ContainerConfig {
  const exposed = [...new Set([...(definition.exposedPorts ?? []), ...(request.ExposedPorts ?? [])])].sort();
  const env = [...(request.Env ?? [])];
  const imageEnv = (definition.env ?? []).filter((text) => !env.some((own) => own.split('=')[0] === text.split('=')[0]));
  const all = [...env, ...imageEnv];
  const entrypoint = request.Entrypoint === undefined ? definition.entrypoint : request.Entrypoint.join('') === '' ? undefined : request.Entrypoint;
  // A new entry point takes the image's arguments away.
  const cmd = request.Cmd !== undefined && request.Cmd.length > 0 ? request.Cmd : request.Entrypoint === undefined ? definition.cmd : undefined;
  const host = request.HostConfig.NetworkMode === 'host';
  const health = healthOf(request.Healthcheck, definition.healthcheck);
  return {
    Hostname: request.Hostname ?? (host ? hostname : id.slice(0, 12)),
    Domainname: '',
    User: request.User ?? '',
    AttachStdin: request.AttachStdin ?? false,
    AttachStdout: request.AttachStdout ?? false,
    AttachStderr: request.AttachStderr ?? false,
    ...(exposed.length === 0 ? {} : { ExposedPorts: Object.fromEntries(exposed.map((port) => [port, {}])) }),
    Tty: request.Tty ?? false,
    OpenStdin: request.OpenStdin ?? false,
    StdinOnce: (request.OpenStdin ?? false) && (request.AttachStdin ?? false),
    Env: all.length === 0 ? null : all,
    Cmd: cmd === undefined ? null : [...cmd],
    ...(health === undefined ? {} : { Healthcheck: health }),
    Image: request.Image,
    Volumes: request.Volumes === undefined || request.Volumes.length === 0 ? null : Object.fromEntries(request.Volumes.map((path) => [path, {}])),
    WorkingDir: request.WorkingDir ?? definition.workingDir ?? '',
    Entrypoint: entrypoint === undefined ? null : [...entrypoint],
    OnBuild: null,
    Labels: { ...request.Labels },
    ...(request.StopSignal === undefined ? {} : { StopSignal: request.StopSignal }),
    ...(request.StopTimeout === undefined ? {} : { StopTimeout: request.StopTimeout }),
  };
}

/** What is not asked for is as the image says (runconfig's merge). */
function healthOf(asked: HealthConfig | undefined, image: HealthConfig | undefined): HealthConfig | undefined {
  if (asked === undefined || image === undefined || asked.Test?.[0] === 'NONE') return asked ?? image;
  return { ...image, ...asked };
}

export function hostConfigFor(request: ContainerCreateRequest): HostConfig {
  const given = request.HostConfig;
  const copy = (list: readonly string[] | undefined): string[] | null => (list === undefined || list.length === 0 ? null : [...list]);
  return hostConfigOf({
    Binds: copy(given.Binds),
    NetworkMode: given.NetworkMode === 'default' ? 'bridge' : given.NetworkMode,
    PortBindings: given.PortBindings ?? {},
    RestartPolicy: given.RestartPolicy ?? { Name: 'no', MaximumRetryCount: 0 },
    AutoRemove: given.AutoRemove ?? false,
    CapAdd: copy(given.CapAdd),
    CapDrop: copy(given.CapDrop),
    Dns: given.Dns === undefined ? null : [...given.Dns],
    DnsOptions: given.DnsOptions === undefined ? null : [...given.DnsOptions],
    DnsSearch: given.DnsSearch === undefined ? null : [...given.DnsSearch],
    ExtraHosts: copy(given.ExtraHosts),
    PidMode: given.PidMode ?? '',
    Privileged: given.Privileged ?? false,
    PublishAllPorts: given.PublishAllPorts ?? false,
    Memory: given.Memory ?? 0,
    NanoCpus: given.NanoCpus ?? 0,
  });
}

/** The networks to join: the one of NetworkMode first. */
export function wishesOf(request: ContainerCreateRequest): NetworkWish[] {
  const { NetworkMode: mode } = request.HostConfig;
  const name = mode === 'default' ? 'bridge' : mode;
  const endpoints = request.NetworkingConfig?.EndpointsConfig ?? {};
  const names = [name, ...Object.keys(endpoints).filter((each) => each !== name && each !== mode)];
  return names.map((each) => ({ ...(endpoints[each] ?? {}), ...(each === name ? endpoints[mode] : {}), name: each }));
}

/** What `-p` and `-P` ask for. */
export function portRequests(container: Container): PortBindingRequest[] {
  const { PortBindings: bindings, PublishAllPorts: all } = container.hostConfig;
  const map: PortMap = { ...bindings };
  if (all) for (const port of Object.keys(container.config.ExposedPorts ?? {})) map[port] ??= [{ HostIp: '', HostPort: '' }];
  return Object.entries(map).flatMap(([port, list]) =>
    (list ?? []).map((binding) => {
      const [number = '0', protocol = 'tcp'] = port.split('/');
      return { protocol: protocol as 'tcp' | 'udp' | 'sctp', hostIp: binding.HostIp === '' ? '0.0.0.0' : binding.HostIp, hostPort: Number(binding.HostPort) || 0, containerPort: Number(number) };
    }),
  );
}

/** What does not go with the network of another container; runconfig/hostconfig_unix.go. */
export function networkProblem({ Hostname, ExposedPorts, HostConfig }: ContainerCreateRequest): string | undefined {
  if (!HostConfig.NetworkMode.startsWith('container:')) return undefined;
  const { Dns = [], ExtraHosts = [], PortBindings = {}, PublishAllPorts = false } = HostConfig;
  if (Hostname !== undefined) return 'conflicting options: hostname and the network mode';
  if (Dns.length > 0) return 'conflicting options: dns and the network mode';
  if (ExtraHosts.length > 0) return 'conflicting options: custom host-to-IP mapping and the network mode';
  if (Object.keys(PortBindings).length > 0 || PublishAllPorts) return 'conflicting options: port publishing and the container type network mode';
  return (ExposedPorts ?? []).length > 0 ? 'conflicting options: port exposing and the container type network mode' : undefined;
}

const MODES = ['rw', 'ro', 'z', 'Z', 'shared', 'slave', 'private', 'rshared', 'rslave', 'rprivate'];

/** What the daemon says of a `-v` that it does not take; volumes/mounts of moby. */
export function bindProblem(binds: readonly string[]): string | undefined {
  for (const bind of binds) {
    const [, destination, mode, more] = bind.split(':');
    if (destination === undefined) return `invalid volume specification: '${bind}'`;
    if (more !== undefined || destination === '' || mode === '') return `invalid volume specification: '${bind}'`;
    const strange = mode?.split(',').some((word) => !MODES.includes(word)) === true;
    if (strange) return `invalid mode: ${mode}`;
    if (!destination.startsWith('/')) return `invalid volume specification: '${bind}': invalid mount config for type "bind": invalid mount path: '${destination}' mount path must be absolute`;
    if (/^\/+$/.test(destination)) return `invalid volume specification: '${bind}': invalid mount config for type "bind": invalid specification: destination can't be '/'`;
  }
  return undefined;
}

/** `-v SOURCE:DESTINATION[:ro]` of a file or directory of the host. */
export function bindMountOf(bind: string): MountPoint {
  const [source = '', destination = '', mode = ''] = bind.split(':');
  return { Type: 'bind', Source: source, Destination: destination, Mode: mode, RW: !mode.split(',').includes('ro'), Propagation: 'rprivate' };
}
