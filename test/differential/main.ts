// npm run differential -- --seed N --count M
//
// A live differential test: random rules, topologies and packets, built by the same command lines in network namespaces of
// this machine's kernel and in the emulator; verdicts, captures, counters and connections are compared. Needs Linux and root;
// what the kernel at hand lacks is left out, and said.
import { describe } from './case.ts';
import { EmulatedMachine, observeEmulated, ruleRefused } from './emulated.ts';
import { Generator } from './generate.ts';
import { MATCHES, TARGETS } from './parts.ts';
import { type Observation, differences, withoutPolicies } from './observation.ts';
import { cannotRun, countsPolicies, kernelRelease, RealMachine } from './real.ts';
import { shrink } from './shrink.ts';
import type { Case } from './case.ts';

interface Options {
  readonly seed: number;
  readonly count: number;
  /** Stops after so many failing cases. */
  readonly failures: number;
  readonly verbose: boolean;
}

const USAGE = 'usage: npm run differential -- [--seed N] [--count M] [--failures K] [--verbose]';
/** How often a difference is looked at before it counts: the real machine may have been too busy to answer in time. */
const LOOKS = 3;

function readOptions(words: readonly string[]): Options | undefined {
  const options = { seed: 1, count: 100, failures: 3, verbose: false };
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === '--verbose') options.verbose = true;
    else if (word === '--seed' || word === '--count' || word === '--failures') {
      const value = Number(words[++i]);
      if (!Number.isInteger(value) || value < 0) return undefined;
      options[word.slice(2) as 'seed' | 'count' | 'failures'] = value;
    } else return undefined;
  }
  return options;
}

/** Matches and targets that the kernel or the emulator does not have, with who lacks them. */
function unknownParts(real: RealMachine): Map<string, string> {
  const parts = [...MATCHES, ...TARGETS].filter((part) => part.sample[1] !== '');
  const machine = new EmulatedMachine(1);
  const rules = parts.map(
    ({ sample: [table, words] }) =>
      [table, words.startsWith('-A ') ? words : `-A ${table === 'raw' ? 'PREROUTING' : 'FORWARD'} ${words}`] as const,
  );
  const kernel = real.tryRules(rules);
  const found = new Map<string, string>();
  parts.forEach((part, i) => {
    const [table, rule] = rules[i] as readonly [string, string];
    if (kernel[i] !== '') found.set(part.name, 'this kernel');
    else if (ruleRefused(machine, table, rule) !== '') found.set(part.name, 'the emulator');
  });
  return found;
}

/** Lines of differences that are printed of one case. */
const LINES_SHOWN = 60;

/** Without what the tools at hand do not show. */
let comparable = (observation: Observation): Observation => observation;

interface Verdict {
  readonly differences: readonly string[];
  /** The real tools refused a command: the case says nothing. */
  readonly illegal: boolean;
}

async function judge(test: Case, real: RealMachine, looks: number): Promise<Verdict> {
  let own: Observation;
  try {
    own = comparable(observeEmulated(test));
  } catch (error) {
    return {
      differences: [`the emulator failed: ${String(error instanceof Error ? error.stack : error)}`],
      illegal: false,
    };
  }
  let found: string[] = [];
  for (let look = 0; look < looks; look++) {
    const seen = comparable(await real.observe(test));
    if (seen.failed.length > 0 && own.failed.length > 0) return { differences: [], illegal: true };
    found = differences(seen, own);
    if (found.length === 0) break;
  }
  return { differences: found, illegal: false };
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  const why = cannotRun();
  if (why !== undefined) {
    console.log(`differential test skipped: ${why}`);
    return 0;
  }
  const real = new RealMachine();
  let stopped = false;
  // The first signal ends it after the case at hand, with a summary; the second at once.
  const stop = (): void => {
    if (stopped) {
      real.end();
      process.exit(130);
    }
    stopped = true;
  };
  const isStopped = (): boolean => stopped;
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  let failed = 0;
  let ran = 0;
  let illegal = 0;
  let unsteady = 0;
  const began = Date.now();
  try {
    const unknown = unknownParts(real);
    for (const [part, who] of unknown) console.log(`left out: ${part} (${who} does not have it)`);
    if (!countsPolicies()) {
      comparable = withoutPolicies;
      console.log('left out: counters of policies (this iptables does not ask for them)');
    }
    console.log('left out: IPVS (compared with recordings only)');
    const generator = new Generator(new Set(unknown.keys()));
    for (let i = 0; i < options.count && failed < options.failures && !isStopped(); i++) {
      const seed = options.seed + i;
      const test = generator.case(seed);
      const verdict = await judge(test, real, LOOKS);
      ran++;
      if (verdict.illegal) illegal++;
      if (options.verbose)
        console.log(
          `${seed}: ${test.topology.kind}, ${test.rules.length} rules, ${test.probes.length} packets${verdict.illegal ? ', illegal' : ''}`,
        );
      if (verdict.differences.length === 0) continue;
      console.log(`\nseed ${seed} differs; making it smaller …`);
      const small = await shrink(test, async (each) => (await judge(each, real, 2)).differences.length > 0, 60);
      let last = await judge(small, real, LOOKS);
      if (last.differences.length === 0) last = await judge(test, real, LOOKS);
      if (last.differences.length === 0) {
        unsteady++;
        console.log('… but not every time: the machine was too busy to answer in time');
        continue;
      }
      failed++;
      console.log(describe(small));
      console.log(last.differences.slice(0, LINES_SHOWN).join('\n'));
    }
  } finally {
    real.end();
  }
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  console.log(
    `\nkernel ${kernelRelease()}: ${ran} cases in ${seconds} s, ${failed} with a difference, ${illegal} that the tools refused, ${unsteady} unsteady`,
  );
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
