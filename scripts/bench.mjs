// npm run bench   The measurements of bench/main.ts, bundled and run in this process.
import { bundle } from './bundle.mjs';

await import(await bundle('bench/main.ts'));
