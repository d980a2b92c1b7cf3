/** The filters of `docker ps`. Mirrors moby daemon/list.go: what a filter may say, and which containers it lets through. */
import { answer, refusal, type ApiResult, type Filters } from './api.ts';
import type { Container } from './container.ts';
import type { Containers } from './containers.ts';
import { any, hasLabels, isTrue, nameMatches } from './filters.ts';
import type { Images } from './images.ts';

const STATES = ['paused', 'restarting', 'running', 'dead', 'created', 'exited', 'removing'];
const HEALTH = ['none', 'starting', 'healthy', 'unhealthy'];

/** Whether a container passes, or why the filters cannot be. */
export function containerFilter(
  containers: Containers,
  images: Images,
  filters: Filters,
): ApiResult<(container: Container) => boolean> {
  const status = filters['status']?.find((value) => !STATES.includes(value));
  if (status !== undefined) return refusal(400, `invalid filter 'status=${status}'`);
  const health = filters['health']?.find((value) => !HEALTH.includes(value));
  if (health !== undefined) return refusal(400, `unrecognised filter value for health: ${health}`);
  const task = filters['is-task']?.find((value) => !/^(?:[01tTfF]|true|false|True|False|TRUE|FALSE)$/.test(value));
  if (task !== undefined) return refusal(400, `invalid filter 'is-task=${task}'`);
  const code = filters['exited']?.find((value) => !/^[+-]?\d+$/.test(value));
  if (code !== undefined) return refusal(400, `strconv.Atoi: parsing ${JSON.stringify(code)}: invalid syntax`);
  const bounds = (key: 'before' | 'since'): (Container | undefined)[] =>
    (filters[key] ?? []).map((word) => containers.find(word));
  for (const key of ['before', 'since'] as const) {
    const at = bounds(key).indexOf(undefined);
    if (at >= 0) return refusal(404, `No such container: ${filters[key]?.[at] ?? ''}`);
  }
  const [before] = bounds('before');
  const [since] = bounds('since');
  return answer(
    (container) =>
      any(filters['id'], (value) => container.id.startsWith(value)) &&
      any(filters['name'], (value) => nameMatches(value, container.name) || nameMatches(value, `/${container.name}`)) &&
      hasLabels(filters['label'], container.config.Labels) &&
      any(filters['status'], (value) => container.status === value) &&
      any(filters['exited'], (value) => container.status === 'exited' && container.exitCode === Number(value)) &&
      any(filters['health'], (value) => value === (container.state().Health?.Status ?? 'none')) &&
      any(filters['isolation'], (value) => value === container.hostConfig.Isolation) &&
      any(filters['volume'], (value) =>
        container.mountPoints.some((point) => [point.Name, point.Source, point.Destination].includes(value)),
      ) &&
      any(filters['ancestor'], (value) => images.find(value)?.id === container.image.id) &&
      any(filters['network'], (value) =>
        container.wishes.some((wish) => wish.name === value || wish.networkId?.startsWith(value) === true),
      ) &&
      any(filters['is-task'], (value) => isTrue(value) === (container.task !== undefined)) &&
      any(filters['publish'], (value) => hasPort(Object.keys(container.hostConfig.PortBindings), value)) &&
      any(filters['expose'], (value) => hasPort(Object.keys(container.config.ExposedPorts ?? {}), value)) &&
      (before === undefined || container.created < before.created) &&
      (since === undefined || container.created > since.created),
  );
}

/** `80`, `80/tcp` or `80-90/tcp` */
function hasPort(ports: readonly string[], wanted: string): boolean {
  const [, first = '', last = first, protocol = 'tcp'] = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(wanted) ?? [];
  return ports.some((port) => {
    const [number = '', own] = port.split('/');
    return own === protocol && Number(number) >= Number(first) && Number(number) <= Number(last);
  });
}
