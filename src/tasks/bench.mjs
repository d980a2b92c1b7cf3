// npm run bench   The measurements of test/bench/main.ts, bundled and run in this process.
import { bundle } from './bundle.mjs';

await import(await bundle('test/bench/main.ts'));
