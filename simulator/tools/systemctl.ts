/**
 * systemctl(1) of systemd 257, for one unit: docker.service.
 * Verbs: start, stop, restart, status, is-active, is-enabled. Deviations: no other unit is there, docker.socket neither (on a
 * machine that has it, the next client starts the daemon again); options are refused; status shows no journal.
 */
import { type Dockerd, daemonOf, PID_FILE } from '../engine/dockerd.ts';
import { strftime } from '../process/calendar.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../process/program.ts';
import { fail } from '../process/program.ts';

const UNIT = 'docker.service';
const VERBS = ['start', 'stop', 'restart', 'status', 'is-active', 'is-enabled'] as const;
type Verb = (typeof VERBS)[number];

function isVerb(word: string): word is Verb {
  return (VERBS as readonly string[]).includes(word);
}

/** `docker` is short for `docker.service`. */
function unitName(word: string): string {
  return word.includes('.') ? word : `${word}.service`;
}

/** *blocking* What a verb does to docker.service; its exit status. */
function* perform(ctx: ProgramContext, verb: Verb, daemon: Dockerd): Blocking<number> {
  switch (verb) {
    case 'stop':
    case 'restart':
      daemon.stop();
      while (daemon.alive) yield* ctx.wait([daemon.changed]);
      if (verb === 'restart') daemon.start(ctx.origin);
      return 0;
    case 'start':
      daemon.start(ctx.origin);
      return 0;
    case 'status':
      yield* ctx.out(statusText(ctx, daemon));
      return daemon.alive ? 0 : 3;
    case 'is-active':
      yield* ctx.out(daemon.alive ? 'active\n' : 'inactive\n');
      return daemon.alive ? 0 : 3;
    case 'is-enabled':
      yield* ctx.out('enabled\n');
      return 0;
  }
}

function statusText(ctx: ProgramContext, daemon: Dockerd): string {
  const head = (state: string): string => `${daemon.alive ? '●' : '○'} ${UNIT} - Docker Application Container Engine
     Loaded: loaded (/usr/lib/systemd/system/${UNIT}; enabled; preset: enabled)
     Active: ${state}
       Docs: https://docs.docker.com
`;
  const pid = ctx.fs.readText(PID_FILE);
  const process = ctx.host.processes().find((each) => pid.ok && String(each.pid) === pid.value);
  if (!daemon.alive || process === undefined) return head('inactive (dead)');
  const since = ctx.wallClock - ctx.now + process.startedAt;
  return `${head(`active (running) since ${strftime('%a %Y-%m-%d %H:%M:%S UTC', Math.floor(since / 1e6))}; ${span(ctx.wallClock - since)} ago`)}   Main PID: ${process.pid} (dockerd)
     CGroup: /system.slice/${UNIT}
             └─${process.pid} ${process.argv.join(' ')}
`;
}

/** format_timespan of systemd with two units: `1min 5s`, `2h 3min`. */
function span(micros: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['day', 86400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ];
  let left = Math.floor(micros / 1e6);
  if (left === 0) return `${Math.floor(micros / 1e3)}ms`;
  const words: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    left %= size;
    if (count > 0 && words.length < 2) words.push(unit === 'day' ? `${count} day${count > 1 ? 's' : ''}` : `${count}${unit}`);
  }
  return words.join(' ');
}

export const systemctlTool: Tool = {
  name: 'systemctl',
  summary: 'start and stop the Docker daemon (docker.service is the only unit here)',
  *main(ctx): Program {
    const [verb = '', ...names] = ctx.argv.slice(1);
    const option = ctx.argv.slice(1).find((word) => word.startsWith('-'));
    if (option !== undefined) return yield* fail(ctx, `systemctl: option ${option} is not emulated here`);
    if (verb === '') return yield* fail(ctx, `systemctl: only ${VERBS.join(', ')} of docker.service are emulated here`);
    if (!isVerb(verb)) return yield* fail(ctx, `systemctl: ${verb} is not emulated here, only ${VERBS.join(', ')} of docker.service`);
    if (names.length === 0) return yield* fail(ctx, 'Too few arguments.');
    const daemon = daemonOf(ctx.host);
    let status = 0;
    for (const name of names.map(unitName)) {
      if (name === UNIT && daemon !== undefined) status = (yield* perform(ctx, verb, daemon)) || status;
      else status = yield* unknown(ctx, verb, name);
    }
    return status;
  },
  complete(words) {
    const last = words.at(-1) ?? '';
    return (words.length <= 2 ? VERBS : ['docker', UNIT]).filter((word) => word.startsWith(last));
  },
};

/** *blocking* What each verb says of a unit that is not there. */
function* unknown(ctx: ProgramContext, verb: Verb, name: string): Blocking<number> {
  switch (verb) {
    case 'status':
      return yield* fail(ctx, `Unit ${name} could not be found.`, 4);
    case 'is-active':
      yield* ctx.out('inactive\n');
      return 4;
    case 'is-enabled':
      yield* ctx.out('not-found\n');
      return 4;
    case 'stop':
      return yield* fail(ctx, `Failed to stop ${name}: Unit ${name} not loaded.`, 5);
    default:
      return yield* fail(ctx, `Failed to ${verb} ${name}: Unit ${name} not found.`, 5);
  }
}
