// Time: how soon an earlier instant of a long session is shown, and how soon a session is brought back. What is shown is
// compared with what was there when it was typed; a difference ends the measurement.
import { parseScenario, SECOND, type InputEvent } from '../../simulator/index.ts';
import type { Instant } from '../../src/lab/instant.ts';
import { packLog } from '../../src/lab/log-codec.ts';
import { makeLink } from '../../src/lab/link.ts';
import { Player } from '../../src/lab/player.ts';
import { LabSession } from '../../src/lab/session.ts';
import type { Wall } from '../../src/lab/clock.ts';
import type { Metrics } from './engine.ts';

/** Inputs of the long session: keys, one by one. */
const INPUTS = 10_000;
/** Commands of the ordinary one. */
const COMMANDS = 200;
/** Instants at which what is shown is kept for comparing, and moves measured. */
const INSTANTS = 60;

const LINES = [
  'curl 127.0.0.1:8000',
  'docker service ls',
  'ip a',
  'ip route',
  'iptables -t nat -nvL',
  'docker ps',
  'ping -c 2 192.168.56.12',
  'ip neigh',
  'cat /etc/hosts',
  'ss -ltn',
  'nsenter --net=/var/run/docker/netns/ingress_sbox ipvsadm -ln',
  'docker network ls',
];
const HOSTS = ['node1', 'node2', 'client', 'node3'];

interface Stage {
  readonly at: Instant;
  readonly shows: string;
}

/** A seeded source of numbers from 0 to below 1. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

/** What the terminals show, and how much has happened. */
function shows(session: LabSession): string {
  const texts = session.terminals().map(({ id }) => session.takeScreen(id));
  return `${session.world.executed} ${session.world.trace.sequence} ${texts.join('')}`;
}

/** Types a session key by key, with pauses between commands. */
function type(session: LabSession, enough: (inputs: number, commands: number) => boolean): Stage[] {
  const random = dice(12345);
  const { world } = session;
  const ids = HOSTS.map((host) => session.open(host, { columns: 80, rows: 24 }));
  const stages: Stage[] = [];
  world.run(world.now + SECOND);
  for (let commands = 0; !enough(world.inputLog.length, commands); commands++) {
    const id = ids[Math.floor(random() * ids.length)]!;
    for (const key of `${LINES[Math.floor(random() * LINES.length)]!}\r`) {
      session.input(id, key);
      world.run(world.now + Math.floor((0.08 + random() * 0.12) * SECOND));
    }
    world.run(world.now + Math.floor(random() * 3 * SECOND));
    if (commands % 10 === 0) stages.push({ at: session.instant, shows: shows(session) });
  }
  return stages;
}

/** The process's own wall. Nothing else runs, so that `tend` is called by hand. */
const wall: Wall = {
  now: () => performance.now(),
  after: () => () => undefined,
  soon: (task) => void setImmediate(task),
};

function playerOf(text: string, typed: LabSession): Player {
  const scenario = parseScenario(text);
  const make = (_: number | undefined, replica: boolean) => new LabSession(scenario, { replica });
  const nothing = (): void => undefined;
  const fresh = make(undefined, true).instant;
  const { inputLog } = typed.world;
  const branch = { id: 1, from: fresh, cause: 'start' as const, log: [...inputLog], end: typed.instant };
  return new Player(
    typed,
    { wall, make, slice: nothing, shown: nothing, changed: nothing },
    { branches: [branch], current: 1 },
  );
}

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
const median = (values: readonly number[]): number => sorted(values)[values.length >> 1]!;
const p95 = (values: readonly number[]): number => sorted(values)[Math.floor(values.length * 0.95)]!;

export async function timeMetrics(text: string): Promise<Metrics> {
  const scenario = parseScenario(text);
  const typed = new LabSession(scenario);
  const stages = type(typed, (inputs) => inputs >= INPUTS);
  const player = playerOf(text, typed);
  const built = performance.now();
  while (player.replicas.tend(() => false));
  const tended = performance.now() - built;
  const random = dice(99);
  const pick = (): Stage => stages[Math.floor(random() * stages.length)]!;

  const calm: number[] = [];
  for (let count = 0; count < INSTANTS; count++) {
    calm.push(await moveTo(player, pick()));
    while (player.replicas.tend(() => false));
  }
  const hasty: number[] = [];
  for (let count = 0; count < INSTANTS; count++) hasty.push(await moveTo(player, pick()));

  const short = new LabSession(scenario);
  type(short, (_, commands) => commands >= COMMANDS);
  const { inputLog } = short.world;
  const restores = [1, 2, 3].map(() => restoreMilliseconds(text, inputLog, short));
  const link = await makeLink({ log: inputLog, now: short.now, place: { lab: 'routing-mesh', build: 'x' } });
  return {
    rewind_inputs: typed.world.inputLog.length,
    rewind_ms_median: median(calm),
    rewind_ms_p95: p95(calm),
    rewind_hasty_ms_median: median(hasty),
    rewind_replicas: player.replicas.positions.length,
    rewind_replicas_ms: tended,
    restore_200_commands_ms: median(restores),
    restore_10000_inputs_ms: restoreMilliseconds(text, typed.world.inputLog, typed),
    kept_bytes_per_input: JSON.stringify(packLog(typed.world.inputLog)).length / typed.world.inputLog.length,
    link_200_commands_bytes: link.length,
  };
}

/** Milliseconds until an instant is on show. Throws when it shows something else than it did. */
async function moveTo(player: Player, { at, shows: before }: Stage): Promise<number> {
  const began = performance.now();
  await player.request({ do: 'seek', target: at });
  const took = performance.now() - began;
  if (shows(player.session) !== before) throw new Error(`the instant ${at.at} is not shown as it was`);
  return took;
}

/** Milliseconds from nothing to a world that has been brought back. */
function restoreMilliseconds(text: string, log: readonly InputEvent[], typed: LabSession): number {
  const scenario = parseScenario(text);
  const began = performance.now();
  const session = new LabSession(scenario, { replica: true }); // as a page does; what packets did is recollected afterwards
  session.follow(log);
  while (!session.playTo(typed.instant, 20_000));
  const took = performance.now() - began;
  if (session.world.executed !== typed.world.executed) throw new Error('the session was not brought back as it was');
  return took;
}
