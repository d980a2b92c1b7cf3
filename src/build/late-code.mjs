// Splits the engine in the worker's build. A first chunk holds what a world needs to stand up and show a
// prompt; the tools and the shell's executor come in a second one, which is fetched meanwhile. The worker
// holds back what is typed until it is there (src/lab/worker.ts), so the engine itself knows nothing of it.
//
// Each module of LATE is replaced by one with the same exports that are empty until the real ones arrive:
// the bindings of ES modules are live, so whoever imported them sees them then. Such a module must not be
// used while another one is being evaluated, nor before the first input. The list of tools is needed early
// for the file system (/usr/bin), so it is replaced by their names, read from the real list at build time.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Modules that are used only once something is typed or asked for. */
const LATE = [
  'shell/parse',
  'shell/execute',
  'shell/builtins',
  'shell/builtins/names',
  'shell/aliases',
  'shell/expand',
  'shell/complete',
  'shell/historyexpansion',
  'netfilter/matches/rare',
  'netfilter/targets/rare',
  'netfilter/command',
  'netfilter/restore',
  'lab/bugs/index',
  'lab/capture',
  'trace/story',
  'lab/faults/index',
  'lab/tables',
  'lab/topology',
  'netfilter/whynot',
  'netfilter/logline',
  'netfilter/conntrack/control',
  'engine/containerViews',
  'engine/volumes',
  'engine/containerFilters',
  'engine/health',
  'engine/info',
  'swarm/raft',
  'swarm/peers',
  'swarm/replica',
  'swarm/files',
  'base/base64',
  'kernel/xfrm-esp',
  'ipvs/schedule',
  'ipvs/xmit',
  'kernel/fragment',
  'wire/dns',
  'wire/esp',
  'wire/gcm',
].map(at);
/** The page's own that are used only after that: whoever steps, goes back or has a task judged has typed something. */
const LATE_LAB = ['lab/recollection', 'lab/replicas', 'lab/watch', 'lesson/judge'].map((name) =>
  join(root, `src/${name}.ts`),
);
/** Modules that export tools or lists of tools, and are imported from outside simulator/tools. */
const TOOLS = [
  'tools/index',
  'tools/everyday',
  'tools/busyboxnet',
  'tools/ip/busybox',
  'tools/systemctl',
  'lab/rig',
  'lab/servers',
].map(at);
const ALL = [...LATE, ...LATE_LAB, ...TOOLS];
/** Checks scenarios, which the page's build has done; not marked, it would stay for what it makes when it is loaded. */
const UNUSED = at('lab/scenario');
const CODE = 'virtual:late-code';
const BUNDLE = 'virtual:late-bundle';
const REAL = '?real';

/** The Vite plugin, for the worker's build and for the development server. */
export function lateCode() {
  let active = false;
  /** What runs while pages are built has everything from the start, as Node has. */
  const split = ({ environment }) => active && environment?.config.consumer !== 'server';
  return {
    name: 'late-code',
    enforce: 'pre',
    configResolved(config) {
      active = config.command === 'build';
    },
    async resolveId(specifier, importer, options) {
      if (specifier === CODE || specifier === BUNDLE) return `\0${specifier}`;
      if (specifier.endsWith(REAL)) return specifier;
      if (!split(this) || importer === undefined || !importer.endsWith(REAL)) return null;
      // A real module means the real ones when it names its siblings.
      const from = importer.slice(0, -REAL.length);
      const found = await this.resolve(specifier, from, { ...options, skipSelf: true });
      return found !== null && ALL.includes(found.id) ? found.id + REAL : found;
    },
    async load(id) {
      if (id === `\0${CODE}`) return split(this) ? loaderCode() : 'export const loadLateCode = async () => {};';
      if (id === `\0${BUNDLE}`) return ALL.map((path, i) => `export * as m${i} from '${path}${REAL}';`).join('\n');
      if (id.endsWith(REAL)) return { code: readFileSync(id.slice(0, -REAL.length), 'utf8'), moduleType: 'ts' };
      if (split(this) && id === UNUSED)
        return { code: readFileSync(id, 'utf8'), moduleType: 'ts', moduleSideEffects: false };
      if (!split(this) || !ALL.includes(id)) return null;
      const code = await (TOOLS.includes(id) ? toolsStub(id) : stub(id));
      return { code, moduleType: 'js' };
    },
  };
}

function loaderCode() {
  return `
    const takers = [];
    export const take = (name, taker) => void takers.push([name, taker]);
    export const loadLateCode = async () => {
      const modules = await import('${BUNDLE}');
      for (const [name, taker] of takers) taker(modules[name]);
    };`;
}

/** A module whose exports are empty until the real ones arrive. */
async function stub(path) {
  const { metafile } = await build({ entryPoints: [path], format: 'esm', outdir: root, write: false, metafile: true });
  const list = Object.values(metafile.outputs)
    .flatMap((output) => output.exports)
    .join(', ');
  return `import { take } from '${CODE}'; export let ${list}; take('${nameOf(path)}', (real) => ({ ${list} } = real));`;
}

/** A module of tools that have their names and places, and whose programs arrive later. */
async function toolsStub(path) {
  const cards = await cardsOf(path);
  return `
    import { take } from '${CODE}';
    const late = (card) => {
      let tool;
      const take = (real) => void (tool = real);
      return {
        card: { ...card, main: (ctx) => tool.main(ctx), complete: (words, ctx) => tool.complete?.(words, ctx) ?? [] },
        take,
      };
    };
    ${Object.entries(cards)
      .map(([name, card]) =>
        Array.isArray(card)
          ? `const $${name} = ${JSON.stringify(card)}.map(late); export const ${name} = $${name}.map(({ card }) => card);
             take('${nameOf(path)}', (real) => real.${name}.forEach((tool, i) => $${name}[i].take(tool)));`
          : `const $${name} = late(${JSON.stringify(card)}); export const ${name} = $${name}.card;
             take('${nameOf(path)}', (real) => $${name}.take(real.${name}));`,
      )
      .join('\n')}`;
}

/** For each export of a module of tools, the tool or tools without their programs; found by running the module. */
async function cardsOf(path) {
  const contents = `import * as module from ${JSON.stringify(path)};
    const card = ({ name, aliases, directory, summary }) => ({ name, aliases, directory, summary });
    const cards = Object.entries(module).map(([name, value]) => [name, Array.isArray(value) ? value.map(card) : card(value)]);
    console.log(JSON.stringify(Object.fromEntries(cards)));`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external', // found from the project's folder, where the code below runs
    write: false,
    logLevel: 'error',
  });
  const printed = execFileSync(process.execPath, ['--input-type=module', '-'], {
    cwd: root,
    input: outputFiles[0].text,
    encoding: 'utf8',
  });
  return JSON.parse(printed);
}

function at(name) {
  return join(root, `simulator/${name}.ts`);
}

/** What the bundle calls a late module. */
function nameOf(path) {
  return `m${ALL.indexOf(path)}`;
}
