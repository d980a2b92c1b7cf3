/** The search: every kind of page in both languages, by keyboard, fetched only when it is opened. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { LESSON, openLab, watchForErrors } from './lab-page';

const panel = (page: Page) => page.locator('#site-search');

async function search(page: Page, text: string): Promise<void> {
  await panel(page).getByRole('searchbox').fill(text);
  await expect(panel(page).getByRole('link').first()).toBeVisible();
}

/** What is typed, and an address that has to be among what is found. */
const FINDS: Record<string, readonly (readonly [text: string, address: RegExp])[]> = {
  en: [
    ['ipvsadm', /\/en\/commands\/#ipvsadm$/],
    ['docker service create', /\/en\/commands\/docker\/#docker-service-create$/],
    ['masquerade', /\/en\/glossary\/#masquerade$/],
    ['Destination Host Unreachable', /\/en\/errors\/#host-unreachable$/],
    ['already in use by service', /\/en\/errors\/#port-in-use-by-service$/],
    ['bridges', /\/en\/plumbing\/02-bridges\//],
  ],
  'zh-cn': [
    ['路由网格', /\/zh-cn\/glossary\/#routing-mesh$/],
    ['连接跟踪', /\/zh-cn\/plumbing\/05-conntrack-and-nat\//],
    ['命名空', /\/zh-cn\/glossary\/#namespace$/],
    ['Network is unreachable', /\/zh-cn\/errors\/#network-unreachable$/],
    ['ipvsadm', /\/zh-cn\/commands\/#ipvsadm$/],
  ],
};

for (const [locale, finds] of Object.entries(FINDS)) {
  for (const [text, address] of finds) {
    test(`“${text}” is found (${locale})`, async ({ page }) => {
      const errors = watchForErrors(page);
      await page.goto(`/${locale}/about/`);
      await page.keyboard.press('Control+k');
      await search(page, text);
      const addresses = (): Promise<string[]> =>
        panel(page)
          .getByRole('link')
          .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
      await expect.poll(async () => (await addresses()).filter((one) => address.test(one)).length).toBeGreaterThan(0);
      expect((await addresses()).filter((one) => !new URL(one).pathname.startsWith(`/${locale}/`))).toEqual([]);
      expect(errors).toEqual([]);
    });
  }
}

test('the keyboard alone opens it, walks what is found, and goes there', async ({ page }) => {
  await page.goto('/en/about/');
  await page.getByRole('button', { name: 'Search' }).focus();
  await page.keyboard.press('Enter');
  await expect(panel(page).getByRole('searchbox')).toBeFocused();
  await search(page, 'conntrack');
  await page.keyboard.press('ArrowDown');
  await expect(panel(page).getByRole('link').first()).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(panel(page).getByRole('link').nth(1)).toBeFocused();
  const href = await panel(page).getByRole('link').nth(1).getAttribute('href');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(href!);
});

test('Esc closes it, and nothing found is said', async ({ page }) => {
  await page.goto('/en/about/');
  await page.keyboard.press('Control+k');
  await panel(page).getByRole('searchbox').fill('ωμέγα');
  await expect(panel(page).getByRole('status')).toHaveText('Nothing found for “ωμέγα”.');
  await page.keyboard.press('Escape');
  await expect(panel(page)).toBeHidden();
});

test('a lesson fetches nothing of it until it is opened; Ctrl K stays the shell’s in a terminal', async ({ page }) => {
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  await openLab(page);
  await page.waitForLoadState('networkidle');
  await page.locator('.terminal:visible textarea').focus();
  await page.keyboard.press('Control+k');
  await expect(panel(page)).toBeHidden();
  expect(fetched.filter((path) => path.startsWith('/pagefind/') || /\/panel\.[^/]*search/.test(path))).toEqual([]);
  await page.getByRole('button', { name: 'Search' }).click();
  await search(page, 'VXLAN');
  expect(fetched.filter((path) => path.startsWith('/pagefind/')).length).toBeGreaterThan(0);
  await expect(page).toHaveURL(LESSON);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`what is found is accessible in ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await page.goto('/en/about/');
    await page.keyboard.press('Control+k');
    await search(page, 'ingress');
    const { violations } = await new AxeBuilder({ page }).include('#site-search').analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
  });
}

test.describe('with a service worker', () => {
  test.use({ serviceWorkers: 'allow' });

  test('once used, it works without a network', async ({ page, context }) => {
    await page.goto('/en/about/');
    await page.evaluate(() => navigator.serviceWorker.ready);
    await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
    await page.keyboard.press('Control+k');
    await search(page, 'ingress');
    await expect
      .poll(() =>
        page.evaluate(async () => {
          const files = (await (await fetch('/pagefind/files.txt')).text())
            .split('\n')
            .filter((file) => file.includes('/en_'));
          const kept = await Promise.all(
            files.map((file) => caches.match(`/pagefind/${file}`, { ignoreSearch: true })),
          );
          return files.length > 0 && kept.every((one) => one !== undefined);
        }),
      )
      .toBe(true);
    await context.setOffline(true);
    await page.reload();
    await page.keyboard.press('Control+k');
    await search(page, 'masquerade');
  });
});
