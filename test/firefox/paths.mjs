// The main paths of a learner, as main.mjs walks them in Firefox. Everything waits for what the page shows.
import assert from 'node:assert/strict';

const LESSON = 'en/mesh/20-ten-hops-for-one-curl/';
const FIRST = 'en/plumbing/01-a-namespace-and-its-wire/';
const CURL = 'curl 192.168.56.11:8000';

/** What the terminal in front shows, without the padding of xterm. */
function screen(page) {
  return page.evaluate(() => {
    const shown = [...document.querySelectorAll('.terminal')].find((one) => one.offsetParent !== null);
    const rows = [...(shown?.querySelectorAll('.xterm-rows > div') ?? [])];
    return rows
      .map((row) => row.textContent.replaceAll('\u00a0', ' ').trimEnd())
      .join('\n')
      .trimEnd();
  });
}

/** Waits until what `look` answers holds for `test`. */
async function until(look, test, what) {
  const end = Date.now() + 60_000;
  for (;;) {
    const seen = await look();
    if (test(seen)) return seen;
    if (Date.now() > end) assert.fail(`${what}; there is: ${seen}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const shows = (page, sign) =>
  until(
    () => screen(page),
    (text) => sign.test(text),
    `the terminal never shows ${sign}`,
  );
const says = (page, selector, sign) =>
  until(
    () => page.evaluate((where) => document.querySelector(where)?.textContent ?? '', selector),
    (text) => sign.test(text),
    `${selector} never says ${sign}`,
  );

async function openLab(page, address) {
  await page.goto(address);
  await shows(page, /[#$]$/);
}

/** Types a command into the terminal in front and waits for what it prints. */
async function type(page, command, sign) {
  await page.evaluate(() => {
    const shown = [...document.querySelectorAll('.terminal')].find((one) => one.offsetParent !== null);
    shown.querySelector('textarea').focus();
  });
  await page.keyboard.type(`${command}`);
  await page.keyboard.press('Enter');
  return shows(page, sign);
}

/** The world stands behind what is shown. */
const live = (page) =>
  page.waitForFunction(
    () => document.querySelector('[data-ready]') !== null && document.querySelector('[data-stale]') === null,
  );

export const paths = {
  async 'lesson 20: a request and its story'(page, url) {
    await openLab(page, url + LESSON);
    await type(page, CURL, /I'm [0-9a-f]{12}/);
    await says(page, '.story', /-j DNAT --to-destination 172\.18\.0\.2:8000/);
    await page.locator('.hop button[aria-expanded]').click();
    await page.waitForSelector('.answers');
    await page.evaluate(() =>
      [...document.querySelectorAll('.story button')].find((one) => one.textContent === 'Map').click(),
    );
    await page.waitForSelector('svg.map .card');
  },
  async 'lesson 01: every Run button types its commands'(page, url) {
    await openLab(page, url + FIRST);
    const count = await page.$$eval('.code-run', (buttons) => buttons.length);
    assert.ok(count >= 5, `${count} Run buttons`);
    for (let index = 0; index < count; index++) {
      const [host, command] = await page.$$eval(
        '.code-block:has(.code-run)',
        (blocks, at) => [blocks[at].dataset.host, blocks[at].dataset.command],
        index,
      );
      await page.$$eval('.code-run', (buttons, at) => buttons[at].click(), index);
      await says(page, '.lab-status', new RegExp(`${host}: `));
      const last = command
        .trim()
        .split('\n')
        .at(-1)
        .slice(0, 30)
        .replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      await shows(page, new RegExp(last));
      await shows(page, /[#$]$/);
    }
  },
  async 'a reload brings the session back'(page, url) {
    await openLab(page, url + LESSON);
    await type(page, 'x=kept; echo $((6 * 7))', /^42$/m);
    const before = await screen(page);
    await page.reload();
    await until(
      () => screen(page),
      (text) => text === before,
      'the screen is not as it was',
    );
    await live(page);
    await type(page, 'echo "x is $x"', /^x is kept$/m);
  },
  async 'a link opens the same world'(page, url) {
    await openLab(page, url + LESSON);
    await type(page, 'y=linked; echo $((6 * 7))', /^42$/m);
    await page.evaluate(() =>
      [...document.querySelectorAll('.time button')].find((one) => one.textContent === 'Link').click(),
    );
    const link = await until(
      () =>
        page.evaluate(
          () =>
            [...document.querySelectorAll('.time input')]
              .map((one) => one.value)
              .find((value) => value.includes('#world=')) ?? '',
        ),
      (value) => value !== '',
      'no link appears',
    );
    await page.evaluate(() => sessionStorage.clear());
    await page.goto('about:blank');
    await openLab(page, link);
    await live(page);
    await type(page, 'echo "y is $y"', /^y is linked$/m);
  },
  async 'after one visit a reload and another lesson need no network'(page, url, withoutNetwork) {
    await openLab(page, url + LESSON);
    await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
    await withoutNetwork(async () => {
      await page.reload();
      await shows(page, /[#$]$/);
      await live(page);
      await type(page, 'echo $((6 * 7))', /^42$/m);
      await openLab(page, url + FIRST);
    });
  },
};
