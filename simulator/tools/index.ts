/** Every command of the emulated machines: adding one is a file and a line here. The shell itself is in shell/. */
import type { Tool } from '../process/program.ts';
import { bridgeTool } from './bridge.ts';
import { conntrackTool } from './conntrack.ts';
import { curlTool } from './curl.ts';
import { digTool } from './dig.ts';
import { dockerTool } from './docker/index.ts';
import { everydayTools } from './everyday.ts';
import { getentTool } from './getent.ts';
import { hostTool } from './host.ts';
import { ipTool } from './ip/index.ts';
import { ip6tablesTool, iptablesRestoreTool, iptablesSaveTool, iptablesTool } from './iptables/index.ts';
import { ipvsadmTool } from './ipvsadm.ts';
import { modprobeTool } from './modprobe.ts';
import { ncTool } from './nc.ts';
import { nsenterTool } from './nsenter.ts';
import { nslookupTool } from './nslookup.ts';
import { pingTool } from './ping.ts';
import { ssTool } from './ss.ts';
import { sysctlTool } from './sysctl.ts';
import { tcpdumpTool } from './tcpdump.ts';
import { wgetTool } from './wget.ts';

export const allTools: readonly Tool[] = [
  bridgeTool,
  conntrackTool,
  curlTool,
  digTool,
  dockerTool,
  getentTool,
  hostTool,
  ip6tablesTool,
  ipTool,
  iptablesRestoreTool,
  iptablesSaveTool,
  iptablesTool,
  ipvsadmTool,
  modprobeTool,
  ncTool,
  nsenterTool,
  nslookupTool,
  pingTool,
  ssTool,
  sysctlTool,
  tcpdumpTool,
  wgetTool,
  ...everydayTools,
];
