// After the build: writes the service worker (src/offline), which knows every file of the site with its hash. What a
// learner needs for the lessons is kept from the first visit on; large libraries that few use are kept once used.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const SOURCE = fileURLToPath(new URL('../offline/service-worker.ts', import.meta.url));
/** Packages and rooms whose chunks are kept only once they were used: large libraries, and all of the studio. */
const RARE = /node_modules\/(monaco-editor|monaco-yaml|just-bash|jq-web)\/|\/src\/studio\/|\/content\/.*\?raw$/;
/** A worker all of whose chunks are such. */
const RARE_WORKER = '/src/studio/bench/worker.ts';
/** The same for what no chunk names: a program, the index of the search, the schema for editors. */
const RARE_PLACES = /^\/(_astro\/jq\.wasm$|pagefind\/|schema\/)/;
/** A page that only leads to another one; a server may answer with a redirection in its place. */
const MOVED = /<meta http-equiv="refresh" content="0;\s*url=([^"]+)"/;
/** Asked for by machines only, or not at all. */
const LEFT_OUT = /\.br$|^\/(sw\.js|robots\.txt|sitemap[^/]*\.xml)$/;

/** Addresses of files that bundles of rare packages brought. */
const rare = new Set();

/** The Vite plugin, for the page's build and the workers': notes which files hold rare packages. */
export function noteRareFiles() {
  return {
    name: 'note-rare-files',
    generateBundle(_, bundle) {
      const all = Object.values(bundle).some(({ facadeModuleId }) => facadeModuleId?.endsWith(RARE_WORKER));
      for (const [name, output] of Object.entries(bundle)) {
        const sources = output.type === 'chunk' ? Object.keys(output.modules) : output.originalFileNames;
        if (!all && !sources.some((source) => RARE.test(source))) continue;
        const { importedCss = [], importedAssets = [] } = output.viteMetadata ?? {};
        for (const file of [name, ...importedCss, ...importedAssets]) rare.add(`/${file}`);
      }
    },
  };
}

/** The Astro integration; after everything that changes files, before they are compressed. */
export function offline() {
  return {
    name: 'offline',
    hooks: {
      'astro:build:done': ({ dir }) => writeServiceWorker(fileURLToPath(dir)),
    },
  };
}

/** Writes the service worker of the built site in a folder. */
export async function writeServiceWorker(root) {
  await build({
    entryPoints: [SOURCE],
    outfile: join(root, 'sw.js'),
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    define: { RELEASE: JSON.stringify(releaseOf(root)) },
    logLevel: 'error',
  });
}

/** The list of a built site's files; see src/offline/release.ts. */
function releaseOf(root) {
  const release = { now: {}, later: {}, moved: {} };
  for (const name of readdirSync(root, { recursive: true }).sort()) {
    const path = `/${name.replaceAll('\\', '/')}`;
    if (LEFT_OUT.test(path) || !statSync(join(root, name)).isFile()) continue;
    const address = path.replace(/index\.html$/, '');
    const content = readFileSync(join(root, name));
    const [, target] = (path.endsWith('.html') && MOVED.exec(content.toString())) || [];
    if (target !== undefined) release.moved[address] = target;
    else {
      const list = rare.has(path) || RARE_PLACES.test(path) ? release.later : release.now;
      list[address] = `sha256-${createHash('sha256').update(content).digest('base64')}`;
    }
  }
  return release;
}
