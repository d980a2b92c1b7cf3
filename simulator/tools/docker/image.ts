/** `docker image …`, `images`, `rmi`, `tag`, `pull`: cli/command/image. There is no registry, nothing is built. */
import { humanDuration, humanSize } from '../../engine/duration.ts';
import type { Blocking } from '../../process/program.ts';
import { eraOf, each, filtersOf, finish, value } from './client.ts';
import { atLeast, atMost, exactly, type Call, type CommandSpec, type Run } from './command.ts';
import { unixTimeText } from './containerList.ts';
import { FORMAT_LIST, FORMAT_ONE, formatList, shortId, type ListStyle, type Row } from './format.ts';
import { inspectAll } from './inspect.ts';
import { option, refusedOption } from './options.ts';
import { imagePruneCommand } from './prune.ts';
import { taggedImage } from './serviceSpec.ts';

const STYLE: ListStyle = {
  typeName: '*formatter.imageContext',
  columns:
    '{{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{if .CreatedSince }}{{.CreatedSince}}{{else}}N/A{{end}}\\t{{.Size}}',
  quiet: '{{.ID}}',
  titles: {
    Repository: 'REPOSITORY',
    Tag: 'TAG',
    Digest: 'DIGEST',
    ID: 'IMAGE ID',
    CreatedSince: 'CREATED',
    CreatedAt: 'CREATED AT',
    Size: 'SIZE',
    Containers: 'CONTAINERS',
    VirtualSize: 'SIZE',
    SharedSize: 'SHARED SIZE',
    UniqueSize: 'UNIQUE SIZE',
  },
};

function* ls(call: Call): Blocking<number> {
  const { api, options, ctx, words } = call;
  const filters = { ...filtersOf(options), ...(words.length > 0 ? { reference: [words[0] as string] } : {}) };
  const images = value(api.images({ all: options.flag('all'), filters }));
  const rows = images.flatMap((image) => {
    const names = image.RepoTags.length > 0 ? image.RepoTags : ['<none>:<none>'];
    return names.map((name): Row => {
      const colon = name.lastIndexOf(':');
      const size = (): string => humanSize(image.Size, 3);
      return {
        ID: () => (options.flag('no-trunc') ? image.Id : shortId(image.Id)),
        Repository: () => name.slice(0, colon),
        Tag: () => name.slice(colon + 1),
        Digest: () => '<none>',
        CreatedSince: () => `${humanDuration(ctx.wallClock - image.Created * 1e6)} ago`,
        CreatedAt: () => unixTimeText(image.Created),
        Size: size,
        Containers: () => (image.Containers < 0 ? 'N/A' : String(image.Containers)),
        VirtualSize: size,
        SharedSize: () => 'N/A',
        UniqueSize: () => 'N/A',
      };
    });
  });
  yield* ctx.out(formatList(STYLE, rows, options.text('format'), options.flag('quiet'), eraOf(ctx)));
  return 0;
}

const rm: Run = (call) =>
  each(call, function* (word) {
    const removed = value(
      call.api.imageRemove(word, { force: call.options.flag('force'), noPrune: call.options.flag('no-prune') }),
    );
    return removed
      .map((line) => (line.Deleted === undefined ? `Untagged: ${line.Untagged ?? ''}` : `Deleted: ${line.Deleted}`))
      .join('\n');
  });

const inspect: Run = (call) =>
  inspectAll(call, call.words, call.options.text('format'), { fetch: (word) => call.api.imageInspect(word) });

function* pull(call: Call): Blocking<number> {
  const image = taggedImage(call.words[0] as string);
  if (image !== call.words[0] && !call.options.flag('quiet')) yield* call.ctx.out('Using default tag: latest\n');
  yield* finish(call, call.api.imagePull(image));
  return 0;
}

function* tag(call: Call): Blocking<number> {
  value(call.api.imageTag(call.words[0] as string, call.words[1] as string));
  return 0;
}

const unemulated = (name: string, usage: string, short: string): CommandSpec => ({ name, usage, short });

const LS: CommandSpec = {
  name: 'ls',
  aliases: ['list'],
  aliasLine: 'docker image ls, docker image list, docker images',
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  short: 'List images',
  arity: atMost(1),
  completes: ['image'],
  run: ls,
  options: [
    option('all', 'a', 'bool', 'Show all images (default hides intermediate images)'),
    refusedOption('digests', '', 'bool', 'Show digests'),
    option('filter', 'f', 'filter', 'Filter output based on conditions provided'),
    option('format', '', 'string', FORMAT_LIST),
    option('no-trunc', '', 'bool', "Don't truncate output"),
    option('quiet', 'q', 'bool', 'Only show image IDs'),
  ],
};
const RM: CommandSpec = {
  name: 'rm',
  aliases: ['remove'],
  aliasLine: 'docker image rm, docker image remove, docker rmi',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  short: 'Remove one or more images',
  arity: atLeast(1),
  completes: ['image'],
  run: rm,
  options: [
    option('force', 'f', 'bool', 'Force removal of the image'),
    option('no-prune', '', 'bool', 'Do not delete untagged parents'),
  ],
};
const PULL: CommandSpec = {
  name: 'pull',
  aliasLine: 'docker image pull, docker pull',
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  short: 'Download an image from a registry',
  arity: exactly(1),
  run: pull,
  options: [
    refusedOption('all-tags', 'a', 'bool', 'Download all tagged images in the repository'),
    refusedOption('disable-content-trust', '', 'bool', 'Skip image verification (default true)'),
    refusedOption('platform', '', 'string', 'Set platform if server is multi-platform capable'),
    option('quiet', 'q', 'bool', 'Suppress verbose output'),
  ],
};
const TAG: CommandSpec = {
  name: 'tag',
  aliasLine: 'docker image tag, docker tag',
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  short: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
  arity: exactly(2),
  completes: ['image', 'none'],
  run: tag,
};

/** Commands of images that stand at the top level, by their names there. */
export const imagesCommand: CommandSpec = { ...withoutAliases(LS), name: 'images' };
export const rmiCommand: CommandSpec = { ...withoutAliases(RM), name: 'rmi' };
export const pullCommand = PULL;
export const tagCommand = TAG;

function withoutAliases(spec: CommandSpec): CommandSpec {
  const { aliases: _aliases, ...rest } = spec;
  return rest;
}

export const imageCommand: CommandSpec = {
  name: 'image',
  usage: 'COMMAND',
  short: 'Manage images',
  children: [
    unemulated('build', '[OPTIONS] PATH | URL | -', 'Build an image from a Dockerfile'),
    unemulated('history', '[OPTIONS] IMAGE', 'Show the history of an image'),
    unemulated(
      'import',
      '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
      'Import the contents from a tarball to create a filesystem image',
    ),
    {
      name: 'inspect',
      usage: '[OPTIONS] IMAGE [IMAGE...]',
      short: 'Display detailed information on one or more images',
      arity: atLeast(1),
      completes: ['image'],
      run: inspect,
      options: [option('format', 'f', 'string', FORMAT_ONE)],
    },
    unemulated('load', '[OPTIONS]', 'Load an image from a tar archive or STDIN'),
    LS,
    imagePruneCommand,
    PULL,
    unemulated('push', '[OPTIONS] NAME[:TAG]', 'Upload an image to a registry'),
    RM,
    unemulated(
      'save',
      '[OPTIONS] IMAGE [IMAGE...]',
      'Save one or more images to a tar archive (streamed to STDOUT by default)',
    ),
    TAG,
  ],
};
