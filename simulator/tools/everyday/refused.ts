/** Programs that a learner may well type and that are not here: each says so in one plain line, and what to use instead. */
import type { Program, ProgramContext, Tool } from '../../process/program.ts';

const REFUSED: readonly (readonly [name: string, instead: string])[] = [
  ['apt', 'every tool that is emulated is installed; see help'],
  ['apt-get', 'every tool that is emulated is installed; see help'],
  ['apk', 'every tool that is emulated is installed; see help'],
  ['dnf', 'every tool that is emulated is installed; see help'],
  ['yum', 'every tool that is emulated is installed; see help'],
  ['df', 'files live in memory'],
  ['diff', 'compare with grep -vxFf FILE1 FILE2'],
  ['du', 'see the sizes with ls -l'],
  ['firewall-cmd', 'use iptables'],
  ['free', 'memory is not modelled'],
  ['ifup', 'use ip link set … up'],
  ['ifdown', 'use ip link set … down'],
  ['journalctl', 'see dmesg, and docker service logs'],
  ['lsmod', 'modules are not modelled: what is needed is loaded'],
  ['nano', 'write files with cat > FILE <<END'],
  ['reboot', 'machines do not reboot here'],
  ['service', 'there is no service manager; docker is started with the machine'],
  ['shutdown', 'machines do not shut down here'],
  ['ssh', 'open a terminal of that machine'],
  ['strace', 'system calls are not traced; watch packets with tcpdump'],
  ['systemctl', 'there is no service manager; docker is started with the machine'],
  ['tar', 'archives are not emulated'],
  ['top', 'see ps aux, or watch ps aux'],
  ['ufw', 'use iptables'],
  ['vi', 'write files with cat > FILE <<END'],
  ['vim', 'write files with cat > FILE <<END'],
];

export const refusedTools: readonly Tool[] = REFUSED.map(([name, instead]) => ({
  name,
  summary: 'not emulated',
  *main(ctx: ProgramContext): Program {
    yield* ctx.err(`${name}: is not emulated here; ${instead}\n`);
    return 1;
  },
}));
