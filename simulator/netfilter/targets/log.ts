/** `-j LOG`: a line for dmesg. Mirrors libxt_LOG.c, xt_LOG.c and nf_log_syslog.c. */
import { CONTINUE, FLAG, parameterProblem, VALUE, type TargetExtension } from '../extension.ts';
import { printk } from '../klog.ts';
import { logLine } from '../logline.ts';
import { parseUnsigned } from '../names.ts';

interface LogData {
  level: number;
  prefix: string;
  /** 1 sequence, 2 TCP options, 4 IP options, 8 uid, 32 MAC decode. */
  flags: number;
}

const LEVELS = ['emerg', 'alert', 'crit', 'error', 'warning', 'notice', 'info', 'debug'] as const;
const DEFAULT_LEVEL = 4;
const OPTION_FLAGS: Readonly<Record<string, number>> = {
  'log-tcp-sequence': 1,
  'log-tcp-options': 2,
  'log-ip-options': 4,
  'log-uid': 8,
  'log-macdecode': 32,
};

export const logTarget: TargetExtension<LogData> = {
  name: 'LOG',
  options: {
    'log-level': VALUE,
    'log-prefix': VALUE,
    'log-tcp-sequence': FLAG,
    'log-tcp-options': FLAG,
    'log-ip-options': FLAG,
    'log-uid': FLAG,
    'log-macdecode': FLAG,
  },
  init: () => ({ level: DEFAULT_LEVEL, prefix: '', flags: 0 }),
  parse(data, option, value) {
    if (option === 'log-prefix') {
      if (value.includes('\n')) return parameterProblem('LOG: Newlines not allowed in --log-prefix');
      data.prefix = value.slice(0, 29);
    } else if (option === 'log-level') {
      const named = LEVELS.findIndex(
        (name) => name === value.toLowerCase() || (value !== '' && name.startsWith(value.toLowerCase())),
      );
      const level = parseUnsigned(value, 7) ?? (named < 0 ? undefined : named);
      if (level === undefined) return parameterProblem(`log-level \`${value}' unknown`);
      data.level = level;
    } else data.flags |= OPTION_FLAGS[option] ?? 0;
    return undefined;
  },
  save(data) {
    let text = data.prefix === '' ? '' : ` --log-prefix ${quoted(data.prefix)}`;
    if (data.level !== DEFAULT_LEVEL) text += ` --log-level ${data.level}`;
    for (const [option, bit] of Object.entries(OPTION_FLAGS)) if (data.flags & bit) text += ` --${option}`;
    return text;
  },
  list(data, numeric) {
    const level = numeric ? String(data.level) : (LEVELS[data.level] as string);
    if (!numeric) {
      let words = ` LOG level ${level}`;
      for (const [option, bit] of Object.entries(OPTION_FLAGS)) if (data.flags & bit) words += ` ${option.slice(4)}`;
      return data.prefix === '' ? words : `${words} prefix "${data.prefix}"`;
    }
    return ` LOG flags ${data.flags} level ${level}${data.prefix === '' ? '' : ` prefix "${data.prefix}"`}`;
  },
  act(data, ns, packet, _hook, input, output) {
    printk(ns.kernel, data.prefix + logLine(data.flags, ns, packet, input, output));
    return CONTINUE;
  },
};

function quoted(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
