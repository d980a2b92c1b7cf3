/**
 * One run of iptables: words in, requests carried out, text and exit status out. What the iptables tool prints, and what
 * dockerd runs (it starts iptables with words as well). Mirrors do_commandx and the main functions of
 * iptables/xtables.c, xtables-standalone.c.
 */
import type { Origin } from '../base/origin.ts';
import type { Refused, Result } from '../base/result.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { listHeader, listRule, noticeRule, ruleText, specText, type ListFormat } from './print.ts';
import { isComplaint, type CommandLine } from './draft.ts';
import { parseCommandLine } from './parse.ts';
import type { Complaint } from './extension.ts';
import type { Chain, TableName } from './state.ts';
import { shownBaseChains, shownChain, userChains, xtables, type XtablesRequest } from './xtables.ts';
import { IPTABLES_HELP } from './help.ts';

export const IPTABLES_VERSION = 'v1.8.11 (nf_tables)';

/** What a run leaves behind. */
export interface CommandOutcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `iptables WORDS…` in a namespace. `origin` is kept on the rules it writes. */
export function iptables(ns: NetworkNamespace, words: readonly string[], origin: Origin): CommandOutcome {
  const line = parseCommandLine(words);
  if (isComplaint(line)) return complain('iptables', line);
  return runCommandLine(ns, line, origin);
}

/** The words of xtables_error and its exit. */
export function complain(program: string, { status, text, bare }: Complaint): CommandOutcome {
  let stderr = `${bare === true ? '' : `${program} ${IPTABLES_VERSION}: `}${text}\n`;
  if (status === 2) stderr += `Try \`${program} -h' or '${program} --help' for more information.\n`;
  return { status, stdout: '', stderr };
}

/** Carries out a command line that was understood. */
export function runCommandLine(ns: NetworkNamespace, line: CommandLine, origin: Origin): CommandOutcome {
  switch (line.command) {
    case 'V':
      return { status: 0, stdout: `iptables ${IPTABLES_VERSION}\n`, stderr: '' };
    case 'h':
      return { status: 0, stdout: `iptables ${IPTABLES_VERSION}\n\n${IPTABLES_HELP}`, stderr: '' };
    case 'L':
    case 'S':
      return list(ns, line, origin);
    default:
      return change(ns, line, origin);
  }
}

function change(ns: NetworkNamespace, line: CommandLine, origin: Origin): CommandOutcome {
  let stdout = '';
  for (const request of requestsOf(line)) {
    const answer = xtables(ns, request, origin);
    if (!answer.ok) return { ...refusalOutcome('iptables', answer), stdout };
    if (line.verbose > 0 && 'rule' in request) stdout += noticeRule(request.rule);
  }
  return { status: 0, stdout, stderr: '' };
}

/** The requests a command line stands for, in order. */
export function requestsOf(line: CommandLine): XtablesRequest[] {
  const { table, chain, number, counters } = line;
  const some = chain === '' ? {} : { chain };
  const count = counters === undefined ? {} : { counters };
  switch (line.command) {
    case 'A':
      return line.rules.map((rule) => ({ op: 'append', table, chain, rule, ...count }));
    case 'I':
      return line.rules.map((rule) => ({
        op: 'insert',
        table,
        chain,
        number: number === 0 ? 1 : number,
        rule,
        ...count,
      }));
    case 'R':
      return line.rules.map((rule) => ({ op: 'replace', table, chain, number, rule, ...count }));
    case 'C':
      return line.rules.map((rule) => ({ op: 'check', table, chain, rule }));
    case 'D':
      if (number !== 0) return [{ op: 'delete-number', table, chain, number }];
      return line.rules.map((rule) => ({ op: 'delete', table, chain, rule }));
    case 'N':
      return [{ op: 'new-chain', table, chain }];
    case 'X':
      return [{ op: 'delete-chain', table, ...some }];
    case 'F':
      return [{ op: 'flush', table, ...some }];
    case 'E':
      return [{ op: 'rename-chain', table, chain, to: line.argument }];
    case 'P':
      return [{ op: 'policy', table, chain, policy: line.argument, ...count }];
    case 'Z':
      return [{ op: 'zero', table, ...some, ...(number === 0 ? {} : { number }) }];
    default:
      return [];
  }
}

/** A refusal in the words and with the exit status of `program`. */
export function refusalOutcome(program: string, refused: Refused): CommandOutcome {
  const text = refused.message ?? refused.errno;
  // The kernel's own refusals come at the end of the transaction.
  if (/^[A-Z]+_[A-Z]+ failed/.test(text))
    return { status: 4, stdout: '', stderr: `${program} ${IPTABLES_VERSION}:  ${text}\n` };
  if (text.startsWith('Chain ') && text.endsWith('does not exist')) return complain(program, { status: 2, text });
  return { status: 1, stdout: '', stderr: `${program}: ${text}.\n` };
}

function list(ns: NetworkNamespace, line: CommandLine, origin: Origin): CommandOutcome {
  const { table, chain: name } = line;
  let chains: readonly Chain[];
  if (name === '') chains = [...shownBaseChains(ns, table), ...userChains(ns, table)];
  else {
    const chain = shownChain(ns, table, name);
    if (chain === undefined)
      return { status: 1, stdout: '', stderr: 'iptables: No chain/target/match by that name.\n' };
    chains = [chain];
  }
  const stdout = line.command === 'L' ? listChains(chains, line) : listRules(chains, line);
  if (line.zero) {
    const zeroed: Result<undefined> = xtables(
      ns,
      { op: 'zero', table, ...(name === '' ? {} : { chain: name }) },
      origin,
    );
    if (!zeroed.ok) return refusalOutcome('iptables', zeroed);
  }
  return { status: 0, stdout, stderr: '' };
}

function listChains(chains: readonly Chain[], line: CommandLine): string {
  const format: ListFormat = {
    numeric: line.numeric,
    verbose: line.verbose > 0,
    exact: line.exact,
    lineNumbers: line.lineNumbers,
  };
  if (line.number !== 0) {
    const rule = chains[0]?.rules[line.number - 1];
    return rule === undefined ? '' : listRule(rule, line.number, format);
  }
  return chains
    .map((chain) => {
      const header = listHeader(chain.name, chain.hook >= 0 ? chain : null, chain.references, format);
      return header + chain.rules.map((rule, at) => listRule(rule, at + 1, format)).join('');
    })
    .join('\n');
}

function listRules(chains: readonly Chain[], line: CommandLine): string {
  const counts = (chain: { readonly packets: number; readonly bytes: number }): string =>
    line.verbose > 0 ? ` -c ${chain.packets} ${chain.bytes}` : '';
  let text = '';
  if (line.number === 0) {
    for (const chain of chains) if (chain.hook >= 0) text += `-P ${chain.name} ${chain.policy}${counts(chain)}\n`;
    for (const chain of chains) if (chain.hook < 0) text += `-N ${chain.name}\n`;
  }
  for (const chain of chains) {
    chain.rules.forEach((rule, at) => {
      if (line.number !== 0 && at + 1 !== line.number) return;
      text +=
        line.verbose > 0
          ? `-A ${chain.name}${specText(rule.spec, counts(rule))}\n`
          : `${ruleText(chain.name, rule.spec)}\n`;
    });
  }
  return text;
}

/** The table's part of iptables-save between its two comments. */
export function saveTableText(ns: NetworkNamespace, table: TableName, counters: boolean): string {
  const base = shownBaseChains(ns, table);
  const users = userChains(ns, table);
  let text = `*${table}\n`;
  for (const chain of base) text += `:${chain.name} ${chain.policy} [${chain.packets}:${chain.bytes}]\n`;
  for (const chain of users) text += `:${chain.name} - [0:0]\n`;
  for (const chain of [...base, ...users]) {
    for (const rule of chain.rules)
      text += `${counters ? `[${rule.packets}:${rule.bytes}] ` : ''}${ruleText(chain.name, rule.spec)}\n`;
  }
  return `${text}COMMIT\n`;
}
