/**
 * xtables-monitor 1.8.11 `--trace`: the way of packets that a TRACE rule marked. Mirrors iptables/xtables-monitor.c.
 * Deviations: the remains of an Ethernet header that the real one prints for packets made here (LL=…) are not printed;
 * `--event` is refused.
 */
import { formatIpv4 } from '../base/address.ts';
import { WaitQueue } from '../base/wait.ts';
import { specText } from '../netfilter/print.ts';
import { versionOf, watchTrace, wrappedElsewhere, type TraceStep } from '../netfilter/index.ts';
import { fail, type Program, type Tool } from '../process/program.ts';
import { ipLength, PROTO_TCP, PROTO_UDP, type Packet } from '../wire/packet.ts';
import { lacksNetAdmin } from './iptables/permission.ts';
import { traceId } from './nft/trace.ts';

const HELP = `Usage: xtables-monitor [ -t | -e ]
        --trace    -t    trace ruleset traversal of packets tagged via -j TRACE rule
        --event    -e    show events that modify the ruleset
Optional arguments:
        --ipv4     -4    only monitor IPv4
        --ipv6     -6    only monitor IPv6
	--counters -c    show counters in rules
`;

export const xtablesMonitorTool: Tool = {
  name: 'xtables-monitor',
  directory: '/usr/sbin',
  summary: 'show the way of traced packets through the rules',
  *main(ctx): Program {
    let trace = false;
    for (const word of ctx.argv.slice(1)) {
      if (word === '-t' || word === '--trace') trace = true;
      else if (word === '-4' || word === '--ipv4') continue;
      else if (word === '-h' || word === '--help') {
        yield* ctx.out(HELP);
        return 0;
      } else if (word === '-V' || word === '--version') {
        yield* ctx.out(`xtables-monitor ${versionOf('nft', ctx.host.kernel.platform)}\n`);
        return 0;
      } else if (/^(-[e6c]|--(event|ipv6|counters))$/.test(word))
        return yield* fail(ctx, `xtables-monitor: option ${word} is not emulated here`);
      else {
        const what = word.startsWith('--') ? `unrecognized option '${word}'` : `invalid option -- '${word[1] ?? word}'`;
        return yield* fail(
          ctx,
          `xtables-monitor: ${what}\nxtables-monitor ${versionOf('nft', ctx.host.kernel.platform)}: Bad argument.\nTry \`xtables-monitor -h' for more information.`,
        );
      }
    }
    if (!trace) return yield* fail(ctx, HELP);
    if (lacksNetAdmin(ctx)) return yield* fail(ctx, 'cannot bind to nfnetlink socket: Operation not permitted');
    const { terseMonitor } = ctx.host.kernel.platform.iptables;
    const queue = new WaitQueue();
    const lines: string[] = [];
    const stop = watchTrace(ctx.netns, (step) => {
      const id = traceId(step.packet);
      // Older ones show the packet with rules only.
      if (step.first && !(terseMonitor && step.rule === null)) lines.push(`PACKET: 2 ${id} ${packetText(step, terseMonitor)}\n`);
      lines.push(` TRACE: 2 ${id} ${stepText(step, terseMonitor)}\n`);
      queue.wake();
    });
    try {
      for (;;) {
        while (lines.length > 0) yield* ctx.out(lines.shift() as string);
        yield* ctx.wait([queue]);
      }
    } finally {
      stop();
    }
  },
};

function stepText({ chain, rule, verdict }: TraceStep, terse: boolean): string {
  const place = `${chain.table.name}:${chain.name}`;
  if (rule === null) return verdict === 'CONTINUE' || verdict === 'RETURN' ? `${place}:return:` : `${place}:policy:${verdict} `;
  // The library knows no name for NFT_RETURN and prints its number.
  const shown = verdict === 'RETURN' ? '0xfffffffb' : verdict;
  return `${place}:rule:0x${rule.handle.toString(16)}:${shown}  ${terse ? '-4' : 'iptables'} -t ${chain.table.name} -A ${chain.name}${specText(rule.spec)}`;
}

function packetText(step: TraceStep, terse: boolean): string {
  const { packet, input, output } = step;
  const elsewhere = wrappedElsewhere(step);
  let text = input !== null ? `IN=${input.name} ` : elsewhere ? 'IN=(null) ' : '';
  if (output !== null) text += `OUT=${output.name} `;
  if (input !== null || elsewhere) {
    const { srcMac, dstMac } = elsewhere ? (packet.inner ?? packet) : packet;
    if (input?.kind === 'loopback') text += 'LL=0x304 0000000000000000000000000800 ';
    else text += `MACSRC=${mac(srcMac)} MACDST=${mac(dstMac)} MACPROTO=0800 `;
  }
  text += `SRC=${formatIpv4(packet.src)} DST=${formatIpv4(packet.dst)} LEN=${ipLength(packet)} TOS=0x${packet.tos.toString(16)} TTL=${packet.ttl} ID=${packet.ipId}${terse ? '' : ' '}`;
  if (packet.dontFragment) text += 'DF ';
  if (packet.moreFragments) text += 'MF ';
  if (packet.fragmentOffset !== 0) text += `FRAG:${packet.fragmentOffset >> 3} `;
  text += ports(packet);
  return packet.mark === 0 ? text : `${text}MARK=0x${packet.mark.toString(16)} `;
}

/** ether_ntoa without leading zeros. */
function mac(value: number): string {
  const octets = value.toString(16).padStart(12, '0').match(/../g) ?? [];
  return octets.map((octet) => octet.replace(/^0/, '')).join(':');
}

const FLAGS = [
  [2, 'SYN'],
  [16, 'ACK'],
  [1, 'FIN'],
  [4, 'RST'],
  [8, 'PSH'],
  [32, 'URG'],
] as const;

function ports(packet: Packet): string {
  if ((packet.protocol !== PROTO_TCP && packet.protocol !== PROTO_UDP) || packet.fragmentOffset !== 0) return '';
  let text = `SPORT=${packet.sport} DPORT=${packet.dport} `;
  if (packet.protocol === PROTO_TCP) for (const [bit, name] of FLAGS) if (packet.flags & bit) text += `${name} `;
  return text;
}
