/**
 * dockerd of a machine is stopped (its containers end with it), restarted, or killed (they go on). Mending a stop or a kill
 * starts it again.
 */
import { z } from 'zod/mini';
import { faultKind, machine } from './fault.ts';

export const docker = faultKind<{ on: string; do: 'stop' | 'restart' | 'kill' }>({
  name: 'docker',
  about: 'dockerd of a machine is stopped, restarted, or killed by SIGKILL.',
  params: z.strictObject({ on: machine, do: z.enum(['stop', 'restart', 'kill']) }),
  lasts: ({ do: what }) => what !== 'restart',
  machines: ({ on }) => [[['on'], on]],
  says: ({ on, do: what }) => `docker ${what} ${on}`,
  begin({ on, do: what }, { daemon, host, origin }) {
    const dockerd = daemon(on);
    if (dockerd === undefined) return () => undefined;
    const start = (): void => daemon(on)?.start(origin);
    if (what === 'kill') dockerd.kill();
    else dockerd.stop();
    if (what !== 'restart') return start;
    // The service manager waits for the end, and starts it again.
    host(on).daemon(
      ['/usr/bin/systemctl', 'restart', 'docker'],
      function* (ctx) {
        while (dockerd.alive) yield* ctx.wait([dockerd.changed]);
        start();
        return 0;
      },
      { cause: origin },
    );
    return () => undefined;
  },
});
