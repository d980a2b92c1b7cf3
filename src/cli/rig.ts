/** What the rig did between the steps of a recording without saying so: starting servers, emptying tables. */
import type { World } from '../../simulator/index.ts';
import { execute, pass } from './machines.ts';
import type { Recording } from './recording.ts';

interface Server {
  readonly namespace: string;
  readonly protocol: string;
  readonly port: number;
  readonly name: string;
}

/** What a server answers, by port, when it is not the name of its namespace. */
const NAMES: Readonly<Record<string, string>> = {
  'tcp 80': 'web',
  'tcp 443': 'tls',
  'tcp 8080': 'alt',
  'udp 53': 'dns',
  'udp 5000': 'udp',
};

/** Reads `s: tcp 80 443, udp 53; r: tcp 9000; each answers …` or `s1-s3: tcp 80 and udp 53, answer with their name`. */
function serversOf(text: string): Server[] {
  const servers: Server[] = [];
  const own = /\bwith (?:their|its) name\b/.test(text);
  for (const part of text.split(';')) {
    const head = /^\s*(\w+)(?:-(\w+))?:/.exec(part);
    if (head === null) continue;
    for (const namespace of range(head[1] as string, head[2])) {
      for (const [, protocol = '', ports = ''] of part.matchAll(/\b(tcp|udp)((?: \d+)+)/g)) {
        for (const port of ports.trim().split(' ')) {
          const name = own ? namespace : (NAMES[`${protocol} ${port}`] ?? 'router');
          servers.push({ namespace, protocol, port: Number(port), name });
        }
      }
    }
  }
  return servers;
}

/** s1 to s3. */
function range(first: string, last: string | undefined): string[] {
  const [, stem = '', from = ''] = /^(.*?)(\d*)$/.exec(first) ?? [];
  const to = /\d+$/.exec(last ?? first)?.[0];
  if (last === undefined || from === '' || to === undefined) return [first];
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => `${stem}${Number(from) + i}`);
}

export class Rig {
  private readonly world: World;
  private readonly recording: Recording;
  private waiting: readonly Server[];

  constructor(world: World, recording: Recording) {
    this.world = world;
    this.recording = recording;
    this.waiting = serversOf(recording.servers);
  }

  /** Does what the rig did before step `index`. */
  async before(index: number): Promise<void> {
    await this.writeFile(index);
    if (index === 0) return;
    await this.startServers();
    await this.emptyTables(index);
    await this.loadModules(index);
  }

  /** Servers whose namespace is there now. */
  private async startServers(): Promise<void> {
    const node = this.recording.steps[0]?.node ?? '';
    const still: Server[] = [];
    let started = false;
    for (const server of this.waiting) {
      const { namespace, protocol, port, name } = server;
      if ((await execute(this.world, node, `test -e /run/netns/${namespace}`, 5)).exit !== 0) still.push(server);
      else {
        this.world.exec(node, `ip netns exec ${namespace} python3 /tmp/lab.py ${protocol}d ${port} ${name}`);
        started = true;
      }
    }
    this.waiting = still;
    if (started) await pass(this.world, 0.2);
  }

  /** A file that a step only shows was written by the rig. */
  private async writeFile(index: number): Promise<void> {
    const step = this.recording.steps[index];
    const path = /^cat (\/tmp\/[\w.-]+)$/.exec(step?.cmd ?? '')?.[1];
    if (step === undefined || path === undefined || step.exit !== 0) return;
    const there = await execute(this.world, step.node, `test -e ${path}`, 5);
    if (there.exit !== 0)
      await execute(this.world, step.node, `cat > ${path} <<'END-OF-FILE'\n${step.stdout}END-OF-FILE`, 5);
  }

  /** IP in IP, before the part that tunnels. */
  private async loadModules(index: number): Promise<void> {
    const next = this.recording.steps[index];
    if (next !== undefined && / -i$|\btunl0\b/.test(next.cmd)) await execute(this.world, next.node, 'modprobe ipip', 5);
  }

  /** The director's connection table, before each scheduler and after it stopped tracking; the kernel's log, before each group. */
  private async emptyTables(index: number): Promise<void> {
    const [last, next] = [this.recording.steps[index - 1], this.recording.steps[index]];
    if (last === undefined || next === undefined) return;
    const director = /^ip netns exec (\w+) (?:ipvsadm -C$|sysctl -w net\.ipv4\.vs\.conntrack=0$)/.exec(last.cmd)?.[1];
    if (director !== undefined && (/sysctl/.test(last.cmd) || /ipvsadm -A /.test(next.cmd)))
      await execute(this.world, last.node, `ip netns exec ${director} conntrack -F`, 5);
    if (last.output_not_recorded === true && /^for t in filter/.test(last.cmd))
      await execute(this.world, last.node, 'dmesg -C', 5);
  }
}
