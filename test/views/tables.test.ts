// Live tables: they tell what the tools tell, looking changes nothing, and what changed between two looks is told.
import { describe, expect, test } from 'vitest';
import { createWorld, SECOND, type NamespaceTables, type World } from '../../simulator/index.ts';
import { countChanges, diffTables } from '../../src/views/tables/diff.ts';
import { scenarioOf } from '../trace/worlds.ts';

function run(world: World, host: string, line: string, seconds = 2): string {
  const done = world.exec(host, line);
  world.run(world.now + seconds * SECOND);
  expect({ line, exit: done.exit, stderr: done.stderr }).toEqual({ line, exit: 0, stderr: '' });
  return done.stdout;
}

const cells = (tables: NamespaceTables, kind: keyof NamespaceTables, name?: string): string[][] =>
  tables[kind]
    .filter((group) => name === undefined || group.name === name)
    .flatMap(({ rows }) => rows.map((row) => [...row.cells]));

describe('what the tools tell', () => {
  const world = createWorld(scenarioOf('routing-mesh'));
  run(world, 'client', 'curl -s 192.168.56.11:8000');
  const sandbox = (line: string): string =>
    run(world, 'node1', `nsenter --net=/var/run/docker/netns/ingress_sbox ${line}`, 0.1);
  const tables = world.tables('node1', 'ingress_sbox')!;
  const lines = (text: string): string[] =>
    text
      .trim()
      .split('\n')
      .map((line) => line.trim());

  test('iptables', () => {
    for (const table of ['mangle', 'nat', 'filter']) {
      const rules = lines(sandbox(`iptables -t ${table} -S`)).filter((line) => line.startsWith('-A'));
      const own = tables.iptables
        .filter(({ name }) => name.startsWith(`${table} `))
        .flatMap(({ name, rows }) => rows.map((row) => `-A ${name.split(' ')[1]!} ${row.cells[3]!}`));
      expect(own.sort()).toEqual(rules.sort());
    }
  });

  test('routes', () => {
    expect(
      cells(tables, 'fib', 'main')
        .flat()
        .map((line) => line.trim()),
    ).toEqual(lines(sandbox('ip route')));
  });

  test('IPVS', () => {
    const listed = lines(sandbox('ipvsadm -Ln')).filter((line) => line.startsWith('->') && !line.includes('Remote'));
    expect(cells(tables, 'ipvs').map(([server]) => server)).toEqual(listed.map((line) => line.split(/\s+/)[1]));
  });

  test('connections and neighbours', () => {
    const entries = lines(sandbox('conntrack -L 2>/dev/null'));
    expect(cells(tables, 'conntrack')).toHaveLength(entries.length);
    expect(
      cells(tables, 'neighbours')
        .map(([address]) => address)
        .sort(),
    ).toEqual(
      lines(sandbox('ip neigh'))
        .map((line) => line.split(' ')[0])
        .sort(),
    );
  });

  test('the forwarding database of a tunnel', () => {
    const [overlay] = world.topology()[0]!.namespaces.filter(({ name }) => name.startsWith('1-'));
    const { fdb } = world.tables('node1', overlay!.name)!;
    expect(fdb.map(({ name }) => name).sort()).toEqual(['br0', 'vxlan0']);
    expect(
      fdb
        .find(({ name }) => name === 'vxlan0')!
        .rows.map(({ cells: [, behind] }) => behind)
        .sort(),
    ).toContain('192.168.56.12');
  });

  test('every row knows who is behind it', () => {
    const rows = Object.values(tables).flatMap((groups) => groups.flatMap((group) => group.rows));
    expect(rows.filter(({ origin }) => origin.text === '')).toEqual([]);
    expect(tables.iptables.find(({ name }) => name === 'mangle PREROUTING')!.rows[0]!.origin.text).toBe(
      'service whoami',
    );
  });

  test('a namespace that does not exist has no tables', () => {
    expect(world.tables('node1', 'nowhere')).toBeUndefined();
    expect(world.tables('nobody', 'host')).toBeUndefined();
  });
});

test('looking changes nothing', () => {
  const text = JSON.stringify(scenarioOf('routing-mesh'));
  const bytes = (looks: boolean): string => {
    const world = createWorld(JSON.parse(text) as ReturnType<typeof scenarioOf>);
    let seen = '';
    for (const line of ['curl -s 192.168.56.11:8000', 'sleep 400', 'curl -s 192.168.56.11:8000', 'ip -s neigh']) {
      const done = world.exec('client', line);
      for (let i = 0; i < 20; i++) {
        world.run(world.now + 21 * SECOND);
        if (!looks) continue;
        for (const { name, namespaces } of world.topology()) for (const ns of namespaces) world.tables(name, ns.name);
      }
      seen += done.stdout;
    }
    return seen + JSON.stringify(world.trace.events.map(({ packet, ...event }) => [event.kind, event.at, packet.id]));
  };
  expect(bytes(true)).toBe(bytes(false));
});

describe('between two looks', () => {
  const world = createWorld(scenarioOf('bare'));
  run(world, 'node1', 'iptables -A INPUT -p udp -j ACCEPT');
  run(world, 'node1', 'iptables -A INPUT -p icmp -j ACCEPT');
  const before = world.tables('node1', 'host')!;
  run(world, 'client', 'ping -c1 192.168.56.11');
  run(world, 'node1', 'iptables -D INPUT -p udp -j ACCEPT');
  run(world, 'node1', 'iptables -I INPUT -s 10.0.0.0/8 -j DROP');
  run(world, 'node1', 'ip route add 10.7.0.0/16 via 192.168.56.12');
  const now = world.tables('node1', 'host')!;

  test('rules that came, counted, and went', () => {
    const [group] = diffTables('iptables', before, now).filter(({ name }) => name === 'filter INPUT');
    expect(group!.rows.map(({ change, cells: [, , , rule] }) => [change, rule])).toEqual([
      ['new', '-s 10.0.0.0/8 -j DROP'],
      ['changed', '-p icmp -j ACCEPT'],
      ['gone', '-p udp -j ACCEPT'],
    ]);
    expect(group!.rows[1]!.was).toEqual([undefined, '0', '0', undefined]);
  });

  test('a route that came', () => {
    const groups = diffTables('fib', before, now);
    expect(countChanges(groups)).toEqual({ added: 1, changed: 0, removed: 0 });
  });

  test('nothing, without an earlier look or with the same', () => {
    for (const kind of ['iptables', 'fib', 'neighbours'] as const) {
      for (const earlier of [undefined, now])
        expect(countChanges(diffTables(kind, earlier, now))).toEqual({ added: 0, changed: 0, removed: 0 });
    }
  });

  test('a chain that went', () => {
    const gone = diffTables('iptables', now, { ...now, iptables: [] });
    expect(gone.flatMap(({ rows }) => rows).every(({ change }) => change === 'gone')).toBe(true);
  });
});
