/**
 * Who asked for a change of kernel state: kept on every rule, route, entry, device and socket that can be asked "why are you here?".
 */
export interface Origin {
  readonly by: 'kernel' | 'scenario' | 'command' | 'docker';
  /** What a person would read: the command line, the Docker object (`service whoami`, `network ingress`), the scenario's line. */
  readonly text: string;
  /** The terminal a command was typed into, e.g. `node1`. */
  readonly terminal?: string;
  /** Which command of that terminal it was, from 1. */
  readonly line?: number;
  /** Of what the kernel does by itself: which of its habits this is. */
  readonly habit?: KernelHabit;
  /** What in turn caused this, e.g. the `docker service create …` behind a service. */
  readonly cause?: Origin;
}

/** What a kernel does without being asked. Words for each are in src/explain. */
export const KERNEL_HABITS = [
  'loopback', // every namespace is born with lo and its addresses
  'rules', // … and with the rules for the tables local, main and default
  'tunnel', // a driver makes its device in every namespace when it is loaded
  'policy', // a base chain begins with policy ACCEPT
  'learned', // a device learns addresses from frames
  'own-address', // a bridge knows its own addresses and those of its ports
  'arp', // ARP asks, and keeps the answer
  'flood', // a bridge floods what it has no entry for
  'group', // … and broadcasts and multicasts, which it also takes itself
  'conntrack', // while some rule needs it, connection tracking looks at every packet
  'nat-port', // conntrack picks another port where two connections would look the same
  'no-route', // without a matching route there is no way
  'link', // a socket bound to a device may send to its link without a route
  'reply', // the kernel answers some packets by itself
  'protocol', // what the protocol asks for
  'drop', // some packets go no further; the text says for which reason
] as const;
export type KernelHabit = (typeof KERNEL_HABITS)[number];

/** Of test benches: nobody in particular. Nothing that a world makes has it. */
export const KERNEL_DEFAULT: Origin = { by: 'kernel', text: 'kernel default' };

const made = new Map<KernelHabit, Origin>();

/** The origin of what the kernel does by itself. The same object every time. */
export function kernelHabit(habit: KernelHabit): Origin {
  let origin = made.get(habit);
  if (origin === undefined) {
    origin = { by: 'kernel', text: habit, habit };
    made.set(habit, origin);
  }
  return origin;
}

/** The links of a chain, the nearest cause first. */
export function* causesOf(origin: Origin): Generator<Origin> {
  for (let link: Origin | undefined = origin; link !== undefined; link = link.cause) yield link;
}

/** Whether a chain ends where a person can begin: a command, a line of the scenario, a named habit of the kernel. */
export function isExplained(origin: Origin): boolean {
  const last = [...causesOf(origin)].at(-1) as Origin;
  if (last.text === '') return false;
  return last.by === 'kernel'
    ? last.habit !== undefined
    : last.by === 'scenario' || (last.by === 'command' && (last.terminal === undefined) === (last.line === undefined));
}
