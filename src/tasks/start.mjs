// npm start   Builds the site and serves it. PORT chooses the first port to try; --no-build serves what is there.
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { astroBuild } from './build.mjs';
import { serve } from './serve.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
if (!process.argv.includes('--no-build')) astroBuild();
const { url } = await serve(join(root, 'dist'), Number(process.env.PORT ?? 4321));
console.log(`Meshwalk is ready: ${url}`);
