/** The network applets of busybox that differ from the full programs: for images whose root is busybox (alpine, whoami, nginx). */
import type { Tool } from '../process/program.ts';
import { busyboxNetstatTool } from './netstat.ts';
import { busyboxNslookupTool } from './nslookup.ts';
import { busyboxPingTool } from './ping.ts';
import { busyboxWgetTool } from './wget.ts';

export const busyboxNetTools: readonly Tool[] = [busyboxNetstatTool, busyboxNslookupTool, busyboxPingTool, busyboxWgetTool];
