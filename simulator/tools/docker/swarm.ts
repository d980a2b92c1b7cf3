/** `docker swarm …`: cli/command/swarm. Autolock, CA rotation and external CAs are not emulated. */
import type { Swarm } from '../../engine/api.ts';
import type { Blocking } from '../../process/program.ts';
import { eraOf, finish, value } from './client.ts';
import { atMost, exactly, NO_ARGUMENTS, type Call, type CommandSpec } from './command.ts';
import { Failure } from './failure.ts';
import { helpText } from './help.ts';
import { option, refusedOption, type OptionSpec } from './options.ts';
import { parseDuration } from './optionValues.ts';

const AVAILABILITIES = ['active', 'pause', 'drain'];

/** Adds the port of `[address]:port` where it is missing. */
function listenAddress(text: string): string {
  return text === '' ? '0.0.0.0:2377' : text.includes(':') ? text : `${text}:2377`;
}

function availability(call: Call): 'active' | 'pause' | 'drain' {
  const text = call.options.text('availability', 'active').toLowerCase();
  if (!AVAILABILITIES.includes(text))
    throw new Failure(`invalid availability ${JSON.stringify(text)}, only active, pause and drain are supported`);
  return text as 'active' | 'pause' | 'drain';
}

function* init(call: Call): Blocking<number> {
  const { api, options, ctx } = call;
  const node = yield* finish(
    call,
    api.swarmInit(
      {
        ListenAddr: listenAddress(options.text('listen-addr')),
        AdvertiseAddr: options.text('advertise-addr'),
        DataPathAddr: options.text('data-path-addr'),
        DataPathPort: options.number('data-path-port'),
        ForceNewCluster: options.flag('force-new-cluster'),
        DefaultAddrPool: options.items('default-addr-pool'),
        SubnetSize: options.number('default-addr-pool-mask-length'),
        Availability: availability(call),
        ...(options.has('task-history-limit')
          ? { Spec: { Orchestration: { TaskHistoryRetentionLimit: options.number('task-history-limit') } } }
          : {}),
      },
      ctx,
    ),
  );
  yield* ctx.out(`Swarm initialized: current node (${node}) is now a manager.\n\n`);
  yield* printJoinCommand(call, 'worker');
  yield* ctx.out(
    `To add a manager to this swarm, run 'docker swarm join-token manager' and follow the instructions.\n${eraOf(ctx).client.wording === '2025' ? '' : '\n'}`,
  );
  return 0;
}

function* printJoinCommand(call: Call, role: 'worker' | 'manager'): Blocking<void> {
  const swarm = value(call.api.swarmInspect());
  const self = value(call.api.nodeInspect(value(call.api.info()).Swarm.NodeID));
  const address = self.ManagerStatus?.Addr;
  if (address === undefined || address === '') return;
  const turn = eraOf(call.ctx).client.wording === '2017' ? ' \\\n    ' : ' ';
  yield* call.ctx.out(
    `To add a ${role} to this swarm, run the following command:\n\n    docker swarm join${turn}--token ${token(swarm, role)}${turn}${address}\n\n`,
  );
}

function token(swarm: Swarm, role: string): string {
  return role === 'worker' ? swarm.JoinTokens.Worker : swarm.JoinTokens.Manager;
}

function* join(call: Call): Blocking<number> {
  const { api, options, ctx, words } = call;
  yield* finish(
    call,
    api.swarmJoin(
      {
        ListenAddr: listenAddress(options.text('listen-addr')),
        AdvertiseAddr: options.text('advertise-addr'),
        DataPathAddr: options.text('data-path-addr'),
        RemoteAddrs: words,
        JoinToken: options.text('token'),
        Availability: availability(call),
      },
      ctx,
    ),
  );
  const manager = value(api.info()).Swarm.ControlAvailable;
  yield* ctx.out(`This node joined a swarm as a ${manager ? 'manager' : 'worker'}.\n`);
  return 0;
}

function* joinToken(call: Call): Blocking<number> {
  const { api, options, ctx } = call;
  const role = call.words[0] as string;
  if (role !== 'worker' && role !== 'manager') throw new Failure(`unknown role ${role}`);
  if (options.flag('rotate')) {
    const swarm = value(api.swarmInspect());
    yield* finish(
      call,
      api.swarmUpdate(swarm.Version.Index, swarm.Spec, {
        workerToken: role === 'worker',
        managerToken: role === 'manager',
      }),
    );
    if (!options.flag('quiet')) yield* ctx.out(`Successfully rotated ${role} join token.\n\n`);
  }
  const swarm = value(api.swarmInspect());
  if (options.flag('quiet')) yield* ctx.out(`${token(swarm, role)}\n`);
  else yield* printJoinCommand(call, role);
  return 0;
}

function* leave(call: Call): Blocking<number> {
  yield* finish(call, call.api.swarmLeave(call.options.flag('force')));
  yield* call.ctx.out('Node left the swarm.\n');
  return 0;
}

function* update(call: Call): Blocking<number> {
  const { api, options, ctx } = call;
  if (options.count === 0) {
    yield* ctx.out(helpText(call.path, call.command, ctx.tty?.columns ?? 80, () => true));
    return 0;
  }
  const swarm = value(api.swarmInspect());
  const spec = {
    ...swarm.Spec,
    ...(options.has('task-history-limit')
      ? { Orchestration: { TaskHistoryRetentionLimit: options.number('task-history-limit') } }
      : {}),
    ...(options.has('dispatcher-heartbeat')
      ? { Dispatcher: { HeartbeatPeriod: parseDuration(options.text('dispatcher-heartbeat')) ?? 0 } }
      : {}),
  };
  yield* finish(call, api.swarmUpdate(swarm.Version.Index, spec, { workerToken: false, managerToken: false }));
  yield* ctx.out('Swarm updated.\n');
  return 0;
}

function* unlockKey(call: Call): Blocking<number> {
  const key = value(call.api.swarmUnlockKey()).UnlockKey;
  if (key === '') throw new Failure('no unlock key is set');
  yield* call.ctx.out(`${key}\n`);
  return 0;
}

function* unlock(call: Call): Blocking<number> {
  const state = value(call.api.info()).Swarm.LocalNodeState;
  if (state === 'inactive') throw new Failure('Error: This node is not part of a swarm');
  if (state !== 'locked') throw new Failure('Error: swarm is not locked');
  throw new Failure(`${call.path} is not emulated here`);
}

function* ca(call: Call): Blocking<number> {
  const swarm = value(call.api.swarmInspect());
  const root = swarm.TLSInfo.TrustRoot ?? '';
  yield* call.ctx.out(`${root.trimEnd()}\n\n`);
  return 0;
}

const ADDRESSING = [
  option('advertise-addr', '', 'string', 'Advertised address (format: "<ip|interface>[:port]")'),
  option('availability', '', 'string', 'Availability of the node ("active", "pause", "drain") (default "active")'),
  option(
    'data-path-addr',
    '',
    'string',
    'Address or interface to use for data path traffic (format: "<ip|interface>")',
  ),
  option('listen-addr', '', 'node-addr', 'Listen address (format: "<ip|interface>[:port]") (default 0.0.0.0:2377)'),
];

export const swarmCommand: CommandSpec = {
  name: 'swarm',
  usage: 'COMMAND',
  short: 'Manage Swarm',
  children: [
    {
      name: 'ca',
      usage: '[OPTIONS]',
      short: 'Display and rotate the root CA',
      arity: NO_ARGUMENTS,
      shownOn: 'manager',
      run: ca,
      options: caOptions(),
    },
    {
      name: 'init',
      usage: '[OPTIONS]',
      short: 'Initialize a swarm',
      arity: NO_ARGUMENTS,
      run: init,
      options: [
        ...ADDRESSING,
        refusedOption(
          'autolock',
          '',
          'bool',
          'Enable manager autolocking (requiring an unlock key to start a stopped manager)',
        ),
        refusedOption(
          'cert-expiry',
          '',
          'duration',
          'Validity period for node certificates (ns|us|ms|s|m|h) (default 2160h0m0s)',
        ),
        option(
          'data-path-port',
          '',
          'uint32',
          'Port number to use for data path traffic (1024 - 49151). If no value is set or is set to 0, the default port (4789) is used.',
        ),
        option('default-addr-pool', '', 'ipNetSlice', 'default address pool in CIDR format (default [])'),
        option('default-addr-pool-mask-length', '', 'uint32', 'default address pool subnet mask length (default 24)'),
        refusedOption(
          'dispatcher-heartbeat',
          '',
          'duration',
          'Dispatcher heartbeat period (ns|us|ms|s|m|h) (default 5s)',
        ),
        refusedOption('external-ca', '', 'external-ca', 'Specifications of one or more certificate signing endpoints'),
        option('force-new-cluster', '', 'bool', 'Force create a new cluster from current state'),
        refusedOption('max-snapshots', '', 'uint', 'Number of additional Raft snapshots to retain'),
        refusedOption('snapshot-interval', '', 'uint', 'Number of log entries between Raft snapshots (default 10000)'),
        option('task-history-limit', '', 'int', 'Task history retention limit (default 5)'),
      ],
    },
    {
      name: 'join',
      usage: '[OPTIONS] HOST:PORT',
      short: 'Join a swarm as a node and/or manager',
      arity: exactly(1),
      run: join,
      options: [...ADDRESSING, option('token', '', 'string', 'Token for entry into the swarm')],
    },
    {
      name: 'join-token',
      usage: '[OPTIONS] (worker|manager)',
      short: 'Manage join tokens',
      arity: exactly(1),
      completes: ['role'],
      shownOn: 'manager',
      run: joinToken,
      options: [option('quiet', 'q', 'bool', 'Only display token'), option('rotate', '', 'bool', 'Rotate join token')],
    },
    {
      name: 'leave',
      usage: '[OPTIONS]',
      short: 'Leave the swarm',
      arity: NO_ARGUMENTS,
      shownOn: 'active',
      run: leave,
      options: [option('force', 'f', 'bool', 'Force this node to leave the swarm, ignoring warnings')],
    },
    { name: 'unlock', usage: '', short: 'Unlock swarm', arity: NO_ARGUMENTS, shownOn: 'active', run: unlock },
    {
      name: 'unlock-key',
      usage: '[OPTIONS]',
      short: 'Manage the unlock key',
      arity: NO_ARGUMENTS,
      shownOn: 'manager',
      run: unlockKey,
      options: [
        option('quiet', 'q', 'bool', 'Only display token'),
        refusedOption('rotate', '', 'bool', 'Rotate unlock key'),
      ],
    },
    {
      name: 'update',
      usage: '[OPTIONS]',
      short: 'Update the swarm',
      arity: atMost(0),
      shownOn: 'manager',
      run: update,
      options: [
        refusedOption('autolock', '', 'bool', 'Change manager autolocking setting (true|false)'),
        refusedOption(
          'cert-expiry',
          '',
          'duration',
          'Validity period for node certificates (ns|us|ms|s|m|h) (default 2160h0m0s)',
        ),
        option('dispatcher-heartbeat', '', 'duration', 'Dispatcher heartbeat period (ns|us|ms|s|m|h) (default 5s)'),
        refusedOption('external-ca', '', 'external-ca', 'Specifications of one or more certificate signing endpoints'),
        refusedOption('max-snapshots', '', 'uint', 'Number of additional Raft snapshots to retain'),
        refusedOption('snapshot-interval', '', 'uint', 'Number of log entries between Raft snapshots (default 10000)'),
        option('task-history-limit', '', 'int', 'Task history retention limit (default 5)'),
      ],
    },
  ],
};

function caOptions(): readonly OptionSpec[] {
  return [
    refusedOption(
      'ca-cert',
      '',
      'pem-file',
      'Path to the PEM-formatted root CA certificate to use for the new cluster',
    ),
    refusedOption('ca-key', '', 'pem-file', 'Path to the PEM-formatted root CA key to use for the new cluster'),
    refusedOption(
      'cert-expiry',
      '',
      'duration',
      'Validity period for node certificates (ns|us|ms|s|m|h) (default 2160h0m0s)',
    ),
    refusedOption('detach', 'd', 'bool', 'Exit immediately instead of waiting for the root rotation to converge'),
    refusedOption('external-ca', '', 'external-ca', 'Specifications of one or more certificate signing endpoints'),
    refusedOption('quiet', 'q', 'bool', 'Suppress progress output'),
    refusedOption(
      'rotate',
      '',
      'bool',
      'Rotate the swarm CA - if no certificate or key are provided, new ones will be generated',
    ),
  ];
}
