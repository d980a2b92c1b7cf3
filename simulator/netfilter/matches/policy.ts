/**
 * `-m policy`: was the packet decrypted by IPsec? Mirrors libxt_policy.c and net/netfilter/xt_policy.c.
 * Packets here are never wrapped in ESP, so `--pol none` always holds and `--pol ipsec` never does.
 */
import { INVERTIBLE, notEmulated, parameterProblem, VALUE, type MatchExtension } from '../extension.ts';

interface PolicyMatch {
  direction: '' | 'in' | 'out';
  policy: '' | 'none' | 'ipsec';
}

export const policyMatch: MatchExtension<PolicyMatch> = {
  name: 'policy',
  options: {
    dir: VALUE,
    pol: VALUE,
    strict: VALUE,
    reqid: INVERTIBLE,
    spi: INVERTIBLE,
    proto: INVERTIBLE,
    mode: INVERTIBLE,
    'tunnel-src': INVERTIBLE,
    'tunnel-dst': INVERTIBLE,
  },
  init: () => ({ direction: '', policy: '' }),
  parse(data, option, value) {
    if (option === 'dir') {
      if (value !== 'in' && value !== 'out') return parameterProblem(`policy_match: invalid dir \`${value}'`);
      data.direction = value;
    } else if (option === 'pol') {
      if (value !== 'none' && value !== 'ipsec') return parameterProblem(`policy match: invalid policy \`${value}'`);
      data.policy = value;
    } else return notEmulated(`--${option}`);
    return undefined;
  },
  check(data) {
    if (data.direction === '') return parameterProblem('policy match: neither --dir in nor --dir out specified');
    return data.policy === '' ? parameterProblem('policy match: policy none used but policy given') : undefined;
  },
  save: (data) => ` --dir ${data.direction} --pol ${data.policy}`,
  list: (data) => ` policy match dir ${data.direction} pol ${data.policy}`,
  matches: (data) => data.policy === 'none',
};
