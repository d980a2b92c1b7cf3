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
const TOOLS = join(root, 'simulator/tools/index.ts');
const LATE = ['parse', 'execute', 'builtins', 'aliases', 'expand'].map((name) =>
  join(root, `simulator/shell/${name}.ts`),
);
const CODE = 'virtual:late-code';
const BUNDLE = 'virtual:late-bundle';
const REAL = '?real';

/** The Vite plugin, for the worker's build and for the development server. */
export function lateCode() {
  let active = false;
  const late = (path) => active && (path === TOOLS || LATE.includes(path));
  return {
    name: 'late-code',
    enforce: 'pre',
    configResolved(config) {
      active = config.command === 'build';
    },
    async resolveId(specifier, importer, options) {
      if (specifier === CODE || specifier === BUNDLE) return `\0${specifier}`;
      if (specifier.endsWith(REAL)) return specifier;
      if (!active || importer === undefined || !importer.endsWith(REAL)) return null;
      // A real module means the real ones when it names its siblings.
      const from = importer.slice(0, -REAL.length);
      const found = await this.resolve(specifier, from, { ...options, skipSelf: true });
      return found !== null && late(found.id) ? found.id + REAL : found;
    },
    async load(id) {
      if (id === `\0${CODE}`) return active ? loaderCode() : 'export const loadLateCode = async () => {};';
      if (id === `\0${BUNDLE}`)
        return [TOOLS, ...LATE].map((path, i) => `export * as m${i} from '${path}${REAL}';`).join('\n');
      if (id.endsWith(REAL)) return { code: readFileSync(id.slice(0, -REAL.length), 'utf8'), moduleType: 'ts' };
      if (!late(id)) return null;
      return id === TOOLS ? toolsStub() : { code: stub(LATE.indexOf(id) + 1, await exportsOf(id)), moduleType: 'js' };
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

function stub(index, names) {
  const list = names.join(', ');
  return `import { take } from '${CODE}'; export let ${list}; take('m${index}', (real) => ({ ${list} } = real));`;
}

/** The names of values that a module exports; types are gone when it runs. */
async function exportsOf(path) {
  const { metafile } = await build({ entryPoints: [path], format: 'esm', outdir: root, write: false, metafile: true });
  return Object.values(metafile.outputs).flatMap((output) => output.exports);
}

/** The list of tools with their names and places, whose programs arrive later. */
async function toolsStub() {
  const cards = `import { allTools } from ${JSON.stringify(TOOLS)};
    console.log(JSON.stringify(allTools.map(({ name, aliases, directory, summary }) => ({ name, aliases, directory, summary }))));`;
  const { outputFiles } = await build({
    stdin: { contents: cards, resolveDir: root },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    logLevel: 'error',
  });
  const list = execFileSync(process.execPath, ['--input-type=module', '-'], {
    input: outputFiles[0].text,
    encoding: 'utf8',
  });
  const code = `
    import { take } from '${CODE}';
    const programs = new Map();
    take('m0', ({ allTools }) => { for (const tool of allTools) programs.set(tool.name, tool); });
    export const allTools = ${list.trim()}.map((card) => ({
      ...card,
      main: (ctx) => programs.get(card.name).main(ctx),
      complete: (words, ctx) => programs.get(card.name).complete?.(words, ctx) ?? [],
    }));`;
  return { code, moduleType: 'js' };
}
