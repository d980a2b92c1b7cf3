/** What a student types when nobody is looking: mistakes, half commands, loops, pastes. Nothing hangs, nothing breaks. */
import { expect, test } from '@playwright/test';
import { clear, frontTerminal, openLab, screen, useHost, watchForErrors } from './lab-page';
import { begin, interrupt, keys, paste, promptBack, run } from './typist';

let errors: string[] = [];

test.beforeEach(async ({ page }) => {
  test.setTimeout(120_000);
  errors = watchForErrors(page);
  await page.setViewportSize({ width: 1600, height: 1000 });
  await openLab(page);
  await useHost(page, 'node1');
});

test.afterEach(async ({ page }) => {
  expect(await run(page, 'echo $((6 * 7))')).toBe('42'); // whatever happened, the shell still works
  expect(errors).toEqual([]);
});

test('wrong commands, flags and names are answered in the words of the tools', async ({ page }) => {
  for (const [command, answer] of [
    ['dcoker ps', 'bash: dcoker: command not found'],
    ['docker servce ls', "docker: 'servce' is not a docker command."],
    ['docker service create --replica 2 nginx', 'unknown flag: --replica'],
    ['docker service create --publish 80:aa nginx', 'invalid argument "80:aa" for "-p, --publish" flag'],
    ['docker service ps nope', 'no such service: nope'],
    ['iptables -L -t nta', "table 'nta' does not exist"],
    ['iptables -nL NOPE', 'No chain/target/match by that name.'],
    ['iptables -A INPUT -j NOPE', 'iptables v1.8.11 (nf_tables): Chain '],
    ['ip adr', 'Object "adr" is unknown, try "ip help".'],
    ['ip link set eth9 up', 'Cannot find device "eth9"'],
    ['nsenter --net=/var/run/docker/netns/nope ip a', 'No such file or directory'],
    ['curl --slient 127.0.0.1:8000', 'curl: option --slient: is unknown'],
    ['curl 127.0.0.1:9', 'curl: (7) Failed to connect to 127.0.0.1 port 9'],
    ['tcpdump -i eth7', 'eth7: No such device exists'],
    ['ipvsadm -Q', "Try `ipvsadm -h' or 'ipvsadm --help' for more information."],
    ['cat /nope', 'cat: /nope: No such file or directory'],
  ] as const)
    expect(await run(page, command), command).toContain(answer);
  await run(page, 'docker servce ls');
  expect(await run(page, 'echo $?')).toBe('1');
});

test('Tab completes commands, subcommands, names and files, and lists what is left', async ({ page }) => {
  await clear(page);
  await keys(page, 'docker serv\tinsp\twho\t--pre\t');
  await expect(frontTerminal(page)).toContainText('docker service inspect whoami --pretty');
  await page.keyboard.press('Control+u');
  await keys(page, 'nsenter --net=/var/run/docker/netns/ingr\t');
  await expect(frontTerminal(page)).toContainText('/netns/ingress_sbox');
  await page.keyboard.press('Control+u');
  await keys(page, 'docker service \t\t');
  await expect(frontTerminal(page)).toContainText(/create[^]*inspect[^]*scale/);
  await page.keyboard.press('Control+c');
  await promptBack(page);
});

test('Ctrl-C stops a loop of requests, and a ping', async ({ page }) => {
  await begin(page, 'while true; do curl 127.0.0.1:8000; sleep 1; done', /(I'm [0-9a-f]{12}\s*){2}/);
  await interrupt(page);
  const stopped = await screen(page);
  await page.waitForTimeout(1500);
  expect(await screen(page)).toBe(stopped);

  await begin(page, 'ping 192.168.56.12', /icmp_seq=2 ttl=64/);
  await interrupt(page);
  expect(await screen(page)).toMatch(/^(\d+) packets transmitted, \1 received, 0% packet loss, time \d+ms$/m);
  expect(await run(page, 'echo $?')).toBe('0');
});

test('a paste of several lines waits for Enter, and then runs as one', async ({ page }) => {
  await clear(page);
  await paste(page, 'for i in 1 2 3; do\n  echo "line $i"\ndone\n');
  await expect(frontTerminal(page)).toContainText('done');
  expect(await screen(page)).not.toContain('line 1');
  await page.keyboard.press('Enter');
  await expect(frontTerminal(page)).toContainText('line 3');
  await promptBack(page);
  expect((await screen(page)).match(/^line \d$/gm)).toEqual(['line 1', 'line 2', 'line 3']);
});

test('history: Ctrl-R, the arrows, and !!', async ({ page }) => {
  await run(page, 'echo first of all');
  await run(page, 'hostname');
  await clear(page);
  await page.keyboard.press('Control+r');
  await keys(page, 'first');
  await expect(frontTerminal(page)).toContainText("(reverse-i-search)`first': echo first of all");
  await page.keyboard.press('Enter');
  await promptBack(page);
  expect(await screen(page)).toMatch(/\necho first of all\n|# echo first of all\n/);
  expect(await screen(page)).toMatch(/^first of all$/m);
  await clear(page);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expect(frontTerminal(page)).toContainText('hostname');
  await page.keyboard.press('Enter');
  await expect.poll(() => screen(page)).toMatch(/^node1$/m);
  expect(await run(page, '!echo')).toBe('echo first of all\nfirst of all');
  expect(await run(page, 'printf "%s\\n" !$')).toBe('printf "%s\\n" all\nall');
});

test('quotes that stay open ask for more, and Ctrl-C gets out', async ({ page }) => {
  await begin(page, 'echo "one', /\n?> *$/m);
  await keys(page, 'two"\n');
  await promptBack(page);
  expect(await screen(page)).toMatch(/\none\ntwo\n/);
  await begin(page, "curl '127.0.0.1:8000", /> *$/m);
  await interrupt(page);
  await begin(page, 'if true; then', /> *$/m);
  await keys(page, 'echo yes\nfi\n');
  await expect.poll(() => screen(page)).toMatch(/^yes$/m);
});

test('two thousand lines scroll by', async ({ page }) => {
  await clear(page);
  await keys(page, 'seq 1 2000\n');
  await expect.poll(() => screen(page)).toMatch(/^1999\n2000$/m);
  await promptBack(page);
  expect(await run(page, 'for i in $(seq 2000); do echo $i; done | wc -l')).toBe('2000');
});

test('tcpdump through grep streams while another terminal sends', async ({ page }) => {
  await begin(page, 'tcpdump -nli eth0 port 8000 | grep -F "[S]"', /listening on eth0, link-type EN10MB/);
  await useHost(page, 'client');
  for (let i = 0; i < 3; i++) expect(await run(page, 'curl 192.168.56.11:8000')).toMatch(/^I'm /);
  await page.getByRole('tab', { name: 'node1', exact: true }).click();
  const requests = /IP 192\.168\.56\.1\.\d+ > 192\.168\.56\.11\.8000: Flags \[S\]/g;
  await expect.poll(async () => [...(await screen(page)).replaceAll('\n', '').matchAll(requests)].length).toBe(3);
  await page.locator('.terminal:visible textarea').focus();
  await interrupt(page);
  expect(await screen(page)).toMatch(/^\^C\d+ packets captured$/m);
});
