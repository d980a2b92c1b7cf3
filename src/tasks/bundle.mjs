// Bundles a TypeScript entry for Node with esbuild, so that the headless tools start in a blink
// and run on any Node from 20 on. Packages stay outside the bundle and load when they are used.
import { mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles `entry` (a path in the project) and answers the URL of the module to import. */
export async function bundle(entry) {
  const name = entry.replace(/\.ts$/, '').replaceAll('/', '-');
  const out = join(root, 'node_modules/.cache/meshwalk', `${name}.mjs`);
  const fresh = `${out}.${process.pid}.mjs`;
  mkdirSync(dirname(out), { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: fresh,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    sourcesContent: false,
    define: { 'process.env.MESHWALK_ROOT': JSON.stringify(root) },
    loader: { '.yaml': 'text' },
    logLevel: 'error',
  });
  renameSync(fresh, out); // two runs at once must not see half a file
  return pathToFileURL(out).href;
}
