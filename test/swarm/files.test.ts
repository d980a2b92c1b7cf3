// Secrets, configs, health checks and events, typed as an operator types them.
import { describe, expect, test } from 'vitest';
import { cluster, pass, type } from './world.ts';

const INSIDE = (service: string): string => `docker exec $(docker ps -q -f name=${service}.1)`;

describe('secrets and configs', () => {
  test('are made, listed, shown and removed; a secret is never shown', () => {
    const world = cluster({ nodes: 1 });
    type(world, 'node1', 'printf s3cret > /tmp/pw; printf "port = 80\\n" > /tmp/conf');
    expect(type(world, 'node1', 'docker secret create -l tier=db db_password /tmp/pw')).toMatch(/^[0-9a-z]{25}$/);
    expect(type(world, 'node1', 'docker config create web_conf /tmp/conf')).toMatch(/^[0-9a-z]{25}$/);
    expect(type(world, 'node1', "docker secret ls --format '{{.Name}} {{.Labels}}'")).toBe('db_password tier=db');
    expect(type(world, 'node1', 'docker config ls | head -1')).toMatch(/^ID +NAME +CREATED +UPDATED$/);
    expect(type(world, 'node1', "docker secret inspect db_password --format '{{json .Spec}}'")).toBe(
      '{"Name":"db_password","Labels":{"tier":"db"}}',
    );
    expect(type(world, 'node1', "docker config inspect web_conf --format '{{.Spec.Data}}'")).toBe('cG9ydCA9IDgwCg==');
    expect(type(world, 'node1', 'docker config inspect --pretty web_conf | tail -3')).toBe('Data:\nport = 80');
    expect(type(world, 'node1', 'docker secret create db_password /tmp/pw')).toContain(
      'secret db_password already exists',
    );
    expect(type(world, 'node1', 'docker secret create "a b" /tmp/pw')).toContain(
      'invalid name, only 64 [a-zA-Z0-9-_.] characters allowed',
    );
    expect(type(world, 'node1', 'docker secret create empty /dev/null')).toContain(
      'secret data must be larger than 0 and less than 512000 bytes',
    );
    expect(type(world, 'node1', 'docker secret rm nosuch')).toBe('Error response from daemon: secret nosuch not found');
    expect(type(world, 'node1', 'docker secret create')).toContain(
      '"docker secret create" requires at least 1 and at most 2 arguments.',
    );
    expect(
      type(
        world,
        'node1',
        'docker secret rm db_password; docker config rm web_conf; docker secret ls -q; docker config ls -q',
      ),
    ).toBe('db_password\nweb_conf');
  });

  test('are files in the tasks, on any node', () => {
    const world = cluster({ nodes: 2 });
    type(world, 'node1', 'printf s3cret | docker secret create pw -; printf hello | docker config create greeting -');
    const create =
      'docker service create -q --name app --constraint node.hostname==node2 --no-resolve-image --secret pw --secret source=pw,target=other,mode=0400 --config source=greeting,target=/etc/greeting alpine sleep 1000';
    expect(type(world, 'node1', create)).toMatch(/^[0-9a-z]{25}$/);
    expect(type(world, 'node2', `${INSIDE('app')} cat /run/secrets/pw /etc/greeting`)).toBe('s3crethello');
    expect(type(world, 'node2', `${INSIDE('app')} ls -l /run/secrets | tail -2 | cut -c1-10`)).toBe(
      '-r--------\n-r--r--r--',
    );
    expect(type(world, 'node1', 'docker secret rm pw')).toContain(
      "secret 'pw' is in use by the following service: app",
    );
    expect(type(world, 'node1', 'docker service inspect --pretty app | grep -A4 ^Secrets')).toContain(
      ' Target:\tpw\n  Source:\tpw',
    );
    expect(
      type(
        world,
        'node1',
        'docker service update -q --secret-rm pw --config-rm greeting --config-add source=greeting,target=/new app',
      ),
    ).toBe('app');
    expect(type(world, 'node2', `${INSIDE('app')} ls /run/secrets`)).toContain('No such file');
    expect(type(world, 'node2', `${INSIDE('app')} cat /new`)).toBe('hello');
    expect(
      type(world, 'node1', 'docker service create --secret a --secret source=b,target=a --no-resolve-image alpine'),
    ).toBe('duplicate secret target for b not allowed');
    expect(world.faults).toEqual([]);
  });

  test('a stack brings its own', () => {
    const world = cluster({ nodes: 1 });
    type(
      world,
      'node1',
      'mkdir /s; printf top > /s/pw.txt; cat > /s/stack.yml <<END\nversion: "3.8"\nservices:\n  app:\n    image: alpine\n    command: sleep 1000\n    secrets: [pw]\n    configs: [{source: conf, target: /etc/app.conf}]\n    healthcheck: {test: "true", interval: 2s, retries: 2}\nsecrets:\n  pw: {file: pw.txt}\nconfigs:\n  conf: {file: ./pw.txt}\nEND',
    );
    expect(type(world, 'node1', 'docker stack deploy -c /s/stack.yml st 2>/dev/null')).toBe(
      'Creating network st_default\nCreating secret st_pw\nCreating config st_conf\nCreating service st_app',
    );
    pass(world, 8);
    expect(type(world, 'node1', `${INSIDE('st_app')} cat /run/secrets/pw /etc/app.conf`)).toBe('toptop');
    expect(type(world, 'node1', "docker ps --format '{{.Status}}'")).toMatch(/\(healthy\)$/);
    type(world, 'node1', 'printf changed > /s/pw.txt');
    expect(type(world, 'node1', 'docker stack deploy -c /s/stack.yml st 2>&1 | tail -1')).toContain(
      'only updates to Labels are allowed',
    );
    expect(type(world, 'node1', 'docker stack rm st')).toContain('Removing secret st_pw\nRemoving config st_conf');
    expect(type(world, 'node1', 'docker secret ls -q')).toBe('');
  });
});

describe('health', () => {
  test('a container is starting, healthy, unhealthy', () => {
    const world = cluster({ nodes: 1, managers: [] });
    type(
      world,
      'node1',
      "docker run -d --name one --health-cmd 'test ! -e /sick' --health-interval 2s --health-retries 2 alpine sleep 1000",
    );
    const status = (): string =>
      type(world, 'node1', "docker ps --format '{{.Status}}'").replace(/^Up [a-zA-Z0-9 ]+ /, '');
    expect(status()).toBe('(health: starting)');
    pass(world, 3);
    expect(status()).toBe('(healthy)');
    type(world, 'node1', 'docker exec one touch /sick');
    pass(world, 5);
    expect(status()).toBe('(unhealthy)');
    expect(
      type(
        world,
        'node1',
        "docker inspect one --format '{{.State.Health.Status}} {{(index .State.Health.Log 0).ExitCode}}'",
      ),
    ).toBe('unhealthy 0');
    expect(type(world, 'node1', 'docker run --no-healthcheck --health-cmd true alpine true')).toContain(
      'conflicts with --health-* options',
    );
  });

  test('a task gets no connections before it is well, and is replaced when it is not', () => {
    const world = cluster({ nodes: 2 });
    type(
      world,
      'node1',
      "docker service create -d --name web --replicas 2 -p 8000:8000 --no-resolve-image --health-cmd 'test ! -e /sick' --health-interval 3s --health-retries 2 jwilder/whoami",
    );
    pass(world, 2);
    expect(type(world, 'node1', "docker service ps web --format '{{.CurrentState}}' | cut -d' ' -f1 | sort -u")).toBe(
      'Starting',
    );
    expect(type(world, 'client', 'curl -sS -m 2 http://192.168.56.11:8000/')).toContain('curl:');
    pass(world, 6);
    expect(type(world, 'client', 'curl -sS -m 2 http://192.168.56.11:8000/')).toMatch(/^I'm /);
    type(world, 'node1', 'docker exec $(docker ps -q) touch /sick');
    pass(world, 40);
    const lines = type(world, 'node1', "docker service ps web --format '{{.CurrentState}}|{{.Error}}'")
      .split('\n')
      .map((line) => line.replace(/ (about|less|\d+).*\|/i, '|'));
    expect(lines).toHaveLength(3);
    expect(lines.filter((line) => line.startsWith('Running|'))).toHaveLength(2);
    expect(lines.filter((line) => /^(Failed\|"task: non-zero exit \(|Complete)/.test(line))).toHaveLength(1);
    expect(world.faults).toEqual([]);
  });
});

test('events tell what happens, and are filtered', () => {
  const world = cluster({ nodes: 2 });
  const listening = world.exec('node1', 'docker events');
  type(world, 'node1', 'docker run --rm --name x alpine true');
  type(
    world,
    'node1',
    'docker service create -d --name web --no-resolve-image alpine sleep 1000; docker node update --availability drain node2; printf a | docker config create c -; docker network create mine',
  );
  pass(world, 5);
  const lines = listening.stdout
    .split('\n')
    .filter((line) => (/ container /.test(line) ? line.includes('name=x') : true));
  const words = lines.map((line) => line.split(' ').slice(1, 3).join(' '));
  expect(words.slice(0, 6)).toEqual(
    ['container create', 'container start', 'container die', 'container destroy'].flatMap((one, index) =>
      index === 1 ? ['network connect', one] : index === 3 ? ['network disconnect', one] : [one],
    ),
  );
  for (const one of ['service create', 'node update', 'config create', 'network create']) expect(words).toContain(one);
  expect(listening.stdout).toMatch(
    /node update [0-9a-z]{25} \(availability\.new=drain, availability\.old=active, name=node2\)/,
  );
  expect(listening.stdout).toMatch(/container die [0-9a-f]{64} \(execDuration=0, exitCode=0, image=alpine, name=x\)/);
  expect(
    type(
      world,
      'node1',
      "docker events --since 1m --until 0s --filter type=config --format '{{.Action}} {{.Actor.Attributes.name}}'",
    ),
  ).toBe('create c');
  expect(type(world, 'node1', 'docker events --filter nosuch=1')).toBe(
    "Error response from daemon: invalid filter 'nosuch'",
  );
  expect(world.faults).toEqual([]);
});
