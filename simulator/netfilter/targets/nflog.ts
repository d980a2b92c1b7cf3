/** `-j NFLOG`: hands a copy to whoever listens on a netlink group. Nobody ever does here, which loses the copy as in Linux. */
import { CONTINUE, parameterProblem, VALUE, type TargetExtension } from '../extension.ts';
import { parseUnsigned, saveString } from '../names.ts';

interface NflogData {
  group: number;
  prefix: string;
  size: number;
  threshold: number;
}

export const nflogTarget: TargetExtension<NflogData> = {
  name: 'NFLOG',
  options: { 'nflog-group': VALUE, 'nflog-prefix': VALUE, 'nflog-size': VALUE, 'nflog-threshold': VALUE },
  init: () => ({ group: 0, prefix: '', size: 0, threshold: 0 }),
  parse(data, option, value) {
    if (option === 'nflog-prefix') {
      data.prefix = value;
      return undefined;
    }
    const number = parseUnsigned(value, 65535);
    if (number === undefined)
      return parameterProblem(`NFLOG: bad value for option "--${option}", or out of range (0-65535).\n`);
    if (option === 'nflog-group') data.group = number;
    else if (option === 'nflog-size') data.size = number;
    else data.threshold = number;
    return undefined;
  },
  save: (data) => words(data, '--'),
  list: (data) => words(data, ''),
  act: () => CONTINUE,
};

function words(data: NflogData, dash: string): string {
  let text =
    data.prefix === '' ? '' : ` ${dash}nflog-prefix ${dash === '' ? ` ${data.prefix}` : saveString(data.prefix)}`;
  if (data.group !== 0) text += ` ${dash}nflog-group ${data.group}`;
  if (data.size !== 0) text += ` ${dash}nflog-size ${data.size}`;
  return data.threshold === 0 ? text : `${text} ${dash}nflog-threshold ${data.threshold}`;
}
