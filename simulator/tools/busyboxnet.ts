/** The network applets of busybox that differ from the full programs: for images whose root is busybox, and for `busybox APPLET`. */
import type { Tool } from '../process/program.ts';
import { busyboxArpTool } from './arp.ts';
import { busyboxArpingTool } from './arping/busybox.ts';
import { busyboxIfconfigTool } from './ifconfig.ts';
import { busyboxNetstatTool } from './netstat.ts';
import { busyboxNslookupTool } from './nslookup.ts';
import { busyboxPingTool } from './ping.ts';
import { busyboxRouteTool } from './route.ts';
import { busyboxTracerouteTool } from './traceroute/busybox.ts';
import { busyboxWgetTool } from './wget.ts';

export const busyboxNetTools: readonly Tool[] = [
  busyboxArpTool,
  busyboxArpingTool,
  busyboxIfconfigTool,
  busyboxNetstatTool,
  busyboxNslookupTool,
  busyboxPingTool,
  busyboxRouteTool,
  busyboxTracerouteTool,
  busyboxWgetTool,
];
