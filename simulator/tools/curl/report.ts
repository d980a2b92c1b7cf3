/** What curl prints beside the body: the progress meter and --write-out. */
import { formatIpv4 } from '../../base/address.ts';
import { httpHeader } from '../../wire/http1.ts';
import type { Clock, Connection, CurlError } from './connect.ts';
import type { Exchange } from './transfer.ts';

export const PROGRESS_HEAD =
  '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n';

/** One state of the meter (progress.c), carriage return in front. `seconds` since the transfer began. */
export function progressLine(received: number, total: number | undefined, seconds: number): string {
  const speed = seconds > 0 ? Math.floor(received / seconds) : 0;
  const percent = total !== undefined && total > 0 ? Math.floor((received * 100) / total) : 0;
  const spent = seconds >= 1 ? clockTime(seconds) : '--:--:--';
  const estimate = total !== undefined && speed > 0 ? Math.floor(total / speed) : 0;
  const whole = estimate >= 1 ? clockTime(estimate) : '--:--:--';
  const left = estimate - Math.floor(seconds) >= 1 ? clockTime(estimate - seconds) : '--:--:--';
  const size = amount(total ?? received);
  return `\r${pad(percent, 3)} ${size}  ${pad(percent, 3)} ${amount(received)}    0     0  ${amount(speed)}      0 ${whole} ${spent} ${left} ${amount(speed)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width);
}

/** A number in five characters (max5data). */
function amount(value: number): string {
  if (value < 100_000) return pad(value, 5);
  if (value < 10_240_000) return `${Math.floor(value / 1024)}k`.padStart(5);
  if (value < 104_857_600) return `${(Math.floor((value * 10) / 1_048_576) / 10).toFixed(1)}M`.padStart(5);
  return `${Math.floor(value / 1_048_576)}M`.padStart(5);
}

function clockTime(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${pad(Math.floor(seconds / 3600), 2)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

export interface WriteOutFacts {
  readonly clock: Clock;
  readonly connection: Connection | undefined;
  readonly exchange: Exchange | undefined;
  readonly error: CurlError | undefined;
  readonly url: string;
  readonly method: string;
  readonly connects: number;
  readonly redirects: number;
  readonly output: string;
  /** Seconds. */
  readonly total: number;
}

/** The text of -w, or the variable it does not know. */
export function writeOut(format: string, facts: WriteOutFacts): string {
  return format.replace(/%\{([^}]*)\}|%%|\\[nrt\\]/g, (whole, name: string | undefined) => {
    if (whole === '%%') return '%';
    if (name === undefined) return ({ '\\n': '\n', '\\r': '\r', '\\t': '\t' } as Record<string, string>)[whole] ?? whole;
    return variable(name, facts);
  });
}

function variable(name: string, facts: WriteOutFacts): string {
  const { exchange, connection, clock } = facts;
  const seconds = (value: number): string => value.toFixed(6);
  switch (name) {
    case 'http_code':
    case 'response_code':
      return String(exchange?.status ?? 0).padStart(3, '0');
    case 'http_version':
      return exchange?.head?.startLine.slice(5, 8).replace('.0', '') ?? '0';
    case 'exitcode':
      return String(facts.error?.code ?? 0);
    case 'errormsg':
      return facts.error?.text ?? '';
    case 'time_namelookup':
      return seconds(clock.nameLookup);
    case 'time_connect':
      return seconds(clock.connect);
    case 'time_appconnect':
    case 'time_redirect':
      return seconds(0);
    case 'time_pretransfer':
      return seconds(clock.connect);
    case 'time_starttransfer':
      return seconds(clock.startTransfer);
    case 'time_total':
      return seconds(facts.total);
    case 'size_download':
      return String(exchange?.received ?? 0);
    case 'size_upload':
      return String(exchange?.sent ?? 0);
    case 'size_header':
      return String(exchange?.headSize ?? 0);
    case 'speed_download':
      return String(facts.total > 0 ? Math.floor((exchange?.received ?? 0) / facts.total) : 0);
    case 'num_connects':
      return String(facts.connects);
    case 'num_redirects':
      return String(facts.redirects);
    case 'remote_ip':
      return connection === undefined ? '' : connection.peer.family === 6 ? '::1' : formatIpv4(connection.peer.address);
    case 'remote_port':
      return connection === undefined ? '0' : String(connection.socket.remotePort);
    case 'local_ip':
      return connection === undefined ? '' : connection.socket.loopback6 ? '::1' : formatIpv4(connection.socket.local);
    case 'local_port':
      return connection === undefined ? '0' : String(connection.socket.localPort);
    case 'content_type':
      return httpHeader(exchange?.head?.headers ?? [], 'Content-Type') ?? '';
    case 'url':
    case 'url_effective':
      return facts.url;
    case 'method':
      return facts.method;
    case 'scheme':
      return 'http';
    case 'filename_effective':
      return facts.output;
    default:
      return `curl: unknown --write-out variable: '${name}'\n`;
  }
}
