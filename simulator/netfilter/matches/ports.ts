/** What tcp and udp matches share: two port ranges. */
import { parameterProblem, type Complaint } from '../extension.ts';
import { portName, portNumber } from '../names.ts';

export interface PortsMatch {
  sportMin: number;
  sportMax: number;
  notSport: boolean;
  dportMin: number;
  dportMax: number;
  notDport: boolean;
}

/** `PORT`, `FIRST:LAST`, `:LAST` or `FIRST:` (xtables_parse_port_range). */
export function parsePortRange(
  data: PortsMatch,
  option: string,
  value: string,
  invert: boolean,
): Complaint | undefined {
  const [first = '', last] = value.split(':');
  const min = last !== undefined && first === '' ? 0 : portNumber(first);
  const max = last === undefined ? min : last === '' ? 65535 : portNumber(last);
  if (min === undefined) return parameterProblem(`invalid port/service \`${first}' specified`);
  if (max === undefined) return parameterProblem(`invalid port/service \`${last}' specified`);
  if (min > max) return parameterProblem(`invalid portrange (min > max)`);
  if (option === 'sport' || option === 'source-port') {
    data.sportMin = min;
    data.sportMax = max;
    data.notSport = invert;
  } else {
    data.dportMin = min;
    data.dportMax = max;
    data.notDport = invert;
  }
  return undefined;
}

/** ` --sport 80 ! --dport 1:1023` */
export function savePorts(data: PortsMatch): string {
  return (
    savePort('sport', data.sportMin, data.sportMax, data.notSport) +
    savePort('dport', data.dportMin, data.dportMax, data.notDport)
  );
}

function savePort(option: string, min: number, max: number, invert: boolean): string {
  if (min === 0 && max === 65535 && !invert) return '';
  return `${invert ? ' !' : ''} --${option} ${min === max ? min : `${min}:${max}`}`;
}

/** ` spt:80 dpts:1:1023` */
export function listPorts(data: PortsMatch, numeric: boolean): string {
  return (
    listPort('spt', data.sportMin, data.sportMax, data.notSport, numeric) +
    listPort('dpt', data.dportMin, data.dportMax, data.notDport, numeric)
  );
}

function listPort(name: string, min: number, max: number, invert: boolean, numeric: boolean): string {
  if (min === 0 && max === 65535 && !invert) return '';
  const not = invert ? '!' : '';
  if (min === max) return ` ${name}:${not}${portName(min, numeric)}`;
  return ` ${name}s:${not}${portName(min, numeric)}:${portName(max, numeric)}`;
}
