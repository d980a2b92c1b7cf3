/** `-m owner --uid-owner`. Mirrors libxt_owner.c and net/netfilter/xt_owner.c; of sockets only the uid is known. */
import { INVERTIBLE, INVERTIBLE_FLAG, notEmulated, parameterProblem, type MatchExtension } from '../extension.ts';
import { parseUnsigned } from '../names.ts';

interface OwnerMatch {
  uidMin: number;
  uidMax: number;
  invert: boolean;
}

export const ownerMatch: MatchExtension<OwnerMatch> = {
  name: 'owner',
  options: { 'uid-owner': INVERTIBLE, 'gid-owner': INVERTIBLE, 'socket-exists': INVERTIBLE_FLAG },
  init: () => ({ uidMin: -1, uidMax: -1, invert: false }),
  parse(data, option, value, invert) {
    if (option !== 'uid-owner') return notEmulated(`--${option}`);
    const [first = '', last] = value.split('-');
    const min = first === 'root' ? 0 : parseUnsigned(first);
    const max = last === undefined ? min : parseUnsigned(last);
    if (min === undefined || max === undefined)
      return parameterProblem(`owner: bad value for option "--uid-owner", or out of range.\n`);
    data.uidMin = min;
    data.uidMax = max;
    data.invert = invert;
    return undefined;
  },
  check: (data) =>
    data.uidMin < 0
      ? parameterProblem('owner: At least one of --uid-owner, --gid-owner or --socket-exists is required')
      : undefined,
  save: (data) => `${data.invert ? ' !' : ''} --uid-owner ${range(data)}`,
  list: (data) => `${data.invert ? ' !' : ''} owner UID match ${range(data)}`,
  matches(data, _ns, packet) {
    const uid = packet.socketUid;
    // owner_mt: without a socket, or one of the kernel's own, there is nobody: only what is inverted holds.
    if (uid < 0) return data.invert;
    return (uid >= data.uidMin && uid <= data.uidMax) !== data.invert;
  },
};

function range({ uidMin, uidMax }: OwnerMatch): string {
  return uidMin === uidMax ? String(uidMin) : `${uidMin}-${uidMax}`;
}
