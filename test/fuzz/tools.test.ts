// Random command lines for every tool, made of its own lines and words and of soup: nothing may crash, hang, run away or
// speak nonsense, and what fails says why. FUZZ_LINES says how many lines each tool gets (60, or 100,000 for a long night),
// FUZZ_SEED which ones, FUZZ_TOOL of which tools (names with commas between), FUZZ_TELL the file to name each line in.
import { appendFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../simulator/base/random.ts';
import { dictionary } from './dictionary.ts';
import { LineMaker } from './generate.ts';
import { CONTROL } from './lines/control.ts';
import { MACHINE } from './lines/files.ts';
import type { ToolLines } from './lines/lines.ts';
import { NET } from './lines/net.ts';
import { NETFILTER } from './lines/netfilter.ts';
import { TEXT } from './lines/text.ts';
import { FuzzMachine } from './machine.ts';
import { shellText } from './shell.ts';

const LINES = Number(process.env['FUZZ_LINES'] ?? 60);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const ONLY = process.env['FUZZ_TOOL']?.split(',');
/** A file that takes each line before it runs: the last one is the one that hangs. */
const TELL = process.env['FUZZ_TELL'];
const PER_MACHINE = 250;

const OTHERS: readonly ToolLines[] = [
  { tool: 'dockerd', source: [], lines: ['dockerd'] },
  {
    tool: 'iptables-legacy',
    source: [],
    lines: ['iptables-legacy -A INPUT -p tcp --dport 80 -j DROP', 'iptables-legacy -L -n'],
  },
];
const ALL = [...TEXT, ...MACHINE, ...NET, ...NETFILTER, ...CONTROL, ...OTHERS]
  .filter((about, i, all) => all.findIndex(({ tool }) => tool === about.tool) === i)
  .filter(({ tool }) => ONLY === undefined || ONLY.includes(tool));

async function fresh(about: ToolLines, seed: number): Promise<FuzzMachine> {
  const machine = new FuzzMachine({ seed, docker: about.docker === true, calls: about.calls === true });
  if (about.setup !== undefined) await machine.setUp(about.setup);
  return machine;
}

async function attack(about: ToolLines, next: () => { argv: readonly string[]; stdin?: string }): Promise<void> {
  let machine: FuzzMachine | undefined;
  for (let line = 0, used = 0; line < LINES; line++, used++) {
    if (machine === undefined || used >= PER_MACHINE || !machine.sound) {
      machine = await fresh(about, SEED + line);
      used = 0;
    }
    const { argv, stdin } = next();
    if (TELL !== undefined) appendFileSync(TELL, `${JSON.stringify(argv)}\n`);
    let wrong: string | undefined;
    let ending;
    try {
      ending = await machine.run(argv, {
        ...(stdin === undefined ? {} : { stdin }),
        ...(about.patience === undefined ? {} : { patience: about.patience }),
      });
      wrong = ending.wrong;
      if (
        ending.status !== 0 &&
        ending.status > 0 &&
        ending.status < 124 &&
        ending.stderr + ending.stdout === '' &&
        about.silent !== true
      )
        wrong ??= `ends with ${ending.status} and says nothing`;
    } catch (thrown) {
      wrong = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    }
    expect({ line, argv, wrong }).toEqual({ line, argv, wrong: undefined });
  }
}

describe('random command lines', () => {
  test.each(ALL.map((about) => [about.tool, about] as const))('%s', { timeout: 3_600_000 }, async (tool, about) => {
    const random = new RandomStream(SEED, `fuzz/${tool}`);
    const lines = new LineMaker(random, about, dictionary(about.source));
    await attack(about, () => ({
      argv: lines.next(),
      ...(about.stdin === undefined || random.below(3) === 0 ? {} : { stdin: about.stdin }),
    }));
  });

  test.runIf(ONLY === undefined || ONLY.includes('syntax'))('shell syntax', { timeout: 3_600_000 }, async () => {
    const random = new RandomStream(SEED, 'fuzz/syntax');
    const about: ToolLines = { tool: 'bash', source: [], lines: [], silent: true };
    await attack(about, () => ({ argv: [random.below(3) === 0 ? 'sh' : 'bash', '-c', shellText(random)] }));
  });
});
