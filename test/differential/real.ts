// The real kernel's side of a case: network namespaces of this machine with names of their own (`mwd-…`), the same command
// lines in a shell, packets from raw sockets. Nothing leaves the namespaces; they are deleted after every case.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { decodeFrame } from '../../simulator/wire/ethernet.ts';
import { buildScript, type Case, observeScript, TCP_PORTS, UDP_PORTS } from './case.ts';
import { frameText, type Observation, type ProbeObservation, readObservation } from './observation.ts';
import { bytesOf } from './packet.ts';

const ROOT = process.env['MESHWALK_ROOT'] ?? process.cwd();
const HELPER = join(ROOT, 'test/differential/helper.py');
/** Seconds of silence after which no answer is expected any more. */
const QUIET = Number(process.env['MESHWALK_DIFFERENTIAL_QUIET'] ?? 0.015);
const ENVIRONMENT = { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };

/** Runs a script in bash; what it printed. */
export function shell(script: string): string {
  const { stdout, stderr } = spawnSync('bash', ['-c', script], {
    encoding: 'utf8',
    env: ENVIRONMENT,
    timeout: 60_000,
    maxBuffer: 1 << 26,
  });
  return stdout + stderr;
}

/** Why no case can be built on this machine; undefined when they can. */
export function cannotRun(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root';
  for (const tool of ['ip', 'iptables', 'iptables-save', 'iptables-restore', 'conntrack', 'sysctl', 'python3']) {
    if (spawnSync('bash', ['-c', `command -v ${tool}`], { env: ENVIRONMENT }).status !== 0)
      return `there is no ${tool} here`;
  }
  const name = `mwd-${process.pid}-try`;
  const tried = shell(
    `ip netns add ${name} && ip netns exec ${name} iptables -t nat -L -n >/dev/null && ip netns exec ${name} conntrack -L >/dev/null 2>&1; echo $?; ip netns del ${name}`,
  );
  return tried.startsWith('0\n')
    ? undefined
    : `namespaces or netfilter cannot be used here: ${tried.split('\n', 1)[0] ?? ''}`;
}

interface Sent {
  readonly error: string;
  readonly frames: readonly (readonly [name: string, device: string, direction: string, hex: string])[];
}

export class RealMachine {
  private readonly prefix = `mwd-${process.pid}-`;
  private readonly helper: ChildProcess;
  private readonly lines: Interface;
  private waiting: ((line: string) => void) | undefined;

  constructor() {
    this.helper = spawn('python3', [HELPER], { stdio: ['pipe', 'pipe', 'inherit'], env: ENVIRONMENT });
    if (this.helper.stdout === null) throw new Error('no helper');
    this.helper.stdin?.on('error', () => undefined);
    this.lines = createInterface({ input: this.helper.stdout });
    this.lines.on('line', (line) => this.waiting?.(line));
  }

  private async ask(request: object): Promise<unknown> {
    const answer = new Promise<string>((resolve, reject) => {
      this.waiting = resolve;
      this.helper.once('exit', () => reject(new Error('the helper ended')));
    });
    this.helper.stdin?.write(`${JSON.stringify(request)}\n`);
    const read: unknown = JSON.parse(await answer);
    this.helper.removeAllListeners('exit');
    if (typeof read === 'object' && read !== null && 'failure' in read) throw new Error(String(read.failure));
    return read;
  }

  async observe(test: Case): Promise<Observation> {
    try {
      const printed = shell(buildScript(test, this.prefix));
      const failed = printed.split('\n').filter((line) => line !== '');
      if (failed.length > 0) return { failed, probes: [], rules: [], connections: [] };
      const names = test.topology.nodes.map((node) => this.prefix + node.name);
      await this.ask({ op: 'open', names, tcp: TCP_PORTS, udp: UDP_PORTS, quiet: 0.02 });
      const probes: ProbeObservation[] = [];
      for (const probe of test.probes) {
        const packet = Buffer.from(bytesOf(probe)).toString('hex');
        const sent = (await this.ask({
          op: 'send',
          name: this.prefix + probe.node,
          packet,
          to: probe.dst,
          quiet: QUIET,
        })) as Sent;
        const frames = sent.frames.flatMap(([name, device, direction, hex]) => {
          const decoded = decodeFrame(Buffer.from(hex, 'hex'));
          const text = decoded === undefined ? undefined : frameText(decoded);
          return text === undefined ? [] : [`${name.slice(this.prefix.length)} ${device} ${direction} ${text}`];
        });
        probes.push({ error: sent.error, frames: frames.sort() });
      }
      return { failed, probes, ...readObservation(shell(observeScript(test, this.prefix))) };
    } finally {
      await this.ask({ op: 'close' }).catch(() => undefined);
      this.clean();
    }
  }

  /** Deletes every namespace of this run, and of runs that were killed. */
  clean(): void {
    const mine = namespaces().filter((name) => name.startsWith(this.prefix) || isStale(name));
    if (mine.length > 0) shell(mine.map((name) => `ip netns del ${name}`).join('; '));
  }

  /** What the kernel says to a rule; '' when it takes it. */
  tryRules(rules: readonly (readonly [table: string, rule: string])[]): string[] {
    const name = `${this.prefix}try`;
    const script = rules.map(
      ([table, rule]) => `ip netns exec ${name} iptables -t ${table} ${rule} >/dev/null 2>&1; echo $?`,
    );
    const printed = shell([`ip netns add ${name}`, ...script, `ip netns del ${name}`].join('\n'));
    return printed
      .trim()
      .split('\n')
      .map((line) => (line === '0' ? '' : 'refused'));
  }

  end(): void {
    this.clean();
    this.helper.stdin?.end();
    this.lines.close();
  }
}

/** A namespace of this test whose process is gone. */
function isStale(name: string): boolean {
  const [, pid] = /^mwd-(\d+)-/.exec(name) ?? [];
  return pid !== undefined && !existsSync(`/proc/${pid}`);
}

function namespaces(): string[] {
  try {
    return readdirSync('/run/netns');
  } catch {
    return [];
  }
}

/** Whether iptables asks for counters of policies: with nf_tables since 1.8.10. */
export function countsPolicies(): boolean {
  const [, minor = '0', patch = '0', kind = ''] = /v1\.(\d+)\.(\d+) \((\w+)\)/.exec(shell('iptables -V')) ?? [];
  return kind === 'legacy' || Number(minor) > 8 || Number(patch) >= 10;
}

/** The kernel at hand, for the summary. */
export function kernelRelease(): string {
  return readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
}
