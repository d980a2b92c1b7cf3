/** A new lesson: a lab that is valid and proves nothing yet, and a page of prose that belongs to it. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { DOCS, LABS, pathOf } from './lesson-files.ts';
import { UsageError } from './machines.ts';

/** Writes the files of a new lesson and answers what to do next. */
export function newLesson(name: string): string {
  const [, unit = '', number = '', slug = ''] = /^([a-z0-9-]+)\/(\d\d)-([a-z0-9-]+)$/.exec(name) ?? [];
  if (unit === '')
    throw new UsageError(
      `${name} is no name for a lesson; write UNIT/NN-SLUG, as plumbing/01-a-namespace-and-its-wire.`,
    );
  const lab = `${LABS}/${name}.yaml`;
  const prose = `${DOCS}/en/${name}.mdx`;
  for (const file of [lab, prose]) if (existsSync(pathOf(file))) throw new UsageError(`${file} is there already.`);
  const schema = relative(dirname(lab), 'public/schema/lab.json');
  const title = slug.replaceAll('-', ' ').replace(/^./, (letter) => letter.toUpperCase());
  write(lab, LAB.replace('SCHEMA', schema));
  write(
    prose,
    PROSE.replaceAll('TITLE', title)
      .replace('NUMBER', String(Number(number)))
      .replace('UNIT', unit)
      .replaceAll('NAME', name),
  );
  return `${lab}\n${prose}\nNow change both, and run: npm run -s meshwalk -- lesson check ${name}\n`;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(pathOf(file)), { recursive: true });
  writeFileSync(pathOf(file), text);
}

const LAB = `# yaml-language-server: $schema=SCHEMA
lab: 1
scenario: bare # a file of content/scenarios; add setup: for what it lacks
terminals: [node1, client]

predicts:
  - id: lo-only
    asks: { en: "A new namespace: which devices does it have?", zh-cn: 新建的命名空间里有哪些设备？ }
    choices:
      - { id: lo, says: { en: lo alone, zh-cn: 只有 lo }, when: "^1$" }
      - { id: eth0, says: { en: lo and eth0, zh-cn: lo 和 eth0 }, when: "^2$" }
    key: { on: node1, run: "ip netns add x; ip netns exec x ip -br link | wc -l", in: fresh }

tasks:
  - id: make-red
    says: { en: "Make a network namespace called \`red\`.", zh-cn: 创建名为 \`red\` 的网络命名空间。 }
    checks:
      - id: red
        namespace: { at: node1/red }
    hints: # where to look, what to do, how it is written
      - { en: "\`ip netns\` is about namespaces.", zh-cn: "\`ip netns\` 管理命名空间。" }
      - { en: "\`ip netns add\` makes one.", zh-cn: "用 \`ip netns add\` 创建。" }
      - { en: "\`ip netns add red\`", zh-cn: "\`ip netns add red\`" }
    solution:
      - { on: node1, run: ip netns add red }
    wrong: # at least three: the way to it, how to know it, and what it tells
      - id: other-machine
        check: red
        run: [{ on: client, run: ip netns add red }]
        when: { namespace: { at: client/red } }
        says: { en: "\`red\` is on the client; this task is about node1.", zh-cn: "\`red\` 建在了 client 上；任务要求在 node1 上。" }
`;

const PROSE = `---
title: TITLE
description: One sentence.
prev: false
next: false
lesson:
  unit: UNIT
  number: NUMBER
  minutes: 20
lab:
  scenario: NAME
  terminals: [node1, client]
---

import Predict from '/src/components/Predict.astro';

What this is about, and what you can do at its end.

\`\`\`sh node=node1
ip netns list
\`\`\`

## Say it back

1. A question.
`;
