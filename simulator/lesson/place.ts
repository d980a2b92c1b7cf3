/**
 * A place where a command runs or a packet is looked at: a machine, or a network namespace on it. Written
 *
 *     node1                          the machine itself
 *     node1/red                      a namespace of `ip netns`
 *     node1/docker/ingress_sbox      a file of /var/run/docker/netns; `1-*` stands for the one that begins so
 *     node1/container/web            the namespace of the container whose name begins so
 */
import { z } from 'zod/mini';
import type { TraceEvent } from '../trace/event.ts';

const PLACE = /^[a-z0-9][a-z0-9-]*(\/(docker\/[\w*.-]+|container\/[\w.-]+|[\w.-]+))?$/;

/** The schema of a place. */
export const place = z
  .string()
  .check(z.regex(PLACE, 'a place: node1, node1/NAMESPACE, node1/docker/FILE or node1/container/NAME'));

interface PlaceParts {
  readonly host: string;
  readonly kind: 'machine' | 'netns' | 'docker' | 'container';
  readonly name: string;
}

function partsOf(text: string): PlaceParts {
  const [host = '', first, ...rest] = text.split('/');
  if (first === undefined) return { host, kind: 'machine', name: '' };
  if (rest.length > 0 && (first === 'docker' || first === 'container'))
    return { host, kind: first, name: rest.join('/') };
  return { host, kind: 'netns', name: first };
}

/** The machine of a place. */
export function hostOf(text: string): string {
  return partsOf(text).host;
}

/** The command line that runs `line` at a place, typed on its machine. */
export function commandAt(text: string, line: string): string {
  const { kind, name } = partsOf(text);
  const inside = /[;&|<>$]|^\w+=/.test(line) ? `sh -c '${line.replaceAll("'", "'\\''")}'` : line;
  switch (kind) {
    case 'machine':
      return line;
    case 'netns':
      return `ip netns exec ${name} ${inside}`;
    case 'docker':
      return `nsenter --net=${name.includes('*') ? `$(ls -d /var/run/docker/netns/${name} | head -1)` : `/var/run/docker/netns/${name}`} ${inside}`;
    case 'container':
      return `nsenter -t $(docker inspect -f '{{.State.Pid}}' $(docker ps -q -f name=${name} | head -1)) -n ${inside}`;
  }
}

/** A command that succeeds when the place exists; undefined for a machine, which always does. */
export function existsCommand(text: string): string | undefined {
  const { kind, name } = partsOf(text);
  switch (kind) {
    case 'machine':
      return undefined;
    case 'netns':
      return `test -e /run/netns/${name}`;
    case 'docker':
      return `ls /var/run/docker/netns/${name}`;
    case 'container':
      return `test -n "$(docker ps -q -f name=${name})"`;
  }
}

/** The command that shows which such places there are, for "where to look". */
export function listCommand(text: string): string {
  const { kind } = partsOf(text);
  return kind === 'docker' ? 'ls /var/run/docker/netns' : kind === 'container' ? 'docker ps' : 'ip netns list';
}

/** Whether an event of the trace happened at a place. */
export function happenedAt(text: string, event: TraceEvent): boolean {
  const { host, kind, name } = partsOf(text);
  if (event.host !== host) return false;
  switch (kind) {
    case 'machine':
      return event.netns === 'host';
    case 'netns':
      return event.netns === name;
    case 'docker':
      return name.endsWith('*') ? event.netns.startsWith(name.slice(0, -1)) : event.netns === name;
    case 'container':
      return new RegExp(`^(task|container) ${name.replaceAll('.', '\\.')}`).test(event.netns);
  }
}
