// jq-web looks for `jq.wasm` beside the script that it runs in. This puts a copy with that exact name
// into the folder of built scripts, where the worker's lazy chunk is.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The Vite plugin. */
export function jqBesideTheWorker() {
  const find = () => createRequire(import.meta.url).resolve('jq-web/jq.wasm');
  return {
    name: 'jq-beside-the-worker',
    generateBundle() {
      if (this.environment?.name !== undefined && this.environment.name !== 'client') return;
      this.emitFile({ type: 'asset', fileName: '_astro/jq.wasm', source: readFileSync(find()) });
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (!request.url?.split('?')[0].endsWith('/jq.wasm')) return next();
        response.setHeader('content-type', 'application/wasm');
        response.end(readFileSync(find()));
      });
    },
  };
}
