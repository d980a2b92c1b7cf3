// Who may import whom: ARCHITECTURE.md, section 2. Arrows point down; siblings are strangers.
import { describe, expect, test } from 'vitest';
import { filesUnder, importsOf, resolveImport } from './sources';

const GROUND = ['base', 'trace'];
const NETWORK = [...GROUND, 'wire', 'kernel'];
const STACK = [...NETWORK, 'netfilter', 'ipvs', 'transport'];
const MACHINE = [...STACK, 'process', 'eras'];
const DAEMONS = [...MACHINE, 'swarm', 'engine'];

/** For each room of simulator/: the rooms below it that it may import. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  base: ['trace'],
  trace: ['base', 'wire'],
  wire: GROUND,
  eras: GROUND,
  kernel: [...GROUND, 'wire'],
  netfilter: NETWORK,
  ipvs: NETWORK,
  transport: NETWORK,
  process: STACK,
  swarm: [...STACK, 'eras'],
  engine: [...MACHINE, 'swarm'], // a container is a process
  shell: DAEMONS,
  tools: DAEMONS,
  services: DAEMONS,
  stack: STACK, // plugs netfilter, ipvs and transport into the kernel
  lab: [...DAEMONS, 'shell', 'tools', 'services', 'stack'],
  lesson: [...NETWORK, 'lab'], // looks at worlds from outside, with commands and the trace
  index: [...DAEMONS, 'shell', 'tools', 'services', 'stack', 'lab'],
};

/** Packages that simulator/ may use: pure, run in a worker; all but the last two synchronous. */
const PACKAGES: Record<string, { where: RegExp; why: string }> = {
  unbash: { where: /^simulator\/shell\//, why: 'parses the shell language: synchronous, typed, no dependencies' },
  yaml: {
    where: /^simulator\/(lab|lesson|tools|engine)\//,
    why: 'reads scenarios and stack files, with positions for errors',
  },
  zod: { where: /^simulator\/(lab|lesson|tools|engine)\//, why: 'one schema for types, errors and editor completion' },
  'just-bash': { where: /^simulator\/process\/external\.ts$/, why: 'awk and sed, loaded when first used' },
  'jq-web': { where: /^simulator\/process\/external\.ts$/, why: 'the real jq, loaded when first used' },
};

/** The room of a file of simulator/: its folder, or the file's own name at the top. */
function roomOf(path: string): string {
  return path.split('/')[1]!.replace(/\.ts$/, '');
}

/** The package that a bare specifier belongs to. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

describe('simulator', () => {
  const files = filesUnder('simulator', ['.ts']);

  test('imports point down', () => {
    const wrong: string[] = [];
    for (const file of files) {
      for (const specifier of importsOf(file)) {
        const target = resolveImport(file, specifier);
        if (target === undefined) continue;
        if (!target.startsWith('simulator/')) wrong.push(`${file} leaves simulator/: ${specifier}`);
        const [from, to] = [roomOf(file), roomOf(target)];
        if (from !== to && !MAY_IMPORT[from]?.includes(to))
          wrong.push(`${file} (${from}) imports ${specifier} (${to})`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('packages come from the short list, each in its place', () => {
    const wrong: string[] = [];
    for (const file of files) {
      for (const specifier of importsOf(file)) {
        if (specifier.startsWith('.')) continue;
        if (!PACKAGES[packageOf(specifier)]?.where.test(file)) wrong.push(`${file} imports ${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('src', () => {
  test('reaches the simulator only through its two doors: worlds, and lessons', () => {
    const wrong: string[] = [];
    for (const file of filesUnder('src', ['.ts'])) {
      for (const specifier of importsOf(file)) {
        const target = resolveImport(file, specifier);
        if (target?.startsWith('simulator') && !/^simulator((\/lesson)?\/index)?$/.test(target)) {
          wrong.push(`${file} imports ${specifier}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test('never imports lessons or tests', () => {
    const wrong = filesUnder('src', ['.ts']).flatMap((file) =>
      importsOf(file)
        .filter((specifier) => /^(test|content\/docs)/.test(resolveImport(file, specifier) ?? ''))
        .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });
});
