/** The door of ipvs/: the hook functions and set-up for stack.ts, the administration for tools and the engine, views for /proc. */
import type { NetworkNamespace } from '../kernel/netns.ts';
import type { Result } from '../base/result.ts';
import { ipvsOf, needIpvs } from './state.ts';
import { readKnob, writeKnob } from './sysctl.ts';

export { ipvsForwardIcmp, ipvsReply, ipvsRequest } from './core.ts';
export { ipvsSeam, type IpvsSeam } from './seam.ts';
export {
  ipvsControl,
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
export { CONNECTION_TABLE_SIZE, FORWARD_NAMES, procIpVs, procIpVsConn, procIpVsStats } from './proc.ts';
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

/** The value of net.ipv4.vs.`name`; undefined when there is none of that name. */
export function readIpvsSysctl(ns: NetworkNamespace, name: string): string | undefined {
  return readKnob(ipvsOf(ns)?.knobs ?? null, name);
}

/** Sets net.ipv4.vs.`name`. EINVAL, ENOENT. */
export function writeIpvsSysctl(ns: NetworkNamespace, name: string, text: string): Result<undefined> {
  return writeKnob(needIpvs(ns).knobs, name, text);
}
