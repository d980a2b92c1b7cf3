/**
 * Identifiers as swarmkit and the engine make them. Mirrors swarmkit identity/randomid.go (17 random bytes, 25 base-36
 * digits), ca/config.go (join tokens) and moby pkg/stringid (64 hexadecimal digits).
 */
import type { RandomStream } from '../base/random.ts';

/** 25 base-36 digits: nodes, services, tasks, swarm networks, clusters. */
export function swarmId(random: RandomStream): string {
  return random.base36(25);
}

/** 64 hexadecimal digits: containers, sandboxes, endpoints, local networks. Never all digits in its short form. */
export function engineId(random: RandomStream): string {
  for (;;) {
    const id = random.hex(64);
    // A short id that is a number would break as host name (stringid.GenerateRandomID).
    if (!/^\d{12}/.test(id)) return id;
  }
}

/** `SWMTKN-1-<digest of the root CA>-<secret>`; the digest is the same for both roles. */
export function joinToken(digest: string, secret: string): string {
  return `SWMTKN-1-${digest}-${secret}`;
}

/** The two parts of a join token, or undefined when it is not one. */
export function parseJoinToken(token: string): { digest: string; secret: string } | undefined {
  const match = /^SWMTKN-1-([0-9a-z]{50})-([0-9a-z]{25})$/.exec(token);
  return match === null ? undefined : { digest: match[1] as string, secret: match[2] as string };
}
