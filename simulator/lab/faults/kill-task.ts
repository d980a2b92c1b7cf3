/** `kill -9` of the first process of a task or container, wherever it runs: the orchestrator sees a failed task. */
import { z } from 'zod/mini';
import { faultKind } from './fault.ts';

export const killTask = faultKind<{ name: string }>({
  name: 'kill-task',
  about:
    'SIGKILL for the first process of a container, by its name or, of a task, its beginning: `whoami.1`, `whoami`.',
  params: z.strictObject({ name: z.string().check(z.minLength(1)) }),
  lasts: () => false,
  machines: () => [],
  says: ({ name }) => `kill-task ${name}`,
  begin({ name }, { hosts, daemon }) {
    for (const on of hosts) {
      const containers = daemon(on)?.parts?.containers.all.values() ?? [];
      const found = [...containers].filter(
        (one) => one.running && (one.name === name || one.name.startsWith(`${name}.`)),
      );
      const [first] = found.sort((a, b) => (a.name < b.name ? -1 : 1));
      if (first === undefined) continue;
      first.process?.post('SIGKILL');
      break;
    }
    return () => undefined;
  },
});
