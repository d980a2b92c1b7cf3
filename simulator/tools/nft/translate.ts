/**
 * Rules of iptables-nft in the words of nft(8) 1.1, or of 0.9.8 (`2021`). Mirrors iptables/nft-shared.c (what is written as expressions of
 * nf_tables and so printed by nft itself) and the xlate functions of libxt_*.c (what stays an extension, which nft asks
 * libxtables about; one without such a function is shown as `xt match "NAME"`).
 * Deviations: byte order, sets and the like that iptables-nft never writes are not known here.
 */
import { formatIpv4, formatMac } from '../../base/address.ts';
import type { NftRelease } from '../../base/platform.ts';
import type { MatchUse, TargetUse } from '../../netfilter/extension.ts';
import { saveMask } from '../../netfilter/address.ts';
import { protocolName } from '../../netfilter/names.ts';
import type { RuleSpec } from '../../netfilter/rule.ts';

/** Data of an extension, read by field; the extension itself knows its type. */
type Fields = Readonly<Record<string, unknown>>;

/** Matches that iptables-nft writes as expressions; all others stay extensions. */
const NATIVE_MATCHES = new Set(['tcp', 'udp', 'mark', 'limit', 'comment']);
const NATIVE_TARGETS = new Set(['TRACE', 'NFLOG']);

/** Does the rule keep an extension, so that nft warns of the table? */
export function hasExtensions(spec: RuleSpec): boolean {
  return (
    spec.matches.some(({ extension }) => !NATIVE_MATCHES.has(extension.name)) ||
    (spec.target !== null && !NATIVE_TARGETS.has(spec.target.extension.name))
  );
}

/** One rule as `nft list` prints it, without indentation. */
export function translateRule(spec: RuleSpec, counters: string, manner: NftRelease['words'] = '2025'): string {
  return manner === '2025' ? translate2025(spec, counters) : translate2021(spec, counters);
}

/** 0.9.8 names devices first, keeps the dependency on a protocol, and leaves blanks behind some statements. */
function translate2021(spec: RuleSpec, counters: string): string {
  const words = [...deviceWords(spec)];
  if (spec.protocol !== 0) words.push(`meta l4proto ${not(spec.notProtocol)}${protocolName(spec.protocol)}`);
  words.push(...addressWords(spec));
  if (spec.fragment) words.push(`ip frag-off & 0x1fff ${spec.notFragment ? '==' : '!='} 0x0`);
  for (const use of spec.matches) {
    // What is asked of both ports has no words yet but the protocol's.
    const both = use.extension.name === 'multiport' && (use.data as Fields)['which'] === 'ports';
    const text = both ? protocolName(spec.protocol) : matchText(use).replaceAll('PROTOCOL', protocolName(spec.protocol));
    if (text !== '') words.push(text.replace(/^xt match "(.*)"$/, '# $1'));
  }
  words.push(counters);
  if (spec.jump !== '') words.push(verdictText(spec).replace(/^xt target "(.*)"$/, '# $1').replace(/^(masquerade|redirect|meta mark set 0x\w+)$/, '$1 '));
  return words.join(' ');
}

function addressWords(spec: RuleSpec): string[] {
  const words: string[] = [];
  if (spec.sourceMask !== 0) words.push(`ip saddr ${not(spec.notSource)}${address(spec.source, spec.sourceMask)}`);
  if (spec.destinationMask !== 0)
    words.push(`ip daddr ${not(spec.notDestination)}${address(spec.destination, spec.destinationMask)}`);
  return words;
}

function deviceWords(spec: RuleSpec): string[] {
  const words: string[] = [];
  if (spec.input !== '') words.push(`iifname ${not(spec.notInput)}"${spec.input.replace(/\+$/, '*')}"`);
  if (spec.output !== '') words.push(`oifname ${not(spec.notOutput)}"${spec.output.replace(/\+$/, '*')}"`);
  return words;
}

function translate2025(spec: RuleSpec, counters: string): string {
  const words = [...addressWords(spec), ...deviceWords(spec)];
  const implied = spec.matches.some(
    ({ extension, data }) =>
      (extension.name === 'tcp' || extension.name === 'udp') && portsText(extension.name, data as Fields) !== '',
  );
  if (spec.protocol !== 0 && (!implied || spec.notProtocol))
    words.push(`ip protocol ${not(spec.notProtocol)}${protocolName(spec.protocol)}`);
  if (spec.fragment) words.push(`ip frag-off & 0x1fff ${spec.notFragment ? '==' : '!='} 0x0`);
  for (const use of spec.matches) {
    const text = matchText(use).replaceAll('PROTOCOL', protocolName(spec.protocol));
    if (text !== '') words.push(text);
  }
  words.push(counters);
  if (spec.jump !== '') words.push(verdictText(spec));
  const comment = spec.matches.find(({ extension }) => extension.name === 'comment');
  if (comment !== undefined) words.push(`comment "${String((comment.data as Fields)['text'])}"`);
  return words.join(' ');
}

function not(invert: unknown): string {
  return invert === true ? '!= ' : '';
}

function address(value: number, mask: number): string {
  const prefix = saveMask(mask, false);
  return prefix.includes('.') ? `& ${prefix.slice(1)} == ${formatIpv4(value)}` : formatIpv4(value) + prefix;
}

const hex = (value: unknown): string => `0x${(Number(value) >>> 0).toString(16)}`;
const hex8 = (value: unknown): string => `0x${(Number(value) >>> 0).toString(16).padStart(8, '0')}`;

function range(min: unknown, max: unknown): string {
  return min === max ? String(min) : `${String(min)}-${String(max)}`;
}

const FLAGS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg'] as const;

function flagNames(bits: number): string {
  const names = FLAGS.filter((_, at) => bits & (1 << at));
  return names.length === 0 ? '0x0' : names.join(',');
}

/** tcp and udp: what of them compares something. */
function portsText(name: string, data: Fields): string {
  const words: string[] = [];
  for (const side of ['sport', 'dport'] as const) {
    const [min, max, invert] = [
      data[`${side}Min`],
      data[`${side}Max`],
      data[side === 'sport' ? 'notSport' : 'notDport'],
    ];
    if (min !== 0 || max !== 65535 || invert === true) words.push(`${name} ${side} ${not(invert)}${range(min, max)}`);
  }
  if (name === 'tcp' && Number(data['flagsMask']) !== 0) {
    words.push(
      `tcp flags ${not(data['notFlags'])}${flagNames(Number(data['flagsValue']))} / ${flagNames(Number(data['flagsMask']))}`,
    );
  }
  return words.join(' ');
}

function maskedMark(data: Fields): string {
  const whole = data['mask'] === 0xffffffff;
  const sign = data['invert'] === true ? '!=' : '==';
  return whole
    ? `${not(data['invert'])}${hex8(data['mark'])}`
    : `& ${hex8(data['mask'])} ${sign} ${hex8(data['mark'])}`;
}

function matchText({ extension, data }: MatchUse): string {
  const fields = data as Fields;
  const translate = MATCHES[extension.name];
  return translate === undefined ? `xt match "${extension.name}"` : translate(fields);
}

const STATES = ['invalid', 'new', 'related', 'established', 'untracked'] as const;
const STATUSES = ['expected', 'seen-reply', 'assured', 'confirmed'] as const;

function stateText(bits: number, invert: unknown): string {
  const names: string[] = STATES.filter((_, at) => bits & (1 << at));
  return names.length === 0 ? '' : `ct state ${not(invert)}${names.join(',')}`;
}

function conntrackText(data: Fields): string {
  const words: string[] = [];
  const states = Number(data['states']);
  if (stateText(states, data['notStates']) !== '') words.push(stateText(states, data['notStates']));
  if (states & 0x60)
    words.push(
      `ct status ${not(data['notStates'])}${['snat', 'dnat'].filter((_, at) => states & (32 << at)).join(',')}`,
    );
  if (Number(data['protocol']) >= 0)
    words.push(`ct original protocol ${not(data['notProtocol'])}${String(data['protocol'])}`);
  for (const one of data['addresses'] as readonly { where: string; address: number; mask: number; invert: boolean }[]) {
    const way = one.where.startsWith('ctorig') ? 'original' : 'reply';
    words.push(
      `ct ${way} ${one.where.endsWith('src') ? 'saddr' : 'daddr'} ${not(one.invert)}${address(one.address, one.mask)}`,
    );
  }
  for (const one of data['ports'] as readonly { where: string; min: number; max: number; invert: boolean }[]) {
    const way = one.where.startsWith('ctorig') ? 'original' : 'reply';
    words.push(
      `ct ${way} proto-${one.where.includes('src') ? 'src' : 'dst'} ${not(one.invert)}${range(one.min, one.max)}`,
    );
  }
  const status = Number(data['status']);
  if (status >= 0)
    words.push(
      `ct status ${not(data['notStatus'])}${STATUSES.filter((_, at) => status & (1 << at)).join(',') || 'none'}`,
    );
  if (Number(data['expireMin']) >= 0)
    words.push(`ct expiration ${not(data['notExpire'])}${range(data['expireMin'], data['expireMax'])}`);
  if (data['direction'] !== '') words.push(`ct direction ${String(data['direction']).toLowerCase()}`);
  return words.join(' ');
}

const ADDRESS_TYPES = [
  'unspec',
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
] as const;

function addrtypeText(data: Fields): string {
  const words: string[] = [];
  const device = data['limitIn'] === true ? ' . iif' : data['limitOut'] === true ? ' . oif' : '';
  for (const [key, what, invert] of [
    ['source', 'saddr', 'notSource'],
    ['destination', 'daddr', 'notDestination'],
  ] as const) {
    const names = ADDRESS_TYPES.filter((_, at) => Number(data[key]) & (1 << at));
    if (names.length === 0) continue;
    const list = names.length === 1 ? (names[0] as string) : `{ ${names.join(', ')} }`;
    words.push(`fib ${what}${device} type ${not(data[invert])}${list}`);
  }
  return words.join(' ');
}

function multiportText(data: Fields): string {
  const ranges = data['ranges'] as readonly (readonly [number, number])[];
  const shown = ranges.map(([min, max]) => range(min, max));
  if (data['which'] === 'ports') {
    const both = [...shown.map((one) => `0-65535 . ${one}`), ...shown.map((one) => `${one} . 0-65535`)];
    return `PROTOCOL sport . PROTOCOL dport ${not(data['invert'])}{ ${both.join(', ')} }`;
  }
  const what = data['which'] === 'sports' ? 'sport' : 'dport';
  return `PROTOCOL ${what} ${not(data['invert'])}${shown.length === 1 ? (shown[0] as string) : `{ ${shown.join(', ')} }`}`;
}

const ICMP_NAMES: Readonly<Record<number, string>> = {
  0: 'echo-reply',
  3: 'destination-unreachable',
  4: 'source-quench',
  5: 'redirect',
  8: 'echo-request',
  9: 'router-advertisement',
  10: 'router-solicitation',
  11: 'time-exceeded',
  12: 'parameter-problem',
  13: 'timestamp-request',
  14: 'timestamp-reply',
  17: 'address-mask-request',
  18: 'address-mask-reply',
};

function icmpText(data: Fields): string {
  const type = Number(data['type']);
  if (type === 255) return '';
  const whole = data['codeMin'] === 0 && data['codeMax'] === 255;
  const name = `icmp type ${not(data['invert'])}${ICMP_NAMES[type] ?? String(type)}`;
  return whole ? name : `${name} icmp code ${not(data['invert'])}${range(data['codeMin'], data['codeMax'])}`;
}

const LIMIT_UNITS = [
  ['second', 10_000],
  ['minute', 600_000],
  ['hour', 36_000_000],
  ['day', 864_000_000],
] as const;

function limitText(data: Fields): string {
  const average = Number(data['average']);
  const [name, unit] = LIMIT_UNITS.find(([, scale]) => average <= scale) ?? ['day', 864_000_000];
  return `limit rate ${Math.floor(unit / average)}/${name} burst ${String(data['burst'])} packets`;
}

function rangesText(data: Fields): string {
  const words: string[] = [];
  for (const [side, what] of [
    ['source', 'saddr'],
    ['destination', 'daddr'],
  ] as const) {
    const given = data[side] as { min: number; max: number; invert: boolean } | null | undefined;
    if (given !== null && given !== undefined)
      words.push(`ip ${what} ${not(given.invert)}${formatIpv4(given.min)}-${formatIpv4(given.max)}`);
  }
  return words.join(' ');
}

const TTL_SIGNS: Readonly<Record<string, string>> = { eq: '', ne: '!= ', lt: '< ', gt: '> ' };

const MATCHES: Readonly<Record<string, (data: Fields) => string>> = {
  tcp: (data) => portsText('tcp', data),
  udp: (data) => portsText('udp', data),
  sctp: (data) => portsText('sctp', data),
  comment: () => '',
  mark: (data) => `meta mark ${maskedMark(data)}`,
  connmark: (data) =>
    `ct mark ${data['mask'] === 0xffffffff ? not(data['invert']) + hex(data['mark']) : `& ${hex(data['mask'])} ${data['invert'] === true ? '!=' : '=='} ${hex(data['mark'])}`}`,
  conntrack: conntrackText,
  state: (data) => stateText(Number(data['states']), data['invert']),
  addrtype: addrtypeText,
  multiport: multiportText,
  icmp: icmpText,
  limit: limitText,
  iprange: rangesText,
  length: (data) => `meta length ${not(data['invert'])}${range(data['min'], data['max'])}`,
  ttl: (data) => `ip ttl ${TTL_SIGNS[String(data['mode'])] ?? ''}${String(data['ttl'])}`,
  pkttype: (data) => `meta pkttype ${not(data['invert'])}${data['type'] === 'unicast' ? 'host' : String(data['type'])}`,
  mac: (data) => `ether saddr ${not(data['invert'])}${formatMac(Number(data['mac']))}`,
  owner: (data) => `meta skuid ${not(data['invert'])}${range(data['uidMin'], data['uidMax'])}`,
  statistic: (data) =>
    data['mode'] === 'nth'
      ? `numgen inc mod ${String(data['every'])} ${not(data['invert'])}${String(data['packet'])}`
      : 'xt match "statistic"',
  dscp: (data) => `ip dscp ${not(data['invert'])}0x${Number(data['dscp']).toString(16).padStart(2, '0')}`,
};

function natText(what: string, data: Fields, ports: boolean): string {
  const { minAddress, maxAddress, minPort, maxPort } = data;
  let to = '';
  if (!ports && minAddress !== 0) {
    to = formatIpv4(Number(minAddress));
    if (maxAddress !== minAddress) to += `-${formatIpv4(Number(maxAddress))}`;
  }
  if (minPort !== 0) to += `:${range(minPort, maxPort)}`;
  const flags = [
    data['random'] === true ? 'random' : '',
    data['fullyRandom'] === true ? 'fully-random' : '',
    data['persistent'] === true ? 'persistent' : '',
  ].filter((flag) => flag !== '');
  return `${what}${to === '' ? '' : ` to ${to}`}${flags.length === 0 ? '' : ` ${flags.join(',')}`}`;
}

const REJECTS: Readonly<Record<string, string>> = {
  'icmp-net-unreachable': 'net-unreachable',
  'icmp-host-unreachable': 'host-unreachable',
  'icmp-proto-unreachable': 'prot-unreachable',
  'icmp-net-prohibited': 'net-prohibited',
  'icmp-host-prohibited': 'host-prohibited',
  'icmp-admin-prohibited': 'admin-prohibited',
};

function rejectText(data: Fields): string {
  const answer = String(data['answer']);
  if (answer === 'icmp-port-unreachable') return 'reject';
  return `reject with ${answer === 'tcp-reset' ? 'tcp reset' : `icmp ${REJECTS[answer] ?? answer}`}`;
}

const LOG_LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'] as const;

function logText(data: Fields): string {
  let text = 'log';
  if (data['prefix'] !== '') text += ` prefix "${String(data['prefix'])}"`;
  if (data['level'] !== 4) text += ` level ${LOG_LEVELS[Number(data['level'])] ?? 'warn'}`;
  const bits = Number(data['flags']);
  const tcp = [bits & 1 ? 'sequence' : '', bits & 2 ? 'options' : ''].filter((flag) => flag !== '');
  if (tcp.length > 0) text += ` flags tcp ${tcp.join(',')}`;
  if (bits & 4) text += ' flags ip options';
  if (bits & 8) text += ' flags skuid';
  if (bits & 32) text += ' flags ether';
  return text;
}

function markText(data: Fields): string {
  const [value, mask] = [Number(data['value']), Number(data['mask'])];
  const inverse = hex(~mask);
  if (mask === 0xffffffff) return `meta mark set ${hex(value)}`;
  if (value === 0) return `meta mark set mark and ${inverse}`;
  if (value === mask) return `meta mark set mark or ${hex(value)}`;
  return mask === 0 ? `meta mark set mark xor ${hex(value)}` : `meta mark set mark and ${inverse} xor ${hex(value)}`;
}

function connmarkText(data: Fields): string {
  const { mode, value, ctMask } = data;
  if (mode === 'save') return 'ct mark set mark';
  if (mode === 'restore') return 'meta mark set ct mark';
  return ctMask === 0xffffffff
    ? `ct mark set ${hex(value)}`
    : `ct mark set ct mark xor ${hex(value)} and ${hex(~Number(ctMask))}`;
}

const TARGETS: Readonly<Record<string, (data: Fields) => string>> = {
  DNAT: (data) => natText('dnat', data, false),
  SNAT: (data) => natText('snat', data, false),
  MASQUERADE: (data) => natText('masquerade', data, true),
  REDIRECT: (data) => natText('redirect', data, true),
  REJECT: rejectText,
  LOG: logText,
  NFLOG: (data) =>
    `log${data['prefix'] === '' ? '' : ` prefix "${String(data['prefix'])}"`} group ${String(data['group'])}${data['size'] === 0 ? '' : ` snaplen ${String(data['size'])}`}${data['threshold'] === 0 ? '' : ` queue-threshold ${String(data['threshold'])}`}`,
  MARK: markText,
  CONNMARK: connmarkText,
  NOTRACK: () => 'notrack',
  CT: (data) => (data['notrack'] === true ? 'notrack' : 'xt target "CT"'),
  TRACE: () => 'meta nftrace set 1',
  TCPMSS: (data) => `tcp option maxseg size set ${data['mss'] === 0 ? 'rt mtu' : String(data['mss'])}`,
};

const VERDICTS: Readonly<Record<string, string>> = { ACCEPT: 'accept', DROP: 'drop', RETURN: 'return' };

function verdictText(spec: RuleSpec): string {
  if (spec.target !== null) return targetText(spec.target);
  return VERDICTS[spec.jump] ?? `${spec.goto ? 'goto' : 'jump'} ${spec.jump}`;
}

function targetText({ extension, data }: TargetUse): string {
  const translate = TARGETS[extension.name];
  return translate === undefined ? `xt target "${extension.name}"` : translate(data as Fields);
}
