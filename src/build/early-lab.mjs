// After the build: a lesson's scenario and the script that starts its world go to the top of the page's head, so that the worker builds its world while the browser still reads, styles and draws the prose.
// Astro itself writes a component's script where the component stands, near the end, to run after all of that.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const START = /<script type="module" src="(\/_astro\/LabDock[^"]*)"><\/script>/;
/** What the world starts from. */
const SCENARIO = /<script type="application\/json" id="lab-scenario"[^>]*>[\s\S]*?<\/script>/;
/** The chunk that draws the dock, as the start script names it. */
const DOCK = /_astro\/dock\.[\w-]+\.js/;

/** The Astro integration; before the policy, which has to stand first. */
export function earlyLab() {
  return {
    name: 'early-lab',
    hooks: {
      'astro:build:done': ({ dir }) => {
        const root = fileURLToPath(dir);
        const pages = readdirSync(root, { recursive: true }).filter((name) => name.endsWith('.html'));
        for (const name of pages) {
          const file = join(root, name);
          const html = readFileSync(file, 'utf8');
          const start = START.exec(html);
          if (start === null) continue;
          const [tag, source] = start;
          const dock = DOCK.exec(readFileSync(join(root, source), 'utf8'))?.[0];
          if (dock === undefined) throw new Error(`${source} does not name the dock's chunk`);
          const scenario = SCENARIO.exec(html)?.[0];
          if (scenario === undefined) throw new Error(`${name} has a lab and no scenario`);
          const early = `${scenario}<script type="module" async src="${source}"></script><link rel="modulepreload" href="/${dock}">`;
          writeFileSync(
            file,
            html
              .replace(tag, '')
              .replace(scenario, '')
              .replace('<head>', () => `<head>${early}`),
          );
        }
      },
    },
  };
}
