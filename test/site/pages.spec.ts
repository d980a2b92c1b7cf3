/** Every page: no errors, a strict policy, and no wider than a phone. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { frontTerminal, LESSON, openLab, watchForErrors } from './lab-page';

const ENGLISH = [
  '/en/',
  LESSON,
  '/en/course/',
  '/en/playground/',
  '/en/commands/',
  '/en/commands/docker/',
  '/en/errors/',
  '/en/glossary/',
  '/en/keys/',
  '/en/fidelity/',
  '/en/about/',
];
const PAGES = [...ENGLISH, ...ENGLISH.map((path) => path.replace('/en/', '/zh-cn/'))];

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

  test(`${path} fits a phone`, async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(path);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(390);
  });
}

// With its world running; without, axe.spec.ts looks at every page.
for (const path of ['/en/playground/', LESSON.replace('/en/', '/zh-cn/')]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`${path} is accessible in ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await page.goto(path);
      await expect(frontTerminal(page)).toContainText('#');
      // xterm draws its rows for the eye only; its text field and, when asked, its live region are for readers.
      const { violations } = await new AxeBuilder({ page }).exclude('.xterm-screen').analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
    });
  }
}

test('the address of the site leads to the home page, and from there to the first lesson', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Follow one packet through Docker Swarm');
  await page.getByRole('link', { name: /^Start:/ }).click();
  await expect(page.locator('.kicker')).toContainText('Orientation');
});

for (const path of ENGLISH) {
  test(`${path} leads to its Chinese page and back, by keyboard`, async ({ page }) => {
    const chinese = path.replace('/en/', '/zh-cn/');
    await page.goto(path);
    await page.getByRole('link', { name: '简体中文', exact: true }).focus();
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(chinese);
    await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/\p{Script=Han}/u);
    const back = page.getByRole('link', { name: 'English', exact: true });
    await expect(back).toHaveAttribute('lang', 'en');
    await back.focus();
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(path);
  });
}

test('a Chinese lesson has the lab of the English one, and Run types into it', async ({ page }) => {
  await openLab(page, LESSON.replace('/en/', '/zh-cn/'));
  await page
    .getByRole('button', { name: /^运行，在 client 上/ })
    .first()
    .click();
  await expect(frontTerminal(page)).toContainText('curl 192.168.56.11:8000');
  await expect(page.locator('.story .steps, .story-body').first()).toContainText(/\p{Script=Han}/u);
  await page.getByRole('link', { name: 'English', exact: true }).click();
  await expect(frontTerminal(page)).toContainText('curl 192.168.56.11:8000'); // it is the same world
});

test('no typeface is fetched for Chinese', async ({ page }) => {
  const fonts: string[] = [];
  page.on('request', (request) => {
    if (request.resourceType() === 'font') fonts.push(new URL(request.url()).pathname);
  });
  await page.goto('/zh-cn/');
  await page.waitForLoadState('networkidle');
  expect(fonts.length).toBeGreaterThan(0);
  expect(fonts.filter((font) => !/source-serif-4-latin|ibm-plex-mono-latin/.test(font))).toEqual([]);
});

test('/fidelity shows the table of recordings', async ({ page }) => {
  await page.goto('/fidelity');
  await expect(page.getByRole('rowheader', { name: 'routing-mesh', exact: true })).toBeVisible();
});

test('what is not there says so in both languages, and leads on', async ({ page }) => {
  const response = await page.goto('/zh-cn/no/such/page/');
  expect(response!.status()).toBe(404);
  await expect(page.getByText('There is no page at this address.')).toBeVisible();
  await expect(page.getByText('这个地址没有页面。')).toBeVisible();
  await page.getByRole('main').getByRole('link', { name: '课程' }).click();
  await expect(page).toHaveURL('/zh-cn/course/');
});

test('on a phone the menu leads to every page', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/en/');
  await page.getByRole('button', { name: 'Menu' }).click();
  const menu = page.locator('#site-menu');
  for (const name of ['Course', 'Playground', 'Commands', 'Error texts', 'Glossary', 'Keys', 'Fidelity', 'About'])
    await expect(menu.getByRole('link', { name, exact: true })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(menu).toBeHidden();
  await page.getByRole('button', { name: 'Menu' }).click();
  await menu.getByRole('link', { name: 'About', exact: true }).click();
  await expect(page).toHaveURL('/en/about/');
});

test('a lesson on paper has its text, dark on white, and no machines', async ({ page }) => {
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await page.goto(LESSON);
  await expect(page.locator('.lab-dock')).toBeHidden();
  await expect(page.getByRole('banner')).toBeHidden();
  await expect(page.getByRole('button', { name: /^Run/ })).toHaveCount(0);
  const [ink, paper] = await page.evaluate(() => {
    const { color, backgroundColor } = getComputedStyle(document.querySelector('.sl-markdown-content > p')!);
    return [color, getComputedStyle(document.body).backgroundColor || backgroundColor];
  });
  expect(ink).toBe('rgb(27, 25, 22)');
  expect(paper).toBe('rgb(255, 255, 255)');
});

test('the theme can be chosen and is remembered', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/en/');
  await page.getByRole('button', { name: 'Dark theme' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.goto(LESSON);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});
