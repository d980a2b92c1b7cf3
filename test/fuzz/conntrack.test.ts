// Random command lines of conntrack: understood, or refused in words; never a crash. FUZZ_LINES says how many (2,000).
import { expect, test } from 'vitest';
import { RandomStreams } from '../../simulator/base/random.ts';
import { parseConntrack } from '../../simulator/tools/conntrack/options.ts';

const LINES = Number(process.env['FUZZ_LINES'] ?? 2000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20261120);
const WORDS = [
  ...'LGDIUEFCShVsdrqpftumwezoicblngj'.split('').map((letter) => `-${letter}`),
  ...[
    '--sport',
    '--dport',
    '--orig-src',
    '--reply-dst',
    '--mask-src',
    '--src-nat',
    '--dst-nat=1.2.3.4',
    '--icmp-type',
    '--zone',
    '--nosuch',
    '--mark=3',
  ],
  ...[
    'conntrack',
    'expect',
    'tcp',
    'udp',
    'icmp',
    '17',
    '999',
    '10.0.0.1',
    '10.0.0.0/8',
    '10.0.0.300',
    '1/33',
    '53',
    '70000',
    'ASSURED',
    'ALL',
    'NEW,DESTROY',
    'xml',
    'id,extended',
    '0x10/0xff',
    '',
    '-',
    '--',
    'ä',
  ],
];

test(
  'any line is understood or refused in words',
  () => {
    const stream = new RandomStreams(SEED).stream('conntrack');
    let understood = 0;
    for (let i = 0; i < LINES; i++) {
      const words = Array.from({ length: stream.below(7) }, () => WORDS[stream.below(WORDS.length)] ?? '');
      const line = parseConntrack(words);
      if (typeof line === 'string') expect(line, JSON.stringify(words)).not.toMatch(/undefined|NaN|\[object /);
      else understood++;
    }
    expect(understood).toBeGreaterThan(LINES / 50);
  },
  20_000 + LINES * 5,
);
