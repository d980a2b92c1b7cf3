// No option is accepted and ignored: whatever a tool takes as an option changes something in at least one of its lines,
// or stands on its list of invisible ones with the reason. Options are found by trying: all letters, and all words of the
// tool's source; so a new one that does nothing fails here without being listed anywhere.
import { describe, expect, test } from 'vitest';
import { dictionary } from './dictionary.ts';
import { Examiner } from './effects.ts';
import { MACHINE } from './lines/files.ts';
import { IPROUTE } from './lines/iproute.ts';
import { NET } from './lines/net.ts';
import { NETFILTER } from './lines/netfilter.ts';
import { TEXT } from './lines/text.ts';

const only = process.env['FUZZ_TOOL'];
const all = [...TEXT, ...MACHINE, ...NET, ...NETFILTER, ...IPROUTE].filter(
  ({ tool }) => only === undefined || tool === only,
);

/** getopt takes the beginning of a long name for the whole. */
const isListed = (option: string, names: readonly string[]): boolean =>
  names.some((name) => name === option || (option.startsWith('--') && name.startsWith(option)));

describe('no option is accepted and ignored', () => {
  test.each(all.map((lines) => [lines.tool, lines] as const))('%s', { timeout: 300_000 }, async (_, lines) => {
    const judgements = await new Examiner(lines).examine(dictionary(lines.source));
    const invisible = Object.keys(lines.invisible ?? {}).flatMap((names) => names.split(' '));
    const found = judgements
      .filter(({ verdict }) => verdict === 'ignored')
      .filter(({ option }) => !isListed(option, invisible))
      .map(({ option, verdict, line }) => `${option} ${verdict}: ${line}`);
    const stale = invisible.filter((name) => judgements.find(({ option }) => option === name)?.verdict !== 'ignored');
    if (process.env['FUZZ_SAY'])
      console.log(
        judgements
          .filter((j) => j.verdict !== 'refused')
          .map((j) => `${j.option} ${j.verdict} ${j.line}`)
          .join('\n'),
      );
    if (process.env['FUZZ_SAY'] && found.length + stale.length > 0)
      console.log(
        'FOUND',
        lines.tool,
        found.length > 40 ? found.map((f) => f.split(' ')[0]).join(' ') : found.join('\n  '),
        'STALE',
        stale.join(' '),
      );
    expect({ found, stale }).toEqual({ found: [], stale: [] });
  });
});
