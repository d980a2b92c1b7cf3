/**
 * Images on one node. There is no registry: what the scenario brings is there from the start. Mirrors moby image/store and
 * daemon/images; ids differ from node to node because the images were imported on each.
 */
import type { RandomStream } from '../base/random.ts';
import { SECOND } from '../base/scheduler.ts';
import type { RootSpec } from '../process/rootfs.ts';
import { any, hasLabels, isTrue } from './filters.ts';
import { answer, refusal, rfc3339Nano, type ApiResult, type Filters, type HealthConfig, type ImageDeleted, type ImageInspect, type ImageSummary } from './api.ts';

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
  /** HEALTHCHECK of its Dockerfile. */
  readonly healthcheck?: HealthConfig;
  /** Not on the machines from the start: it is there once somebody pulls it. */
  readonly elsewhere?: boolean;
  /** Why it cannot be had, where it is known and not emulated. */
  readonly refused?: string;
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
  private readonly elsewhere: readonly ImageDefinition[];
  private readonly random: RandomStream;

  constructor(definitions: readonly ImageDefinition[], random: RandomStream, now: number) {
    this.random = random;
    this.elsewhere = definitions.filter((definition) => definition.elsewhere === true);
    this.images = definitions.filter((definition) => definition.elsewhere !== true).map((definition) => ({
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

  /** Fetches one that is not here: undefined when nobody has it, words when it is known and not emulated. */
  pull(reference: string, now: number): Image | string | undefined {
    const here = this.find(reference);
    if (here !== undefined) return here;
    const definition = this.elsewhere.find(({ repository }) => withTag(reference) === `${repository}:latest`);
    if (definition === undefined || definition.refused !== undefined) return definition?.refused;
    const image = { id: `sha256:${this.random.hex(64)}`, definition, created: now, layer: this.random.hex(64), tags: [`${definition.repository}:latest`] };
    this.images.push(image);
    return image;
  }

  get count(): number {
    return this.images.length;
  }

  /** Newest first. */
  list(filters: Filters): ApiResult<ImageSummary[]> {
    const bound = (key: 'before' | 'since'): Image | undefined => this.find(filters[key]?.[0] ?? '');
    for (const key of ['before', 'since'] as const) {
      const [name] = filters[key] ?? [];
      if (name !== undefined && bound(key) === undefined) return noSuchImage(name);
    }
    if (filters['until']?.some((value) => !/^\d+$/.test(value)) === true) return refusal(501, 'the filter until is emulated here for seconds of Unix time only');
    const [before, since] = [bound('before'), bound('since')];
    const wanted = this.images.filter(
      (image) =>
        any(filters['reference'], (pattern) => image.tags.some((tag) => matches(tag, pattern))) &&
        any(filters['dangling'], (value) => isTrue(value) === (image.tags.length === 0)) &&
        hasLabels(filters['label'], {}) &&
        any(filters['until'], (value) => image.created < Number(value) * SECOND) &&
        (before === undefined || image.created < before.created) &&
        (since === undefined || image.created > since.created),
    );
    const summaries = [...wanted]
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
    return answer(summaries);
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
    const tagged = image.tags.includes(withTag(name));
    if (!tagged && image.tags.length > 1 && !force) return refusal(409, `conflict: unable to delete ${image.id.slice(7, 19)} (must be forced) - image is referenced in multiple repositories`);
    const container = tagged && image.tags.length > 1 ? undefined : user(image);
    if (container !== undefined && (!force || container.running)) {
      const id = container.id.slice(0, 12);
      if (container.running && force) return refusal(409, `conflict: unable to delete ${image.id.slice(7, 19)} (cannot be forced) - image is being used by running container ${id}`);
      return refusal(409, `conflict: unable to remove repository reference "${name}" (must force) - container ${id} is using its referenced image ${image.id.slice(7, 19)}`);
    }
    const tag = withTag(name);
    const gone: ImageDeleted[] = image.tags.includes(tag) || image.tags.length === 1 ? [{ Untagged: image.tags.includes(tag) ? tag : (image.tags[0] as string) }] : [];
    if (!tagged) gone.splice(0, gone.length, ...image.tags.map((Untagged) => ({ Untagged })));
    image.tags = image.tags.filter((each) => !gone.some(({ Untagged }) => Untagged === each));
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
