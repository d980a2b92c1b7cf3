/** The proleptic Gregorian calendar in UTC, for ls, date, ps and prompts (the simulator has no Date). Algorithm: H. Hinnant, days_from_civil. */

export interface Civil {
  readonly year: number;
  /** 1…12 */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 1…366 */
  readonly yearday: number;
}

export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** The calendar's reading of `seconds` since 1970-01-01 UTC. */
export function civil(seconds: number): Civil {
  const days = Math.floor(seconds / 86400);
  const rest = seconds - days * 86400;
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const doe = z - era * 146097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  const year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  return {
    year,
    month,
    day: doy - Math.floor((153 * mp + 2) / 5) + 1,
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
    second: Math.floor(rest % 60),
    weekday: (((days + 4) % 7) + 7) % 7,
    yearday: days - daysFromCivil(year, 1, 1) + 1,
  };
}

/** Days since 1970-01-01 of a date. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yoe = y - era * 400;
  const doy = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const doe = yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy;
  return era * 146097 + doe - 719468;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `Nov 20 11:25`, or `Nov 20  2024` when it is more than half a year from `now` (as ls shows it). Seconds since the epoch. */
export function listTime(seconds: number, now: number): string {
  const { year, month, day, hour, minute } = civil(seconds);
  const recent = Math.abs(now - seconds) < 15778476;
  return `${(MONTHS[month - 1] as string).slice(0, 3)} ${String(day).padStart(2)} ${recent ? `${two(hour)}:${two(minute)}` : ` ${year}`}`;
}

/** strftime(3) in the C locale, UTC; `micros` gives %N. Unknown conversions are left as they are. */
export function strftime(format: string, seconds: number, micros = 0): string {
  const t = civil(seconds);
  const month = MONTHS[t.month - 1] as string;
  const weekday = WEEKDAYS[t.weekday] as string;
  const conversions: Readonly<Record<string, () => string>> = {
    a: () => weekday.slice(0, 3),
    A: () => weekday,
    b: () => month.slice(0, 3),
    B: () => month,
    c: () => strftime('%a %b %e %H:%M:%S %Y', seconds),
    C: () => two(Math.floor(t.year / 100)),
    d: () => two(t.day),
    D: () => strftime('%m/%d/%y', seconds),
    e: () => String(t.day).padStart(2),
    F: () => strftime('%Y-%m-%d', seconds),
    h: () => month.slice(0, 3),
    H: () => two(t.hour),
    I: () => two(t.hour % 12 === 0 ? 12 : t.hour % 12),
    j: () => String(t.yearday).padStart(3, '0'),
    k: () => String(t.hour).padStart(2),
    m: () => two(t.month),
    M: () => two(t.minute),
    n: () => '\n',
    N: () => `${String(micros).padStart(6, '0')}000`,
    p: () => (t.hour < 12 ? 'AM' : 'PM'),
    r: () => strftime('%I:%M:%S %p', seconds),
    R: () => strftime('%H:%M', seconds),
    s: () => String(seconds),
    S: () => two(t.second),
    t: () => '\t',
    T: () => strftime('%H:%M:%S', seconds),
    u: () => String(t.weekday === 0 ? 7 : t.weekday),
    w: () => String(t.weekday),
    x: () => strftime('%m/%d/%y', seconds),
    X: () => strftime('%H:%M:%S', seconds),
    y: () => two(t.year % 100),
    Y: () => String(t.year),
    z: () => '+0000',
    Z: () => 'UTC',
    '%': () => '%',
  };
  return format.replace(/%-?(\d*)([A-Za-z%])/g, (whole, width: string, letter: string) => {
    const text = conversions[letter]?.();
    if (text === undefined) return whole;
    if (letter === 'N' && width !== '') return text.slice(0, Number(width));
    return whole.startsWith('%-') ? text.replace(/^[0 ]+(?=.)/, '') : text;
  });
}
