// Every kind of check: what passes, what fails (or waits) and with which finding. Checks leave the world untouched.
import { beforeAll, describe, expect, test } from 'vitest';
import { type Scenario } from '../../simulator/index';
import { type CheckResult, type CheckSpec, type Lab, parseLab } from '../../simulator/lesson/index';
import { CHECK_KINDS } from '../../simulator/lesson/checks/index';
import { namedScenario } from '../../src/cli/lesson-files';
import { externals } from '../../src/lab/externals';
import { checkText, checkWordsOf } from '../../src/explain/checks';
import { checkLesson } from '../../src/lesson/check';
import { digestOf } from '../../src/lesson/digest';
import { forkOf, type Session } from '../../src/lesson/fork';
import { typed } from '../../src/lesson/prove';
import { stringify } from 'yaml';
import { BARE, CASES, MESH } from './cases';

const QUESTION = (id: string, command: string): object => ({
  id,
  asks: id,
  key: { on: 'node1', in: 'now', run: command },
});

function labOf(world: 'bare' | 'mesh', checks: readonly CheckSpec[]): { lab: Lab; scenario: Scenario } {
  const text = stringify({
    lab: 1,
    scenario: world === 'bare' ? 'bare' : 'routing-mesh',
    ...(world === 'bare' ? { equipment: 'rig' } : {}),
    terminals: ['node1'],
    predicts: [
      QUESTION('open', 'echo 5'),
      QUESTION('right', 'echo 256'),
      QUESTION('wrong', 'echo 5'),
      QUESTION('silent', 'true'),
    ],
    tasks: [{ id: 'only', says: 'Only', checks, hints: ['a', 'b', 'c'] }],
  });
  return parseLab(text, namedScenario);
}

const ANSWERS = { right: '0x100', wrong: '7', silent: '1' };
const sessions = new Map<string, Session>();

async function judge(world: 'bare' | 'mesh', checks: readonly CheckSpec[]): Promise<readonly CheckResult[]> {
  const { lab } = labOf(world, checks);
  const [result] = await checkLesson(sessions.get(world)!, lab, { externals, answers: ANSWERS });
  return result!.checks;
}

beforeAll(async () => {
  for (const [world, lines] of [
    ['bare', BARE],
    ['mesh', MESH],
  ] as const) {
    const { scenario } = labOf(world, [{ namespace: { at: 'node1/red' } }]);
    const steps = lines.split('\n').map((run) => ({ on: 'node1', run }));
    const more =
      world === 'bare'
        ? [
            { on: 'client', run: 'curl -s 192.168.56.11:8080' },
            { on: 'node1', run: 'ping -c1 10.1.1.2' },
          ]
        : [];
    const { session } = await typed({ scenario, log: [], now: 0 }, [...steps, ...more], externals);
    sessions.set(world, session);
  }
}, 60_000);

describe('each kind of check', () => {
  test.each(CASES.map((one) => [`${JSON.stringify(one[1])} ${one[2]}`, one] as const))(
    '%s',
    async (_, [world, check, level, code, found]) => {
      const [result] = await judge(world, [check]);
      expect(result).toMatchObject({ level, code });
      if (found !== undefined) expect(result!.found).toMatch(found);
      for (const language of ['en', 'zh-cn']) {
        const text = checkText(result!, await checkWordsOf(language), language);
        expect(text).not.toMatch(/[{}]|undefined/);
        expect(text).not.toBe(code);
      }
    },
  );

  test('has a case that passes and one that does not', () => {
    for (const { name } of CHECK_KINDS) {
      if (name === 'encrypted') continue; // has a test of its own
      const levels = CASES.filter(([, check]) => name in check).map(([, , level]) => level);
      expect(
        levels.some((level) => level !== 'pass'),
        name,
      ).toBe(true);
      expect(levels.includes('pass'), name).toBe(true);
    }
  });
});

test('encrypted refuses to judge where nothing can be encrypted, and sees clear text where it can', async () => {
  const probe = { from: 'client', run: 'for i in 1 2 3; do curl -s 192.168.56.11:8000; done' };
  const [ingress] = await judge('mesh', [{ encrypted: { on: 'node1', network: 'ingress', probe } }]);
  if (ingress!.code === 'encrypted.not-emulated') expect(ingress!.level).toBe('wait');
  else expect(ingress).toMatchObject({ level: 'fail', code: 'encrypted.clear' });
});

test('a check waits for what it needs, and the first cause comes first', async () => {
  const checks = await judge('bare', [
    { id: 'page', needs: ['ping'], http: { from: 'node1', url: '10.1.1.9' } },
    { id: 'ping', needs: ['there'], reachable: { from: 'node1', ping: '10.1.1.9' } },
    { id: 'there', namespace: { at: 'node1/blue' } },
  ]);
  expect(checks.map(({ check, level, waitsFor }) => [check, level, waitsFor])).toEqual([
    ['there', 'fail', undefined],
    ['ping', 'wait', 'there'],
    ['page', 'wait', 'ping'],
  ]);
});

test('checks leave the world that they judge untouched', async () => {
  const world = await forkOf(sessions.get('bare')!, externals);
  const { lab } = labOf(
    'bare',
    CASES.filter(([one]) => one === 'bare')
      .slice(0, 30)
      .map(([, check]) => check),
  );
  const before = [world.now, world.executed, world.inputLog.length, world.trace.enabled];
  await checkLesson(world, lab, { externals });
  expect([world.now, world.executed, world.inputLog.length, world.trace.enabled]).toEqual(before);
  expect(await digestOf(world)).toBe(await digestOf(await forkOf(sessions.get('bare')!, externals)));
});

test('every finding has words in both languages', async () => {
  const { filesUnder, textOf } = await import('../tidy/sources');
  const codes = filesUnder('simulator/lesson', ['.ts'])
    .filter((file) => !file.endsWith('jsonschema.ts'))
    .flatMap((file) =>
      [...textOf(file).matchAll(/'((?:[a-z]+-?)+\.[a-z-]+)'/g)]
        .map(([, code]) => code!)
        .filter((code) => !code.endsWith('.yaml')),
    );
  expect(codes.length).toBeGreaterThan(50);
  for (const language of ['en', 'zh-cn']) {
    const words = await checkWordsOf(language);
    expect(
      [...new Set(codes)].filter((code) => words[code] === undefined),
      language,
    ).toEqual([]);
    expect(
      Object.keys(words).filter((code) => !codes.includes(code)),
      language,
    ).toEqual([]);
  }
});
