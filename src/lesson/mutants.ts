/**
 * Mutants of a solution: one of its commands left out, exchanged with the next, or altered. Checks that let a mutant pass
 * do not look closely enough, unless the mutant comes to the same world.
 */
import type { Externals } from '../../simulator/index.ts';
import type { Lab, Line } from '../../simulator/lesson/index.ts';
import { linesOf } from '../../simulator/lesson/index.ts';
import { checkLesson } from './check.ts';
import { digestOf } from './digest.ts';
import { forkOf } from './fork.ts';
import { type TaskWorlds, typed } from './prove.ts';
import { NoPrompt } from './typist.ts';

interface Mutant {
  /** `drop node1: ip link set v-red up`: what a lab's list of survivors names it by. */
  readonly name: string;
  readonly lines: readonly Line[];
}

/** What became of the mutants of a lab. */
export interface Mutation {
  readonly mutants: number;
  /** Came to the same world as the solution: no mutants at all. */
  readonly same: number;
  readonly killed: number;
  /** Passed, and the lab says why that is right. */
  readonly excused: number;
  /** Passed without an excuse. */
  readonly survivors: readonly string[];
  /** Excuses for mutants that do not survive (any more). */
  readonly idle: readonly string[];
}

/** One wrong turn of a command: what stands there, and what instead. */
const ALTERATIONS: readonly (readonly [pattern: RegExp, change: (...found: string[]) => string])[] = [
  [/(\d+\.\d+\.\d+\.)(\d+)(?![\d.])/, (_, net = '', host = '') => `${net}${Number(host) + 5}`],
  [
    /(--dport|--dports|--to-ports|--set-mark|--set-xmark|--mark|mtu|id|table|-w|fwmark|-f|--to-destination \S+?:)( ?)(\d+|0x[0-9a-f]+)\b/,
    (_, word = '', space = '', number = '') => `${word}${space}${Number(number) + 1}`,
  ],
  [/\b(PREROUTING|POSTROUTING|INPUT|FORWARD|OUTPUT)\b/, (chain = '') => OTHER_CHAIN[chain] ?? chain],
  [/-j (ACCEPT|DROP)\b/, (_, verdict) => `-j ${verdict === 'DROP' ? 'ACCEPT' : 'DROP'}`],
  [/\bup$/, () => 'down'],
  [/\bmaster (\S+)/, () => 'nomaster'],
  [/=1$/, () => '=0'],
  [/=0$/, () => '=1'],
  [/(-p|--publish) (\d+):(\d+)/, (_, flag = '', from = '', to = '') => `${flag} ${from}:${Number(to) + 1}`],
  [/([0-9a-f]{2}:){5}([0-9a-f]{2})/, (mac = '') => `${mac.slice(0, -2)}7f`],
];

/** An option with its value, which a mutant leaves out. */
const OPTION = / --?[a-z][\w-]*(?: (?!-)\S+|=\S+)/g;

const OTHER_CHAIN: Readonly<Record<string, string>> = {
  PREROUTING: 'POSTROUTING',
  POSTROUTING: 'PREROUTING',
  INPUT: 'FORWARD',
  FORWARD: 'INPUT',
  OUTPUT: 'INPUT',
};

/** Every mutant of a list of commands. */
function mutantsOf(lines: readonly Line[]): Mutant[] {
  const mutants: Mutant[] = [];
  lines.forEach((line, index) => {
    const with_ = (...instead: Line[]): Line[] => [...lines.slice(0, index), ...instead, ...lines.slice(index + 1)];
    mutants.push({ name: `drop ${line.on}: ${line.run}`, lines: with_() });
    for (const [pattern, change] of ALTERATIONS) {
      const run = line.run.replace(pattern, (...found) => change(...found.filter((one) => typeof one === 'string')));
      if (run !== line.run) mutants.push({ name: `alter ${line.on}: ${run}`, lines: with_({ ...line, run }) });
    }
    for (const [option] of line.run.matchAll(OPTION)) {
      const run = line.run.replace(option, '');
      mutants.push({ name: `alter ${line.on}: ${run}`, lines: with_({ ...line, run }) });
    }
    const next = lines[index + 1];
    if (next !== undefined && (next.run !== line.run || next.on !== line.on))
      mutants.push({
        name: `swap ${line.on}: ${line.run} | ${next.on}: ${next.run}`,
        lines: [...lines.slice(0, index), next, line, ...lines.slice(index + 2)],
      });
  });
  return mutants;
}

/** Tries the mutants of all tasks of a lab. */
export async function mutate(lab: Lab, worlds: readonly TaskWorlds[], externals: Externals): Promise<Mutation> {
  const excuses = new Map(lab.survivors.map(({ mutant, because }) => [mutant, because]));
  const used = new Set<string>();
  const survivors: string[] = [];
  let [mutants, same, killed] = [0, 0, 0];
  for (const { task, before, after, answers } of worlds) {
    const lines = linesOf(task.solution);
    let goal: string | undefined;
    for (const mutant of mutantsOf(lines)) {
      mutants++;
      let passes = false;
      try {
        const { session } = await typed(before, mutant.lines, externals);
        const [result] = await checkLesson(session, lab, { externals, answers, tasks: [task.id], quick: true });
        passes = result?.level === 'pass';
        if (passes) {
          goal ??= await digestOf(await forkOf(after, externals));
          if ((await digestOf(await forkOf(session, externals))) === goal) {
            same++;
            continue;
          }
        }
      } catch (error) {
        if (!(error instanceof NoPrompt)) throw error; // a command that never ends is no solution
      }
      if (!passes) killed++;
      else if (excuses.has(mutant.name)) used.add(mutant.name);
      else survivors.push(mutant.name);
    }
  }
  const idle = [...excuses.keys()].filter((name) => !used.has(name));
  return { mutants, same, killed, excused: used.size, survivors, idle };
}
