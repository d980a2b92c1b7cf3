/** Namespaces by name: the files in /run/netns that `ip netns add` makes (iproute2 6.15, ip/ipnetns.c, lib/namespace.c). */
import { strerror } from '../../base/errno.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import type { ProgramContext } from '../../process/program.ts';
import { Exit } from './command.ts';

export const NETNS_RUN_DIR = '/run/netns';

export interface NamedNamespace {
  readonly name: string;
  readonly ns: NetworkNamespace;
}

/** All of them, the newest first as the directory lists them. */
export function namedNamespaces(ctx: ProgramContext): NamedNamespace[] {
  const names = ctx.fs.readdir(NETNS_RUN_DIR);
  if (!names.ok) return [];
  const found: NamedNamespace[] = [];
  for (const name of names.value) {
    const ns = ctx.fs.netnsAt(`${NETNS_RUN_DIR}/${name}`);
    if (ns.ok) found.push({ name, ns: ns.value });
  }
  return found.sort((a, b) => b.ns.inode - a.ns.inode);
}

/** The namespace called `name`, or the end of the command. */
export function openNamespace(ctx: ProgramContext, name: string): NetworkNamespace {
  const path = name.includes('/') ? name : `${NETNS_RUN_DIR}/${name}`;
  const ns = ctx.fs.netnsAt(path);
  if (!ns.ok) throw new Exit(255, `Cannot open network namespace "${name}": ${strerror(ns.errno)}`);
  return ns.value;
}
