/**
 * Placement constraints: `node.role==manager`, `node.labels.zone != east` … Mirrors swarmkit manager/constraint.
 */
import { inPrefix, parseCidr, parseIpv4 } from '../base/address.ts';
import type { NodeObject } from './objects.ts';

interface Constraint {
  readonly key: string;
  readonly equal: boolean;
  readonly value: string;
}

/** The parsed constraint, or the words of the refusal. */
export function parseConstraint(text: string): Constraint | string {
  for (const operator of ['==', '!='] as const) {
    const at = text.indexOf(operator);
    if (at < 0) continue;
    const key = text.slice(0, at).trim();
    const value = text.slice(at + 2).trim();
    if (!/^[a-zA-Z_][a-zA-Z0-9\-_.]+$/.test(key)) return `key '${key}' is invalid`;
    if (!/^[a-zA-Z0-9:\-_\s.*()?+[\]\\^$|/]+$/.test(value)) return `value '${value}' is invalid`;
    return { key, equal: operator === '==', value };
  }
  return 'constraint expected one operator from ==, !=';
}

/** True when `node` satisfies all of `texts`. */
export function meetsConstraints(texts: readonly string[], node: NodeObject): boolean {
  return texts.every((text) => {
    const constraint = parseConstraint(text);
    return typeof constraint !== 'string' && meets(constraint, node);
  });
}

function meets({ key, equal, value }: Constraint, node: NodeObject): boolean {
  const lower = key.toLowerCase();
  const compare = (actual: string): boolean => (actual.toLowerCase() === value.toLowerCase()) === equal;
  switch (lower) {
    case 'node.id':
      return compare(node.ID);
    case 'node.hostname':
      return compare(node.Description.Hostname);
    case 'node.role':
      return compare(node.Spec.Role);
    case 'node.platform.os':
      return compare(node.Description.Platform.OS);
    case 'node.platform.arch':
      return (architecture(value) === architecture(node.Description.Platform.Architecture)) === equal;
    case 'node.ip':
      return isAddress(node.Status.Addr, value) === equal;
    default: {
      const label = /^node\.labels\.(.+)$/i.exec(key)?.[1];
      if (label !== undefined) return compare(node.Spec.Labels[label] ?? '');
      const engineLabel = /^engine\.labels\.(.+)$/i.exec(key)?.[1];
      if (engineLabel !== undefined) return compare(node.Description.Engine.Labels?.[engineLabel] ?? '');
      return false; // An unknown key matches no node.
    }
  }
}

function architecture(name: string): string {
  return name === 'amd64' ? 'x86_64' : name === 'arm64' ? 'aarch64' : name;
}

function isAddress(actual: string, wanted: string): boolean {
  const address = parseIpv4(actual);
  const range = parseCidr(wanted);
  return address !== undefined && range !== undefined && inPrefix(address, range.address, range.prefix);
}
