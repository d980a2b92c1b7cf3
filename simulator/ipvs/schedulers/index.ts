/** The schedulers, one line each. */
import type { IpvsScheduler } from '../scheduler.ts';
import { dh } from './dh.ts';
import { fo } from './fo.ts';
import { lc } from './lc.ts';
import { nq } from './nq.ts';
import { ovf } from './ovf.ts';
import { rr } from './rr.ts';
import { sed } from './sed.ts';
import { sh } from './sh.ts';
import { wlc } from './wlc.ts';
import { wrr } from './wrr.ts';

const SCHEDULERS: readonly IpvsScheduler[] = [rr, wrr, lc, wlc, sed, nq, sh, dh, fo, ovf];

/** Schedulers of Linux that are not emulated; tools refuse them in plain words. */
export const SCHEDULERS_NOT_EMULATED: readonly string[] = ['lblc', 'lblcr', 'mh', 'twos'];

const byName = new Map(SCHEDULERS.map((scheduler) => [scheduler.name, scheduler]));

/** The scheduler called `name`. */
export function schedulerByName(name: string): IpvsScheduler | undefined {
  return byName.get(name);
}
