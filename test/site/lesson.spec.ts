/** Lessons that prove themselves, in a browser: learners finish them by keyboard, err, take hints, and keep what they did. */
import { readFileSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Locator, type Page, test } from '@playwright/test';
import { parse } from 'yaml';
import { openLab, useHost, watchForErrors } from './lab-page';
import { run } from './typist';

interface LabFile {
  readonly tasks: readonly {
    readonly id: string;
    readonly solution?: readonly { readonly on: string; readonly run: string }[];
    readonly answers?: Readonly<Record<string, string>>;
    readonly wrong: readonly {
      readonly id: string;
      readonly says: { readonly en: string; readonly 'zh-cn': string };
    }[];
  }[];
}

function labOf(name: string): LabFile {
  return parse(readFileSync(`content/labs/${name}.yaml`, 'utf8')) as LabFile;
}

/** Lessons with the answers to their quiz: text, or the number of a choice. */
const LESSONS: readonly { readonly name: string; readonly quiz: Readonly<Record<string, string | number>> }[] = [
  { name: 'plumbing/01-a-namespace-and-its-wire', quiz: { 'small-vm': 0 } },
  { name: 'plumbing/05-conntrack-and-nat', quiz: { tuples: '10.1.1.2' } },
  { name: 'vxlan/12-be-the-control-plane', quiz: { 'in-whose-name': '02:42:0a:09:00:03', silent: '0' } },
  { name: 'mesh/20-ten-hops-for-one-curl', quiz: {} },
];

/** Presses Tab until `target` has the focus. */
async function tabTo(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  for (let presses = 0; presses < 300; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  await expect(target).toBeFocused();
}

/** Goes from wherever the focus is to the prose. */
async function toProse(page: Page): Promise<void> {
  await expect(async () => {
    await page.keyboard.press('F6');
    await expect(page.locator('main')).toBeFocused({ timeout: 500 });
  }).toPass({ intervals: [50] });
}

/** Goes to the terminal of a host, its tab first. */
async function toTerminal(page: Page, host: string): Promise<void> {
  const field = page.locator('.terminal:visible textarea');
  const reach = async (): Promise<void> => {
    await expect(async () => {
      await page.keyboard.press('F6');
      await expect(field).toBeFocused({ timeout: 500 });
    }).toPass({ intervals: [50] });
  };
  await reach();
  const tab = page.getByRole('tab', { name: host, exact: true });
  if ((await tab.getAttribute('aria-selected')) === 'true') return;
  await expect(async () => {
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+Tab');
    await expect(field).not.toBeFocused({ timeout: 300 });
  }).toPass({ intervals: [50] });
  await tabTo(page, page.locator('[role=tab][aria-selected=true]'), 'Shift+Tab');
  await expect(async () => {
    await page.keyboard.press('ArrowRight');
    await expect(tab).toBeFocused({ timeout: 300 });
  }).toPass({ intervals: [50] });
  await reach();
}

/** The part of a task. */
function taskOf(page: Page, id: string): Locator {
  return page.locator(`#task-${id}`);
}

/** Opens a lesson whose parts have come to life. */
async function openLesson(page: Page, name: string, locale = 'en'): Promise<void> {
  await openLab(page, `/${locale}/${name}/`);
  await expect(page.locator('[data-act=check]').first()).toBeEnabled();
}

for (const { name, quiz } of LESSONS) {
  test(`a learner finishes ${name} by keyboard alone, and it stays done`, async ({ page }) => {
    test.setTimeout(180_000);
    const errors = watchForErrors(page);
    await openLesson(page, name);
    for (const { id, solution = [], answers = {} } of labOf(name).tasks) {
      const task = taskOf(page, id);
      for (const { on, run: lines } of solution) {
        await toTerminal(page, on);
        for (const line of lines
          .replace(/\\\n\s*/g, '')
          .trim()
          .split('\n'))
          await run(page, line);
      }
      await toProse(page);
      for (const [question, answer] of Object.entries(answers)) {
        const form = task.locator(`form[data-question="${question}"]`);
        await tabTo(page, form.locator('input').first());
        await page.keyboard.type(answer);
      }
      await tabTo(page, task.getByRole('button', { name: /^Check/ }));
      await page.keyboard.press('Enter');
      await expect(task.locator('.part-state')).toHaveText('Done', { timeout: 45_000 });
      await expect(task.locator('.outcome')).toHaveText('Everything passes.');
    }
    await toProse(page);
    for (const [id, answer] of Object.entries(quiz)) {
      const form = page.locator(`.quiz form[data-question="${id}"]`);
      await tabTo(page, form.locator('input').first());
      if (typeof answer === 'string') await page.keyboard.type(answer);
      else {
        await page.keyboard.press('Space');
        for (let step = 0; step < answer; step++) await page.keyboard.press('ArrowDown');
      }
      await page.keyboard.press('Enter');
      await expect(form.locator('.verdict')).toContainText('Right.');
    }
    await expect(page.locator('[data-standing]')).toContainText('Done');
    await page.reload();
    await expect(page.locator('[data-standing]')).toContainText('Done');
    for (const { id } of labOf(name).tasks) await expect(taskOf(page, id).locator('.part-state')).toHaveText('Done');
    for (const id of Object.keys(quiz))
      await expect(page.locator(`.quiz form[data-question="${id}"] .verdict`)).toContainText('Right.');
    expect(errors).toEqual([]);
  });
}

for (const [locale, check, language] of [
  ['en', /^Check/, 'en'],
  ['zh-cn', /检查$/, 'zh-cn'],
] as const) {
  test(`a wrong answer is recognised and told in ${locale}`, async ({ page }) => {
    const name = 'mesh/20-ten-hops-for-one-curl';
    await openLesson(page, name, locale);
    await useHost(page, 'node1');
    await run(page, 'docker service create --name web -p 8080:8080 --constraint node.hostname==node1 nginx');
    const task = taskOf(page, 'publish');
    await task.getByRole('button', { name: check }).click();
    const says = labOf(name).tasks[0]!.wrong.find(({ id }) => id === 'same-port')!.says[language];
    const finding = task.locator('.finding').first(); // first causes first
    await expect(finding).toHaveAttribute('data-check', 'published');
    await expect(finding).toHaveAttribute('data-level', 'fail');
    await expect(finding.locator('.told')).toHaveText(says.replaceAll('`', ''));
    await expect(finding.locator('dd')).toHaveText(['*:8080->80/tcp', '*:8080->8080/tcp']);
    // Where to look: the command is typed into the right terminal.
    await useHost(page, 'client');
    await finding.locator('.look button').click();
    await expect(page.getByRole('tab', { name: 'node1', exact: true })).toHaveAttribute('aria-selected', 'true');
    await expect(page.locator('.terminal:visible .xterm-rows').first()).toContainText(
      (await finding.locator('.look code').textContent())!,
    );
    await expect(task.locator('.part-state')).toHaveText('');
  });
}

test('what was asked for once is judged again whenever the learner pauses, and so is what nobody asked for', async ({
  page,
}) => {
  await openLesson(page, 'plumbing/05-conntrack-and-nat');
  const task = taskOf(page, 'publish');
  await task.getByRole('button', { name: 'Check' }).click();
  await expect(task.locator('.finding').first()).toHaveAttribute('data-level', 'fail');
  await useHost(page, 'node1');
  await run(
    page,
    'iptables -t nat -A OUTPUT -d 192.168.56.11 -p tcp --dport 8080 -j DNAT --to-destination 10.1.1.2:80',
  );
  await expect(task.locator('.finding').first()).toContainText('OUTPUT is for what the host itself sends.');
  await run(
    page,
    'iptables -t nat -A PREROUTING -d 192.168.56.11 -p tcp --dport 8080 -j DNAT --to-destination 10.1.1.2:80',
  );
  await expect(task.locator('.part-state')).toHaveText('Done', { timeout: 45_000 });
  // Nobody pressed Check there; the rule in OUTPUT was the whole of it.
  await expect(taskOf(page, 'from-host').locator('.part-state')).toHaveText('Done', { timeout: 45_000 });
  await expect(taskOf(page, 'way-out').locator('.part-state')).toHaveText('');
});

test('hints come one at a time, and the solution is typed after a question, into the right terminal', async ({
  page,
}) => {
  await openLesson(page, 'mesh/20-ten-hops-for-one-curl');
  const task = taskOf(page, 'publish');
  const hints = task.locator('.hint');
  await expect(hints.nth(0)).toBeVisible();
  await expect(hints.nth(1)).toBeHidden();
  await hints.nth(0).locator('summary').click();
  await expect(hints.nth(1)).toBeVisible();
  await expect(hints.nth(2)).toBeHidden();
  await task.getByText('Solution', { exact: true }).click();
  await expect(task.locator('.lines')).toBeHidden();
  await task.getByRole('button', { name: 'Type it for me' }).click();
  await expect(page.getByRole('tab', { name: 'node1', exact: true })).toHaveAttribute('aria-selected', 'true');
  await expect(page.locator('.terminal:visible .xterm-rows').first()).toContainText('docker service create --name web');
  await expect(task.locator('.typing')).toHaveText('Typed. Read what each line did.');
  await expect(task.locator('.part-state')).toHaveText('Done', { timeout: 45_000 });
});

test('a prediction is graded by the machines, whatever world they are in', async ({ page }) => {
  await openLesson(page, 'plumbing/05-conntrack-and-nat');
  const form = page.locator('form[data-question=counter]');
  await expect(form.locator('.explains')).toBeHidden();
  await form.getByRole('textbox').fill('30');
  await form.getByRole('button', { name: 'Answer' }).click();
  await expect(form.locator('.verdict')).toContainText('Not so.');
  await expect(form.locator('.verdict')).toContainText('The machines say: 3');
  await expect(form.locator('.explains')).toContainText('the nat table sees the first packet');
  await form.getByRole('textbox').fill('3');
  await page.keyboard.press('Enter');
  await expect(form.locator('.verdict')).toContainText('Right.');
  await page.reload();
  await expect(form.locator('.verdict')).toContainText('Right.');
  await expect(form.getByRole('textbox')).toHaveValue('3');
});

test('a lesson that changed says so and takes nothing away', async ({ page }) => {
  const name = 'plumbing/01-a-namespace-and-its-wire';
  await page.addInitScript(
    ([lab]) =>
      localStorage.setItem(
        `meshwalk:progress:${lab}`,
        JSON.stringify({ tasks: { wire: 'old' }, predicts: {}, quiz: {}, completed: 'old' }),
      ),
    [name],
  );
  await openLesson(page, name);
  await expect(page.locator('[data-standing]')).toContainText('Done on an older version');
  await expect(taskOf(page, 'wire').locator('.part-state')).toHaveText('Done on an older version');
});

test('a broken file of progress is refused with its place, and what was done here stays', async ({ page }) => {
  const lab = 'plumbing/01-a-namespace-and-its-wire';
  const kept = JSON.stringify({ tasks: { wire: 'old' }, predicts: {}, quiz: {}, completed: 'old' });
  await page.goto('/en/course/');
  await page.evaluate(([key, value]) => localStorage.setItem(key!, value!), [`meshwalk:progress:${lab}`, kept]);
  await page.reload();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save as a file' }).click(),
  ]);
  const good = readFileSync(await download.path(), 'utf8');
  const open = (text: string) =>
    page
      .locator('[data-file] input[type=file]')
      .setInputFiles({ name: 'progress.json', mimeType: 'application/json', buffer: Buffer.from(text) });
  const said = page.locator('[data-file] [role=status]');
  for (const [text, place] of [
    [good.slice(0, good.length / 2), /damaged at \d+:\d+/],
    [good.replace('"old"', '7'), `damaged at lessons.${lab}.tasks.wire`],
    ['{"name": "x"}', 'meshwalk-progress is missing'],
  ] as const) {
    await open(text);
    await expect(said).toContainText(place);
    await expect(said).toContainText('nothing was changed');
  }
  expect(await page.evaluate((key) => localStorage.getItem(key), `meshwalk:progress:${lab}`)).toBe(kept);
  await page.evaluate(() => localStorage.clear());
  await open(good);
  await expect(said).toContainText('1');
  expect(await page.evaluate((key) => localStorage.getItem(key), `meshwalk:progress:${lab}`)).toBe(kept);
});

test('the prose opens the views of the dock where they belong', async ({ page }) => {
  await openLesson(page, 'plumbing/05-conntrack-and-nat');
  await page.getByRole('button', { name: 'Open the tables: node1, conntrack' }).click();
  const story = page.getByRole('region', { name: 'Packet story' });
  await expect(story).toBeFocused();
  await expect(story.getByRole('combobox', { name: 'Namespace' })).toHaveValue('node1 host');
  await expect(story.getByRole('button', { name: 'Connections', exact: true })).toHaveAttribute('aria-pressed', 'true');
});

test('“This step” goes back to where the task began', async ({ page }) => {
  await openLesson(page, 'plumbing/05-conntrack-and-nat');
  await useHost(page, 'node1');
  await run(page, 'echo before the task');
  await taskOf(page, 'publish').scrollIntoViewIfNeeded(); // the learner sees it: it begins
  await expect(page.locator('#task-publish[data-seen]')).toBeVisible();
  await useHost(page, 'node1');
  await run(page, 'echo first line');
  await run(page, 'echo second line');
  await page.getByRole('button', { name: 'Start over' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'This step' }).click();
  const rows = page.locator('.terminal:visible .xterm-rows').first();
  await expect(rows).not.toContainText('second line');
  await expect(rows).not.toContainText('first line');
});

test('without a script, a task can be read: what it says, its hints, its solution', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, ...(baseURL && { baseURL }) });
  const page = await context.newPage();
  await page.goto('/en/plumbing/01-a-namespace-and-its-wire/');
  const task = taskOf(page, 'wire');
  await expect(task).toContainText('Make a namespace red on node1');
  await expect(task.locator('.hint')).toHaveCount(3);
  for (const hint of await task.locator('.hint').all()) await expect(hint).toBeVisible();
  await task.getByText('Solution', { exact: true }).click();
  await task.getByText('Only show it').click();
  await expect(task.locator('.lines')).toContainText('ip netns add red');
  await expect(task.getByRole('button')).toHaveCount(0);
  await context.close();
});

for (const { name } of LESSONS) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`${name}, mid-task, is accessible in ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await openLesson(page, name);
      const task = page.locator('.task').first();
      await task.getByRole('button', { name: 'Check' }).click();
      await expect(task.locator('.finding').first()).toBeVisible();
      await task.locator('.hint summary').first().click();
      await task.getByText('Solution', { exact: true }).click();
      const { violations } = await new AxeBuilder({ page }).exclude('.xterm-screen').analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
    });
  }
}

test('a task fits a phone', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/en/plumbing/05-conntrack-and-nat/');
  const task = taskOf(page, 'publish');
  await task.scrollIntoViewIfNeeded();
  await expect(task.getByRole('button', { name: 'Check' })).toBeEnabled();
  await task.getByRole('button', { name: 'Check' }).click();
  await expect(task.locator('.finding').first()).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test('a task asks what was predicted again, and takes the answer along', async ({ page }) => {
  await openLesson(page, 'plumbing/02-bridges');
  const predict = page.locator('form[data-kind=predict][data-question=ports-arp]');
  await predict.getByRole('textbox').fill('1');
  await predict.getByRole('button', { name: 'Answer' }).click();
  await expect(predict.locator('.verdict')).toContainText('Not so.');
  const task = taskOf(page, 'flood');
  const [arp, icmp] = [
    task.locator('[data-question=ports-arp] input'),
    task.locator('[data-question=ports-icmp] input'),
  ];
  await expect(arp).toHaveValue('1');
  await icmp.fill('1');
  await task.getByRole('button', { name: 'Check' }).click();
  await expect(task.locator('.outcome')).toHaveText(/^First: /); // there is no bridge yet
  await expect(task.locator('.finding').first()).toContainText(
    'An ARP request is sent to ff:ff:ff:ff:ff:ff: to everybody.',
  );
  await arp.fill('2');
  await arp.press('Tab');
  await expect(task.locator('.part-state')).toHaveText('Done', { timeout: 45_000 });
});
