/** Secrets and configs in the API. Mirrors moby daemon/cluster/{secrets,configs}.go: data of secrets is never shown. */
import { createFile, filesOf, removeFile, updateFile, type FileKind, type FileObject } from '../swarm/files.ts';
import type { Manager } from '../swarm/manager.ts';
import {
  answer,
  refusal,
  rfc3339Nano,
  type ApiResult,
  type ControlApi,
  type EngineApi,
  type Filters,
  type SwarmFile,
} from './api.ts';
import type { Cluster } from './cluster.ts';
import { any, checkFilters, hasLabels, sortedRecord } from './filters.ts';
import { leaderOf, storeOf } from './refusals.ts';

type FilePart = Pick<EngineApi, 'secrets' | 'secretInspect' | 'configs' | 'configInspect'> &
  Pick<ControlApi, 'secretCreate' | 'secretUpdate' | 'secretRemove' | 'configCreate' | 'configUpdate' | 'configRemove'>;

function view(object: FileObject, kind: FileKind): SwarmFile {
  const { Name, Labels, Data = '' } = object.Spec;
  return {
    ID: object.ID,
    Version: { Index: object.Version },
    CreatedAt: rfc3339Nano(object.CreatedAt),
    UpdatedAt: rfc3339Nano(object.UpdatedAt),
    Spec: { Name, Labels: sortedRecord(Object.entries(Labels)), ...(kind === 'secret' ? {} : { Data }) },
  };
}

export function fileApi(cluster: Cluster): FilePart {
  function find(kind: FileKind, word: string): ApiResult<FileObject> {
    const store = storeOf(cluster);
    if (!store.ok) return store;
    const all = [...filesOf(store.value, kind).values()];
    const exact = all.filter((object) => object.ID === word);
    const named = exact.length > 0 ? exact : all.filter((object) => object.Spec.Name === word);
    const matching = named.length > 0 || word === '' ? named : all.filter((object) => object.ID.startsWith(word));
    if (matching.length > 1) return refusal(400, `${kind} ${word} is ambiguous (${matching.length} matches found)`);
    return matching[0] === undefined ? refusal(404, `${kind} ${word} not found`) : answer(matching[0]);
  }

  function list(kind: FileKind, filters: Filters): ApiResult<SwarmFile[]> {
    const store = storeOf(cluster);
    if (!store.ok) return store;
    const wrong = checkFilters(filters, ['id', 'label', 'name', 'names']);
    if (wrong !== undefined) return wrong;
    const found = [...filesOf(store.value, kind).values()].filter(
      (object) =>
        any(filters['id'], (value) => object.ID.startsWith(value)) &&
        any(filters['name'], (value) => object.Spec.Name.startsWith(value)) &&
        any(filters['names'], (value) => object.Spec.Name === value) &&
        hasLabels(filters['label'], object.Spec.Labels),
    );
    return answer(found.map((object) => view(object, kind)));
  }

  function inspect(kind: FileKind, id: string): ApiResult<SwarmFile> {
    const found = find(kind, id);
    return found.ok ? answer(view(found.value, kind)) : found;
  }

  function create(kind: FileKind, spec: SwarmFile['Spec']): ApiResult<{ ID: string }> {
    const leader = leaderOf(cluster);
    if (!leader.ok) return leader;
    const created = createFile(leader.value, kind, spec);
    return created.ok ? answer({ ID: created.value.ID }) : refusal(created.status, created.message);
  }

  function change(
    kind: FileKind,
    id: string,
    run: (manager: Manager, object: FileObject) => ReturnType<typeof removeFile>,
  ): ApiResult<undefined> {
    const found = find(kind, id);
    const leader = leaderOf(cluster);
    if (!found.ok) return found;
    if (!leader.ok) return leader;
    const done = run(leader.value, found.value);
    return done.ok ? answer(undefined) : refusal(done.status, done.message);
  }

  return {
    secrets: (filters) => list('secret', filters),
    secretInspect: (id) => inspect('secret', id),
    secretCreate: (spec) => create('secret', spec),
    secretUpdate: (id, version, spec) =>
      change('secret', id, (manager, object) => updateFile(manager, 'secret', object, version, spec)),
    secretRemove: (id) => change('secret', id, (manager, object) => removeFile(manager, 'secret', object)),
    configs: (filters) => list('config', filters),
    configInspect: (id) => inspect('config', id),
    configCreate: (spec) => create('config', spec),
    configUpdate: (id, version, spec) =>
      change('config', id, (manager, object) => updateFile(manager, 'config', object, version, spec)),
    configRemove: (id) => change('config', id, (manager, object) => removeFile(manager, 'config', object)),
  };
}
