/** What a container sees of the machine's files: its root, binds and volumes. Mirrors moby daemon/{mounts,volumes_unix}.go. */
import type { Mounts } from '../process/vfs.ts';
import { answer, type ApiResult, type MountPoint } from './api.ts';
import type { Container } from './container.ts';
import { bindMountOf } from './containerConfig.ts';
import { fillVolume, volumeMount, type VolumeKeeper } from './volumes.ts';

/** The mounts of `-v`; volumes that are not there are made. */
export function mountPointsOf(keeper: VolumeKeeper, binds: readonly string[]): ApiResult<MountPoint[]> {
  const points: MountPoint[] = [];
  for (const bind of binds) {
    const point = bind.startsWith('/') && bind.includes(':') ? answer(bindMountOf(bind)) : volumeMount(keeper, bind);
    if (!point.ok) return point;
    points.push(point.value);
  }
  return answer(points);
}

/** The container's root, which outlives its processes, with what is mounted there. */
export function mountRoot(keeper: VolumeKeeper, container: Container): Mounts {
  if (container.mounts !== undefined) return container.mounts;
  const { host } = keeper;
  const mounts = host.createMounts(container.id, container.image.definition.root);
  container.mounts = mounts;
  for (const point of container.mountPoints) {
    // A source that is not there is made, as a directory.
    if (!host.fs.stat(point.Source).ok) host.makeDirectories(point.Source);
    if (point.Type === 'volume') fillVolume(keeper, container, point);
    host.bindMount(point.Source, mounts, point.Destination, !point.RW);
  }
  return mounts;
}
