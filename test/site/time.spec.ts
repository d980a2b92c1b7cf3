/** Time in the learner's hand, in a browser: pause, step, go back, fork, start over, crash, reload, links. */
import { expect, test, type Page } from '@playwright/test';
import { frontTerminal, openLab, screen, type, useHost, watchForErrors } from './lab-page';

const CURL = 'curl 192.168.56.11:8000';

/** The time bar, once it is there. */
async function timeBar(page: Page) {
  const bar = page.getByRole('region', { name: 'Time', exact: true });
  await expect(bar.getByRole('slider')).toBeVisible();
  return bar;
}

async function openAndFocus(page: Page, path?: string) {
  await openLab(page, path);
  await page.locator('.terminal:visible textarea').focus();
  return timeBar(page);
}

/** Goes to just before the command that was typed last, once the page has heard of all of them. */
async function goBack(page: Page, commands: number): Promise<void> {
  await expect(page.locator('.scrubber .ticks i')).toHaveCount(commands);
  await page.getByRole('slider', { name: 'Moment of the session' }).focus();
  await page.keyboard.press('PageUp');
  await expect(page.locator('.past-note')).toBeVisible();
}

test('a paused world shows what is typed, stands at the first packet, and steps from hook to hook', async ({
  page,
}) => {
  const bar = await openAndFocus(page);
  await page.keyboard.press('F8');
  await expect(bar.getByRole('status')).toHaveText('Time stands still.');
  await page.keyboard.type(`${CURL}\n`);
  await expect(frontTerminal(page)).toContainText(CURL);
  await expect(bar.getByRole('status')).toContainText('client, host: sent by');
  await bar.getByLabel('Step to').selectOption('hook');
  await page.keyboard.press('F9');
  await expect(bar.getByRole('status')).toContainText('node1, host: ');
  await expect(frontTerminal(page)).not.toContainText("I'm");
  await page.keyboard.press('F8');
  await expect(frontTerminal(page)).toContainText(/I'm [0-9a-f]{12}/);
});

test('going back shows that instant; typing there begins a branch, and the old one stays', async ({ page }) => {
  const errors = watchForErrors(page);
  const bar = await openAndFocus(page);
  await type(page, 'echo first; x=1');
  const before = await screen(page);
  await page.keyboard.type('echo second; x=2\n');
  await expect(frontTerminal(page)).toContainText(/second\s*\[root/);
  await goBack(page, 2);
  await expect.poll(() => screen(page)).toBe(before);
  await expect(page.locator('.past-note')).toContainText('Type to go on from here');

  await page.locator('.terminal:visible textarea').focus();
  expect(await type(page, 'echo $x')).toBe('1');
  await expect(page.locator('.past-note')).toBeHidden();
  await bar.getByRole('button', { name: 'Branches' }).click();
  await expect(bar.getByRole('button', { name: /echo \$x/ })).toHaveAttribute('aria-current', 'true');
  await bar.getByRole('button', { name: /from the beginning/ }).click();
  await page.locator('.terminal:visible textarea').focus();
  expect(await type(page, 'echo $x')).toBe('2');
  expect(errors).toEqual([]);
});

test('a story of what lies ahead is not told yet', async ({ page }) => {
  const bar = await openAndFocus(page);
  await type(page, CURL);
  const requests = page.getByRole('combobox', { name: 'Request' });
  await expect(requests).toContainText('192.168.56.11:8000');
  await goBack(page, 1);
  await expect(requests.getByText('192.168.56.11:8000')).toHaveCount(0);
  await bar.getByRole('button', { name: 'Now' }).click();
  await expect(requests).toContainText('192.168.56.11:8000');
});

test('a shell that was opened later is not there, and is again', async ({ page }) => {
  const bar = await openAndFocus(page);
  await type(page, 'echo early');
  await useHost(page, 'node1');
  await type(page, 'echo late');
  const slider = bar.getByRole('slider');
  await slider.focus();
  await page.keyboard.press('Home');
  await expect(frontTerminal(page)).toContainText('not open at this moment');
  await page.keyboard.press('End');
  await expect(frontTerminal(page)).toContainText('echo late');
});

test('quarter of an hour is skipped with all its events', async ({ page }) => {
  const bar = await openAndFocus(page);
  await type(page, 'sleep 600 && echo woken &');
  await bar.getByRole('button', { name: 'Skip' }).click();
  await bar.getByRole('button', { name: '15 minutes' }).click();
  await expect(frontTerminal(page)).toContainText('woken');
  await expect(bar.locator('.clock')).toContainText(/^1[56]:/);
});

test('the step and the lesson begin again, and undo brings back what was', async ({ page }) => {
  const bar = await openAndFocus(page);
  await type(page, 'echo one');
  await type(page, 'echo two');
  const before = await screen(page);
  await page.getByRole('button', { name: 'Start over' }).click();
  await page.getByRole('button', { name: 'This step' }).click();
  await expect(frontTerminal(page)).not.toContainText('two');
  await expect(bar.getByRole('status')).toHaveText('The step begins again.');
  await bar.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => screen(page)).toBe(before);
  await page.getByRole('button', { name: 'Start over' }).click();
  await page.getByRole('button', { name: 'This lesson' }).click();
  await expect.poll(() => screen(page)).toMatch(/^.*[#$]$/);
  await bar.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => screen(page)).toBe(before);
});

test('branches and what they showed survive a reload', async ({ page }) => {
  await openAndFocus(page);
  await type(page, 'y=7; echo kept');
  await type(page, 'echo left behind');
  await goBack(page, 2);
  await page.locator('.terminal:visible textarea').focus();
  await type(page, 'echo here');
  const before = await screen(page);
  await page.reload();
  await expect.poll(() => screen(page)).toBe(before);
  await expect(page.locator('[data-stale]')).toHaveCount(0);
  const bar = await timeBar(page);
  await page.locator('.terminal:visible textarea').focus();
  expect(await type(page, 'echo $y')).toBe('7');
  await bar.getByRole('button', { name: 'Branches' }).click();
  await expect(bar.getByRole('button', { name: /from the beginning/ })).toBeVisible();
});

test('a worker that crashes is replaced, and the session goes on', async ({ page }) => {
  const bar = await openAndFocus(page);
  await type(page, 'z=9; echo before');
  await expect(page.locator('.scrubber .ticks i')).toHaveCount(1); // the page has heard of it
  await page.workers()[0]!.evaluate(() => {
    setTimeout(() => {
      throw new Error('struck');
    });
  });
  await expect(bar.getByRole('status')).toContainText('The lab had stopped. It was started again');
  await expect(frontTerminal(page)).toContainText('before');
  await page.locator('.terminal:visible textarea').focus();
  expect(await type(page, 'echo $z')).toBe('9');
});

test('a link opens the same world elsewhere, and leaves the own one alone', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const bar = await openAndFocus(page);
  await type(page, 'w=4; echo linked');
  const before = await screen(page);
  await bar.getByRole('button', { name: 'Link' }).click();
  const url = await bar.getByLabel('Link to this world').inputValue();
  expect(url).toContain('#world=');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(url);

  const other = await context.newPage();
  const requests: string[] = [];
  other.on('request', (request) => requests.push(request.url()));
  const theirs = await openAndFocus(other, new URL(url).pathname);
  await type(other, 'echo my own');
  await other.goto(url);
  await other.reload(); // a change of the part after # alone loads nothing
  await expect.poll(() => screen(other)).toBe(before);
  await expect(other.locator('[data-stale]')).toHaveCount(0);
  await other.locator('.terminal:visible textarea').focus();
  expect(await type(other, 'echo $w')).toBe('4');
  expect(new URL(other.url()).hash).toBe('');
  await theirs.getByRole('button', { name: 'Branches' }).click();
  await theirs.getByRole('button', { name: /echo my own/ }).click();
  await expect(frontTerminal(other)).toContainText('my own');
  expect(requests.filter((request) => request.includes('world='))).toEqual([]);
});

test('a damaged link says so, and the own world is there', async ({ page }) => {
  await openAndFocus(page);
  await type(page, 'echo mine');
  await page.evaluate(() => (location.hash = '#world=broken'));
  await page.reload();
  const bar = await timeBar(page);
  await expect(bar.getByRole('status')).toContainText('The link is damaged');
  await expect(frontTerminal(page)).toContainText('mine');
});

test('on a phone the bar fits, and time can be moved by touch targets', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/en/mesh/20-ten-hops-for-one-curl/');
  await page.getByRole('button', { name: 'Terminal', exact: true }).click();
  const bar = await timeBar(page);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await bar.getByRole('button', { name: 'Pause' }).click();
  await expect(bar.getByRole('button', { name: 'Play' })).toBeVisible();
});
