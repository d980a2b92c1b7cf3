/**
 * The commands of two articles about the routing mesh, typed as they stand there. The articles were written on
 * other clusters and older engines: addresses and numbers are this cluster's, the shape is the articles'.
 */
import { expect, test } from '@playwright/test';
import { openLab, type, useHost } from './lab-page';

test('Routing mesh in Swarm, part two', async ({ page }) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 1900, height: 1400 });
  await openLab(page);
  await page.getByRole('button', { name: 'Enlarge' }).last().click();
  await useHost(page, 'node1');

  const answers: string[] = [];
  for (let i = 0; i < 5; i++) answers.push(await type(page, 'curl 127.0.0.1:8000'));
  for (const answer of answers) expect(answer).toMatch(/^I'm [0-9a-f]{12}$/);
  expect(new Set(answers).size).toBe(3);
  expect(answers[3]).toBe(answers[0]); // they take turns
  expect(answers[4]).toBe(answers[1]);

  expect(await type(page, 'sudo iptables -nL -t nat')).toMatch(/DNAT +.*tcp dpt:8000 to:172\.18\.0\.2:8000/);
  expect(await type(page, 'ip a')).toMatch(
    /docker_gwbridge: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500[^]*inet 172\.18\.0\.1\/16/,
  );
  const inspected = await type(page, 'docker network inspect docker_gwbridge');
  expect(inspected).toMatch(
    /"ingress-sbox": \{\s+"Name": "gateway_ingress-sbox",[^]*"IPv4Address": "172\.18\.0\.2\/16"/,
  );

  await type(page, 'sudo nsenter --net=/var/run/docker/netns/ingress_sbox');
  const addresses = await type(page, 'ip a');
  expect(addresses).toMatch(/eth0@if\d+: .* mtu 1450[^]*inet 10\.0\.0\.\d+\/24[^]*inet 10\.0\.0\.\d+\/32/);
  expect(addresses).toMatch(/eth1@if\d+: .* mtu 1500[^]*inet 172\.18\.0\.2\/16/);
  const mangle = await type(page, 'iptables -nvL -t mangle');
  expect(mangle).toMatch(/Chain PREROUTING[^]*MARK +(tcp|6) .*tcp dpt:8000 MARK set 0x100/);
  expect(mangle).toMatch(/Chain INPUT[^]*MARK .*10\.0\.0\.\d+ +MARK set 0x100/);
  expect(await type(page, 'ipvsadm')).toMatch(
    /^IP Virtual Server version 1\.2\.1 \(size=4096\)[^]*FWM +256 rr(\n +-> 10\.0\.0\.\d+:0 +Masq +1 +\d+ +\d+ *){3}$/,
  );
  expect(await type(page, 'exit')).toBe('');
});

test('The ingress network, in detail', async ({ page }) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 1900, height: 1400 });
  await openLab(page);
  await page.getByRole('button', { name: 'Enlarge' }).last().click();
  await useHost(page, 'node1');
  await type(page, 'docker service create --name web -p 8080:8000 --replicas 2 jwilder/whoami');

  expect(await type(page, 'iptables -nvL -t nat')).toMatch(
    /Chain DOCKER-INGRESS \(2 references\)[^]*DNAT .*tcp dpt:8080 to:172\.18\.0\.2:8080[^]*RETURN/,
  );
  expect(await type(page, 'ip a')).toContain('inet 172.18.0.1/16 brd 172.18.255.255 scope global docker_gwbridge');
  expect(await type(page, 'docker network inspect docker_gwbridge')).toContain('"Name": "gateway_ingress-sbox"');
  expect(await type(page, 'docker container ls -a')).not.toContain('ingress');

  await type(
    page,
    'docker run -it --rm -v /var/run/docker/netns:/netns --privileged=true nicolaka/netshoot nsenter --net=/netns/ingress_sbox sh',
  );
  expect(await type(page, 'ip a')).toMatch(
    /eth0@if\d+[^]*inet 10\.0\.0\.\d+\/24[^]*eth1@if\d+[^]*inet 172\.18\.0\.2\/16/,
  );
  expect(await type(page, 'iptables -nvL -t mangle')).toMatch(/tcp dpt:8080 MARK set 0x101/);
  expect(await type(page, 'ipvsadm')).toMatch(/FWM +257 rr(\n +-> 10\.0\.0\.\d+:0 +Masq +1 +\d+ +\d+ *){2}/);
  expect(await type(page, 'ip route')).toMatch(
    /^default via 172\.18\.0\.1 dev eth1 *\n10\.0\.0\.0\/24 dev eth0 proto kernel scope link src 10\.0\.0\.\d+ *\n172\.18\.0\.0\/16 dev eth1 proto kernel scope link src 172\.18\.0\.2 *$/,
  );
});
