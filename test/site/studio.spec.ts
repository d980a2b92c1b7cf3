/** The studio: an instructor makes, breaks, repairs, checks, proves, exports, imports and shares a lesson. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { unzipSync, strFromU8 } from 'fflate';
import { readFileSync } from 'node:fs';
import { blankLab } from '../../src/lesson/blank';
import { frontTerminal, screen, type, useHost, watchForErrors } from './lab-page';

const NAME = 'drafts/05-red-and-blue';

/** What stands in the editor in front, as the storage has it once it was kept. */
async function kept(page: Page): Promise<string> {
  return page.evaluate(() => {
    const id = sessionStorage.getItem('meshwalk:draft-open');
    return (JSON.parse(localStorage.getItem(`meshwalk:draft:${id}`) ?? '{}') as { lab?: string }).lab ?? '';
  });
}

async function openStudio(page: Page, path = '/en/studio/'): Promise<void> {
  await page.goto(path);
  await expect(page.locator('.studio[data-ready]')).toBeVisible();
  await expect(page.locator('.studio-editor[data-kind=monaco] .monaco-editor').first()).toBeVisible();
  await expect(frontTerminal(page)).toContainText('#');
}

/** Replaces all that is in the editor. */
async function write(page: Page, text: string): Promise<void> {
  await page.locator('.studio-editor .view-lines').click();
  await page.keyboard.press('Control+a');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']); // typed lines would be indented
  await page.evaluate((all) => navigator.clipboard.writeText(all), text);
  await page.keyboard.press('Control+v');
  await expect.poll(() => kept(page)).toBe(text);
}

const status = (page: Page) => page.locator('.studio-status');
const rows = (page: Page) => page.locator('.studio .rows li');

async function makeDraft(page: Page, name = NAME, from = ''): Promise<void> {
  await page.getByRole('button', { name: 'New…' }).click();
  const dialog = page.getByRole('dialog', { name: 'New draft' });
  await dialog.getByLabel('Start from').selectOption(from);
  await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
  await dialog.getByRole('button', { name: 'Make it' }).click();
  await expect(page.getByLabel('Name', { exact: true }).first()).toHaveValue(name);
  await expect(status(page)).toContainText('The world stands.');
}

/** Exports the draft and answers the files of the zip. */
async function exported(page: Page): Promise<{ path: string; files: Record<string, string> }> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export' }).click(),
  ]);
  const path = await download.path();
  const files = unzipSync(new Uint8Array(readFileSync(path)));
  return { path, files: Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, strFromU8(bytes)])) };
}

test('an instructor makes, checks, breaks, repairs, proves, exports and imports a lesson', async ({
  page,
  baseURL,
}) => {
  test.setTimeout(180_000);
  const errors = watchForErrors(page);
  const foreign: string[] = [];
  page.on('request', (request) => {
    const url = request.url();
    if (url.startsWith('http') && !url.startsWith(baseURL!)) foreign.push(url);
  });
  await openStudio(page);
  await makeDraft(page);

  // Check: fails in a fresh world, passes once the learner has done it.
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await expect(status(page)).toContainText('0 of 1 tasks pass');
  await expect(rows(page).nth(1)).toContainText('red fails');
  await useHost(page, 'node1');
  await type(page, 'ip netns add red');
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await expect(status(page)).toContainText('1 of 1 tasks pass');
  await expect(page.locator('.result-glyph.is-good').first()).toBeVisible();

  // Break it: the world and what was done in it stay.
  await write(page, blankLab().replace('scenario: bare', 'scenario: bear'));
  await page.keyboard.press('Control+s');
  await expect(status(page)).toContainText('that of the last good one');
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page).first()).toContainText('line 3');
  await expect(rows(page).first()).toContainText('scenario: there is no scenario bear');
  await rows(page).first().getByRole('button').click();
  await expect(page.locator('.studio-editor .line-numbers.active-line-number')).toHaveText('3');
  await expect(page.locator('.squiggly-error').first()).toBeVisible();
  await useHost(page, 'node1');
  expect(await type(page, 'ip netns list')).toBe('red');
  await write(page, 'lab: [1\nscenario: bare\n');
  await expect(rows(page).first()).toContainText('This is not YAML');
  await write(page, blankLab().replace('terminals: [node1, client]', 'terminals: [node1, mars]'));
  await rows(page).first().getByRole('button').click();
  await expect(page.locator('.studio-editor .line-numbers.active-line-number')).toHaveText('4');
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await expect(status(page)).toContainText('Mend the lab first');

  // A lab that can be read, whose world cannot be built.
  await write(page, blankLab().replace('terminals:', 'setup: [{ on: node1, run: ip netns del nothing }]\nterminals:'));
  await page.keyboard.press('Control+s');
  await expect(status(page)).toContainText('could not be built');
  await expect(rows(page).first()).toContainText('line 4');
  expect(await screen(page)).toContain('red');

  // Repair it, with another world.
  const repaired = blankLab().replace('terminals:', 'setup: [{ on: node1, run: ip netns add blue }]\nterminals:');
  await write(page, repaired);
  await page.keyboard.press('Control+s');
  await expect(status(page)).toContainText('The world stands.');
  await useHost(page, 'node1');
  expect(await type(page, 'ip netns list')).toBe('blue');

  // Prove it: everything holds, and a wrong answer that is none is told at its line.
  await page.getByRole('button', { name: 'Prove' }).click();
  await expect(status(page)).toContainText(/Proved: \d+ facts hold/, { timeout: 60_000 });
  const wrong = repaired.replace('namespace: { at: client/red }', 'namespace: { at: node2/red }');
  await write(page, wrong);
  await page.getByRole('button', { name: 'Prove' }).click();
  await expect(status(page)).toContainText(/1 of \d+ facts do not hold/, { timeout: 60_000 });
  const line = wrong.slice(0, wrong.indexOf('- id: other-machine')).split('\n').length;
  await expect(page.locator('.studio .rows .is-error')).toContainText(`line ${line}`);
  await write(page, repaired);

  // The folder of the repository, there and back.
  const first = await exported(page);
  expect(Object.keys(first.files)).toEqual([`content/labs/${NAME}.yaml`, `content/docs/en/${NAME}.mdx`]);
  expect(first.files[`content/labs/${NAME}.yaml`]).toBe(repaired);
  await page.getByRole('button', { name: 'Delete' }).click();
  await expect(status(page)).toContainText(`${NAME} is deleted.`);
  await page.locator('[data-studio=upload]').setInputFiles({
    name: 'lesson.zip',
    mimeType: 'application/zip',
    buffer: readFileSync(first.path),
  });
  await expect(status(page)).toContainText(`Imported as new: ${NAME}.`);
  expect(await kept(page)).toBe(repaired);
  expect((await exported(page)).files).toEqual(first.files);
  expect(errors).toEqual([]);
  expect(foreign).toEqual([]);
});

test('what cannot be imported says why, and nothing is lost', async ({ page }) => {
  await openStudio(page);
  await makeDraft(page);
  const before = await page.locator('[data-studio=drafts] option').count();
  const upload = (name: string, text: string): Promise<void> =>
    page.locator('[data-studio=upload]').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
  await upload('a.zip', 'PK');
  await expect(status(page)).toContainText('a.zip is no zip file');
  await upload('b.png', 'x');
  await expect(status(page)).toContainText('b.png is neither');
  await expect(page.locator('[data-studio=drafts] option')).toHaveCount(before);
  expect(await kept(page)).toBe(blankLab());
  await upload('07-mine.yaml', 'lab: 2\n');
  await expect(status(page)).toContainText('Imported as new: drafts/07-mine.');
  await expect(rows(page).first()).toContainText('lab: must be 1, not 2');
});

test('a deleted draft comes back, and a draft survives a reload', async ({ page }) => {
  await openStudio(page);
  await makeDraft(page);
  const mine = blankLab().replace('title', 'title').replace('# a file of', '# one file of');
  await write(page, mine);
  await page.getByRole('button', { name: 'Delete' }).click();
  await status(page).getByRole('button', { name: 'Undo' }).click();
  await expect(status(page)).toContainText('It is back.');
  expect(await kept(page)).toBe(mine);
  await useHost(page, 'node1');
  await type(page, 'ip netns add green');
  await page.reload();
  await expect(page.getByLabel('Name', { exact: true }).first()).toHaveValue(NAME);
  await useHost(page, 'node1');
  expect(await type(page, 'ip netns list')).toBe('green');
});

test('a link opens the lesson as a draft of its own; a damaged one leaves everything as it was', async ({
  browser,
}) => {
  const author = await browser.newPage();
  await openStudio(author);
  await makeDraft(author, 'plumbing/02-bridges', 'plumbing/02-bridges');
  const lab = await kept(author);
  await author.getByRole('button', { name: 'Link', exact: true }).click();
  const link = await author.getByLabel('The link').inputValue();
  expect(link.length).toBeLessThan(20_000);

  const context = await browser.newContext();
  const reader = await context.newPage();
  await openStudio(reader, link);
  await expect(status(reader)).toContainText('lesson plumbing/02-bridges is a new draft');
  expect(await kept(reader)).toBe(lab);
  expect(reader.url()).not.toContain('#');
  await expect(reader.locator('[data-studio=drafts] option')).toHaveCount(2);
  await reader.evaluate((hash) => (location.hash = hash), link.slice(link.indexOf('#'), -30));
  await expect(status(reader)).toContainText('The link is damaged');
  expect(await kept(reader)).toBe(lab);
  await expect(reader.locator('[data-studio=drafts] option')).toHaveCount(2);
  await context.close();
  await author.close();
});

test('the editor completes and explains, from the schema of the site', async ({ page }) => {
  await openStudio(page);
  await makeDraft(page);
  await page.locator('.studio-editor .view-line', { hasText: 'scenario: bare' }).locator('span > span').first().hover();
  await expect(
    page.locator('.monaco-hover:not(.hidden)', { hasText: 'The world to begin with' }).first(),
  ).toBeVisible();
  await page.locator('.studio-editor .view-lines').click();
  await page.keyboard.press('Control+End');
  await page.keyboard.press('Enter');
  await page.keyboard.type('surv');
  await page.keyboard.press('Control+Space');
  const suggestions = page.locator('.suggest-widget.visible');
  await expect(suggestions).toContainText('survivors');
  await page.keyboard.press('Escape');
});

test('the editor is left by keyboard', async ({ page }) => {
  await openStudio(page);
  const inside = () => page.evaluate(() => document.querySelector('.studio-editor')!.contains(document.activeElement));
  await page.locator('.studio-editor .view-lines').click();
  await expect.poll(inside).toBe(true);
  await page.keyboard.press('Tab'); // indents
  expect(await inside()).toBe(true);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  await expect.poll(inside).toBe(false);
  await page.locator('.studio-editor .view-lines').click();
  await page.keyboard.press('F6');
  await expect.poll(inside).toBe(false);
  await expect(page.locator('.lab-dock .story')).toBeFocused();
});

test('prose is previewed without its HTML, and its Run blocks run', async ({ page }) => {
  const errors = watchForErrors(page);
  await openStudio(page);
  await makeDraft(page, 'plumbing/01-a-namespace-and-its-wire', 'plumbing/01-a-namespace-and-its-wire');
  await page.getByRole('tab', { name: 'English' }).click();
  const preview = page.locator('.studio-preview');
  await expect(preview.locator('.part').first()).toBeVisible();
  await preview
    .getByRole('button', { name: /^Run on node1/ })
    .first()
    .click();
  const [command] = (await preview.locator('.code-block').first().getAttribute('data-command'))!.split('\n');
  await expect(frontTerminal(page)).toContainText(command!);
  await page.locator('.studio-editor .view-lines').click();
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText('\n\n<img src="x" onerror="document.title = 1"> and <b>bold</b>\n');
  await expect(preview.locator('.raw').first()).toContainText('<img src="x"');
  await expect(preview.locator('img, b, script')).toHaveCount(0);
  await page.getByRole('tab', { name: /^Problems/ }).click();
  await expect(rows(page).first()).toContainText('Raw HTML has no place in a lesson');
  expect(errors).toEqual([]);
});

test('on a phone a text field has the same problems', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/en/studio/');
  await expect(page.locator('.studio[data-ready]')).toBeVisible();
  const field = page.getByRole('textbox', { name: 'Lab, YAML' });
  await field.fill(blankLab().replace('terminals: [node1', 'terminals: [moon'));
  await expect(rows(page).first()).toContainText('there is no machine moon');
  await rows(page).first().getByRole('button').click();
  await expect(field).toBeFocused();
  const selected = await field.evaluate((area: HTMLTextAreaElement) =>
    area.value.slice(area.selectionStart, area.selectionEnd),
  );
  expect(selected).toBe('moon, client]');
  await expect(page.locator('.monaco-editor')).toHaveCount(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

for (const path of ['/en/studio/', '/zh-cn/studio/'])
  for (const colorScheme of ['light', 'dark'] as const)
    test(`${path} is accessible in ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await openStudio(page, path);
      const faulty = async (): Promise<string[]> => {
        const { violations } = await new AxeBuilder({ page }).exclude('.xterm-screen').analyze();
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
      };
      expect(await faulty()).toEqual([]);
      await page.locator('.studio-tabs [value=en]').click();
      await page.locator('.studio-tabs [value=preview]').click();
      await expect(page.locator('.studio-preview .code-block')).toBeVisible();
      expect(await faulty()).toEqual([]);
    });

test('the short address leads to the studio, and Monaco comes to no other page', async ({ page }) => {
  const scripts: string[] = [];
  page.on('request', (request) => scripts.push(new URL(request.url()).pathname));
  await page.goto('/en/plumbing/01-a-namespace-and-its-wire/');
  await expect(frontTerminal(page)).toContainText('#');
  await page.waitForLoadState('networkidle');
  expect(scripts.filter((name) => /monaco|editor\.(api|worker)|yaml\.worker|studio/i.test(name))).toEqual([]);
  await page.goto('/studio');
  await expect(page).toHaveURL('/en/studio/');
});
