/** Time stamps. Mirrors ts_print of util-print.c; the time zone is UTC. */

const DAY = 86_400;

/** How `-t` was given: not at all, -t, -tt, -ttt, -tttt, -ttttt. */
export type StampStyle = 0 | 1 | 2 | 3 | 4 | 5;

/** Gives each frame its stamp, remembering the one before. */
export class Stamper {
  private readonly style: StampStyle;
  private reference: number | undefined;

  constructor(style: StampStyle) {
    this.style = style;
  }

  /** The stamp and the space after it; `time` in microseconds since 1970. */
  stamp(time: number): string {
    switch (this.style) {
      case 1:
        return '';
      case 2:
        return `${Math.floor(time / 1e6)}.${fraction(time)} `;
      case 3:
      case 5: {
        const delta = this.reference === undefined ? 0 : time - this.reference;
        if (this.style === 3 || this.reference === undefined) this.reference = time;
        return `${delta < 0 ? '-' : ' '}${clock(Math.abs(delta))} `;
      }
      case 4:
        return `${date(Math.floor(time / 1e6 / DAY))} ${clock(time)} `;
      default:
        return `${clock(time)} `;
    }
  }
}

function fraction(time: number): string {
  return String(Math.floor(time) % 1_000_000).padStart(6, '0');
}

function clock(time: number): string {
  const seconds = Math.floor(time / 1e6) % DAY;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}.${fraction(time)}`;
}

/** Days since 1970 as YYYY-MM-DD (Howard Hinnant's civil_from_days). */
function date(days: number): string {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
