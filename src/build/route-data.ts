/** Pages have no sidebar: the home page lists the lessons, and beside a lesson stands its lab. */
import { defineRouteMiddleware } from '@astrojs/starlight/route-data';

export const onRequest = defineRouteMiddleware((context) => {
  const route = context.locals.starlightRoute;
  route.hasSidebar = false;
  route.toc = undefined;
});
