/** Docker 28.5.2 as Debian forky packages it, with Linux 7.2: rules in chains of their own, random MACs on bridges. */
import { DEBIAN_13 } from '../base/platform.ts';
import type { Era } from './era.ts';
import { ERA_26_1 } from './v26_1.ts';

export const ERA_28: Era = {
  name: '28',
  version: '28.5.2+dfsg4',
  apiVersion: '1.51',
  minApiVersion: '1.24',
  goVersion: 'go1.27.1',
  gitCommit: '3ef3c07c883be49a2e8097bcf6d2952fce1d70eb',
  buildTime: 'Tue Sep 15 11:02:57 2026',
  containerd: { version: '2.1.9+unknown', commit: '' },
  runc: { version: '1.3.6+ds1', commit: '1.3.6+ds1-1' },
  platform: {
    ...DEBIAN_13,
    distribution: 'Debian GNU/Linux forky/sid',
    osVersion: '',
    kernel: '7.2.12+deb14-cloud-amd64',
    memory: 4109197312,
    ipvsTable: 'growing',
    xfrmCounters: 32,
    ipvsKnobs: ['conn_lfactor', 'conn_max', 'est_cpulist', 'est_nice', 'run_estimation', 'svc_lfactor'],
    ipvsValues: { est_cpulist: '0-1', sync_qlen_max: '30558' },
    windowScale: 9,
    iptables: { ...DEBIAN_13.iptables, version: '1.8.13' },
    iproute: { ...DEBIAN_13.iproute, version: '7.2.0', libbpf: '1.7.0', zeroQueue: true, details: '2026' },
    conntrack: '1.4.9',
    curl: { version: '8.22.0', words: 'colon 8.22', localhost: 6 },
  },
  dataPlane: {
    ...ERA_26_1.dataPlane,
    hostRules: 'forward chain',
    announcements: 3,
    bridgeMacs: 'random',
    namesAskedFrom: 'host',
    resolvConf: 'explained, host()',
    hostsTail: '::',
  },
  daemon: {
    ...ERA_26_1.daemon,
    logPlugins: ERA_26_1.daemon.logPlugins.filter((name) => name !== 'gcplogs'),
    runtimes: ['runc', 'io.containerd.runc.v2'],
    insecureRegistries: ['::1/128', '127.0.0.0/8'],
    execFailure: { before: 'unable to start container process: ', after: '', status: 127 },
    edits: [
      { of: 'network', at: 'EnableIPv4', set: true, before: 'EnableIPv6' },
      { of: 'container', at: 'HostConfig.MaskedPaths', add: ['/proc/interrupts', '/proc/kcore'] },
      { of: 'container', at: 'NetworkSettings.Networks.*.DriverOpts', after: 'MacAddress' },
      { of: 'container', at: 'NetworkSettings.Networks.*.GwPriority', set: 0, after: 'DriverOpts' },
    ],
  },
  client: {
    ...ERA_26_1.client,
    gitCommit: '9cc6dea35e9a963f281434761c656fba4ac43aed',
    buildTime: 'Tue Sep 15 11:02:57 2026',
    wording: '2025',
    help: {
      ...ERA_26_1.client.help,
      lead: '',
      complaints: 'short',
      words: {
        'docker login': 'Authenticate to a registry',
        'docker inspect --type': 'Only inspect objects of the given type',
        'docker network create --ipv6': 'Enable or disable IPv6 address assignment',
        'docker run --rm': 'Automatically remove the container and its associated anonymous volumes when it exits',
      },
      added: {
        'docker network create': [['ipv4', '', 'bool', 'Enable or disable IPv4 address assignment (default true)']],
        'docker run': [['use-api-socket', '', 'bool', 'Bind mount Docker API socket and required auth']],
        'docker service create': [['oom-score-adj', '', 'int', "Tune host's OOM preferences (-1000 to 1000) "]],
        'docker service update': [['oom-score-adj', '', 'int', "Tune host's OOM preferences (-1000 to 1000) "]],
      },
    },
    compose: '2.40.3-3',
  },
};
