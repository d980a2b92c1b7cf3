/**
 * curl(1) 8.14.1 over HTTP/1.x on the emulated network.
 * Emulated: -s -S -v -i -I -f --fail-with-body -L --max-redirs -o -O -D -w -m --connect-timeout -X -H -d -G -A -u -e -4 -6
 * --interface --local-port --resolve --retry -0 and their long names. Everything else is refused by name; so are https
 * and URL globs.
 */
import { SECOND } from '../base/scheduler.ts';
import type { Blocking, OpenFile, Program, ProgramContext, Tool } from '../process/program.ts';
import { httpHeader } from '../wire/http1.ts';
import { type Clock, connect, type Connection, type CurlError } from './curl/connect.ts';
import { type CurlOptions, parseCurl } from './curl/options.ts';
import { PROGRESS_HEAD, progressLine, writeOut } from './curl/report.ts';
import { exchange, type Exchange, type Sinks } from './curl/transfer.ts';
import { type CurlUrl, hostHeader, parseUrl, redirect } from './curl/url.ts';

export const curlTool: Tool = { name: 'curl', summary: 'transfer a URL', main };

function* main(ctx: ProgramContext): Program {
  const options = parseCurl(ctx.argv.slice(1));
  if ('status' in options) {
    yield* ctx.err(`curl: ${options.text}\n`);
    return options.status;
  }
  if (options.urls.length === 0) {
    const which = ctx.argv.length > 1 ? 'curl: (2) no URL specified\n' : '';
    yield* ctx.err(`${which}curl: try 'curl --help' or 'curl --manual' for more information\n`);
    return 2;
  }
  const session = new Session(ctx, options);
  let status = 0;
  try {
    for (const [index, url] of options.urls.entries()) status = yield* session.fetch(url, index);
  } finally {
    session.close();
  }
  return status;
}

/** Answers that --retry takes for passing troubles. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** The transfers of one command: they share connections. */
class Session {
  private readonly ctx: ProgramContext;
  private readonly options: CurlOptions;
  private readonly idle = new Map<string, Connection>();
  private connections = 0;
  /** Of the last answer; 0 when there was none. */
  private status = 0;

  constructor(ctx: ProgramContext, options: CurlOptions) {
    this.ctx = ctx;
    this.options = options;
  }

  close(): void {
    for (const connection of this.idle.values()) this.ctx.close(connection.fd);
    this.idle.clear();
  }

  /** *blocking* One URL with its redirects and retries; curl's exit status. */
  *fetch(text: string, index: number): Blocking<number> {
    const { ctx, options } = this;
    const parsed = this.checked(text);
    if ('code' in parsed) return yield* this.complain(parsed);
    const output = options.outputs[index] ?? (options.remoteNames ? (parsed.target.split(/[?#]/)[0] as string).split('/').pop() ?? '' : '-');
    let file: OpenFile | undefined;
    if (output !== '-') {
      const opened = ctx.fs.open(output, 'w');
      if (!opened.ok) return yield* this.complain({ code: 23, text: `client returned ERROR on write, 0 bytes were not written` });
      file = opened.value;
      file.retain();
    }
    try {
      for (let attempt = 0; ; attempt++) {
        const error = yield* this.follow(parsed, output, file);
        const transient = error === undefined ? TRANSIENT.has(this.status) : error.code === 28 || TRANSIENT.has(this.status) || (error.code === 7 && options.retryRefused);
        if (!transient || attempt >= options.retry) return error === undefined ? 0 : yield* this.complain(error);
        yield* ctx.sleep((options.retryDelay !== 0 ? options.retryDelay : 2 ** attempt) * SECOND);
      }
    } finally {
      file?.release();
    }
  }

  private checked(text: string): CurlUrl | CurlError {
    if (!this.options.globOff && /[{}]|\[(?!::)/.test(text)) return { code: 3, text: 'URL globbing is not emulated here' };
    const parsed = parseUrl(text);
    if ('code' in parsed) return parsed;
    if (parsed.scheme === 'https') return { code: 35, text: 'https is not emulated here' };
    return parsed.scheme === 'http' ? parsed : { code: 1, text: `Protocol "${parsed.scheme}" not supported` };
  }

  private *follow(first: CurlUrl, output: string, file: OpenFile | undefined): Blocking<CurlError | undefined> {
    const { ctx, options } = this;
    const start = ctx.now;
    const clock: Clock = { start, deadline: options.maxTime !== 0 ? start + options.maxTime * SECOND : undefined, nameLookup: 0, connect: 0, startTransfer: 0 };
    const meter = !options.silent && !options.noProgress && (output !== '-' || ctx.file(1)?.isTty !== true);
    if (meter) yield* ctx.err(PROGRESS_HEAD + progressLine(0, undefined, 0));
    let url = first;
    let redirects = 0;
    let connects = 0;
    let error: CurlError | undefined;
    let result: Exchange | undefined;
    let connection: Connection | undefined;
    for (;;) {
      const before = this.connections;
      const reached: Connection | CurlError = yield* this.reach(url, clock);
      connects += this.connections - before;
      if ('code' in reached) {
        error = reached;
        break;
      }
      connection = reached;
      const sinks = this.sinks(file, meter, start);
      const answer: Exchange = yield* exchange(ctx, options, url, connection, clock, sinks);
      result = answer;
      error = answer.error;
      yield* this.release(url, connection, answer);
      const location = options.follow && answer.status >= 301 && answer.status <= 308 ? httpHeader(answer.head?.headers ?? [], 'Location') : undefined;
      if (error !== undefined || location === undefined) break;
      if (++redirects > options.maxRedirects) {
        error = { code: 47, text: `Maximum (${options.maxRedirects}) redirects followed` };
        break;
      }
      const next: CurlUrl | CurlError = this.checked(redirect(url, location));
      if ('code' in next) {
        error = next;
        break;
      }
      url = next;
    }
    this.status = result?.status ?? 0;
    const total = (ctx.now - start) / SECOND;
    if (meter) yield* ctx.err(`${progressLine(result?.received ?? 0, result?.received, total)}\n`);
    if (options.writeOut !== '') {
      const method = options.method !== '' ? options.method : options.head ? 'HEAD' : options.data !== undefined ? 'POST' : 'GET';
      yield* ctx.out(writeOut(options.writeOut, { clock, connection, exchange: result, error, url: `http://${hostHeader(url)}${url.target}`, method, connects, redirects, output, total }));
    }
    return error;
  }

  /** An idle connection to the same place, or a new one. */
  private *reach(url: CurlUrl, clock: Clock): Blocking<Connection | CurlError> {
    const idle = this.idle.get(hostHeader(url));
    if (idle !== undefined && idle.socket.state === 'ESTABLISHED') {
      yield* this.note(`Re-using existing http: connection with host ${url.host}`);
      return idle;
    }
    return yield* connect(this.ctx, this.options, url, this.connections++, clock, (text) => this.note(text));
  }

  private *release(url: CurlUrl, connection: Connection, result: Exchange): Blocking<void> {
    if (result.keep) {
      this.idle.set(hostHeader(url), connection);
      yield* this.note(`Connection #${connection.number} to host ${url.host} left intact`);
      return;
    }
    this.idle.delete(hostHeader(url));
    yield* this.note(result.error?.code === 28 || result.error?.code === 56 ? `closing connection #${connection.number}` : `shutting down connection #${connection.number}`);
    this.ctx.close(connection.fd);
  }

  private *note(text: string): Blocking<void> {
    if (this.options.verbose) yield* this.ctx.err(`* ${text}\n`);
  }

  private sinks(file: OpenFile | undefined, meter: boolean, start: number): Sinks {
    const { ctx, options } = this;
    const shown = file === undefined && ctx.file(1)?.isTty === true;
    let announced = false;
    return {
      note: (text) => this.note(text),
      *line(direction, text) {
        if (options.verbose) yield* ctx.err(direction + text);
      },
      *head(text) {
        if (options.dumpHeader !== '') {
          if (options.dumpHeader === '-') yield* ctx.out(text);
          else ctx.fs.writeFile(options.dumpHeader, text);
        }
        if (options.include || options.head) yield* ctx.out(text);
      },
      *body(bytes) {
        if (options.verbose && !shown && !announced) {
          announced = true;
          yield* ctx.err(`{ [${bytes.length} bytes data]\n`);
        }
        if (file === undefined) yield* ctx.out(bytes);
        else file.write(bytes);
      },
      *progress(received, total) {
        if (meter && ctx.now - start >= SECOND) yield* ctx.err(progressLine(received, total, (ctx.now - start) / SECOND));
      },
    };
  }

  private *complain(error: CurlError): Blocking<number> {
    if (!this.options.silent || this.options.showError) yield* this.ctx.err(`curl: (${error.code}) ${error.text}\n`);
    return error.code;
  }
}
