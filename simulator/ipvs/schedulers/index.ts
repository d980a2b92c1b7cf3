/** The schedulers, one line each. */
import type { IpvsScheduler } from '../scheduler.ts';
import { dh } from './dh.ts';
import { fo } from './fo.ts';
import { lblc } from './lblc.ts';
import { lblcr } from './lblcr.ts';
import { lc } from './lc.ts';
import { mh } from './mh.ts';
import { nq } from './nq.ts';
import { ovf } from './ovf.ts';
import { rr } from './rr.ts';
import { sed } from './sed.ts';
import { sh } from './sh.ts';
import { twos } from './twos.ts';
import { wlc } from './wlc.ts';
import { wrr } from './wrr.ts';

const SCHEDULERS: readonly IpvsScheduler[] = [rr, wrr, lc, wlc, lblc, lblcr, dh, sh, sed, nq, fo, ovf, mh, twos];

/** Their names, for completion. */
export const SCHEDULER_NAMES: readonly string[] = SCHEDULERS.map((scheduler) => scheduler.name);

const byName = new Map(SCHEDULERS.map((scheduler) => [scheduler.name, scheduler]));

/** The scheduler called `name`. */
export function schedulerByName(name: string): IpvsScheduler | undefined {
  return byName.get(name);
}
