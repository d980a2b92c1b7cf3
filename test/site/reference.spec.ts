/** The pages to look things up in, and the words of the glossary inside lessons. */
import { expect, test, type Page } from '@playwright/test';
import { watchForErrors } from './lab-page';

/** A lesson that marks words of the glossary. */
const MARKED = '/en/one-host/09-docker-run-p-unmasked/';

const word = (page: Page) => page.locator('.term > button').first();
const card = (page: Page) => page.locator('.term-card').first();

test('each command has a place of its own, with what it mirrors and what it prints', async ({ page }) => {
  await page.goto('/en/commands/#tcpdump');
  const heading = page.getByRole('heading', { name: 'tcpdump', exact: true });
  await expect(heading).toBeInViewport();
  const entry = page.getByRole('article').filter({ has: heading });
  await expect(entry).toContainText(/\d+ of \d+ recorded steps are equal/);
  await entry.getByText('What it mirrors').click();
  await expect(entry.getByText(/Mirrors tcpdump\(1\)/)).toBeVisible();
  await entry.getByText('What tcpdump --help prints').click();
  await expect(entry.getByText(/^tcpdump version/)).toBeVisible();
});

test('Docker’s commands stand on a page of their own', async ({ page }) => {
  await page.goto('/zh-cn/commands/');
  await page.getByRole('link', { name: '全部 docker 子命令' }).click();
  await page.getByRole('link', { name: 'service create', exact: true }).click();
  const heading = page.getByRole('heading', { name: 'docker service create', exact: true });
  await expect(heading).toBeInViewport();
});

test('an error text says who says it, and leads to a lesson', async ({ page }) => {
  await page.goto('/en/errors/#bad-rule');
  const heading = page.getByRole('heading', {
    name: 'iptables: Bad rule (does a matching rule exist in that chain?).',
  });
  await expect(heading).toBeInViewport();
  await page.getByRole('article').filter({ has: heading }).getByRole('link').first().click();
  await expect(page).toHaveURL('/en/plumbing/04-five-hooks-five-tables/');
});

test('a word of the glossary leads to others and to the lessons that mark it', async ({ page }) => {
  await page.goto('/en/glossary/#vip');
  const heading = page.getByRole('heading', { name: 'VIP', exact: true });
  await expect(heading).toBeInViewport();
  await page.getByRole('link', { name: 'load balancer sandbox' }).first().click();
  await expect(page).toHaveURL('/en/glossary/#load-balancer-sandbox');
});

test('in a lesson, pointing at a word shows what it means, and the card can be reached', async ({ page }) => {
  const errors = watchForErrors(page);
  await page.goto(MARKED);
  await expect(card(page)).toBeHidden();
  await word(page).scrollIntoViewIfNeeded();
  await word(page).hover();
  await expect(card(page)).toBeVisible();
  await card(page).getByRole('link').hover();
  await expect(card(page)).toBeVisible();
  await card(page).getByRole('link').click();
  await expect(page).toHaveURL(/\/en\/glossary\/#[a-z-]+$/);
  expect(errors).toEqual([]);
});

test('a word is described to who cannot see it; Enter opens the card and Esc closes it', async ({ page }) => {
  await page.goto(MARKED);
  await word(page).focus();
  const meaning = (await card(page).textContent())!;
  expect(meaning.length).toBeGreaterThan(40);
  await expect(word(page)).toHaveAccessibleDescription(/^veth pair Two virtual Ethernet devices joined/);
  await page.keyboard.press('Enter');
  await expect.poll(() => card(page).evaluate((element) => element.matches(':popover-open'))).toBe(true);
  await page.keyboard.press('Escape');
  await expect.poll(() => card(page).evaluate((element) => element.matches(':popover-open'))).toBe(false);
});

test('a tap opens a word’s card inside the screen of a phone, without a script', async ({ browser, baseURL }) => {
  const context = await browser.newContext({
    javaScriptEnabled: false,
    baseURL: baseURL!,
    viewport: { width: 390, height: 844 },
    hasTouch: true,
  });
  const page = await context.newPage();
  await page.goto(MARKED);
  await word(page).tap();
  await expect(card(page)).toBeVisible();
  const box = (await card(page).boundingBox())!;
  expect(box.x).toBeGreaterThanOrEqual(0);
  expect(box.x + box.width).toBeLessThanOrEqual(390);
});
