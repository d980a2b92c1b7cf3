/** Every kind of check there is. Adding one is a file beside this one and a line here. */
import type { CheckKind } from '../finding.ts';
import { answer } from './answer.ts';
import { balanced } from './balanced.ts';
import { after, all, any, not, survives } from './combine.ts';
import { link, namespace } from './devices.ts';
import { encrypted } from './encrypted.ts';
import { http } from './http.ts';
import { ipvs } from './ipvs.ts';
import { mark, nat, neverOnWire, passesThrough } from './packets.ts';
import { reachable, unreachable } from './reach.ts';
import { resolves } from './resolves.ts';
import { rule, ruleMatched } from './rules.ts';
import { serviceState } from './swarm.ts';
import { conntrack, fdb, neighbour, route } from './tables.ts';

export const CHECK_KINDS: readonly CheckKind[] = [
  reachable,
  unreachable,
  http,
  resolves,
  balanced,
  rule,
  ruleMatched,
  mark,
  nat,
  route,
  neighbour,
  fdb,
  ipvs,
  conntrack,
  namespace,
  link,
  serviceState,
  passesThrough,
  neverOnWire,
  encrypted,
  survives,
  after,
  answer,
  all,
  any,
  not,
];
