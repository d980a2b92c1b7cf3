/** Helpers for tests of a page with a lab. */
import { expect, type Page } from '@playwright/test';

/** The first lesson. */
export const LESSON = '/en/mesh/20-ten-hops-for-one-curl/';

/** Collects what a page must never do: errors on the console, uncaught errors, violated policies, requests to another origin. */
export function watchForErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (/^(http|ws)/.test(protocol) && hostname !== 'localhost') errors.push(`leaves the origin: ${request.url()}`);
  });
  page.on('requestfailed', (request) => {
    if (request.failure()?.errorText === 'net::ERR_ABORTED') return; // the page was left meanwhile
    errors.push(`${request.url()} ${request.failure()?.errorText ?? ''}`);
  });
  return errors;
}

/** Opens a page with a lab and waits for its first prompt. */
export async function openLab(page: Page, path = LESSON): Promise<void> {
  await page.goto(path);
  await expect(frontTerminal(page)).toContainText(/[#$]\s*$/m);
}

/** The rows of the terminal in front. */
export function frontTerminal(page: Page) {
  return page.locator('.terminal:visible .xterm-rows').first();
}

/** What the terminal in front shows, without the padding of xterm. */
export async function screen(page: Page): Promise<string> {
  const rows = await frontTerminal(page).locator('> div').allTextContents();
  return rows
    .map((row) => row.replaceAll(' ', ' ').trimEnd())
    .join('\n')
    .trimEnd();
}

/** Brings a host's tab to the front. */
export async function useHost(page: Page, host: string): Promise<void> {
  await page.getByRole('tab', { name: host, exact: true }).click();
  await page.locator('.terminal:visible textarea').focus();
  await expect(frontTerminal(page)).toContainText(/[#$]\s*$/m);
}

/** A line that is only a prompt: `[root@node1 ~]#`, `/ #`, `$`. */
const PROMPT = /^[^"']{0,40}[#$]$/;

/** Clears the screen, and waits until it is: what stands there would be taken for the answer to the next command. */
export async function clear(page: Page): Promise<void> {
  await page.keyboard.press('Control+l');
  // One line, and not none: a terminal that is drawn anew is empty for a moment.
  await expect.poll(() => screen(page)).toMatch(/^[^\n]+$/);
}

/** Clears the screen, types a command, and answers what it printed once the prompt is back. */
export async function type(page: Page, command: string, prompt = PROMPT): Promise<string> {
  await clear(page);
  await page.keyboard.type(command);
  await page.keyboard.press('Enter');
  await expect(async () => {
    const lines = (await screen(page)).split('\n');
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.at(-1)).toMatch(prompt);
  }).toPass({ intervals: [50, 100, 200], timeout: 20_000 });
  return (await screen(page)).split('\n').slice(1, -1).join('\n');
}
