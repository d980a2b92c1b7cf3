// Which server gets which connection: orders as a real 6.12 kernel gave them (recording kernel-ipvs).
import { describe, expect, test } from 'vitest';
import { DirectorLab } from './director.ts';

const SOURCES = Array.from({ length: 12 }, (_, i) => `10.1.0.${20 + i}`);

function words(text: string): string[] {
  return text.split(' ').map((word) => (word === '!' ? 'ECONNREFUSED' : word));
}

/** Scheduler, weights of s1-s3, the servers of 12 connections one after the other, of 12 that stay open, and from 12 sources. */
const RECORDED: readonly (readonly [string, readonly number[], string, string, string])[] = [
  [
    'rr',
    [1, 1, 1],
    's3 s2 s1 s3 s2 s1 s3 s2 s1 s3 s2 s1',
    's3 s2 s1 s3 s2 s1 s3 s2 s1 s3 s2 s1',
    's3 s2 s1 s3 s2 s1 s3 s2 s1 s3 s2 s1',
  ],
  [
    'rr',
    [3, 2, 1],
    's3 s2 s1 s3 s2 s1 s3 s2 s1 s3 s2 s1',
    's3 s2 s1 s3 s2 s1 s3 s2 s1 s3 s2 s1',
    's3 s2 s1 s3 s2 s1 s3 s2 s1 s3 s2 s1',
  ],
  ['wrr', [1, 1, 1], 's3 s2 s1 s3 s2 s1 s3 s2 s1 s3 s2 s1', 's3 s2 s1 s3 s2 s1 s3 s2 s1 s3 s2 s1', ''],
  ['wrr', [3, 2, 1], 's3 s2 s1 s1 s2 s1 s3 s2 s1 s1 s2 s1', 's3 s2 s1 s1 s2 s1 s3 s2 s1 s1 s2 s1', ''],
  [
    'sh',
    [1, 1, 1],
    's3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3',
    's3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3',
    's1 s3 s1 s3 s1 s3 s2 s3 s1 s1 s2 s1',
  ],
  [
    'sh',
    [3, 2, 1],
    's1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1',
    's1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1',
    's1 s1 s1 s1 s1 s3 s1 s3 s2 s1 s2 s1',
  ],
  [
    'dh',
    [1, 1, 1],
    's3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3',
    's3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3',
    's3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3',
  ],
  [
    'mh',
    [1, 1, 1],
    's1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1',
    's1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1',
    's2 s2 s2 s3 s1 s3 s1 s2 s1 s3 s3 s3',
  ],
  [
    'mh',
    [3, 2, 1],
    's1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1',
    's1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1',
    's1 s2 s2 s3 s1 s1 s1 s2 s1 s3 s2 s1',
  ],
  ['fo', [1, 1, 1], 's3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3', 's3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3', ''],
  ['fo', [3, 2, 1], 's1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1', 's1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1', ''],
  ['ovf', [1, 1, 1], 's3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3 s3', 's3 s3 s2 s2 s1 s1 ! ! ! ! ! !', ''],
  ['ovf', [3, 2, 1], 's1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1 s1', 's1 s1 s1 s1 s2 s2 s2 s3 s3 ! ! !', ''],
];

describe('one service, three servers', () => {
  test.each(RECORDED)('%s %j', (scheduler, weights, seq, hold, sources) => {
    const lab = new DirectorLab();
    lab.service(scheduler, weights);
    expect(lab.seq(12)).toEqual(words(seq));
    expect(lab.hold(12)).toEqual(words(hold));
    lab.release();
    if (sources !== '') expect(lab.seq(12, '10.1.0.100', SOURCES)).toEqual(words(sources));
  });

  // In the recording s3 still had one half-open connection when these came.
  test.each([
    ['sed', [1, 1, 1], 's2 s1 s3 s2 s1 s3 s2 s1 s3 s2 s1 s3'],
    ['sed', [3, 2, 1], 's1 s2 s1 s2 s1 s1 s2 s1 s3 s2 s1 s1'],
    ['nq', [1, 1, 1], 's2 s1 s3 s2 s1 s3 s2 s1 s3 s2 s1 s3'],
    ['nq', [3, 2, 1], 's2 s1 s1 s2 s1 s1 s2 s1 s3 s2 s1 s1'],
  ] as const)('%s %j, s3 having one already', (scheduler, weights, hold) => {
    const lab = new DirectorLab();
    lab.setUp('-A -t 10.1.0.100:80 -s rr', '-a -t 10.1.0.100:80 -r 10.2.0.13:80 -m');
    expect(lab.hold(1)).toEqual(['s3']);
    lab.service(scheduler, weights);
    expect(lab.hold(12)).toEqual(words(hold));
  });

  test('least connections looks at active ones first, then at closing ones', () => {
    const lab = new DirectorLab();
    lab.service('lc', [1, 1, 1]);
    expect(lab.hold(6)).toEqual(words('s3 s2 s1 s3 s2 s1'));
    lab.release();
    expect(lab.seq(4)).toEqual(words('s3 s2 s1 s3'));
    lab.service('wlc', [3, 2, 1]);
    // 3, 3 and 4 closing ones over weights 3, 2 and 1.
    expect(lab.seq(4)).toEqual(words('s1 s1 s2 s1'));
  });

  test('dh: another virtual address, another server', () => {
    const lab = new DirectorLab();
    lab.service('dh', [1, 1, 1]);
    for (const i of [1, 2, 3]) {
      lab.setUp(`-A -t 10.1.0.10${i}:80 -s dh`);
      for (const s of [1, 2, 3]) lab.setUp(`-a -t 10.1.0.10${i}:80 -r 10.2.0.1${s}:80 -m`);
    }
    expect([0, 1, 2, 3].flatMap((i) => lab.seq(1, `10.1.0.10${i}`))).toEqual(words('s3 s1 s3 s2'));
  });

  test('weight 0 gets nothing new; removal and a new scheduler go on from where they are', () => {
    const lab = new DirectorLab();
    lab.service('rr', [1, 1, 1]);
    expect(lab.seq(3)).toEqual(words('s3 s2 s1'));
    lab.setUp('-e -t 10.1.0.100:80 -r 10.2.0.12:80 -m -w 0');
    expect(lab.seq(4)).toEqual(words('s3 s1 s3 s1'));
    lab.setUp('-e -t 10.1.0.100:80 -r 10.2.0.12:80 -m -w 5', '-d -t 10.1.0.100:80 -r 10.2.0.13:80');
    expect(lab.seq(4)).toEqual(words('s2 s1 s2 s1'));
    lab.setUp('-E -t 10.1.0.100:80 -s wrr');
    expect(lab.seq(12)).toEqual(words('s2 s2 s2 s2 s2 s1 s2 s2 s2 s2 s2 s1'));
  });
});
