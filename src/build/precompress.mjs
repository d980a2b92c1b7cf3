// After the build: a Brotli copy (NAME.br) beside every text file, at the best quality, which is too slow to
// make when it is asked for. Web servers that know such copies serve them; ours does.
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';

const compress = promisify(brotliCompress);
const TEXT = /\.(html|js|css|svg|json|xml|txt|wasm)$/;
const SMALLEST = 1024;
/** Beyond this the best quality takes seconds; such files are fetched late and seldom. */
const LARGE = 1_500_000;

/** The Astro integration. */
export function precompress() {
  return {
    name: 'precompress',
    hooks: {
      'astro:build:done': async ({ dir }) => {
        const root = fileURLToPath(dir);
        const files = readdirSync(root, { recursive: true })
          .filter((name) => TEXT.test(name))
          .map((name) => join(root, name))
          .filter((file) => statSync(file).size >= SMALLEST);
        await Promise.all(files.map(async (file) => writeFileSync(`${file}.br`, await compressed(readFileSync(file)))));
      },
    },
  };
}

function compressed(bytes) {
  const quality = bytes.length > LARGE ? 7 : constants.BROTLI_MAX_QUALITY;
  return compress(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });
}
