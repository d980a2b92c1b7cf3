/**
 * modprobe: loads modules of the kernel. Mirrors kmod 34's modprobe(8) as far as the names go.
 *
 * What the emulator has is always loaded, but for `ipip`, which brings a `tunl0` into each namespace. Options -q -v and -a
 * are taken; removing modules (-r) is refused, other modules are not to be found.
 */
import { loadIpip } from '../kernel/drivers/ipip.ts';
import { fail, type Program, type ProgramContext, type Tool } from '../process/program.ts';

/** Modules whose work is done here from the start; `ip_vs_rr` and other schedulers, `xt_…` and `nf_…` as well. */
const LOADED =
  /^(?:br_netfilter|bridge|veth|vxlan|dummy|overlay|ip_vs(?:_[a-z]+)?|(?:x|ip|ip6|nf|nft)_?tables?|iptable_[a-z]+|nf_[a-z_]+|nfnetlink|nf_conntrack_netlink|xt_[A-Za-z0-9]+)$/;

export const modprobeTool: Tool = {
  name: 'modprobe',
  directory: '/usr/sbin',
  summary: 'load a module of the kernel',
  main,
};

function* main(ctx: ProgramContext): Program {
  const names: string[] = [];
  let quiet = false;
  let all = false;
  for (const word of ctx.argv.slice(1)) {
    if (word === '-q' || word === '--quiet') quiet = true;
    else if (word === '-a' || word === '--all') all = true;
    else if (word === '-r' || word === '--remove')
      return yield* fail(ctx, 'modprobe: option -r is not emulated here', 1);
    else if (!word.startsWith('-') || word === '--') names.push(word);
    else if (!/^-(?:v|-verbose)$/.test(word))
      return yield* fail(ctx, `modprobe: option ${word} is not emulated here`, 1);
  }
  if (names.length === 0) return yield* fail(ctx, 'modprobe: ERROR: missing parameters. See -h.', 1);
  let status = 0;
  // Without -a what follows are parameters of the one module.
  for (const given of all ? names : names.slice(0, 1)) {
    const name = given.replaceAll('-', '_');
    if (name === 'ipip') loadIpip(ctx.netns.kernel);
    else if (!LOADED.test(name)) {
      status = 1;
      const text = `modprobe: ${all ? 'WARNING' : 'FATAL'}: Module ${given} not found in directory /lib/modules/${ctx.host.release}`;
      if (!quiet) yield* ctx.err(`${text}\n`);
    }
  }
  return status;
}
