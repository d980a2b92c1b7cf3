/**
 * `--secret`, `--config` of services: opts/secret.go and opts/config.go, with the ids that the daemon gives to names
 * (cli/command/service/parse.go, update.go).
 */
import type { ConfigReference, ContainerSpec, EngineApi, FileTarget, SecretReference } from '../../engine/api.ts';
import { value } from './client.ts';
import { Failure } from './failure.ts';
import type { Options } from './options.ts';

type Kind = 'secret' | 'config';

/** A reference before its id is known. */
export interface Wanted {
  readonly source: string;
  readonly File: FileTarget;
}

/** `NAME`, or `source=NAME,target=FILE,uid=…,gid=…,mode=0400`; or what is wrong with it. */
function parseReference(kind: Kind, text: string): Wanted | string {
  const File: FileTarget = { Name: '', UID: '0', GID: '0', Mode: 0o444 };
  const fields = text.split(',');
  if (fields.length === 1 && !text.includes('=')) return { source: text, File: { ...File, Name: text } };
  let source = '';
  for (const field of fields) {
    const equals = field.indexOf('=');
    if (equals < 1) return `invalid field '${field}' must be a key=value pair`;
    const [key, rest] = [field.slice(0, equals).toLowerCase(), field.slice(equals + 1)];
    if (key === 'source' || key === 'src') source = rest;
    else if (key === 'target') File.Name = rest;
    else if (key === 'uid') File.UID = rest;
    else if (key === 'gid') File.GID = rest;
    else if (key === 'mode') {
      const mode = modeOf(rest);
      if (mode === undefined)
        return `invalid mode specified: strconv.ParseUint: parsing ${JSON.stringify(rest)}: invalid syntax`;
      File.Mode = mode;
    } else return `invalid field in ${kind} request: ${field.slice(0, equals)}`;
  }
  if (source === '') return 'source is required';
  return { source, File: { ...File, Name: File.Name === '' ? source : File.Name } };
}

/** As Go reads numbers: 0 and 0o lead octal ones. */
function modeOf(text: string): number | undefined {
  if (/^0[oO]?[0-7]+$/.test(text)) return parseInt(text.replace(/^0[oO]?/, ''), 8);
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) return parseInt(text, 16);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The check of an option's value. */
export const checkReference =
  (kind: Kind) =>
  (text: string): string | undefined => {
    const parsed = parseReference(kind, text);
    return typeof parsed === 'string' ? parsed : undefined;
  };

/** References with their ids; a {@link Failure} for names that there are not. */
export function resolveReferences(
  api: EngineApi,
  kind: Kind,
  wanted: readonly Wanted[],
): { id: string; name: string; File: FileTarget }[] {
  const byTarget = new Map<string, Wanted>();
  for (const one of wanted) {
    if (byTarget.has(one.File.Name)) throw new Failure(`duplicate ${kind} target for ${one.source} not allowed`);
    byTarget.set(one.File.Name, one);
  }
  if (wanted.length === 0) return [];
  const filters = { name: wanted.map(({ source }) => source) };
  const known = new Map(
    value(kind === 'secret' ? api.secrets(filters) : api.configs(filters)).map((object) => [
      object.Spec.Name,
      object.ID,
    ]),
  );
  return wanted.map(({ source, File }) => {
    const id = known.get(source);
    if (id === undefined) throw new Failure(`${kind} not found: ${source}`);
    return { id, name: source, File };
  });
}

/** As a container's specification has it. */
export const asSecret = ({ id, name, File }: { id: string; name: string; File: FileTarget }): SecretReference => ({
  File,
  SecretID: id,
  SecretName: name,
});
/** As a container's specification has it. */
export const asConfig = ({ id, name, File }: { id: string; name: string; File: FileTarget }): ConfigReference => ({
  File,
  ConfigID: id,
  ConfigName: name,
});

function wantedBy(options: Options, kind: Kind, name: string): Wanted[] {
  return options.texts(name).map((text) => parseReference(kind, text) as Wanted);
}

/** What `service create` refers to. */
export function createdReferences(api: EngineApi, options: Options): Pick<ContainerSpec, 'Secrets' | 'Configs'> {
  const secrets = resolveReferences(api, 'secret', wantedBy(options, 'secret', 'secret')).map(asSecret);
  const configs = resolveReferences(api, 'config', wantedBy(options, 'config', 'config')).map(asConfig);
  return {
    ...(secrets.length === 0 ? {} : { Secrets: secrets }),
    ...(configs.length === 0 ? {} : { Configs: configs }),
  };
}

/** What `service update` leaves of the references, and adds. */
export function editedReferences(
  api: EngineApi,
  options: Options,
  before: ContainerSpec,
): Pick<ContainerSpec, 'Secrets' | 'Configs'> {
  const gone = (kind: Kind): Set<string> => new Set(options.texts(`${kind}-rm`));
  const [noSecrets, noConfigs] = [gone('secret'), gone('config')];
  const Secrets = (before.Secrets ?? []).filter(({ SecretName }) => !noSecrets.has(SecretName));
  const Configs = (before.Configs ?? []).filter(({ ConfigName }) => !noConfigs.has(ConfigName));
  Secrets.push(...resolveReferences(api, 'secret', wantedBy(options, 'secret', 'secret-add')).map(asSecret));
  Configs.push(...resolveReferences(api, 'config', wantedBy(options, 'config', 'config-add')).map(asConfig));
  return { Secrets, Configs };
}
