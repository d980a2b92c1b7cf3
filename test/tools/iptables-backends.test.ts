// The two kinds of tables beside each other, what nft and xtables-monitor show of one, and a full table of connections.
import { beforeEach, describe, expect, test } from 'vitest';
import { checkScenario, SECOND, World } from '../../simulator/index.ts';

let world: World;
beforeEach(() => {
  const machines = [{ name: 'node1', address: '192.168.56.11/24' }];
  world = new World(checkScenario({ name: 'bare', title: 'One machine', engine: '26.1', equipment: 'rig', machines }));
});

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number | undefined;
}

function sh(line: string): Outcome {
  const running = world.exec('node1', line);
  for (const limit = world.now + 60 * SECOND; running.exit === undefined && world.now < limit;) {
    world.run(Math.min(world.nextDue() ?? limit, limit));
  }
  const { stdout, stderr, exit } = running;
  return { stdout, stderr, exit };
}

describe('iptables-legacy', () => {
  const TRY = "Try `iptables -h' or 'iptables --help' for more information.\n";
  // From the recording kernel-iptables-legacy.
  test.each([
    [
      '-A INPUT -j NOSUCH',
      2,
      `iptables v1.8.11 (legacy): Couldn't load target \`NOSUCH':No such file or directory\n\n${TRY}`,
    ],
    [
      '-t nosuch -L',
      3,
      "iptables v1.8.11 (legacy): can't initialize iptables table `nosuch': Table does not exist (do you need to insmod?)\nPerhaps iptables or your kernel needs to be upgraded.\n",
    ],
    ['-A INPUT -j DNAT --to-destination 1.2.3.4', 1, "iptables: Invalid argument. Run `dmesg' for more information.\n"],
    ['-D INPUT -j NFLOG', 1, 'iptables: No chain/target/match by that name.\n'],
    ['-X INPUT', 1, "iptables: Invalid argument. Run `dmesg' for more information.\n"],
    ['-Z FORWARD 1', 1, 'iptables: Index of counter too big.\n'],
  ])('%s', (words, exit, stderr) => {
    expect(sh(`iptables-legacy ${words}`)).toEqual({ stdout: '', stderr, exit });
  });

  test('has tables of its own, made when they are asked for, the newest first', () => {
    expect(sh('iptables-legacy-save').stdout).toBe('');
    sh(
      'iptables -A INPUT -j ACCEPT; iptables-legacy -L; iptables-legacy -t nat -A OUTPUT -d 192.168.56.99 -j DNAT --to-destination 127.0.0.1',
    );
    expect(sh('iptables-legacy-save | grep "^[*:-]"').stdout).toMatch(
      /^\*nat\n[^*]*-A OUTPUT -d 192\.168\.56\.99\/32 -j DNAT --to-destination 127\.0\.0\.1\n\*filter\n:INPUT ACCEPT \[\d+:\d+\]\n/,
    );
    expect(sh('iptables-legacy -S INPUT').stdout).toBe('-P INPUT ACCEPT\n');
    expect(sh('iptables -S INPUT')).toEqual({
      stdout: '-P INPUT ACCEPT\n-A INPUT -j ACCEPT\n',
      stderr: '# Warning: iptables-legacy tables present, use iptables-legacy to see them\n',
      exit: 0,
    });
    expect(sh('ping -c 1 -W 1 192.168.56.99').stdout).toContain('1 received');
  });

  test('drops, and traces into the log', () => {
    sh('iptables-legacy -t raw -A OUTPUT -p icmp -j TRACE; iptables-legacy -P OUTPUT DROP');
    expect(sh('ping -c 1 -W 1 127.0.0.1').stderr).toContain('Operation not permitted');
    expect(sh('dmesg').stdout).toMatch(
      /\] TRACE: raw:OUTPUT:rule:1 IN= OUT=lo .*\n.*\] TRACE: raw:OUTPUT:policy:2 .*\n.*\] TRACE: filter:OUTPUT:policy:1 /,
    );
  });
});

test('nft lists what iptables-nft wrote, in its own words', () => {
  sh('iptables -t mangle -A PREROUTING -p tcp -m tcp --dport 8000 -j MARK --set-xmark 0x100/0xffffffff');
  sh('iptables -t mangle -A INPUT -d 10.0.0.5/32 -j MARK --set-xmark 0x100/0xffffffff');
  // From the recording packet-path.
  expect(sh('nft list ruleset')).toEqual({
    stdout: `table ip mangle {
	chain PREROUTING {
		type filter hook prerouting priority mangle; policy accept;
		tcp dport 8000 counter packets 0 bytes 0 meta mark set 0x100
	}

	chain INPUT {
		type filter hook input priority mangle; policy accept;
		ip daddr 10.0.0.5 counter packets 0 bytes 0 meta mark set 0x100
	}
}
`,
    stderr: '# Warning: table ip mangle is managed by iptables-nft, do not touch!\n',
    exit: 0,
  });
  expect(sh('nft flush ruleset')).toMatchObject({ stderr: 'nft: flush ruleset is not emulated here\n', exit: 1 });
});

test('xtables-monitor tells the way of a traced packet', () => {
  sh(
    'iptables -t raw -A OUTPUT -p icmp -j TRACE; iptables -N mine; iptables -A OUTPUT -j mine; iptables -A mine -j RETURN',
  );
  const { stdout } = sh(
    'xtables-monitor --trace > /tmp/trace & sleep 0.1; ping -c 1 127.0.0.1 > /dev/null; kill %1; cat /tmp/trace',
  );
  const lines = stdout.split('\n').map((line) => line.replace(/ [0-9a-f]{8} /, ' ID ').replace(/ ID=\d+/, ''));
  expect(lines.slice(0, 7)).toEqual([
    'PACKET: 2 ID OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=84 TOS=0x0 TTL=64 DF ',
    ' TRACE: 2 ID raw:OUTPUT:rule:0x2:CONTINUE  iptables -t raw -A OUTPUT -p icmp -j TRACE',
    ' TRACE: 2 ID raw:OUTPUT:policy:ACCEPT ',
    'PACKET: 2 ID OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=84 TOS=0x0 TTL=64 DF ',
    ' TRACE: 2 ID filter:OUTPUT:rule:0x3:JUMP:mine  iptables -t filter -A OUTPUT -j mine',
    ' TRACE: 2 ID filter:mine:rule:0x4:0xfffffffb  iptables -t filter -A mine -j RETURN',
    ' TRACE: 2 ID filter:OUTPUT:policy:ACCEPT ',
  ]);
});

test('a full table of connections drops what is new, and says so', () => {
  sh('iptables -A OUTPUT -m conntrack --ctstate NEW; sysctl -qw net.netfilter.nf_conntrack_max=1');
  expect(sh('ping -c 1 127.0.0.1').exit).toBe(0);
  expect(sh('ping -c 1 -W 1 127.0.0.1').exit).not.toBe(0);
  expect(sh('conntrack -C').stdout).toBe('1\n');
  expect(sh('conntrack -S').stdout).toMatch(/ drop=1 early_drop=0 /);
  expect(sh('dmesg -t').stdout).toBe('nf_conntrack: nf_conntrack: table full, dropping packet\n');
  // With few buckets every entry is near: one that is not assured makes room.
  sh('sysctl -qw net.netfilter.nf_conntrack_buckets=1');
  expect(sh('ping -c 1 127.0.0.1').exit).toBe(0);
  expect(sh('conntrack -S').stdout).toMatch(/ early_drop=1 /);
});

test('there is no Python, but the test programs of the recordings are there', () => {
  expect(sh('python3 -c "print(1)"')).toEqual({
    stdout: '',
    stderr: 'python3: there is no Python interpreter here\n',
    exit: 127,
  });
  sh('python3 /tmp/lab.py tcpd 80 web & python3 /tmp/lab.py udpd 53 dns &');
  expect(
    sh(
      'python3 /tmp/lab.py seq 2 127.0.0.1 80 127.0.0.1; python3 /tmp/lab.py udpc 127.0.0.1 53; python3 /tmp/lab.py udpc 127.0.0.1 54; python3 /tmp/lab.py seq 1 127.0.0.1 81',
    ).stdout,
  ).toBe('127.0.0.1 -> web\n127.0.0.1 -> web\ndns\nno answer: timed out\nfailed: [Errno 111] Connection refused\n');
});
