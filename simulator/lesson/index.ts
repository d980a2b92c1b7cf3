/** Lessons as data: labs, their checks, and how they are judged. */
export type { CheckSpec, Finding, Level, Look } from './finding.ts';
export { type CheckResult, checkTasks, type TaskResult } from './grade.ts';
export type { Looking, Request } from './look.ts';
export { commandAt, hostOf } from './place.ts';
export { keyIn, type Question, sameAnswer } from './question.ts';
export { LabError, type LabFault, parseLab, type ReadLab } from './read.ts';
export { labJsonSchema } from './jsonschema.ts';
export { type Lab, type Step, type Task, type WrongAnswer } from './schema.ts';
export { type Line, linesOf, linesOfWrong } from './solution.ts';
export type { Text } from './text.ts';
