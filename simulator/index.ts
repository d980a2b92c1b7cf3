/** The simulator's only door: what the site and the headless face may use. */
export { createWorld, replayWorld, SetupError, World, WorldTrace } from './lab/world.ts';
export type { Execution, InputEvent, TerminalPort, WorldOptions } from './lab/world.ts';
export { checkScenario, parseScenario, ScenarioError } from './lab/scenario.ts';
export type { Scenario } from './lab/scenario.ts';
export { DEFAULT_ENGINE, ENGINES } from './eras/index.ts';
export type { Externals } from './process/external.ts';
export { MICROSECOND, MILLISECOND, SECOND } from './base/scheduler.ts';
export type { Hop, HopFields, Story, StoryPacket, StorySummary } from './trace/story.ts';
export type { Dice } from './swarm/dice.ts';
export type { Chance, Sample } from './base/chance.ts';
export type { HookName, TraceEvent } from './trace/event.ts';
export type { CapturePlace } from './lab/capture.ts';
export type { NamespaceTables, TableGroup, TableKind, TableRow } from './lab/tables.ts';
export type { MapChain, MapDevice, MapHost, MapNamespace } from './lab/topology.ts';
export type { RuleVerdict } from './netfilter/whynot.ts';
export { SimulatorBug } from './base/assert.ts';
export type { KernelHabit, Origin } from './base/origin.ts';
