/** The lab beside a lesson: run, read, split, interrupt, keep, and all of it by keyboard. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { frontTerminal, LESSON, openLab, screen, type, useHost, watchForErrors } from './lab-page';

test('Run types the command into the named terminal and its output appears', async ({ page }) => {
  await openLab(page);
  await page.getByRole('button', { name: 'Run on client: curl 192.168.56.11:8000', exact: true }).click();
  await expect(frontTerminal(page)).toContainText('curl 192.168.56.11:8000');
  await expect(frontTerminal(page)).toContainText(/I'm [0-9a-f]{12}/);
});

test('Run brings the host of the command to the front', async ({ page }) => {
  await openLab(page);
  await page.getByRole('button', { name: /^Run on node1: docker service create/ }).click();
  await expect(page.getByRole('tab', { name: 'node1' })).toHaveAttribute('aria-selected', 'true');
  await expect(frontTerminal(page)).toContainText('docker service create --name web');
});

test('Copy takes the commands alone', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openLab(page);
  await page.getByRole('button', { name: 'Copy: curl 192.168.56.11:8000', exact: true }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('curl 192.168.56.11:8000');
});

test('a request becomes a story: packets, hops, rules, marks', async ({ page }) => {
  await openLab(page);
  await page.getByRole('button', { name: 'Run on client: curl 192.168.56.11:8000', exact: true }).click();
  const story = page.getByRole('region', { name: 'Packet story' });
  await expect(story.getByRole('combobox', { name: 'Request' })).toContainText('192.168.56.11:8000');
  await expect(story.getByRole('button', { name: 'SYN', exact: true })).toHaveAttribute('aria-pressed', 'true');
  await expect(story).toContainText(
    '-A DOCKER-INGRESS -p tcp -m tcp --dport 8000 -j DNAT --to-destination 172.18.0.2:8000',
  );
  await expect(story).toContainText('0x100');
  await expect(story).toContainText('ingress_sbox');
  await story.getByRole('button', { name: /SYN-ACK/ }).click();
  await expect(story.getByRole('button', { name: /SYN-ACK/ })).toHaveAttribute('aria-pressed', 'true');
});

test('a story can be saved as a capture', async ({ page }) => {
  const errors = watchForErrors(page);
  await openLab(page);
  await page.getByRole('button', { name: 'Run on client: curl 192.168.56.11:8000', exact: true }).click();
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: /^Save this request/ }).click();
  const bytes = readFileSync(await (await saved).path());
  expect(bytes.subarray(0, 4).toString('hex')).toBe('0a0d0d0a'); // a pcapng section header
  expect(bytes.length).toBeGreaterThan(5_000);
  expect(errors).toEqual([]);
});

test('jq, awk and sed are fetched when they are first used', async ({ page }) => {
  const errors = watchForErrors(page);
  await openLab(page);
  await page.locator('.terminal:visible textarea').focus();
  expect(await type(page, "ip -j addr show lo | jq -r '.[0].ifname'")).toBe('lo');
  expect(await type(page, "ip -br addr show lo | awk '{print $1}' | sed s/l/L/")).toBe('Lo');
  expect(errors).toEqual([]);
});

test('Ctrl-C stops a loop that never ends', async ({ page }) => {
  await openLab(page);
  await page.locator('.terminal:visible textarea').focus();
  await page.keyboard.type('while true; do echo again; done\n');
  await expect(frontTerminal(page)).toContainText('again');
  await page.keyboard.press('Control+c');
  expect(await type(page, 'echo over')).toBe('over');
});

test('terminals split, close, and each has a shell of its own', async ({ page }) => {
  await openLab(page);
  await page.getByRole('button', { name: /^Split/ }).click();
  await expect(page.locator('.group')).toHaveCount(2);
  await expect(page.getByRole('tab', { name: 'client 2' })).toHaveAttribute('aria-selected', 'true');
  const second = page.locator('.group').nth(1);
  await expect(second.locator('.terminal:visible .xterm-rows')).toContainText('#');
  const bar = page.getByRole('separator', { name: 'Width of the terminals before' });
  const before = Number(await bar.getAttribute('aria-valuenow'));
  await bar.focus();
  await page.keyboard.press('ArrowLeft');
  expect(Number(await bar.getAttribute('aria-valuenow'))).toBeLessThan(before);
  await second.getByRole('button', { name: 'Close this terminal' }).click();
  await expect(page.locator('.group')).toHaveCount(1);
});

test('terminals and world are kept over page moves', async ({ page }) => {
  await openLab(page);
  await useHost(page, 'node1');
  await type(page, 'x=remembered; echo $((6 * 7))');
  const before = await screen(page);
  await page.getByRole('link', { name: 'Fidelity' }).click();
  await page.goto(LESSON);
  await expect(page.getByRole('tab', { name: 'node1' })).toHaveAttribute('aria-selected', 'true');
  await expect.poll(() => screen(page)).toBe(before);
  await expect(page.locator('[data-stale]')).toHaveCount(0); // the world stands behind what is shown
  await page.locator('.terminal:visible textarea').focus();
  expect(await type(page, 'echo $x')).toBe('remembered');
});

test('Start over gives a fresh world', async ({ page }) => {
  await openLab(page);
  await page.locator('.terminal:visible textarea').focus();
  await type(page, 'echo traces');
  await page.getByRole('button', { name: 'Start over' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'This lesson' }).click();
  await expect.poll(() => screen(page)).toMatch(/^.*[#$]$/);
});

test('a shell that ends is followed by a new one', async ({ page }) => {
  await openLab(page);
  await page.locator('.terminal:visible textarea').focus();
  await page.keyboard.type('exit\n');
  await expect(frontTerminal(page)).toContainText('the shell has ended');
  expect(await type(page, 'echo new')).toBe('new');
});

test('the keyboard alone reaches everything', async ({ page }) => {
  await openLab(page);
  const run = page.getByRole('button', { name: 'Run on client: curl 192.168.56.11:8000', exact: true });
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab');
    if (await run.evaluate((element) => element === document.activeElement)) break;
  }
  await expect(run).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(frontTerminal(page)).toContainText(/I'm [0-9a-f]{12}/);

  await page.keyboard.press('F6'); // from the text to the story
  await expect(page.getByRole('region', { name: 'Packet story' })).toBeFocused();
  await page.keyboard.press('F6'); // to the terminal
  await expect(page.locator('.terminal:visible textarea')).toBeFocused();
  await page.keyboard.type('echo typed\n');
  await expect(frontTerminal(page)).toContainText('typed');
  await page.keyboard.press('F6'); // to the time bar, and back
  await expect(page.getByRole('slider', { name: 'Moment of the session' })).toBeFocused();
  await page.keyboard.press('Shift+F6');
  await expect(page.locator('.terminal:visible textarea')).toBeFocused();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab'); // out of the terminal
  await expect(page.locator('.terminal:visible textarea')).not.toBeFocused();

  await page.getByRole('tab', { name: 'client' }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('tab', { name: 'node1' })).toBeFocused();
  await expect(page.getByRole('tab', { name: 'node1' })).toHaveAttribute('aria-selected', 'true');

  const edge = page.getByRole('separator', { name: 'Width of the lesson' });
  const width = Number(await edge.getAttribute('aria-valuenow'));
  await edge.focus();
  await page.keyboard.press('ArrowRight');
  expect(Number(await edge.getAttribute('aria-valuenow'))).toBeGreaterThan(width);
});

test('on a phone: read, run, see the output, read the story, and come back to the same place', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(LESSON);
  await expect(page.locator('.lab-dock[data-ready]')).toBeAttached();
  const run = page.getByRole('button', { name: /^Run on client: for i in/ });
  await run.scrollIntoViewIfNeeded();
  const place = await page.evaluate(() => scrollY);
  await run.click();
  await expect(frontTerminal(page)).toContainText(/I'm [0-9a-f]{12}/);
  await page.getByRole('button', { name: 'Story', exact: true }).click();
  await expect(page.locator('.hop').first()).toBeVisible();
  await page.getByRole('button', { name: 'Read', exact: true }).click();
  await expect(run).toBeVisible();
  expect(await page.evaluate(() => scrollY)).toBe(place);
});

test('little script comes before the first prompt, and the editor never', async ({ page }) => {
  const errors = watchForErrors(page);
  const scripts: { path: string; bytes: number; began: number }[] = [];
  page.on('response', async (response) => {
    const path = new URL(response.url()).pathname;
    if (!path.endsWith('.js')) return;
    const bytes = Number(await response.headerValue('content-length'));
    scripts.push({ path, bytes, began: response.request().timing().startTime });
  });
  await openLab(page);
  await page.waitForLoadState('networkidle');
  const prompt = await page.evaluate(
    () => performance.timeOrigin + performance.getEntriesByName('meshwalk:prompt')[0]!.startTime,
  );
  const before = scripts.filter(({ began }) => began < prompt);
  for (const { path, bytes } of before) console.log(`  ${String(bytes).padStart(7)} ${path}`);
  const bytes = before.reduce((sum, script) => sum + script.bytes, 0);
  console.log(`  scripts before the first prompt: ${(bytes / 1000).toFixed(1)} kB`);
  expect(before.map(({ path }) => path).join()).toContain('/worker-');
  expect(bytes).toBeLessThanOrEqual(250_000);
  expect(scripts.filter(({ path }) => path.includes('monaco'))).toEqual([]);
  expect(before.filter(({ path }) => /bash|jq/.test(path))).toEqual([]);
  expect(errors).toEqual([]);
});
