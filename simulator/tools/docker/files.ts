/**
 * `docker secret …` and `docker config …`: cli/command/secret and cli/command/config, which differ in little.
 * Not emulated: drivers and templates.
 */
import { decodeBase64, encodeBase64 } from '../../base/base64.ts';
import { strerror } from '../../base/errno.ts';
import { decodeUtf8, encodeUtf8 } from '../../base/utf8.ts';
import { parseRfc3339, type SwarmFile } from '../../engine/api.ts';
import { humanDuration } from '../../engine/duration.ts';
import type { Blocking } from '../../process/program.ts';
import { daemonError, each, eraOf, filtersOf, finish, value } from './client.ts';
import { atLeast, exactly, NO_ARGUMENTS, range, type Call, type CommandSpec } from './command.ts';
import { Failure } from './failure.ts';
import { FORMAT_LIST, FORMAT_ONE, formatList, naturalOrder, type ListStyle, type Row } from './format.ts';
import { inspectAll } from './inspect.ts';
import { option, refusedOption } from './options.ts';
import { checkLabel, keyValues } from './optionValues.ts';
import { goTimeText } from './template/value.ts';

type Kind = 'secret' | 'config';

function styleOf(kind: Kind): ListStyle {
  const driver = kind === 'secret' ? '{{.Driver}}\\t' : '';
  return {
    typeName: `*${kind}.${kind}Context`,
    columns: `{{.ID}}\\t{{.Name}}\\t${driver}{{.CreatedAt}}\\t{{.UpdatedAt}}`,
    quiet: '{{.ID}}',
    titles: { ID: 'ID', Name: 'NAME', Driver: 'DRIVER', CreatedAt: 'CREATED', UpdatedAt: 'UPDATED', Labels: 'LABELS' },
  };
}

function* create(call: Call, kind: Kind): Blocking<number> {
  const { api, ctx, options, words } = call;
  const [Name = '', path = ''] = words;
  let data: Uint8Array;
  if (path === '-') data = encodeUtf8(yield* ctx.readAll(0));
  else {
    const file = ctx.fs.readFile(path);
    if (!file.ok)
      throw new Failure(
        `Error reading content from ${JSON.stringify(path)}: open ${path}: ${strerror(file.errno).toLowerCase()}`,
      );
    data = file.value;
  }
  const spec = { Name, Labels: keyValues(options.texts('label')), Data: encodeBase64(data) };
  const made = yield* finish(call, kind === 'secret' ? api.secretCreate(spec) : api.configCreate(spec));
  yield* ctx.out(`${made.ID}\n`);
  return 0;
}

function* ls(call: Call, kind: Kind): Blocking<number> {
  const { api, ctx, options } = call;
  const filters = filtersOf(options);
  const objects = value(kind === 'secret' ? api.secrets(filters) : api.configs(filters));
  const ago = (time: string): string => `${humanDuration(ctx.wallClock - (parseRfc3339(time) ?? 0))} ago`;
  const rows = [...objects]
    .sort((a, b) => naturalOrder(a.Spec.Name, b.Spec.Name))
    .map((object): Row => ({
      ID: () => object.ID,
      Name: () => object.Spec.Name,
      ...(kind === 'secret' ? { Driver: () => '' } : {}),
      CreatedAt: () => ago(object.CreatedAt),
      UpdatedAt: () => ago(object.UpdatedAt),
      Labels: () => labels(object).join(','),
    }));
  yield* ctx.out(formatList(styleOf(kind), rows, options.text('format'), options.flag('quiet'), eraOf(ctx)));
  return 0;
}

function labels({ Spec }: SwarmFile): string[] {
  return Object.entries(Spec.Labels ?? {}).map(([key, text]) => `${key}=${text}`);
}

function* inspect(call: Call, kind: Kind): Blocking<number> {
  const { api, ctx, options, words } = call;
  const fetch = (id: string): ReturnType<typeof api.secretInspect> =>
    kind === 'secret' ? api.secretInspect(id) : api.configInspect(id);
  if (!options.flag('pretty')) return yield* inspectAll(call, words, options.text('format'), { fetch, wrapped: true });
  if (options.text('format') !== '') throw new Failure('--format is incompatible with human friendly format');
  for (const word of words) {
    const found = fetch(word);
    if (!found.ok) throw new Failure(daemonError(found));
    yield* ctx.out(pretty(found.value, kind));
  }
  return 0;
}

/** secretInspectPrettyTemplate, configInspectPrettyTemplate: one has blanks where the other has tabs. */
function pretty(object: SwarmFile, kind: Kind): string {
  const title = (text: string, tabs: string): string =>
    kind === 'secret'
      ? text.padEnd(text.endsWith('at:') || text === 'Driver:' ? 19 : text === 'ID:' ? 17 : 19)
      : `${text}${tabs}`;
  const lines = [`${title('ID:', '\t\t\t')}${object.ID}`, `${title('Name:', '\t\t\t')}${object.Spec.Name}`];
  if (labels(object).length > 0)
    lines.push('Labels:', ...labels(object).map((label) => ` - ${label.replace(/=$/, '')}`));
  if (kind === 'secret') lines.push(title('Driver:', ''));
  lines.push(
    `${title('Created at:', '            \t')}${goTimeText(object.CreatedAt)}`,
    `${title('Updated at:', '            \t')}${goTimeText(object.UpdatedAt)}`,
  );
  if (kind === 'config') lines.push('Data:', decodeUtf8(decodeBase64(object.Spec.Data ?? '')));
  return `${lines.join('\n')}\n`;
}

function* rm(call: Call, kind: Kind): Blocking<number> {
  return yield* each(call, function* (word) {
    yield* finish(call, kind === 'secret' ? call.api.secretRemove(word) : call.api.configRemove(word));
    return word;
  });
}

function command(kind: Kind): CommandSpec {
  const upper = kind.toUpperCase();
  const title = kind === 'secret' ? 'Secret' : 'Config';
  return {
    name: kind,
    usage: 'COMMAND',
    short: `Manage Swarm ${kind}s`,
    shownOn: 'manager',
    children: [
      {
        name: 'create',
        usage: kind === 'secret' ? '[OPTIONS] SECRET [file|-]' : '[OPTIONS] CONFIG file|-',
        short:
          kind === 'secret'
            ? 'Create a secret from a file or STDIN as content'
            : 'Create a config from a file or STDIN',
        arity: kind === 'secret' ? range(1, 2) : exactly(2),
        run: (call) => create(call, kind),
        options: [
          ...(kind === 'secret' ? [refusedOption('driver', 'd', 'string', 'Secret driver')] : []),
          option('label', 'l', 'list', `${title} labels`, checkLabel),
          refusedOption('template-driver', '', 'string', 'Template driver'),
        ],
      },
      {
        name: 'inspect',
        usage: `[OPTIONS] ${upper} [${upper}...]`,
        short: `Display detailed information on one or more ${kind}s`,
        arity: atLeast(1),
        run: (call) => inspect(call, kind),
        options: [
          option('format', 'f', 'string', FORMAT_ONE),
          option('pretty', '', 'bool', 'Print the information in a human friendly format'),
        ],
      },
      {
        name: 'ls',
        aliases: ['list'],
        aliasLine: `docker ${kind} ls, docker ${kind} list`,
        usage: '[OPTIONS]',
        short: `List ${kind}s`,
        arity: NO_ARGUMENTS,
        run: (call) => ls(call, kind),
        options: [
          option('filter', 'f', 'filter', 'Filter output based on conditions provided'),
          option('format', '', 'string', FORMAT_LIST),
          option('quiet', 'q', 'bool', 'Only display IDs'),
        ],
      },
      {
        name: 'rm',
        aliases: ['remove'],
        aliasLine: `docker ${kind} rm, docker ${kind} remove`,
        usage: `${upper} [${upper}...]`,
        short: `Remove one or more ${kind}s`,
        arity: atLeast(1),
        run: (call) => rm(call, kind),
      },
    ],
  };
}

export const secretCommand: CommandSpec = command('secret');
export const configCommand: CommandSpec = command('config');
