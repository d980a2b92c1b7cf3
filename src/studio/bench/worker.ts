/**
 * The studio's bench: reads, checks and proves a lesson in a worker, so that neither a long proof nor a hostile text holds
 * up the page. It has no world of its own; every world that it makes is a fork.
 */
import { createBirpc } from 'birpc';
import { loadLateCode } from 'virtual:late-code';
import { parseScenario, type Scenario } from '../../../simulator/index.ts';
import { LabError, parseLab, type ReadLab } from '../../../simulator/lesson/index.ts';
import { codeWords } from '../../i18n/code-words.mjs';
import { externals } from '../../lab/externals.ts';
import { checkLesson } from '../../lesson/check.ts';
import type { Session } from '../../lesson/fork.ts';
import { mutate } from '../../lesson/mutants.ts';
import { proveParts } from '../../lesson/placed.ts';
import { proveProse } from '../../lesson/prose.ts';
import { type Fact, proveLab, worldsOf } from '../../lesson/prove.ts';
import { proseFaults } from '../prose/faults.ts';
import { renderProse } from '../prose/render.ts';
import { saysOf } from '../prose/says.ts';
import type { SafeNode } from '../prose/tree.ts';
import { LANGUAGES, type LessonSource, pathOf } from '../source.ts';
import { studioWords } from '../words.ts';
import { LabPlaces } from './places.ts';
import type {
  BenchClient,
  BenchServer,
  CheckedTask,
  MutantCount,
  PreviewRequest,
  ReadAnswer,
  Scenarios,
} from './protocol.ts';

/** Reads the lab. Throws LabError. */
function labOf({ name, lab }: LessonSource, scenarios: Scenarios): ReadLab {
  const named = (scenario: string): Scenario | undefined => {
    const text = Object.hasOwn(scenarios, scenario) ? scenarios[scenario] : undefined;
    return text === undefined ? undefined : parseScenario(text);
  };
  return parseLab(lab, named, pathOf(name, 'lab'));
}

function read(source: LessonSource, scenarios: Scenarios): ReadAnswer {
  const answer = readTheLab(source, scenarios);
  const { lab, scenario } = answer;
  const hosts = scenario?.machines.map(({ name }) => name);
  const prose = LANGUAGES.flatMap((language) => {
    const text = source.prose[language];
    return text === undefined ? [] : proseFaults(language, text, { name: source.name, lab, hosts });
  });
  return { ...answer, problems: [...answer.problems, ...prose] };
}

function readTheLab(source: LessonSource, scenarios: Scenarios): ReadAnswer {
  try {
    return { problems: [], ...labOf(source, scenarios) };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { problems: error.faults.map((fault) => ({ file: 'lab', ...fault })) };
  }
}

function render({ text, language, page, lab }: PreviewRequest): readonly SafeNode[] {
  const { part } = studioWords(page);
  const words = { ...codeWords(page), part: (name: string) => part[name] ?? `<${name}>` };
  return renderProse(text, { words, says: saysOf(lab, language) });
}

async function check(source: LessonSource, scenarios: Scenarios, session: Session): Promise<CheckedTask[]> {
  await loadLateCode();
  const { lab } = labOf(source, scenarios);
  const places = new LabPlaces(source.lab);
  const results = await checkLesson(session, lab, { externals });
  return results.map(({ task, level, checks }) => ({
    ...places.task(task),
    task,
    level,
    checks: checks.map((result) => ({ ...result, ...places.check(task, result.check) })),
  }));
}

async function prove(source: LessonSource, scenarios: Scenarios): Promise<void> {
  await loadLateCode();
  const { lab, scenario } = labOf(source, scenarios);
  const tell = teller(source);
  await proveLab(lab, scenario, await worldsOf(lab, scenario, externals), externals, tell);
  for (const language of LANGUAGES) {
    const text = source.prose[language];
    if (text === undefined) continue;
    const facts = await proveProse(pathOf(source.name, language), text, source.name, lab, scenario);
    [...proveParts(pathOf(source.name, language), text, lab), ...facts].forEach(tell);
  }
}

async function mutants(source: LessonSource, scenarios: Scenarios): Promise<MutantCount> {
  await loadLateCode();
  const { lab, scenario } = labOf(source, scenarios);
  const tell = teller(source);
  const mutation = await mutate(lab, await worldsOf(lab, scenario, externals), externals);
  for (const name of mutation.survivors) tell({ what: 'mutants', name, ok: false, message: 'passes' });
  for (const name of mutation.idle) tell({ what: 'mutants', name, ok: false, message: 'does not survive any more' });
  return { mutants: mutation.mutants, same: mutation.same, killed: mutation.killed };
}

/** Tells the page a fact, with its place. */
function teller(source: LessonSource): (fact: Fact) => void {
  const places = new LabPlaces(source.lab);
  return (fact) => void rpc.proved.asEvent({ ...fact, ...places.fact(fact) });
}

const server = { read, render, check, prove, mutants } satisfies {
  [K in keyof BenchServer]: (...args: Parameters<BenchServer[K]>) => unknown;
};

const rpc = createBirpc<BenchClient, typeof server>(server, {
  post: (message) => self.postMessage(message),
  on: (receive) => self.addEventListener('message', ({ data }: MessageEvent<unknown>) => receive(data)),
});
