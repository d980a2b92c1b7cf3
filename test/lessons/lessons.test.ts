// A lesson proves itself: every command of its prose is typed in order in a fresh world, none is unknown or
// refused by the emulator, and each block of printed output is what the emulator prints.
import { describe, expect, test } from 'vitest';
import { createWorld } from '../../simulator/index';
import { externals } from '../../src/lab/externals';
import { textOf } from '../tidy/sources';
import { lessons } from './prose';
import { Typist } from './typist';

const NOT_EMULATED =
  /command not found|not emulated|is not supported here|syntax error|unrecognized option|unknown (option|flag|command|shorthand)/i;

describe.each(lessons().map((lesson) => [lesson.file, lesson] as const))('%s', (_, lesson) => {
  test('every command runs, and prints what the prose says', async () => {
    const typist = new Typist(createWorld(textOf(`content/scenarios/${lesson.scenario}.yaml`), { externals }));
    for (const block of lesson.blocks) {
      const place = `${lesson.file}:${block.line}`;
      const outputs: string[] = [];
      for (const line of block.lines) outputs.push(await typist.type(block.host, line));
      const output = outputs.filter((text) => text !== '').join('\n');
      expect(output, place).not.toMatch(NOT_EMULATED);
      if (block.printed !== undefined) expect(spaced(output), place).toBe(spaced(block.printed));
    }
  }, 120_000);
});

/** Without spaces at the ends of lines, which an editor may take away. */
function spaced(text: string): string {
  return text.trimEnd().replace(/[ \t]+$/gm, '');
}
