/** A probe: what a check sends to see what happens. Exactly one of ping, tcp, http and run. */
import { z } from 'zod/mini';
import { place } from './place.ts';

const address = z.string().check(z.regex(/^[\w.-]+$/, 'an address or a name'));

/** What to send, and from where. */
export const probe = z
  .strictObject({
    from: place,
    /** One ICMP echo to this address. */
    ping: z.optional(address),
    /** A TCP connection to ADDRESS:PORT. */
    tcp: z.optional(z.string().check(z.regex(/^[\w.-]+:\d+$/, 'ADDRESS:PORT'))),
    /** An HTTP request. */
    http: z.optional(z.string().check(z.regex(/^\S+$/, 'a URL'))),
    /** Any command line that sends something. */
    run: z.optional(z.string()),
    /** Octets of data, with `ping`; it must not be fragmented. */
    size: z.optional(z.number().check(z.int(), z.minimum(0), z.maximum(65507))),
    /** Seconds to wait for an answer. */
    seconds: z.optional(z.number().check(z.minimum(0.1), z.maximum(30))),
  })
  .check(
    z.refine(
      ({ ping, tcp, http, run }) => [ping, tcp, http, run].filter((one) => one !== undefined).length === 1,
      'exactly one of ping, tcp, http and run',
    ),
  );

export type Probe = z.infer<typeof probe>;

/** The command line of a probe. */
export function probeCommand({ ping, tcp, http, run, size, seconds = 3 }: Probe): string {
  if (ping !== undefined)
    return `ping -n -c1 -W${Math.ceil(seconds)}${size === undefined ? '' : ` -M do -s ${size}`} ${ping}`;
  if (tcp !== undefined) return `nc -zv -w ${Math.ceil(seconds)} ${tcp.replace(':', ' ')}`;
  if (http !== undefined) return `curl -sS --max-time ${seconds} ${http}`;
  return run ?? '';
}

/** What a probe asks for, in few words. */
export function probeText({ from, ping, tcp, http, run, size }: Probe): string {
  if (ping !== undefined) return `${from}: ping ${ping}${size === undefined ? '' : ` (${size})`}`;
  if (tcp !== undefined) return `${from}: TCP ${tcp}`;
  if (http !== undefined) return `${from}: GET ${http}`;
  return `${from}: ${run ?? ''}`;
}

/** The last line that says what came of a command: of ping the summary, else the last line of both streams. */
export function outcome(execution: {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number | undefined;
}): string {
  const lines = `${execution.stdout}\n${execution.stderr}`.split('\n').map((line) => line.trim());
  const told =
    lines.find((line) => /unreachable|too long|Operation not permitted/i.test(line)) ??
    lines.find((line) => /packet loss/.test(line)) ??
    lines.filter((line) => line !== '').at(-1);
  return told ?? (execution.exit === 0 ? 'exit 0' : `exit ${execution.exit ?? 'none'}, nothing printed`);
}
