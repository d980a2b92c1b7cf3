/** The command line of ping (iputils 20240905). */
import { getopt } from '../net/getopt.ts';

export interface PingOptions {
  target: string;
  count: number;
  /** Microseconds. */
  interval: number;
  linger: number;
  deadline: number;
  size: number;
  source: string;
  numeric: boolean;
  quiet: boolean;
  ttl: number;
  tos: number;
  mark: number;
  pmtuDiscovery: 'do' | 'want' | 'dont' | 'probe' | undefined;
  broadcast: boolean;
  timestamps: boolean;
  outstanding: boolean;
}

export interface PingRefusal {
  readonly text: string;
  readonly status: number;
}

const NOT_EMULATED = 'aABdCeFfHlLNpPrRTUvx36';

/** Reads the words after `ping`. */
export function parsePing(words: readonly string[]): PingOptions | PingRefusal {
  const parsed = getopt(words, { short: '4bc:DhI:i:M:m:nOQ:qs:t:VW:w:aABdC:e:FfHl:LN:p:P:rRT:Uvx36' });
  if (parsed.error !== undefined) return { text: `ping: ${parsed.error}\n${USAGE}`, status: 2 };
  const options: PingOptions = {
    target: parsed.operands[0] ?? '',
    count: 0,
    interval: 1_000_000,
    linger: 10_000_000,
    deadline: 0,
    size: 56,
    source: '',
    numeric: false,
    quiet: false,
    ttl: 0,
    tos: 0,
    mark: 0,
    pmtuDiscovery: undefined,
    broadcast: false,
    timestamps: false,
    outstanding: false,
  };
  for (const { name, value } of parsed.options) {
    if (NOT_EMULATED.includes(name)) return { text: `ping: option -${name} is not emulated here`, status: 2 };
    const refusal = apply(options, name, value);
    if (refusal !== undefined) return refusal;
  }
  if (options.target === '') return { text: 'ping: usage error: Destination address required', status: 2 };
  if (options.interval === 0) return { text: 'ping: a flood (-i 0) is not emulated here', status: 2 };
  if (parsed.operands.length > 1) return { text: 'ping: a route through several hosts is not emulated here', status: 2 };
  return options;
}

function apply(options: PingOptions, name: string, value: string): PingRefusal | undefined {
  const number = (low: number, high: number, limit: string, set: (parsed: number) => void): PingRefusal | undefined => {
    if (!/^[+-]?(0[xX][0-9a-fA-F]+|\d+)$/.test(value)) return { text: `ping: invalid argument: '${value}'`, status: 1 };
    const parsed = Number(value);
    if (parsed < low || parsed > high) return { text: `ping: invalid argument: '${value}': out of range: ${low} <= value <= ${limit}`, status: 1 };
    set(parsed);
    return undefined;
  };
  const time = (what: string, set: (micros: number) => void): PingRefusal | undefined => {
    if (!/^(\d+\.?\d*|\.\d+)$/.test(value)) return { text: `ping: ${what}: ${value}`, status: 2 };
    set(Math.round(Number(value) * 1e6));
    return undefined;
  };
  switch (name) {
    case 'c':
      return number(1, Number.MAX_SAFE_INTEGER, '9223372036854775807', (parsed) => (options.count = parsed));
    case 'i':
      return time('bad timing interval', (micros) => (options.interval = micros));
    case 'W':
      return time('bad linger time', (micros) => (options.linger = micros));
    case 'w':
      return number(0, 2147483647, '2147483647', (parsed) => (options.deadline = parsed * 1_000_000));
    case 's':
      return number(0, 65507, '65507', (parsed) => (options.size = parsed));
    case 't':
      return number(0, 255, '255', (parsed) => (options.ttl = parsed));
    case 'm':
      return number(0, 4294967295, '4294967295', (parsed) => (options.mark = parsed));
    case 'Q':
      return number(0, 255, '255', (parsed) => (options.tos = parsed));
    case 'M':
      if (value !== 'do' && value !== 'want' && value !== 'dont' && value !== 'probe') return { text: 'ping: invalid -M argument: ' + value, status: 2 };
      options.pmtuDiscovery = value;
      return undefined;
    case 'I':
      options.source = value;
      return undefined;
    case 'n':
      options.numeric = true;
      return undefined;
    case 'q':
      options.quiet = true;
      return undefined;
    case 'b':
      options.broadcast = true;
      return undefined;
    case 'D':
      options.timestamps = true;
      return undefined;
    case 'O':
      options.outstanding = true;
      return undefined;
    case 'V':
      return { text: 'ping from iputils 20240905', status: 0 };
    case 'h':
      return { text: USAGE, status: 2 };
    default:
      return undefined;
  }
}

const USAGE = `
Usage
  ping [options] <destination>

Options:
  <destination>      DNS name or IP address
  -4                 use IPv4
  -b                 allow pinging broadcast
  -c <count>         stop after <count> replies
  -D                 print timestamps
  -h                 print help and exit
  -I <interface>     either interface name or address
  -i <interval>      seconds between sending each packet
  -M <pmtud opt>     define path MTU discovery, can be one of <do|dont|want|probe>
  -m <mark>          tag the packets going out
  -n                 no reverse DNS name resolution
  -O                 report outstanding replies
  -Q <tclass>        use quality of service <tclass> bits
  -q                 quiet output
  -s <size>          use <size> as number of data bytes to be sent
  -t <ttl>           define time to live
  -V                 print version and exit
  -w <deadline>      reply wait <deadline> in seconds
  -W <timeout>       time to wait for response

For more details see ping(8).`;
