/**
 * A scenario: the world a lab starts from, as data. It is declarative so that a link from a stranger cannot run code;
 * `setup` holds command lines, which run in the emulated machines only.
 */
import { z } from 'zod/mini';
import { parseDocument } from 'yaml';
import { parseCidr, parseMac } from '../base/address.ts';
import { bugProblem, bugSchema } from './bugs/index.ts';
import { faultProblem, faultSchema } from './faults/index.ts';
import { DEFAULT_ENGINE, ENGINES } from '../eras/index.ts';

const name = z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'letters, digits and dashes, at most 31'));
const cidr = z.string().check(z.refine((text) => parseCidr(text) !== undefined, 'an IPv4 address with a prefix, as 192.168.56.11/24'));
const mac = z.string().check(z.refine((text) => parseMac(text) !== undefined, 'six octets, as 08:00:27:38:00:11'));

const machine = z.strictObject({
  name,
  address: cidr,
  mac: z.optional(mac),
  docker: z._default(z.boolean(), false),
  /** Docker era of this machine, where it is not the scenario's: a swarm in the middle of an upgrade. */
  engine: z.optional(z.enum(ENGINES)),
  /** Index of eth0, where it is not the first after lo. */
  ifindex: z.optional(z.number().check(z.int(), z.minimum(2))),
  /** Where eth0 sits, as `ip -d link` says: `virtio/virtio3`. */
  bus: z.optional(z.string()),
});

const service = z.strictObject({
  name: z.string(),
  image: z.string(),
  replicas: z._default(z.number().check(z.int(), z.nonnegative(), z.maximum(1000)), 1),
  /** `PUBLISHED:TARGET`, as `-p`. */
  publish: z._default(z.array(z.string().check(z.regex(/^\d+:\d+(\/(tcp|udp))?$/, 'PUBLISHED:TARGET'))), []),
  networks: z._default(z.array(z.string()), []),
  command: z._default(z.array(z.string()), []),
});

/** Commands to run on a machine. */
export const step = z.strictObject({ on: name, run: z.string() });

/** What is wrong with the world from the start, or from some moment on. */
export const fault = z.lazy(() => faultSchema);

/** The schema of a scenario; {@link checkScenario} also looks whether its names mean something. */
export const scenarioSchema = z.strictObject({
  name,
  title: z.string(),
  /** Docker era. */
  engine: z._default(z.enum(ENGINES), DEFAULT_ENGINE),
  /** What the machines have beside the usual: `rig`, the test programs of the recordings. */
  equipment: z.optional(z.literal('rig')),
  seed: z._default(z.number().check(z.int(), z.nonnegative()), 1),
  machines: z.array(machine).check(z.minLength(1), z.maxLength(200)),
  swarm: z.optional(z.strictObject({ managers: z.array(name).check(z.minLength(1)), workers: z._default(z.array(name), []) })),
  networks: z._default(z.array(z.strictObject({ name: z.string(), driver: z._default(z.string(), 'overlay'), attachable: z._default(z.boolean(), false), subnet: z.optional(cidr) })), []),
  services: z._default(z.array(service), []),
  setup: z._default(z.array(step), []),
  faults: z.optional(z.array(fault)),
  /** Reproductions of documented faults, each named as in simulator/lab/bugs. */
  bugs: z.optional(z.array(z.lazy(() => bugSchema))),
});

export type Scenario = z.infer<typeof scenarioSchema>;

/** A scenario that cannot be used. `message` names the place and the way out. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

/** Reads a scenario from YAML text. Throws {@link ScenarioError} with line and field of the first fault. */
export function parseScenario(text: string): Scenario {
  const document = parseDocument(text, { prettyErrors: true });
  const [fault] = document.errors;
  if (fault !== undefined) throw new ScenarioError(`The scenario is not YAML: ${fault.message.split('\n')[0] ?? ''}`);
  return checkScenario(document.toJS() as unknown);
}

/** Checks a scenario given as data. Throws {@link ScenarioError}. */
export function checkScenario(value: unknown): Scenario {
  const result = z.safeParse(scenarioSchema, value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const place = issue?.path.map(String).join('.') ?? '';
    throw new ScenarioError(`The scenario has a fault at ${place === '' ? 'its top' : place}: ${issue?.message ?? 'unknown'}`);
  }
  return checkReferences(result.data);
}

/** Names that must mean something: machines of steps and of the swarm. */
function checkReferences(data: Scenario): Scenario {
  const names = new Set<string>();
  for (const [index, { name: own }] of data.machines.entries()) {
    if (names.has(own)) throw new ScenarioError(`The scenario has a fault at machines.${index}.name: ${own} stands twice`);
    names.add(own);
  }
  const docker = new Set(data.machines.filter((one) => one.docker).map((one) => one.name));
  const members = [...(data.swarm?.managers ?? []), ...(data.swarm?.workers ?? [])];
  for (const member of members) if (!docker.has(member)) throw new ScenarioError(`The scenario has a fault at swarm: ${member} is no machine with docker: true`);
  data.setup.forEach(({ on }, index) => {
    if (!names.has(on)) throw new ScenarioError(`The scenario has a fault at setup.${index}.on: there is no machine ${on}`);
  });
  for (const [index, fault] of (data.faults ?? []).entries()) {
    const problem = faultProblem(fault, [...names], [...docker]);
    if (problem !== undefined) throw new ScenarioError(`The scenario has a fault at faults.${[index, ...problem.path].map(String).join('.')}: ${problem.message}`);
  }
  for (const [index, bug] of (data.bugs ?? []).entries()) {
    const problem = bugProblem(bug, [...names]);
    if (problem !== undefined) throw new ScenarioError(`The scenario has a fault at bugs.${index}.${problem.name}.on: ${problem.message}`);
  }
  if (data.services.length > 0 && data.swarm === undefined) throw new ScenarioError('The scenario has a fault at services: services need a swarm');
  return data;
}
