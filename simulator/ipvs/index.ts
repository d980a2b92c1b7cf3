/** The door of ipvs/: the hook functions and set-up for stack.ts, the administration for tools and the engine, views for /proc. */
import type { NetworkNamespace } from '../kernel/netns.ts';
import { refuse, type Result } from '../base/result.ts';
import { ipvsOf, needIpvs } from './state.ts';
import { LATER_KNOBS, readKnob, writeKnob } from './sysctl.ts';

export { ipvsForwardIcmp, ipvsReply, ipvsRequest } from './core.ts';
export { ipvsSeam, type IpvsSeam } from './seam.ts';
export {
  hasIpvsService, ipvsControl,
  type ConnectionView,
  type IpvsOperation,
  type IpvsReplies,
  type IpvsRequest,
  type IpvsTimeouts,
  type RealServerView,
  type ServiceView,
} from './control.ts';
export { protocolText, type ForwardMethod, type RealServerSpec, type ServiceKey, type ServiceSpec } from './service.ts';
export { schedulerByName, SCHEDULER_NAMES } from './schedulers/index.ts';
export { connectionTableSize, FORWARD_NAMES, procIpVs, procIpVsConn, procIpVsStats } from './proc.ts';
export { IPVS_SYSCTL_NAMES } from './sysctl.ts';

/** Gives a namespace its IPVS: none until somebody asks, so a namespace without services costs nothing. */
export function setupIpvs(ns: NetworkNamespace): void {
  ns.rooms.ipvs = null;
}

/** Ends the IPVS of a namespace that goes away. */
export function teardownIpvs(ns: NetworkNamespace): void {
  ipvsOf(ns)?.destroy();
  ns.rooms.ipvs = null;
}

/** Some knobs came with kernels after 5.10. */
function knows(ns: NetworkNamespace, name: string): boolean {
  return !LATER_KNOBS.has(name) || ns.kernel.platform.ipvsKnobs.includes(name);
}

/** The value of net.ipv4.vs.`name`; undefined when there is none of that name. */
export function readIpvsSysctl(ns: NetworkNamespace, name: string): string | undefined {
  return knows(ns, name) ? readKnob(ipvsOf(ns)?.knobs ?? null, name, ns.kernel.platform.ipvsValues) : undefined;
}

/** Sets net.ipv4.vs.`name`. EINVAL, ENOENT. */
export function writeIpvsSysctl(ns: NetworkNamespace, name: string, text: string): Result<undefined> {
  return knows(ns, name) ? writeKnob(needIpvs(ns).knobs, name, text) : refuse('ENOENT');
}
