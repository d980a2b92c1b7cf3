/**
 * Volumes of the `local` driver: directories of the machine that outlive containers. Mirrors moby volume/{service,local} and
 * the texts of their errors. Deviates: no driver options, no other drivers.
 */
import { SECOND } from '../base/scheduler.ts';
import type { Host } from '../process/host.ts';
import type { FileCalls } from '../process/program.ts';
import {
  answer,
  refusal,
  rfc3339Nano,
  type ApiResult,
  type Filters,
  type MountPoint,
  type VolumeResource,
} from './api.ts';
import type { Container } from './container.ts';
import { any, checkFilters, hasLabels, isTrue } from './filters.ts';

export interface Volume {
  readonly name: string;
  /** Wall clock, microseconds. */
  readonly created: number;
  readonly labels: Readonly<Record<string, string>> | null;
}

/** What the functions here need of the daemon. */
export interface VolumeKeeper {
  readonly host: Host;
  readonly volumes: Map<string, Volume>;
  readonly all: ReadonlyMap<string, Container>;
}

const ANONYMOUS = 'com.docker.volume.anonymous';
const VOLUMES = '/var/lib/docker/volumes';
const placeOf = (name: string): string => `${VOLUMES}/${name}/_data`;

function view({ name, created, labels }: Volume): VolumeResource {
  const CreatedAt = rfc3339Nano(Math.floor(created / SECOND) * SECOND).replace(/\.\d+Z$/, 'Z');
  return {
    CreatedAt,
    Driver: 'local',
    Labels: labels === null ? null : { ...labels },
    Mountpoint: placeOf(name),
    Name: name,
    Options: null,
    Scope: 'local',
  };
}

const usersOf = ({ all }: VolumeKeeper, name: string): Container[] =>
  [...all.values()].filter(({ mountPoints }) => mountPoints.some((point) => point.Name === name));

/** `docker volume create`; one that is there already is answered as it is. */
export function createVolume(
  { host, volumes }: VolumeKeeper,
  name: string | undefined,
  driver: string,
  labels: Readonly<Record<string, string>> | null,
): ApiResult<VolumeResource> {
  const anonymous = name === undefined || name === '';
  const chosen = anonymous ? host.kernel.universe.random.stream(`docker-volume/${host.name}`).hex(64) : name;
  if (driver !== '' && driver !== 'local')
    return refusal(404, `create ${chosen}: error looking up volume plugin ${driver}: plugin "${driver}" not found`);
  const known = volumes.get(chosen);
  if (known !== undefined) return answer(view(known));
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(chosen)) return refusal(400, invalidName(chosen));
  const volume: Volume = {
    name: chosen,
    created: host.wallClock,
    labels: anonymous ? { ...labels, [ANONYMOUS]: '' } : labels,
  };
  volumes.set(chosen, volume);
  host.makeDirectories(placeOf(chosen));
  return answer(view(volume));
}

function invalidName(name: string): string {
  if (name.length === 1)
    return `create ${name}: volume name is too short, names should be at least two alphanumeric characters`;
  return `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`;
}

const missing = (name: string): ReturnType<typeof refusal> => refusal(404, `get ${name}: no such volume`);

export function listVolumes(keeper: VolumeKeeper, filters: Filters): ApiResult<VolumeResource[]> {
  const wrong = checkFilters(filters, ['dangling', 'driver', 'label', 'name']);
  if (wrong !== undefined) return wrong;
  const found = [...keeper.volumes.values()].filter(
    ({ name, labels }) =>
      any(filters['name'], (value) => name.includes(value)) &&
      any(filters['driver'], (value) => value === 'local') &&
      any(filters['dangling'], (value) => isTrue(value) === (usersOf(keeper, name).length === 0)) &&
      hasLabels(filters['label'], labels ?? {}),
  );
  return answer(found.map(view));
}

export function inspectVolume({ volumes }: VolumeKeeper, name: string): ApiResult<VolumeResource> {
  const volume = volumes.get(name);
  return volume === undefined ? missing(name) : answer(view(volume));
}

export function removeVolume(keeper: VolumeKeeper, name: string, force: boolean): ApiResult<undefined> {
  if (!keeper.volumes.has(name)) return force ? answer(undefined) : missing(name);
  const users = usersOf(keeper, name);
  if (users.length > 0)
    return refusal(409, `remove ${name}: volume is in use - [${users.map(({ id }) => id).join(', ')}]`);
  keeper.volumes.delete(name);
  removeTree(keeper.host.fs, `${VOLUMES}/${name}`);
  return answer(undefined);
}

/** Removes what nobody uses: anonymous ones, or all. */
export function pruneVolumes(
  keeper: VolumeKeeper,
  filters: Filters,
): ApiResult<{ VolumesDeleted: string[]; SpaceReclaimed: number }> {
  const wrong = checkFilters(filters, ['all', 'label', 'label!']);
  if (wrong !== undefined) return wrong;
  const everything = (filters['all'] ?? []).some(isTrue);
  const unused = [...keeper.volumes.values()].filter(
    ({ name, labels }) =>
      usersOf(keeper, name).length === 0 &&
      (everything || ANONYMOUS in (labels ?? {})) &&
      hasLabels(filters['label'], labels ?? {}) &&
      (filters['label!'] ?? []).every((value) => !hasLabels([value], labels ?? {})),
  );
  let space = 0;
  for (const { name } of unused) {
    space += sizeOf(keeper.host.fs, placeOf(name));
    removeVolume(keeper, name, false);
  }
  return answer({ VolumesDeleted: unused.map(({ name }) => name), SpaceReclaimed: space });
}

/** `docker rm -v`, `--rm`: those without a name go with the container that alone had them. */
export function dropAnonymous(keeper: VolumeKeeper, points: readonly MountPoint[]): void {
  for (const { Name } of points)
    if (Name !== undefined && ANONYMOUS in (keeper.volumes.get(Name)?.labels ?? {})) removeVolume(keeper, Name, false);
}

/** The mount of `-v NAME:/PLACE[:ro]`, or of `-v /PLACE`, whose volume is made. */
export function volumeMount(keeper: VolumeKeeper, bind: string): ApiResult<MountPoint> {
  const [source = '', destination = '', mode] = bind.includes(':') ? bind.split(':') : ['', bind];
  const made = createVolume(keeper, source, '', null);
  if (!made.ok) return made;
  const { Name, Mountpoint } = made.value;
  return answer({
    Type: 'volume',
    Name,
    Source: Mountpoint,
    Destination: destination,
    Driver: 'local',
    Mode: mode ?? (source === '' ? '' : 'z'),
    RW: mode?.split(',').includes('ro') !== true,
    Propagation: '',
  });
}

/** What the image has at the place of an empty volume comes into it. */
export function fillVolume({ host }: VolumeKeeper, container: Container, point: MountPoint): void {
  const there = host.fs.readdir(point.Source);
  if (container.mounts === undefined || (there.ok && there.value.length > 0)) return;
  copyTree(host.filesOf(container.mounts), point.Destination, host.fs, point.Source);
}

/** Copies a file, or a directory with what is in it, over what is there. The octets copied. */
export function copyTree(from: FileCalls, source: string, to: FileCalls, target: string): number {
  const stat = from.stat(source);
  if (!stat.ok) return 0;
  if (stat.value.type !== 'directory') {
    const contents = stat.value.type === 'file' ? from.readFile(source) : undefined;
    if (contents?.ok !== true) return 0;
    to.writeFile(target, contents.value);
    to.chmod(target, stat.value.mode);
    return contents.value.length;
  }
  if (!to.stat(target).ok) to.mkdir(target);
  const names = from.readdir(source);
  return (names.ok ? names.value : []).reduce(
    (sum, name) => sum + copyTree(from, `${source}/${name}`, to, `${target}/${name}`),
    0,
  );
}

function removeTree(fs: FileCalls, path: string): void {
  const names = fs.readdir(path);
  if (names.ok) for (const name of names.value) removeTree(fs, `${path}/${name}`);
  if (names.ok) fs.rmdir(path);
  else fs.unlink(path);
}

function sizeOf(fs: FileCalls, path: string): number {
  const names = fs.readdir(path);
  if (names.ok) return names.value.reduce((sum, name) => sum + sizeOf(fs, `${path}/${name}`), 0);
  const contents = fs.readFile(path);
  return contents.ok ? contents.value.length : 0;
}
