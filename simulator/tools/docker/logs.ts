/** Printing of logs: cli/command/service/logs.go and container/logs.go (stdcopy). */
import type { ApiResult, LogEntry, LogOptions, LogReader } from '../../engine/api.ts';
import { parseRfc3339, rfc3339Nano } from '../../engine/api.ts';
import type { Blocking } from '../../process/program.ts';
import { value } from './client.ts';
import type { Call } from './command.ts';
import { Failure } from './failure.ts';
import type { Options } from './options.ts';
import { option } from './options.ts';
import { parseDuration } from './optionValues.ts';

const SINCE = 'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)';
const UNTIL = 'Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)';

export const LOG_OPTIONS = [
  option('details', '', 'bool', 'Show extra details provided to logs'),
  option('follow', 'f', 'bool', 'Follow log output'),
  option('since', '', 'string', SINCE),
  option('tail', 'n', 'string', 'Number of lines to show from the end of the logs (default "all")'),
  option('timestamps', 't', 'bool', 'Show timestamps'),
];
export const UNTIL_OPTION = option('until', '', 'string', UNTIL);

/** A time, or how long ago; microseconds of the wall clock. */
export function moment(options: Options, name: string, now: number): number | undefined {
  const text = options.text(name);
  if (text === '') return undefined;
  const ago = parseDuration(text);
  if (ago !== undefined) return now - ago / 1000;
  const at = parseRfc3339(text) ?? (/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1e6 : undefined);
  if (at === undefined)
    throw new Failure(
      `invalid value for ${JSON.stringify(name)}: failed to parse value as time or duration: ${JSON.stringify(text)}`,
    );
  return at;
}

/** The query that the options ask for. */
export function logQuery(call: Call): LogOptions {
  const { options, ctx } = call;
  const tail = options.text('tail', 'all');
  const lines = /^\d+$/.test(tail) ? Number(tail) : undefined;
  const since = moment(options, 'since', ctx.wallClock);
  const until = moment(options, 'until', ctx.wallClock);
  return {
    stdout: true,
    stderr: true,
    follow: options.flag('follow'),
    ...(lines === undefined ? {} : { tail: lines }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

/** *blocking* Prints what the reader gives; `label` goes before every line. */
export function* printLogs(
  call: Call,
  result: ApiResult<LogReader>,
  label: (entry: LogEntry) => string,
): Blocking<void> {
  const { api, ctx, options } = call;
  const reader = value(result);
  try {
    for (;;) {
      for (const entry of reader.next()) {
        const line = `${label(entry)}${options.flag('timestamps') ? `${rfc3339Nano(entry.at)} ` : ''}${entry.text}`;
        if (entry.stream === 'stdout') yield* ctx.out(line);
        else yield* ctx.err(line);
      }
      if (reader.ended) return;
      yield* ctx.wait([api.changed]);
    }
  } finally {
    reader.close();
  }
}
