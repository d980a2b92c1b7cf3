/**
 * `-m bpf --bytecode`: a classic BPF program over the packet. Mirrors libxt_bpf.c and net/netfilter/xt_bpf.c.
 * Emulated is exactly the program that Docker writes for encrypted overlays: load the word 12 octets into the transport
 * header (the VNI of VXLAN), shift it right by 8, compare. Others are refused.
 */
import { PROTO_UDP } from '../../wire/packet.ts';
import { parameterProblem, VALUE, type MatchExtension } from '../extension.ts';

interface BpfMatch {
  /** The program without its length in front. */
  program: string;
  vni: number;
}

/** ld the transport header's start, ld [x + 4] of its payload, rsh 8, jeq VNI, ret. */
const VNI_PROGRAM = /^7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 (\d+),6 0 0 0,6 0 0 4294967295$/;

export const bpfMatch: MatchExtension<BpfMatch> = {
  name: 'bpf',
  options: { bytecode: VALUE, 'object-pinned': VALUE },
  init: () => ({ program: '', vni: -1 }),
  parse(data, option, value) {
    const known = VNI_PROGRAM.exec(value);
    if (option !== 'bytecode' || known === null) {
      return parameterProblem(
        `option --${option} is not emulated here, except for the VXLAN filter that Docker writes`,
      );
    }
    data.program = value.slice(value.indexOf(',') + 1);
    data.vni = Number(known[1]);
    return undefined;
  },
  check: (data) => (data.vni < 0 ? parameterProblem('bpf: option "--bytecode" must be specified\n') : undefined),
  save: (data) => ` --bytecode "7,${data.program}"`,
  // The missing blank in front and the NUL at the end are libxt_bpf's (a separator printed with %c after the last one).
  list: (data) => `match bpf ${data.program}\0`,
  matches: (data, _ns, packet) => packet.protocol === PROTO_UDP && packet.inner !== null && packet.vni === data.vni,
};
