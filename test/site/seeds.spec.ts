/**
 * The commands of two articles about the routing mesh, typed key by key as they stand there. The articles were written
 * on other clusters and older engines: addresses and numbers are this cluster's, the shape is the articles'.
 */
import { expect, test, type Page } from '@playwright/test';
import { openLab, useHost, watchForErrors } from './lab-page';
import { run } from './typist';

const ADDRESS = String.raw`10\.0\.0\.\d+`;
const MAC = '02:42(:[0-9a-f]{2}){4}';

test.beforeEach(async ({ page }) => {
  test.setTimeout(180_000);
  await page.setViewportSize({ width: 1900, height: 1500 }); // the longest answers fit on the screen
  await openLab(page);
  await page.getByRole('button', { name: 'Enlarge' }).last().click();
  await useHost(page, 'node1');
});

/** `ip a` of a node: the bridge between the containers and the outside. */
async function showsTheGateway(page: Page, command: string): Promise<void> {
  expect(await run(page, command)).toMatch(
    new RegExp(
      String.raw`^\d+: docker_gwbridge: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default$
 {4}link/ether ${MAC} brd ff:ff:ff:ff:ff:ff$
 {4}inet 172\.18\.0\.1/16 brd 172\.18\.255\.255 scope global docker_gwbridge$
 {7}valid_lft forever preferred_lft forever$
 {4}inet6 fe80::42:[0-9a-f:]+/64 scope link`,
      'm',
    ),
  );
}

/** `ip a` in the sandbox: lo, the end on ingress with its virtual addresses, the end on docker_gwbridge. */
function isTheSandbox(addresses: string, virtualAddresses: number): void {
  const virtual = String.raw`
 {4}inet ${ADDRESS}/32 scope global eth0
 {7}valid_lft forever preferred_lft forever`;
  expect(addresses).toMatch(
    new RegExp(
      String.raw`^1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
 {4}link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
 {4}inet 127\.0\.0\.1/8 scope host lo
[^]*
\d+: eth0@if\d+: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP group default ?
 {4}link/ether ${MAC} brd ff:ff:ff:ff:ff:ff link-netnsid 0
 {4}inet ${ADDRESS}/24 brd 10\.0\.0\.255 scope global eth0
 {7}valid_lft forever preferred_lft forever(${virtual}){${virtualAddresses}}
\d+: eth1@if\d+: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default ?
 {4}link/ether 02:42:ac:12:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 1
 {4}inet 172\.18\.0\.2/16 brd 172\.18\.255\.255 scope global eth1
 {7}valid_lft forever preferred_lft forever$`,
    ),
  );
}

/** `docker network inspect docker_gwbridge`: the sandbox is among its containers. */
async function listsTheSandbox(page: Page): Promise<void> {
  const inspected = JSON.parse(await run(page, 'docker network inspect docker_gwbridge')) as [
    { Containers: Record<string, Record<string, string>> },
  ];
  expect(inspected[0].Containers['ingress-sbox']).toEqual({
    Name: 'gateway_ingress-sbox',
    EndpointID: expect.stringMatching(/^[0-9a-f]{64}$/),
    MacAddress: '02:42:ac:12:00:02',
    IPv4Address: '172.18.0.2/16',
    IPv6Address: '',
  });
  for (const [id, container] of Object.entries(inspected[0].Containers)) {
    if (id === 'ingress-sbox') continue;
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(container['Name']).toMatch(/^gateway_[0-9a-f]{12}$/);
  }
}

/** The lines that `ipvsadm` prints for one mark: its tasks with connections that have ended. */
function tasksOf(table: string, mark: number): { address: string; ended: number }[] {
  expect(table).toMatch(
    /^IP Virtual Server version 1\.2\.1 \(size=4096\)\nProt LocalAddress:Port Scheduler Flags\n {2}-> RemoteAddress:Port {11}Forward Weight ActiveConn InActConn\n/,
  );
  const section = new RegExp(String.raw`^FWM  ${mark} rr\n((?:  -> .*\n?)*)`, 'm').exec(table);
  return (section?.[1] ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, address, ended] =
        new RegExp(String.raw`^  -> (${ADDRESS}):0 +Masq {4}1 +0 +(\d+)$`).exec(line.trimEnd()) ?? [];
      return { address: String(address), ended: Number(ended) };
    });
}

test('Routing mesh in Swarm, part two', async ({ page }) => {
  const errors = watchForErrors(page);

  const answers: string[] = [];
  for (let i = 0; i < 5; i++) answers.push(await run(page, 'curl 127.0.0.1:8000'));
  for (const answer of answers) expect(answer).toMatch(/^I'm [0-9a-f]{12}$/);
  expect(new Set(answers).size).toBe(3);
  expect(answers[3]).toBe(answers[0]); // they take turns
  expect(answers[4]).toBe(answers[1]);

  expect(await run(page, 'sudo iptables -nL -t nat')).toMatch(
    /^Chain DOCKER-INGRESS \(2 references\)\ntarget +prot opt source +destination *\nDNAT +(tcp|6) +-- +0\.0\.0\.0\/0 +0\.0\.0\.0\/0 +tcp dpt:8000 to:172\.18\.0\.2:8000\nRETURN/m,
  );
  await showsTheGateway(page, 'ip a ');
  await listsTheSandbox(page);

  expect(await run(page, 'sudo nsenter --net=/var/run/docker/netns/ingress_sbox')).toBe('');
  isTheSandbox(await run(page, 'ip a'), 1);

  expect(await run(page, 'iptables -nL -t mangle')).toMatch(/tcp dpt:8000 MARK set 0x100/);
  const mangle = await run(page, 'iptables -nvL -t mangle');
  expect(mangle.match(/^Chain \w+/gm)).toEqual([
    'Chain PREROUTING',
    'Chain INPUT',
    'Chain FORWARD',
    'Chain OUTPUT',
    'Chain POSTROUTING',
  ]);
  const counted = /^Chain PREROUTING \(policy ACCEPT (\d+) packets, (\d+) bytes\)$/m.exec(mangle);
  expect(Number(counted?.[1])).toBeGreaterThan(20);
  const marked =
    /^ *(\d+) +(\d+) MARK +(?:tcp|6) +-- +\* +\* +0\.0\.0\.0\/0 +0\.0\.0\.0\/0 +tcp dpt:8000 MARK set 0x100$/m.exec(
      mangle,
    );
  expect(Number(marked?.[1])).toBeGreaterThanOrEqual(5 * 4); // what each of the five requests sent
  expect(mangle).toMatch(
    /^Chain INPUT .*\n.*\n +0 +0 MARK +(all|0) +-- +\* +\* +0\.0\.0\.0\/0 +10\.0\.0\.\d+ +MARK set 0x100$/m,
  );

  const tasks = tasksOf(await run(page, 'ipvsadm'), 256);
  expect(new Set(tasks.map(({ address }) => address)).size).toBe(3);
  expect(tasks.map(({ ended }) => ended).sort()).toEqual([1, 2, 2]);

  expect(await run(page, 'exit')).toBe('');
  expect(errors).toEqual([]);
});

test('The ingress network, in detail', async ({ page }) => {
  const errors = watchForErrors(page);
  expect(await run(page, 'docker service create --name web --replicas 2 -p 8080:80 nginx')).toMatch(
    /^overall progress: 2 out of 2 tasks *$[^]*^verify: Service \w{25} converged *$/m,
  );

  const ingress =
    /^Chain DOCKER-INGRESS \(2 references\)\n pkts bytes target .*\n(?: +\d+ +\w+ DNAT .*\n)*? +\d+ +\w+ DNAT +(tcp|6) +-- +\* +\* +0\.0\.0\.0\/0 +0\.0\.0\.0\/0 +tcp dpt:8080 to:172\.18\.0\.2:8080\n(?: +\d+ +\w+ DNAT .*\n)* +\d+ +\w+ RETURN +(all|0) +-- +\* +\* +0\.0\.0\.0\/0 +0\.0\.0\.0\/0 *$/m;
  expect(await run(page, 'iptables -nvL -t nat')).toMatch(ingress);
  await useHost(page, 'node2');
  expect(await run(page, 'iptables -nvL -t nat')).toMatch(ingress);
  await showsTheGateway(page, 'ip a'); // "on any node"
  await useHost(page, 'node1');
  await showsTheGateway(page, 'ip a');
  await listsTheSandbox(page);
  const containers = await run(page, 'docker container ls -a');
  expect(containers).toMatch(/^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES/);
  expect(containers).not.toContain('ingress');

  const entered = await run(
    page,
    'docker run -it --rm -v /var/run/docker/netns:/netns --privileged=true nicolaka/netshoot nsenter --net=/netns/ingress_sbox sh',
  );
  expect(entered.trim()).toBe('');
  isTheSandbox(await run(page, 'ip a'), 2);
  expect(await run(page, 'iptables -nvL -t mangle')).toMatch(
    /^Chain PREROUTING \(policy ACCEPT \d+ packets, \w+ bytes\)\n(.*\n)*? +\d+ +\w+ MARK .* tcp dpt:8080 MARK set 0x101$/m,
  );
  const tasks = tasksOf(await run(page, 'ipvsadm'), 257);
  expect(new Set(tasks.map(({ address }) => address)).size).toBe(2);
  expect(tasks).toHaveLength(2);
  const routes = (await run(page, 'ip route')).split('\n').map((line) => line.trimEnd());
  expect(routes[0]).toBe('default via 172.18.0.1 dev eth1');
  expect(routes[1]).toMatch(new RegExp(`^10\\.0\\.0\\.0/24 dev eth0 proto kernel scope link src ${ADDRESS}$`));
  expect(routes.slice(2)).toEqual(['172.18.0.0/16 dev eth1 proto kernel scope link src 172.18.0.2']);

  expect(await run(page, 'exit')).toBe('');
  expect(await run(page, 'hostname')).toBe('node1');
  expect(errors).toEqual([]);
});
