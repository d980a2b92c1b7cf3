// The time bar's arithmetic: where a moment stands, and how it is written.
import { describe, expect, test } from 'vitest';
import { TimeScale } from '../../src/views/time/scale';
import { clockTime } from '../../src/views/time/words';

const SECOND = 1_000_000;

describe('the scale of the scrubber', () => {
  const day = new TimeScale(
    0,
    [10, 20, 30].map((at) => at * SECOND),
    86_400 * SECOND,
  );

  test('goes from end to end, and back', () => {
    expect(day.placeOf(0)).toBe(0);
    expect(day.placeOf(86_400 * SECOND)).toBe(1);
    for (const place of [0, 0.1, 0.25, 0.5, 0.9, 1]) expect(day.placeOf(day.momentAt(place))).toBeCloseTo(place, 5);
  });

  test('a long wait leaves room for what was typed', () => {
    expect(day.placeOf(30 * SECOND)).toBeGreaterThan(0.2);
  });

  test('a short session is drawn as long as it was', () => {
    const short = new TimeScale(0, [4 * SECOND], 8 * SECOND);
    expect(short.placeOf(2 * SECOND)).toBeCloseTo(0.25);
  });

  test('moments outside stand at the ends', () => {
    expect(day.placeOf(-5)).toBe(0);
    expect(day.placeOf(2 * 86_400 * SECOND)).toBe(1);
  });
});

test.each([
  [0, '0:00.0'],
  [1_749_999, '0:01.7'],
  [62 * SECOND, '1:02.0'],
  [3600 * SECOND + 61 * SECOND, '1:01:01'],
])('%d µs are written %s', (span, text) => {
  expect(clockTime(span)).toBe(text);
});
