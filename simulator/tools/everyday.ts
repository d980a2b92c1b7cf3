/** The everyday tools, one line each. */
import type { Tool } from '../process/program.ts';
import { awkTool, jqTool, sedTool } from './everyday/borrowed.ts';
import { catTool, lessTool, nlTool, revTool, tacTool } from './everyday/cat.ts';
import { columnTool, cutTool, pasteTool, trTool } from './everyday/cut.ts';
import { hexdumpTool, odTool, xxdTool } from './everyday/dump.ts';
import {
  chmodTool,
  cpTool,
  lnTool,
  mkdirTool,
  mktempTool,
  mvTool,
  readlinkTool,
  rmdirTool,
  rmTool,
  statTool,
  touchTool,
} from './everyday/files.ts';
import { findTool } from './everyday/find.ts';
import { grepTool } from './everyday/grep.ts';
import { headTool, tailTool } from './everyday/headtail.ts';
import { lsTool } from './everyday/ls.ts';
import { helpTool, manTool } from './everyday/man.ts';
import { mountTool, umountTool } from './everyday/mount.ts';
import { pgrepTool, pidofTool, psTool } from './everyday/ps.ts';
import { refusedTools } from './everyday/refused.ts';
import {
  busyboxTool,
  envTool,
  killTool,
  nohupTool,
  setsidTool,
  sudoTool,
  suTool,
  teeTool,
  watchTool,
  xargsTool,
} from './everyday/run.ts';
import { smallTools } from './everyday/small.ts';
import { sortTool, uniqTool } from './everyday/sort.ts';
import { sleepTool, timeoutTool } from './everyday/timeout.ts';
import { wcTool } from './everyday/wc.ts';

export const everydayTools: readonly Tool[] = [
  awkTool,
  busyboxTool,
  catTool,
  chmodTool,
  columnTool,
  cpTool,
  cutTool,
  envTool,
  findTool,
  grepTool,
  headTool,
  helpTool,
  hexdumpTool,
  jqTool,
  killTool,
  lessTool,
  lnTool,
  lsTool,
  manTool,
  mkdirTool,
  mktempTool,
  mountTool,
  mvTool,
  nlTool,
  nohupTool,
  odTool,
  pasteTool,
  pgrepTool,
  pidofTool,
  psTool,
  readlinkTool,
  revTool,
  rmdirTool,
  rmTool,
  sedTool,
  setsidTool,
  sleepTool,
  sortTool,
  statTool,
  suTool,
  sudoTool,
  tacTool,
  tailTool,
  teeTool,
  timeoutTool,
  touchTool,
  trTool,
  umountTool,
  uniqTool,
  watchTool,
  wcTool,
  xargsTool,
  xxdTool,
  ...smallTools,
  ...refusedTools,
];
