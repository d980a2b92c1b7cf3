/** Rules as text: as `iptables -S` and iptables-save print them, and as `iptables -L` does. Mirrors xshared.c, nft-ipv4.c. */
import { formatIpv4 } from '../base/address.ts';
import { saveMask } from './address.ts';
import { protocolName } from './names.ts';
import type { Rule, RuleSpec } from './rule.ts';

/** `-A CHAIN …`, as `iptables -S` prints it. */
export function ruleText(chain: string, spec: RuleSpec): string {
  return `-A ${chain}${specText(spec)}`;
}

/** The same of a rule in a chain; made once. */
export function textOfRule(rule: Rule): string {
  if (rule.text === '') rule.text = specText(rule.spec);
  return rule.text;
}

/** What stands after `-A CHAIN`; `counters` go in front of the target as with `-v`. */
export function specText(spec: RuleSpec, counters = ''): string {
  let text = '';
  if (spec.sourceMask !== 0)
    text += `${not(spec.notSource)} -s ${formatIpv4(spec.source)}${saveMask(spec.sourceMask, true)}`;
  if (spec.destinationMask !== 0) {
    text += `${not(spec.notDestination)} -d ${formatIpv4(spec.destination)}${saveMask(spec.destinationMask, true)}`;
  }
  if (spec.input !== '') text += `${not(spec.notInput)} -i ${spec.input}`;
  if (spec.output !== '') text += `${not(spec.notOutput)} -o ${spec.output}`;
  if (spec.protocol !== 0) text += `${not(spec.notProtocol)} -p ${protocolName(spec.protocol)}`;
  if (spec.fragment) text += `${not(spec.notFragment)} -f`;
  for (const { extension, data } of spec.matches) text += ` -m ${extension.name}${extension.save(data)}`;
  text += counters;
  if (spec.jump !== '') text += ` -${spec.goto ? 'g' : 'j'} ${spec.jump}`;
  return spec.target === null ? text : text + spec.target.extension.save(spec.target.data);
}

function not(invert: boolean): string {
  return invert ? ' !' : '';
}

/** How `iptables -L` was asked to print. */
export interface ListFormat {
  readonly numeric: boolean;
  readonly verbose: boolean;
  readonly exact: boolean;
  readonly lineNumbers: boolean;
}

/** A counter as xtables_print_num prints it. */
function counterText(value: number, format: ListFormat, width: number): string {
  if (format.exact) return String(value).padStart(width === 0 ? 0 : 8);
  if (value <= 99999) return String(value).padStart(width);
  let number = Math.floor((value + 500) / 1000);
  for (const unit of ['K', 'M', 'G']) {
    if (number <= 9999 || unit === 'G') return `${String(number).padStart(width === 0 ? 0 : width - 1)}${unit}`;
    number = Math.floor((number + 500) / 1000);
  }
  return String(number);
}

/** The two lines above a chain's rules. */
export function listHeader(
  name: string,
  base: { readonly policy: string; readonly packets: number; readonly bytes: number } | null,
  references: number,
  format: ListFormat,
): string {
  let text = `Chain ${name}`;
  if (base === null) text += ` (${references} references)\n`;
  else {
    const counts = format.verbose
      ? ` ${counterText(base.packets, format, 0)} packets, ${counterText(base.bytes, format, 0)} bytes`
      : '';
    text += ` (policy ${base.policy}${counts})\n`;
  }
  if (format.lineNumbers) text += 'num  ';
  if (format.verbose) text += format.exact ? `${'pkts'.padStart(8)} ${'bytes'.padStart(10)} ` : ' pkts bytes ';
  text += `${'target'.padEnd(9)}  prot opt`;
  if (format.verbose) text += ` ${'in'.padEnd(6)} ${'out'.padEnd(6)} `;
  return `${text} ${'source'.padEnd(19)}  ${'destination'.padEnd(19)} \n`;
}

/** One rule of a listing, with its line end. */
export function listRule(rule: Rule, number: number, format: ListFormat): string {
  const { spec } = rule;
  let text = format.lineNumbers ? `${String(number).padEnd(4)} ` : '';
  if (format.verbose) text += `${counterText(rule.packets, format, 5)} ${counterText(rule.bytes, format, 5)} `;
  text += `${(spec.target?.extension.listedAs ?? spec.jump).padEnd(9)} ${spec.notProtocol ? '!' : ' '}${protocolName(spec.protocol).padEnd(4)} `;
  text += `${spec.fragment ? (spec.notFragment ? '!f' : '-f') : '--'} `;
  if (format.verbose) {
    text += ` ${interfaceText(spec.input, spec.notInput, format.numeric)} ${interfaceText(spec.output, spec.notOutput, format.numeric)} `;
  }
  text += `${spec.notSource ? '!' : ' '}${addressText(spec.source, spec.sourceMask, format.numeric).padEnd(19)} `;
  text += `${spec.notDestination ? '!' : ' '}${addressText(spec.destination, spec.destinationMask, format.numeric).padEnd(19)} `;
  return `${text}${extensionsText(spec, format.numeric)}\n`;
}

/** What `iptables -A … -v` says about a rule it writes. */
export function noticeRule(spec: RuleSpec): string {
  let text = `${spec.jump} ${spec.notProtocol ? '!' : ' '}${protocolName(spec.protocol)} opt `;
  text += `${spec.fragment ? (spec.notFragment ? '!f' : '-f') : '--'} `;
  text += `in ${spec.notInput ? '!' : ''}${spec.input === '' ? '*' : spec.input} out ${spec.notOutput ? '!' : ''}${spec.output === '' ? '*' : spec.output} `;
  text += `${spec.notSource ? '!' : ' '}${addressText(spec.source, spec.sourceMask, true)} `;
  text += `${spec.notDestination ? '!' : ' '}-> ${addressText(spec.destination, spec.destinationMask, true)}  `;
  return `${text}${extensionsText(spec, true)}\n`;
}

function extensionsText(spec: RuleSpec, numeric: boolean): string {
  let text = spec.goto ? '[goto] ' : '';
  for (const { extension, data } of spec.matches) text += extension.list(data, numeric);
  return spec.target === null ? text : text + spec.target.extension.list(spec.target.data, numeric);
}

function interfaceText(name: string, invert: boolean, numeric: boolean): string {
  if (name === '') return (numeric ? '*' : 'any').padEnd(6);
  return `${invert ? '!' : ''}${name}`.padEnd(6);
}

function addressText(address: number, mask: number, numeric: boolean): string {
  if (mask === 0 && !numeric) return 'anywhere';
  if (!numeric && address === 0x7f000001 && mask === 0xffffffff) return 'localhost';
  return formatIpv4(address) + saveMask(mask, false);
}
