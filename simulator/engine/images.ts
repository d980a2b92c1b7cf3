/**
 * Images on one node. There is no registry: what the scenario brings is there from the start. Mirrors moby image/store and
 * daemon/images; ids differ from node to node because the images were imported on each.
 */
import type { RandomStream } from '../base/random.ts';
import { SECOND } from '../base/scheduler.ts';
import type { RootSpec } from '../process/rootfs.ts';
import { answer, refusal, rfc3339Nano, type ApiResult, type ImageDeleted, type ImageInspect, type ImageSummary } from './api.ts';

/** An image as the world provides it. */
export interface ImageDefinition {
  /** `jwilder/whoami`, without a tag. */
  readonly repository: string;
  readonly size: number;
  /** Seconds before the engine's start at which it was imported. */
  readonly age: number;
  readonly cmd: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly env?: readonly string[];
  readonly exposedPorts?: readonly string[];
  readonly workingDir?: string;
  /** Programs and files of its root. */
  readonly root: RootSpec;
}

export interface Image {
  readonly id: string;
  readonly definition: ImageDefinition;
  /** Wall clock, microseconds. */
  readonly created: number;
  readonly layer: string;
  tags: string[];
}

/** `jwilder/whoami` → `jwilder/whoami:latest`. */
export function withTag(reference: string): string {
  const name = reference.replace(/^(docker\.io\/)(library\/)?/, '');
  return /:[\w.-]+$/.test(name.slice(name.lastIndexOf('/') + 1)) ? name : `${name}:latest`;
}

export class Images {
  private readonly images: Image[];

  constructor(definitions: readonly ImageDefinition[], random: RandomStream, now: number) {
    this.images = definitions.map((definition) => ({
      id: `sha256:${random.hex(64)}`,
      definition,
      created: now - definition.age * SECOND,
      layer: random.hex(64),
      tags: [`${definition.repository}:latest`],
    }));
  }

  /** By name with or without tag, by id or prefix of an id. */
  find(reference: string): Image | undefined {
    const name = withTag(reference.split('@')[0] as string);
    const bare = reference.replace(/^sha256:/, '');
    return this.images.find((image) => image.tags.includes(name)) ?? (/^[0-9a-f]{4,64}$/.test(bare) ? this.images.find((image) => image.id.slice(7).startsWith(bare)) : undefined);
  }

  get count(): number {
    return this.images.length;
  }

  /** Newest first. */
  list(reference: readonly string[]): ImageSummary[] {
    const wanted = this.images.filter((image) => reference.length === 0 || image.tags.some((tag) => reference.some((pattern) => matches(tag, pattern))));
    return [...wanted]
      .sort((a, b) => b.created - a.created)
      .map((image) => ({
        Containers: -1,
        Created: Math.floor(image.created / SECOND),
        Id: image.id,
        Labels: null,
        ParentId: '',
        RepoDigests: [],
        RepoTags: [...image.tags],
        SharedSize: -1,
        Size: image.definition.size,
      }));
  }

  inspect(name: string): ApiResult<ImageInspect> {
    const image = this.find(name);
    if (image === undefined) return noSuchImage(name);
    const { definition } = image;
    const exposed = Object.fromEntries((definition.exposedPorts ?? []).map((port) => [port, {}]));
    return answer({
      Id: image.id,
      RepoTags: [...image.tags],
      RepoDigests: [],
      Parent: '',
      Comment: 'Imported from -',
      Created: rfc3339Nano(image.created),
      DockerVersion: '26.1.5+dfsg1',
      Author: '',
      Config: {
        Hostname: '',
        Domainname: '',
        User: '',
        AttachStdin: false,
        AttachStdout: false,
        AttachStderr: false,
        ...(definition.exposedPorts === undefined ? {} : { ExposedPorts: exposed }),
        Tty: false,
        OpenStdin: false,
        StdinOnce: false,
        Env: definition.env === undefined ? null : [...definition.env],
        Cmd: [...definition.cmd],
        Image: '',
        Volumes: null,
        WorkingDir: definition.workingDir ?? '',
        Entrypoint: definition.entrypoint === undefined ? null : [...definition.entrypoint],
        OnBuild: null,
        Labels: {},
      },
      Architecture: 'amd64',
      Os: 'linux',
      Size: definition.size,
      GraphDriver: { Data: { MergedDir: `/var/lib/docker/overlay2/${image.layer}/merged`, UpperDir: `/var/lib/docker/overlay2/${image.layer}/diff`, WorkDir: `/var/lib/docker/overlay2/${image.layer}/work` }, Name: 'overlay2' },
      RootFS: { Type: 'layers', Layers: [`sha256:${image.layer}`] },
      Metadata: { LastTagTime: rfc3339Nano(image.created) },
    });
  }

  /** Takes a tag away, and the image with its last. `user` is the short id of a container that uses it. */
  remove(name: string, force: boolean, user: (image: Image) => { id: string; running: boolean } | undefined): ApiResult<ImageDeleted[]> {
    const image = this.find(name);
    if (image === undefined) return noSuchImage(name);
    const container = user(image);
    if (container !== undefined && (!force || container.running)) {
      const id = container.id.slice(0, 12);
      if (container.running && force) return refusal(409, `conflict: unable to delete ${image.id.slice(7, 19)} (cannot be forced) - image is being used by running container ${id}`);
      return refusal(409, `conflict: unable to remove repository reference "${name}" (must force) - container ${id} is using its referenced image ${image.id.slice(7, 19)}`);
    }
    const tag = withTag(name);
    const gone: ImageDeleted[] = image.tags.includes(tag) || image.tags.length === 1 ? [{ Untagged: image.tags.includes(tag) ? tag : (image.tags[0] as string) }] : [];
    image.tags = image.tags.filter((each) => each !== gone[0]?.Untagged);
    if (image.tags.length === 0) {
      this.images.splice(this.images.indexOf(image), 1);
      gone.push({ Deleted: image.id }, { Deleted: `sha256:${image.layer}` });
    }
    return answer(gone);
  }

  tag(source: string, target: string): ApiResult<undefined> {
    const image = this.find(source);
    if (image === undefined) return noSuchImage(source);
    const tag = withTag(target);
    for (const other of this.images) other.tags = other.tags.filter((each) => each !== tag);
    image.tags.push(tag);
    return answer(undefined);
  }
}

function matches(tag: string, pattern: string): boolean {
  const expression = new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '[^/]*').replace(/\?/g, '.')}$`);
  return expression.test(tag) || expression.test(tag.slice(0, tag.lastIndexOf(':')));
}

/** The daemon's words, with the tag it looked for. */
export function noSuchImage(name: string): { ok: false; status: number; message: string } {
  return refusal(404, `No such image: ${withTag(name)}`);
}
