// npm run -s meshwalk -- …   The headless face: src/cli/main.ts, bundled and run in this process.
import { bundle } from './bundle.mjs';

await import(await bundle('src/cli/main.ts'));
