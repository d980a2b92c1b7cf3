/** Docker 26.1.5 as Debian 13 packages it: the engine of the recordings. */
import type { Era } from './era.ts';

export const ERA_26_1: Era = {
  name: '26.1',
  version: '26.1.5+dfsg1',
  apiVersion: '1.45',
  minApiVersion: '1.24',
  goVersion: 'go1.24.4',
  gitCommit: '411e817',
  buildTime: 'Thu Aug 13 05:35:47 2026',
  containerd: { version: '1.7.24~ds1', commit: '1.7.24~ds1-6+deb13u1' },
  runc: { version: '1.1.15+ds1', commit: '1.1.15+ds1-2+b4' },
};
