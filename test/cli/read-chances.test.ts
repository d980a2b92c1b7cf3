// What a recording tells of chance and of time: the first address of a group, lists that have forgotten, lines that vary with speed.
import { expect, test } from 'vitest';
import { TaskAddresses } from '../../src/cli/addresses';
import { compareText } from '../../src/cli/compare';
import { listing, remembers } from '../../src/cli/expiry';
import { Symbols } from '../../src/cli/symbols';

const ID = 'wbljcyh8ue80jijg4m3lkf8cu';

const inspected = (tasks: Record<string, string>) => ({
  node: 'node1',
  cmd: 'docker network inspect demonet',
  stdout: Object.entries(tasks)
    .map(
      ([task, address], i) =>
        `"Name": "${task}.${i}${ID.slice(1)}",\n "EndpointID": "e${i}",\n "MacAddress": "02:42:00:00:00:0${i}",\n "IPv4Address": "${address}/24",\n`,
    )
    .join(''),
  stderr: '',
  exit: 0,
});

test.each([
  [{ 'web.1': '10.0.1.3', 'web.2': '10.0.1.4', 'web.3': '10.0.1.5' }, 0],
  [{ 'web.1': '10.0.1.4', 'web.2': '10.0.1.5', 'web.3': '10.0.1.3' }, 2],
  [{ 'web.1': '10.0.1.10', 'web.2': '10.0.1.9' }, 1],
  [{ 'web.1': '10.0.1.4' }, undefined],
])('the first address among %j', (shown, first) => {
  const addresses = new TaskAddresses([inspected(shown)]);
  expect(addresses.first(['web.1', 'web.2', 'web.3'], 0, () => Infinity)).toBe(first);
  // What is shown before, or after the service has gone, is of others.
  expect(addresses.first(['web.1', 'web.2', 'web.3'], 1, () => Infinity)).toBe(undefined);
  expect(addresses.first(['web.1', 'web.2', 'web.3'], 0, () => 0)).toBe(undefined);
});

const list = (...ended: number[]): string =>
  ended.map((count, i) => `  -> 10.0.0.${i}:0                  Masq    1      0          ${count}         \n`).join('');

test('a list with fewer ended connections is of a later time', () => {
  expect(remembers(list(2, 3), list(3, 3))).toBe(true);
  expect(remembers(list(3, 3), list(3, 3))).toBe(false);
  expect(remembers(list(4, 2), list(3, 3))).toBe(false);
  expect(remembers(list(2), list(3, 3))).toBe(false);
  // Nothing is sent to look at it.
  expect(listing('nsenter --net=/x ipvsadm')).toBe('nsenter --net=/x ipvsadm -ln');
  expect(listing('ipvsadm -ln --stats')).toBe(undefined);
  expect(listing("echo 'ip a; ipvsadm' | nsenter --net=/x bash")).toBe(undefined);
});

const equal = (cmd: string, recorded: string, own: string): boolean =>
  compareText(recorded, own, cmd, 'node1', new Symbols(), new Map()).equal;

test('a meter that was drawn more often is the same meter, and another number is not', () => {
  const head = '\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0';
  const end = (octets: number): string =>
    `\r100    ${octets}  100    ${octets}    0     0     51      0 --:--:-- --:--:-- --:--:--    52`;
  expect(equal('curl x', `${head}${head}${end(17)}${end(17)}\n`, `${head}${end(17)}\n`)).toBe(true);
  expect(equal('curl x', `${head}${end(18)}\n`, `${head}${end(17)}\n`)).toBe(false);
});

test('containers are listed by ids, which are random, and runtimes by chance', () => {
  const entry = (id: string, address: string): string => `"${id}":{"Name":"x","IPv4Address":"${address}/24"}`;
  const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
  const cmd = "docker network inspect net --format '{{json .Containers}}'";
  const one = `{${entry(a, '10.0.1.3')},${entry(b, '10.0.1.4')}}\n`;
  expect(equal(cmd, one, `{${entry(a, '10.0.1.4')},${entry(b, '10.0.1.3')}}\n`)).toBe(true);
  expect(equal(cmd, one, `{${entry(a, '10.0.1.3')},${entry(b, '10.0.1.5')}}\n`)).toBe(false);
  expect(equal('docker info', ' Runtimes: runc io\n', ' Runtimes: io runc\n')).toBe(true);
  expect(equal('docker info', ' Runtimes: runc io\n', ' Runtimes: runc\n')).toBe(false);
});
