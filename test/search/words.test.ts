// What is typed in Chinese is cut into the words of the index.
import { expect, test } from 'vitest';
import { cutIntoWords } from '../../src/search/words.ts';

const WORDS = new Set(['路由', '网格', '命名', '空间', '命名空间', '负载', '均衡']);

test.each([
  ['路由网格', '路由 网格'],
  ['命名空间', '命名空间'],
  ['命名空', '命名 空'],
  ['负载均衡器', '负载 均衡 器'],
  ['ipvs 负载均衡', 'ipvs 负载 均衡'],
  ['veth对', 'veth 对'],
  ['Destination Host', 'Destination Host'],
  ['', ''],
])('%s becomes %s', (text, cut) => {
  expect(cutIntoWords(text, WORDS)).toBe(cut);
});
