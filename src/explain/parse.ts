/** What a hop says in machine words, taken apart once for all languages; see `describe` in simulator/trace/story.ts. */
import type { Hop } from '../../simulator/index.ts';

/** `source 10.0.0.1:5 → 10.0.0.2:5 by rule` */
export function natOf({ what }: Hop): { side: 'source' | 'destination'; after: string; by: string } | undefined {
  const [, side, after = '', by = ''] = /^(source|destination) \S+ → (\S+) by (\S+)/.exec(what) ?? [];
  return side === undefined ? undefined : { side: side as 'source' | 'destination', after, by };
}

/** `scheduled FWM  256 → 10.0.0.6:0 rr` */
export function ipvsOf({ what }: Hop): { how: string; service: string; server: string; scheduler: string } {
  const [, how = '', service = '', server = '', scheduler = ''] =
    /^(\w+) (.+?) → (\S*?)(?::0)? (\S*)$/.exec(what) ?? [];
  return { how, service: service.replace(/ +/g, ' '), server, scheduler };
}

/** `forward vxlan0 from veth0` */
export function bridgeOf({ what }: Hop): { decision: string; ports: readonly string[]; from: string } {
  const [, decision = '', ports = '', from = ''] = /^(\w+) ?(.*?) ?from (\S*)$/.exec(what) ?? [];
  return { decision, ports: ports === '' ? [] : ports.split(' '), from };
}

/** `vni 4096 to 192.168.56.12` of a wrapping, `vni 4096` of an unwrapping. */
export function tunnelOf({ what }: Hop): { vni: string; remote: string } {
  const [, vni = '', remote = ''] = /^vni (\d+)(?: to (\S+))?/.exec(what) ?? [];
  return { vni, remote };
}

/** `esp spi 0xcfab4099 seq 1 to 192.168.56.12` of IPsec; `remote` is empty where it is unwrapped. */
export function espOf({ what }: Hop): { spi: string; sequence: string; remote: string } | undefined {
  const [, spi, sequence = '', remote = ''] = /^esp spi (\S+) seq (\d+)(?: to (\S+))?/.exec(what) ?? [];
  return spi === undefined ? undefined : { spi, sequence, remote };
}

/** Where a rule leads, or which target it has. */
export function ruleOf({ rule, what }: Hop): { verdict: string; to: string; target: string } {
  const [verdict = '', to = ''] = what.split(' ');
  return { verdict, to, target: / -[jg] (\S+)/.exec(rule?.text ?? '')?.[1] ?? verdict };
}

/** `tcp LISTEN 0.0.0.0:80` */
export function socketOf({ where }: Hop): { protocol: string; state: string; at: string } | undefined {
  const [, protocol, state = '', at = ''] = /^(tcp|udp) (\S+) (\S+)$/.exec(where) ?? [];
  return protocol === undefined ? undefined : { protocol: protocol.toUpperCase(), state, at };
}
