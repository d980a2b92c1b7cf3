/** `ip route get`: asks the kernel how it would route one packet (iproute2 6.15, ip/iproute.c, iproute_get). */
import { formatIpv4, parseIpv4 } from '../../base/address.ts';
import { RT_TABLE_MAIN } from '../../kernel/fib.ts';
import { formatTable } from '../../kernel/netlink/format.ts';
import { getRoute, type RouteAnswer, type RouteQuestion } from '../../kernel/netlink/route.ts';
import type { Args } from './command.ts';
import { demand, device, Exit, isIpv6, matches, notEmulated, number, prefix, type Call } from './command.ts';
import { Printer } from './printer.ts';

interface Words {
  dst?: number;
  src?: number;
  mark?: number;
  tos?: number;
  iif?: string;
  oif?: string;
  connected?: boolean;
}

/** The words after `get`. */
export function routeGet(call: Call, args: Args): number {
  const words = parse(args);
  if (words.dst === undefined) throw new Exit(1, 'need at least a destination address');
  const question: RouteQuestion = {
    dst: words.dst,
    src: words.src ?? 0,
    mark: words.mark ?? 0,
    tos: words.tos ?? 0,
    iif: words.iif === undefined ? undefined : device(call, words.iif),
    oif: words.oif === undefined ? undefined : device(call, words.oif),
  };
  const answer = demand(call, getRoute(call.ns, question));
  const { options } = call;
  const out = new Printer(options.json, options.pretty);
  out.openArray();
  out.openObject();
  print(out, question, answer, options.oneline ? '\\' : '\n', options.details);
  out.closeObject();
  out.closeArray();
  call.out += out.finish();
  return 0;
}

function parse(args: Args): Words {
  const words: Words = {};
  while (!args.done) {
    const word = args.take();
    if (word === 'tos' || matches(word, 'dsfield')) words.tos = number(args.next(), 'TOS value is invalid\n', 255);
    else if (matches(word, 'from')) words.src = prefix(args.next()).address;
    else if (matches(word, 'iif')) words.iif = args.next();
    else if (matches(word, 'mark')) words.mark = number(args.next(), 'invalid mark value\n');
    else if (matches(word, 'oif') || word === 'dev') words.oif = args.next();
    else if (
      ['notify', 'connected', 'fibmatch', 'vrf', 'uid', 'ipproto', 'sport', 'dport', 'as', 'flowlabel'].includes(word)
    ) {
      throw notEmulated('ip', `route get option ${word}`);
    } else {
      const text = matches(word, 'to') ? args.next() : word;
      if (isIpv6(text)) throw notEmulated('ip', 'routing IPv6');
      words.dst = prefix(text).address;
      if (parseIpv4(text.split('/')[0] as string) === undefined && text !== 'default')
        throw new Exit(1, 'need at least a destination address');
    }
  }
  return words;
}

function print(out: Printer, question: RouteQuestion, answer: RouteAnswer, lineBreak: string, details: boolean): void {
  if (answer.type !== 'unicast' || details) out.any('type', answer.type);
  out.any('dst', formatIpv4(question.dst));
  if (question.src !== 0) out.any('from', formatIpv4(question.src), `from ${formatIpv4(question.src)} `);
  if (question.tos !== 0) out.any('tos', `0x${question.tos.toString(16)}`, `tos 0x${question.tos.toString(16)} `);
  if (answer.gateway !== 0) out.any('gateway', formatIpv4(answer.gateway), `via ${formatIpv4(answer.gateway)} `);
  out.any('dev', answer.dev.name, `dev ${answer.dev.name} `);
  if (answer.table !== RT_TABLE_MAIN || details)
    out.any('table', formatTable(answer.table), `table ${formatTable(answer.table)} `);
  if (answer.source !== 0 && question.iif === undefined)
    out.any('prefsrc', formatIpv4(answer.source), `src ${formatIpv4(answer.source)} `);
  out.openArray('flags');
  out.closeArray();
  if (question.mark !== 0) {
    const mark = question.mark >= 16 ? `0x${question.mark.toString(16)}` : String(question.mark);
    out.any('mark', question.mark, `mark ${mark} `);
  }
  if (question.iif === undefined) out.any('uid', 0, 'uid 0 ');
  const flags =
    answer.type === 'local'
      ? ['local']
      : answer.type === 'broadcast'
        ? ['local', 'brd']
        : answer.type === 'multicast'
          ? ['mc']
          : [];
  out.openArray('cache');
  for (const flag of flags) out.element(flag);
  out.closeArray();
  out.text(`${lineBreak}    cache ${flags.length > 0 ? `<${flags.join(',')}> ` : ''}`);
  if (answer.expires !== 0) out.any('expires', answer.expires, `expires ${answer.expires}sec `);
  if (answer.mtu !== 0) {
    out.openArray('metrics');
    out.openObject();
    out.any('mtu', answer.mtu, `mtu ${answer.mtu} `);
    out.closeObject();
    out.closeArray();
  }
  if (question.iif !== undefined) out.any('iif', question.iif.name, `iif ${question.iif.name} `);
  out.text('\n');
}
