/** wc(1) of coreutils 9.7. Emulated: -l -w -c -m -L. */
import type { Program, ProgramContext, Tool } from '../../process/program.ts';
import { closeInput, isBusybox, openInput, parseOptions } from './common.ts';

const NEWLINE = 10;

function* main(ctx: ProgramContext): Program {
  const long = {
    lines: { value: false, as: 'l' },
    words: { value: false, as: 'w' },
    bytes: { value: false, as: 'c' },
    chars: { value: false, as: 'm' },
    'max-line-length': { value: false, as: 'L' },
  };
  const parsed = yield* parseOptions(ctx, { short: 'lwcmL', long });
  if (typeof parsed === 'number') return parsed;
  const { flags, operands } = parsed;
  const kinds = flags.size === 0 ? ['l', 'w', 'c'] : ['l', 'w', 'm', 'c', 'L'].filter((kind) => flags.has(kind));
  const rows: { counts: number[]; name: string }[] = [];
  let status = 0;
  let octets = 0;
  for (const path of operands.length === 0 ? ['-'] : operands) {
    const fd = yield* openInput(ctx, path);
    if (fd === undefined) {
      status = 1;
      continue;
    }
    const counts: Record<string, number> = { l: 0, w: 0, c: 0, m: 0, L: 0 };
    let inWord = false;
    let column = 0;
    for (;;) {
      const read = yield* ctx.read(fd);
      if (!read.ok || read.value.length === 0) break;
      for (const byte of read.value) {
        const space = byte === 32 || (byte >= 9 && byte <= 13);
        if (byte === NEWLINE) {
          counts['l']!++;
          column = 0;
        } else if ((byte & 0xc0) !== 0x80) counts['L'] = Math.max(counts['L'] as number, ++column);
        if (!space && !inWord) counts['w']!++;
        inWord = !space;
        counts['c']!++;
        if ((byte & 0xc0) !== 0x80) counts['m']!++;
      }
    }
    closeInput(ctx, fd);
    octets += counts['c'] as number;
    rows.push({ counts: kinds.map((kind) => counts[kind] as number), name: operands.length === 0 ? '' : path });
  }
  if (rows.length > 1)
    rows.push({
      counts: kinds.map((_, i) => rows.reduce((sum, row) => sum + (row.counts[i] as number), 0)),
      name: 'total',
    });
  const single = rows.length === 1 && kinds.length === 1;
  const known = operands.length > 0 && !operands.includes('-');
  const total = Math.max(octets, ...rows.flatMap((row) => row.counts));
  const width = isBusybox(ctx) ? 9 : single ? 1 : known ? String(total).length : 7;
  const lines = rows.map(
    ({ counts, name }) =>
      `${counts.map((count) => String(count).padStart(single ? 1 : width)).join(' ')}${name === '' ? '' : ` ${name}`}\n`,
  );
  yield* ctx.out(lines.join(''));
  return status;
}

export const wcTool: Tool = { name: 'wc', summary: 'count lines, words and octets', main };
