/** The programs of the images that are servers, given what they need of the tools: how a name is found. */
import type { Tool } from '../process/program.ts';
import { haproxyTool } from '../services/haproxy/haproxy.ts';
import { nginxTool } from '../services/nginx/nginx.ts';
import { redisCliTool, redisServerTool } from '../services/redis.ts';
import type { Lookup } from '../services/relay.ts';
import { whoamiTool } from '../services/whoami.ts';
import { resolve } from '../tools/net/resolve.ts';
import { connectTcp } from '../transport/index.ts';

const lookup: Lookup = function* (ctx, name) {
  const { addresses } = yield* resolve(ctx, name, 4);
  return addresses.map(({ address }) => address);
};

export const nginxTools: readonly Tool[] = [nginxTool(lookup)];
export const haproxyTools: readonly Tool[] = [haproxyTool(lookup)];
export const whoamiTools: readonly Tool[] = [whoamiTool];
export const redisTools: readonly Tool[] = [
  redisServerTool,
  redisCliTool(lookup, function* (ctx, socket, address, port) {
    return (yield* connectTcp(ctx, socket, address, port)).ok;
  }),
];
