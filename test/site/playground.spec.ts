/** The playground: the address chooses the world, and what it says wrongly is told. */
import { expect, test, type Page } from '@playwright/test';
import { openLab, screen, type, useHost, watchForErrors } from './lab-page';

const chosen = (page: Page) =>
  page.locator('[data-playground] form').evaluate((form: HTMLFormElement) => Object.fromEntries(new FormData(form)));

test('the usual world stands up and answers', async ({ page }) => {
  const errors = watchForErrors(page);
  await openLab(page, '/en/playground/');
  expect(await chosen(page)).toEqual({ scenario: 'routing-mesh', nodes: '3', engine: '26.1' });
  await page.getByRole('button', { name: /^Run on client: curl/ }).click();
  await expect.poll(() => screen(page)).toContain('I’m'.replace('’', "'"));
  expect(errors).toEqual([]);
});

test('an address chooses scenario, nodes and engine', async ({ page }) => {
  await openLab(page, '/en/playground/?scenario=empty&nodes=5&engine=18.09');
  expect(await chosen(page)).toEqual({ scenario: 'empty', nodes: '5', engine: '18.09' });
  await expect(page.getByRole('tab')).toHaveText(['node1', 'client', 'node2', 'node3', 'node4', 'node5']);
  await useHost(page, 'node5');
  expect(await type(page, "docker version --format '{{.Server.Version}}'")).toContain('18.09');
  expect(await type(page, 'ping -c1 -q 192.168.56.11 | grep loss')).toContain(' 0% packet loss');
});

test('a choice goes into the address, by keyboard, and each world is kept', async ({ page }) => {
  await openLab(page, '/en/playground/?scenario=bare&nodes=1&engine=26.1');
  await page.locator('.terminal:visible textarea').focus();
  await type(page, 'echo this world');
  const nodes = page.getByRole('spinbutton', { name: 'Nodes' });
  await nodes.fill('2');
  await nodes.press('Enter');
  await expect(page).toHaveURL(/scenario=bare&nodes=2&engine=26\.1$/);
  await expect(page.getByRole('tab')).toHaveText(['node1', 'client', 'node2']);
  await page.goBack();
  await expect(page.getByRole('tab')).toHaveText(['node1', 'client']);
  await expect.poll(() => screen(page)).toContain('echo this world');
});

for (const [locale, words] of [
  ['en', ['There is no scenario “nope”', 'Nodes can be 1 to 9, not “40”', 'There is no engine “27”', '“colour”']],
  ['zh-cn', ['没有名为“nope”的起点', '不能是“40”', '没有引擎“27”', '“colour”']],
] as const) {
  test(`what means nothing is told, and the usual world comes (${locale})`, async ({ page }) => {
    const errors = watchForErrors(page);
    await openLab(page, `/${locale}/playground/?scenario=nope&nodes=40&engine=27&colour=red`);
    const faults = page.locator('[data-playground]').getByRole('status');
    for (const word of words) await expect(faults).toContainText(word);
    expect(await chosen(page)).toEqual({ scenario: 'routing-mesh', nodes: '3', engine: '26.1' });
    expect(errors).toEqual([]);
  });
}

test('the dock of a Chinese page speaks Chinese', async ({ page }) => {
  await openLab(page, '/zh-cn/playground/?scenario=bare&nodes=1');
  const dock = page.locator('.lab-dock');
  await expect(dock.getByRole('textbox', { name: 'node1 上的终端' })).toBeAttached();
  await expect(dock.getByRole('button', { name: '新建终端' })).toBeVisible();
  const named = dock.locator('[aria-label], [title], button, [role=status]');
  const names = await named.evaluateAll((elements) =>
    elements.map((one) => one.getAttribute('aria-label') ?? one.getAttribute('title') ?? one.textContent.trim()),
  );
  const english = names.filter((name) => /[A-Za-z]{4,}/.test(name) && !/\p{Script=Han}/u.test(name));
  expect(english.filter((name) => !/^(node1|client|Ctrl-[CD])$/.test(name))).toEqual([]);
});
