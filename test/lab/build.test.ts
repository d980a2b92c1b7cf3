// A scenario's cluster is built through the engine's API. It is the same as one built by typing.
import { expect, test } from 'vitest';
import { createWorld, parseScenario, World } from '../../simulator/index';
import { Typist } from '../lessons/typist';
import { textOf } from '../tidy/sources';

const LOOKS: readonly [string, string][] = [
  ['node1', "docker service inspect --format '{{json .Spec}}' whoami"],
  ['node1', "docker network inspect --format '{{json .IPAM}} {{.Driver}} {{.Attachable}}' lab"],
  ['node1', "docker node ls --format '{{.Hostname}} {{.Status}} {{.Availability}} {{.ManagerStatus}}'"],
  ['node1', 'iptables-save | grep -v "^#"'],
  ['node2', 'nsenter --net=/var/run/docker/netns/ingress_sbox ipvsadm -Sn'],
  ['node3', 'nsenter --net=/var/run/docker/netns/ingress_sbox iptables -t mangle -S'],
];

const NETWORK = { name: 'lab', driver: 'overlay', attachable: true };

/** Without the counters of policies, which depend on when one looks. */
const uncounted = (text: string) => text.replace(/ \[\d+:\d+\]/g, '');

test('a declared cluster equals a typed one', async () => {
  const declared = parseScenario(textOf('content/scenarios/routing-mesh.yaml'));
  const built = new Typist(new World({ ...declared, networks: [NETWORK] }));
  const typed = new Typist(createWorld(textOf('content/scenarios/empty.yaml')));
  await typed.type('node1', 'docker swarm init --advertise-addr 192.168.56.11');
  const token = await typed.type('node1', 'docker swarm join-token -q worker');
  for (const node of ['node2', 'node3'])
    await typed.type(node, `docker swarm join --token ${token} 192.168.56.11:2377`);
  await typed.type('node1', 'docker network create -d overlay --attachable lab');
  await typed.type('node1', 'docker service create --name whoami --replicas 3 -p 8000:8000 jwilder/whoami');
  for (const [host, command] of LOOKS) {
    expect(uncounted(await built.type(host, command)), command).toBe(uncounted(await typed.type(host, command)));
  }
});
