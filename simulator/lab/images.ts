/**
 * The images that are on every machine with Docker: what `docker run` and services can start. Two are a small web server
 * on a busybox root (one of them a proxy, once it has a configuration), one is busybox alone, one is a root full of network tools.
 * Those `elsewhere` come when they are pulled, or when a task needs them.
 */
import type { ImageDefinition } from '../engine/images.ts';
import type { Tool } from '../process/program.ts';
import { httpTool } from '../services/http.ts';
import { shellTool } from '../shell/index.ts';
import { busyboxNetTools } from '../tools/busyboxnet.ts';
import { everydayTools } from '../tools/everyday.ts';
import { busyboxIpTool } from '../tools/ip/busybox.ts';
import { allTools } from '../tools/index.ts';
import { haproxyTools, nginxTools, redisTools, whoamiTools } from './servers.ts';

/** busybox: its own network applets, the everyday ones, `sh`. */
const busybox: readonly Tool[] = [...busyboxNetTools, busyboxIpTool, ...everydayTools, shellTool];

/** The official image's place for it. */
const HAPROXY_CFG = '/usr/local/etc/haproxy/haproxy.cfg';

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
    root: { tools: [...busybox, httpTool, ...nginxTools], toolDirectory: '/bin', files: { '/etc/nginx/conf.d/': '' } },
  },
  { repository: 'nicolaka/netshoot', size: 160e6, age: 47, cmd: ['/bin/bash'], env: [], root: { tools: [...allTools, shellTool] } },
  { repository: 'busybox', size: 4.27e6, age: 0, elsewhere: true, cmd: ['sh'], root: { tools: busybox, toolDirectory: '/bin' } },
  {
    repository: 'traefik/whoami',
    size: 6.61e6,
    age: 0,
    elsewhere: true,
    cmd: [],
    entrypoint: ['/whoami'],
    exposedPorts: ['80/tcp'],
    root: { tools: whoamiTools },
  },
  {
    repository: 'haproxy',
    size: 103e6,
    age: 0,
    elsewhere: true,
    cmd: ['haproxy', '-f', HAPROXY_CFG],
    root: { tools: [...busybox, ...haproxyTools], toolDirectory: '/bin', files: { '/usr/local/etc/haproxy/': '' } },
  },
  {
    repository: 'redis',
    size: 117e6,
    age: 0,
    elsewhere: true,
    cmd: ['redis-server'],
    exposedPorts: ['6379/tcp'],
    root: { tools: [...busybox, ...redisTools], toolDirectory: '/bin' },
  },
  { repository: 'postgres', size: 0, age: 0, elsewhere: true, refused: 'postgres is not emulated here: redis keeps a counter, nginx and traefik/whoami serve pages', cmd: [], root: { tools: [] } },
];
