/**
 * Every page of the built site: nothing serious or critical for axe in both themes, and no request leaves the origin.
 * What a lab shows is tested with it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

const DIST = process.env['MESHWALK_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url));
/** The rules whose outcome depends on the theme. */
const COLOURS = ['color-contrast', 'link-in-text-block'];
/** Starts a lab's world, or an editor: not needed to look at the page. */
const LABS = /\/_astro\/(LabDock|Playground|Studio)[^/]*\.js$/;

/** Addresses of all pages, without those that only lead to another one. */
const pages = readdirSync(DIST, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.html') && !readFileSync(join(DIST, name), 'utf8').includes('http-equiv="refresh"'))
  .map((name) => `/${name.replaceAll('\\', '/').replace(/index\.html$/, '')}`)
  .sort();

async function grave(page: Page, rules?: string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode(); // there are no frames, and it saves a page for each look
  const { violations } = await (rules === undefined ? axe : axe.withRules(rules)).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}, ${nodes.length} times: ${nodes[0]!.html}`);
}

for (const language of ['en', 'zh-cn']) {
  const own = pages.filter((path) => path.startsWith(`/${language}/`) || (language === 'en' && path === '/404.html'));
  test(`nothing serious for axe on any page in ${language}`, async ({ page }) => {
    test.setTimeout(30_000 + own.length * 15_000);
    expect(own.length).toBeGreaterThan(5);
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' }); // colours change at once
    await page.route(LABS, (route) => route.abort());
    const foreign: string[] = [];
    page.on('request', (request) => {
      if (/^(http|ws)/.test(request.url()) && new URL(request.url()).hostname !== 'localhost')
        foreign.push(request.url());
    });
    for (const path of own) {
      await page.goto(path);
      expect.soft(await grave(page), `${path}, light`).toEqual([]);
      await page.evaluate(() => (document.documentElement.dataset['theme'] = 'dark'));
      expect.soft(await grave(page, COLOURS), `${path}, dark`).toEqual([]);
    }
    expect(foreign).toEqual([]);
  });
}
