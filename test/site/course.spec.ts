/** The course map and the home page: what there is, how far the learner is, and the way back to where they were. */
import { expect, test, type Page } from '@playwright/test';

/** Notes on this browser what a learner did, as the lessons note it. */
async function done(
  page: Page,
  ...lessons: readonly [row: number, how: 'started' | 'done' | 'older'][]
): Promise<void> {
  await page.evaluate((list) => {
    for (const [row, how] of list) {
      const element = document.querySelectorAll<HTMLElement>('[data-card]')[row]!;
      const card = JSON.parse(element.dataset.card!) as Record<'lab' | 'version', string> &
        Record<'tasks' | 'quiz', string[]>;
      const version = how === 'older' ? 'of-before' : card.version;
      const tasks = Object.fromEntries(
        card.tasks.slice(0, how === 'started' ? 1 : undefined).map((id) => [id, version]),
      );
      const progress = { tasks, predicts: {}, quiz: {}, ...(how === 'started' ? {} : { completed: version }) };
      localStorage.setItem(`meshwalk:progress:${card.lab}`, JSON.stringify(progress));
    }
  }, lessons);
  await page.reload();
}

test('the map lists every lesson with what it proves, its minutes and what it builds on', async ({ page }) => {
  await page.goto('/en/course/');
  const bridges = page
    .getByRole('listitem')
    .filter({ has: page.getByRole('link', { name: 'Bridges: who learns what' }) });
  const row = bridges.last();
  await expect(row).toContainText('FDB');
  await expect(row).toContainText('25 minutes');
  await row.getByRole('link', { name: 'Lesson 01', exact: true }).click();
  await expect(page).toHaveURL('/en/plumbing/01-a-namespace-and-its-wire/');
});

for (const [locale, words] of [
  [
    'en',
    {
      begun: /begun, 1 of \d+ tasks/,
      older: 'done, in an older version',
      count: /^2 of \d+ lessons done\.$/,
      go: /^Go on: /,
    },
  ],
  [
    'zh-cn',
    {
      begun: /进行中，已完成 1\/\d+ 个任务/,
      older: '已在旧版本上完成',
      count: /^已完成 2 课，共 \d+ 课。$/,
      go: /^继续：/,
    },
  ],
] as const) {
  test(`the map shows how far the learner is, and leads on (${locale})`, async ({ page }) => {
    await page.goto(`/${locale}/course/`);
    await done(page, [0, 'done'], [1, 'older'], [2, 'started']);
    const rows = page.locator('[data-card]');
    await expect(rows.nth(0)).toHaveAttribute('data-state', 'done');
    await expect(rows.nth(1)).toContainText(words.older);
    await expect(rows.nth(2)).toContainText(words.begun);
    await expect(rows.nth(3).locator('.state')).toBeEmpty();
    await expect(page.locator('[data-done-of]')).toHaveText(words.count);
    await page.getByRole('link', { name: words.go }).click();
    await expect(page).toHaveURL(`/${locale}/plumbing/02-bridges/`);
  });
}

test('the home page leads back to the lesson that was begun', async ({ page }) => {
  await page.goto('/en/');
  await expect(page.getByRole('link', { name: /^Start: / })).toBeVisible();
  await done(page, [0, 'done'], [1, 'started']);
  await page.getByRole('link', { name: /^Go on: A namespace and its wire/ }).click();
  await expect(page).toHaveURL('/en/plumbing/01-a-namespace-and-its-wire/');
});

test('progress goes into a file, and another browser takes it', async ({ page, browser }) => {
  await page.goto('/en/course/');
  const status = page.locator('[data-file]').getByRole('status');
  await page.getByRole('button', { name: 'Save as a file' }).click();
  await expect(status).toHaveText('There is nothing to save yet.');
  await done(page, [0, 'done'], [2, 'done']);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as a file' }).click();
  const path = await (await download).path();
  const other = await (await browser.newContext()).newPage();
  await other.goto(new URL('/en/course/', page.url()).href);
  await other.getByLabel('Open a file').setInputFiles(path);
  await expect(other.locator('[data-file]').getByRole('status')).toContainText('2 lessons');
  await expect(other.locator('[data-card]').nth(2)).toHaveAttribute('data-state', 'done');
  await other
    .getByLabel('Open a file')
    .setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{') });
  await expect(other.locator('[data-file]').getByRole('status')).toContainText('damaged');
  await expect(other.locator('[data-card]').nth(2)).toHaveAttribute('data-state', 'done');
});

test('without a script the map is all there', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: baseURL! });
  const page = await context.newPage();
  await page.goto('/en/course/');
  await expect(page.getByRole('link', { name: 'Bridges: who learns what' })).toBeVisible();
  await expect(page.getByRole('link', { name: /^Begin: / })).toBeVisible();
});
