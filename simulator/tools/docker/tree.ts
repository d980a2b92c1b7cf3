/**
 * The tree of docker's commands, as 26.1 with the compose plug-in has it. Commands without `run` are known and refused.
 * Groups of the top level are those of `docker --help`, in its order.
 */
import type { CommandSpec } from './command.ts';
import { containerCommand, containerShort } from './container.ts';
import { eventsCommand } from './events.ts';
import { configCommand, secretCommand } from './files.ts';
import { imageCommand, imagesCommand, pullCommand, rmiCommand, tagCommand } from './image.ts';
import { networkCommand } from './network.ts';
import { nodeCommand } from './node.ts';
import { option, refusedOption, type OptionSpec } from './options.ts';
import { serviceCommand } from './service.ts';
import { stackCommand } from './stack.ts';
import { swarmCommand } from './swarm.ts';
import { volumeCommand } from './volume.ts';
import { infoCommand, inspectCommand, systemCommand, versionCommand } from './system.ts';

const refused = (name: string, short: string): CommandSpec => ({ name, usage: '', short });

export const GROUPS: readonly { readonly title: string; readonly commands: readonly CommandSpec[] }[] = [
  {
    title: 'Common Commands',
    commands: [
      containerShort('run'),
      containerShort('exec'),
      containerShort('ps'),
      refused('build', 'Build an image from a Dockerfile'),
      pullCommand,
      refused('push', 'Upload an image to a registry'),
      imagesCommand,
      refused('login', 'Log in to a registry'),
      refused('logout', 'Log out from a registry'),
      refused('search', 'Search Docker Hub for images'),
      versionCommand,
      infoCommand,
    ],
  },
  {
    title: 'Management Commands',
    commands: [
      refused('builder', 'Manage builds'),
      refused('compose*', 'Docker Compose'),
      containerCommand,
      refused('context', 'Manage contexts'),
      imageCommand,
      refused('manifest', 'Manage Docker image manifests and manifest lists'),
      networkCommand,
      refused('plugin', 'Manage plugins'),
      systemCommand,
      refused('trust', 'Manage trust on Docker images'),
      volumeCommand,
    ],
  },
  {
    title: 'Swarm Commands',
    commands: [configCommand, nodeCommand, secretCommand, serviceCommand, stackCommand, swarmCommand],
  },
  {
    title: 'Commands',
    commands: [
      containerShort('attach'),
      containerShort('commit'),
      containerShort('cp'),
      containerShort('create'),
      containerShort('diff'),
      eventsCommand,
      containerShort('export'),
      refused('history', 'Show the history of an image'),
      refused('import', 'Import the contents from a tarball to create a filesystem image'),
      inspectCommand,
      containerShort('kill'),
      refused('load', 'Load an image from a tar archive or STDIN'),
      containerShort('logs'),
      containerShort('pause'),
      containerShort('port'),
      containerShort('rename'),
      containerShort('restart'),
      containerShort('rm'),
      rmiCommand,
      refused('save', 'Save one or more images to a tar archive (streamed to STDOUT by default)'),
      containerShort('start'),
      containerShort('stats'),
      containerShort('stop'),
      tagCommand,
      containerShort('top'),
      containerShort('unpause'),
      containerShort('update'),
      containerShort('wait'),
    ],
  },
];

/** `docker` itself. */
export const ROOT: CommandSpec = {
  name: 'docker',
  usage: '[OPTIONS] COMMAND',
  short: 'A self-sufficient runtime for containers',
  children: GROUPS.flatMap((group) =>
    group.commands.map((command) => (command.name === 'compose*' ? { ...command, name: 'compose' } : command)),
  ),
};

export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  refusedOption('config', '', 'string', 'Location of client config files (default "/root/.docker")'),
  option(
    'context',
    'c',
    'string',
    'Name of the context to use to connect to the daemon (overrides DOCKER_HOST env var and default context set with "docker context use")',
  ),
  option('debug', 'D', 'bool', 'Enable debug mode'),
  option('host', 'H', 'list', 'Daemon socket to connect to'),
  option(
    'log-level',
    'l',
    'string',
    'Set the logging level ("debug", "info", "warn", "error", "fatal") (default "info")',
  ),
  refusedOption('tls', '', 'bool', 'Use TLS; implied by --tlsverify'),
  refusedOption('tlscacert', '', 'string', 'Trust certs signed only by this CA (default "/root/.docker/ca.pem")'),
  refusedOption('tlscert', '', 'string', 'Path to TLS certificate file (default "/root/.docker/cert.pem")'),
  refusedOption('tlskey', '', 'string', 'Path to TLS key file (default "/root/.docker/key.pem")'),
  refusedOption('tlsverify', '', 'bool', 'Use TLS and verify the remote'),
  option('version', 'v', 'bool', 'Print version information and quit'),
];
