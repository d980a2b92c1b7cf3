/** The same scenario, seed and keys, in Node and in Chromium: the same bytes on every terminal and the same trace. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from '@playwright/test';
import { build } from 'esbuild';
import type { play, Played } from '../determinism/play.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface PlayModule {
  readonly play: typeof play;
}

/** One bundle for both, so that nothing but the machine under it differs. */
async function bundle(outfile: string): Promise<string> {
  await build({
    absWorkingDir: root,
    entryPoints: ['test/determinism/play.ts'],
    outfile,
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  });
  return outfile;
}

test('Node and Chromium play the same session', async ({ page }, testInfo) => {
  test.setTimeout(120_000);
  const file = await bundle(testInfo.outputPath('play.mjs'));
  const inNode = (await import(pathToFileURL(file).href)) as PlayModule;
  await page.goto('about:blank'); // a page without a policy, so that the bundle may come as text
  const inChromium = await page.evaluateHandle(
    async (code) => {
      const address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
      return (await import(address)) as PlayModule;
    },
    readFileSync(file, 'utf8'),
  );

  for (const [scenario, seed] of [
    ['routing-mesh', undefined],
    ['empty', 7],
  ] as const) {
    const text = readFileSync(join(root, 'content/scenarios', `${scenario}.yaml`), 'utf8');
    const here = inNode.play(text, seed);
    const there = await inChromium.evaluate((module, [text, seed]): Played => module.play(text, seed), [
      text,
      seed,
    ] as const);
    expect(here.screen.length).toBeGreaterThan(500);
    expect(here.events).toBeGreaterThan(scenario === 'empty' ? 10 : 1000);
    expect(there).toEqual(here);
    if (seed === undefined) {
      const again = await inChromium.evaluate((module, text): Played => module.play(text), text);
      expect(again).toEqual(here); // what an earlier world left behind must not show
    }
  }
});
