// What docker says of a bad command line, as recorded with 26.1.5.
import { expect, test } from 'vitest';
import { docker, swarmInfo } from './dockerHarness.ts';

const manager = swarmInfo('active', true);

const ERRORS: readonly (readonly [line: string, exit: number, stderr: string])[] = [
  ['docker nosuch', 1, "docker: 'nosuch' is not a docker command.\nSee 'docker --help'\n"],
  ['docker service create --nosuch alpine', 125, "unknown flag: --nosuch\nSee 'docker service create --help'.\n"],
  ['docker network prune -x', 125, "unknown shorthand flag: 'x' in -x\nSee 'docker network prune --help'.\n"],
  ['docker service create --env', 125, "flag needs an argument: --env\nSee 'docker service create --help'.\n"],
  [
    'docker service create --replicas abc alpine',
    125,
    'invalid argument "abc" for "--replicas" flag: strconv.ParseUint: parsing "abc": invalid syntax\nSee \'docker service create --help\'.\n',
  ],
  [
    'docker service create --publish 99999:80 alpine',
    125,
    'invalid argument "99999:80" for "-p, --publish" flag: Invalid hostPort: 99999\nSee \'docker service create --help\'.\n',
  ],
  [
    'docker service create --publish abc alpine',
    125,
    'invalid argument "abc" for "-p, --publish" flag: Invalid containerPort: abc\nSee \'docker service create --help\'.\n',
  ],
  [
    'docker service create --publish 80:80:80:80 alpine',
    125,
    'invalid argument "80:80:80:80" for "-p, --publish" flag: Invalid ip address 80:80: address 80:80:: too many colons in address\nSee \'docker service create --help\'.\n',
  ],
  [
    'docker service create --publish published=80 alpine',
    125,
    'invalid argument "published=80" for "-p, --publish" flag: missing mandatory field "target"\nSee \'docker service create --help\'.\n',
  ],
  [
    'docker service create --limit-memory abc alpine',
    125,
    'invalid argument "abc" for "--limit-memory" flag: invalid size: \'abc\'\nSee \'docker service create --help\'.\n',
  ],
  ['docker service create --mode nosuch alpine', 1, 'Unknown mode: nosuch, only replicated and global supported\n'],
  [
    'docker service create --mode global --replicas 2 alpine',
    1,
    'replicas can only be used with replicated or replicated-job mode\n',
  ],
  [
    'docker service create --mount type=bind,target=/x,source=/y alpine',
    1,
    'docker service create: option --mount is not emulated here\n',
  ],
  [
    'docker network create -d overlay --subnet 10.6.0.0/24 --gateway 10.7.0.1 net3',
    1,
    'no matching subnet for gateway 10.7.0.1\n',
  ],
  [
    'docker service scale web=abc',
    1,
    'web: invalid replicas value abc: strconv.ParseUint: parsing "abc": invalid syntax\n',
  ],
  [
    'docker service create',
    1,
    '"docker service create" requires at least 1 argument.\nSee \'docker service create --help\'.\n\nUsage:  docker service create [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nCreate a new service\n',
  ],
  ['docker service inspect --pretty --format x web', 1, '--format is incompatible with human friendly format\n'],
  [
    'docker service inspect --format "{{" web',
    1,
    'Status: template parsing error: template: :1: unclosed action, Code: 64\n',
  ],
  ['docker network inspect -f "{{.Id" net1', 64, 'template parsing error: template: :1: unclosed action\n'],
  ['docker swarm join-token nosuch', 1, 'unknown role nosuch\n'],
  ['docker inspect --type nosuch web', 1, '"nosuch" is not a valid value for --type\n'],
  [
    'docker ps --format "{{.Nosuch}}"',
    1,
    'failed to execute template: template: :1:2: executing "" at <.Nosuch>: can\'t evaluate field Nosuch in type *formatter.ContainerContext\n',
  ],
  ['docker run -it --rm alpine sh', 1, 'the input device is not a TTY\n'],
  ['docker search x', 1, 'docker search: not emulated here\n'],
  [
    'docker -H tcp://127.0.0.1:1 ps',
    1,
    'Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?\n',
  ],
  [
    'docker --context nosuch ps',
    1,
    'Failed to initialize: unable to resolve docker endpoint: context "nosuch": context not found: open /root/.docker/contexts/meta/9e62f93eb7d2499903ac66232f187c56fc050eb74c765f90eb214360b21f0e96/meta.json: no such file or directory\n',
  ],
];

test.each(ERRORS)('%s', (line, exit, stderr) => {
  expect(docker(line, { api: manager })).toEqual({ exit, stderr, stdout: '' });
});
