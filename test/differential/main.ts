// npm run differential -- --seed N --count M
//
// A live differential test: random rules, topologies and packets, built by the same command lines in network namespaces of
// this machine's kernel and in the emulator; verdicts, captures, counters and connections are compared. Needs Linux and root;
// what the kernel at hand lacks is left out, and said.
import type { Case } from './case.ts';
import { describe } from './case.ts';
import { EmulatedMachine, observeEmulated, ruleRefused } from './emulated.ts';
import { Generator } from './generate.ts';
import { MATCHES } from './matches.ts';
import { differences, type Observation, withoutPolicies } from './observation.ts';
import { cannotRun, countsPolicies, hasLegacy, kernelRelease, RealMachine, type RealObservation } from './real.ts';
import { shrink } from './shrink.ts';
import { TARGETS } from './targets.ts';

interface Options {
  readonly seed: number;
  readonly count: number;
  /** Stops after so many failing cases. */
  readonly failures: number;
  /** How many cases are built side by side. */
  readonly lanes: number;
  readonly verbose: boolean;
}

const USAGE = 'usage: npm run differential -- [--seed N] [--count M] [--failures K] [--lanes L] [--verbose]';
/**
 * A difference is looked at again before it counts, each time with more seconds of silence after each packet: the real
 * machine may have been too busy to answer in time. Well below 40 ms, when delayed ACKs go out.
 */
const LOOKS: readonly number[] = [0.005, 0.012, 0.02];

function readOptions(words: readonly string[]): Options | undefined {
  const options = { seed: 1, count: 100, failures: 3, lanes: 3, verbose: false };
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === '--verbose') options.verbose = true;
    else if (word === '--seed' || word === '--count' || word === '--failures' || word === '--lanes') {
      const value = Number(words[++i]);
      if (!Number.isInteger(value) || value < 0) return undefined;
      options[word.slice(2) as 'seed' | 'count' | 'failures' | 'lanes'] = value;
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

/** Whether iptables-nft counts what a policy decides. */
let policies = true;

interface Verdict {
  readonly differences: readonly string[];
  /** The real tools refused a command: the case says nothing. */
  readonly illegal: boolean;
}

function compare(test: Case, real: RealObservation): Verdict {
  const comparable = (observation: Observation): Observation =>
    policies || test.backend === 'legacy' ? observation : withoutPolicies(observation);
  let own: Observation;
  try {
    own = observeEmulated(test, real.gaps);
  } catch (error) {
    return {
      differences: [`the emulator failed: ${String(error instanceof Error ? error.stack : error)}`],
      illegal: false,
    };
  }
  if (real.observation.failed.length > 0 && own.failed.length > 0) return { differences: [], illegal: true };
  return { differences: differences(comparable(real.observation), comparable(own)), illegal: false };
}

async function judge(test: Case, real: RealMachine, looks: readonly number[]): Promise<Verdict> {
  let verdict: Verdict = { differences: [], illegal: false };
  for (const quiet of looks) {
    const seen = await real.observe(test, quiet).catch(() => undefined);
    // A kernel that took a minute over a command says nothing about the case.
    if (seen === undefined) continue;
    verdict = compare(test, seen);
    if (verdict.differences.length === 0) break;
  }
  return verdict;
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
  const machines = Array.from({ length: options.lanes }, (_, lane) => new RealMachine(lane));
  const [real] = machines as [RealMachine];
  const end = (): void => machines.forEach((machine) => machine.end());
  let stopped = false;
  // The first signal ends it after the case at hand, with a summary; the second at once.
  const stop = (): void => {
    if (stopped) {
      end();
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
    policies = countsPolicies();
    if (!policies) console.log('left out: counters of policies of iptables-nft (this version does not ask for them)');
    const legacy = hasLegacy();
    if (!legacy) console.log('left out: iptables-legacy (it is not here)');
    console.log('left out: IPVS (compared with recordings only)');
    const generator = new Generator(new Set(unknown.keys()), legacy);
    // The real machines are at the next cases while the emulator is at this one.
    const waiting: { seed: number; test: Case; seen: Promise<RealObservation | undefined> }[] = [];
    let begun = 0;
    const begin = (): void => {
      if (begun >= options.count) return;
      const seed = options.seed + begun;
      const test = generator.case(seed);
      const machine = machines[begun % machines.length] as RealMachine;
      begun++;
      waiting.push({ seed, test, seen: machine.observe(test, LOOKS[0] as number).catch(() => undefined) });
    };
    machines.forEach(begin);
    for (
      let one = waiting.shift();
      one !== undefined && failed < options.failures && !isStopped();
      one = waiting.shift()
    ) {
      const { seed, test } = one;
      const first = await one.seen;
      begin();
      let verdict = first === undefined ? undefined : compare(test, first);
      if (verdict === undefined || verdict.differences.length > 0) {
        // A second look is taken with nothing else going on.
        await Promise.all(waiting.map((other) => other.seen));
        verdict = await judge(test, real, LOOKS.slice(1));
      }
      ran++;
      if (verdict.illegal) illegal++;
      if (options.verbose)
        console.log(
          `${seed}: ${test.topology.kind}, ${test.backend}, ${test.rules.length} rules, ${test.probes.length} packets${verdict.illegal ? ', illegal' : ''}`,
        );
      if (verdict.differences.length === 0) continue;
      console.log(`\nseed ${seed} differs; making it smaller …`);
      const small = await shrink(
        test,
        async (each) => (await judge(each, real, LOOKS.slice(1))).differences.length > 0,
        80,
      );
      let last = await judge(small, real, LOOKS.slice(1));
      if (last.differences.length === 0) last = await judge(test, real, LOOKS.slice(1));
      if (last.differences.length === 0) {
        unsteady++;
        console.log('… but not every time: the machine was too busy to answer in time');
        continue;
      }
      failed++;
      console.log(describe(small));
      console.log(last.differences.slice(0, LINES_SHOWN).join('\n'));
    }
    await Promise.all(waiting.map((other) => other.seen));
  } finally {
    end();
  }
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  console.log(
    `\nkernel ${kernelRelease()}: ${ran} cases in ${seconds} s, ${failed} with a difference, ${illegal} that the tools refused, ${unsteady} unsteady`,
  );
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
