/** Containers as the API shows them: lists and inspection. Mirrors moby daemon/{list,inspect}.go; order of keys as recorded. */
import { formatIpv4 } from '../base/address.ts';
import { rfc3339Nano, type ContainerInspect, type ContainerSummary, type EndpointSettings, type PortMap, type PortSummary } from './api.ts';
import type { Container } from './container.ts';
import type { Containers } from './containers.ts';
import { containerStatus } from './duration.ts';
import { sortedRecord } from './filters.ts';
import { GATEWAY_NETWORK, type Endpoint } from './network/model.ts';

function settingsOf(endpoint: Endpoint | undefined, wish: { IPv4Address?: string; Aliases?: readonly string[]; networkId?: string } | undefined): EndpointSettings {
  const gateway = endpoint?.hasGateway === true ? formatIpv4(endpoint.network.gateway) : '';
  const configured = wish?.IPv4Address;
  const aliases = wish?.Aliases ?? [];
  return {
    IPAMConfig: configured === undefined ? null : { IPv4Address: configured },
    Links: null,
    Aliases: aliases.length === 0 ? null : [...aliases],
    MacAddress: endpoint?.macText ?? '',
    NetworkID: endpoint?.network.id ?? wish?.networkId ?? '',
    EndpointID: endpoint?.id ?? '',
    Gateway: gateway,
    IPAddress: endpoint === undefined || endpoint.address === 0 ? '' : formatIpv4(endpoint.address),
    IPPrefixLen: endpoint === undefined || endpoint.address === 0 ? 0 : endpoint.prefix,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DriverOpts: endpoint?.driverOptions === undefined || endpoint.driverOptions === null ? null : { ...endpoint.driverOptions },
    DNSNames: endpoint === undefined || endpoint.dnsNames.length === 0 ? null : [...endpoint.dnsNames],
  };
}

/** By network name; the gateway network of overlays is not shown. */
function networksOf(container: Container): Record<string, EndpointSettings> {
  return sortedRecord(
    container.wishes.map((wish): [string, EndpointSettings] => {
      const endpoint = container.sandbox?.endpoints.find((each) => each.network.name !== GATEWAY_NETWORK && (each.network.id === wish.networkId || each.network.name === wish.name));
      return [wish.name, settingsOf(endpoint, wish)];
    }),
  );
}

function portMapOf(container: Container): PortMap {
  const map: PortMap = {};
  for (const port of Object.keys(container.config.ExposedPorts ?? {})) map[port] = null;
  for (const endpoint of container.sandbox?.endpoints ?? []) {
    for (const port of endpoint.ports) {
      const key = `${port.containerPort}/${port.protocol}`;
      const list = map[key] ?? [];
      list.push({ HostIp: port.hostIp, HostPort: String(port.hostPort) });
      if (port.hostIp === '0.0.0.0') list.push({ HostIp: '::', HostPort: String(port.hostPort) });
      map[key] = list;
    }
  }
  return container.running ? sortedRecord(Object.entries(map)) : {};
}

function portsOf(container: Container): PortSummary[] {
  return Object.entries(portMapOf(container)).flatMap(([port, bindings]): PortSummary[] => {
    const [number = '0', type = 'tcp'] = port.split('/');
    const common = { PrivatePort: Number(number), Type: type as 'tcp' };
    if (bindings === null) return [common];
    return bindings.map(({ HostIp, HostPort }) => ({ IP: HostIp, PrivatePort: Number(number), PublicPort: Number(HostPort), Type: type as 'tcp' }));
  });
}

/** One line of `docker ps`. */
export function summaryOf(containers: Containers, container: Container, now: number): ContainerSummary {
  const state = container.state();
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: containers.imageName(container),
    ImageID: container.image.id,
    Command: [container.path, ...container.args].join(' '),
    Created: Math.floor(container.created / 1_000_000),
    Ports: portsOf(container),
    Labels: container.config.Labels,
    State: state.Status,
    Status: containerStatus(state, now),
    HostConfig: { NetworkMode: container.hostConfig.NetworkMode },
    NetworkSettings: { Networks: networksOf(container) },
    Mounts: container.mountPoints,
  };
}

/** GET /containers/{id}/json */
export function inspectContainer(container: Container): ContainerInspect {
  const root = `/var/lib/docker/containers/${container.id}`;
  const layer = `/var/lib/docker/overlay2/${container.layer}`;
  const networks = networksOf(container);
  const onDefault = networks['bridge'];
  const { sandbox } = container;
  return {
    Id: container.id,
    Created: rfc3339Nano(container.created),
    Path: container.path,
    Args: container.args,
    State: container.state(),
    Image: container.image.id,
    ResolvConfPath: `${root}/resolv.conf`,
    HostnamePath: `${root}/hostname`,
    HostsPath: `${root}/hosts`,
    LogPath: `${root}/${container.id}-json.log`,
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: container.execs.size === 0 ? null : [...container.execs],
    HostConfig: container.task === undefined ? container.hostConfig : { ...container.hostConfig, Isolation: 'default', Init: false },
    GraphDriver: {
      Data: { LowerDir: `${layer}-init/diff:/var/lib/docker/overlay2/${container.image.layer}/diff`, MergedDir: `${layer}/merged`, UpperDir: `${layer}/diff`, WorkDir: `${layer}/work` },
      Name: 'overlay2',
    },
    Mounts: container.mountPoints,
    Config: container.config,
    NetworkSettings: {
      Bridge: '',
      SandboxID: sandbox?.id ?? '',
      SandboxKey: sandbox === undefined ? '' : `/var/run/docker/netns/${sandbox.key}`,
      Ports: portMapOf(container),
      HairpinMode: false,
      LinkLocalIPv6Address: '',
      LinkLocalIPv6PrefixLen: 0,
      SecondaryIPAddresses: null,
      SecondaryIPv6Addresses: null,
      EndpointID: onDefault?.EndpointID ?? '',
      Gateway: onDefault?.Gateway ?? '',
      GlobalIPv6Address: '',
      GlobalIPv6PrefixLen: 0,
      IPAddress: onDefault?.IPAddress ?? '',
      IPPrefixLen: onDefault?.IPPrefixLen ?? 0,
      IPv6Gateway: '',
      MacAddress: onDefault?.MacAddress ?? '',
      Networks: networks,
    },
  };
}
