/** Entries of kernel tables that say how long they will last, in the outputs of ipvsadm, conntrack and /proc/net/ip_vs_conn. */

/** An entry that says how long it will last. */
export interface Countdown {
  readonly state: string;
  readonly client: string;
  /** The client's; 0 when it has none. */
  readonly port: number;
  /** Address and port that the client asked. */
  readonly service: string;
  /** Who answers. */
  readonly server: string;
  /** Seconds. */
  readonly left: number;
  readonly timeout: number;
}

/** Time-outs by state, seconds: of IPVS (ip_vs_proto_tcp.c) and of conntrack (nf_conntrack_proto_tcp.c). */
const IPVS_TIMEOUTS: Readonly<Record<string, number>> = {
  ESTABLISHED: 900,
  SYN_SENT: 120,
  SYN_RECV: 60,
  FIN_WAIT: 120,
  TIME_WAIT: 120,
  CLOSE: 10,
  CLOSE_WAIT: 60,
  LAST_ACK: 30,
  UDP: 300,
};
const CONNTRACK_TIMEOUTS: Readonly<Record<string, number>> = {
  SYN_SENT: 120,
  SYN_RECV: 60,
  ESTABLISHED: 432_000,
  FIN_WAIT: 120,
  CLOSE_WAIT: 60,
  LAST_ACK: 30,
  TIME_WAIT: 120,
  CLOSE: 10,
  'udp [UNREPLIED]': 30,
  'udp ': 30,
  'udp [ASSURED]': 120,
  'icmp ': 30,
  'icmp [UNREPLIED]': 30,
};

/** The countdowns in what `cmd` printed. */
export function countdownsIn(cmd: string, text: string): Countdown[] {
  const found: Countdown[] = [];
  const add = (entry: Omit<Countdown, 'timeout'>, timeout: number | undefined): void => {
    if (timeout !== undefined && entry.left <= timeout) found.push({ ...entry, timeout });
  };
  if (/\bipvsadm\b/.test(cmd)) {
    const rows = text.matchAll(/^(?:TCP|UDP) +(\d\d):(\d\d) +(\w+) +(\S+):(\w+) +(\S+) +(\S+)/gm);
    for (const [, minutes, seconds, state = '', client = '', port, service = '', server = ''] of rows) {
      const left = Number(minutes) * 60 + Number(seconds);
      add({ state, client, port: Number(port) || 0, service, server, left }, IPVS_TIMEOUTS[state]);
    }
  } else if (/\bip_vs_conn\b/.test(cmd)) {
    const rows = text.matchAll(/^(?:TCP|UDP) (\w{8}) (\w{4}) (\w{8} \w{4}) (\w{8} \w{4}) (\w+) +(\d+)/gm);
    for (const [, client = '', port = '', service = '', server = '', state = '', left] of rows)
      add({ state, client, port: parseInt(port, 16), service, server, left: Number(left) }, IPVS_TIMEOUTS[state]);
  } else if (/\bconntrack\b/.test(cmd)) {
    const rows = text.matchAll(
      /^(tcp|udp|icmp) +\d+ (\d+) (?:([A-Z_]+) )?src=(\S+) dst=(\S+) (?:sport=(\d+) dport=(\d+))?(.*)/gm,
    );
    for (const [, protocol = '', left, state, client = '', to = '', port = '0', service = '', rest = ''] of rows) {
      const flag = /\[(?:UNREPLIED|ASSURED)\]/.exec(rest)?.[0] ?? '';
      const server = /src=(\S+)/.exec(rest)?.[1] ?? '';
      const kind = state ?? `${protocol} ${flag}`;
      const entry = {
        state: kind,
        client,
        port: Number(port),
        service: `${to} ${service}`,
        server,
        left: Number(left),
      };
      add(entry, CONNTRACK_TIMEOUTS[kind]);
    }
  }
  return found;
}

/** By what does not depend on chance: state, client and what it asked. */
export function byKind(entries: readonly Countdown[]): Map<string, Countdown[]> {
  const groups = new Map<string, Countdown[]>();
  for (const entry of entries) {
    const key = `${entry.state} ${entry.client} ${entry.service}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return groups;
}
