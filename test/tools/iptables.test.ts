// The iptables family and conntrack as programs: errors and exit codes, listing formats, save and restore.
import { beforeEach, describe, expect, test } from 'vitest';
import { ok } from '../../simulator/base/result.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import type { ProcessView, ProgramContext, Tool } from '../../simulator/process/program.ts';
import { conntrackTool } from '../../simulator/tools/conntrack.ts';
import {
  ip6tablesTool,
  iptablesRestoreTool,
  iptablesSaveTool,
  iptablesTool,
} from '../../simulator/tools/iptables/index.ts';
import { Lab, splitWords } from '../netfilter/lab.ts';
import { RECORDED_ERRORS } from './iptables-errors.ts';

const TOOLS: readonly Tool[] = [iptablesTool, iptablesSaveTool, iptablesRestoreTool, ip6tablesTool, conntrackTool];
/** Fri Nov 20 11:31:34 2026 UTC. */
const WALL_CLOCK = 1_795_174_294 * 1_000_000;

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

/** Runs a command line in r; none of these tools waits for anything but its input. */
function run(line: string, stdin = '', container = ''): Outcome {
  const argv = splitWords(line);
  const tool = TOOLS.find((one) => one.name === argv[0] || one.aliases?.includes(argv[0] ?? ''));
  if (tool === undefined) throw new RangeError(line);
  const streams = { stdout: '', stderr: '' };
  const program = tool.main(context(argv, lab.r, stdin, container, streams));
  for (;;) {
    const step = program.next('woken');
    if (step.done === true) return { ...streams, exit: step.value };
  }
}

function context(
  argv: readonly string[],
  ns: NetworkNamespace,
  stdin: string,
  container: string,
  streams: { stdout: string; stderr: string },
): ProgramContext {
  const partial: Partial<ProgramContext> = {
    argv,
    pid: 7,
    netns: ns,
    host: { kernel: ns.kernel } as Partial<ProgramContext['host']> as ProgramContext['host'],
    container,
    wallClock: WALL_CLOCK,
    origin: { by: 'command', text: argv.join(' ') },
    capable: () => container === '',
    random: (name) => ns.kernel.universe.random.stream(name),
    processes: () => [{ pid: 1, netns: ns } as Partial<ProcessView> as ProcessView],
    fs: { readText: () => ok(stdin) } as Partial<ProgramContext['fs']> as ProgramContext['fs'],
    *readAll() {
      return stdin;
    },
    *out(text) {
      streams.stdout += String(text);
    },
    *err(text) {
      streams.stderr += text;
    },
  };
  return partial as ProgramContext;
}

function works(line: string, stdin = ''): string {
  const { stdout, stderr, exit } = run(line, stdin);
  expect({ stderr, exit }).toEqual({ stderr: '', exit: 0 });
  return stdout;
}

describe('iptables', () => {
  test('refuses wrong command lines in the recorded words', () => {
    const answers = RECORDED_ERRORS.map(([words]) => {
      const { exit, stderr } = run(`iptables ${words}`);
      return [words, exit, stderr];
    });
    expect(answers).toEqual(RECORDED_ERRORS);
  });

  test('refuses plainly what it knows and does not do', () => {
    expect(run('iptables -A INPUT -m connbytes --connbytes 1 -j DROP')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('option -m connbytes is not emulated here\n') as unknown,
    });
    expect(run('iptables -A INPUT -j NFQUEUE').stderr).toContain('option -j NFQUEUE is not emulated here\n');
  });

  test('lists without making anything', () => {
    expect(works('iptables -nL FORWARD')).toBe(
      'Chain FORWARD (policy ACCEPT)\ntarget     prot opt source               destination         \n',
    );
    expect(works('iptables -t nat -S')).toBe(
      '-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n',
    );
    expect(works('iptables-save')).toBe('');
  });

  test('lists long names, counters and line numbers as recorded', () => {
    works('iptables -N DOCKER-ISOLATION-STAGE-2');
    works('iptables -c 123456 12345678 -A FORWARD -i docker_gwbridge ! -o docker_gwbridge -j DOCKER-ISOLATION-STAGE-2');
    works(
      'iptables -A FORWARD ! -s 10.1.0.0/24 ! -p icmp -m comment --comment "two words" -g DOCKER-ISOLATION-STAGE-2',
    );
    expect(works('iptables -nvL FORWARD --line-numbers').split('\n').slice(1)).toEqual([
      'num   pkts bytes target     prot opt in     out     source               destination         ',
      '1     123K   12M DOCKER-ISOLATION-STAGE-2  all  --  docker_gwbridge !docker_gwbridge  0.0.0.0/0            0.0.0.0/0           ',
      '2        0     0 DOCKER-ISOLATION-STAGE-2 !icmp --  *      *      !10.1.0.0/24          0.0.0.0/0           [goto]  /* two words */',
      '',
    ]);
    expect(works('iptables -nvxL FORWARD').split('\n')[2]).toBe(
      '  123456 12345678 DOCKER-ISOLATION-STAGE-2  all  --  docker_gwbridge !docker_gwbridge  0.0.0.0/0            0.0.0.0/0           ',
    );
    expect(works('iptables -L FORWARD 1')).toBe(
      'DOCKER-ISOLATION-STAGE-2  all  --  anywhere             anywhere            \n',
    );
    expect(works('iptables -nL DOCKER-ISOLATION-STAGE-2').split('\n')[0]).toBe(
      'Chain DOCKER-ISOLATION-STAGE-2 (2 references)',
    );
  });

  test.each([
    ['-p tcp --dport http', '-p tcp -m tcp --dport 80'],
    ['-p tcp --syn', '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN'],
    ['-p udp --sport domain', '-p udp -m udp --sport 53'],
    ['-p tcp --dport :1023', '-p tcp -m tcp --dport 0:1023'],
    ['-s 10.1.0.2/255.255.255.0 -p 6', '-s 10.1.0.0/24 -p tcp'],
    ['-p icmp --icmp-type echo-reply', '-p icmp -m icmp --icmp-type 0'],
    ['-m conntrack ! --ctstate NEW', '-m conntrack ! --ctstate NEW'],
    ['-m conntrack --ctorigdst 10.2.0.2', '-m conntrack --ctorigdst 10.2.0.2'],
    ['-j MARK --set-mark 256', '-j MARK --set-xmark 0x100/0xffffffff'],
    ['-j LOG --log-prefix "fw: " --log-level 4', '-j LOG --log-prefix "fw: "'],
    ['-m limit', '-m limit --limit 3/hour'],
    ['-m physdev --physdev-is-bridged', '-m physdev --physdev-is-bridged'],
    [
      '-p udp -m policy --dir in --pol none --dport 4789 -m bpf --bytecode "7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 4097,6 0 0 0,6 0 0 4294967295" -j DROP',
      '-p udp -m policy --dir in --pol none -m udp --dport 4789 -m bpf --bytecode "7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 4097,6 0 0 0,6 0 0 4294967295" -j DROP',
    ],
  ])('prints %s back as %s, and finds it again', (words, text) => {
    works(`iptables -A FORWARD ${words}`);
    expect(works('iptables -S FORWARD')).toBe(`-P FORWARD ACCEPT\n-A FORWARD ${text}\n`);
    works(`iptables -C FORWARD ${words}`);
    works(`iptables -D FORWARD ${text}`);
    expect(works('iptables -S FORWARD')).toBe('-P FORWARD ACCEPT\n');
  });

  test('lists Docker’s VXLAN filter as recorded, NUL included', () => {
    works(
      'iptables -A INPUT -p udp -m policy --dir in --pol none --dport 4789 -m bpf --bytecode "7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 4097,6 0 0 0,6 0 0 4294967295" -j DROP',
    );
    expect(works('iptables -nL INPUT 1')).toBe(
      'DROP       udp  --  0.0.0.0/0            0.0.0.0/0            policy match dir in pol none udp dpt:4789match bpf 32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 4097,6 0 0 0,6 0 0 4294967295\0\n',
    );
  });

  test('several addresses make several rules', () => {
    works('iptables -A FORWARD -s 10.1.0.2,10.2.0.2 -d 10.2.0.0/24');
    expect(works('iptables -S FORWARD').split('\n')).toHaveLength(4);
  });

  test('says what it writes with -v', () => {
    expect(works('iptables -A INPUT -p icmp -j ACCEPT -v')).toBe(
      'ACCEPT  icmp opt -- in * out *  0.0.0.0/0  -> 0.0.0.0/0  \n',
    );
  });

  test('renames a chain in the rules that jump to it, and will not delete one in use', () => {
    for (const line of ['-N one', '-N two', '-A INPUT -j one', '-A one -j two', '-E two three'])
      works(`iptables ${line}`);
    expect(works('iptables -S one')).toBe('-N one\n-A one -j three\n');
    expect(run('iptables -X three')).toMatchObject({
      exit: 4,
      stderr: 'iptables v1.8.11 (nf_tables):  CHAIN_DEL failed (Device or resource busy): chain three\n',
    });
    expect(run('iptables -A three -j one').exit).toBe(4);
  });

  test('a target’s place is checked through the chains that lead to it', () => {
    works('iptables -t nat -N mine');
    works('iptables -t nat -A mine -j MASQUERADE');
    expect(run('iptables -t nat -A PREROUTING -j mine').stderr).toContain(
      'RULE_APPEND failed (Invalid argument): rule in chain PREROUTING',
    );
    works('iptables -t nat -A POSTROUTING -j mine');
  });

  test('is denied to a container in its own namespace', () => {
    expect(run('iptables -t nat -nvL', '', 'shoot')).toMatchObject({
      exit: 4,
      stderr:
        'iptables v1.8.11 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n',
    });
  });

  test('completes tables, chains, matches and options', () => {
    works('iptables -t nat -N DOCKER');
    const ctx = context([], lab.r, '', '', { stdout: '', stderr: '' });
    const complete = (line: string): readonly string[] => iptablesTool.complete?.(line.split(' '), ctx) ?? [];
    expect(complete('iptables -t ')).toContain('nat');
    expect(complete('iptables -t nat -nvL ')).toEqual(['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING', 'DOCKER']);
    expect(complete('iptables -A INPUT -m ')).toContain('conntrack');
    expect(complete('iptables -A INPUT -p tcp --d')).toContain('--dport');
  });
});

describe('save and restore', () => {
  const SAVED = `# Generated by iptables-save v1.8.11 (nf_tables) on Fri Nov 20 11:31:34 2026
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:mine - [0:0]
[3:4] -A INPUT -j mine
COMMIT
# Completed on Fri Nov 20 11:31:34 2026
`;

  test('prints tables that somebody wrote to, with dates, in the real order', () => {
    for (const line of ['-P FORWARD DROP', '-N mine', '-c 3 4 -A INPUT -j mine']) works(`iptables ${line}`);
    expect(works('iptables-save -c')).toBe(SAVED);
    works('iptables -t nat -P OUTPUT ACCEPT');
    works('iptables -t mangle -P OUTPUT ACCEPT');
    expect(works('iptables-save').match(/^\*.*/gm)).toEqual(['*mangle', '*filter', '*nat']);
    expect(works('iptables-save -t raw').match(/^[*:].*/gm)).toEqual([
      '*raw',
      ':PREROUTING ACCEPT [0:0]',
      ':OUTPUT ACCEPT [0:0]',
    ]);
  });

  test('what was saved comes back', () => {
    works('iptables-restore -c', SAVED);
    expect(works('iptables-save -c')).toBe(SAVED);
  });

  test.each([
    ['garbage\n', '', 1, 'iptables-restore: line 1 failed\n'],
    ['*filter\n-A INPUT -j ACCEPT\n', '', 1, 'iptables-restore: COMMIT expected at line 3\n'],
    [
      '*filter\n-A NOSUCH -j ACCEPT\nCOMMIT\n',
      '-n',
      1,
      'iptables-restore: line 2 failed: No chain/target/match by that name.\n',
    ],
  ])('%j fails as recorded, and changes nothing', (text, option, exit, stderr) => {
    works('iptables-restore -c', SAVED);
    expect(run(`iptables-restore ${option}`, text)).toMatchObject({ exit, stderr });
    expect(works('iptables-save -c')).toBe(SAVED);
  });

  test('an empty table is gone', () => {
    works('iptables-restore', SAVED);
    works('iptables-restore', '*filter\nCOMMIT\n');
    expect(works('iptables-save')).toBe('');
  });

  test('ip6tables shows empty tables and writes none', () => {
    expect(works('ip6tables -S')).toBe('-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n');
    expect(works('ip6tables-save')).toBe('');
    expect(run('ip6tables -A INPUT -j DROP').stderr).toContain('option -A is not emulated here');
  });
});

describe('conntrack', () => {
  test('lists, filters, deletes, counts', () => {
    expect(run('conntrack -L')).toEqual({
      stdout: '',
      stderr: 'conntrack v1.4.8 (conntrack-tools): 0 flow entries have been shown.\n',
      exit: 0,
    });
    works('iptables -t nat -A PREROUTING -p udp --dport 5353 -j DNAT --to-destination 10.2.0.2:53');
    works('iptables -t nat -A POSTROUTING -o rs -j MASQUERADE');
    lab.udp(lab.c, '10.1.0.1', 5353, { address: '10.1.0.2', port: 5000 });
    lab.udp(lab.c, '10.2.0.2', 53, { address: '10.1.0.2', port: 5005 });
    const first =
      /^udp {6}17 \d+ src=10\.1\.0\.2 dst=10\.1\.0\.1 sport=5000 dport=5353 src=10\.2\.0\.2 dst=10\.2\.0\.1 sport=53 dport=5000 mark=0 use=1\n$/;
    expect(run('conntrack -L --dst-nat').stdout).toMatch(first);
    expect(run('conntrack -L --src-nat').stdout.split('\n')).toHaveLength(3);
    expect(run('conntrack -L -p tcp').stdout).toBe('');
    expect(run('conntrack -L --dport 53 -o extended').stdout).toMatch(/^ipv4 {5}2 udp {6}17 /);
    expect(run('conntrack -C').stdout).toBe('2\n');
    expect(run('conntrack -U -p udp --dport 53 --mark 7').stdout).toContain('mark=7 use=2');
    expect(run('conntrack -L -m 7').stderr).toContain(': 1 flow entries have been shown.');
    expect(run('conntrack -D -s 10.1.0.0/24 --sport 5000')).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(first) as unknown,
      stderr: 'conntrack v1.4.8 (conntrack-tools): 1 flow entries have been deleted.\n',
    });
    expect(run('conntrack -D -p tcp')).toMatchObject({
      exit: 1,
      stderr: 'conntrack v1.4.8 (conntrack-tools): 0 flow entries have been deleted.\n',
    });
    expect(run('conntrack -F').stderr).toBe(
      'conntrack v1.4.8 (conntrack-tools): connection tracking table has been emptied.\n',
    );
    expect(run('conntrack -C').stdout).toBe('0\n');
  });

  test.each([
    ['-X', 2, "unknown option `-X'"],
    ['-D -p nosuch', 2, "`nosuch' unsupported protocol"],
    ['-L -s 10.1.0.300', 2, "Invalid IP address `10.1.0.300'"],
    ['-L nosuch', 2, "unknown type `nosuch'"],
    ['-I', 2, "You need to supply the `--protonum' option for this command"],
  ])('conntrack %s fails as recorded', (words, exit, text) => {
    expect(run(`conntrack ${words}`)).toEqual({
      stdout: '',
      exit,
      stderr: `conntrack v1.4.8 (conntrack-tools): ${text}\nTry \`conntrack -h' or 'conntrack --help' for more information.\n`,
    });
  });
});
