// Processes: pipes, signals, exit, PID namespaces, namespace files, views, and the door to promise-based libraries.
import { describe, expect, test } from 'vitest';
import { SECOND } from '../../simulator/base/scheduler.ts';
import type { Program, ProgramContext, Tool } from '../../simulator/process/program.ts';
import { everydayTools } from '../../simulator/tools/everyday.ts';
import { shellTool } from '../../simulator/shell/index.ts';
import { Machine } from './machine.ts';

function tool(name: string, main: (ctx: ProgramContext) => Program): Tool {
  return { name, summary: name, main };
}

describe('pipes', () => {
  test('hold 64 KiB: a writer waits for its reader', () => {
    let written = 0;
    const writer = tool('writer', function* (ctx) {
      for (let i = 0; i < 100; i++) {
        yield* ctx.out('x'.repeat(1024));
        written++;
      }
      return 0;
    });
    const machine = new Machine({ tools: [writer] });
    machine.start('writer | sleep 10');
    machine.pass(5);
    expect(written).toBe(64);
  });

  test('without a reader kill the writer by SIGPIPE', () => {
    expect(new Machine().run('yes | true; echo ${PIPESTATUS[@]}').stdout).toBe('141 0\n');
  });

  test('end when the last writer is gone', () => {
    expect(new Machine().run('(echo a; (sleep 1; echo b) &) | cat').stdout).toBe('a\nb\n');
  });
});

describe('signals', () => {
  test('let finally clean up', () => {
    const seen: string[] = [];
    const careful = tool('careful', function* (ctx) {
      try {
        yield* ctx.sleep(100 * SECOND);
        return 0;
      } finally {
        seen.push('cleaned');
      }
    });
    const machine = new Machine({ tools: [careful] });
    const run = machine.start('careful');
    machine.pass(1);
    run.running.kill('SIGTERM');
    machine.pass(1);
    expect(seen).toEqual(['cleaned']);
  });

  test('that are caught interrupt a sleep', () => {
    const polite = tool('polite', function* (ctx) {
      ctx.catchSignal('SIGINT');
      const wake = yield* ctx.sleep(100 * SECOND);
      yield* ctx.out(`${wake} ${ctx.takeSignal()}\n`);
      return 3;
    });
    const machine = new Machine({ tools: [polite] });
    const run = machine.start('exec polite');
    machine.pass(1);
    run.running.kill('SIGINT');
    machine.pass(1);
    expect(run.stdout).toBe('interrupted SIGINT\n');
    expect(run.status).toBe(3);
  });

  test('stop a loop that makes no blocking call', () => {
    const machine = new Machine();
    const run = machine.start('while :; do :; done');
    machine.pass(0.5);
    expect(run.status).toBeUndefined();
    run.running.kill('SIGINT');
    machine.pass(0.01);
    expect(run.status).toBe(130);
  });

  test('stop and continue', () => {
    const machine = new Machine();
    const run = machine.start('sleep 2; echo woke');
    machine.pass(1);
    run.running.kill('SIGSTOP');
    machine.pass(5);
    expect(run.stdout).toBe('');
    run.running.kill('SIGCONT');
    machine.pass(0.1);
    expect(run.stdout).toBe('woke\n');
  });

  test('orphans are adopted and reaped by process 1', () => {
    const machine = new Machine();
    machine.run('(sleep 1 &)');
    machine.pass(2);
    expect(machine.host.processes().map((process) => process.command)).toEqual(['init']);
  });
});

describe('containers', () => {
  function container(machine: Machine): { pid: number } {
    const mounts = machine.host.createMounts('c1', {
      tools: [...everydayTools, shellTool],
      toolDirectory: '/bin',
      files: { '/etc/hostname': 'c1\n', '/bin/busybox': '' },
    });
    const first = machine.host.daemon(
      ['/app/http'],
      function* (ctx) {
        for (;;) yield* ctx.wait([]);
      },
      { container: 'c1', hostname: 'c1', mounts, pidNamespace: 'new', cwd: '/', env: new Map([['PATH', '/bin']]) },
    );
    return { pid: first.hostPid };
  }

  function inside(machine: Machine, pid: number, line: string): string {
    const target = machine.host.process(pid);
    let text = '';
    const exec = tool('exec', function* (ctx) {
      const started = ctx.spawn(['sh', '-c', line], {
        container: 'c1',
        hostname: 'c1',
        mounts: target!.mounts,
        pidNamespaceOf: pid,
        cwd: '/',
        env: new Map([['PATH', '/bin']]),
      });
      return started.ok ? ((yield* ctx.waitpid(started.value))?.status ?? 1) : 127;
    });
    const process = machine.host.daemon(['exec'], function* (ctx) {
      const { read, write } = ctx.pipe();
      ctx.install(write, 1);
      ctx.install(write, 2);
      ctx.install(read, 9);
      const status = yield* exec.main(ctx);
      ctx.close(1);
      ctx.close(2);
      text = yield* ctx.readAll(9);
      return status;
    });
    machine.pass(1);
    expect(process.dead).toBe(true);
    return text;
  }

  test('number their processes from 1 and see no others', () => {
    const machine = new Machine();
    const { pid } = container(machine);
    expect(inside(machine, pid, 'exec ps')).toMatch(
      /^PID {3}USER {5}COMMAND\n {4}1 root {5}\/app\/http\n {4}2 root {5}ps\n$/,
    );
    expect(inside(machine, pid, 'echo $$; hostname; cat /etc/hostname; cat /proc/1/cmdline')).toBe(
      '3\nc1\nc1\n/app/http\0',
    );
    expect(machine.run('ps -C http -o args').stdout).toBe('COMMAND\n/app/http\n');
  });

  test('word their errors as busybox does', () => {
    const machine = new Machine();
    const { pid } = container(machine);
    expect(inside(machine, pid, 'nosuch; ls nosuch; cat nosuch')).toBe(
      "sh: nosuch: not found\nls: nosuch: No such file or directory\ncat: can't open 'nosuch': No such file or directory\n",
    );
  });

  test('end with their first process, which default signals do not end', () => {
    const machine = new Machine();
    const { pid } = container(machine);
    machine.run(`kill -TERM ${pid}`);
    machine.pass(1);
    expect(machine.host.process(pid)).toBeDefined();
    machine.run(`kill -KILL ${pid}`);
    machine.pass(1);
    expect(machine.host.process(pid)).toBeUndefined();
  });
});

describe('views', () => {
  test('/proc/sys reads and sets knobs', () => {
    const machine = new Machine();
    expect(
      machine.run(
        'cat /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv4/ip_forward; cat /proc/sys/net/ipv4/ip_forward',
      ).stdout,
    ).toBe('1\n0\n');
  });

  test('/proc shows processes, /dev terminals, /sys devices', () => {
    const machine = new Machine();
    expect(
      machine.run('cat /proc/self/comm; readlink /proc/self/ns/net; readlink /proc/net; ls /sys/class/net').stdout,
    ).toBe('cat\nnet:[4026531840]\nself/net\nlo\n');
    expect(machine.run('ls /dev | grep -c null; echo x > /dev/null; head -c 4 /dev/zero | wc -c').stdout).toBe(
      '1\n4\n',
    );
  });

  test('/var/run is /run', () => {
    expect(new Machine().run('readlink /var/run; mkdir /run/x; ls -d /var/run/x').stdout).toBe('/run\n/var/run/x\n');
  });

  test('a namespace file can be opened again through its process and through its mount', () => {
    const machine = new Machine();
    machine.host.makeDirectories('/run/netns');
    machine.host.fs.bindNetns('/run/netns/a', machine.host.kernel.initNs);
    const found = machine.host.fs.netnsAt('/var/run/netns/a');
    expect(found.ok && found.value).toBe(machine.host.kernel.initNs);
    expect(machine.host.fs.unlink('/run/netns/a')).toEqual({ ok: false, errno: 'EBUSY' });
    const viaProcess = machine.host.fs.netnsAt('/proc/1/ns/net');
    expect(viaProcess.ok && viaProcess.value).toBe(machine.host.kernel.initNs);
  });
});

test('the world stands still while a library answers', async () => {
  let release: (answer: unknown) => void = () => undefined;
  const slow = (): Promise<unknown> => new Promise((resolve) => (release = resolve));
  const asks = tool('asks', function* (ctx) {
    const before = ctx.now;
    const answer = yield* ctx.external('slow', { question: 1 });
    yield* ctx.out(`${String(answer)} ${ctx.now - before < 10}\n`);
    return 0;
  });
  const machine = new Machine({ tools: [asks], externals: { slow } });
  const run = machine.start('asks');
  expect(machine.scheduler.run(SECOND)).toBe('budget');
  const pending = machine.door.pending();
  const stopped = machine.scheduler.now;
  expect(machine.scheduler.run(SECOND)).toBe('budget');
  expect(machine.scheduler.now).toBe(stopped);
  release('forty-two');
  await pending;
  machine.pass(1);
  expect(run.stdout).toBe('forty-two true\n');
});
