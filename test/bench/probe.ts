// What runs inside the lesson page to measure it: each function is sent to the browser as text, so it may use nothing
// of this file. The methods are those of the anchors' bare xterm page.

/** What the prompt probe tells. */
export interface PromptReport {
  /** Milliseconds from navigation to the frame in which the first prompt stands. */
  readonly prompt: number;
}

/** What the terminal probe tells: milliseconds, and megabytes a second. */
export interface TerminalReport {
  readonly idle: Percentiles;
  readonly loaded: Percentiles;
  readonly megabytesPerSecond: number;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

/** Waits for the first prompt in the first terminal. */
export async function promptProbe(): Promise<PromptReport> {
  return new Promise((resolve) => {
    const look = () => {
      const text = document.querySelector('.xterm-rows')?.textContent ?? '';
      if (!/[#$]\s*$/.test(text)) return;
      observer.disconnect();
      requestAnimationFrame(() => resolve({ prompt: performance.now() }));
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { childList: true, subtree: true, characterData: true });
    look();
  });
}

/** Types into the first terminal: keys alone, much output, and keys while requests go through the mesh. */
export async function terminalProbe(): Promise<TerminalReport> {
  const KEYS = 60;
  const LINE = 'task.1.x7k2 nginx:alpine  node-1  Running  Running 3 seconds ago   *:8080->80/tcp';
  const LINES = 800;
  const TIMES = 80;
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const screen = () => document.querySelector('.xterm-rows')?.textContent ?? '';
  const shows = (test: () => boolean, within: Node) =>
    new Promise<void>((resolve) => {
      const observer = new MutationObserver(() => {
        if (!test()) return;
        observer.disconnect();
        resolve();
      });
      observer.observe(within, { childList: true, subtree: true, characterData: true });
      if (test()) (observer.disconnect(), resolve());
    });
  const prompt = () => /[#$]\s*$/.test(screen());

  await shows(prompt, document);
  await sleep(1500); // whatever else the page loads comes now
  const rows = document.querySelector('.xterm-rows')!;
  const input = document.querySelector('.xterm textarea')!;
  const type = (data: string) =>
    input.dispatchEvent(new InputEvent('input', { data, inputType: 'insertText', bubbles: true }));
  const run = async (command: string, end: () => boolean) => {
    const from = performance.now();
    type(`${command}\r`);
    await shows(end, rows);
    return performance.now() - from;
  };
  const keys = async (): Promise<Percentiles> => {
    const times: number[] = [];
    for (let i = 0; i < KEYS; i++) {
      await sleep(25 + Math.random() * 20);
      const before = screen();
      const from = performance.now();
      type('x');
      await shows(() => screen() !== before, rows);
      times.push(performance.now() - from);
    }
    type('\x15');
    times.sort((a, b) => a - b);
    const percentile = (p: number) => times[Math.floor((times.length - 1) * p)]!;
    return { p50: percentile(0.5), p95: percentile(0.95) };
  };

  const idle = await keys();
  await run(`for i in $(seq ${LINES}); do echo "${LINE}"; done > /tmp/out; echo made$((1 + 1))`, () =>
    screen().includes('made2'),
  );
  const spent = await run(`cat${' /tmp/out'.repeat(TIMES)}; echo over$((1 + 1))`, () => screen().includes('over2'));
  await run('clear; while true; do curl -s -o /dev/null 192.168.56.11:8000; done &', prompt);
  await sleep(500);
  const loaded = await keys();
  return { idle, loaded, megabytesPerSecond: ((LINE.length + 2) * LINES * TIMES) / 1e3 / spent };
}
