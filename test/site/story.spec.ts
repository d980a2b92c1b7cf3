// The packet story in a browser: why and why not, journeys, filters, the map, the live tables, and captures, by keyboard too.
import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { LESSON, openLab, type, useHost, watchForErrors } from './lab-page';

const CURL = 'Run on client: curl 192.168.56.11:8000';

/** The lesson with one request made, and its story. */
async function openStory(page: Page): Promise<Locator> {
  await openLab(page);
  await page.getByRole('button', { name: CURL, exact: true }).click();
  const story = page.getByRole('region', { name: 'Packet story' });
  await expect(story.getByRole('button', { name: 'SYN', exact: true })).toHaveAttribute('aria-pressed', 'true');
  return story;
}

/** The step whose sentence is `said`. */
function step(story: Locator, said: string): Locator {
  return story.locator('.hop', { hasText: said }).first();
}

test('a step answers why, down to the line of the scenario, and why not the rules above', async ({ page }) => {
  const errors = watchForErrors(page);
  const story = await openStory(page);
  const mark = step(story, 'Rule 1 of PREROUTING (mangle) marks it.');
  await mark.getByRole('button', { name: 'Why?' }).click();
  await expect(mark.getByRole('list', { name: 'Why?', exact: true }).getByRole('listitem')).toHaveText([
    'Docker, for service whoami',
    /^the command docker service create --name whoami .*jwilder\/whoami$/,
    'the scenario, at services[0] whoami',
  ]);
  await expect(mark).toContainText('No rule stands above it.');
  const snat = step(story, 'Rule 2 of POSTROUTING (nat) gives it a new source.');
  await snat.getByRole('button', { name: 'Why?' }).click();
  await expect(snat.getByRole('list', { name: 'Why not the rules above?' })).toHaveText(
    /-A POSTROUTING -d 127\.0\.0\.11\/32 .*-d 127\.0\.0\.11\/32 does not hold: here it is 10\.0\.0\.\d+\./,
  );
  await expect(snat.getByRole('row', { name: /^Source 192/ })).toContainText('10.0.0.2');
  expect(errors).toEqual([]);
});

test('what a learner typed is named with its terminal and number', async ({ page }) => {
  const story = await openStory(page);
  await useHost(page, 'node1');
  await type(page, 'iptables -I INPUT -p icmp -j DROP');
  await useHost(page, 'client');
  await type(page, 'ping -c1 -W1 192.168.56.11');
  await expect(story.getByRole('combobox', { name: 'Request' })).toContainText('ping 192.168.56.11');
  const drop = step(story, 'Rule 1 of INPUT (filter) drops it.');
  await drop.getByRole('button', { name: 'Why?' }).click();
  await expect(drop).toContainText('the command iptables -I INPUT -p icmp -j DROP, typed in node1, number 1 there');
  await expect(story).toContainText('Its way ends here: a rule or a policy says DROP.');
});

test('request and answer are one journey; a carried packet is a packet inside a packet', async ({ page }) => {
  const story = await openStory(page);
  await expect(story.getByRole('heading', { name: 'The answer: SYN-ACK' })).toBeAttached();
  await expect(story.locator('.place').last()).toContainText('client');
  const wraps = step(story, 'wraps it in UDP');
  await wraps.getByRole('button', { name: 'Why?' }).click();
  await expect(wraps.locator('.packet-box .packet-box')).toContainText('Packet inside');
});

test('the list is filtered, and stands still when asked to', async ({ page }) => {
  const story = await openStory(page);
  await page.locator('.terminal:visible textarea').focus();
  await type(page, 'ping -c1 192.168.56.12');
  const choice = story.getByRole('combobox', { name: 'Request' });
  await story.getByRole('button', { name: 'Filter' }).click();
  await story.getByRole('combobox', { name: 'Namespace' }).selectOption('ingress_sbox');
  await expect(choice.locator('option')).toHaveText([/^GET \/ 192\.168\.56\.11:8000/]);
  await story.getByRole('textbox', { name: 'Port' }).fill('81');
  await expect(story).toContainText('No request matches the filter.');
  await story.getByRole('textbox', { name: 'Port' }).fill('');
  await story.getByRole('combobox', { name: 'Namespace' }).selectOption('');
  await story.getByRole('button', { name: 'Pause the list' }).click();
  await page.locator('.terminal:visible textarea').focus();
  await type(page, 'ping -c1 192.168.56.13');
  await expect(choice).not.toContainText('ping 192.168.56.13');
  await story.getByRole('button', { name: 'Let the list go on' }).click();
  await expect(choice).toContainText('ping 192.168.56.13');
});

test('the map follows the packet, and the tables show the rule that decided', async ({ page }) => {
  const errors = watchForErrors(page);
  const story = await openStory(page);
  await page.locator('button[data-alone=story]').click();
  await step(story, 'marks it.').getByRole('button', { name: 'Why?' }).focus();
  await story.getByRole('button', { name: 'Map', exact: true }).click();
  const map = story.getByRole('group', { name: /^Map of hosts/ });
  await expect(map.getByRole('button', { name: /^node1 ingress_sbox/ })).toHaveClass(/here/);
  await expect(map.locator('.packet-dot')).toContainText('0x100');
  for (let i = 0; i < 2; i++) await story.getByRole('button', { name: 'Next step' }).click();
  await expect(story.locator('.stepper')).toContainText('IPVS takes it for service FWM 256');
  await expect(map.locator('.pill.ipvs.here')).toHaveCount(1);
  await story.getByRole('button', { name: 'Hook', exact: true }).click();
  for (let i = 0; i < 2; i++) await story.getByRole('button', { name: 'Previous step' }).click();
  await story.getByRole('button', { name: 'Tables', exact: true }).click();
  await expect(story.getByRole('combobox', { name: 'Namespace' })).toHaveValue('node1 ingress_sbox');
  await expect(story.locator('tr[aria-current=step]')).toContainText('--dport 8000 -j MARK --set-xmark 0x100');
  expect(errors).toEqual([]);
});

test('the tables tell what changed since they were marked', async ({ page }) => {
  const story = await openStory(page);
  await story.getByRole('button', { name: 'Tables', exact: true }).click();
  await story.getByRole('combobox', { name: 'Namespace' }).selectOption('client host');
  await story.getByRole('button', { name: 'Routes' }).click();
  await expect(story.getByRole('cell', { name: /^192\.168\.56\.0\/24/ })).toBeVisible();
  await page.locator('.terminal:visible textarea').focus();
  await type(page, 'ip route add 10.7.0.0/16 via 192.168.56.12');
  await expect(story.locator('tr[data-change=new]')).toContainText(/10\.7\.0\.0\/16 via 192\.168\.56\.12.*new/);
  await expect(story.locator('.changes')).toHaveText('1 new, 0 changed, 0 gone');
  await story.getByRole('button', { name: 'Mark changes from now on' }).click();
  await expect(story.locator('tr[data-change=new]')).toHaveCount(0);
});

test('by keyboard alone: steps, answers, playing', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const story = await openStory(page);
  await story.getByRole('button', { name: 'Why?' }).first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(story.locator('.hop[aria-current=step]')).toContainText('Goes out by eth0.');
  await page.keyboard.press('Enter');
  await expect(story.locator('.hop[aria-current=step]')).toContainText('the scenario, at machines[3] client');
  await story.getByRole('button', { name: 'Play the steps' }).focus();
  await page.keyboard.press('Home');
  await expect(story.locator('.stepper .count')).toHaveText(/^Step 1 of/);
  await page.keyboard.press('Enter');
  await expect(story.getByRole('button', { name: 'Stop playing' })).toBeFocused();
  await expect(story.locator('.stepper .count')).toHaveText(/^Step 3 of/);
  await page.keyboard.press('Enter');
  await expect(story.getByRole('button', { name: 'Play the steps' })).toBeFocused();
});

test('when time comes to stand at a packet, the story goes there', async ({ page }) => {
  const story = await openStory(page);
  await page.locator('.terminal:visible textarea').focus();
  await page.keyboard.type('sleep 2; curl -s 192.168.56.13:8000\n');
  await page.getByRole('button', { name: 'Jump' }).click();
  await page.getByLabel('Rule, or a part of it').fill('DNAT --to-destination 172.18.0.2:8000');
  await page.getByRole('button', { name: 'Next match' }).click();
  await expect(story.getByRole('combobox', { name: 'Request' })).toContainText('192.168.56.13:8000');
  await expect(story.locator('.hop[aria-current=step]')).toContainText('-j DNAT --to-destination 172.18.0.2:8000');
  await expect(story.locator('.story-end').last()).toHaveText('Still on its way.');
});

test('one interface can be saved as a capture', async ({ page }) => {
  const story = await openStory(page);
  const hop = step(story, 'Comes in by eth1.');
  await hop.getByRole('button', { name: 'Why?' }).click();
  const saved = page.waitForEvent('download');
  await hop.getByRole('button', { name: 'Save what passed eth1 (node1 ingress_sbox) (pcapng)' }).click();
  const bytes = readFileSync(await (await saved).path());
  expect(bytes.subarray(0, 4).toString('hex')).toBe('0a0d0d0a');
  expect(bytes.includes('node1/ingress_sbox/eth1')).toBe(true);
  expect(bytes.includes('node1/host/eth0')).toBe(false);
});

test('neither map nor tables are fetched before they are wanted', async ({ page }) => {
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(request.url()));
  const story = await openStory(page);
  const before = fetched.length;
  expect(fetched.filter((url) => /map|tables/.test(url) && url.endsWith('.css'))).toEqual([]);
  await story.getByRole('button', { name: 'Map', exact: true }).click();
  await expect(story.locator('svg.map .card').first()).toBeVisible();
  expect(fetched.slice(before).some((url) => url.endsWith('.js'))).toBe(true);
});

for (const theme of ['light', 'dark'] as const) {
  for (const look of ['Steps', 'Map', 'Tables'] as const) {
    test(`nothing serious for axe: ${look}, ${theme}`, async ({ page }) => {
      await page.addInitScript((chosen) => localStorage.setItem('starlight-theme', chosen), theme);
      await page.emulateMedia({ colorScheme: theme });
      const story = await openStory(page);
      await step(story, 'gives it a new source.').getByRole('button', { name: 'Why?' }).click();
      await story.getByRole('button', { name: 'Filter' }).click();
      await story.getByRole('button', { name: look, exact: true }).click();
      await expect(
        story.locator({ Steps: '.answers', Map: 'svg.map .card', Tables: 'table.live' }[look]).first(),
      ).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).include('.story').analyze();
      expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
    });
  }
}

test('usable on a phone: nothing is wider than the screen', async ({ browser }) => {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await page.goto(LESSON);
  await expect(page.locator('.lab-dock[data-ready]')).toBeAttached(); // the terminal is hidden behind the text
  await page.getByRole('button', { name: CURL, exact: true }).click();
  await page.getByRole('button', { name: 'Story', exact: true }).click();
  const story = page.getByRole('region', { name: 'Packet story' });
  await story.getByRole('button', { name: 'Why?' }).nth(4).click();
  for (const look of ['Steps', 'Map', 'Tables']) {
    await story.getByRole('button', { name: look, exact: true }).click();
    await expect(
      story.locator({ Steps: '.answers', Map: 'svg.map', Tables: 'table.live' }[look]!).first(),
    ).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  }
  await page.close();
});
