/** Docker 18.09.9, built from its tags, on Debian 11 with the iptables of its time: the load balancer has a namespace of its own. */
import type { Era } from './era.ts';
import { DEBIAN_11, ERA_20_10 } from './v20_10.ts';

/** Debian 11 with ip_tables and cgroups as machines of 2017 and 2018 had them. */
export const DEBIAN_11_LEGACY = {
  ...DEBIAN_11,
  cgroup: '1',
  iptables: { ...DEBIAN_11.iptables, backend: 'legacy', checkPrints: false },
} as const;

export const ERA_18_09: Era = {
  ...ERA_20_10,
  name: '18.09',
  version: '18.09.9',
  apiVersion: '1.39',
  gitCommit: '039a7df',
  buildTime: 'Wed Sep  4 16:55:02 2019',
  containerd: { version: '1.2.6', commit: '894b81a4b802e4eb2a91d1ce216b8817763c29fb' },
  runc: { version: '1.0.0-rc8', commit: '425e105d5a03fabd737a126ad93d62a9eeede87f' },
  platform: DEBIAN_11_LEGACY,
  dataPlane: {
    ...ERA_20_10.dataPlane,
    ingressSubnet: '10.255.0.0/16',
    virtualBroadcast: true,
    unansweredNames: 'silence',
  },
  daemon: {
    ...ERA_20_10.daemon,
    networkPlugins: ['bridge', 'host', 'macvlan', 'null', 'overlay'],
    runtimes: ['runc'],
    securityOptions: [],
    warnings: [],
    components: false,
    init: { version: '', commit: 'N/A (expected: )' },
    addressPools: false,
    edits: [
      ...ERA_20_10.daemon.edits,
      { of: 'container', at: 'HostConfig.CgroupnsMode', remove: true },
      { of: 'container', at: 'HostConfig.IpcMode', set: 'shareable' },
      { of: 'container', at: 'HostConfig.DeviceRequests', remove: true },
      { of: 'container', at: 'HostConfig.DiskQuota', set: 0, before: 'KernelMemory' },
      { of: 'container', at: 'HostConfig.KernelMemoryTCP', remove: true },
      { of: 'container', at: 'HostConfig.OomKillDisable', set: false },
      { of: 'container', at: 'HostConfig.PidsLimit', set: 0 },
      { of: 'container', at: 'HostConfig.Ulimits', set: null },
      { of: 'container', at: 'Config.ArgsEscaped', set: true, before: 'Image' },
    ],
  },
  client: {
    gitCommit: '039a7df9ba',
    buildTime: 'Wed Sep  4 16:57:02 2019',
    wording: '2018',
    experimental: 'false',
    context: false,
    tables: { minimum: 20, narrow: {} },
    noSuchObject: true,
    help: ERA_20_10.client.help,
    unknownOptions: ERA_20_10.client.unknownOptions,
    tagsImages: true,
    detaches: false,
    compose: undefined,
  },
};
