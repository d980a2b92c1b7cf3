/**
 * encrypted: what a probe sends over a network leaves the machines as ESP (RFC 4303), and never as plain VXLAN. Where the
 * engine refuses encrypted networks there is nothing to judge, and the check says so: one that passed would be a lie.
 */
import { z } from 'zod/mini';
import { PROTO_ESP } from '../../wire/packet.ts';
import { type Finding, kind } from '../finding.ts';
import { attempt, missing, run, traced } from '../look.ts';
import { packetText } from '../packets.ts';
import { place } from '../place.ts';
import { probe, type Probe, probeCommand, probeText } from '../probe.ts';

const VNI = '{{index .Options "com.docker.network.driver.overlay.vxlanid_list"}}';

export const encrypted = kind<{ on: string; network: string; probe: Probe }>({
  name: 'encrypted',
  about: "A probe's packets on this network leave the machines as ESP only. Where encryption is not emulated it waits.",
  params: () =>
    z.strictObject({
      /** A manager. */
      on: place,
      network: z.string(),
      probe,
    }),
  *run({ on, network, probe: sent }, scope) {
    const world = yield* scope.world(true);
    const gone = yield* missing(world, [sent.from]);
    if (gone !== undefined) return gone;
    const look = { on, command: `docker network inspect ${network}` };
    const common = { expected: 'ESP', values: { network, probe: probeText(sent) }, look };
    const tried = yield* attempt(world, on, 'docker network create -d overlay --opt encrypted is-it-emulated');
    if (tried.stderr.includes('not emulated'))
      return { ...common, level: 'wait', code: 'encrypted.not-emulated', found: '' };
    yield* run(world, on, 'docker network rm is-it-emulated');
    const { stdout } = yield* run(world, on, `docker network inspect -f '${VNI}' ${network}`);
    const vni = Number(stdout.trim() || NaN);
    if (Number.isNaN(vni)) return { ...common, level: 'fail', code: 'encrypted.no-network', found: '' };
    const { events } = yield* traced(world, sent.from, probeCommand(sent));
    const wire = events.filter((event) => event.kind === 'tx' && event.dev === 'eth0' && event.netns === 'host');
    const clear = wire.find(
      ({ packet }) => packet.inner !== null && packet.protocol !== PROTO_ESP && packet.vni === vni,
    );
    if (clear !== undefined)
      return {
        ...common,
        level: 'fail',
        code: 'encrypted.clear',
        found: packetText(clear.packet),
        look: { on: clear.host, command: 'tcpdump -ni eth0 udp port 4789' },
      };
    const hidden = wire.filter(({ packet }) => packet.protocol === PROTO_ESP).length;
    const code = hidden > 0 ? 'encrypted.esp' : 'encrypted.nothing';
    return { ...common, level: hidden > 0 ? 'pass' : 'fail', code, found: String(hidden) } satisfies Finding;
  },
});
