/** How `ip xfrm` prints states and policies (iproute2 6.15, ip/ipxfrm.c); `-s` adds lifetimes and counters. */
import { formatIpv4 } from '../../base/address.ts';
import { SECOND } from '../../base/scheduler.ts';
import type { XfrmMark, XfrmPolicy, XfrmSelector, XfrmState } from '../../kernel/xfrm.ts';
import { strftime } from '../../process/calendar.ts';
import { protocolWord } from './xfrm-words.ts';
import type { Call } from './command.ts';

function hex(value: number, digits = 8): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** A time of the kernel as the wall clock had it; `-` for never. */
function clock(call: Call, at: number): string {
  return at === 0 ? '-' : strftime('%Y-%m-%d %H:%M:%S', Math.floor((call.ctx.wallClock - call.ctx.now + at) / SECOND));
}

/** xfrm_id_info_print, from the second line on. */
function identity(spi: number, reqid: number, long: boolean): string {
  const numbers = long ? `spi ${hex(spi)}(${spi}) reqid ${reqid}(${hex(reqid)})` : `spi ${hex(spi)} reqid ${reqid}`;
  return `proto esp ${numbers} mode transport\n`;
}

function selectorText({ src, srcPrefix, dst, dstPrefix, protocol, sport, dport }: XfrmSelector, long: boolean): string {
  const words = [`src ${formatIpv4(src)}/${srcPrefix} dst ${formatIpv4(dst)}/${dstPrefix}`];
  if (protocol !== 0) words.push(`proto ${protocolWord(protocol)}`);
  if (sport !== 0) words.push(`sport ${sport}`);
  if (dport !== 0) words.push(`dport ${dport}`);
  return `${words.join(' ')} ${long ? 'uid 0' : ''}\n`;
}

function markText(mark: XfrmMark | null): string {
  return mark === null ? '' : `\tmark 0x${mark.value.toString(16)}/0x${mark.mask.toString(16)} \n`;
}

/** Limits are not emulated: there are none. */
function lifetime(bytes: number, packets: number, added: string, used: string): string {
  return `\tlifetime config:
\t  limit: soft (INF)(bytes), hard (INF)(bytes)
\t  limit: soft (INF)(packets), hard (INF)(packets)
\t  expire add: soft 0(sec), hard 0(sec)
\t  expire use: soft 0(sec), hard 0(sec)
\tlifetime current:
\t  ${bytes}(bytes), ${packets}(packets)
\t  add ${added} use ${used}
`;
}

/** xfrm_state_info_print */
export function stateText(state: XfrmState, call: Call, nokeys: boolean): string {
  const long = call.options.stats > 0;
  let text = `src ${formatIpv4(state.src)} dst ${formatIpv4(state.dst)}\n\t${identity(state.spi, state.reqid, long)}`;
  text += `\treplay-window 0 ${long ? 'seq 0x00000000 flag  (0x00000000)' : ''}\n`;
  text += markText(state.mark);
  const key = nokeys ? '<<Keys hidden>>' : `0x${state.key}${long ? ` (${state.key.length * 4} bits)` : ''}`;
  text += `\taead ${state.algorithm} ${key} ${state.icvBits}\n`;
  // XFRMA_LASTUSED, which old releases do not know.
  if (state.lastUsed !== 0 && call.ns.kernel.platform.iproute.details !== '2020')
    text += `\tlastused ${clock(call, state.lastUsed)}\n`;
  text += `\tanti-replay context: seq 0x0, oseq 0x${state.outgoing.toString(16)}, bitmap 0x00000000\n`;
  text += `\tsel ${selectorText(state.selector, long)}`;
  if (!long) return text;
  text += lifetime(state.bytes, state.packets, clock(call, state.added), clock(call, state.used));
  return `${text}\tstats:\n\t  replay-window 0 replay 0 failed ${state.failed}\n`;
}

/** xfrm_policy_info_print */
export function policyText(policy: XfrmPolicy, call: Call): string {
  const long = call.options.stats > 0;
  let text = selectorText(policy.selector, long);
  const action = policy.action === 'block' ? ' action block' : long ? ' action allow' : '';
  text += `\tdir ${policy.direction}${action}${long ? ` index ${policy.index}` : ''} priority ${policy.priority} ptype main ${long ? 'share any flag  (0x00000000)' : ''}\n`;
  if (long) text += lifetime(0, 0, clock(call, policy.added), clock(call, policy.used));
  text += markText(policy.mark);
  for (const template of policy.templates) {
    text += `\ttmpl src ${formatIpv4(template.src)} dst ${formatIpv4(template.dst)}\n\t\t${identity(template.spi, template.reqid, long)}`;
    if (long || template.optional)
      text += `\t\tlevel ${template.optional ? 'use' : 'required'} ${long ? 'share any ' : ''}\n`;
    if (long) text += '\t\tenc-mask ffffffff auth-mask ffffffff comp-mask ffffffff\n';
  }
  return text;
}
