/** How a machine describes itself to the managers of its swarm. Mirrors moby daemon/cluster/executor/container/executor.go. */
import type { Era } from '../eras/era.ts';
import type { Host } from '../process/host.ts';
import type { NodeDescription } from '../swarm/objects.ts';

/** Of every machine. */
export const CPUS = 2;

/** What a node tells of itself to the swarm. */
export function describeNode(host: Host, era: Era): NodeDescription {
  const plugins = [
    ...era.daemon.logPlugins.map((name) => ({ Type: 'Log', Name: name })),
    ...era.daemon.networkPlugins.map((name) => ({ Type: 'Network', Name: name })),
    { Type: 'Volume', Name: 'local' },
  ];
  return {
    Hostname: host.name,
    Platform: { Architecture: 'x86_64', OS: 'linux' },
    Resources: { NanoCPUs: CPUS * 1e9, MemoryBytes: era.platform.memory },
    Engine: { EngineVersion: era.version, Plugins: plugins },
  };
}
