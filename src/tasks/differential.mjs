// npm run differential -- --seed N --count M   test/differential/main.ts, bundled and run in this process.
import { bundle } from './bundle.mjs';

await import(await bundle('test/differential/main.ts'));
