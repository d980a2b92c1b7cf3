/**
 * CAP_NET_ADMIN: a process of a container has it over network namespaces that it entered, not over its container's own.
 * Deviation: a container started with more capabilities is still refused in its own namespace.
 */
import type { ProgramContext } from '../../process/program.ts';

/** True when netlink would answer EPERM. */
export function lacksNetAdmin(ctx: ProgramContext): boolean {
  if (ctx.container === '') return false;
  const first = ctx.processes().find((process) => process.pid === 1);
  return first !== undefined && first.netns === ctx.netns;
}
