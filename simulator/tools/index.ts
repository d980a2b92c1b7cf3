/** Every command of the emulated machines: adding one is a file and a line here. The shell itself is in shell/. */
import type { Tool } from '../process/program.ts';
import { arpTool } from './arp.ts';
import { arpingTool } from './arping.ts';
import { brctlTool } from './brctl.ts';
import { bridgeTool } from './bridge.ts';
import { conntrackTool } from './conntrack.ts';
import { curlTool } from './curl.ts';
import { digTool } from './dig.ts';
import { dockerTool } from './docker/index.ts';
import { ethtoolTool } from './ethtool.ts';
import { everydayTools } from './everyday.ts';
import { getentTool } from './getent.ts';
import { hostTool } from './host.ts';
import { ifconfigTool } from './ifconfig.ts';
import { ipTool } from './ip/index.ts';
import { ip6tablesTool, iptablesRestoreTool, iptablesSaveTool, iptablesTool } from './iptables/index.ts';
import { ipvsadmTool } from './ipvsadm.ts';
import { lsnsTool } from './lsns.ts';
import { modprobeTool } from './modprobe.ts';
import { ncTool } from './nc.ts';
import { netstatTool } from './netstat.ts';
import { nsenterTool } from './nsenter.ts';
import { nftTool } from './nft.ts';
import { nslookupTool } from './nslookup.ts';
import { nstatTool } from './nstat.ts';
import { pingTool } from './ping.ts';
import { routeTool } from './route.ts';
import { ssTool } from './ss.ts';
import { sysctlTool } from './sysctl.ts';
import { tcTool } from './tc.ts';
import { tcpdumpTool } from './tcpdump.ts';
import { tracepathTool } from './tracepath.ts';
import { tracerouteTool } from './traceroute.ts';
import { wgetTool } from './wget.ts';
import { xtablesMonitorTool } from './xtables-monitor.ts';

export const allTools: readonly Tool[] = [
  arpingTool,
  arpTool,
  brctlTool,
  bridgeTool,
  conntrackTool,
  curlTool,
  digTool,
  dockerTool,
  ethtoolTool,
  getentTool,
  hostTool,
  ifconfigTool,
  ip6tablesTool,
  iptablesRestoreTool,
  iptablesSaveTool,
  iptablesTool,
  ipTool,
  ipvsadmTool,
  lsnsTool,
  modprobeTool,
  ncTool,
  netstatTool,
  nftTool,
  nsenterTool,
  nslookupTool,
  nstatTool,
  pingTool,
  routeTool,
  ssTool,
  sysctlTool,
  tcpdumpTool,
  tcTool,
  tracepathTool,
  tracerouteTool,
  wgetTool,
  xtablesMonitorTool,
  ...everydayTools,
];
