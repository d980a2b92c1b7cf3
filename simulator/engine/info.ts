/** `docker version` and `docker info`. Mirrors moby daemon/info.go; what differs between eras comes from eras/. */
import type { Era } from '../eras/era.ts';
import type { Host } from '../process/host.ts';
import { rfc3339Nano, type EngineInfo, type EngineVersion, type SwarmInfo } from './api.ts';
import type { Cluster } from './cluster.ts';
import type { Containers } from './containers.ts';
import type { Images } from './images.ts';
import { clusterInfo } from './swarmViews.ts';
import type { NodeDescription } from '../swarm/objects.ts';

const KERNEL = '6.12.107+deb13-cloud-amd64';
const CPUS = 2;
const MEMORY = 6220595200;
const NETWORK_PLUGINS = ['bridge', 'host', 'ipvlan', 'macvlan', 'null', 'overlay'];
const LOG_PLUGINS = ['awslogs', 'fluentd', 'gcplogs', 'gelf', 'journald', 'json-file', 'local', 'splunk', 'syslog'];

export function engineVersion(era: Era): EngineVersion {
  const details = { ApiVersion: era.apiVersion, Arch: 'amd64', BuildTime: era.buildTime, Experimental: 'false', GitCommit: era.gitCommit, GoVersion: era.goVersion, KernelVersion: KERNEL, MinAPIVersion: era.minApiVersion, Os: 'linux' };
  return {
    Platform: { Name: '' },
    Components: [
      { Name: 'Engine', Version: era.version, Details: details },
      { Name: 'containerd', Version: era.containerd.version, Details: { GitCommit: era.containerd.commit } },
      { Name: 'runc', Version: era.runc.version, Details: { GitCommit: era.runc.commit } },
      { Name: 'docker-init', Version: '0.19.0', Details: { GitCommit: '' } },
    ],
    Version: era.version,
    ApiVersion: era.apiVersion,
    MinAPIVersion: era.minApiVersion,
    GitCommit: era.gitCommit,
    GoVersion: era.goVersion,
    Os: 'linux',
    Arch: 'amd64',
    KernelVersion: KERNEL,
    BuildTime: era.buildTime,
  };
}

/** What a node tells of itself to the swarm. */
export function describeNode(host: Host, era: Era): NodeDescription {
  const plugins = [
    ...LOG_PLUGINS.map((name) => ({ Type: 'Log', Name: name })),
    ...NETWORK_PLUGINS.map((name) => ({ Type: 'Network', Name: name })),
    { Type: 'Volume', Name: 'local' },
  ];
  return {
    Hostname: host.name,
    Platform: { Architecture: 'x86_64', OS: 'linux' },
    Resources: { NanoCPUs: CPUS * 1e9, MemoryBytes: MEMORY },
    Engine: { EngineVersion: era.version, Plugins: plugins },
  };
}

function swarmInfo(cluster: Cluster): SwarmInfo {
  const { manager } = cluster;
  const base = { NodeID: cluster.nodeId, NodeAddr: cluster.address, LocalNodeState: cluster.state, ControlAvailable: manager !== undefined, Error: '' };
  const managers = cluster.agent?.managers ?? [];
  const remote = managers.length === 0 ? null : managers.map(({ NodeID, Addr }) => ({ NodeID, Addr }));
  if (manager === undefined) return { ...base, RemoteManagers: remote };
  const nodes = [...manager.store.nodes.values()];
  return {
    ...base,
    RemoteManagers: remote,
    Nodes: nodes.length,
    Managers: nodes.filter((node) => node.ManagerStatus !== undefined).length,
    Cluster: clusterInfo(manager.cluster),
  };
}

export function engineInfo(host: Host, era: Era, id: string, parts: { containers: Containers; images: Images; cluster: Cluster }): EngineInfo {
  const containers = [...parts.containers.all.values()];
  const running = containers.filter((container) => container.running).length;
  return {
    ID: id,
    Containers: containers.length,
    ContainersRunning: running,
    ContainersPaused: 0,
    ContainersStopped: containers.length - running,
    Images: parts.images.count,
    Driver: 'overlay2',
    DriverStatus: [['Backing Filesystem', 'extfs'], ['Supports d_type', 'true'], ['Using metacopy', 'false'], ['Native Overlay Diff', 'true'], ['userxattr', 'false']],
    Plugins: { Volume: ['local'], Network: NETWORK_PLUGINS, Authorization: null, Log: LOG_PLUGINS },
    MemoryLimit: true,
    IPv4Forwarding: host.kernel.initNs.knobs.ip_forward !== 0,
    BridgeNfIptables: host.kernel.initNs.knobs.bridge_nf_call_iptables !== 0,
    BridgeNfIp6tables: true,
    Debug: false,
    SystemTime: rfc3339Nano(host.wallClock),
    LoggingDriver: 'json-file',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: '2',
    KernelVersion: KERNEL,
    OperatingSystem: 'Debian GNU/Linux 13 (trixie)',
    OSVersion: '13',
    OSType: 'linux',
    Architecture: 'x86_64',
    NCPU: CPUS,
    MemTotal: MEMORY,
    InsecureRegistries: ['127.0.0.0/8'],
    DockerRootDir: '/var/lib/docker',
    Name: host.name,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: era.version,
    Runtimes: ['io.containerd.runc.v2', 'runc'],
    DefaultRuntime: 'runc',
    Swarm: swarmInfo(parts.cluster),
    LiveRestoreEnabled: false,
    InitBinary: 'docker-init',
    ContainerdCommit: era.containerd.commit,
    RuncCommit: era.runc.commit,
    InitCommit: '',
    SecurityOptions: ['name=seccomp,profile=builtin', 'name=cgroupns'],
    Warnings: ['WARNING: No swap limit support'],
  };
}
