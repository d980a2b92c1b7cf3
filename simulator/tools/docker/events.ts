/** `docker events`, `docker system events`: cli/command/system/events.go. */
import { rfc3339Nano, type EventMessage } from '../../engine/api.ts';
import type { Blocking } from '../../process/program.ts';
import { filtersOf, value } from './client.ts';
import { NO_ARGUMENTS, type Call, type CommandSpec } from './command.ts';
import { Failure } from './failure.ts';
import { FORMAT_ONE } from './format.ts';
import { moment } from './logs.ts';
import { option } from './options.ts';
import { TemplateError } from './template/error.ts';
import { Template } from './template/execute.ts';
import type { Value } from './template/value.ts';

/** Nine digits of a second, zeros and all. */
function stamp(nanoseconds: number): string {
  const text = rfc3339Nano(Math.round(nanoseconds / 1000));
  const [, seconds = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(text) ?? [];
  return `${seconds}.${fraction.padEnd(9, '0')}Z`;
}

function line({ timeNano, Type, Action, Actor }: EventMessage): string {
  const attributes = Object.entries(Actor.Attributes).map(([key, text]) => `${key}=${text}`);
  return `${stamp(timeNano)} ${Type} ${Action} ${Actor.ID}${attributes.length === 0 ? '' : ` (${attributes.join(', ')})`}\n`;
}

/** As the API writes it: containers have three fields more, of older clients. */
function json(message: EventMessage): string {
  const { Type, Action, Actor } = message;
  const old = Type === 'container' ? { status: Action, id: Actor.ID, from: Actor.Attributes['image'] ?? '' } : {};
  return JSON.stringify({ ...old, ...message });
}

/** events.Message as templates see it. */
function fields({ Type, Action, Actor, scope, time, timeNano }: EventMessage): Value {
  const known = {
    Status: Type === 'container' ? Action : '',
    ID: Type === 'container' ? Actor.ID : '',
    From: Actor.Attributes['image'] ?? '',
  };
  return {
    ...known,
    Type,
    Action,
    Actor: { ID: Actor.ID, Attributes: Actor.Attributes },
    Scope: scope,
    Time: time,
    TimeNano: timeNano,
  };
}

function* run(call: Call): Blocking<number> {
  const { api, ctx, options } = call;
  const format = options.text('format');
  const template = format === '' || format === 'json' || format === '{{json .}}' ? undefined : compile(format);
  const [since, until] = [moment(options, 'since', ctx.wallClock), moment(options, 'until', ctx.wallClock)];
  const reader = value(
    api.events({
      filters: filtersOf(options),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    }),
  );
  const end = until === undefined ? undefined : ctx.now + Math.max(0, until - ctx.wallClock);
  try {
    for (;;) {
      for (const message of reader.next()) {
        yield* ctx.out(
          format === ''
            ? line(message)
            : template === undefined
              ? `${json(message)}\n`
              : `${template.execute(fields(message))}\n`,
        );
      }
      if (reader.ended) return 0;
      yield* ctx.wait([api.changed], end);
    }
  } finally {
    reader.close();
  }
}

function compile(format: string): Template {
  try {
    return new Template(format);
  } catch (error) {
    if (error instanceof TemplateError) throw new Failure(`Error parsing format: ${error.message}`, 64);
    throw error;
  }
}

export const eventsCommand: CommandSpec = {
  name: 'events',
  aliasLine: 'docker system events, docker events',
  usage: '[OPTIONS]',
  short: 'Get real time events from the server',
  arity: NO_ARGUMENTS,
  run,
  options: [
    option('filter', 'f', 'filter', 'Filter output based on conditions provided'),
    option('format', '', 'string', FORMAT_ONE),
    option('since', '', 'string', 'Show all events created since timestamp'),
    option('until', '', 'string', 'Stream events until this timestamp'),
  ],
};
