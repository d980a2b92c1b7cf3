// What a container may see and do: bind mounts, capabilities; and the service manager that stops and starts its daemon.
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

test('a privileged container enters a namespace of the host through a bind mount', () => {
  const world = createWorld(scenario);
  const inside = 'docker run --rm -v /var/run/docker/netns:/netns --privileged=true nicolaka/netshoot nsenter --net=/netns/ingress_sbox';
  expect(typed(world, `${inside} ip -br -4 addr show eth0`).stdout).toBe('eth0@if6         UP             10.0.0.2/24 10.0.0.5/32 \n');
  expect(typed(world, `${inside} ipvsadm -ln`).stdout).toContain('FWM  256 rr\n  -> 10.0.0.6:0');
  expect(typed(world, `${inside} iptables -t mangle -S PREROUTING`).stdout).toContain('--dport 8000 -j MARK --set-xmark 0x100/0xffffffff');
  expect(typed(world, inside.replace('--privileged=true ', '')).stderr).toBe("nsenter: reassociate to namespace 'ns/net' failed: Operation not permitted\n");
  expect(typed(world, 'docker ps -a --format "{{.Names}}" | grep -v whoami').stdout).toBe('');
});

test('only a container with CAP_NET_ADMIN lists its own rules', () => {
  const world = createWorld(scenario);
  const refused = typed(world, 'docker run --rm nicolaka/netshoot iptables -S');
  expect(refused).toEqual({ stdout: '', stderr: 'iptables v1.8.11 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n', exit: 4 });
  for (const option of ['--privileged', '--cap-add NET_ADMIN', '--cap-add all']) {
    expect(typed(world, `docker run --rm ${option} nicolaka/netshoot iptables -S`).stdout).toBe('-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n');
  }
  expect(typed(world, 'docker run --rm --cap-add FLY alpine true').stderr).toBe('docker: Error response from daemon: invalid capability: "CAP_FLY".\nSee \'docker run --help\'.\n');
});

test('a read-only mount shows the files of the host and refuses changes', () => {
  const world = createWorld(scenario);
  const seen = typed(world, 'echo one > /root/file; docker run --rm -v /root:/r:ro alpine sh -c "cat /r/file; echo two > /r/file; echo three > /r/new"');
  expect(seen.stdout).toBe('one\n');
  expect(seen.stderr.match(/Read-only file system/g)).toHaveLength(2);
  expect(typed(world, 'docker run --rm -v /root:/r alpine sh -c "echo two > /r/file"; cat /root/file').stdout).toBe('two\n');
  expect(typed(world, 'docker run --rm -v /a:b alpine true').stderr).toContain("invalid mount path: 'b' mount path must be absolute");
});

test('systemctl stops and starts the daemon, and knows no other unit', () => {
  const world = createWorld(scenario);
  expect(typed(world, 'systemctl is-active docker').stdout).toBe('active\n');
  expect(typed(world, 'systemctl stop docker; docker ps').stderr).toContain('Cannot connect to the Docker daemon');
  expect(typed(world, 'systemctl is-active docker')).toEqual({ stdout: 'inactive\n', stderr: '', exit: 3 });
  expect(typed(world, 'systemctl start docker; systemctl status docker').stdout).toContain('Active: active (running) since Fri 2026-11-20');
  expect(typed(world, 'systemctl restart docker; docker node ls --format "{{.Hostname}}"').stdout).toBe('node1\nnode2\nnode3\n');
  expect(typed(world, 'systemctl stop nginx')).toEqual({ stdout: '', stderr: 'Failed to stop nginx.service: Unit nginx.service not loaded.\n', exit: 5 });
  expect(typed(world, 'systemctl mask docker').exit).toBe(1);
});

const COMPOSE = `version: "3.8"
services:
  web:
    image: nginx
    ports: ["8080:80"]
    networks: [front]
    deploy: {replicas: 2}
  tool:
    image: nicolaka/netshoot
    command: sleep 50000
    networks: [front]
    deploy:
      placement: {constraints: [node.role == manager]}
networks:
  front: {driver: overlay, ipam: {config: [{subnet: 10.20.0.0/24}]}}
`;

test('a compose file becomes a stack', () => {
  const world = createWorld(scenario);
  expect(typed(world, `cat > stack.yml <<'END'\n${COMPOSE}END\ndocker stack deploy --resolve-image never -c stack.yml demo`).stdout).toBe(
    'Creating network demo_front\nCreating service demo_web\nCreating service demo_tool\n',
  );
  world.run(world.now + 10 * SECOND);
  expect(typed(world, 'docker stack ls').stdout).toMatch(/^demo +2$/m);
  expect(typed(world, "docker service inspect demo_web -f '{{range .Endpoint.VirtualIPs}}{{.Addr}} {{end}}'").stdout).toContain('10.20.0.2/24');
  expect(typed(world, 'docker exec $(docker ps -q -f name=demo_tool) curl -s http://web/').stdout).toMatch(/^I'm [0-9a-f]{12}\n$/);
  expect(typed(world, 'curl -s 127.0.0.1:8080').stdout).toMatch(/^I'm/);
  expect(typed(world, "sed -i 's/replicas: 2/replicas: 1/' stack.yml; docker stack deploy -d --resolve-image never -c stack.yml demo").stdout).toMatch(/^Updating service demo_web \(id: \w{25}\)$/m);
  expect(typed(world, 'docker stack rm demo')).toMatchObject({ stdout: 'Removing service demo_tool\nRemoving service demo_web\nRemoving network demo_front\n', exit: 0 });
});

test('what a compose file may not say is refused', () => {
  const world = createWorld(scenario);
  const said = (text: string): string => typed(world, `cat > s.yml <<'END'\n${text}\nEND\ndocker stack deploy -d -c s.yml demo`).stderr;
  expect(said('services: {web: {image: nginx, colour: red}}')).toBe('services.web Additional property colour is not allowed\n');
  expect(said('services: {web: {image: nginx, volumes: [a]}}')).toBe('docker stack deploy: services.web.volumes is not emulated here\n');
  expect(said('services: {web: {image: nginx, networks: [nowhere]}}')).toBe('service "web" refers to undefined network nowhere: invalid compose project\n');
});
