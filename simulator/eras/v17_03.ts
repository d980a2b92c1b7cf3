/** Docker 17.03.2, built from its tags: every task balances for itself, and nobody has a namespace for virtual addresses. */
import type { Era } from './era.ts';
import { DEBIAN_11_LEGACY, ERA_18_09 } from './v18_09.ts';

export const ERA_17_03: Era = {
  ...ERA_18_09,
  name: '17.03',
  version: '17.03.2-ce',
  apiVersion: '1.27',
  gitCommit: 'f5ec1e2',
  buildTime: 'Tue Jun 27 03:35:14 2017',
  containerd: { version: '0.2.3', commit: '4ab9917febca54791c5f071a9d1f404867857fcc' },
  runc: { version: '1.0.0-rc2', commit: '54296cf40ad8143b62dbcaa1d90e520a2136ddfe' },
  platform: { ...DEBIAN_11_LEGACY, memory: 3135000000 },
  dataPlane: {
    ...ERA_18_09.dataPlane,
    hostRules: 'pairs',
    balancing: 'every sandbox',
    ingressSkipped: 1,
    overlayDevices: 'one count',
    gatewayNames: 'container',
    ipv6: true,
    loopback6: true,
    broadcast: false,
    virtualBroadcast: false,
    overlayVlan: true,
  },
  daemon: {
    ...ERA_18_09.daemon,
    logPlugins: [],
    edits: [
      ...ERA_18_09.daemon.edits,
      { of: 'network', at: 'Ingress', remove: true },
      { of: 'network', at: 'ConfigFrom', remove: true },
      { of: 'network', at: 'ConfigOnly', remove: true },
    ],
    init: { version: '', commit: 'N/A (expected: 949e6facb77383876aeff8a6944dde66b3089574)' },
  },
  client: {
    gitCommit: 'f5ec1e2',
    buildTime: 'Tue Jun 27 03:35:14 2017',
    wording: '2017',
    experimental: undefined,
    context: false,
    tables: {
      minimum: 20,
      narrow: {
        '*task.taskContext': String.raw`{{.ID}}\t{{.Name}}\t{{.Image}}\t{{.Node}}\t{{.DesiredState}}\t{{.CurrentState}}\t{{.Error}}\t{{.Ports}}`,
        '*service.serviceContext': String.raw`{{.ID}}\t{{.Name}}\t{{.Mode}}\t{{.Replicas}}\t{{.Image}}`,
        '*node.nodeContext': String.raw`{{.ID}} {{if .Self}}*{{else}} {{end}}\t{{.Hostname}}\t{{.Status}}\t{{.Availability}}\t{{.ManagerStatus}}`,
      },
    },
    noSuchObject: true,
    help: ERA_18_09.client.help,
    unknownOptions: {
      'docker network inspect': ['verbose'],
      'docker node ls': ['format'],
      'docker service create': ['detach', 'health-start-interval', 'no-resolve-image'],
      'docker service ps': ['format'],
      'docker service update': ['detach', 'health-start-interval', 'no-resolve-image'],
    },
    tagsImages: false,
    detaches: true,
    compose: undefined,
  },
};
