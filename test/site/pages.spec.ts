/** Every page: no errors, a strict policy, accessible in both themes, and no wider than a phone. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { frontTerminal, LESSON, watchForErrors } from './lab-page';

const PAGES = ['/en/', LESSON, '/en/keys/', '/en/fidelity/'];

for (const path of PAGES) {
  test(`${path} loads without errors and without inline scripts`, async ({ page }) => {
    const errors = watchForErrors(page);
    const response = await page.goto(path);
    expect(response!.headers()['content-security-policy']).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(response!.headers()).not.toHaveProperty('cross-origin-opener-policy');
    expect(response!.headers()).not.toHaveProperty('cross-origin-embedder-policy');
    const meta = page.locator('meta[http-equiv="Content-Security-Policy"]');
    await expect(meta).toHaveAttribute('content', /script-src 'self' 'wasm-unsafe-eval';/);
    const html = await response!.text();
    const inline = [...html.matchAll(/<script\b(?![^>]*\bsrc=)(?![^>]*application\/(?:ld\+)?json)[^>]*>/g)];
    expect(inline.map(([tag]) => tag)).toEqual([]);
    expect(html).not.toMatch(/\son[a-z]+=/);
    await page.waitForLoadState('networkidle');
    expect(errors).toEqual([]);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`${path} is accessible in ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await page.goto(path);
      if (await page.locator('.lab').count()) await expect(frontTerminal(page)).toContainText('#');
      // xterm draws its rows for the eye only; its text field and, when asked, its live region are for readers.
      const { violations } = await new AxeBuilder({ page }).exclude('.xterm-screen').analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
    });
  }

  test(`${path} fits a phone`, async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(path);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(390);
  });
}

test('the address of the site leads to the home page, and from there to the first lesson', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Follow one packet through Docker Swarm');
  await page.getByRole('link', { name: /^Start:/ }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Ten hops for one curl');
});

test('/fidelity shows the table of recordings', async ({ page }) => {
  await page.goto('/fidelity');
  await expect(page.getByRole('rowheader', { name: 'routing-mesh', exact: true })).toBeVisible();
});

test('the theme can be chosen and is remembered', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/en/');
  await page.getByRole('button', { name: 'Dark theme' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.goto(LESSON);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});
