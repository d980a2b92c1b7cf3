// The docker client against a fake engine: errors, help, tables, inspect and progress as recorded with 26.1.5.
import { describe, expect, test } from 'vitest';
import {
  answer,
  finished,
  refusal,
  type EngineApi,
  type SwarmService,
  type SwarmTask,
  type TaskState,
} from '../../simulator/engine/api.ts';
import { containerStatus, humanDuration } from '../../simulator/engine/duration.ts';
import { completions, docker, NOT_A_MANAGER, swarmInfo } from './dockerHarness.ts';

const manager = swarmInfo('active', true);
const META = {
  Version: { Index: 7 },
  CreatedAt: '2026-11-20T11:26:17.338270589Z',
  UpdatedAt: '2026-11-20T11:26:17.416463789Z',
};
const PORT = { Protocol: 'tcp', TargetPort: 8000, PublishedPort: 8000, PublishMode: 'ingress' } as const;
const WHOAMI: SwarmService = {
  ID: 'tx1k11x1svymow6kzyz75mxbs',
  ...META,
  Spec: {
    Name: 'whoami',
    Labels: {},
    TaskTemplate: {
      ContainerSpec: {
        Image: 'jwilder/whoami:latest',
        Init: false,
        StopGracePeriod: 10000000000,
        DNSConfig: {},
        Isolation: 'default',
      },
      Resources: { Limits: {}, Reservations: {} },
      RestartPolicy: { Condition: 'any', Delay: 5000000000, MaxAttempts: 0 },
      Placement: {},
      ForceUpdate: 0,
      Runtime: 'container',
    },
    Mode: { Replicated: { Replicas: 3 } },
    UpdateConfig: {
      Parallelism: 1,
      FailureAction: 'pause',
      Monitor: 5000000000,
      MaxFailureRatio: 0,
      Order: 'stop-first',
    },
    RollbackConfig: {
      Parallelism: 1,
      FailureAction: 'pause',
      Monitor: 5000000000,
      MaxFailureRatio: 0,
      Order: 'stop-first',
    },
    EndpointSpec: { Mode: 'vip', Ports: [PORT] },
  },
  Endpoint: {
    Spec: { Mode: 'vip', Ports: [PORT] },
    Ports: [PORT],
    VirtualIPs: [{ NetworkID: 'khhptykn4yuq4avryj8f39ofi', Addr: '10.0.0.5/24' }],
  },
  ServiceStatus: { RunningTasks: 3, DesiredTasks: 3, CompletedTasks: 0 },
};

function taskOf(
  slot: number,
  id: string,
  state: TaskState,
  at: string,
  more: { node?: string; desired?: TaskState; error?: string; created?: string } = {},
): SwarmTask {
  return {
    ID: id,
    ...META,
    CreatedAt: more.created ?? META.CreatedAt,
    Labels: {},
    Spec: WHOAMI.Spec.TaskTemplate,
    ServiceID: WHOAMI.ID,
    Slot: slot,
    NodeID: more.node ?? 'node1',
    Status: { Timestamp: at, State: state, ...(more.error === undefined ? {} : { Err: more.error }), PortStatus: {} },
    DesiredState: more.desired ?? 'running',
    Volumes: null,
  };
}

function nodeOf(id: string, hostname: string, leader: boolean): object {
  return {
    ID: id,
    ...META,
    Spec: { Labels: {}, Role: leader ? 'manager' : 'worker', Availability: 'active' },
    Description: {
      Hostname: hostname,
      Platform: { Architecture: 'x86_64', OS: 'linux' },
      Resources: { NanoCPUs: 2000000000, MemoryBytes: 6220595200 },
      Engine: {
        EngineVersion: '26.1.5+dfsg1',
        Plugins: [
          { Type: 'Log', Name: 'json-file' },
          { Type: 'Log', Name: 'local' },
          { Type: 'Network', Name: 'overlay' },
        ],
      },
      TLSInfo: { TrustRoot: 'PEM\n', CertIssuerSubject: 'subject', CertIssuerPublicKey: 'key' },
    },
    Status: { State: 'ready', Addr: '192.168.56.11' },
    ...(leader ? { ManagerStatus: { Leader: true, Reachability: 'reachable', Addr: '192.168.56.11:2377' } } : {}),
  };
}

const NODES = [nodeOf('self0', 'node1', true), nodeOf('bnabfd3h7gkfi35my0iu2cbmy', 'node2', false)] as never[];
const swarm: Partial<EngineApi> = {
  ...manager,
  nodes: () => answer(NODES),
  nodeInspect: (id) => {
    const found = (NODES as { ID: string; Description: { Hostname: string } }[]).find(
      (node) => node.ID === id || node.Description.Hostname === id,
    );
    return found === undefined ? refusal(404, `node ${id} not found`) : answer(found as never);
  },
  services: () => answer([WHOAMI]),
  serviceInspect: (id) =>
    id === 'whoami' || id === WHOAMI.ID ? answer(WHOAMI) : refusal(404, `service ${id} not found`),
  taskInspect: (id) => refusal(404, `task ${id} not found`),
};

describe('errors of the engine', () => {
  test('in the daemon’s words', () => {
    const api = {
      services: () => refusal(503, NOT_A_MANAGER),
      nodes: () => refusal(503, NOT_A_MANAGER),
      nodeInspect: () => refusal(503, NOT_A_MANAGER),
      ...swarmInfo('inactive', false),
    };
    expect(docker('docker service ls', { api }).stderr).toBe(`Error response from daemon: ${NOT_A_MANAGER}\n`);
    expect(docker('docker node inspect self', { api })).toEqual({
      exit: 1,
      stdout: '[]\n',
      stderr: `Status: Error response from daemon: ${NOT_A_MANAGER}, Code: 1\n`,
    });
  });

  test('or the client’s', () => {
    expect(docker('docker service inspect nosuch', { api: swarm })).toEqual({
      exit: 1,
      stdout: '[]\n',
      stderr: 'Status: Error: no such service: nosuch, Code: 1\n',
    });
    expect(docker('docker service ps nosuch', { api: swarm }).stderr).toBe('no such service: nosuch\n');
    expect(docker('docker service logs nosuch', { api: swarm }).stderr).toBe('no such task or service: nosuch\n');
    expect(docker('docker service scale nosuch=2', { api: swarm }).stderr).toBe(
      'nosuch: Error response from daemon: service nosuch not found\n',
    );
  });

  test('nobody listens', () => {
    const text = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n';
    expect(docker('docker ps')).toEqual({ exit: 1, stdout: '', stderr: text });
    expect(docker('docker ps', { env: { DOCKER_HOST: 'unix:///nosuch.sock' } }).stderr).toBe(
      text.replace('/var/run/docker.sock', '/nosuch.sock'),
    );
  });

  test('a create that fails after the id was printed', () => {
    const api: Partial<EngineApi> = {
      containerCreate: () => answer({ Id: '33b382d69a78', Warnings: [] }),
      containerStart: () =>
        finished(
          refusal(404, 'Could not attach to network net1: rpc error: code = NotFound desc = network net1 not found'),
        ),
    };
    expect(docker('docker run -d --network net1 alpine sleep 5', { api })).toEqual({
      exit: 125,
      stdout: '33b382d69a78\n',
      stderr:
        'docker: Error response from daemon: Could not attach to network net1: rpc error: code = NotFound desc = network net1 not found.\n',
    });
  });
});

test('help is made of the same tables', () => {
  expect(docker('docker service ps --help', { api: manager }).stdout).toBe(`
Usage:  docker service ps [OPTIONS] SERVICE [SERVICE...]

List the tasks of one or more services

Options:
  -f, --filter filter   Filter output based on conditions provided
      --format string   Pretty-print tasks using a Go template
      --no-resolve      Do not map IDs to Names
      --no-trunc        Do not truncate output
  -q, --quiet           Only display task IDs
`);
  expect(docker('docker network create --help', { api: manager }).stdout).toContain(
    '      --subnet strings       Subnet in CIDR format that represents a\n                             network segment\n',
  );
});

test('help hides what needs a manager', () => {
  expect(docker('docker swarm', { api: swarmInfo('inactive', false) }).stderr).not.toContain('join-token');
  expect(docker('docker swarm', { api: manager }).stderr).toContain('  join-token  Manage join tokens\n');
});

test('tables', () => {
  expect(docker('docker node ls', { api: { ...swarm, swarmInspect: () => refusal(500, '') } }).stdout).toBe(
    `ID                            HOSTNAME   STATUS    AVAILABILITY   MANAGER STATUS   ENGINE VERSION
self0 *                       node1      Ready     Active         Leader           26.1.5+dfsg1
bnabfd3h7gkfi35my0iu2cbmy     node2      Ready     Active                          26.1.5+dfsg1
`,
  );
  expect(docker('docker service ls', { api: swarm }).stdout).toBe(
    `ID             NAME      MODE         REPLICAS   IMAGE                   PORTS
tx1k11x1svym   whoami    replicated   3/3        jwilder/whoami:latest   *:8000->8000/tcp
`,
  );
  expect(docker('docker service ls -q', { api: swarm }).stdout).toBe('tx1k11x1svym\n');
  expect(docker('docker service ls --format json', { api: swarm }).stdout).toBe(
    '{"ID":"tx1k11x1svym","Image":"jwilder/whoami:latest","Mode":"replicated","Name":"whoami","Ports":"*:8000->8000/tcp","Replicas":"3/3"}\n',
  );
  expect(docker("docker service ls --format 'table {{.Name}}\\t{{upper .Mode}}'", { api: swarm }).stdout).toBe(
    'NAME      MODE\nwhoami    REPLICATED\n',
  );
});

test('tasks of a slot, newest first', () => {
  const tasks = [
    taskOf(3, 'l08uoyvfiw1pbh9t7de0xo95p', 'failed', '2026-11-20T11:59:37Z', {
      desired: 'shutdown',
      error: 'task: non-zero exit (137)',
    }),
    taskOf(3, 'rewb9rhu2w3yq551o79596blm', 'running', '2026-11-20T11:59:53Z', { created: '2026-11-20T11:59:50Z' }),
    taskOf(1, 'a2irwzg5lsuemyhjchhakxlc3', 'running', '2026-11-20T11:58:53Z'),
  ];
  const api: Partial<EngineApi> = {
    ...swarm,
    tasks: () => answer(tasks),
    nodeInspect: () => answer(NODES[0] as never),
  };
  expect(docker('docker service ps whoami', { api }).stdout).toBe(
    `ID             NAME           IMAGE                   NODE      DESIRED STATE   CURRENT STATE                ERROR                         PORTS
a2irwzg5lsue   whoami.1       jwilder/whoami:latest   node1     Running         Running about a minute ago                                 
rewb9rhu2w3y   whoami.3       jwilder/whoami:latest   node1     Running         Running 7 seconds ago                                      
l08uoyvfiw1p    \\_ whoami.3   jwilder/whoami:latest   node1     Shutdown        Failed 23 seconds ago        "task: non-zero exit (137)"   
`,
  );
  expect(docker('docker service ps whoami -q', { api }).stdout).toBe('a2irwzg5lsue\nrewb9rhu2w3y\nl08uoyvfiw1p\n');
});

test('inspect', () => {
  expect(docker("docker service inspect whoami -f '{{json .Endpoint}}'", { api: swarm }).stdout).toBe(
    '{"Spec":{"Mode":"vip","Ports":[{"Protocol":"tcp","TargetPort":8000,"PublishedPort":8000,"PublishMode":"ingress"}]},"Ports":[{"Protocol":"tcp","TargetPort":8000,"PublishedPort":8000,"PublishMode":"ingress"}],"VirtualIPs":[{"NetworkID":"khhptykn4yuq4avryj8f39ofi","Addr":"10.0.0.5/24"}]}\n',
  );
  expect(docker('docker service inspect whoami --pretty', { api: swarm }).stdout).toBe(`
ID:\t\ttx1k11x1svymow6kzyz75mxbs
Name:\t\twhoami
Service Mode:\tReplicated
 Replicas:\t3
Placement:
UpdateConfig:
 Parallelism:\t1
 On failure:\tpause
 Monitoring Period: 5s
 Max failure ratio: 0
 Update order:      stop-first
RollbackConfig:
 Parallelism:\t1
 On failure:\tpause
 Monitoring Period: 5s
 Max failure ratio: 0
 Rollback order:    stop-first
ContainerSpec:
 Image:\t\tjwilder/whoami:latest
 Init:\t\tfalse
Resources:
Endpoint Mode:\tvip
Ports:
 PublishedPort = 8000
  Protocol = tcp
  TargetPort = 8000
  PublishMode = ingress 

`);
  expect(docker('docker node inspect self --pretty', { api: swarm }).stdout).toBe(
    `ID:\t\t\tself0
Hostname:              \tnode1
Joined at:             \t2026-11-20 11:26:17.338270589 +0000 utc
Status:
 State:\t\t\tReady
 Availability:         \tActive
 Address:\t\t192.168.56.11
Manager Status:
 Address:\t\t192.168.56.11:2377
 Raft Status:\t\tReachable
 Leader:\t\tYes
Platform:
 Operating System:\tlinux
 Architecture:\t\tx86_64
Resources:
 CPUs:\t\t\t2
 Memory:\t\t5.793GiB
Plugins:
 Log:\t\tjson-file, local
 Network:\t\toverlay
Engine Version:\t\t26.1.5+dfsg1
TLS Info:
 TrustRoot:
PEM

 Issuer Subject:\tsubject
 Issuer Public Key:\tkey
`,
  );
});

test('service create waits until the tasks are stable', () => {
  let running = 0;
  const sent: unknown[] = [];
  const api: Partial<EngineApi> = {
    ...swarm,
    serviceCreate: (spec) => {
      sent.push(spec);
      return finished(answer({ ID: WHOAMI.ID }));
    },
    tasks: () =>
      answer(
        [1, 2, 3].map((slot) =>
          taskOf(slot, `task${slot}`, slot <= running ? 'running' : 'preparing', META.CreatedAt, { node: 'self0' }),
        ),
      ),
  };
  const onWait = (now: number): void => {
    running = now < 2_000_000 ? 0 : now < 2_400_000 ? 2 : 3;
  };
  const result = docker(
    'docker service create --name whoami --publish 8000:8000 --replicas 3 --no-resolve-image jwilder/whoami',
    { api, onWait },
  );
  const collapsed = result.stdout.split('\n').filter((line, i, lines) => line !== lines[i - 1]);
  expect(collapsed).toEqual([
    WHOAMI.ID,
    'overall progress: 0 out of 3 tasks',
    '1/3:  ',
    '2/3:  ',
    '3/3:  ',
    'overall progress: 0 out of 3 tasks',
    'overall progress: 2 out of 3 tasks',
    'overall progress: 3 out of 3 tasks',
    ...[5, 4, 3, 2, 1].map((seconds) => `verify: Waiting ${seconds} seconds to verify that tasks are stable...`),
    `verify: Service ${WHOAMI.ID} converged`,
    '',
  ]);
  expect(sent).toMatchObject([
    {
      Name: 'whoami',
      TaskTemplate: { ContainerSpec: { Image: 'jwilder/whoami:latest', Init: false } },
      Mode: { Replicated: { Replicas: 3 } },
      EndpointSpec: { Mode: 'vip', Ports: [PORT] },
    },
  ]);
});

test('update edits ports by their target', () => {
  const sent: { EndpointSpec?: unknown; TaskTemplate: { ForceUpdate: number } }[] = [];
  const api: Partial<EngineApi> = {
    ...swarm,
    serviceUpdate: (_id, _version, spec) => {
      sent.push(spec);
      return finished(answer({ Warnings: null }));
    },
  };
  expect(
    docker('docker service update -d --publish-rm 8000 --publish-add published=8081,target=8000 --force whoami', {
      api,
    }),
  ).toEqual({ exit: 0, stdout: 'whoami\n', stderr: '' });
  expect(sent[0]?.EndpointSpec).toEqual({ Mode: 'vip', Ports: [{ ...PORT, PublishedPort: 8081 }] });
  expect(sent[0]?.TaskTemplate.ForceUpdate).toBe(1);
});

test('completion', () => {
  expect(completions(['docker', 'serv'])).toEqual(['service']);
  expect(completions(['docker', 'service', 'ins'])).toEqual(['inspect']);
  expect(completions(['docker', 'service', 'inspect', 'wh'], { api: swarm })).toEqual(['whoami']);
  expect(completions(['docker', 'service', 'create', '--rep'], { api: swarm })).toEqual([
    '--replicas',
    '--replicas-max-per-node',
  ]);
  expect(completions(['docker', 'node', 'update', '--availability', 'd'], { api: swarm })).toEqual(['drain']);
  expect(completions(['docker', 'node', 'ps', 'node'], { api: swarm })).toEqual(['node1', 'node2']);
});

test('durations in words', () => {
  const second = 1_000_000;
  expect(
    [0.4, 1, 59, 60, 119, 120, 3599, 3600, 7199, 86400 * 3].map((seconds) => humanDuration(seconds * second)),
  ).toEqual([
    'Less than a second',
    '1 second',
    '59 seconds',
    'About a minute',
    'About a minute',
    '2 minutes',
    '59 minutes',
    'About an hour',
    '2 hours',
    '3 days',
  ]);
  const state = {
    Status: 'exited',
    Running: false,
    Paused: false,
    Restarting: false,
    OOMKilled: false,
    Dead: false,
    Pid: 0,
    ExitCode: 137,
    Error: '',
    StartedAt: '2026-11-20T11:00:00Z',
    FinishedAt: '2026-11-20T11:59:58Z',
  } as const;
  expect(containerStatus(state, 1795176000 * second)).toBe('Exited (137) 2 seconds ago');
});
