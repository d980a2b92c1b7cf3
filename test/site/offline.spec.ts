/** The site without a network after one visit, and a new build while a session is open. */
import { expect, test as base, type Page } from '@playwright/test';
import { frontTerminal, LESSON, openLab, screen, type, watchForErrors } from './lab-page';
import { ANOTHER, ChangingSite } from './new-build';

const OTHER_LESSON = '/en/plumbing/01-a-namespace-and-its-wire/';

const test = base.extend<{ site: ChangingSite }>({
  site: async ({}, use, testInfo) => {
    const site = await ChangingSite.start(testInfo.outputPath('site'));
    await use(site);
    site.stop();
  },
});
test.use({ serviceWorkers: 'allow' });
test.beforeEach(() => test.setTimeout(120_000));

/** Opens a lesson, and waits until the whole site has been kept and answers from there. */
async function visit(page: Page, url: string): Promise<void> {
  await openLab(page, url);
  await expect
    .poll(() => page.evaluate(() => navigator.serviceWorker.controller?.state), { timeout: 60_000 })
    .toBe('activated');
}

async function typeInFront(page: Page, command: string): Promise<string> {
  await page.locator('.terminal:visible textarea').focus();
  return type(page, command);
}

/** Addresses that are kept, without their hashes. */
function kept(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const requests = await (await caches.open('meshwalk')).keys();
    return requests.map(({ url }) => new URL(url).pathname);
  });
}

test('after one visit every page and its lab are there without a network', async ({ page, site }) => {
  await visit(page, site.url(LESSON));
  await typeInFront(page, 'x=before');
  site.stop();
  const errors = watchForErrors(page);
  await page.reload();
  await expect(page.locator('[data-stale]')).toHaveCount(0);
  expect(await typeInFront(page, 'echo $x')).toBe('before');
  await page.getByRole('button', { name: 'Run on client: curl 192.168.56.11:8000', exact: true }).click();
  await expect(page.getByRole('region', { name: 'Packet story' })).toContainText('ingress_sbox');
  await openLab(page, site.url(OTHER_LESSON));
  expect(await typeInFront(page, 'ip netns add later; ip netns')).toContain('later');
  for (const path of ['/', '/zh-cn/', '/zh-cn/keys', '/en/fidelity/index.html']) {
    await page.goto(site.url(path));
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  }
  expect(errors).toEqual([]);
  const missing = await page.goto(site.url('/en/nowhere/'));
  expect(missing!.status()).toBe(404);
});

test('what is large and rare is kept once it was used; before that its command says so', async ({ page, site }) => {
  await visit(page, site.url(LESSON));
  expect((await kept(page)).filter((path) => /jq|monaco|pagefind/.test(path))).toEqual([]);
  expect(await typeInFront(page, "echo '[4]' | jq -c .")).toBe('[4]');
  site.stop();
  await page.reload();
  await expect(page.locator('[data-stale]')).toHaveCount(0);
  expect(await typeInFront(page, "echo '[5]' | jq -c .")).toBe('[5]');
  expect(await typeInFront(page, 'echo a | sed s/a/b/')).toMatch(/network|fetch/i);
  await site.resume();
  expect(await typeInFront(page, 'echo a | sed s/a/b/')).toBe('b');
});

test('nothing of this is fetched before the first prompt', async ({ page, site }) => {
  await visit(page, site.url(LESSON));
  const [prompt, ...began] = await page.evaluate(() => [
    performance.getEntriesByName('meshwalk:prompt')[0]!.startTime,
    ...performance
      .getEntriesByType('resource')
      .filter(({ name }) => /\/_astro\/(soon|page)\./.test(name))
      .map(({ startTime }) => startTime),
  ]);
  expect(began).toHaveLength(2);
  for (const time of began) expect(time).toBeGreaterThan(prompt!);
});

test('a new build waits for the learner, and never takes a chunk away from an open session', async ({
  page,
  site,
  context,
}) => {
  const errors = watchForErrors(page);
  await visit(page, site.url(LESSON));
  await typeInFront(page, 'x=kept; curl 192.168.56.11:8000');
  await site.becomeAnotherBuild();
  const offer = page.getByRole('status').filter({ hasText: 'A new version' });
  await expect(offer).toBeHidden();
  await page.evaluate(() => dispatchEvent(new Event('vite:preloadError'))); // as when a chunk cannot be had
  await expect(offer).toBeVisible({ timeout: 60_000 });

  const other = await context.newPage();
  await openLab(other, site.url(LESSON)); // still the old build
  await expect(other.getByRole('status').filter({ hasText: 'A new version' })).toBeVisible();
  await other.getByRole('button', { name: 'Later' }).click();
  await other.getByRole('button', { name: 'Run on client: curl 192.168.56.11:8000', exact: true }).click();

  const story = page.getByRole('region', { name: 'Packet story' });
  await story.getByRole('button', { name: 'Map', exact: true }).click();
  await expect(story.locator('svg.map .card').first()).toBeVisible();
  await offer.getByRole('button', { name: 'Change to it' }).click();
  await expect(page.getByRole('button', { name: 'Change to it' })).toHaveCount(0);
  await expect(page.locator('[data-stale]')).toHaveCount(0);
  await expect(frontTerminal(page)).toContainText(/[#$]\s*$/m);
  expect(await typeInFront(page, 'echo $x')).toBe('kept');
  expect((await kept(page)).some((path) => path.includes(ANOTHER))).toBe(true);

  const theirs = other.getByRole('region', { name: 'Packet story' });
  await theirs.getByRole('button', { name: 'Map', exact: true }).click(); // its chunk is not on the server any more
  await expect(theirs.locator('svg.map .card').first()).toBeVisible();
  const old = (await kept(page)).filter((path) => /\/panel\./.test(path) && !path.includes(ANOTHER));
  expect(old.length).toBeGreaterThan(0);
  await other.close();
  await page.reload();
  await expect.poll(async () => (await kept(page)).filter((path) => old.includes(path))).toEqual([]);
  expect(await screen(page)).toContain('kept');
  expect(errors).toEqual([]);
});
