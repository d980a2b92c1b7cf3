/** Typing into a terminal of a page as a person does: key after key, with the keys of a shell. */
import { expect, type Page } from '@playwright/test';
import { clear, frontTerminal, screen } from './lab-page';

/** Milliseconds between two keys. */
const BETWEEN_KEYS = 8;
/** A line that is only a prompt: `[root@node1 ~]#`, `~ #`. */
const PROMPT = /^[^"'>]{0,40}[#$]$/;

/** Types keys one by one; what they print is not waited for. */
export async function keys(page: Page, text: string): Promise<void> {
  await page.keyboard.type(text, { delay: BETWEEN_KEYS });
}

/** Waits until the last line of the screen is a prompt. */
export async function promptBack(page: Page): Promise<void> {
  await expect(async () => {
    expect((await screen(page)).split('\n').at(-1)).toMatch(PROMPT);
  }).toPass({ intervals: [50, 100, 200], timeout: 20_000 });
}

/** Clears the screen and types a command with Enter; answers what it printed once the prompt is back. */
export async function run(page: Page, command: string): Promise<string> {
  await clear(page);
  await keys(page, command);
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await screen(page)).split('\n').length).toBeGreaterThan(1);
  await promptBack(page);
  return (await screen(page)).split('\n').slice(1, -1).join('\n');
}

/** Types a command that goes on by itself, and waits until the screen shows `sign`. */
export async function begin(page: Page, command: string, sign: RegExp): Promise<void> {
  await clear(page);
  await keys(page, command);
  await page.keyboard.press('Enter');
  await expect(frontTerminal(page)).toContainText(sign);
}

/** Ctrl-C, and the prompt is back. */
export async function interrupt(page: Page): Promise<void> {
  await page.keyboard.press('Control+c');
  await promptBack(page);
}

/** Pastes text into the terminal that has the focus, through the browser's own clipboard event. */
export async function paste(page: Page, text: string): Promise<void> {
  await page.locator('.terminal:visible textarea').evaluate((field, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', pasted);
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}
