/**
 * What a world has become, as text: every table that a command can write, without what differs by chance (numbers of
 * devices, random MACs, counters, process ids). Two worlds with the same digest are the same to a learner.
 */
import type { World } from '../../simulator/index.ts';
import { advance } from './drive.ts';

const IN_NAMESPACE = [
  'ip -j -d link',
  'ip -j -4 addr',
  'ip -j rule',
  'ip -j -4 route show table all',
  'ip -j -4 neigh',
  'bridge -j fdb',
  'iptables-save',
  'ipvsadm -Sn',
  'ss -ltunH',
  'sysctl net.ipv4.ip_forward net.ipv4.conf.all.rp_filter net.ipv4.vs.conntrack',
];

/** Fields that say nothing about what was done. */
const IGNORED = new Set([
  'ifindex',
  'link_index',
  'link_netnsid',
  'broadcast',
  'operstate',
  'valid_life_time',
  'preferred_life_time',
  'stats',
  'stats64',
  'gc_timer',
  'fdb_n_learned',
  'bridge_id',
  'root_id',
  'root_port',
  'root_path_cost',
]);

/** The digest of a world; the world is used up. */
export async function digestOf(world: World): Promise<string> {
  const parts: string[] = [];
  for (const host of world.hosts) {
    const names = (await output(world, host, 'ls /run/netns 2>/dev/null')).split('\n').filter((name) => name !== '');
    for (const ns of ['', ...names]) {
      for (const command of IN_NAMESPACE) {
        const text = await output(world, host, ns === '' ? command : `ip netns exec ${ns} ${command}`);
        parts.push(`${host} ${ns} ${command}\n${plain(command, text)}`);
      }
    }
    parts.push(
      await output(
        world,
        host,
        "docker service ls --format '{{.Name}} {{.Replicas}} {{.Image}} {{.Ports}}' 2>/dev/null",
      ),
      await output(world, host, "docker ps --format '{{.Image}} {{.Status}} {{.Ports}} {{.Networks}}' 2>/dev/null"),
      await output(world, host, "docker network ls --format '{{.Name}} {{.Driver}}' 2>/dev/null"),
      await output(world, host, 'cat /etc/hosts; ls /root /tmp'),
    );
  }
  return parts.join('\n');
}

async function output(world: World, host: string, line: string): Promise<string> {
  const execution = world.exec(host, line);
  await advance(world, world.now + 30_000_000, () => execution.exit !== undefined);
  return execution.stdout;
}

function plain(command: string, text: string): string {
  if (command.includes(' -j ')) {
    try {
      return (JSON.parse(text) as unknown[])
        .map((entry) => JSON.stringify(entry, strip))
        .filter((entry) => !/"state":\[?"(REACHABLE|STALE|DELAY|PROBE|FAILED|INCOMPLETE)"/.test(entry))
        .filter(
          (entry) =>
            !command.startsWith('bridge') || (/"state":"permanent"/.test(entry) && !/"33:33:|"01:00:5e/.test(entry)),
        )
        .sort()
        .join('\n');
    } catch {
      return text;
    }
  }
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/\[\d+:\d+\]/g, '').trimEnd())
    .join('\n');
}

/** Leaves out what chance decides: numbers of devices, and MACs that nobody set (those begin with 02:42 or 08:00). */
function strip(key: string, value: unknown): unknown {
  if (IGNORED.has(key) || /^(no|port_\w+|designated_\w+)$/.test(key)) return undefined;
  if (key === 'flags' && Array.isArray(value))
    return value.filter((flag) => flag !== 'LOWER_UP' && flag !== 'NO-CARRIER');
  if (key === 'id' && typeof value === 'string') return undefined; // of a bridge's port; that of a vxlan is a number
  if (typeof value === 'string' && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(value) && !/^(02:42|08:00)/.test(value))
    return 'mac';
  return value;
}
