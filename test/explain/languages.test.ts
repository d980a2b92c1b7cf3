// Both languages say something for everything: no phrase is missing, none is left in the other language.
import { describe, expect, test } from 'vitest';
import { KERNEL_HABITS } from '../../simulator/base/origin.ts';
import { createWorld, SECOND, type Hop } from '../../simulator/index.ts';
import { DROP_REASONS } from '../../simulator/trace/event.ts';
import * as en from '../../src/explain/en.ts';
import * as zh from '../../src/explain/zh-cn.ts';
import { explainHop, speak } from '../../src/explain/index.ts';
import type { Phrases } from '../../src/explain/phrases.ts';
import { scenarioOf } from '../trace/worlds.ts';

const HAN = /\p{Script=Han}/u;
const languages: readonly [string, Phrases, Readonly<Record<string, string>>, Readonly<Record<string, string>>][] = [
  ['English', en.english, en.DROP_WORDS, en.HABITS],
  ['中文', zh.chinese, zh.DROP_WORDS, zh.HABITS],
];

/** Every text of a table of phrases, functions called with plain arguments. */
function* texts(value: unknown, path = ''): Generator<[string, string]> {
  if (typeof value === 'string') yield [path, value];
  else if (typeof value === 'function') yield [path, String((value as (...args: unknown[]) => unknown)(1, 2, 3))];
  else if (typeof value === 'object' && value !== null)
    for (const [key, each] of Object.entries(value)) yield* texts(each, `${path}.${key}`);
}

describe.each(languages)('%s', (name, phrases, drops, habits) => {
  test('has words for every reason to drop and every habit of the kernel, and none left over', () => {
    expect(Object.keys(drops).sort()).toEqual([...DROP_REASONS].sort());
    expect(Object.keys(habits).sort()).toEqual([...KERNEL_HABITS].sort());
  });

  test('names everything of the interface in its own script', () => {
    for (const [path, text] of texts({ ui: phrases.ui, tables: phrases.tables, namespaces: phrases.namespaces })) {
      expect({ path, text: text.trim() }).not.toEqual({ path, text: '' });
      const neutral = /^(IPVS|iptables|MAC|overlay|\d+)$/.test(text);
      if (!neutral) expect({ path, text, han: HAN.test(text) }).toEqual({ path, text, han: name === '中文' });
    }
  });
});

test('both languages have the same phrases', () => {
  const paths = (phrases: Phrases): string[] => [...texts(phrases.ui)].map(([path]) => path).sort();
  expect(paths(zh.chinese)).toEqual(paths(en.english));
});

describe('the traffic of the routing mesh', () => {
  const world = createWorld(scenarioOf('routing-mesh'));
  for (const line of ['curl -s 192.168.56.11:8000', 'curl -s -m1 192.168.56.12:9', 'ping -c1 10.99.0.1']) {
    world.exec('client', line);
    world.run(world.now + 3 * SECOND);
  }
  const hops: Hop[] = world.trace
    .stories()
    .flatMap(({ id }) => world.trace.story(id).packets.flatMap((packet) => packet.hops));

  test.each(languages)(
    '%s: a whole sentence for each step and each cause, with nothing undefined in it',
    (name, phrases) => {
      const end = name === '中文' ? /。$/ : /\.$/;
      for (const hop of hops) {
        const said = phrases.hop(hop);
        expect(said).toMatch(end);
        expect(said).not.toMatch(/undefined|NaN|  /);
        for (let cause: Hop['origin'] | undefined = hop.origin; cause !== undefined; cause = cause.cause) {
          const why = phrases.cause(cause);
          expect(why).not.toMatch(/undefined|NaN/);
          expect(HAN.test(why)).toBe(name === '中文');
        }
      }
    },
  );

  test('Chinese sentences, word for word', () => {
    const said = (wanted: (hop: Hop) => boolean): string => zh.chinese.hop(hops.find(wanted)!);
    expect(said((hop) => hop.rule?.text.includes('MARK') === true)).toBe(
      'PREROUTING 链（mangle 表）的第 1 条规则给它打上标记。',
    );
    expect(said((hop) => hop.kind === 'ipvs')).toMatch(/^IPVS 将它归入服务 FWM 256，选中 10\.0\.0\.\d+（rr）。$/);
    expect(said((hop) => hop.kind === 'encap')).toMatch(
      /^vxlan0 将它封装进 UDP，发往 192\.168\.56\.\d+（VNI 4096）。$/,
    );
    expect(zh.chinese.cause({ by: 'command', text: 'docker run nginx', terminal: 'node1', line: 3 })).toBe(
      '终端 node1 的第 3 条命令：docker run nginx',
    );
    expect(zh.chinese.whyNot({ number: 1, text: '', outcome: 'failed', condition: '-p udp', found: 'tcp' })).toBe(
      '不满足 -p udp：此包为 tcp。',
    );
  });

  test('the page’s language is chosen by its lang', async () => {
    await speak('zh-CN');
    expect(explainHop(hops[0]!)).toMatch(/。$/);
    await speak('en');
    expect(explainHop(hops[0]!)).toMatch(/\.$/);
  });
});
