// npm 11.6 and newer reject a lock file that lacks an entry for an optional binary of another
// platform (npm/cli issue 9846). This writes the missing entries as the public registry would.
// Run it (`npm run lock`) after every `npm install` that changes the lock file.
import fs from 'node:fs';

const FILE = 'package-lock.json';
const OS = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  openharmony: 'openharmony',
  sunos: 'sunos',
  win32: 'win32',
  windows: 'win32',
  aix: 'aix',
};
const CPU = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32'];

const lock = JSON.parse(fs.readFileSync(FILE, 'utf8'));
const packages = lock.packages;

/** Whether the tree already holds `name` at `version`, seen from the package at `from`. */
function isLocked(from, name, version) {
  for (let dir = from; ; dir = dir.slice(0, Math.max(0, dir.lastIndexOf('node_modules/') - 1))) {
    const hit = packages[(dir ? dir + '/' : '') + 'node_modules/' + name];
    if (hit) return hit.version === version;
    if (!dir) return false;
  }
}

/** The lock entry of a binary package, read off its name. */
function stub(name, version, dev) {
  const words = name.split(/[/-]/);
  const os = words.map((word) => OS[word]).find(Boolean);
  const cpu = words.find((word) => CPU.includes(word));
  const libc = words.includes('musl') ? 'musl' : words.includes('gnu') ? 'glibc' : undefined;
  return {
    version,
    ...(cpu && { cpu: [cpu] }),
    ...(dev && { dev: true }),
    optional: true,
    ...(os && { os: [os] }),
    ...(libc && { libc: [libc] }),
  };
}

let added = 0;
for (const [at, entry] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (!/^\d/.test(version) || isLocked(at, name, version)) continue;
    const nested = at.slice(0, at.lastIndexOf('node_modules/')) + 'node_modules/' + name;
    const top = 'node_modules/' + name;
    packages[packages[top] ? nested : top] = stub(name, version, entry.dev);
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
fs.writeFileSync(FILE, JSON.stringify(lock, null, 2) + '\n');
console.log(`${added} stubs`);
