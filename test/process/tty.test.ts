// A terminal: line discipline, job control and typing ahead, seen from the screen.
import { describe, expect, test } from 'vitest';
import { Machine } from './machine.ts';

const PROMPT = '[root@node1 ~]# ';

describe('a shell on a terminal', () => {
  test('prompts, echoes, runs, prompts again', () => {
    const screen = new Machine().terminal();
    expect(screen.text).toBe(PROMPT);
    expect(screen.type('echo hi\r')).toBe(`echo hi\r\nhi\r\n${PROMPT}`);
    expect(screen.type('nosuch\r')).toBe(`nosuch\r\nbash: nosuch: command not found\r\n${PROMPT}`);
    for (const line of ['nosuch | cat', '(nosuch)'])
      expect(screen.type(`${line}\r`)).toBe(`${line}\r\nbash: nosuch: command not found\r\n${PROMPT}`);
    expect(screen.type('cd /etc\r')).toBe('cd /etc\r\n[root@node1 etc]# ');
  });

  test('asks the terminal for pastes in brackets while it reads a line, and no longer', () => {
    const machine = new Machine();
    const terminal = machine.host.openTerminal({ columns: 80, rows: 24, title: 'node1' });
    let bytes = '';
    terminal.onOutput = (text) => (bytes += text);
    machine.pass(0.01);
    terminal.input('echo a\r');
    machine.pass(0.01);
    expect(bytes).toBe(`\x1b[?2004h${PROMPT}echo a\r\n\x1b[?2004la\r\n\x1b[?2004h${PROMPT}`);
    terminal.input('\x1b[200~for i in 1 2\rdo echo $i\rdone\r\x1b[201~');
    machine.pass(0.01);
    expect(bytes.endsWith('done')).toBe(true);
    terminal.input('\r');
    machine.pass(0.01);
    expect(bytes.endsWith(`\x1b[?2004l1\r\n2\r\n\x1b[?2004h${PROMPT}`)).toBe(true);
  });

  test('^C ends a command, a loop of commands and a loop of builtins', () => {
    const screen = new Machine().terminal();
    for (const line of [
      'sleep 100',
      'while true; do sleep 1; done',
      'while :; do :; done',
      'sleep 9 | cat',
      '(sleep 9; echo no)',
    ]) {
      screen.type(`${line}\r`);
      expect(screen.type('\x03')).toBe(`^C\r\n${PROMPT}`);
    }
    expect(screen.type('echo $?\r')).toBe(`echo $?\r\n130\r\n${PROMPT}`);
  });

  test('^Z stops a job, fg and bg go on with it', () => {
    const machine = new Machine();
    const screen = machine.terminal();
    screen.type('sleep 5\r');
    expect(screen.type('\x1a')).toBe(`^Z\r\n[1]+  Stopped                 sleep 5\r\n${PROMPT}`);
    expect(screen.type('bg\r')).toBe(`bg\r\n[1]+ sleep 5 &\r\n${PROMPT}`);
    machine.pass(6);
    expect(screen.type('\r')).toBe(`\r\n[1]+  Done                    sleep 5\r\n${PROMPT}`);
    screen.type('sleep 50\r');
    screen.type('\x1a');
    expect(screen.type('fg\r')).toBe('fg\r\nsleep 50\r\n');
    expect(screen.type('\x03')).toBe(`^C\r\n${PROMPT}`);
  });

  test('background jobs do not hear ^C, and stop when they read', () => {
    const screen = new Machine().terminal();
    expect(screen.type('sleep 100 &\r')).toMatch(/\[1\] \d+\r\n/);
    screen.type('\x03');
    expect(screen.type('jobs\r')).toContain('[1]+  Running                 sleep 100 &');
    expect(screen.type('kill %1\r')).not.toContain('no such job');
    expect(screen.type('\r')).toContain('[1]+  Terminated              sleep 100');
    screen.type('cat &\r');
    expect(screen.type('jobs\r')).toMatch(/\[1\]\+ {2}Stopped {17}cat/);
  });

  test('a nested shell keeps ^C to itself, and ^D leaves it', () => {
    const screen = new Machine().terminal();
    expect(screen.type('sh\r')).toBe('sh\r\n# ');
    screen.type('sleep 100\r');
    expect(screen.type('\x03')).toBe('^C\r\n# ');
    expect(screen.type('\x04')).toBe(`exit\r\n${PROMPT}`);
  });

  test('keys typed ahead are read by the next shell prompt', () => {
    const screen = new Machine().terminal();
    screen.type('sleep 1\r');
    expect(screen.type('echo ahead\r', 2)).toBe(`echo ahead\r\n${PROMPT}echo ahead\r\nahead\r\n${PROMPT}`);
  });

  test('several lines at once run one after the other', () => {
    expect(new Machine().terminal().type('echo a\recho b\r')).toBe(`echo a\r\na\r\n${PROMPT}echo b\r\nb\r\n${PROMPT}`);
  });

  test('continuation lines prompt with >', () => {
    const screen = new Machine().terminal();
    expect(screen.type('for i in 1 2; do\r')).toBe('for i in 1 2; do\r\n> ');
    expect(screen.type('echo $i\r')).toBe('echo $i\r\n> ');
    expect(screen.type('done\r')).toBe(`done\r\n1\r\n2\r\n${PROMPT}`);
    screen.type('cat <<E\r');
    screen.type('x\r');
    expect(screen.type('E\r')).toBe(`E\r\nx\r\n${PROMPT}`);
    expect(screen.type('echo )\r')).toBe(`echo )\r\nbash: syntax error near unexpected token \`)'\r\n${PROMPT}`);
  });

  test('exit ends the terminal; closing it ends the shell', () => {
    const machine = new Machine();
    const screen = machine.terminal();
    screen.type('exit 3\r');
    expect(screen.ended).toBe(3);
    const other = machine.terminal();
    other.type('sleep 100\r');
    other.terminal.close();
    machine.pass(1);
    expect(machine.host.processes().map((process) => process.command)).toEqual(['init']);
  });
});

test('a fork bomb fills the table of processes, and the world goes on', () => {
  const machine = new Machine();
  const screen = machine.terminal();
  machine.scheduler.run(machine.scheduler.now, 100_000);
  screen.terminal.input(':(){ :|:& };:\r');
  machine.scheduler.run(machine.scheduler.now + 3_000_000, 200_000);
  expect(screen.text).toContain('bash: fork: Resource temporarily unavailable');
  expect(machine.host.pids.processes.size).toBeLessThanOrEqual(1000);
});

describe('history expansion', () => {
  // What bash 5.2 printed for these lines, typed one after the other.
  const typed: [line: string, printed: string][] = [
    ['echo one two three', 'one two three'],
    ['echo !$', 'echo three\nthree'],
    ['!!', 'echo three\nthree'],
    ['!echo', 'echo three\nthree'],
    ['!nope', 'bash: !nope: event not found'],
    ['echo $?', '0'],
    ['echo "hi!"', 'hi!'],
    ['echo a!b', 'bash: !b: event not found'],
    ['^two^x^', 'bash: :s^two^x^: substitution failed'],
    ['^hi^ho', 'echo "ho!"\nho!'],
    ['!!:2', 'bash: :2: bad word specifier'],
    ["echo 'no !! here'", 'no !! here'],
    ['!?three?', 'echo three\nthree'],
    ['!99', 'bash: !99: event not found'],
    ['!:9', 'bash: :9: bad word specifier'],
    ['[ ! -f x ] && echo y', 'y'],
    ['!!:p', '[ ! -f x ] && echo y'],
    ['echo !1:2-3 # !!', 'echo two three # !!\ntwo three'],
  ];

  test('refers to earlier lines as bash does', () => {
    const screen = new Machine().terminal();
    for (const [line, printed] of typed)
      expect(screen.type(`${line}\r`)).toBe(`${line}\r\n${printed.replaceAll('\n', '\r\n')}\r\n${PROMPT}`);
  });
});

describe('the line discipline', () => {
  test('edits a line before a program reads it', () => {
    const screen = new Machine().terminal();
    screen.type('cat\r');
    expect(screen.type('abx\x7fc\r')).toBe('abx\b \bc\r\nabc\r\n');
    expect(screen.type('one two\x17three\r')).toBe('one two\b \b\b \b\b \bthree\r\none three\r\n');
    expect(screen.type('wrong\x15right\r')).toBe(`wrong${'\b \b'.repeat(5)}right\r\nright\r\n`);
    expect(screen.type('\x04')).toBe(PROMPT);
  });

  test('read takes one line and leaves the next', () => {
    const screen = new Machine().terminal();
    screen.type('read a; read b; echo $b-$a\r');
    screen.type('x\r');
    expect(screen.type('y\r')).toBe(`y\r\ny-x\r\n${PROMPT}`);
  });

  test('tells programs their size', () => {
    const machine = new Machine();
    const screen = machine.terminal(100);
    screen.terminal.resize(60, 20);
    expect(screen.type('echo $COLUMNS $LINES\r')).toContain('\r\n60 20\r\n');
  });
});
