// Builds the site. Astro needs Node 22.12 or newer: on Linux (x64) the lock file brings one, which npm puts
// first in the path of every script; elsewhere an older Node fetches the same version for its own system.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const NODE = '24.21.0';

/** The command that runs a script on a Node that is new enough. */
export function modernNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return { command: process.execPath, args: [] };
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}@${NODE}`;
  return { command: 'npx', args: ['--yes', '--package', name, '--', 'node'] };
}

/** Runs a command in the project and ends this process with its status when it fails. */
export function mustRun(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ASTRO_TELEMETRY_DISABLED: '1', ...env },
    shell: process.platform === 'win32',
  });
  if (error !== undefined) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
}

/** `astro build`, into dist/. */
export function astroBuild() {
  const { command, args } = modernNode();
  mustRun(command, [...args, 'node_modules/astro/bin/astro.mjs', 'build', '--silent']);
}
