/** `docker version` and `docker info`. Mirrors moby daemon/info.go; what differs between eras comes from eras/. */
import type { Era } from '../eras/era.ts';
import type { Host } from '../process/host.ts';
import { rfc3339Nano, type ClusterInfo, type EngineInfo, type EngineVersion, type SwarmInfo } from './api.ts';
import type { Cluster } from './cluster.ts';
import type { Containers } from './containers.ts';
import type { Images } from './images.ts';
import { CPUS } from './description.ts';
import { clusterInfo } from './swarmViews.ts';
import { NO_LEADER } from '../swarm/calls.ts';

export function engineVersion(era: Era): EngineVersion {
  const details = { ApiVersion: era.apiVersion, Arch: 'amd64', BuildTime: era.buildTime, Experimental: 'false', GitCommit: era.gitCommit, GoVersion: era.goVersion, KernelVersion: era.platform.kernel, MinAPIVersion: era.minApiVersion, Os: 'linux' };
  return {
    Platform: { Name: '' },
    Components: [
      { Name: 'Engine', Version: era.version, Details: details },
      ...(era.daemon.components
        ? [
            { Name: 'containerd', Version: era.containerd.version, Details: { GitCommit: era.containerd.commit } },
            { Name: 'runc', Version: era.runc.version, Details: { GitCommit: era.runc.commit } },
            { Name: 'docker-init', Version: era.daemon.init.version, Details: { GitCommit: era.daemon.init.commit } },
          ]
        : []),
    ],
    Version: era.version,
    ApiVersion: era.apiVersion,
    MinAPIVersion: era.minApiVersion,
    GitCommit: era.gitCommit,
    GoVersion: era.goVersion,
    Os: 'linux',
    Arch: 'amd64',
    KernelVersion: era.platform.kernel,
    BuildTime: era.buildTime,
  };
}

function swarmInfo(cluster: Cluster, era: Era): SwarmInfo {
  const { managing } = cluster;
  const base = { NodeID: cluster.nodeId, NodeAddr: cluster.address, LocalNodeState: cluster.state, ControlAvailable: managing !== undefined, Error: managing?.quorate === false ? NO_LEADER : '' };
  const managers = cluster.agent?.managers ?? [];
  const remote = managers.length === 0 ? null : managers.map(({ NodeID, Addr }) => ({ NodeID, Addr }));
  const object = managing?.quorate === true ? managing.store.cluster : undefined;
  if (managing === undefined || object === undefined) return { ...base, RemoteManagers: remote };
  const nodes = [...managing.store.nodes.values()];
  return {
    ...base,
    RemoteManagers: remote,
    Nodes: nodes.length,
    Managers: managing.memberCount,
    Cluster: { ...withTick(clusterInfo(object), era.daemon.electionTick), ...(era.daemon.addressPools ? { DefaultAddrPool: object.DefaultAddrPool } : {}) },
  };
}

function withTick(info: ClusterInfo, ElectionTick: number): ClusterInfo {
  return { ...info, Spec: { ...info.Spec, Raft: { ...info.Spec.Raft, ElectionTick } } };
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
    DriverStatus: era.daemon.driverStatus.map(([name, text]) => [name, text]),
    Plugins: { Volume: ['local'], Network: [...era.daemon.networkPlugins], Authorization: null, Log: [...era.daemon.logPlugins] },
    MemoryLimit: true,
    IPv4Forwarding: host.kernel.initNs.knobs.ip_forward !== 0,
    BridgeNfIptables: host.kernel.initNs.knobs.bridge_nf_call_iptables !== 0,
    BridgeNfIp6tables: true,
    Debug: false,
    SystemTime: rfc3339Nano(host.wallClock),
    LoggingDriver: 'json-file',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: era.platform.cgroup,
    KernelVersion: era.platform.kernel,
    OperatingSystem: era.platform.distribution,
    OSVersion: era.platform.osVersion,
    OSType: 'linux',
    Architecture: 'x86_64',
    NCPU: CPUS,
    MemTotal: era.platform.memory,
    InsecureRegistries: [...era.daemon.insecureRegistries],
    DockerRootDir: '/var/lib/docker',
    Name: host.name,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: era.version,
    Runtimes: [...era.daemon.runtimes],
    DefaultRuntime: 'runc',
    Swarm: swarmInfo(parts.cluster, era),
    LiveRestoreEnabled: false,
    InitBinary: 'docker-init',
    ContainerdCommit: era.containerd.commit,
    RuncCommit: era.runc.commit,
    InitCommit: era.daemon.init.commit,
    SecurityOptions: [...era.daemon.securityOptions],
    Warnings: [...era.daemon.warnings],
  };
}
