/** `meshwalk sh`: a shell of an emulated machine in your own terminal; virtual time follows the wall clock. */
import { SECOND, type World } from '../../simulator/index.ts';

/** Events a tick may run, so that keys are still read in a busy world. */
const BUDGET = 200_000;
const TICK_MS = 15;

/** Ends with the shell's status. */
export async function interactiveShell(world: World, host: string): Promise<number> {
  const { stdin, stdout } = process;
  const size = (): { columns: number; rows: number } => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });
  const terminal = world.openTerminal(host, size());
  return new Promise((resolve) => {
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      if (world.pendingExternal() === undefined)
        world.run(world.now + Math.round(((now - last) * SECOND) / 1000), BUDGET);
      last = now;
    }, TICK_MS);
    const resize = (): void => terminal.resize(size().columns, size().rows);
    const keys = (data: Buffer): void => terminal.input(data.toString('utf8'));
    const end = (status: number): void => {
      clearInterval(timer);
      stdin.off('data', keys);
      stdout.off('resize', resize);
      if (stdin.isTTY) stdin.setRawMode(false);
      stdin.pause();
      resolve(status);
    };
    terminal.onOutput = (data) => stdout.write(data);
    terminal.onExit = end;
    if (stdin.isTTY) stdin.setRawMode(true);
    stdin.on('data', keys);
    // Without a terminal the end of the input is ^D.
    stdin.on('end', () => terminal.input('\x04'));
    stdout.on('resize', resize);
    stdin.resume();
  });
}
