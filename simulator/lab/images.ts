/**
 * The images that are on every machine with Docker: what `docker run` and services can start. Two are a small web server
 * on a busybox root, one is busybox alone, one is a root full of network tools.
 */
import type { ImageDefinition } from '../engine/images.ts';
import type { Tool } from '../process/program.ts';
import { httpTool } from '../services/http.ts';
import { shellTool } from '../shell/index.ts';
import { busyboxNetTools } from '../tools/busyboxnet.ts';
import { everydayTools } from '../tools/everyday.ts';
import { busyboxIpTool } from '../tools/ip/busybox.ts';
import { allTools } from '../tools/index.ts';

/** busybox: its own network applets, the everyday ones, `sh`. */
const busybox: readonly Tool[] = [...busyboxNetTools, busyboxIpTool, ...everydayTools, shellTool];

/** Oldest first, as they were imported. `age` is in seconds before the engine's start. */
export const IMAGES: readonly ImageDefinition[] = [
  {
    repository: 'jwilder/whoami',
    size: 2.87e6,
    age: 75,
    cmd: ['/app/http'],
    exposedPorts: ['8000/tcp'],
    env: [],
    root: { tools: [...busybox, httpTool], toolDirectory: '/bin' },
  },
  { repository: 'alpine', size: 2.03e6, age: 73, cmd: ['/bin/sh'], env: [], root: { tools: busybox, toolDirectory: '/bin' } },
  {
    repository: 'nginx',
    size: 2.87e6,
    age: 72,
    cmd: ['/app/http'],
    env: ['PORT=80'],
    exposedPorts: ['80/tcp'],
    root: { tools: [...busybox, httpTool], toolDirectory: '/bin' },
  },
  { repository: 'nicolaka/netshoot', size: 160e6, age: 47, cmd: ['/bin/bash'], env: [], root: { tools: [...allTools, shellTool] } },
];
