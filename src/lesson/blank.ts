/**
 * A new lesson: a lab that is valid and proves nothing yet, and a page of prose that belongs to it. For `lesson new` and
 * for the studio.
 */

/** The names of a lesson: its unit, its number and its slug. */
export interface LessonName {
  readonly unit: string;
  readonly number: number;
  readonly slug: string;
}

/** Reads UNIT/NN-SLUG; undefined when it is no name for a lesson. */
export function lessonName(name: string): LessonName | undefined {
  const [, unit, number, slug] = /^([a-z0-9-]{1,40})\/(\d\d)-([a-z0-9-]{1,80})$/.exec(name) ?? [];
  return unit === undefined || slug === undefined ? undefined : { unit, number: Number(number), slug };
}

/** The lab of a new lesson. */
export function blankLab(): string {
  return LAB;
}

/** The prose of a new lesson called UNIT/NN-SLUG. */
export function blankProse(name: string): string {
  const { unit = '', number = 0, slug = '' } = lessonName(name) ?? {};
  const title = slug.replaceAll('-', ' ').replace(/^./, (letter) => letter.toUpperCase());
  return PROSE.replaceAll('TITLE', title)
    .replace('NUMBER', String(number))
    .replace('UNIT', unit)
    .replaceAll('NAME', name);
}

const LAB = `# yaml-language-server: $schema=../../../public/schema/lab.json
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
import Task from '/src/components/Task.astro';

What this is about, and what you can do at its end.

<Predict id="lo-only" />

\`\`\`sh node=node1
ip netns list
\`\`\`

## Check

<Task id="make-red" />

## Say it back

1. A question.
`;
