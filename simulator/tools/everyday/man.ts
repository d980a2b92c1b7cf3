/** help and man: what is installed, by group, and what a tool is. The tools' own summaries are the source. */
import type { Program, ProgramContext, Tool } from '../../process/program.ts';
import { complain, parseOptions } from './common.ts';
import { columns } from './ls.ts';

const GROUPS: readonly (readonly [title: string, names: readonly string[]])[] = [
  ['Docker', ['docker']],
  [
    'Network',
    [
      'ip',
      'bridge',
      'ss',
      'netstat',
      'ping',
      'traceroute',
      'tracepath',
      'arping',
      'arp',
      'route',
      'ifconfig',
      'nsenter',
      'ethtool',
      'curl',
      'wget',
      'nc',
      'dig',
      'nslookup',
      'host',
      'getent',
      'tcpdump',
      'sysctl',
      'nstat',
      'lsns',
    ],
  ],
  [
    'Packet filter and load balancer',
    [
      'iptables',
      'iptables-save',
      'iptables-restore',
      'conntrack',
      'ipvsadm',
      'ipvsadm-save',
      'ipvsadm-restore',
      'nft',
      'ebtables',
      'ipset',
    ],
  ],
  [
    'Text',
    [
      'cat',
      'grep',
      'head',
      'tail',
      'wc',
      'sort',
      'uniq',
      'cut',
      'tr',
      'sed',
      'awk',
      'jq',
      'tee',
      'less',
      'nl',
      'tac',
      'rev',
      'paste',
      'column',
      'xxd',
      'hexdump',
      'od',
    ],
  ],
  [
    'Files',
    [
      'ls',
      'find',
      'stat',
      'mkdir',
      'rmdir',
      'rm',
      'cp',
      'mv',
      'ln',
      'touch',
      'chmod',
      'readlink',
      'mktemp',
      'mount',
      'umount',
      'basename',
      'dirname',
      'pwd',
      'which',
    ],
  ],
  [
    'Processes',
    ['ps', 'pgrep', 'pidof', 'kill', 'sleep', 'watch', 'timeout', 'xargs', 'env', 'nohup', 'setsid', 'sudo', 'su'],
  ],
];

function* help(ctx: ProgramContext): Program {
  const tools = ctx.host.installed().filter((tool) => tool.summary !== 'not emulated');
  const left = new Set(tools.map((tool) => tool.name));
  const width = ctx.tty?.columns ?? 80;
  yield* ctx.out('What is installed here. `man NAME` says what a command does; most know --help.\n');
  for (const [title, names] of GROUPS) {
    const here = names.filter((name) => left.delete(name));
    if (here.length > 0)
      yield* ctx.out(
        `\n${title}\n${columns(
          here.map((name) => `  ${name}`),
          width,
        )}`,
      );
  }
  const rest = [...left].filter((name) => !name.startsWith('[')).sort();
  yield* ctx.out(
    `\nMore\n${columns(
      rest.map((name) => `  ${name}`),
      width,
    )}`,
  );
  return 0;
}

function* man(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'kfawKlP:L:' }, [...'kfawKlPL']);
  if (typeof parsed === 'number') return parsed;
  const names = parsed.operands.filter((word) => !/^\d$/.test(word));
  if (names.length === 0) {
    yield* ctx.err("What manual page do you want?\nFor example, try 'man man'.\n");
    return 1;
  }
  let status = 0;
  for (const name of names) {
    const tool = ctx.host
      .installed()
      .find((candidate) => candidate.name === name || candidate.aliases?.includes(name) === true);
    if (tool === undefined) {
      yield* ctx.err(`No manual entry for ${name}\n`);
      status = 16;
      continue;
    }
    yield* ctx.out(page(tool, name));
  }
  return status;
}

function page(tool: Tool, name: string): string {
  const others = [tool.name, ...(tool.aliases ?? [])].filter((other) => other !== name);
  const also = others.length > 0 ? `\nOTHER NAMES\n       ${others.join(', ')}\n` : '';
  return `NAME\n       ${name} - ${tool.summary}\n\nDESCRIPTION\n       This is an emulation. Options that are emulated behave as those of the real\n       program do; an option that exists and is not emulated is refused by name.\n       See ${name} --help.\n${also}`;
}

/** Says that a command is missing, with the nearest name; for completeness of `help NAME`. */
function* helpOrMan(ctx: ProgramContext): Program {
  if (ctx.argv.length > 1) {
    const missing = ctx.argv.slice(1).find((name) => !ctx.host.commands().includes(name));
    if (missing !== undefined) return yield* complain(ctx, `no help topics match \`${missing}'`);
    return yield* man(ctx);
  }
  return yield* help(ctx);
}

export const helpTool: Tool = { name: 'help', summary: 'list the commands that are installed', main: helpOrMan };
export const manTool: Tool = {
  name: 'man',
  summary: 'say what a command does',
  main: man,
  complete: (_, ctx) => ctx.host.commands(),
};
