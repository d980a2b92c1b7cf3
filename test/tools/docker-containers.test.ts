// Containers as an operator handles them: volumes, copies, names, filters, the network of another container. Texts of docker 26.1.
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { createWorld, SECOND, type World } from '../../simulator/index.ts';

const scenario = fs.readFileSync(new URL('../../content/scenarios/routing-mesh.yaml', import.meta.url), 'utf8');

function typed(world: World, command: string): { stdout: string; stderr: string; exit: number | undefined } {
  const execution = world.exec('node1', command);
  const limit = world.now + 120 * SECOND;
  while (execution.exit === undefined && world.now < limit) world.run(Math.min(world.nextDue() ?? limit, limit));
  return { stdout: execution.stdout, stderr: execution.stderr, exit: execution.exit };
}

const daemon = (text: string): string => `Error response from daemon: ${text}\n`;

/** One after the other, in one world. */
type Line = readonly [line: string, stdout: string, stderr?: string, exit?: number];

function play(lines: readonly Line[]): void {
  const world = createWorld(scenario);
  for (const [line, stdout, stderr = '', exit = stderr === '' ? 0 : 1] of lines)
    expect({ line, ...typed(world, line) }).toEqual({ line, stdout, stderr, exit });
}

test('a volume outlives its container, and goes when nobody uses it', () => {
  play([
    ['docker run --rm -v data:/data alpine sh -c "echo one > /data/file"', ''],
    ['docker run --rm -v data:/data:ro alpine cat /data/file', 'one\n'],
    ['cat /var/lib/docker/volumes/data/_data/file', 'one\n'],
    ['docker volume ls', 'DRIVER    VOLUME NAME\nlocal     data\n'],
    ['docker volume create --label tier=back other', 'other\n'],
    [
      'docker volume ls -f label=tier --format \'{{.Name}} {{.Mountpoint}} {{.Label "tier"}}\'',
      'other /var/lib/docker/volumes/other/_data back\n',
    ],
    ["docker inspect --type volume -f '{{.Driver}} {{.Scope}}' data", 'local local\n'],
    ['docker create --name user -v data:/data alpine true >/dev/null; docker volume ls -q -f dangling=true', 'other\n'],
    ['docker volume rm data 2>&1 | cut -d[ -f1', 'Error response from daemon: remove data: volume is in use - \n'],
    ['docker rm user >/dev/null; docker volume rm data other', 'data\nother\n'],
    ['docker volume rm nosuch', '', daemon('get nosuch: no such volume')],
    ['docker volume inspect nosuch', '[]\n', daemon('get nosuch: no such volume')],
    [
      'docker volume create -d nosuch x',
      '',
      daemon('create x: error looking up volume plugin nosuch: plugin "nosuch" not found'),
    ],
    ['docker volume create --opt a=b x', '', 'docker volume create: option --opt is not emulated here\n'],
  ]);
});

test('volumes without a name go with --rm and with rm -v; prune takes the others', () => {
  play([
    ['docker run --rm -v /scratch alpine touch /scratch/x; docker volume ls -q', ''],
    ['docker run -d --name one -v /scratch alpine sleep 1000 >/dev/null; docker volume ls -q | wc -l', '1\n'],
    ['docker rm -f -v one; docker volume ls -q', 'one\n'],
    ['docker volume create kept; docker volume prune -f', 'kept\nTotal reclaimed space: 0B\n'],
    ['docker volume prune -a -f', 'Deleted Volumes:\nkept\n\nTotal reclaimed space: 0B\n'],
    [
      'echo n | docker system prune',
      'WARNING! This will remove:\n  - all stopped containers\n  - all networks not used by at least one container\n  - all dangling images\n  - unused build cache\n\nAre you sure you want to continue? [y/N] ',
    ],
  ]);
});

test('files are copied in and out, of a container that runs or not', () => {
  play([
    ['docker run -d --name c1 alpine sleep 1000 >/dev/null; echo hi > /tmp/f; docker cp /tmp/f c1:/root/', ''],
    ['docker exec c1 cat /root/f', 'hi\n'],
    ['docker exec c1 mkdir /d; docker exec c1 sh -c "echo a > /d/a"; docker cp c1:/d /tmp/d; cat /tmp/d/a', 'a\n'],
    ['docker cp c1:/d/. /tmp; cat /tmp/a', 'a\n'],
    [
      'docker stop -t 0 c1; docker cp /tmp/f c1:/root/g; docker start c1; docker exec c1 cat /root/f /root/g',
      'c1\nc1\nhi\nhi\n',
    ],
    ['docker cp -q=false /tmp/f c1:/x', '', 'Successfully copied 2.05kB to c1:/x\n', 0],
    ['docker cp c1:/nosuch /tmp', '', daemon('Could not find the file /nosuch in container c1')],
    ['docker cp /nosuch c1:/', '', 'lstat /nosuch: no such file or directory\n'],
    ['docker cp nosuch:/x /tmp', '', daemon('No such container: nosuch')],
    ['docker cp c1:/x c1:/y', '', 'copying between containers is not supported\n'],
    ['docker cp /x /y', '', 'must specify at least one container source\n'],
    ['docker cp c1:/x -', '', 'docker cp: tar streams are not emulated here\n'],
  ]);
});

test('names change, and are refused in the words of the daemon', () => {
  play([
    [
      'docker run -d --name a1 alpine sleep 1000 >/dev/null; docker rename a1 b1; docker ps -q -f name=b1 | wc -l',
      '1\n',
    ],
    ['docker rename b1 b1', '', daemon('Renaming a container with the same name as its current name')],
    [
      "docker rename b1 'b 2'",
      '',
      daemon(
        'Error when allocating new name: Invalid container name (b 2), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
      ),
    ],
    ['docker top b1 -o pid', '', daemon('ps options are not emulated here, but -ef and aux: -o pid')],
    ['docker kill b1; docker wait b1', 'b1\n137\n'],
    ['docker attach b1', '', 'You cannot attach to a stopped container, start it first\n'],
    ['docker ps -f status=nosuch', '', daemon("invalid filter 'status=nosuch'")],
    ['docker ps -f since=nosuch', '', daemon('No such container: nosuch')],
    ['docker ps -f health=ill', '', daemon('unrecognised filter value for health: ill')],
    ['docker ps -a -f exited=137 --format {{.Names}}', 'b1\n'],
    ['docker network ls -f type=nosuch', '', daemon("invalid filter: 'type=nosuch'")],
    ['docker images -f dangling=true -q', ''],
    ['docker tag alpine my/alpine:1; docker rmi my/alpine:1', 'Untagged: my/alpine:1\n'],
    [
      "docker ps --format '{{nosuch .ID}}'",
      '',
      'failed to parse template: template: :1: function "nosuch" not defined\n',
    ],
  ]);
});

test('attach follows what a container prints, and ends with its code', () => {
  play([
    [
      'docker run -d --name talker alpine sh -c "sleep 2; echo said; exit 3" >/dev/null; docker attach talker',
      'said\n',
      '',
      3,
    ],
  ]);
});

test('a container in the network of another sees its devices, and publishes nothing', () => {
  play([
    [
      'docker run -d --name base alpine sleep 1000 >/dev/null; docker run --rm --network container:base alpine ip -4 addr show eth0 | grep -c 172.17.0.2',
      '1\n',
    ],
    [
      'docker run --rm --network container:nosuch alpine true',
      '',
      'docker: Error response from daemon: No such container: nosuch.\n',
      125,
    ],
    [
      'docker run --rm --network container:base -p 80:80 alpine true',
      '',
      "docker: Error response from daemon: conflicting options: port publishing and the container type network mode.\nSee 'docker run --help'.\n",
      125,
    ],
  ]);
});
