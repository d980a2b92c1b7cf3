// A faulty lab file is told about with line, column and key, and with the way out; all its faults at once.
import { describe, expect, test } from 'vitest';
import { LabError, parseLab } from '../../simulator/lesson/index';
import { CHECK_KINDS } from '../../simulator/lesson/checks/index';
import { SCHEMA_FILE, schemaText } from '../../src/cli/lesson';
import { labNames, namedScenario } from '../../src/cli/lesson-files';
import { textOf } from '../tidy/sources';

const GOOD = `lab: 1
scenario: bare
terminals: [node1, client]
predicts:
  - id: how-many
    asks: How many?
    key: { on: node1, run: "echo 1" }
tasks:
  - id: make
    says: Make it
    checks:
      - id: red
        namespace: { at: node1/red }
      - id: way
        needs: [red]
        route: { at: node1/red, to: 10.1.1.1, via: 10.1.1.1, from: 10.1.1.2 }
    hints: [Where, What, How]
    solution:
      - { on: node1, run: ip netns add red }
    wrong:
      - id: elsewhere
        check: red
        run: [{ on: client, run: ip netns add red }]
        when: { namespace: { at: client/red } }
        says: Not there
`;

/** What is changed, into what, and what must be said. */
const FAULTS: readonly (readonly [from: string | RegExp, to: string, faults: readonly string[]])[] = [
  ['scenario: bare', 'scenario: [bare', [/This is not YAML/.source]],
  ['lab: 1', 'lab: 2', ['1:1 lab: must be 1, not 2']],
  [
    'scenario: bare',
    'scenario: bear',
    ['2:1 scenario: there is no scenario bear; name a file of content/scenarios, or write the scenario here'],
  ],
  ['scenario: bare\n', '', ['1:1 scenario: is missing']],
  [
    'terminals: [node1, client]',
    'terminals: [node1, cleint]',
    ['3:20 terminals.1: there is no machine cleint; did you mean client?'],
  ],
  ['terminals: [node1, client]', 'terminals: []', ['3:1 terminals: must be at least 1 long']],
  [
    'tasks:',
    'taks:',
    ['1:1 tasks: is missing; write a list', '8:1 taks: there is no key taks here; did you mean tasks?'],
  ],
  ['    says: Make it\n', '', ['9:5 tasks.0.says: is missing']],
  ['    hints: [Where, What, How]', '    hints: [Where, What]', ['17:5 tasks.0.hints: must have 3 of them']],
  ['    solution:', '    soluton:', ['18:5 tasks.0.soluton: there is no key soluton here; did you mean solution?']],
  [
    'namespace: { at: node1/red }',
    'namspace: { at: node1/red }',
    ['13:9 tasks.0.checks.0.namspace: there is no check namspace; did you mean namespace?'],
  ],
  [
    '        namespace: { at: node1/red }\n',
    '',
    [/12:9 tasks\.0\.checks\.0: a check is missing; write one of reachable, /.source],
  ],
  [
    'namespace: { at: node1/red }',
    'namespace: { att: node1/red }',
    [
      '13:9 tasks.0.checks.0.namespace.at: is missing; write a text',
      '13:22 tasks.0.checks.0.namespace.att: there is no key att here; did you mean at?',
    ],
  ],
  [
    'namespace: { at: node1/red }',
    'namespace: { at: "node1 red" }',
    [
      '13:22 tasks.0.checks.0.namespace.at: must be a place: node1, node1/NAMESPACE, node1/docker/FILE or node1/container/NAME, not "node1 red"',
    ],
  ],
  [
    'namespace: { at: node1/red }',
    'namespace: { at: node4/red }',
    ['13:22 tasks.0.checks.0.namespace.at: there is no machine node4; did you mean node1?'],
  ],
  ['to: 10.1.1.1', 'to: 10', ['16:33 tasks.0.checks.1.route.to: must be a text, not 10']],
  ['needs: [red]', 'needs: [rde]', ['15:17 tasks.0.checks.1.needs.0: there is no check rde; did you mean red?']],
  ['- id: way', '- id: red', ['14:9 tasks.0.checks.1.id: red stands twice; give each its own']],
  ['check: red', 'check: read', ['22:9 tasks.0.wrong.0.check: there is no check read; did you mean red?']],
  [
    'run: [{ on: client, run: ip netns add red }]',
    'replace: { "ip netns add rde": "" }',
    [
      '23:20 tasks.0.wrong.0.replace.ip netns add rde: there is no line of the solution: ip netns add rde; did you mean ip netns add red?',
    ],
  ],
  [
    'when: { namespace: { at: client/red } }',
    'when: { not: { namespace: { on: client/red } } }',
    [
      '24:24 tasks.0.wrong.0.when.not.namespace.at: is missing; write a text',
      '24:37 tasks.0.wrong.0.when.not.namespace.on: there is no key on here; did you mean at?',
    ],
  ],
  [
    '        says: Not there',
    '        says: { zh-cn: 不在那里 }',
    ['25:9 tasks.0.wrong.0.says.en: is missing; write a text'],
  ],
  [
    'namespace: { at: node1/red }',
    'answer: { id: how-mny }',
    ['13:19 tasks.0.checks.0.answer.id: there is no question how-mny; did you mean how-many?'],
  ],
  [
    'namespace: { at: node1/red }',
    'reachable: { from: node1, ping: 10.1.1.2, tcp: "10.1.1.2:80" }',
    [/13:9 tasks\.0\.checks\.0\.reachable: must be exactly one of ping, tcp, http and run, not /.source],
  ],
  [
    'scenario: bare',
    'scenario: bare\nsetup: [{ on: node7, run: "true" }]',
    ['3:1 setup: The scenario has a fault at setup.0.on: there is no machine node7'],
  ],
  [
    'scenario: bare',
    'scenario: bare\nfaults: [{ wire: { between: [node1, node9], mtu: 1400 } }]',
    [/The scenario has a fault at faults\.0\.wire\.between\.1: there is no machine node9/.source],
  ],
];

function faultsOf(text: string): string[] {
  try {
    parseLab(text, namedScenario, 'x.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    expect(error.message.split('\n')).toHaveLength(error.faults.length);
    return error.message.split('\n').map((line) => line.replace(/^x\.yaml:/, ''));
  }
}

test('the good one is good', () => {
  expect(faultsOf(GOOD)).toEqual([]);
});

describe('faults', () => {
  test.each(FAULTS.map((one) => [`${String(one[0]).trim()} → ${one[1].trim()}`, one] as const))(
    '%s',
    (_, [from, to, faults]) => {
      const text = GOOD.replace(from, to);
      expect(text).not.toBe(GOOD);
      const told = faultsOf(text);
      expect(told).toHaveLength(faults.length);
      faults.forEach((fault, index) => {
        if (told[index] !== fault) expect(told[index]).toMatch(new RegExp(fault));
      });
    },
  );
});

describe('the published schema', () => {
  const schema = JSON.parse(textOf(SCHEMA_FILE)) as {
    properties: Record<string, unknown>;
    $defs?: Record<string, unknown>;
  };

  test('is what the code has now (else run: npm run -s meshwalk -- lesson schema)', () => {
    expect(textOf(SCHEMA_FILE)).toBe(schemaText());
  });

  test('knows every kind of check', () => {
    const { anyOf } = schema.$defs!['check'] as { anyOf: { properties: Record<string, unknown> }[] };
    const kinds = anyOf.map(({ properties }) => Object.keys(properties).find((key) => key !== 'id' && key !== 'needs'));
    expect(kinds).toEqual(CHECK_KINDS.map(({ name }) => name));
  });

  test('helps with every key of a lab, a task and a wrong answer, and every kind of check', () => {
    type Shape = { description?: string; $ref?: string; properties?: Record<string, Shape>; items?: Shape };
    const lab = schema as unknown as Shape;
    const task = lab.properties!['tasks']!.items!;
    const wrong = task.properties!['wrong']!.items!;
    const mute = [lab, task, wrong].flatMap((shape) =>
      Object.entries(shape.properties!)
        .filter(([key, inner]) => inner.description === undefined && key !== 'id' && key !== 'answers')
        .map(([key]) => key),
    );
    expect(mute).toEqual([]);
    const { anyOf } = schema.$defs!['check'] as { anyOf: Shape[] };
    expect(
      anyOf.filter(
        ({ properties }) => !Object.values(properties!).some(({ description }) => description !== undefined),
      ),
    ).toEqual([]);
  });

  test('is named by every lab', () => {
    for (const name of labNames())
      expect(textOf(`content/labs/${name}.yaml`), name).toMatch(
        /^# yaml-language-server: \$schema=\.\.\/\.\.\/\.\.\/public\/schema\/lab\.json\n/,
      );
  });
});
