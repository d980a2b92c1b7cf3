/** curl's command line, as far as it is emulated (man 1 curl, 8.14.1). */
export interface CurlOptions {
  urls: string[];
  silent: boolean;
  showError: boolean;
  verbose: boolean;
  include: boolean;
  head: boolean;
  fail: 'no' | 'error' | 'body';
  follow: boolean;
  maxRedirects: number;
  outputs: string[];
  remoteNames: boolean;
  dumpHeader: string;
  writeOut: string;
  /** Seconds, 0 for none. */
  maxTime: number;
  connectTimeout: number;
  method: string;
  headers: string[];
  data: string | undefined;
  dataAsQuery: boolean;
  /** '': curl's own. */
  userAgent: string;
  family: 0 | 4 | 6;
  interface: string;
  localPort: number;
  resolve: string[];
  http10: boolean;
  keepAliveTime: number;
  noKeepAlive: boolean;
  noProgress: boolean;
  retry: number;
  retryDelay: number;
  retryRefused: boolean;
  user: string;
  globOff: boolean;
}

/** A refusal of the command line: the text, without `curl: `, and the exit status. */
export interface CurlRefusal {
  readonly text: string;
  readonly status: number;
}

type Apply = (options: CurlOptions, value: string) => string | undefined;

interface Definition {
  readonly long: string;
  readonly short?: string;
  readonly value?: boolean;
  readonly apply: Apply;
}

const flag = (long: string, short: string, apply: (options: CurlOptions) => void): Definition => ({
  long,
  ...(short !== '' ? { short } : {}),
  apply: (options) => void apply(options),
});

const value = (long: string, short: string, apply: Apply): Definition => ({ long, ...(short !== '' ? { short } : {}), value: true, apply });

const seconds =
  (set: (options: CurlOptions, number: number) => void): Apply =>
  (options, text) => {
    if (!/^\d*\.?\d+$/.test(text)) return 'expected a proper numerical parameter';
    set(options, Number(text));
    return undefined;
  };

const DEFINITIONS: readonly Definition[] = [
  flag('silent', 's', (o) => (o.silent = true)),
  flag('show-error', 'S', (o) => (o.showError = true)),
  flag('verbose', 'v', (o) => (o.verbose = true)),
  flag('include', 'i', (o) => (o.include = true)),
  flag('show-headers', '', (o) => (o.include = true)),
  flag('head', 'I', (o) => (o.head = true)),
  flag('fail', 'f', (o) => (o.fail = 'error')),
  flag('fail-with-body', '', (o) => (o.fail = 'body')),
  flag('location', 'L', (o) => (o.follow = true)),
  flag('remote-name', 'O', (o) => (o.remoteNames = true)),
  flag('get', 'G', (o) => (o.dataAsQuery = true)),
  flag('ipv4', '4', (o) => (o.family = 4)),
  flag('ipv6', '6', (o) => (o.family = 6)),
  flag('globoff', 'g', (o) => (o.globOff = true)),
  flag('no-buffer', 'N', () => undefined),
  flag('http1.0', '0', (o) => (o.http10 = true)),
  flag('http1.1', '', (o) => (o.http10 = false)),
  flag('no-keepalive', '', (o) => (o.noKeepAlive = true)),
  flag('no-progress-meter', '', (o) => (o.noProgress = true)),
  flag('retry-connrefused', '', (o) => (o.retryRefused = true)),
  value('output', 'o', (o, text) => void o.outputs.push(text)),
  value('dump-header', 'D', (o, text) => void (o.dumpHeader = text)),
  value('write-out', 'w', (o, text) => void (o.writeOut = text)),
  value('max-time', 'm', seconds((o, number) => (o.maxTime = number))),
  value('connect-timeout', '', seconds((o, number) => (o.connectTimeout = number))),
  value('keepalive-time', '', seconds((o, number) => (o.keepAliveTime = number))),
  value('max-redirs', '', seconds((o, number) => (o.maxRedirects = number))),
  value('retry', '', seconds((o, number) => (o.retry = number))),
  value('retry-delay', '', seconds((o, number) => (o.retryDelay = number))),
  value('request', 'X', (o, text) => void (o.method = text)),
  value('header', 'H', (o, text) => void o.headers.push(text)),
  value('data', 'd', addData),
  value('data-ascii', '', addData),
  value('data-raw', '', addData),
  value('data-binary', '', addData),
  value('user-agent', 'A', (o, text) => void (o.userAgent = text)),
  value('user', 'u', (o, text) => void (o.user = text)),
  value('referer', 'e', (o, text) => void o.headers.push(`Referer: ${text}`)),
  value('interface', '', (o, text) => void (o.interface = text)),
  value('local-port', '', seconds((o, number) => (o.localPort = number))),
  value('resolve', '', (o, text) => void o.resolve.push(text)),
  value('url', '', (o, text) => void o.urls.push(text)),
];

/** Options of the real program that are known and not emulated; those that take a value, with `=`. */
const NOT_EMULATED: readonly string[] =
  'insecure,k cacert= cert=,E cookie=,b cookie-jar=,c compressed config=,K proxy=,x form=,F upload-file=,T range=,r continue-at=,C parallel,Z limit-rate= location-trusted http2 http3 tlsv1.2 tlsv1.3 json= netrc,n noproxy= progress-bar,# quote=,Q socks5= trace= trace-ascii= unix-socket= create-dirs connect-to= data-urlencode= dns-servers= digest basic next,: path-as-is tcp-nodelay speed-limit=,Y speed-time=,y time-cond=,z remote-time,R version,V help,h manual,M append,a proxytunnel,p stderr='.split(
    ' ',
  );

function addData(options: CurlOptions, text: string): string | undefined {
  if (text.startsWith('@')) return 'reading data from a file is not emulated here';
  options.data = options.data === undefined ? text : `${options.data}&${text}`;
  return undefined;
}

const HINT = "curl: try 'curl --help' or 'curl --manual' for more information";

/** Reads the words after `curl`. */
export function parseCurl(words: readonly string[]): CurlOptions | CurlRefusal {
  const options = defaults();
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word.startsWith('--') && word !== '--') {
      const error = long(options, word, words[i + 1], () => i++);
      if (error !== undefined) return error;
    } else if (word.startsWith('-') && word.length > 1 && word !== '--') {
      const error = letters(options, word, words[i + 1], () => i++);
      if (error !== undefined) return error;
    } else if (word !== '--') options.urls.push(word);
  }
  return options;
}

function long(options: CurlOptions, word: string, next: string | undefined, consume: () => void): CurlRefusal | undefined {
  const definition = DEFINITIONS.find((entry) => entry.long === word.slice(2));
  if (definition === undefined) return unknown(word);
  if (definition.value !== true) {
    definition.apply(options, '');
    return undefined;
  }
  if (next === undefined) return { text: `option ${word}: requires parameter\n${HINT}`, status: 2 };
  consume();
  return complain(word, definition.apply(options, next));
}

function letters(options: CurlOptions, word: string, next: string | undefined, consume: () => void): CurlRefusal | undefined {
  for (let at = 1; at < word.length; at++) {
    const letter = word[at] as string;
    const definition = DEFINITIONS.find((entry) => entry.short === letter);
    if (definition === undefined) return unknown(`-${letter}`, word);
    if (definition.value !== true) {
      definition.apply(options, '');
      continue;
    }
    const rest = word.slice(at + 1);
    if (rest === '' && next === undefined) return { text: `option ${word}: requires parameter\n${HINT}`, status: 2 };
    if (rest === '') consume();
    return complain(word, definition.apply(options, rest !== '' ? rest : (next as string)));
  }
  return undefined;
}

function unknown(name: string, word = name): CurlRefusal {
  const bare = name.replace(/^-+/, '');
  for (const entry of NOT_EMULATED) {
    const [longName, letter] = entry.replace('=', '').split(',') as [string, string | undefined];
    if (name === `--${longName}` || (letter === bare && name.length === 2)) return { text: `option ${name} is not emulated here`, status: 2 };
  }
  return { text: `option ${word}: is unknown\n${HINT}`, status: 2 };
}

function complain(word: string, error: string | undefined): CurlRefusal | undefined {
  return error === undefined ? undefined : { text: `option ${word}: ${error}\n${HINT}`, status: 2 };
}

function defaults(): CurlOptions {
  return {
    urls: [],
    silent: false,
    showError: false,
    verbose: false,
    include: false,
    head: false,
    fail: 'no',
    follow: false,
    maxRedirects: 50,
    outputs: [],
    remoteNames: false,
    dumpHeader: '',
    writeOut: '',
    maxTime: 0,
    connectTimeout: 0,
    method: '',
    headers: [],
    data: undefined,
    dataAsQuery: false,
    userAgent: '',
    family: 0,
    interface: '',
    localPort: 0,
    resolve: [],
    http10: false,
    keepAliveTime: 60,
    noKeepAlive: false,
    noProgress: false,
    retry: 0,
    retryDelay: 0,
    retryRefused: false,
    user: '',
    globOff: false,
  };
}
