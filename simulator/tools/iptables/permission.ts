/**
 * CAP_NET_ADMIN, without which netlink answers EPERM: root of a machine has it, and a container that was given it
 * (`--privileged`, `--cap-add`, and what `docker exec --privileged` starts).
 */
import type { ProgramContext } from '../../process/program.ts';

/** True when netlink would answer EPERM. */
export function lacksNetAdmin(ctx: ProgramContext): boolean {
  return !ctx.capable('NET_ADMIN');
}
