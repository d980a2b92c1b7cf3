/** Servers of copies of the built site: one that can be stopped, and one that has become another build. */
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeServiceWorker } from '../../src/build/offline.mjs';
import { serve } from '../../src/tasks/serve.mjs';

const DIST = process.env['MESHWALK_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url));
const FIRST_PORT = 4820;
const TEXT = /\.(html|js|css)$/;
/** Stands in the names of the other build's scripts. */
export const ANOTHER = '.another';

type Server = Awaited<ReturnType<typeof serve>>;

/** A site on an address of its own, which can go away and come back as another build. */
export class ChangingSite {
  readonly #folder: string;
  #server: Server;

  private constructor(folder: string, server: Server) {
    this.#folder = folder;
    this.#server = server;
  }

  /** @param folder a place for the copy */
  static async start(folder: string): Promise<ChangingSite> {
    cpSync(DIST, folder, { recursive: true });
    return new ChangingSite(folder, await serve(folder, FIRST_PORT));
  }

  /** An address on this site. */
  url(path: string): string {
    return new URL(path, this.#server.url).href;
  }

  /** The network is gone. */
  stop(): void {
    this.#server.close();
  }

  /** The network is back. */
  async resume(): Promise<void> {
    this.#server = await serve(this.#folder, Number(new URL(this.#server.url).port));
  }

  /** Puts another build in the place of this one: its scripts have other names, the old ones are gone. */
  async becomeAnotherBuild(): Promise<void> {
    this.stop();
    const chunks = readdirSync(join(this.#folder, '_astro')).filter((name) => name.endsWith('.js'));
    const renamed = chunks.map((name) => [name, name.replace(/\.js$/, `${ANOTHER}.js`)] as const);
    for (const name of readdirSync(this.#folder, { recursive: true, encoding: 'utf8' })) {
      const file = join(this.#folder, name);
      if (name.endsWith('.br')) rmSync(file);
      if (!TEXT.test(name)) continue;
      const text = readFileSync(file, 'utf8');
      writeFileSync(
        file,
        renamed.reduce((changed, [from, to]) => changed.replaceAll(from, to), text),
      );
    }
    for (const [from, to] of renamed) renameSync(join(this.#folder, '_astro', from), join(this.#folder, '_astro', to));
    await writeServiceWorker(this.#folder);
    await this.resume();
  }
}
