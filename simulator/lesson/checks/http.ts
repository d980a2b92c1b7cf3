/** http: a web server answers, with this status and these words. */
import { z } from 'zod/mini';
import { kind } from '../finding.ts';
import { missing, run } from '../look.ts';
import { place } from '../place.ts';
import { outcome } from '../probe.ts';

export const http = kind<{ from: string; url: string; status?: number | undefined; says?: string | undefined }>({
  name: 'http',
  about: 'A web server answers a request, with a status and words in its body.',
  params: () =>
    z.strictObject({
      from: place,
      url: z.string(),
      /** 200 when not given. */
      status: z.optional(z.number().check(z.int(), z.minimum(100), z.maximum(599))),
      /** Words of the body. */
      says: z.optional(z.string()),
    }),
  *run({ from, url, status = 200, says }, scope) {
    const world = yield* scope.world(true);
    const gone = yield* missing(world, [from]);
    if (gone !== undefined) return gone;
    const command = `curl -sS --max-time 3 ${url}`;
    const execution = yield* run(world, from, `curl -sS --max-time 3 -w '\\n%{http_code}' ${url}`);
    const lines = execution.stdout.trimEnd().split('\n');
    const code = Number(lines.at(-1));
    const body = lines.slice(0, -1).join('\n');
    const common = { expected: says ?? String(status), values: { from, url }, look: { on: from, command } };
    if (execution.exit !== 0) return { ...common, level: 'fail', code: 'http.silent', found: outcome(execution) };
    if (code !== status)
      return { ...common, level: 'fail', code: 'http.status', expected: String(status), found: String(code) };
    if (says !== undefined && !body.includes(says))
      return { ...common, level: 'fail', code: 'http.body', found: body.trim().slice(0, 80) };
    return { ...common, level: 'pass', code: 'http.answered', found: body.trim().slice(0, 80) };
  },
});
