/** Small programs, a few lines each: clear true false echo printf test seq yes basename dirname pwd id whoami uname hostname tty nproc uptime which. */
import { SECOND } from '../../base/scheduler.ts';
import { echoText, formatPrintf } from '../../process/builtin/printf.ts';
import { runTest } from '../../process/builtin/test.ts';
import { strftime } from '../../process/calendar.ts';
import type { Program, ProgramContext, Tool } from '../../process/program.ts';
import { complain, nameOf, noOptions, parseOptions, usage } from './common.ts';

function tool(
  name: string,
  summary: string,
  main: (ctx: ProgramContext) => Program,
  directory = '/usr/bin',
  aliases: readonly string[] = [],
): Tool {
  return { name, summary, main, directory, aliases };
}

function* clear(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'xT:V' }, ['T', 'V']);
  if (typeof parsed === 'number') return parsed;
  yield* ctx.out(parsed.flags.has('x') ? '\x1b[H\x1b[2J' : '\x1b[H\x1b[2J\x1b[3J');
  return 0;
}

function* echo(ctx: ProgramContext): Program {
  yield* ctx.out(echoText(ctx.argv.slice(1)));
  return 0;
}

function* printf(ctx: ProgramContext): Program {
  const [format, ...args] = ctx.argv.slice(1);
  if (format === undefined) return yield* usage(ctx, 'missing operand');
  const { text, complaints } = formatPrintf(format, args);
  yield* ctx.out(text);
  for (const complaint of complaints) yield* complain(ctx, complaint);
  return complaints.length === 0 ? 0 : 1;
}

function* test(ctx: ProgramContext): Program {
  let args = ctx.argv.slice(1);
  if (nameOf(ctx) === '[') {
    if (args.at(-1) !== ']') return yield* complain(ctx, "missing ']'", 2);
    args = args.slice(0, -1);
  }
  const { status, message } = runTest(ctx, args);
  return message === undefined ? status : yield* complain(ctx, message, status);
}

function* seq(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  let separator = '\n';
  let width = false;
  let at = 0;
  for (; at < words.length && /^-[^\d.]/.test(words[at] as string); at++) {
    const word = words[at] as string;
    if (word === '-w') width = true;
    else if (word === '-s') separator = words[++at] ?? '';
    else if (word.startsWith('-s')) separator = word.slice(2);
    else if (word.startsWith('-f')) return yield* complain(ctx, 'option -f is not emulated here');
    else return yield* usage(ctx, `invalid option -- '${word[1]}'`);
  }
  const numbers = words.slice(at);
  if (numbers.length === 0) return yield* usage(ctx, 'missing operand');
  if (numbers.length > 3) return yield* usage(ctx, `extra operand '${numbers[3]}'`);
  for (const text of numbers)
    if (!/^[-+]?(\d+\.?\d*|\.\d+)$/.test(text)) return yield* usage(ctx, `invalid floating point argument: '${text}'`);
  const values = numbers.map(Number);
  const [first, step, last] =
    values.length === 1
      ? [1, 1, values[0]!]
      : values.length === 2
        ? [values[0]!, 1, values[1]!]
        : (values as [number, number, number]);
  if (step === 0) return yield* usage(ctx, `invalid Zero increment value: '${numbers[1]}'`);
  const digits = Math.max(...numbers.map((text) => text.split('.')[1]?.length ?? 0));
  const pad = width ? Math.max(first.toFixed(digits).length, last.toFixed(digits).length) : 0;
  let batch: string[] = [];
  let begun = false;
  for (let i = 0; ; i++) {
    const value = first + i * step;
    if (step > 0 ? value > last + 1e-9 : value < last - 1e-9) break;
    const text = value.toFixed(digits);
    batch.push(text.startsWith('-') ? `-${text.slice(1).padStart(pad - 1, '0')}` : text.padStart(pad, '0'));
    if (batch.length < 512) continue;
    yield* ctx.out((begun ? separator : '') + batch.join(separator));
    begun = true;
    batch = [];
  }
  if (batch.length > 0) yield* ctx.out((begun ? separator : '') + batch.join(separator));
  if (begun || batch.length > 0) yield* ctx.out('\n');
  return 0;
}

function* yes(ctx: ProgramContext): Program {
  const line = `${ctx.argv.length > 1 ? ctx.argv.slice(1).join(' ') : 'y'}\n`;
  const text = line.repeat(Math.max(1, Math.floor(1024 / line.length)));
  for (;;) yield* ctx.out(text);
}

function* basename(ctx: ProgramContext): Program {
  const [path, suffix] = ctx.argv.slice(1);
  if (path === undefined) return yield* usage(ctx, 'missing operand');
  const name = path.replace(/\/+$/, '').replace(/^.*\//, '') || (path.startsWith('/') ? '/' : '');
  yield* ctx.out(
    `${suffix !== undefined && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name}\n`,
  );
  return 0;
}

function* dirname(ctx: ProgramContext): Program {
  const paths = ctx.argv.slice(1);
  if (paths.length === 0) return yield* usage(ctx, 'missing operand');
  for (const path of paths) {
    const cut = path.replace(/\/+$/, '');
    const slash = cut.lastIndexOf('/');
    yield* ctx.out(
      `${slash < 0 ? (cut === '' && path !== '' ? '/' : '.') : cut.slice(0, slash).replace(/\/+$/, '') || '/'}\n`,
    );
  }
  return 0;
}

function* id(ctx: ProgramContext): Program {
  const long = {
    user: { value: false, as: 'u' },
    group: { value: false, as: 'g' },
    groups: { value: false, as: 'G' },
    name: { value: false, as: 'n' },
  };
  const parsed = yield* parseOptions(ctx, { short: 'ugGnrazZ', long }, ['r', 'a', 'z', 'Z']);
  if (typeof parsed === 'number') return parsed;
  const { flags, operands } = parsed;
  const unknown = operands.find((user) => user !== 'root' && user !== '0');
  if (unknown !== undefined) return yield* complain(ctx, `'${unknown}': no such user`);
  const chosen = ['u', 'g', 'G'].filter((letter) => flags.has(letter));
  if (chosen.length > 1) return yield* complain(ctx, 'cannot print "only" of more than one choice');
  if (chosen.length === 0 && flags.has('n'))
    return yield* complain(ctx, 'printing only names or real IDs requires -u, -g, or -G');
  if (chosen.length > 0) yield* ctx.out(flags.has('n') ? 'root\n' : '0\n');
  else yield* ctx.out('uid=0(root) gid=0(root) groups=0(root)\n');
  return 0;
}

function* uname(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, {
    short: 'asnrvmpio',
    long: {
      all: { value: false, as: 'a' },
      'kernel-release': { value: false, as: 'r' },
      machine: { value: false, as: 'm' },
    },
  });
  if (typeof parsed === 'number') return parsed;
  if (parsed.operands.length > 0) return yield* usage(ctx, `extra operand '${parsed.operands[0]}'`);
  const parts: readonly (readonly [string, string])[] = [
    ['s', 'Linux'],
    ['n', ctx.hostname],
    ['r', ctx.host.release],
    ['v', '#1 SMP PREEMPT_DYNAMIC'],
    ['m', 'x86_64'],
    ['p', 'unknown'],
    ['i', 'unknown'],
    ['o', 'GNU/Linux'],
  ];
  const { flags } = parsed;
  const chosen = flags.size === 0 ? ['s'] : flags.has('a') ? ['s', 'n', 'r', 'v', 'm', 'o'] : [...flags.keys()];
  yield* ctx.out(
    `${parts
      .filter(([letter]) => chosen.includes(letter))
      .map(([, text]) => text)
      .join(' ')}\n`,
  );
  return 0;
}

function* hostname(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'sfIidAyF:b' }, ['A', 'y', 'F', 'b']);
  if (typeof parsed === 'number') return parsed;
  const { flags, operands } = parsed;
  const [name] = operands;
  if (name !== undefined) {
    ctx.setHostname(name);
    return 0;
  }
  if (flags.has('I') || flags.has('i')) {
    const addresses: string[] = [];
    for (const device of ctx.netns.devices.values()) {
      if (device.kind === 'loopback') continue;
      for (const { address } of device.addresses)
        addresses.push([24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.'));
    }
    yield* ctx.out(flags.has('I') ? `${addresses.join(' ')} \n` : `${addresses[0] ?? ''}\n`);
  } else
    yield* ctx.out(
      `${flags.has('s') ? (ctx.hostname.split('.', 1)[0] ?? '') : flags.has('d') ? ctx.hostname.replace(/^[^.]*\.?/, '') : ctx.hostname}\n`,
    );
  return 0;
}

function* which(ctx: ProgramContext): Program {
  let status = 0;
  const parsed = yield* parseOptions(ctx, { short: 'as' });
  if (typeof parsed === 'number') return parsed;
  for (const name of parsed.operands) {
    const found = ctx.which(name);
    if (found.ok) yield* ctx.out(parsed.flags.has('s') ? '' : `${found.value.path}\n`);
    else status = 1;
  }
  return status;
}

function* uptime(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'prsch' }, ['p', 'r', 's', 'c', 'h']);
  if (typeof parsed === 'number') return parsed;
  const minutes = Math.floor(ctx.host.uptime / SECOND / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const span = hours === 0 ? `${minutes} min` : `${hours % 24}:${String(minutes % 60).padStart(2, '0')}`;
  const users = new Set(ctx.host.processes().map((process) => process.tty)).size - 1;
  yield* ctx.out(
    ` ${strftime('%H:%M:%S', Math.floor(ctx.wallClock / SECOND))} up ${days > 0 ? `${days} day${days > 1 ? 's' : ''}, ` : ''}${span},  ${users} user${users === 1 ? '' : 's'},  load average: 0.00, 0.00, 0.00\n`,
  );
  return 0;
}

function* date(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(
    ctx,
    {
      short: 'uRId:s:r:',
      long: { utc: { value: false, as: 'u' }, date: { value: true, as: 'd' }, set: { value: true, as: 's' } },
    },
    ['s', 'r', 'I'],
  );
  if (typeof parsed === 'number') return parsed;
  const { flags, operands } = parsed;
  let micros = ctx.wallClock;
  const given = flags.get('d');
  if (given !== undefined) {
    const seconds = /^@-?\d+$/.test(given) ? Number(given.slice(1)) : given === 'now' ? micros / SECOND : undefined;
    if (seconds === undefined)
      return yield* complain(ctx, `-d: only @SECONDS and now are emulated here, not '${given}'`);
    micros = seconds * SECOND;
  }
  const [format] = operands;
  if (format !== undefined && !format.startsWith('+')) return yield* complain(ctx, `invalid date '${format}'`);
  const text = flags.has('R') ? '%a, %d %b %Y %H:%M:%S %z' : (format?.slice(1) ?? '%a %b %e %H:%M:%S %Z %Y');
  yield* ctx.out(`${strftime(text, Math.floor(micros / SECOND), Math.floor(micros % SECOND))}\n`);
  return 0;
}

function* dmesg(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(
    ctx,
    {
      short: 'cCTHwxtkun:l:f:',
      long: { ctime: { value: false, as: 'T' }, clear: { value: false, as: 'C' }, notime: { value: false, as: 't' } },
    },
    ['H', 'w', 'x', 'n', 'l', 'f', 'u'],
  );
  if (typeof parsed === 'number') return parsed;
  const { flags } = parsed;
  const { log } = ctx.host.kernel;
  const text = log.map((line) => {
    const stamp = `[${(line.at / SECOND).toFixed(6).padStart(12)}] `;
    const human = `[${strftime('%a %b %e %H:%M:%S %Y', Math.floor((ctx.wallClock - ctx.now + line.at) / SECOND))}] `;
    return `${flags.has('t') ? '' : flags.has('T') ? human : stamp}${line.text}\n`;
  });
  if (!flags.has('C')) yield* ctx.out(text.join(''));
  if (flags.has('C') || flags.has('c')) log.length = 0;
  return 0;
}

function* nothingAt(ctx: ProgramContext): Program {
  const name = ctx.file(0)?.isTty === true ? ctx.file(0)?.name : undefined;
  const parsed = yield* parseOptions(
    ctx,
    { short: 's', long: { quiet: { value: false, as: 's' }, silent: { value: false, as: 's' } } },
    [],
    2,
  );
  if (typeof parsed === 'number') return parsed;
  if (parsed.operands.length > 0) return yield* usage(ctx, `extra operand '${parsed.operands[0]}'`, 2);
  if (!parsed.flags.has('s')) yield* ctx.out(`${name ?? 'not a tty'}\n`);
  return name === undefined ? 1 : 0;
}

function* sync(ctx: ProgramContext): Program {
  const wrong = yield* noOptions(ctx);
  return wrong ?? 0;
}

const constant = (status: number) =>
  function* (): Program {
    return status;
  };
const say = (text: (ctx: ProgramContext) => string) =>
  function* (ctx: ProgramContext): Program {
    const wrong = yield* noOptions(ctx);
    if (wrong !== undefined) return wrong;
    yield* ctx.out(`${text(ctx)}\n`);
    return 0;
  };

export const smallTools: readonly Tool[] = [
  tool('clear', 'clear the screen', clear),
  tool('true', 'do nothing, successfully', constant(0), '/bin'),
  tool('false', 'do nothing, unsuccessfully', constant(1), '/bin'),
  tool('echo', 'print its arguments', echo, '/bin'),
  tool('printf', 'print its arguments by a format', printf),
  tool('test', 'compare values and look at files', test, '/usr/bin', ['[']),
  tool('seq', 'print a sequence of numbers', seq),
  tool('yes', 'print a line until it is stopped', yes),
  tool('basename', 'print the last part of a path', basename),
  tool('dirname', 'print a path without its last part', dirname),
  tool(
    'pwd',
    'print the working directory',
    say((ctx) => ctx.cwd),
    '/bin',
  ),
  tool('id', 'print user and group', id),
  tool(
    'whoami',
    'print the user',
    say(() => 'root'),
  ),
  tool('uname', 'print what the system is', uname, '/bin'),
  tool('hostname', 'print or set the name of the machine', hostname, '/bin'),
  tool('which', 'print where a command is', which),
  tool('uptime', 'print how long the machine runs', uptime),
  tool('date', 'print the date and time', date, '/bin'),
  tool('dmesg', 'print the messages of the kernel', dmesg, '/bin'),
  tool('tty', 'print the name of the terminal', nothingAt),
  tool(
    'nproc',
    'print the number of processors',
    say(() => '1'),
  ),
  tool(
    'arch',
    'print the machine',
    say(() => 'x86_64'),
  ),
  tool(
    'groups',
    'print the groups',
    say(() => 'root'),
  ),
  tool('sync', 'flush files (nothing is held back here)', sync, '/bin'),
];
