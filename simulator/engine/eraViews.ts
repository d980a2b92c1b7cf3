/** The API as an era's daemon answers: today's objects, with the era's edits (eras/edits.ts) done. */
import { edited, type Edit } from '../eras/edits.ts';
import type { Era } from '../eras/era.ts';
import type { ApiResult, ContainerInspect, EngineApi } from './api.ts';

/** The answers that an era may show otherwise. */
type Inspections = Pick<
  EngineApi,
  'networkInspect' | 'containerInspect' | 'serviceInspect' | 'nodeInspect' | 'taskInspect'
>;

/** On networks with names, and there only, where a container answers to its id. */
function withIdAsAlias(container: ContainerInspect): ContainerInspect {
  const { NetworkSettings, Id } = container;
  const Networks = Object.fromEntries(
    Object.entries(NetworkSettings.Networks).map(([name, settings]) => {
      const known = name === 'bridge' || name === 'host' || name === 'none';
      return [name, known ? settings : { ...settings, Aliases: [...(settings.Aliases ?? []), Id.slice(0, 12)] }];
    }),
  );
  return { ...container, NetworkSettings: { ...NetworkSettings, Networks } };
}

/** `api` with the inspections of an era. */
export function inEra(api: EngineApi, { daemon: { edits, idIsAlias } }: Era): EngineApi {
  if (edits.length === 0) return api;
  const show = <T>(result: ApiResult<T>, kind: Edit['of'], name = ''): ApiResult<T> =>
    result.ok ? { ...result, value: edited(result.value, kind, edits, name) } : result;
  const inspections: Inspections = {
    networkInspect: (id, options) => {
      const found = api.networkInspect(id, options);
      return show(found, 'network', found.ok ? found.value.Name : '');
    },
    containerInspect: (id) => {
      const found = api.containerInspect(id);
      return show(found.ok && idIsAlias ? { ...found, value: withIdAsAlias(found.value) } : found, 'container');
    },
    // Who asks without defaults writes it back, changed in one place.
    serviceInspect: (id, options) =>
      options.insertDefaults ? show(api.serviceInspect(id, options), 'service') : api.serviceInspect(id, options),
    nodeInspect: (id) => show(api.nodeInspect(id), 'node'),
    taskInspect: (id) => show(api.taskInspect(id), 'task'),
  };
  return { ...api, ...inspections };
}
