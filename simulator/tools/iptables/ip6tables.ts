/** ip6tables where IPv6 carries no traffic: every table is there, and empty. */
import { kernelHabit } from '../../base/origin.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { NetworkNamespace } from '../../kernel/netns.ts';
import { complain, runCommandLine, saveTableText, type CommandOutcome } from '../../netfilter/command.ts';
import { isComplaint } from '../../netfilter/draft.ts';
import { parseCommandLine } from '../../netfilter/parse.ts';
import { TABLE_NAMES, type Backend, type TableName } from '../../netfilter/state.ts';

/** Lists, checks and clears empty tables; what would write to one is refused. */
export function ip6tables(kernel: Kernel, words: readonly string[], backend: Backend): CommandOutcome {
  const line = parseCommandLine(words);
  if (isComplaint(line)) return complain('ip6tables', line, backend, kernel.platform);
  if (!'LSCDVhFXZ'.includes(line.command)) {
    return complain(
      'ip6tables',
      { status: 2, text: `option -${line.command} is not emulated here` },
      backend,
      kernel.platform,
    );
  }
  const { status, stdout, stderr } = runCommandLine(untouched(kernel), line, kernelHabit('policy'), backend);
  return {
    status,
    stdout: stdout.replaceAll('iptables', 'ip6tables'),
    stderr: stderr.replaceAll('iptables', 'ip6tables'),
  };
}

/** The part of ip6tables-save for one table. */
export function ip6tablesSave(kernel: Kernel, table: string): string {
  return (TABLE_NAMES as readonly string[]).includes(table)
    ? saveTableText(untouched(kernel), table as TableName, false)
    : '';
}

/** A namespace of its own that nothing else knows, whose tables nobody has written to. */
function untouched(kernel: Kernel): NetworkNamespace {
  return new NetworkNamespace(kernel, 0, 'ip6tables');
}
