/** What is fetched late is known by name from the start. */
import { expect, test } from 'vitest';
import { matchNamed, matches, RARE as RARE_MATCHES } from '../../simulator/netfilter/matches/index.ts';
import { rareMatches } from '../../simulator/netfilter/matches/rare.ts';
import { RARE as RARE_TARGETS, targetNamed, targets } from '../../simulator/netfilter/targets/index.ts';
import { rareTargets } from '../../simulator/netfilter/targets/rare.ts';

test('the names of rare matches and targets are those of their files', () => {
  expect(rareMatches().map(({ name }) => name)).toEqual(RARE_MATCHES);
  expect(rareTargets().map(({ name }) => name)).toEqual(RARE_TARGETS);
  for (const name of matches().keys()) expect(matchNamed(name)?.name).toBe(name);
  for (const name of targets().keys()) expect(targetNamed(name)?.name).toBe(name);
  expect(targetNamed('DOCKER-USER')).toBeUndefined();
});
