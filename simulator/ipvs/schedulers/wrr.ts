/**
 * Weighted round robin: rounds with a falling threshold, so that a server of weight n comes n times in a cycle.
 * Mirrors net/netfilter/ipvs/ip_vs_wrr.c.
 */
import type { IpvsScheduler } from '../scheduler.ts';
import type { IpvsService, RealServer } from '../service.ts';

/** struct ip_vs_wrr_mark */
interface Mark {
  /** The server used last, null for the list's head. */
  last: RealServer | null;
  /** Current weight, greatest weight, and the step between two rounds. */
  current: number;
  greatest: number;
  step: number;
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

function measure(service: IpvsService, mark: Mark): void {
  let step = 0;
  let greatest = 0;
  for (const server of service.destinations) {
    if (server.weight > 0) step = gcd(step, server.weight);
    if (server.weight > greatest) greatest = server.weight;
  }
  mark.last = null;
  mark.step = step === 0 ? 1 : step;
  mark.greatest = greatest - (mark.step - 1);
}

function changed(service: IpvsService): void {
  const mark = service.schedulerData as Mark;
  measure(service, mark);
  if (mark.current > mark.greatest || mark.current === 0) mark.current = mark.greatest;
  else if (mark.step > 1) mark.current = Math.floor(mark.current / mark.step) * mark.step + 1;
}

export const wrr: IpvsScheduler = {
  name: 'wrr',
  init(service) {
    const mark: Mark = { last: null, current: 0, greatest: 0, step: 1 };
    measure(service, mark);
    mark.current = mark.greatest;
    service.schedulerData = mark;
  },
  changed,
  removed: changed,
  schedule(service) {
    const { destinations } = service;
    const mark = service.schedulerData as Mark;
    if (mark.greatest <= 0) return null;
    let at = mark.last === null ? -1 : destinations.indexOf(mark.last);
    // Every threshold once, and once more for the part of the first round before `at`.
    const rounds = Math.ceil(mark.greatest / mark.step) + 1;
    for (let round = 0; round <= rounds; round++) {
      for (at++; at < destinations.length; at++) {
        const server = destinations[at];
        if (server.overloaded || server.weight < mark.current) continue;
        mark.last = server;
        return server;
      }
      at = -1;
      mark.current -= mark.step;
      if (mark.current <= 0) mark.current = mark.greatest;
    }
    return null;
  },
};
