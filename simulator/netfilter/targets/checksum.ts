/** `-j CHECKSUM --checksum-fill`. Mirrors libxt_CHECKSUM.c. Checksums are always right here, so there is nothing to fill. */
import { CONTINUE, FLAG, parameterProblem, type TargetExtension } from '../extension.ts';

export const checksumTarget: TargetExtension<{ fill: boolean }> = {
  name: 'CHECKSUM',
  tables: ['mangle'],
  options: { 'checksum-fill': FLAG },
  init: () => ({ fill: false }),
  parse(data) {
    data.fill = true;
    return undefined;
  },
  check: (data) => (data.fill ? undefined : parameterProblem('CHECKSUM target: Parameter --checksum-fill is required')),
  save: () => ' --checksum-fill',
  list: () => ' CHECKSUM fill',
  act: () => CONTINUE,
};
