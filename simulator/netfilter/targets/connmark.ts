/** `-j CONNMARK`. Mirrors libxt_CONNMARK.c (revision 1) and net/netfilter/xt_connmark.c. */
import { entryOf } from '../conntrack/core.ts';
import { CONTINUE, FLAG, notEmulated, parameterProblem, VALUE, type TargetExtension } from '../extension.ts';
import { hex, parseMarkMask, parseUnsigned } from '../names.ts';

interface ConnmarkData {
  mode: '' | 'set' | 'save' | 'restore';
  value: number;
  ctMask: number;
  packetMask: number;
}

export const connmarkTarget: TargetExtension<ConnmarkData> = {
  name: 'CONNMARK',
  conntrack: true,
  options: {
    'set-mark': VALUE,
    'set-xmark': VALUE,
    'and-mark': VALUE,
    'or-mark': VALUE,
    'xor-mark': VALUE,
    'save-mark': FLAG,
    'restore-mark': FLAG,
    ctmask: VALUE,
    nfmask: VALUE,
    mask: VALUE,
    'left-shift-mark': VALUE,
    'right-shift-mark': VALUE,
  },
  init: () => ({ mode: '', value: 0, ctMask: 0xffffffff, packetMask: 0xffffffff }),
  parse(data, option, value) {
    const bad = parameterProblem(`CONNMARK: bad integer value for option "--${option}", or out of range.\n`);
    switch (option) {
      case 'set-mark':
      case 'set-xmark': {
        const mark = parseMarkMask(value);
        if (mark === undefined) return bad;
        data.mode = 'set';
        data.value = mark.value;
        data.ctMask = option === 'set-mark' ? (mark.mask | mark.value) >>> 0 : mark.mask;
        return undefined;
      }
      case 'and-mark':
      case 'or-mark':
      case 'xor-mark': {
        const bits = parseUnsigned(value);
        if (bits === undefined) return bad;
        data.mode = 'set';
        data.value = option === 'and-mark' ? 0 : bits;
        data.ctMask = option === 'and-mark' ? ~bits >>> 0 : option === 'or-mark' ? bits : 0;
        return undefined;
      }
      case 'save-mark':
        data.mode = 'save';
        return undefined;
      case 'restore-mark':
        data.mode = 'restore';
        return undefined;
      case 'ctmask':
      case 'nfmask':
      case 'mask': {
        const mask = parseUnsigned(value);
        if (mask === undefined) return bad;
        if (option !== 'nfmask') data.ctMask = mask;
        if (option !== 'ctmask') data.packetMask = mask;
        return undefined;
      }
      default:
        return notEmulated(`--${option}`);
    }
  },
  check: (data) => (data.mode === '' ? parameterProblem('CONNMARK target: No operation specified') : undefined),
  save(data) {
    if (data.mode === 'set') return ` --set-xmark ${hex(data.value)}/${hex(data.ctMask)}`;
    return ` --${data.mode}-mark --nfmask ${hex(data.packetMask)} --ctmask ${hex(data.ctMask)}`;
  },
  list(data) {
    const { value, ctMask, packetMask } = data;
    if (data.mode !== 'set') {
      if (ctMask === 0xffffffff && packetMask === 0xffffffff) return ` CONNMARK ${data.mode}`;
      if (ctMask === packetMask) return ` CONNMARK ${data.mode} mask ${hex(ctMask)}`;
      return ` CONNMARK ${data.mode} nfmask ${hex(packetMask)} ctmask ${hex(ctMask)}`;
    }
    if (value === 0) return ` CONNMARK and ${hex(~ctMask)}`;
    if (value === ctMask) return ctMask === 0xffffffff ? ` CONNMARK set ${hex(value)}` : ` CONNMARK or ${hex(value)}`;
    if (ctMask === 0) return ` CONNMARK xor ${hex(value)}`;
    return ctMask === 0xffffffff ? ` CONNMARK set ${hex(value)}` : ` CONNMARK xset ${hex(value)}/${hex(ctMask)}`;
  },
  act(data, _ns, packet) {
    const entry = entryOf(packet);
    if (entry === null) return CONTINUE;
    if (data.mode === 'set') entry.mark = ((entry.mark & ~data.ctMask) ^ data.value) >>> 0;
    else if (data.mode === 'save') entry.mark = ((entry.mark & ~data.ctMask) ^ (packet.mark & data.packetMask)) >>> 0;
    else packet.mark = ((packet.mark & ~data.packetMask) ^ (entry.mark & data.ctMask)) >>> 0;
    return CONTINUE;
  },
};
