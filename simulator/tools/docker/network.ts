/** `docker network …`: cli/command/network. IPv6 and foreign IPAM drivers are refused. */
import { parseCidr, inPrefix } from '../../base/address.ts';
import { parseRfc3339, type IpamConfig } from '../../engine/api.ts';
import type { Blocking } from '../../process/program.ts';
import { eraOf, filtersOf, finish, settled, value } from './client.ts';
import { atLeast, exactly, NO_ARGUMENTS, type Call, type CommandSpec } from './command.ts';
import { Failure } from './failure.ts';
import { FORMAT_LIST, FORMAT_ONE, formatList, naturalOrder, shortId, type ListStyle, type Row } from './format.ts';
import { inspectAll } from './inspect.ts';
import { option, refusedOption } from './options.ts';
import { checkLabel, keyValues } from './optionValues.ts';
import { goTimeText } from './template/value.ts';

const STYLE: ListStyle = {
  typeName: '*network.networkContext',
  columns: '{{.ID}}\\t{{.Name}}\\t{{.Driver}}\\t{{.Scope}}',
  quiet: '{{.ID}}',
  titles: {
    ID: 'NETWORK ID',
    Name: 'NAME',
    Driver: 'DRIVER',
    Scope: 'SCOPE',
    IPv6: 'IPV6',
    Internal: 'INTERNAL',
    Labels: 'LABELS',
    CreatedAt: 'CREATED AT',
  },
};

function* ls(call: Call): Blocking<number> {
  const { api, options, ctx } = call;
  const rows = [...value(api.networks(filtersOf(options)))]
    .sort((a, b) => naturalOrder(a.Name, b.Name))
    .map((network): Row => ({
      ID: () => (options.flag('no-trunc') ? network.Id : shortId(network.Id)),
      Name: () => network.Name,
      Driver: () => network.Driver,
      Scope: () => network.Scope,
      IPv6: () => String(network.EnableIPv6),
      Internal: () => String(network.Internal),
      Labels: () =>
        Object.entries(network.Labels ?? {})
          .map(([key, text]) => `${key}=${text}`)
          .join(','),
      CreatedAt: () => (parseRfc3339(network.Created) === undefined ? network.Created : goTimeText(network.Created)),
    }));
  yield* ctx.out(formatList(STYLE, rows, options.text('format'), options.flag('quiet'), eraOf(ctx)));
  return 0;
}

function* inspect(call: Call): Blocking<number> {
  const { api, options, words } = call;
  return yield* inspectAll(call, words, options.text('format'), {
    fetch: (word) => api.networkInspect(word, { verbose: options.flag('verbose') }),
    ...(eraOf(call.ctx).client.noSuchObject ? { notFound: (word: string) => `Error: No such network: ${word}` } : {}),
  });
}

/** consolidateIpam: which gateway, range and auxiliary address belongs to which subnet. */
function ipamConfig(
  subnets: readonly string[],
  ranges: readonly string[],
  gateways: readonly string[],
  auxiliary: Record<string, string>,
): IpamConfig[] {
  if (subnets.length < ranges.length || subnets.length < gateways.length)
    throw new Failure('every ip-range or gateway must have a corresponding subnet');
  const configs = subnets.map((Subnet): IpamConfig => ({ Subnet }));
  const within = (address: number, Subnet: string): boolean => {
    const cidr = parseCidr(Subnet);
    return cidr !== undefined && Subnet.includes('/') && inPrefix(address, cidr.address, cidr.prefix);
  };
  const subnetOf = (text: string): IpamConfig | undefined => {
    const address = parseCidr(text)?.address;
    return address === undefined ? undefined : configs.find((config) => within(address, config.Subnet ?? ''));
  };
  for (const range of ranges) {
    const config = subnetOf(range);
    if (config === undefined) throw new Failure(`no matching subnet for range ${range}`);
    config.IPRange = range;
  }
  for (const gateway of gateways) {
    const config = subnetOf(gateway);
    if (config === undefined) throw new Failure(`no matching subnet for gateway ${gateway}`);
    config.Gateway = gateway;
  }
  for (const [name, address] of Object.entries(auxiliary)) {
    const config = subnetOf(address);
    if (config === undefined) throw new Failure(`no matching subnet for aux-address ${address}`);
    config.AuxiliaryAddresses = { ...config.AuxiliaryAddresses, [name]: address };
  }
  return configs;
}

function* create(call: Call): Blocking<number> {
  const { api, options, ctx, words } = call;
  const subnets = options.items('subnet');
  const config = ipamConfig(
    subnets,
    options.items('ip-range'),
    options.items('gateway'),
    keyValues(options.texts('aux-address')),
  );
  const answer = yield* finish(
    call,
    api.networkCreate(
      {
        Name: words[0] as string,
        Driver: options.text('driver', 'bridge'),
        ...(options.has('scope') ? { Scope: options.text('scope') } : {}),
        IPAM: { Driver: 'default', Config: config },
        Internal: options.flag('internal'),
        Attachable: options.flag('attachable'),
        Ingress: options.flag('ingress'),
        ConfigOnly: false,
        Options: keyValues(options.texts('opt')),
        Labels: keyValues(options.texts('label')),
      },
      ctx,
    ),
  );
  if (answer.Warning !== '') yield* ctx.err(`WARNING: ${answer.Warning}\n`);
  yield* ctx.out(`${answer.Id}\n`);
  return 0;
}

function* connect(call: Call): Blocking<number> {
  const { api, options, words } = call;
  yield* finish(
    call,
    api.networkConnect(words[0] as string, words[1] as string, {
      ...(options.has('ip') ? { IPv4Address: options.text('ip') } : {}),
      Aliases: options.texts('alias'),
      DriverOpts: keyValues(options.texts('driver-opt')),
    }),
  );
  return 0;
}

function* disconnect(call: Call): Blocking<number> {
  yield* finish(
    call,
    call.api.networkDisconnect(call.words[0] as string, call.words[1] as string, call.options.flag('force')),
  );
  return 0;
}

// Errors appear at once here, in between the names.
function* rm(call: Call): Blocking<number> {
  const { api, ctx, options, words } = call;
  let status = 0;
  for (const word of words) {
    const result = yield* settled(call, api.networkRemove(word));
    if (result.ok) yield* ctx.out(`${word}\n`);
    else if (!(options.flag('force') && result.status === 404)) {
      yield* ctx.err(`Error response from daemon: ${result.message}\n`);
      status = 1;
    }
  }
  return status;
}

function* prune(call: Call): Blocking<number> {
  const { api, ctx, options } = call;
  if (!options.flag('force')) {
    yield* ctx.out(
      'WARNING! This will remove all custom networks not used by at least one container.\nAre you sure you want to continue? [y/N] ',
    );
    const reply = yield* ctx.readLine(0);
    if (reply?.trim().toLowerCase() !== 'y') return 0;
  }
  const removed = value(api.networkPrune(filtersOf(options))).NetworksDeleted;
  if (removed.length > 0) yield* ctx.out(`Deleted Networks:\n${removed.join('\n')}\n\n`);
  return 0;
}

export const networkCommand: CommandSpec = {
  name: 'network',
  usage: 'COMMAND',
  short: 'Manage networks',
  children: [
    {
      name: 'connect',
      usage: '[OPTIONS] NETWORK CONTAINER',
      short: 'Connect a container to a network',
      arity: exactly(2),
      completes: ['network', 'container'],
      run: connect,
      options: [
        option('alias', '', 'strings', 'Add network-scoped alias for the container'),
        option('driver-opt', '', 'strings', 'driver options for the network'),
        option('ip', '', 'string', 'IPv4 address (e.g., "172.30.100.104")'),
        refusedOption('ip6', '', 'string', 'IPv6 address (e.g., "2001:db8::33")'),
        refusedOption('link', '', 'list', 'Add link to another container'),
        refusedOption('link-local-ip', '', 'strings', 'Add a link-local address for the container'),
      ],
    },
    {
      name: 'create',
      usage: '[OPTIONS] NETWORK',
      short: 'Create a network',
      arity: exactly(1),
      run: create,
      options: [
        option('attachable', '', 'bool', 'Enable manual container attachment'),
        option('aux-address', '', 'map', 'Auxiliary IPv4 or IPv6 addresses used by Network driver (default map[])'),
        refusedOption('config-from', '', 'string', 'The network from which to copy the configuration'),
        refusedOption('config-only', '', 'bool', 'Create a configuration only network'),
        option('driver', 'd', 'string', 'Driver to manage the Network (default "bridge")'),
        option('gateway', '', 'strings', 'IPv4 or IPv6 Gateway for the master subnet'),
        option('ingress', '', 'bool', 'Create swarm routing-mesh network'),
        option('internal', '', 'bool', 'Restrict external access to the network'),
        option('ip-range', '', 'strings', 'Allocate container ip from a sub-range'),
        refusedOption('ipam-driver', '', 'string', 'IP Address Management Driver (default "default")'),
        refusedOption('ipam-opt', '', 'map', 'Set IPAM driver specific options (default map[])'),
        refusedOption('ipv6', '', 'bool', 'Enable IPv6 networking'),
        option('label', '', 'list', 'Set metadata on a network', checkLabel),
        option('opt', 'o', 'map', 'Set driver specific options (default map[])'),
        option('scope', '', 'string', "Control the network's scope"),
        option('subnet', '', 'strings', 'Subnet in CIDR format that represents a network segment'),
      ],
    },
    {
      name: 'disconnect',
      usage: '[OPTIONS] NETWORK CONTAINER',
      short: 'Disconnect a container from a network',
      arity: exactly(2),
      completes: ['network', 'container'],
      run: disconnect,
      options: [option('force', 'f', 'bool', 'Force the container to disconnect from a network')],
    },
    {
      name: 'inspect',
      usage: '[OPTIONS] NETWORK [NETWORK...]',
      short: 'Display detailed information on one or more networks',
      arity: atLeast(1),
      completes: ['network'],
      run: inspect,
      options: [
        option('format', 'f', 'string', FORMAT_ONE),
        option('verbose', 'v', 'bool', 'Verbose output for diagnostics'),
      ],
    },
    {
      name: 'ls',
      aliases: ['list'],
      aliasLine: 'docker network ls, docker network list',
      usage: '[OPTIONS]',
      short: 'List networks',
      arity: NO_ARGUMENTS,
      run: ls,
      options: [
        option('filter', 'f', 'filter', 'Provide filter values (e.g. "driver=bridge")'),
        option('format', '', 'string', FORMAT_LIST),
        option('no-trunc', '', 'bool', 'Do not truncate the output'),
        option('quiet', 'q', 'bool', 'Only display network IDs'),
      ],
    },
    {
      name: 'prune',
      usage: '[OPTIONS]',
      short: 'Remove all unused networks',
      arity: NO_ARGUMENTS,
      run: prune,
      options: [
        option('filter', '', 'filter', 'Provide filter values (e.g. "until=<timestamp>")'),
        option('force', 'f', 'bool', 'Do not prompt for confirmation'),
      ],
    },
    {
      name: 'rm',
      aliases: ['remove'],
      aliasLine: 'docker network rm, docker network remove',
      usage: 'NETWORK [NETWORK...]',
      short: 'Remove one or more networks',
      arity: atLeast(1),
      completes: ['network'],
      run: rm,
      options: [option('force', 'f', 'bool', 'Do not error if the network does not exist')],
    },
  ],
};
