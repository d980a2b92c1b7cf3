/** Secrets and configs. Mirrors swarmkit manager/controlapi (secret.go, config.go) with its words. */
import type { ControlResult } from './control.ts';
import { structuredCopy } from './allocator.ts';
import { swarmId } from './ids.ts';
import type { Manager } from './manager.ts';
import type { InjectedFile } from './messages.ts';
import type { ConfigObject, ContainerSpec, SecretObject } from './objects.ts';
import type { Store } from './store.ts';

export type FileKind = 'secret' | 'config';
export type FileObject = SecretObject | ConfigObject;

/** Octets that one may hold. */
const LIMIT: Readonly<Record<FileKind, number>> = { secret: 500 * 1024, config: 1000 * 1024 };
const NAME = /^[a-zA-Z0-9]+(?:[a-zA-Z0-9-_.]*[a-zA-Z0-9])?$/;

function rpc(status: number, code: string, words: string): { ok: false; status: number; message: string } {
  return { ok: false, status, message: `rpc error: code = ${code} desc = ${words}` };
}

/** All of a kind. */
export function filesOf(store: Store, kind: FileKind): ReadonlyMap<string, FileObject> {
  return kind === 'secret' ? store.secrets : store.configs;
}

/** CreateSecret, CreateConfig */
export function createFile(
  manager: Manager,
  kind: FileKind,
  spec: { Name: string; Labels: Record<string, string>; Data?: string },
): ControlResult<FileObject> {
  const { store } = manager;
  if (spec.Name === '') return rpc(400, 'InvalidArgument', 'name must be provided');
  if (spec.Name.length > 64 || !NAME.test(spec.Name))
    return rpc(
      400,
      'InvalidArgument',
      'invalid name, only 64 [a-zA-Z0-9-_.] characters allowed, and the start and end character must be [a-zA-Z0-9]',
    );
  const Data = spec.Data ?? '';
  const size = (Data.length / 4) * 3 - (Data.endsWith('==') ? 2 : Data.endsWith('=') ? 1 : 0);
  if (size === 0 || size > LIMIT[kind])
    return rpc(400, 'InvalidArgument', `${kind} data must be larger than 0 and less than ${LIMIT[kind]} bytes`);
  if ([...filesOf(store, kind).values()].some((other) => other.Spec.Name.toLowerCase() === spec.Name.toLowerCase()))
    return rpc(409, 'AlreadyExists', `${kind} ${spec.Name} already exists`);
  const object: ConfigObject = {
    ...store.meta(swarmId(manager.random.stream('swarm-id'))),
    Spec: { Name: spec.Name, Labels: { ...spec.Labels }, Data },
  };
  if (kind === 'secret') store.addSecret(object);
  else store.addConfig(object);
  return { ok: true, value: object };
}

/** UpdateSecret, UpdateConfig: labels only. */
export function updateFile(
  manager: Manager,
  kind: FileKind,
  object: FileObject,
  version: number,
  spec: { Name: string; Labels: Record<string, string>; Data?: string },
): ControlResult<undefined> {
  if (version !== object.Version) return rpc(500, 'Unknown', 'update out of sequence');
  if (spec.Name !== object.Spec.Name || (spec.Data !== undefined && spec.Data !== object.Spec.Data))
    return rpc(400, 'InvalidArgument', 'only updates to Labels are allowed');
  object.Spec.Labels = structuredCopy(spec.Labels);
  if (kind === 'secret') manager.store.changedSecret(object);
  else manager.store.changedConfig(object as ConfigObject);
  return { ok: true, value: undefined };
}

/** RemoveSecret, RemoveConfig */
export function removeFile(manager: Manager, kind: FileKind, object: FileObject): ControlResult<undefined> {
  const users = [...manager.store.services.values()]
    .filter((service) => references(service.Spec.TaskTemplate.ContainerSpec, kind).some(({ id }) => id === object.ID))
    .map((service) => service.Spec.Name);
  if (users.length > 0)
    return rpc(
      400,
      'InvalidArgument',
      `${kind} '${object.Spec.Name}' is in use by the following service${users.length > 1 ? 's' : ''}: ${users.join(', ')}`,
    );
  if (kind === 'secret') manager.store.removeSecret(object);
  else manager.store.removeConfig(object as ConfigObject);
  return { ok: true, value: undefined };
}

/** What a container refers to. */
function references(
  spec: ContainerSpec | undefined,
  kind: FileKind,
): { id: string; name: string; target: string }[] {
  if (kind === 'secret')
    return (spec?.Secrets ?? []).map(({ SecretID, SecretName, File }) => ({
      id: SecretID,
      name: SecretName,
      target: File.Name,
    }));
  return (spec?.Configs ?? []).map(({ ConfigID, ConfigName, File }) => ({
    id: ConfigID,
    name: ConfigName,
    target: File.Name,
  }));
}

/** Checks what a service refers to (validateSecretRefsSpec, checkSecretExistence); answers the words of a refusal. */
export function checkReferences(store: Store, spec: ContainerSpec | undefined): ReturnType<typeof rpc> | undefined {
  for (const kind of ['secret', 'config'] as const) {
    const targets = new Map<string, string>();
    const known = filesOf(store, kind);
    for (const { name, target } of references(spec, kind)) {
      const other = targets.get(target);
      if (other !== undefined)
        return rpc(
          400,
          'InvalidArgument',
          `${kind} references '${other}' and '${name}' have a conflicting target: '${target}'`,
        );
      targets.set(target, name);
    }
    const missing = references(spec, kind)
      .filter(({ id }) => !known.has(id))
      .map(({ name }) => name);
    if (missing.length > 0)
      return rpc(400, 'InvalidArgument', `${kind}${missing.length > 1 ? 's' : ''} not found: ${missing.join(', ')}`);
  }
  return undefined;
}

/** The files of a task: secrets under /run/secrets, configs at the root, unless their target is a path. */
export function injectedFiles(store: Store, spec: ContainerSpec | undefined): readonly InjectedFile[] {
  const file = (
    object: FileObject | undefined,
    { Name, Mode, UID, GID }: { Name: string; Mode: number; UID: string; GID: string },
    directory: string,
  ): InjectedFile[] =>
    object === undefined
      ? []
      : [
          {
            path: Name.startsWith('/') ? Name : `${directory}/${Name}`,
            mode: Mode,
            uid: UID,
            gid: GID,
            data: object.Spec.Data ?? '',
          },
        ];
  return [
    ...(spec?.Secrets ?? []).flatMap(({ SecretID, File }) => file(store.secrets.get(SecretID), File, '/run/secrets')),
    ...(spec?.Configs ?? []).flatMap(({ ConfigID, File }) => file(store.configs.get(ConfigID), File, '')),
  ];
}
