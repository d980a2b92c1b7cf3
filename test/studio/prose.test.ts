/** The preview of prose: a few elements and text, whatever is written; and what is wrong is said. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labNames, proseOf, readLab } from '../../src/cli/lesson-files';
import { blankLab, blankProse } from '../../src/lesson/blank';
import { LabPlaces } from '../../src/studio/bench/places';
import { proseFaults } from '../../src/studio/prose/faults';
import { readMdx } from '../../src/studio/prose/mdx';
import { renderProse } from '../../src/studio/prose/render';
import { safeAddress, type SafeNode } from '../../src/studio/prose/tree';
import { codeWords } from '../../src/i18n/code-words.mjs';

const SHOWN = {
  words: { ...codeWords('en'), part: (name: string) => name },
  says: (name: string, { id }: Readonly<Record<string, string>>) => (name === 'Task' ? [`says ${id}`] : []),
};

/** A tree as text: `p(one strong(two))`. */
function sketch(nodes: readonly SafeNode[]): string {
  return nodes
    .map((node) => {
      if (typeof node === 'string') return node;
      const { tag, attributes, children } = node;
      const href = attributes.href === undefined ? '' : `[${attributes.href}]`;
      return `${tag}${href}(${sketch(children)})`;
    })
    .join('');
}

function draw(text: string): string {
  return sketch(renderProse(text, SHOWN));
}

describe('Markdown becomes', () => {
  test.each([
    ['# One', 'h2(One)'],
    ['### *a* and **b** `c`', 'h3(em(a) and strong(b) code(c))'],
    ['- one\n- two', 'ul(li(one)li(two))'],
    ['3. one\n\n   more', 'ol(li(p(one)p(more)))'],
    ['> so', 'blockquote(p(so))'],
    ['| a | b |\n| - | - |\n| `x` | y\\|z |', 'table(thead(tr(th(a)th(b)))tbody(tr(td(code(x))td(y|z))))'],
    ['[a](/en/keys/) [b](https://example.org)', 'p(a[/en/keys/](a) a[https://example.org](b))'],
    ['press <kbd>F6</kbd>', 'p(press kbd(F6))'],
    ['a <Term id="fdb">FDB</Term> b', 'p(a span(FDB) b)'],
    ['<Task id="x" />', 'div(p(Task · x)p(says x))'],
    ['<Predict question="Why <b>?">\n  Because *so*.\n</Predict>', 'div(p(Predict)p(Why <b>?)p(Because em(so).))'],
    ["import X from '/src/components/X.astro';\n\nyes", 'p(yes)'],
    ['```text\n<Task id="x" />\n```', 'pre(code(<Task id="x" />))'],
    ['a\n\n{/* not\nthis */}\n\nb', 'p(a)p(b)'],
  ])('%s', (text, drawn) => {
    expect(draw(text)).toBe(drawn);
  });

  test('a Run block has its host, its commands and its buttons', () => {
    const [block] = renderProse('```console node=node1\n[root@node1 ~]# ip addr\nlo\n```', SHOWN);
    expect(block).toMatchObject({ tag: 'figure', attributes: { 'data-command': 'ip addr', 'data-host': 'node1' } });
    expect(draw('```sh node=node1\nls\n```')).toBe(
      'figure(figcaption(span(node1)button(Copy)button(Run))pre(code(ls)))',
    );
    expect(draw('```sh node=node1 no-run\nls\n```')).not.toContain('Run');
  });
});

describe('nothing in a text can do harm:', () => {
  const HOSTILE = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'text <iframe src="//evil.example"></iframe> text',
    '[x](javascript:alert(1))',
    '[x](java\nscript:alert(1))',
    '[x](&#106;avascript:alert(1))',
    '[x](  JAVASCRIPT:alert(1))',
    '[x](data:text/html,<script>alert(1)</script>)',
    '[x](//evil.example)',
    '![x](https://evil.example/spy.png)',
    '<Task id="x" onclick="alert(1)" />',
    '<style>body { display: none }</style>',
    '<svg onload=alert(1)>',
    '{alert(1)}',
    "import evil from 'https://evil.example/x.js'\n",
    '<!-- <script>alert(1)</script> -->',
    '[a]: javascript:alert(1)\n\n[a]',
  ];
  test.each(HOSTILE)('%s', (text) => {
    const hrefs: string[] = [];
    const visit = (nodes: readonly SafeNode[]): void => {
      for (const node of nodes) {
        if (typeof node === 'string') continue;
        expect(Object.keys(node.attributes).filter((name) => /^(on|src|style|srcdoc|action)/.test(name))).toEqual([]);
        if (node.attributes.href !== undefined) hrefs.push(node.attributes.href);
        visit(node.children);
      }
    };
    visit(renderProse(text, SHOWN));
    expect(hrefs.filter((href) => /^(?!https?:|mailto:)[a-z]+:|^\/\//i.test(href))).toEqual([]);
    expect(hrefs.join()).not.toContain('evil');
  });

  test.each([
    ['quotes in quotes', `${'> '.repeat(5000)}deep`],
    ['lists in lists', `${'- '.repeat(5000)}deep`],
    ['lists in lists, line by line', Array.from({ length: 1000 }, (_, depth) => `${'  '.repeat(depth)}- x`).join('\n')],
    ['stars', '*'.repeat(50_000)],
    ['brackets', '['.repeat(5000)],
    ['backquotes', Array.from({ length: 120 }, (_, count) => '`'.repeat(count + 1)).join(' ')],
    ['a megabyte of words', 'word '.repeat(200_000)],
  ])('%s come to an end', (_, text) => {
    expect(sketch(renderProse(text, SHOWN))).not.toBe('');
    expect(proseFaults('en', text, { name: 'a/01-b' })).toHaveLength(1); // its head is missing
  });

  test('addresses', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const address = safeAddress(text);
        if (address === undefined) return;
        const { protocol, origin } = new URL(address, 'https://here.example/');
        expect(['https:', 'http:', 'mailto:']).toContain(protocol);
        if (!/^(https?|mailto):/i.test(address)) expect(origin).toBe('https://here.example');
      }),
      { examples: [['\\\\evil.example'], ['/\\evil.example'], ['\tjavascript:alert(1)'], ['https:/x']] },
    );
  });
});

describe('faults of prose', () => {
  const fit = {
    name: 'a/01-b',
    lab: { tasks: [{ id: 'x' }], predicts: [], scenario: 'bare' } as never,
    hosts: ['node1'],
  };
  const HEAD = '---\ntitle: T\ndescription: D\nlab:\n  scenario: a/01-b\n---\n';
  test.each([
    ['', '1 head-missing '],
    ['---\na: [\n---\n', '1 head-unreadable why'],
    ['---\ntitle: 3\nlab: { scenario: bare }\n---\n', '1 head-field title,1 head-field description'],
    [HEAD.replace('a/01-b', 'c/02-d'), '1 head-lab a/01-b'],
    [`${HEAD}\n\na <b>x</b>`, '9 raw-html <b>,9 raw-html </b>'],
    [`${HEAD}\n<Task id="x" />`, '8 unknown-part Task'],
    [`${HEAD}import Task from '/src/components/Task.astro';\n\n<Task id="y" />`, '9 unknown-id y'],
    [`${HEAD}\n\`\`\`sh node=mars\nls\n\`\`\``, '8 unknown-host mars'],
    [`${HEAD}import Task from '/src/components/Task.astro';\n\n<Task id="x" />`, ''],
  ])('%j', (text, told) => {
    const found = proseFaults('en', text, fit).map(({ line, message }) => {
      if (typeof message === 'string') return message;
      return `${line} ${message.code} ${message.code === 'head-unreadable' ? 'why' : message.about}`;
    });
    expect(found.join()).toBe(told);
  });

  test('no lesson of the site has any, and its parts can be told', () => {
    for (const name of labNames()) {
      const { lab, scenario } = readLab(name);
      const hosts = scenario.machines.map((machine) => machine.name);
      for (const { file, text } of proseOf(name)) {
        const faults = proseFaults('en', text, { name, lab, hosts });
        expect([file, faults.map(({ line, message }) => [line, message])]).toEqual([file, []]);
        expect(readMdx(text).head).toContain('title:');
        expect(draw(text)).not.toContain('span(<');
      }
    }
  });

  test('a new lesson has none', () => {
    const prose = blankProse('unit/07-one-thing');
    expect(proseFaults('en', prose, { name: 'unit/07-one-thing' })).toEqual([]);
    expect(prose).toContain('number: 7');
  });
});

test('results stand at the line that they are about', () => {
  const places = new LabPlaces(blankLab());
  const lines = blankLab().split('\n');
  const line = (found: { line: number }): string => lines[found.line - 1]!.trim();
  expect(line(places.task('make-red'))).toBe('- id: make-red');
  expect(line(places.check('make-red', 'red'))).toBe('- id: red');
  expect(line(places.fact({ what: 'solution', name: 'make-red' }))).toBe('solution:');
  expect(line(places.fact({ what: 'wrong answer', name: 'make-red/other-machine' }))).toBe('- id: other-machine');
  expect(line(places.fact({ what: 'question', name: 'lo-only' }))).toBe('- id: lo-only');
  expect(line(places.fact({ what: 'mutants', name: 'drop node1: ip netns add red' }))).toContain('ip netns add red');
  expect(places.fact({ what: 'prose', name: 'content/docs/zh-cn/a/01-b.mdx:17' })).toMatchObject({
    file: 'zh-cn',
    line: 17,
  });
});
