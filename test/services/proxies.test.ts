// nginx and haproxy as proxies behind the mesh: sticky sessions, forwarded addresses, and what a bad configuration is told.
import { describe, expect, test } from 'vitest';
import { createWorld, SECOND, type World } from '../../simulator/index';
import { Balancer } from '../../simulator/services/nginx/balance';
import { textOf } from '../tidy/sources';

const MESH = textOf('content/scenarios/routing-mesh.yaml');
const SWARM = MESH.slice(0, MESH.indexOf('services:'));

function run(world: World, on: string, line: string, seconds = 300): string {
  const execution = world.exec(on, line);
  const limit = world.now + seconds * SECOND;
  while (execution.exit === undefined && world.now < limit) world.run(Math.min(world.nextDue() ?? limit, limit));
  return execution.stdout + execution.stderr;
}

/**
 * A swarm with whoami ×3 as tasks.web on an overlay, and a proxy with this configuration on port 8080 of every node. All nodes
 * know all tasks after some full exchanges of gossip, one each 30 s, and nginx looks names up once, when it starts: so it comes later.
 */
function proxied(
  image: 'nginx' | 'haproxy',
  configuration: string,
  proxies = 1,
  services = ['docker service create -q --name web --network net --endpoint-mode dnsrr --replicas 3 traefik/whoami'],
): World {
  const target = image === 'nginx' ? '/etc/nginx/nginx.conf' : '/usr/local/etc/haproxy/haproxy.cfg';
  const world = createWorld(SWARM, { trace: false });
  const out = run(
    world,
    'node1',
    `docker network create -d overlay net && ${services.join(' && ')} && sleep 150 && cat > /root/conf <<'EOF'
${configuration}
EOF
docker config create conf /root/conf && docker service create -q --name proxy --network net -p 8080:80 --replicas ${proxies} --config source=conf,target=${target} ${image}`,
  );
  expect(out).not.toContain('rror');
  return world;
}

const NGINX = (way: string, more = ''): string => `events { }
http {
  upstream web { ${way} server tasks.web:80; }
  server { listen 80; location / { proxy_pass http://web; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; ${more} } }
}`;

const names = (text: string): string[] => [...text.matchAll(/Hostname: (\w+)/g)].map((match) => match[1] ?? '');
const ask = (world: World, times: number, options = '', from = 'client'): string[] =>
  names(run(world, from, `for i in $(seq ${times}); do curl -sS -m3 ${options} http://192.168.56.13:8080/; done`));

describe('nginx', () => {
  test('round robin over the tasks that a name stands for; the client is in X-Forwarded-For', () => {
    const world = proxied('nginx', NGINX(''));
    const seen = ask(world, 6);
    expect(new Set(seen).size).toBe(3);
    expect(seen.slice(0, 3)).toEqual(seen.slice(3));
    // Behind the mesh the proxy sees the ingress address of the node that was asked, not the client's.
    expect(run(world, 'client', 'curl -sS http://192.168.56.13:8080/')).toMatch(/X-Forwarded-For: 10\.0\.0\.\d+\n/);
  });

  test.each([
    ['ip_hash', 'ip_hash;'],
    ['hash of the address', 'hash $remote_addr;'],
  ])('%s: one task for one client', (_name, way) => {
    const world = proxied('nginx', NGINX(way));
    expect(new Set(ask(world, 6)).size).toBe(1);
  });

  test('hash of a cookie, consistent: a server for each value, whichever proxy the mesh takes', () => {
    const configuration = NGINX('hash $cookie_session consistent; server a:80; server b:80;').replace(
      'server tasks.web:80',
      'server c:80',
    );
    const services = ['a', 'b', 'c'].map(
      (name) => `docker service create -q --name ${name} --network net traefik/whoami`,
    );
    const world = proxied('nginx', configuration, 2, services);
    const of = (session: string): Set<string> => new Set(ask(world, 6, `-H 'Cookie: session=${session}'`));
    const sets = ['ann', 'bob', 'cid', 'dee', 'eve', 'fay'].map(of);
    for (const set of sets) expect(set.size).toBe(1);
    expect(new Set(sets.flatMap((set) => [...set])).size).toBeGreaterThan(1);
  });

  test('a server that refuses is passed by; none left is 502', () => {
    const world = proxied('nginx', NGINX('server 10.0.1.250:80 max_fails=1;'));
    expect(
      names(run(world, 'client', 'for i in 1 2 3; do curl -sS -m70 http://192.168.56.13:8080/; done')),
    ).toHaveLength(3);
    run(world, 'node1', 'docker service scale web=0');
    world.run(world.now + 20 * SECOND);
    expect(run(world, 'client', 'curl -sS -m100 -o /dev/null -w "%{http_code}" http://192.168.56.13:8080/')).toMatch(
      /^50[24]$/,
    );
  });

  test('without a configuration the image says who it is; nginx -s reload takes one', () => {
    const world = createWorld(SWARM, { trace: false });
    run(world, 'node1', 'docker run -d --name n -p 8080:80 nginx');
    expect(run(world, 'client', 'curl -sS 192.168.56.11:8080')).toMatch(/^I'm \w{12}\n$/);
    run(
      world,
      'node1',
      `docker exec n sh -c 'printf "events {}\\nhttp { server { listen 80; return 200 hello; } }\\n" > /etc/nginx/nginx.conf; nginx -s reload'`,
    );
    expect(run(world, 'client', 'curl -sS 192.168.56.11:8080')).toBe('hello');
    run(
      world,
      'node1',
      `docker exec n sh -c 'printf "events {}\\nhttp { server { listen 80; return 200 again; } }\\n" > /etc/nginx/nginx.conf; nginx -s reload'`,
    );
    expect(run(world, 'client', 'curl -sS 192.168.56.11:8080')).toBe('again');
  });

  test.each([
    [
      'events {}\nhttp {\n  upsteam web { }\n}',
      'nginx: [emerg] unknown directive "upsteam" in /etc/nginx/nginx.conf:3',
    ],
    [
      'events {}\nhttp {\n  server { listen 80; location / { proxy_pass http://nowhere; } }\n}',
      'nginx: [emerg] host not found in upstream "nowhere" in /etc/nginx/nginx.conf:3',
    ],
    [
      'events {}\nhttp {\n  server {\n    listen 80\n  }\n}',
      'nginx: [emerg] unexpected "}" in /etc/nginx/nginx.conf:5',
    ],
    [
      'events {}\nhttp {\n  server { listen 80;\n',
      'nginx: [emerg] unexpected end of file, expecting "}" in /etc/nginx/nginx.conf:3',
    ],
    [
      'events {}\nhttp { proxy_pass http://x; }',
      'nginx: [emerg] "proxy_pass" directive is not allowed here in /etc/nginx/nginx.conf:2',
    ],
    [
      'events {}\nhttp { upstream web { ip_hash on; server 10.0.0.1; } }',
      'nginx: [emerg] invalid number of arguments in "ip_hash" directive in /etc/nginx/nginx.conf:2',
    ],
    ['http { }', 'nginx: [emerg] no "events" section in configuration'],
    ['events {}\nhttp { gzip on; }', 'nginx: [emerg] "gzip" is not emulated here in /etc/nginx/nginx.conf:2'],
    [
      'events {}\nhttp { upstream web { sticky cookie srv; server 10.0.0.1; } }',
      'nginx: [emerg] unknown directive "sticky" in /etc/nginx/nginx.conf:2',
    ],
  ])('%j: %s', (text, words) => {
    const world = createWorld(SWARM, { trace: false });
    run(
      world,
      'node1',
      `cat > /root/nginx.conf <<'EOF'\n${text.trimEnd()}\nEOF\ndocker run -d --name n -v /root/nginx.conf:/etc/nginx/nginx.conf nginx`,
    );
    world.run(world.now + 15 * SECOND); // names are asked for first
    expect(run(world, 'node1', 'docker logs n')).toBe(`${words}\n`);
    expect(run(world, 'node1', "docker inspect -f '{{.State.ExitCode}}' n")).toBe('1\n');
  });

  test('consistent hash: a server that goes takes only its own keys along', () => {
    const peer = (name: string) => ({
      name,
      address: 1,
      port: 80,
      weight: 1,
      backup: false,
      down: false,
      maxFails: 1,
      failTimeout: 1,
    });
    const place = (list: readonly string[]): string[] => {
      const balancer = new Balancer({ name: 'g', peers: list.map(peer), method: 'hash consistent', key: '' });
      return Array.from({ length: 300 }, (_, key) => balancer.pick(0, `key${key}`, new Set(), 0)?.name ?? '');
    };
    const [three, two] = [place(['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80']), place(['10.0.0.1:80', '10.0.0.2:80'])];
    for (const [index, name] of three.entries()) if (name !== '10.0.0.3:80') expect(two[index]).toBe(name);
    expect(three.filter((name) => name === '10.0.0.3:80').length).toBeGreaterThan(50);
  });
});

const HAPROXY = (back: string, servers: string): string => `defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
frontend front
  bind *:80
  option forwardfor
  default_backend web
backend web
${back}
${servers}`;

describe('haproxy', () => {
  /** The configuration needs one server a line, so the tasks are three services. */
  const three = (back: string, more = '', options = ''): World => {
    const world = createWorld(SWARM, { trace: false });
    const services = ['a', 'b', 'c']
      .map((name) => `docker service create -q --name ${name} --network net traefik/whoami`)
      .join(' && ');
    const servers = ['a', 'b', 'c'].map((name) => `  server ${name} ${name}:80 cookie ${name} ${options}`).join('\n');
    const out = run(
      world,
      'node1',
      `docker network create -d overlay net && ${services} && cat > /root/conf <<'EOF'\n${HAPROXY(back, servers)}\n${more}\nEOF\ndocker config create conf /root/conf && docker service create -q --name proxy --network net -p 8080:80 --replicas 2 --config source=conf,target=/usr/local/etc/haproxy/haproxy.cfg haproxy`,
    );
    expect(out).not.toContain('rror');
    return world;
  };

  test('roundrobin, and the cookie that it inserts keeps a client at its server, whichever proxy the mesh takes', () => {
    const world = three('  balance roundrobin\n  cookie SRV insert indirect nocache');
    expect(new Set(ask(world, 12)).size).toBe(3);
    expect(run(world, 'client', 'curl -sS -i http://192.168.56.13:8080/')).toMatch(
      /Set-Cookie: SRV=[abc]; path=\/\r\nCache-Control: private\r\n/,
    );
    for (const value of ['a', 'b', 'c']) expect(new Set(ask(world, 6, `-H "Cookie: SRV=${value}"`)).size).toBe(1);
    expect(run(world, 'client', 'curl -sS -i -H "Cookie: SRV=b" http://192.168.56.13:8080/')).not.toMatch(
      /Set-Cookie|Cookie: SRV/,
    );
  });

  test('balance source: one server for one address, so behind the mesh one for each node that is asked', () => {
    const world = three('  balance source');
    expect(new Set(ask(world, 6)).size).toBe(1);
  });

  test('check: a server that is gone is left out', () => {
    const world = three('  balance roundrobin', '', 'check');
    run(world, 'node1', 'docker service update -q --replicas 0 b');
    world.run(world.now + 30 * SECOND);
    const codes = run(
      world,
      'client',
      'for i in $(seq 6); do curl -s -m5 -o /dev/null -w "%{http_code} " http://192.168.56.13:8080/; done',
    );
    expect(codes).toBe('200 200 200 200 200 200 ');
    expect(new Set(ask(world, 6)).size).toBe(2);
  });

  test.each([
    [
      'backend web\n  balanc roundrobin',
      "config : parsing [/usr/local/etc/haproxy/haproxy.cfg:2] : unknown keyword 'balanc' in 'backend' section",
    ],
    [
      'backend web\n  server a nowhere:80',
      "config : parsing [/usr/local/etc/haproxy/haproxy.cfg:2] : 'server a' : could not resolve address 'nowhere'.",
    ],
    [
      'frontend f\n  bind *:80\n  default_backend b',
      "config : Proxy 'f': unable to find required default_backend: 'b'.",
    ],
    [
      'defaults\n  mode tcp',
      "config : parsing [/usr/local/etc/haproxy/haproxy.cfg:2] : 'mode tcp' is not emulated here, only http",
    ],
    [
      'frontend f\n  acl x path /',
      "config : parsing [/usr/local/etc/haproxy/haproxy.cfg:2] : 'acl' is not emulated here",
    ],
  ])('%j: %s', (text, words) => {
    const world = createWorld(SWARM, { trace: false });
    run(
      world,
      'node1',
      `cat > /root/h.cfg <<'EOF'\n${text}\nEOF\ndocker run -d --name h -v /root/h.cfg:/usr/local/etc/haproxy/haproxy.cfg haproxy`,
    );
    world.run(world.now + 15 * SECOND); // names are asked for first
    expect(run(world, 'node1', 'docker logs h')).toContain(`[ALERT]    (1) : ${words}\n`);
    expect(run(world, 'node1', "docker inspect -f '{{.State.ExitCode}}' h")).toBe('1\n');
  });
});

test('traefik/whoami tells what arrived', () => {
  const world = createWorld(SWARM, { trace: false });
  run(world, 'node1', 'docker run -d --name w -p 8081:80 -e WHOAMI_NAME=ada traefik/whoami');
  const text = run(world, 'client', "curl -sS -H 'x-one: 1' http://192.168.56.11:8081/a?b=c");
  expect(text).toMatch(
    /^Name: ada\nHostname: \w{12}\nIP: 127\.0\.0\.1\nIP: 172\.17\.0\.2\nRemoteAddr: 192\.168\.56\.1:\d+\nGET \/a\?b=c HTTP\/1\.1\nHost: 192\.168\.56\.11:8081\nAccept: \*\/\*\nUser-Agent: curl\/[\d.]+\nX-One: 1\n\n$/,
  );
  expect(JSON.parse(run(world, 'client', 'curl -sS http://192.168.56.11:8081/api'))).toMatchObject({
    name: 'ada',
    method: 'GET',
    url: '/api',
  });
});

test('redis counts; postgres is refused in one line; busybox is pulled', () => {
  const world = createWorld(SWARM, { trace: false });
  run(
    world,
    'node1',
    'docker network create -d overlay --attachable net; docker service create -q --name db --network net redis',
  );
  const cli = (words: string): string =>
    run(world, 'node2', `docker run --rm --network net redis redis-cli -h db ${words}`).replace(
      /^Unable to find.*\n/,
      '',
    );
  expect([
    cli('PING'),
    cli('SET a 5'),
    cli('INCR a'),
    cli('GET a'),
    cli('GET none'),
    cli('INCR'),
    cli('LPUSH l 1'),
  ]).toEqual([
    'PONG\n',
    'OK\n',
    '6\n',
    '6\n',
    '\n',
    "ERR wrong number of arguments for 'incr' command\n",
    "ERR unknown command 'LPUSH' (not emulated here), with args beginning with: 'l' '1' \n",
  ]);
  expect(run(world, 'node1', 'docker pull postgres')).toMatch(/postgres is not emulated here/);
  expect(run(world, 'node1', 'docker run --rm busybox echo hello')).toContain('hello\n');
});
