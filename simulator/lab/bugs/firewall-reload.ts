/**
 * firewalld was reloaded: Docker wrote its bridges' rules again, but not those of the routing mesh. So the chains DOCKER-INGRESS
 * and what leads into them are gone, and dockerd still holds the published ports.
 */
import { z } from 'zod/mini';
import { iptables } from '../../netfilter/index.ts';
import { machine } from '../faults/fault.ts';
import { bugKind } from './bug.ts';

export const firewallReload = bugKind<{ on: string }>({
  name: 'firewall-reload',
  issues: ['moby/moby#33893', 'moby/moby#32916', 'firewalld/firewalld#503', 'moby/moby#50443'],
  about:
    'A reload of the firewall has taken the rules of the routing mesh on a machine: clients connect, and hang (a restart of dockerd helps).',
  params: z.strictObject({ on: machine }),
  machines: ({ on }) => [on],
  when: 'built',
  begin({ on }, { host, origin }) {
    const ns = host(on).kernel.initNs;
    for (const table of ['filter', 'nat']) {
      const run = (words: readonly string[]): string => iptables(ns, ['-t', table, ...words], origin).stdout;
      for (const rule of run(['-S']).split('\n')) {
        const [verb, chain = '', ...words] = rule.split(' ');
        const leads = words.at(-2) === '-j' && words.at(-1) === 'DOCKER-INGRESS';
        const masquerades = table === 'nat' && rule.includes('-o docker_gwbridge') && rule.includes('--src-type LOCAL');
        if (verb === '-A' && (leads || masquerades)) run(['-D', chain, ...words]);
      }
      run(['-F', 'DOCKER-INGRESS']);
      run(['-X', 'DOCKER-INGRESS']);
    }
  },
});
