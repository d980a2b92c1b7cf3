// The real kernel's side of a case: network namespaces of this machine with names of their own (`mwd-…`), the same command
// lines in a shell, packets from raw sockets. Nothing leaves the namespaces; they are deleted after every case.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { decodeFrame } from '../../simulator/wire/ethernet.ts';
import { type Case, knownNumbers, observedNodes, stepsOf, TCP_PORTS, UDP_PORTS } from './case.ts';
import { FrameWords } from './frame.ts';
import { type Observation, readObservation, shownFrames } from './observation.ts';
import { bytesOf } from './packet.ts';

const ROOT = process.env['MESHWALK_ROOT'] ?? process.cwd();
const HELPER = join(ROOT, 'test/differential/helper.py');
const ENVIRONMENT = { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };

/** Runs a script in bash; what it printed. */
function shell(script: string): string {
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
  for (const tool of [
    'ip',
    'bridge',
    'iptables',
    'iptables-nft-restore',
    'iptables-nft-save',
    'conntrack',
    'python3',
  ]) {
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

/** What the helper answers to a case. */
interface Answer {
  readonly failed: readonly string[];
  readonly probes: readonly {
    readonly errors: readonly string[];
    readonly frames: readonly (readonly [name: string, device: string, direction: string, hex: string])[];
    readonly gaps: readonly number[];
  }[];
  readonly rules: Readonly<Record<string, string>>;
  readonly connections: Readonly<Record<string, string>>;
}

/** What was seen, and the seconds between the steps of each probe. */
export interface RealObservation {
  readonly observation: Observation;
  readonly gaps: readonly (readonly number[])[];
}

export class RealMachine {
  private readonly prefix: string;
  private cases = 0;
  private readonly helper: ChildProcess;
  private readonly lines: Interface;
  private waiting: ((line: string) => void) | undefined;

  /** `lane` tells machines apart that are at work side by side. */
  constructor(lane: number) {
    this.prefix = `mwd-${process.pid}-${lane}`;
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

  /** Builds a case and observes it; nothing more is expected after `quiet` seconds of silence. */
  async observe(test: Case, quiet: number): Promise<RealObservation> {
    // Namespaces of the case before may still be dying.
    const prefix = `${this.prefix}.${++this.cases}-`;
    const answer = (await this.ask({
      ...stepsOf(test, prefix),
      backend: `iptables-${test.backend}`,
      names: test.topology.nodes.map((node) => prefix + node.name),
      observe: observedNodes(test).map((node) => prefix + node),
      probes: test.probes.map((probe) => ({
        ...probe,
        node: prefix + probe.node,
        packet: Buffer.from(bytesOf(probe)).toString('hex'),
      })),
      tcp: TCP_PORTS,
      udp: UDP_PORTS,
      quiet,
    })) as Answer;
    const words = new FrameWords(test);
    const probes = answer.probes.map(({ errors, frames }) => {
      const seen = frames.flatMap(([name, device, direction, hex]) => {
        const packet = decodeFrame(Buffer.from(hex, 'hex'));
        const place = `${name.slice(prefix.length)} ${device} ${direction}`;
        return packet === undefined ? [] : [{ place, packet }];
      });
      return { errors, frames: shownFrames(words, seen) };
    });
    const text = observedNodes(test).map(
      (node) =>
        `== ${node} rules\n${answer.rules[prefix + node] ?? ''}\n== ${node} connections\n${answer.connections[prefix + node] ?? ''}`,
    );
    return {
      observation: { failed: answer.failed, probes, ...readObservation(text.join('\n'), knownNumbers(test)) },
      gaps: answer.probes.map((probe) => probe.gaps),
    };
  }

  /** Deletes every namespace of this machine, and of runs that were killed. */
  clean(): void {
    const mine = namespaces().filter((name) => name.startsWith(this.prefix) || isStale(name));
    if (mine.length > 0) shell(mine.map((name) => `ip netns del ${name}`).join('; '));
  }

  /** What the kernel says to a rule; '' when it takes it. */
  tryRules(rules: readonly (readonly [table: string, rule: string])[]): string[] {
    const name = `${this.prefix}-try`;
    const script = rules.map(
      ([table, rule]) => `ip netns exec ${name} iptables-nft -t ${table} ${rule} >/dev/null 2>&1; echo $?`,
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

/** Whether iptables-nft asks for counters of policies: since 1.8.10. */
export function countsPolicies(): boolean {
  const [, minor = '0', patch = '0'] = /v1\.(\d+)\.(\d+) /.exec(shell('iptables-nft -V')) ?? [];
  return Number(minor) > 8 || Number(patch) >= 10;
}

/** Whether there are ip_tables, and commands for them, beside nf_tables. */
export function hasLegacy(): boolean {
  const name = `mwd-${process.pid}-try`;
  const tried = shell(
    `ip netns add ${name} && ip netns exec ${name} iptables-legacy -L -n >/dev/null && command -v iptables-legacy-restore >/dev/null; echo $?; ip netns del ${name}`,
  );
  return tried.endsWith('0\n');
}

/** The kernel at hand, for the summary. */
export function kernelRelease(): string {
  return readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
}
