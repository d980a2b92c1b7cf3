/**
 * Published ports as typed: docker/go-connections nat (`8080:80/tcp`, ranges, an address) and the long form of services
 * (cli opts/port.go: `published=8080,target=80,mode=host`).
 */
import { parseIpv4 } from '../../base/address.ts';
import type { PortConfig } from '../../engine/api.ts';

export interface PublishedPort {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly container: number;
  /** Absent: chosen by the engine. */
  readonly host?: number;
  /** The last port of a range to choose from. */
  readonly hostEnd?: number;
  readonly address: string;
}

/** nat.ParsePortSpec: the ports, or what is wrong. */
export function parsePortSpec(spec: string): PublishedPort[] | string {
  const parts = spec.split(':');
  const target = parts.at(-1) as string;
  const hostPort = parts.length > 1 ? (parts.at(-2) as string) : '';
  const address = parts.slice(0, -2).join(':');
  if (address.includes(':') && !address.startsWith('['))
    return `Invalid ip address ${address}: address ${address}:: too many colons in address`;
  if (address !== '' && parseIpv4(address) === undefined && !address.startsWith('['))
    return `Invalid ip address: ${address}`;
  const slash = target.indexOf('/');
  const containerPort = slash < 0 ? target : target.slice(0, slash);
  const protocol = slash < 0 ? 'tcp' : target.slice(slash + 1);
  if (containerPort === '') return `No port specified: ${spec}<empty>`;
  const container = portRange(containerPort);
  if (container === undefined) return `Invalid containerPort: ${containerPort}`;
  const host = hostPort === '' ? undefined : portRange(hostPort);
  if (hostPort !== '' && host === undefined) return `Invalid hostPort: ${hostPort}`;
  const spread = container[1] - container[0];
  if (host !== undefined && host[1] - host[0] !== spread && spread !== 0)
    return `Invalid ranges specified for container and host Ports: ${containerPort} and ${hostPort}`;
  if (!/^(tcp|udp|sctp)$/i.test(protocol)) return `Invalid proto: ${protocol}`;
  const ports: PublishedPort[] = [];
  for (let i = 0; i <= spread; i++) {
    const mapping = {
      protocol: protocol.toLowerCase() as PublishedPort['protocol'],
      container: container[0] + i,
      address,
    };
    if (host === undefined) ports.push(mapping);
    else if (spread === 0 && host[1] > host[0]) ports.push({ ...mapping, host: host[0], hostEnd: host[1] });
    else ports.push({ ...mapping, host: host[0] + i });
  }
  return ports;
}

function portRange(text: string): [number, number] | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = match[2] === undefined ? start : Number(match[2]);
  return start > 65535 || end > 65535 || end < start ? undefined : [start, end];
}

/** opts.PortOpt.Set: the ports of one `--publish` of a service, or what is wrong. */
export function parseServicePort(text: string): PortConfig[] | string {
  if (/\w+=\w+(,\w+=\w+)*/.test(text)) return parseLongForm(text);
  const ports = parsePortSpec(text);
  if (typeof ports === 'string') return ports;
  if (ports.some((port) => port.address !== '')) return 'hostip is not supported';
  return ports.flatMap(({ protocol, container, host, hostEnd }) => {
    const one = (PublishedPort: number | undefined): PortConfig =>
      portConfig(protocol, container, PublishedPort, 'ingress');
    if (host === undefined) return [one(undefined)];
    return Array.from({ length: (hostEnd ?? host) - host + 1 }, (_, i) => one(host + i));
  });
}

function portConfig(
  Protocol: PortConfig['Protocol'],
  TargetPort: number,
  PublishedPort: number | undefined,
  PublishMode: PortConfig['PublishMode'],
): PortConfig {
  return PublishedPort === undefined || PublishedPort === 0
    ? { Protocol, TargetPort, PublishMode }
    : { Protocol, TargetPort, PublishedPort, PublishMode };
}

function parseLongForm(text: string): PortConfig[] | string {
  let protocol: PortConfig['Protocol'] = 'tcp';
  let mode: PortConfig['PublishMode'] = 'ingress';
  let target = 0;
  let published: number | undefined;
  for (const field of text.split(',')) {
    const lower = field.toLowerCase();
    const equals = lower.indexOf('=');
    if (equals < 1) return `invalid field ${field}`;
    const value = lower.slice(equals + 1);
    switch (lower.slice(0, equals)) {
      case 'protocol':
        if (value !== 'tcp' && value !== 'udp' && value !== 'sctp') return `invalid protocol value ${value}`;
        protocol = value;
        break;
      case 'mode':
        if (value !== 'ingress' && value !== 'host') return `invalid publish mode value ${value}`;
        mode = value;
        break;
      case 'target':
      case 'published': {
        const wrong = !/^\d+$/.test(value)
          ? 'invalid syntax'
          : Number(value) > 65535
            ? 'value out of range'
            : undefined;
        if (wrong !== undefined)
          return `invalid ${lower.slice(0, equals)} port (${value}): value must be an integer: ${wrong}`;
        if (lower.startsWith('target')) target = Number(value);
        else published = Number(value);
        break;
      }
      default:
        return `invalid field key ${lower.slice(0, equals)}`;
    }
  }
  return target === 0 ? 'missing mandatory field "target"' : [portConfig(protocol, target, published, mode)];
}

/** For option tables: what is wrong with a service's `--publish`. */
export function checkServicePort(text: string): string | undefined {
  const ports = parseServicePort(text);
  return typeof ports === 'string' ? ports : undefined;
}

/** What updates compare and sort ports by: `8080:80/tcp/ingress`. */
export function portKey(port: PortConfig): string {
  return `${port.PublishedPort ?? 0}:${port.TargetPort}/${port.Protocol}/${port.PublishMode}`;
}
